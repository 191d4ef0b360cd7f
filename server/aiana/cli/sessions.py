"""`aiana sessions`: list, show, changes, export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import click
from msgspec.structs import asdict

from aiana.cli.groups import DefaultGroup
from aiana.cli.layout import fit, joined, when
from aiana.cli.output import (
    chosen_project,
    chosen_sources,
    json_option,
    opened,
    print_document,
    print_json,
    print_json_text,
    print_patch,
    refuse_own,
    safe_json,
    tell,
    tell_of_more,
    write_document,
)
from aiana.cli.terminal import Piece, outlet, say, width
from aiana.models import SearchFilter, Session
from aiana.projects import name_of
from aiana.protocol.results import SessionResult
from aiana.text import clean, counted, one_line

_SHOWN_FILES = 8
_OUTCOMES = {
    "committed": "with an answer, after a commit",
    "answered": "with an answer",
    "asked": "with a question to you",
    "failed": "with a tool call that failed",
    "interrupted": "broken off by you",
    "open": "in the middle",
}


@click.group(cls=DefaultGroup, default="list")
def sessions() -> None:
    """List, show and export the stored sessions; alone it lists."""


@sessions.command("list")
@click.option("-p", "--project", help="Identity, folder or name of a project; `.` for this one.")
@click.option("--source", multiple=True, help="Assistant, such as claude-code; may be repeated.")
@click.option("--after", help="A date, `yesterday`, `last week`, or 30d.")
@click.option("--before", help="A date, `yesterday`, `last week`, or 30d.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--agents", is_flag=True, help="Those of sub-agents, too, below their session.")
@click.option("--cursor", help="`nextCursor` of the page before.")
@json_option
def list_(
    project: str | None,
    source: tuple[str, ...],
    after: str | None,
    before: str | None,
    limit: int,
    agents: bool,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List sessions, newest first: by title, or into a pipe as lines with tabs between columns.

    The columns are title, id, time of the last message, assistant, project, number of messages,
    and the id of the session that a sub-agent worked for.

    \b
    Examples:
      aiana sessions list --project . --limit 5
      aiana sessions list --source codex --after 7d --json
      aiana sessions list --agents | grep -i login | cut -f 2
    """
    with opened() as aiana:
        project = chosen_project(aiana, project)
        sources = chosen_sources(aiana, source)
        chosen = SearchFilter(project=project, sources=sources, after=after, before=before)
        page = aiana.list_sessions(chosen, limit, cursor, include_children=agents)
        short = aiana.short_session_ids(session.id for session in page.sessions)
    if as_json:
        print_json(page)
        return
    columns = width()
    for session, depth in _nested(page.sessions):
        if columns is None:
            _print_row(session)
        else:
            _print_session(session, short[session.id], depth, columns)
    for note in page.notes:
        tell("note", note)
    if page.next_cursor:
        tell_of_more()


def _nested(sessions: Sequence[Session]) -> Iterator[tuple[Session, int]]:
    """The sessions in their order, those that another one spawned below it, and how deep."""
    known = {(session.source, session.id) for session in sessions}
    children: dict[tuple[str, str | None], list[Session]] = {}
    for session in sessions:
        parent = (session.source, session.parent_id)
        children.setdefault(parent if parent in known else ("", None), []).append(session)
    seen: set[int] = set()

    def below(session: Session, depth: int) -> Iterator[tuple[Session, int]]:
        if id(session) not in seen:
            seen.add(id(session))
            yield session, depth
            for child in children.get((session.source, session.id), []):
                yield from below(child, depth + 1)

    # What a damaged file calls its own ancestor stands below nothing, and comes last.
    for session in (*children.get(("", None), []), *sessions):
        yield from below(session, 0)


def _print_row(session: Session) -> None:
    """One line for programs, the columns between tabs and nothing cut."""
    row = [
        session.title or "",
        session.id,
        session.ended_at or session.started_at,
        session.source,
        session.project,
        str(session.message_count),
        session.parent_id or "",
    ]
    say("\t".join(one_line(value) for value in row))


