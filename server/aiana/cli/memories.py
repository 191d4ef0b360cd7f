"""`aiana memories`: list, show, edit, pin."""

from __future__ import annotations

from pathlib import Path

import click

from aiana.cli.groups import DefaultGroup
from aiana.cli.layout import fit, joined, when
from aiana.cli.output import json_option, opened, print_document, print_json, tell, tell_of_more
from aiana.cli.terminal import Piece, say, width
from aiana.models import MEMORY_TYPES, Memory, MemoryType, SearchFilter
from aiana.projects import name_of
from aiana.text import one_line

PINNED = "pinned"


@click.group(cls=DefaultGroup, default="list")
def memories() -> None:
    """List, show, edit and pin what is remembered; `aiana forget` deletes it.

    Alone it lists.

    \b
    Examples:
      aiana memories
      aiana memories list --project . --type pattern
      aiana memories edit 7d4ff1de
    """


@memories.command("list")
@click.option("-p", "--project", help="Identity, folder or name of a project; `.` for this one.")
@click.option("--type", "memory_type", type=click.Choice(MEMORY_TYPES))
@click.option("--after", help="A date, `yesterday`, `last week`, or 30d.")
@click.option("--before", help="A date, `yesterday`, `last week`, or 30d.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--cursor", help="`nextCursor` of the page before.")
@json_option
def list_(
    project: str | None,
    memory_type: MemoryType | None,
    after: str | None,
    before: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List memories, pinned ones first, then the newest; into a pipe with tabs between columns.

    The columns are id, type, time, project, tags and text.
    """
    with opened() as aiana:
        if project == ".":
            project = aiana.project_of(Path.cwd())
        types = [memory_type] if memory_type else []
        chosen = SearchFilter(project=project, memory_types=types, after=after, before=before)
        page = aiana.list_memories(chosen, limit, cursor)
    if as_json:
        print_json(page)
        return
    columns = width()
    for memory in page.memories:
        if columns is None:
            _print_row(memory)
        else:
            _print_memory(memory, columns)
    for note in page.notes:
        tell("note", note)
    if page.next_cursor:
        tell_of_more()


@memories.command()
@click.argument("memory_id", metavar="ID")
@json_option
def show(memory_id: str, as_json: bool) -> None:
    """Show a memory in full; the beginning of its id is enough."""
    with opened() as aiana:
        memory = aiana.get_memory(memory_id).memory
        page = aiana.read_page(memory.uri)
    if as_json:
        print_json(memory)
    else:
        print_document(page.text)


@memories.command()
@click.argument("memory_id", metavar="ID")
@json_option
def edit(memory_id: str, as_json: bool) -> None:
    """Change the text of a memory in your editor ($EDITOR)."""
    with opened() as aiana:
        memory = aiana.get_memory(memory_id).memory
        text = click.edit(memory.content, extension=".md")
        if text is not None and text.strip() and text.rstrip("\n") != memory.content.rstrip("\n"):
            memory = aiana.update_memory(memory.id, content=text.rstrip("\n")).memory
            said = f"Changed: {memory.id}"
        else:
            said = f"Not changed: {memory.id}"
    if as_json:
        print_json(memory)
    else:
        say(said)


@memories.command()
@click.argument("memory_id", metavar="ID")
@click.option("--off", is_flag=True, help="Take the pin off.")
@json_option
def pin(memory_id: str, off: bool, as_json: bool) -> None:
    """Keep a memory at the head of every list."""
    with opened() as aiana:
        known = aiana.get_memory(memory_id).memory
        memory = aiana.pin_memory(known.id, not off).memory
    if as_json:
        print_json(memory)
    else:
        say(f"{'No longer pinned' if off else 'Pinned'}: {memory.id}")


def _print_row(memory: Memory) -> None:
    """One line for programs, nothing cut."""
    tags = ",".join(memory.tags)
    row = [memory.id, memory.memory_type, memory.updated_at, memory.project, tags, memory.content]
    say("\t".join(one_line(value) for value in row))


def _print_memory(memory: Memory, columns: int) -> None:
    """The text, and below it what tells which and when."""
    pin = "* " if PINNED in memory.tags else ""
    tags = ", ".join(tag for tag in memory.tags if tag != PINNED)
    facts = [memory.memory_type, when(memory.updated_at), name_of(memory.project), tags]
    say(Piece(fit(f"{pin}{memory.content}", columns), "bold"))
    start = f"  {memory.id[:8]}  "
    say(Piece(start, "cyan"), Piece(joined(facts, columns - len(start)), "dim"))
