"""`aiana remember` and `aiana forget`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aiana.cli.output import json_option, opened, print_json
from aiana.models import MEMORY_TYPES, MemoryType, SearchFilter
from aiana.text import counted


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--type", "memory_type", type=click.Choice(MEMORY_TYPES), default="insight")
@click.option("-p", "--project", help="Default: the current folder's; '' for none.")
@click.option("--tag", multiple=True, help="May be repeated.")
@json_option
def remember(
    text: tuple[str, ...],
    memory_type: MemoryType,
    project: str | None,
    tag: tuple[str, ...],
    as_json: bool,
) -> None:
    """Keep TEXT; `-` reads it from standard input. Secrets are taken out first.

    \b
    Examples:
      aiana remember "integration tests need make services"
      git log -1 --format=%B | aiana remember - --type pattern --tag release
    """
    content = sys.stdin.read() if text == ("-",) else " ".join(text)
    with opened() as aiana:
        result = aiana.add_memory(
            content,
            memory_type,
            project=aiana.project_of(Path.cwd()) if project is None else project,
            tags=tag,
        )
    if as_json:
        print_json(result)
        return
    if result.duplicate_of:
        click.echo(f"It is there already: {result.duplicate_of}")
    else:
        where = result.memory.project or "no project"
        click.echo(f"Remembered for {where}: {result.memory.id}")
    if result.redactions:
        click.echo(f"{counted(result.redactions, 'secret')} taken out.", err=True)


@click.command()
@click.argument("ids", nargs=-1)
@click.option("-p", "--project", help="All memories of a project.")
@click.option("--type", "memory_type", type=click.Choice(MEMORY_TYPES), help="All of this type.")
@click.option("--before", help="All made before a date, or longer ago than 90d.")
@click.option("--session", "session_id", help="A whole session, which no import brings back.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@json_option
def forget(
    ids: tuple[str, ...],
    project: str | None,
    memory_type: MemoryType | None,
    before: str | None,
    session_id: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Delete memories by their IDS or by what they have in common; verified in every index.

    \b
    Examples:
      aiana forget 7d4ff1de
      aiana forget --project shop --before 90d --dry-run
      aiana forget --session 5f0c9d3e
    """
    chosen = SearchFilter(
        project=project, memory_types=[memory_type] if memory_type else [], before=before
    )
    by_filter = chosen != SearchFilter()
    if bool(ids) + by_filter + bool(session_id) != 1:
        raise click.UsageError("Give either IDS, or --project/--type/--before, or --session.")
    with opened() as aiana:
        if session_id:
            result = aiana.delete_session(session_id)
        else:
            result = aiana.delete_memories(ids or None, chosen if by_filter else None, dry_run)
    if as_json:
        print_json(result)
        return
    verb = "would be forgotten" if dry_run else "forgotten"
    click.echo(f"{result.deleted} {verb}.")
