"""`aiana why`."""

from __future__ import annotations

from pathlib import Path

import click

from aiana.cli.layout import fit, joined, when
from aiana.cli.output import json_option, opened, print_json, tell
from aiana.cli.terminal import Piece, say, width
from aiana.paths import expanded, lines_at
from aiana.protocol.results import Reason
from aiana.text import one_line


@click.command()
@click.argument("place", metavar="FILE:LINE[-LINE]")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
def why(place: str, limit: int, as_json: bool) -> None:
    """Tell why lines of a file are as they are: which turns wrote, changed or discussed them.

    A turn is named if the text of its edit stands there today, or if it wrote what the commit
    that touched the line last replaced; where nothing is sure, nothing is named. Into a pipe it
    is a line for each turn, with tabs between time, how it is known, lines, assistant, what was
    asked, and address.

    \b
    Examples:
      aiana why src/cart.ts:42
      aiana why cart.ts:40-60 --json | jq '.reasons[].asked'
    """
    found = lines_at(place)
    if found is None:
        raise click.UsageError("Name a file and a line of it: `src/cart.ts:42`.")
    path, first, last = found
    with opened() as aiana:
        answer = aiana.why(Path.cwd() / expanded(path), first, last, limit=limit)
        short = aiana.short_session_ids(reason.session_id for reason in answer.reasons)
    if as_json:
        print_json(answer)
        return
    columns = width()
    for reason in answer.reasons:
        _print(reason, short[reason.session_id], columns)
    for note in answer.notes:
        tell("note", note)
    if not answer.reasons:
        tell("note", "No session is surely known to have written, changed or discussed this.")


def _print(reason: Reason, short_id: str, columns: int | None) -> None:
    lines = ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in reason.lines)
    asked = reason.asked.text if reason.asked else reason.session_title or "(without a title)"
    if columns is None:
        row = [reason.timestamp, reason.how, lines, reason.source, asked, reason.uri]
        say("\t".join(one_line(value) for value in row))
        return
    say(Piece(fit(asked, columns), "bold"))
    facts = [reason.how, f"line {lines}" if len(lines) < 40 else None]
    say(Piece("  " + joined(facts, columns - 2), "cyan"))
    where = [when(reason.timestamp), reason.source, short_id]
    say(Piece("  " + joined(where, columns - 2), "dim"))
    for refused in reason.rejected:
        say(Piece("  refused before: " + fit(refused.text, columns - 18), "dim"))
