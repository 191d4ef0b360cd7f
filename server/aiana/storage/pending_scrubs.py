"""What deletions still have to take out of files: noted with each of them, until it is done.

A process may be killed, or its disk be full, between a deletion and the cleaning that follows it;
and a server answers before it has cleaned.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Sequence
from heapq import nlargest

import msgspec
from msgspec import Struct, field

from aiana.protocol.results import PendingPart
from aiana.storage.database import Database
from aiana.storage.forgotten import drop_empty_projects
from aiana.storage.guarded import Admitted
from aiana.storage.rows import Forgotten
from aiana.storage.text_index_pages import words_of
from aiana.times import now

_PARTS: tuple[PendingPart, ...] = ("index", "backups", "log")
_NAME = "owed "
_LATER = _NAME + chr(0x7F)
_MOST_WORDS = 20_000
"""Of the index that are named; of a deletion with more, all of the index is merged."""
_MOST_TELLING = 40
_SHORTEST_TELLING = 4
"""Bytes; shorter words occur by chance."""


class Owed(Struct, kw_only=True):
    """What is left to be done of one deletion, or of a text that was changed.

    It names words only as long as the files hold them anyway.
    """

    name: str = ""
    left: list[PendingPart] = field(default_factory=lambda: [*_PARTS])
    sessions: list[tuple[str, str]] = []
    messages: list[tuple[str, str, str]] = []
    memories: list[str] = []
    preferences: list[str] = []
    words: list[str] | None = None
    """As the index held them; None if there are too many."""
    telling: list[str] = []
    """The longest words of the texts, which would prove that something is left."""
    looked_for: list[str] = []
    """Words that all of it was found by."""


def owe(connection: sqlite3.Connection, forgotten: Forgotten) -> None:
    """Note inside the transaction of a deletion what it leaves to be done, and end it: projects of
    which nothing is left go, too."""
    drop_empty_projects(connection)
    words = words_of(forgotten.texts)
    copied = forgotten.sessions or forgotten.messages or forgotten.memories or forgotten.preferences
    record = Owed(
        left=[part for part in _PARTS if copied or part != "backups"],
        sessions=forgotten.sessions,
        messages=forgotten.messages,
        memories=forgotten.memories,
        preferences=forgotten.preferences,
        words=words if len(words) <= _MOST_WORDS else None,
        telling=_telling([*forgotten.texts, *forgotten.beside]),
        looked_for=_telling([forgotten.sought]),
    )
    record.name = f"{_NAME}{now()} {os.urandom(4).hex()}"
    forgotten.owed.append(record.name)
    _note(connection, record)


def note(database: Database, records: Iterable[Owed]) -> None:
    """What is left of them by now; those of which nothing is are gone."""
    with database.writing() as connection:
        for record in records:
            if record.left:
                _note(connection, record)
            else:
                connection.execute("DELETE FROM facts WHERE name = ?", (record.name,))


def owed(database: Database, names: Sequence[str] | None = None) -> list[Owed]:
    """What was not done yet, of these deletions or of all; what another process is doing, too."""
    query = "SELECT name, value FROM facts WHERE name > ? AND name < ?"
    with database.reading_everything() as connection:
        rows = connection.execute(query, (_NAME, _LATER)).fetchall()
    found = []
    for name, value in rows:
        if names is None or name in names:
            record = msgspec.json.decode(value, type=Owed)
            record.name = name
            found.append(record)
    return found


def settled_in(copy: sqlite3.Connection, name: str) -> list[list[str] | None]:
    """Have a copy owe nothing of a deletion that it knows; the words of its index that it owed."""
    if not copy.execute("SELECT 1 FROM sqlite_schema WHERE name = 'facts'").fetchone():
        return []
    rows = copy.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchall()
    copy.execute("DELETE FROM facts WHERE name = ?", (name,))
    known = [msgspec.json.decode(value, type=Owed) for (value,) in rows]
    return [record.words for record in known if "index" in record.left]


def carry_owed(facts: Iterable[tuple[str, str]], connection: sqlite3.Connection) -> None:
    """Owe what a database owed, by its facts, that is kept as a backup from now on."""
    for name, value in facts:
        if not name.startswith(_NAME):
            continue
        record = msgspec.json.decode(value, type=Owed)
        record.name, record.left = name, [*_PARTS]
        _note(connection, record)


def _note(connection: sqlite3.Connection, record: Owed) -> None:
    # Its texts have been through the door, word by word they may look like something else.
    value = Admitted(msgspec.json.encode(record).decode())
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (record.name, value))


def _telling(texts: Iterable[str]) -> list[str]:
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    long = (word for word in words if len(word.encode("utf-8", "replace")) >= _SHORTEST_TELLING)
    return nlargest(_MOST_TELLING, long, key=lambda word: (len(word), word))
