"""`aiana remember` and `aiana forget`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import click
from msgspec.structs import replace

from aiana.cli.confirm import confirm, yes_option
from aiana.cli.layout import fit, joined, when
from aiana.cli.output import (
    chosen_project,
    chosen_sources,
    json_option,
    opened,
    print_json,
    progress_bar,
)
from aiana.cli.terminal import say, text_argument, width
from aiana.invocation import command
from aiana.models import MEMORY_TYPES, MemoryType, Progress, SearchFilter
from aiana.projects import name_of
from aiana.protocol.results import Deleted, Forgetting, PendingPart
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
@click.option("-p", "--project", help="All of a project: identity, folder or name; `.` for this.")
@click.option("--source", multiple=True, help="All of an assistant; may be repeated.")
@click.option("--text", help="All in which these words occur; in quotes, a phrase.")
@click.option("--after", help="All since a date, or within 30d.")
@click.option("--before", help="All before a date, or longer ago than 90d.")
@click.option("--type", "memory_type", type=click.Choice(MEMORY_TYPES), help="Memories of a type.")
@click.option("--only", type=click.Choice(("memories", "messages")), help="Not the other kind.")
@click.option("--session", "session_id", help="A whole session, which no import brings back.")
@click.option("--excluded", is_flag=True, help="What is stored of that which settings exclude.")
@click.option("--expired", is_flag=True, help="Sessions kept for as long as the settings say.")
@click.option("--dry-run", is_flag=True, help="Only show what would be forgotten.")
@yes_option
@json_option
def forget(
    ids: tuple[str, ...],
    project: str | None,
    source: tuple[str, ...],
    text: str | None,
    after: str | None,
    before: str | None,
    memory_type: MemoryType | None,
    only: Literal["memories", "messages"] | None,
    session_id: str | None,
    excluded: bool,
    expired: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Forget memories by their IDS, a session, or all that has something in common.

    What a search with the same restrictions finds is forgotten: messages, memories, and sessions
    of which nothing is left. What was searched for is shown first, and you are asked; what you
    named by a whole id goes without a question. Nothing is left of it: not in an index, a backup
    or a page that was opened; no copy of a transcript, fork or export brings it back.

    \b
    Examples:
      aiana forget 7d4ff1de
      aiana forget --session 5f0c9d3e
      aiana forget --project shop --before 90d --dry-run
      aiana forget --text "launch code"
    """
    chosen = SearchFilter(
        project=project,
        sources=list(source),
        kinds=[] if only is None else ["memory" if only == "memories" else "message"],
        memory_types=[memory_type] if memory_type else [],
        after=after,
        before=before,
    )
    by_filter = chosen != SearchFilter() or text is not None
    if bool(ids) + by_filter + bool(session_id) + excluded + expired != 1:
        raise click.UsageError(
            "Give either IDS, or --session, or --project/--source/--text/--after/--before/--type, "
            "or --excluded, or --expired."
        )
    with opened() as aiana:
        if session_id:
            plan = _session(aiana, session_id)
        elif ids:
            plan = _named(aiana, ids)
        else:
            chosen_sources(aiana, source)
            chosen = replace(chosen, project=chosen_project(aiana, project))
            plan = _alike(aiana, chosen, text, excluded, expired)
        shown = not (as_json and dry_run)
        for line in plan.meant if shown else ():
            say(line, err=True)
        if dry_run:
            result = plan.would
        else:
            if plan.doubtful:
                confirm(f"Forget {plan.things} for good?", yes)
            with progress_bar("Taking it out of all files") as report:
                result = plan.carry_out(report)
    if as_json:
        print_json(result)
        return
    verb = "would be forgotten" if dry_run else "forgotten"
    said = _things(result) if isinstance(result, Forgetting) else plan.all_of_it
    say(f"{said if result.deleted else 'Nothing'} {verb}.")
    for path in result.receipt.traces if result.receipt else ():
        say(f"A word of it still stands in {path}, where something that is kept says it, too.")
    if pending := result.receipt.pending if result.receipt else []:
        places = " and ".join(_PENDING[part] for part in pending)
        again = command("doctor", "--fix")
        say(f"It is not yet out of {places}, which others use: an editor or `{again}` does it.")


_PENDING: dict[PendingPart, str] = {
    "index": "the pages of the full-text index",
    "backups": "the backups",
    "log": "the log of the database",
}


class _Plan(NamedTuple):
    """What is to be forgotten, before it is."""

    would: Deleted
    things: str
    meant: list[str]
    """What the beginnings of ids were taken for."""
    doubtful: bool
    """Somebody must look at it first."""
    carry_out: Callable[[Progress], Deleted]
    all_of_it: str
    """As it is said of what was, or would be, forgotten."""


def _session(aiana: Aiana, session_id: str) -> _Plan:
    session = aiana.get_session(session_id).session
    guessed = session.id != session_id
    would = aiana.delete_session(session.id, dry_run=True, source=session.source)
    family = [aiana.get_session(id, session.source).session for id in would.ids]
    messages = counted(sum(each.message_count for each in family), "message")
    things = "this session"
    if would.deleted > 1:
        things += f" and {would.deleted - 1} of its sub-agents"
    things += f" with {messages}"
    return _Plan(
        would,
        things,
        [f"{session.id}  {one_line(session.title or '')}"] if guessed else [],
        guessed,
        lambda report: aiana.delete_session(session.id, source=session.source, progress=report),
        f"{counted(would.deleted, 'session')} and {messages}",
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
        lambda report: aiana.delete_memories(would.ids, progress=report),
        counted(would.deleted, "memory", "memories"),
    )


def _alike(
    aiana: Aiana, chosen: SearchFilter, text: str | None, excluded: bool, expired: bool
) -> _Plan:
    would = aiana.forget(chosen, text, excluded, expired, dry_run=True)
    return _Plan(
        would,
        _things(would),
        list(_shown(would)),
        would.deleted > 0,
        lambda report: aiana.forget(
            chosen, text, excluded, expired, expected=would.deleted, progress=report
        ),
        _things(would),
    )


def _shown(would: Forgetting) -> Iterator[str]:
    """What would go, a line each; of what is excluded only how much."""
    columns = width(err=True)
    for thing in would.first:
        facts = [
            thing.kind,
            when(thing.timestamp),
            name_of(thing.project),
            thing.source if thing.kind != "memory" else None,
            counted(thing.messages, "message") if thing.kind == "session" else None,
        ]
        title = fit(thing.title, None if columns is None else max(20, columns // 2))
        yield f"{title}  ({joined(facts, None)})"
    if would.hidden:
        yield f"and {would.hidden:,} of what is excluded, which is not shown"
    units = would.sessions + would.memories + (would.messages if not would.sessions else 0)
    if units - would.hidden > len(would.first):
        yield f"and more: {_things(would)} in all"


def _things(found: Forgetting) -> str:
    parts = [
        counted(found.sessions, "session") if found.sessions else "",
        counted(found.messages, "message") if found.messages else "",
        counted(found.memories, "memory", "memories") if found.memories else "",
    ]
    return " and ".join(part for part in parts if part) or "nothing"
