"""Takes words out of the full-text index where they stand, whatever else it holds.

A deletion leaves its words in the index until their segments are merged, which costs with the whole
of it. Here the few pages that name a word are written without it, as the `secure-delete` of newer
SQLites does, which older ones could not read. The format is told at the beginning of
https://sqlite.org/src/file/ext/fts5/fts5_index.c; a page that is not written exactly like that is
left alone, and whoever asked merges.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from aiana.storage.guarded import Admitted
from aiana.storage.rows import storable
from aiana.storage.text_index_levels import (
    Segment,
    as_varint,
    segments_of,
    structure_of,
    varint,
)
from aiana.text import TOKENIZER

_HEADER = 4
_EMPTY_PAGE = b"\0\0\0\x04"
_MAIN = b"0"
"""Before each word that is no prefix of one."""
_DELETED = b"\x01"
"""In place of places: that a document does not have a word any more."""
_SEGMENT_BITS = 37

# A word that some document still has is no secret, and costs no page.
_OWN = """
SELECT value FROM json_each(?)
WHERE NOT EXISTS (SELECT 1 FROM messages_places WHERE term = value)
"""
_PAGES = """
SELECT value, (
    SELECT pgno FROM messages_fts_idx
    WHERE segid = ?1 AND term <= CAST('0' || value AS BLOB) ORDER BY term DESC LIMIT 1
) FROM json_each(?2) ORDER BY 2, CAST(value AS BLOB)
"""


class _Unusual(Exception):
    """A page is not as it was expected, and was not touched."""


class _Entry(NamedTuple):
    word: bytes
    documents: bytes


class _Page(NamedTuple):
    rowid_at: int
    """Where the first document stands in what is continued, or 0."""
    continued: bytes
    """Documents of the last word of the page before."""
    entries: list[_Entry]


def take_out(connection: sqlite3.Connection, words: Sequence[str]) -> bool:
    """Take those of the words out of the index that no document has any more.

    Words are as the index holds them. Inside the caller's transaction, in which nothing else was
    written. Returns whether that could be done; if not, only merging all of the index helps.
    """
    own = [word for (word,) in connection.execute(_OWN, (_list(words),))]
    try:
        for segment in segments_of(structure_of(connection)):
            for page, long, found in _pages_of(connection, segment, own):
                _rewrite(connection, segment, page, long, found)
    except (_Unusual, IndexError, ValueError):
        return False
    return True


def words_of(texts: Iterable[str]) -> list[str]:
    """The words of these texts as the index holds them, each once, in order."""
    own = sqlite3.connect(":memory:", isolation_level=None)
    try:
        own.execute(f"CREATE VIRTUAL TABLE t USING fts5(x, content='', tokenize='{TOKENIZER}')")
        own.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'row')")
        own.execute("BEGIN")
        own.executemany(
            "INSERT INTO t(rowid, x) VALUES (?, ?)",
            ((n, storable(text)) for n, text in enumerate(texts, 1)),
        )
        return [word for (word,) in own.execute("SELECT term FROM v")]
    finally:
        own.close()


def _list(words: Sequence[str]) -> Admitted:
    return Admitted(json.dumps(list(words), ensure_ascii=False))


def _pages_of(
    connection: sqlite3.Connection, segment: Segment, words: Sequence[str]
) -> Iterator[tuple[int, bool, set[bytes]]]:
    """The page of a segment that holds each word, if any does; the words; and between, whether the
    documents of the last word fill so many pages that these have an index of their own."""
    rows = connection.execute(_PAGES, (segment.number, _list(words))).fetchall()
    for number, group in groupby(rows, key=lambda row: max((row[1] or 0) >> 1, segment.first)):
        known = list(group)
        yield number, any(row[1] and row[1] & 1 for row in known), {_word(row[0]) for row in known}


def _word(word: str) -> bytes:
    return _MAIN + word.encode()


def _rewrite(
    connection: sqlite3.Connection, segment: Segment, number: int, long: bool, words: set[bytes]
) -> None:
    block, page = _read(connection, segment.number, number)
    stay = [entry for entry in page.entries if entry.word not in words]
    gone = [entry for entry in page.entries if entry.word in words]
    if not gone:
        return
    if _block_of(page) != block:
        raise _Unusual
    ends = page.entries[-1].word in words
    if ends and long:
        raise _Unusual
    known = connection.execute(
        "SELECT term FROM messages_fts_idx WHERE segid = ? AND pgno IN (?, ?)",
        (segment.number, number << 1, number << 1 | 1),
    ).fetchone()
    bound = bytes(known[0]) if known is not None else b""
    if not stay:
        # Who looks for words relies on one being here: of the last, its beginning alone stays, as
        # one that the document does not have. That must not stand before what is merged already.
        if bound in words or (segment.merging and number == segment.first):
            raise _Unusual
        _, end = varint(gone[0].documents, 0)
        stay = [_Entry(bound or _MAIN, gone[0].documents[:end] + _DELETED)]
    elif bound and not stay[0].word.startswith(bound):
        new = stay[0].word[: _alike(bound, stay[0].word) + 1]
        connection.execute(
            "UPDATE messages_fts_idx SET term = ? WHERE segid = ? AND term = ?",
            (new, segment.number, bound),
        )
    _write(connection, segment.number, number, page._replace(entries=stay))
    while ends and number < segment.last:
        number += 1
        block, page = _read(connection, segment.number, number)
        if _block_of(page) != block:
            raise _Unusual
        if page.continued:
            _write(connection, segment.number, number, _Page(0, b"", page.entries))
        ends = not page.entries


def _read(connection: sqlite3.Connection, segment: int, number: int) -> tuple[bytes, _Page]:
    row = connection.execute(
        "SELECT block FROM messages_fts_data WHERE id = ?", (segment << _SEGMENT_BITS | number,)
    ).fetchone()
    if row is None:
        raise _Unusual
    block = bytes(row[0])
    return block, _page_of(block)


def _write(connection: sqlite3.Connection, segment: int, number: int, page: _Page) -> None:
    connection.execute(
        "UPDATE messages_fts_data SET block = ? WHERE id = ?",
        (_block_of(page), segment << _SEGMENT_BITS | number),
    )


def _page_of(block: bytes) -> _Page:
    """A page as it stands in a row. Raises _Unusual and IndexError."""
    rowid_at, size = int.from_bytes(block[:2]), int.from_bytes(block[2:_HEADER])
    places: list[int] = []
    at, place = size, 0
    while at < len(block):
        distance, at = varint(block, at)
        place += distance
        places.append(place)
    ends = [*places[1:], size] if places else []
    first = places[0] if places else size
    if size > len(block) or not (rowid_at == 0 or _HEADER <= rowid_at < first):
        raise _Unusual
    entries: list[_Entry] = []
    word = b""
    for place, end in zip(places, ends, strict=True):
        kept = 0
        if entries:
            kept, place = varint(block, place)
        length, place = varint(block, place)
        word = word[:kept] + block[place : place + length]
        entries.append(_Entry(word, block[place + length : end]))
    return _Page(rowid_at, block[_HEADER:first], entries)


def _block_of(page: _Page) -> bytes:
    if not page.continued and not page.entries:
        return _EMPTY_PAGE
    parts, size = [page.continued], _HEADER + len(page.continued)
    places: list[int] = []
    before = b""
    for word, documents in page.entries:
        kept = _alike(before, word) if places else 0
        part = (as_varint(kept) if places else b"") + as_varint(len(word) - kept) + word[kept:]
        parts += [part, documents]
        places.append(size)
        size += len(part) + len(documents)
        before = word
    footer = [as_varint(place - (places[n - 1] if n else 0)) for n, place in enumerate(places)]
    return b"".join([page.rowid_at.to_bytes(2), size.to_bytes(2), *parts, *footer])


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    n = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        n += 1
    return n
