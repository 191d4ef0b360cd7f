"""`aiana history`."""

from __future__ import annotations

from pathlib import Path

import click

from aiana.cli.layout import fit, joined, when
from aiana.cli.output import json_option, opened, print_json, tell, tell_of_more
from aiana.cli.terminal import Piece, say, width
from aiana.paths import expanded
from aiana.protocol.results import FileEntry
from aiana.text import one_line


@click.command()
@click.argument("file")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--cursor", help="`nextCursor` of the page before.")
@json_option
def history(file: str, limit: int, cursor: str | None, as_json: bool) -> None:
    """Tell which sessions edited, read or named a FILE, newest first.

    It need not exist any more. What happened in other clones counts, and so do the names from which
    sessions moved it. Into a pipe it is a line for each turn, with tabs between time, touch,
    assistant, title, path and address.

    \b
    Examples:
      aiana history src/cart.ts
      aiana history src/cart.ts --json | jq '.entries[].uri'
    """
    with opened() as aiana:
        page = aiana.file_history(Path.cwd() / expanded(file), limit, cursor)
        short = aiana.short_session_ids(entry.session_id for entry in page.entries)
    if as_json:
        print_json(page)
        return
    columns = width()
    for entry in page.entries:
        _print(entry, short[entry.session_id], columns)
    if not page.entries and cursor is None:
        tell("note", f"No session is known to have edited, read or named {page.names[0]}.")
    for note in page.notes:
        tell("note", note)
    if page.next_cursor:
        tell_of_more()


def _print(entry: FileEntry, short_id: str, columns: int | None) -> None:
    title = entry.session_title or "(without a title)"
    if columns is None:
        row = [entry.timestamp, entry.touch, entry.source, title, entry.path, entry.uri]
        say("\t".join(one_line(value) for value in row))
        return
    lines = None if entry.lines is None else f"lines {entry.lines[0]}-{entry.lines[1]}"
    start = f"{entry.touch:<8}"
    say(Piece(start, "cyan"), Piece(fit(title, columns - len(start)), "bold"))
    facts = [when(entry.timestamp), entry.source, lines, short_id]
    say(Piece(" " * len(start) + joined(facts, columns - len(start)), "dim"))
