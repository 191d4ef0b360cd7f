"""`aiana sessions`: list, show, export."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from aiana.cli.output import age, console, json_option, opened, print_json
from aiana.models import SearchFilter
from aiana.render.markdown import export_session
from aiana.text import one_line


@click.group()
def sessions() -> None:
    """List, show and export the stored sessions."""


@sessions.command("list")
@click.option("-p", "--project", help="Identity, folder or name of a project; `.` for this one.")
@click.option("--source", multiple=True, help="Assistant, such as claude-code; may be repeated.")
@click.option("--after", help="A date, `yesterday`, `last week`, or 30d.")
@click.option("--before", help="A date, `yesterday`, `last week`, or 30d.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--cursor", help="`nextCursor` of the page before.")
@json_option
def list_(
    project: str | None,
    source: tuple[str, ...],
    after: str | None,
    before: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List sessions, newest first.

    \b
    Examples:
      aiana sessions list --project . --limit 5
      aiana sessions list --source codex --after 7d --json
    """
    with opened() as aiana:
        if project == ".":
            project = aiana.project_of(Path.cwd())
        chosen = SearchFilter(project=project, sources=list(source), after=after, before=before)
        page = aiana.list_sessions(chosen, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Session", "Age", "Assistant", "Project", "Messages", "Title"):
        justify: JustifyMethod = "right" if column == "Messages" else "left"
        table.add_column(column, justify=justify, no_wrap=column != "Title")
    for session in page.sessions:
        table.add_row(
            session.id[:8],
            age(session.ended_at or session.started_at),
            session.source,
            Text(session.project.rpartition("/")[2]),
            str(session.message_count),
            Text(one_line(session.title or "")),
        )
    console().print(table)
    for note in page.notes:
        click.echo(note, err=True)


@sessions.command()
@click.argument("session_id")
@click.option("--around", help="Id of a message: show what was said around it.")
@click.option("-n", "--limit", type=click.IntRange(1), help="At most so many messages.")
@json_option
def show(session_id: str, around: str | None, limit: int | None, as_json: bool) -> None:
    """Show the messages of a session; the beginning of its id is enough.

    \b
    Examples:
      aiana sessions show 5f0c9d3e
      aiana sessions show 5f0c9d3e --around 0bb9a2d9 -n 10
    """
    with opened() as aiana:
        session = aiana.get_session(session_id).session
        messages = aiana.session_messages(session.id, around, limit).messages
    if as_json:
        print_json({"session": session, "messages": messages})
    else:
        click.echo_via_pager(export_session(session, messages, "markdown"))


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
      aiana sessions export 5f0c9d3e --format json -o session.json
    """
    with opened() as aiana:
        text = aiana.export_session(session_id, format_).text
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
