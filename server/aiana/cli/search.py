"""`aiana search` and `aiana context`."""

from __future__ import annotations

import click

from aiana.cli.groups import QueryCommand
from aiana.cli.layout import fit, joined, marked, when
from aiana.cli.output import (
    chosen_project,
    chosen_sources,
    json_option,
    opened,
    print_document,
    print_json,
    tell,
)
from aiana.cli.terminal import Piece, say, text_argument, width
from aiana.models import HitReasons, Mode, SearchFilter, SearchHit, SearchReasons
from aiana.projects import name_of
from aiana.protocol.results import SearchResult
from aiana.text import counted

_LEAST_SHOWN = 0.005
"""Of what changed a score, which is shown in hundredths."""


@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True, type=text_argument)
@click.option("-n", "--limit", default=10, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "keyword", "semantic"]),
    default="hybrid",
    show_default=True,
)
@click.option("-p", "--project", help="Identity, folder or name of a project; `.` for this one.")
@click.option("--source", multiple=True, help="Assistant, such as claude-code; may be repeated.")
@click.option("--by-session", is_flag=True, help="The best hit of each session only.")
@click.option("--explain", is_flag=True, help="Say of each hit why it stands where it does.")
@click.option("--cursor", help="`nextCursor` of the page before.")
@json_option
def search(
    query: tuple[str, ...],
    limit: int,
    mode: Mode,
    project: str | None,
    source: tuple[str, ...],
    by_session: bool,
    explain: bool,
    cursor: str | None,
    as_json: bool,
) -> None:
    """Find messages and memories by words and by meaning.

    \b
    Words are all tried first, then any. Also:
      "exact phrase"   -without          -role:user
      project:shop     source:codex      role:user
      type:insight     type:thinking     tool:Bash
      file:cart.py     error:ENOENT      error:"not found"
      after:30d        after:yesterday   before:"last week"

    The number at the end of a hit's second line is its score: it ranks the hits of one answer,
    and means nothing between two. --explain tells what it is made of.

    \b
    Examples:
      aiana search how did we fix the flaky login test
      aiana search 'getUserById role:assistant' --by-session
      aiana search '"connection reset" after:2w' --json
    """
    with opened() as aiana:
        result = aiana.search(
            " ".join(query),
            limit=limit,
            cursor=cursor,
            mode=mode,
            filter=SearchFilter(
                project=chosen_project(aiana, project), sources=chosen_sources(aiana, source)
            ),
            group_by_session=by_session,
            wait_for_model=True,
            explain=explain,
        )
    if as_json:
        print_json(result)
        return
    _print_hits(result)


def _print_hits(result: SearchResult) -> None:
    columns = width()
    for number, hit in enumerate(result.hits, 1):
        if number > 1:
            say()
        _print_hit(number, hit, columns)
    found = result.searched
    summary = (
        f"{counted(len(result.hits), 'hit')} in {counted(found.messages, 'message')} and "
        f"{counted(found.memories, 'memory', 'memories')}, "
        f"{result.took_ms:.0f} ms"
    )
    if result.modes:
        summary += f", by {' and '.join(result.modes)}"
    say(Piece(summary, "dim"), err=True)
    for problem in result.degraded:
        tell("note", problem.reason)
    for note in result.notes:
        tell("note", note)
    if result.reasons is not None:
        _print_reasons(result.reasons)
    if not (result.modes or result.hits or result.notes):
        tell("note", "Nothing was asked for: name a word, or a restriction such as `after:7d`.")


def _print_hit(number: int, hit: SearchHit, columns: int | None) -> None:
    """The title first, then who said it when, what, and where to read on."""
    title = hit.session_title or ("Memory" if hit.kind == "memory" else "Conversation")
    place = [name_of(hit.project), hit.user or hit.source, when(hit.timestamp)]
    left = columns and columns - 4
    say(Piece(f"{number:>2}  ", "dim"), Piece(fit(title, left), "bold"))
    say("    ", Piece(joined([hit.speaker, *place, f"{hit.score:.2f}"], left), "green"))
    say("    ", *marked(hit.snippet, hit.highlights), hang=4)
    if hit.newer is not None:
        changed = f"changed since, {when(hit.newer.timestamp)}: {hit.newer.uri}"
        say("    ", Piece(changed, "yellow"))
    if hit.reasons is not None:
        say("    ", Piece(_why(hit.reasons), "dim"), hang=4)
    say("    ", Piece(hit.uri, "dim"))


def _why(reasons: HitReasons) -> str:
    """Ranks, what made up the score, and words: `words #1, meaning #12 · words 0.61 + ...`."""
    names = {"keyword": "words", "semantic": "meaning", "named": "names", "recency": "age"}
    ranks = ", ".join(f"{names.get(lane, lane)} #{place}" for lane, place in reasons.ranks.items())
    parts = ""
    for name, part in reasons.parts.items():
        if name in ("keyword", "session", "semantic") or abs(part) >= _LEAST_SHOWN:
            sign = " - " if part < 0 else " + " if parts else ""
            parts += f"{sign}{names.get(name, name)} {abs(part):.2f}"
    said = [ranks, parts]
    if reasons.named:
        said.append(f"names what is asked for {reasons.named}")
    if reasons.words:
        said.append(f"holds {', '.join(reasons.words)}")
    if reasons.missing:
        said.append(f"lacks {', '.join(reasons.missing)}")
    return " · ".join(filter(None, said))


def _print_reasons(reasons: SearchReasons) -> None:
    """What held for all hits; on standard error, like the rest of what is no hit."""
    for label, said in (
        ("words", ", ".join(f"{word} ({texts:,})" for word, texts in reasons.words.items())),
        ("weights", ", ".join(f"{name} {weight:.2f}" for name, weight in reasons.weights.items())),
        ("demanded", ", ".join(f'"{text}"' for text in reasons.demanded)),
        ("excluded", ", ".join(reasons.excluded)),
        ("restricted", reasons.restriction),
        ("cosine", "" if reasons.least_cosine is None else f"at least {reasons.least_cosine:.2f}"),
    ):
        if said:
            say(Piece(f"{label}: {said}", "dim"), err=True)


@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, type=text_argument)
@click.option("-p", "--project", help="Identity, folder or name; default: the current folder.")
@click.option("--all", "everywhere", is_flag=True, help="From all projects, not only one.")
@click.option("--max-tokens", type=click.IntRange(0), help="Budget of the block.")
@json_option
def context(
    query: tuple[str, ...],
    project: str | None,
    everywhere: bool,
    max_tokens: int | None,
    as_json: bool,
) -> None:
    """Print a block of what is worth knowing, to put before a chat.

    \b
    Examples:
      aiana context
      aiana context "why is redis pinned" --max-tokens 500
    """
    with opened() as aiana:
        result = aiana.context(
            " ".join(query) or None,
            project=chosen_project(aiana, project or "."),
            scope="all" if everywhere else "project",
            max_tokens=max_tokens,
            wait_for_model=True,
        )
    if as_json:
        print_json(result)
    elif result.context:
        print_document(result.context + "\n")
    else:
        within = "yet" if max_tokens is None else f"within {counted(max_tokens, 'token')}"
        say(f"There is nothing to tell about this project {within}.", err=True)
    for problem in result.degraded:
        tell("note", problem.reason)
