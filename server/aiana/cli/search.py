"""`aiana search` and `aiana context`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from aiana.cli.output import age, console, highlighted, json_option, opened, print_json
from aiana.models import Mode, SearchFilter, SearchHit
from aiana.protocol.results import SearchResult


@click.command()
@click.argument("query", nargs=-1, required=True)
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
@click.option("--cursor", help="`nextCursor` of the page before.")
@json_option
def search(
    query: tuple[str, ...],
    limit: int,
    mode: Mode,
    project: str | None,
    source: tuple[str, ...],
    by_session: bool,
    cursor: str | None,
    as_json: bool,
) -> None:
    """Find messages and memories by words and by meaning.

    \b
    Words are all tried first, then any. Also:
      "exact phrase"   -without   project:shop    source:codex   role:user
      type:insight     tool:Bash  after:30d       before:2026-02-01
      -role:user       after:yesterday            before:"last week"

    \b
    Examples:
      aiana search how did we fix the flaky login test
      aiana search 'getUserById role:assistant' --by-session
      aiana search '"connection reset" after:2w' --json
    """
    with opened() as aiana:
        if project == ".":
            project = aiana.project_of(Path.cwd())
        result = aiana.search(
            " ".join(query),
            limit=limit,
            cursor=cursor,
            mode=mode,
            filter=SearchFilter(project=project, sources=list(source)),
            group_by_session=by_session,
            wait_for_model=True,
        )
    if as_json:
        print_json(result)
        return
    _print_hits(result)


def _print_hits(result: SearchResult) -> None:
    out = console()
    for number, hit in enumerate(result.hits, 1):
        out.print(_heading(number, hit))
        out.print(Text("   ") + highlighted(hit.snippet, hit.highlights))
        out.print(Text(f"   {hit.uri}", style="dim"))
    found = result.searched
    summary = (
        f"{len(result.hits)} hits in {found.messages:,} messages and {found.memories:,} memories, "
        f"{result.took_ms:.0f} ms, by {' and '.join(result.modes) or 'nothing'}"
    )
    click.echo(click.style(summary, dim=True), err=True)
    for problem in result.degraded:
        click.echo(f"{click.style('note:', fg='yellow')} {problem.reason}", err=True)
    for note in result.notes:
        click.echo(f"{click.style('note:', fg='yellow')} {note}", err=True)


def _heading(number: int, hit: SearchHit) -> Text:
    who = hit.memory_type if hit.kind == "memory" else hit.tool_name or hit.role or hit.type
    title = hit.session_title or ""
    facts = [hit.user or hit.source, hit.project.rpartition("/")[2], who, age(hit.timestamp)]
    return Text.assemble(
        (f"{number:>2} ", "bold"),
        (f"{hit.score:.2f} ", "cyan"),
        (" · ".join(fact for fact in facts if fact), "green"),
        (f"  {title[:60]}", "dim"),
    )


@click.command()
@click.argument("query", nargs=-1)
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
      aiana context "why is the redis client pinned" --max-tokens 500 | pbcopy
    """
    with opened() as aiana:
        result = aiana.context(
            " ".join(query) or None,
            project=project or aiana.project_of(Path.cwd()),
            scope="all" if everywhere else "project",
            max_tokens=max_tokens,
            wait_for_model=True,
        )
    if as_json:
        print_json(result)
    elif result.context:
        click.echo(result.context)
    else:
        click.echo("There is nothing to tell about this project yet.", err=True)
    for problem in result.degraded:
        click.echo(f"{click.style('note:', fg='yellow')} {problem.reason}", err=True)
