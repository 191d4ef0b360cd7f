"""What each assistant keeps against what is stored of it, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from aiana.cli.layout import fit, pad
from aiana.cli.terminal import Piece, say_whole, width
from aiana.protocol.results import SourceStatus

_NAME_CELLS = 26
"""Of the longest name that is shown whole: the table fits 80 columns with numbers of any size."""


def print_table(found: Sequence[SourceStatus], everything: bool = False) -> None:
    """A line for each assistant of which there is anything, or for all; numbers of files."""
    told = [s for s in found if everything or s.on_disk or s.stored or s.failed]
    if not told:
        return
    columns = {
        "on disk": [(source.on_disk, "") for source in told],
        "stored": [(source.stored, "") for source in told],
        "missing": [(source.missing, "yellow") for source in told],
        "expiring": [(source.expiring_soon, "yellow") for source in told],
        "kept": [(source.vanished, "cyan") for source in told],
    }
    rooms = [max(len(name), *(len(f"{n:,}") for n, _ in cells)) for name, cells in columns.items()]
    shown = width() or 1000
    # Where it is too narrow for all, the columns that tell least are left out.
    while len(rooms) > 1 and 2 + len("assistant") + sum(rooms) + 2 * len(rooms) > shown:
        rooms.pop()
        columns.popitem()
    left = shown - 2 - sum(rooms) - 2 * len(rooms)
    titles = [fit(source.title, max(len("assistant"), min(_NAME_CELLS, left))) for source in told]
    first = max(len("assistant"), *map(len, titles))
    head = "".join(f"  {name:>{room}}" for name, room in zip(columns, rooms, strict=True))
    say_whole(Piece(f"  {pad('assistant', first)}{head}", "dim"))
    for row, title in enumerate(titles):
        pieces: list[str | Piece] = [f"  {pad(title, first)}"]
        for cells, room in zip(columns.values(), rooms, strict=True):
            count, style = cells[row]
            pieces.append(Piece(f"  {f'{count:,}':>{room}}", style if count else "dim"))
        say_whole(*pieces)