def _print_session(session: Session, short_id: str, depth: int, columns: int) -> None:
    """The title, and below it what tells when, where and with whom."""
    indent = "  " * min(depth, 4)
    branch = f"{indent[2:]}└ " if depth else ""
    facts = [
        when(session.ended_at or session.started_at),
        name_of(session.project),
        session.source,
        counted(session.message_count, "message"),
        counted(session.agents, "sub-agent") if session.agents else None,
    ]
    title = fit(session.title or "(without a title)", columns - len(indent))
    say(branch, Piece(title, "" if depth else "bold"))
    start = f"{indent}  {short_id}  "
    rest = joined(facts, columns - len(start))
    say(Piece(start, "cyan"), Piece(rest, "dim"))


@sessions.command()
@click.argument("session_id")
@click.option("--around", help="Id of a message: show what was said around it.")
@click.option("-n", "--limit", type=click.IntRange(1), help="At most so many messages.")
@json_option
def show(session_id: str, around: str | None, limit: int | None, as_json: bool) -> None:
    """Show the messages of a session, and above them what it was about.

    The beginning of its id is enough.

    \b
    Examples:
      aiana sessions show 5f0c9d3e
      aiana sessions show 5f0c9d3e --around 0bb9a2d9 -n 10
    """
    with opened() as aiana:
        found = aiana.get_session(session_id)
        session = found.session
        messages = aiana.session_messages(session.id, around, limit, session.source).messages
    if as_json:
        print_json({**asdict(found), "messages": messages})
    else:
        from aiana.render.markdown import export_session

        text = export_session(session, messages, "markdown")
        print_document(f"{_about(found)}\n{text}")


def _about(found: SessionResult) -> str:
    """What a session was about, in a few lines above its messages."""
    digest = found.digest
    lines = []
    if digest is not None:
        changed = [file for file in digest.files if file.touch != "read"]
        read = digest.files_touched - len(changed)
        names = [f"{file.path} ({file.touch})" for file in changed]
        files = ", ".join(names[:_SHOWN_FILES])
        if len(names) > _SHOWN_FILES:
            files += f" and {len(names) - _SHOWN_FILES} more"
        git = [*(f"commit {name}" for name in digest.commits), *digest.branches]
        facts = (
            ("Asked", digest.asked),
            ("Concluded", digest.concluded),
            ("Changed", files),
            ("Read", counted(read, "file") if read > 0 else ""),
            ("Git", ", ".join(git)),
            ("Ended", _OUTCOMES[digest.outcome]),
        )
        lines += [f"{name + ':':<11}{value}" for name, value in facts if value]
    lines += [
        f"{'Sub-agent:':<11}{fit(agent.title or '(without a title)', 80)}  {agent.id}"
        for agent in found.agents
    ]
    return "".join(f"{line}\n" for line in lines)


@sessions.command()
@click.argument("session_id")
@json_option
def changes(session_id: str, as_json: bool) -> None:
    """Tell what a session and its sub-agents changed, as a unified diff.

    The beginning of its id is enough. What stands there is what its calls showed: of a file that
    it did not write whole, the parts that it replaced.

    \b
    Examples:
      aiana sessions changes 5f0c9d3e
      aiana sessions changes 5f0c --json | jq '.files[].path'
    """
    with opened() as aiana:
        session = aiana.get_session(session_id).session
        found = aiana.session_changes(session.uri, as_diff=not as_json)
    if as_json:
        print_json(found)
    elif found.diff:
        print_patch(found.diff)
    else:
        tell("note", "No call of this session is known to have changed a file.")
    for note in found.notes if not as_json else ():
        tell("note", note)


@sessions.command()
@click.argument("session_id")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path))
def export(session_id: str, format_: Literal["markdown", "json"], output: Path | None) -> None:
    """Write a session as a document.

    \b
    Examples:
      aiana sessions export 5f0c9d3e > session.md
      aiana sessions export 5f0c9d3e --format json
    """
    with opened() as aiana:
        refuse_own(output, aiana)
        text = aiana.export_session(session_id, format_).text
    text = clean(text) if format_ == "markdown" else safe_json(text) + "\n"
    if output is not None:
        write_document(output, text)
    elif format_ == "markdown":
        outlet().put(text)
    else:
        print_json_text(text)
