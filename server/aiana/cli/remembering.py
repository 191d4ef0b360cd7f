"""`aiana remember` and `aiana forget`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import click

from aiana.cli.confirm import confirm, yes_option
from aiana.cli.output import chosen_project, json_option, opened, print_json
from aiana.cli.terminal import say, text_argument
from aiana.models import MEMORY_TYPES, MemoryType, SearchFilter
from aiana.protocol.results import Deleted
from aiana.service import Aiana
from aiana.text import counted, one_line


@click.command()
@click.argument("text", nargs=-1, required=True, type=text_argument)
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
      git log -1 --format=%B | aiana remember - --tag ci
    """
    content = sys.stdin.read() if text == ("-",) else " ".join(text)
    with opened() as aiana:
        result = aiana.add_memory(
            content,
            memory_type,
            project=chosen_project(aiana, "." if project is None else project) or "",
            tags=tag,
        )
    if as_json:
        print_json(result)
        return
    if result.duplicate_of:
        say(f"It is there already: {result.duplicate_of}")
    else:
        where = result.memory.project or "no project"
        say(f"Remembered for {where}: {result.memory.id}")
    if result.redactions:
        say(f"{counted(result.redactions, 'secret')} taken out.", err=True)


@click.command()
@click.argument("ids", nargs=-1)
@click.option("-p", "--project", help="All memories of a project.")
@click.option("--type", "memory_type", type=click.Choice(MEMORY_TYPES), help="All of this type.")
@click.option("--before", help="All made before a date, or longer ago than 90d.")
@click.option("--session", "session_id", help="A whole session, which no import brings back.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@yes_option
@json_option
def forget(
    ids: tuple[str, ...],
    project: str | None,
    memory_type: MemoryType | None,
    before: str | None,
    session_id: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete memories by their IDS or by what they have in common; verified in every index.

    The beginning of an id is enough if you confirm what it means, as you do where several
    memories have in common what you ask for. Nothing is left of what was forgotten: not in an
    index, a backup or a page that was opened.

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
            plan = _session(aiana, session_id)
        elif ids:
            plan = _named(aiana, ids)
        else:
            plan = _alike(aiana, chosen)
        if dry_run:
            result = plan.would
        else:
            for line in plan.meant:
                say(line, err=True)
            if plan.doubtful:
                confirm(f"Forget {plan.things} for good?", yes)
            result = plan.carry_out()
    if as_json:
        print_json(result)
        return
    verb = "would be forgotten" if dry_run else "forgotten"
    say(f"{result.deleted} {verb}.")


class _Plan(NamedTuple):
    """What is to be forgotten, before it is."""

    would: Deleted
    things: str
    meant: list[str]
    """What the beginnings of ids were taken for."""
    doubtful: bool
    """Somebody must look at it first."""
    carry_out: Callable[[], Deleted]


def _session(aiana: Aiana, session_id: str) -> _Plan:
    session = aiana.get_session(session_id).session
    guessed = session.id != session_id
    would = aiana.delete_session(session.id, dry_run=True)
    things = "this session"
    if would.deleted > 1:
        things += f" and {would.deleted - 1} of its sub-agents"
    return _Plan(
        would,
        things,
        [f"{session.id}  {one_line(session.title or '')}"] if guessed else [],
        guessed,
        lambda: aiana.delete_session(session.id),
    )


def _named(aiana: Aiana, ids: tuple[str, ...]) -> _Plan:
    memories = [aiana.get_memory(memory_id).memory for memory_id in ids]
    guessed = [memory for memory, given in zip(memories, ids, strict=True) if memory.id != given]
    would = aiana.delete_memories([memory.id for memory in memories], dry_run=True)
    return _Plan(
        would,
        counted(would.deleted, "memory", "memories"),
        [f"{memory.id}  {one_line(memory.content)[:80]}" for memory in guessed],
        bool(guessed),
        lambda: aiana.delete_memories(would.ids),
    )


def _alike(aiana: Aiana, chosen: SearchFilter) -> _Plan:
    would = aiana.delete_memories(filter=chosen, dry_run=True)
    return _Plan(
        would,
        counted(would.deleted, "memory", "memories"),
        [],
        would.deleted > 1,
        lambda: aiana.delete_memories(filter=chosen, expected=would.deleted),
    )
