"""Keeps the full-text index within the levels that SQLite can read.

Merging all of an FTS5 index into one segment, as forgetting does, puts the result above all levels
that there are. Many SQLites bound these by nothing, and refuse an index of more than 2,000 as
"malformed" ever after, with all that is written to its tables. Levels that have become empty are
taken out of the index's structure record, whose format is told at the beginning of
https://sqlite.org/src/file/ext/fts5/fts5_index.c
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

MOST_LEVELS = 32
_LEAST_LEVELS = 8
"""That stay below what was merged last, so that new texts are not merged with it at once."""
_STRUCTURE = 10
"""The row of the structure record."""
_COOKIE_BYTES = 4
_SECOND_FORMAT = b"\xff\x00\x00\x01"
"""After the cookie; of tables without content, which this one is not."""


def lower_levels(connection: sqlite3.Connection) -> None:
    """Take out the lowest levels if there are too many, as far as they are empty.

    Works on an index that is refused for them, too. Begins and commits a transaction of its own
    unless one is open.
    """
    if _lowered(structure_of(connection)) is None:
        return
    own = not connection.in_transaction
    if own:
        connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done so meanwhile.
        if (lowered := _lowered(structure_of(connection))) is not None:
            connection.execute(
                "UPDATE messages_fts_data SET block = ? WHERE id = ?", (lowered, _STRUCTURE)
            )
        if own:
            connection.execute("COMMIT")
    except BaseException:
        if own and connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def structure_of(connection: sqlite3.Connection) -> bytes:
    """The structure record of the index; empty if there is none."""
    row = connection.execute(
        "SELECT block FROM messages_fts_data WHERE id = ?", (_STRUCTURE,)
    ).fetchone()
    return bytes(row[0]) if row is not None else b""


class Segment(NamedTuple):
    """A part of the index, of which the later ones are the newer."""

    number: int
    first: int
    """Its first page."""
    last: int
    merging: bool
    """It is being merged, and the beginning of it is gone."""


def segments_of(structure: bytes) -> list[Segment]:
    """Those that hold something. Raises IndexError and ValueError for a record of another form."""
    rest = structure[_COOKIE_BYTES:]
    if rest.startswith(_SECOND_FORMAT):
        raise ValueError("a structure record of another form")
    levels, at = varint(rest, 0)
    _segments, at = varint(rest, at)
    _writes, at = varint(rest, at)
    found = []
    for _ in range(levels):
        merging, at = varint(rest, at)
        segments, at = varint(rest, at)
        for n in range(segments):
            number, at = varint(rest, at)
            first, at = varint(rest, at)
            last, at = varint(rest, at)
            if first:
                found.append(Segment(number, first, last, n < merging))
    return found


def _lowered(structure: bytes) -> bytes | None:
    """The record with fewer levels; None if it has not too many, or holds them all."""
    cookie, rest = structure[:_COOKIE_BYTES], structure[_COOKIE_BYTES:]
    if rest.startswith(_SECOND_FORMAT):
        return None
    try:
        levels, counts_at = varint(rest, 0)
        _segments, at = varint(rest, counts_at)
        _writes, at = varint(rest, at)
    except IndexError:  # damaged, which whoever reads the index tells
        return None
    if levels <= MOST_LEVELS:
        return None
    counts = rest[counts_at:at]
    # Of an empty level, both numbers are a zero: how many segments are merged, and how many it has.
    empty = 0
    while empty < levels - _LEAST_LEVELS - 1 and rest[at : at + 2] == b"\0\0":
        empty += 1
        at += 2
    return cookie + as_varint(levels - empty) + counts + rest[at:] if empty else None


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number, seven bits in a byte, the highest first; and where it ends. Raises IndexError.

    A ninth byte, of which all bits count, is the last one.
    """
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, at
    return value << 8 | data[at], at + 1


def as_varint(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))
