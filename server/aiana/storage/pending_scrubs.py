"""What a deletion still has to take out of files: noted with it, until it is done.

A process may be killed, or its disk be full, between a deletion and the cleaning that follows it.
"""

from __future__ import annotations

import os
import sqlite3

import msgspec

from aiana.storage.database import Database
from aiana.storage.rows import Forgotten
from aiana.times import now

_NAME = "owed "
_LATER = _NAME + chr(0x7F)


def owe(connection: sqlite3.Connection, forgotten: Forgotten) -> None:
    """Note inside the transaction of a deletion what it leaves to be done; nothing of its texts."""
    name = f"{_NAME}{now()} {os.urandom(4).hex()}"
    forgotten.owed.append(name)
    value = msgspec.json.encode(msgspec.structs.replace(forgotten, texts=[], sought="")).decode()
    connection.execute("INSERT INTO facts VALUES (?, ?)", (name, value))


def settle(database: Database, forgotten: Forgotten) -> None:
    """It is done."""
    with database.writing() as connection:
        for name in forgotten.owed:
            connection.execute("DELETE FROM facts WHERE name = ?", (name,))


def owed(database: Database) -> list[Forgotten]:
    """What was not done yet; what another process is doing just now, too."""
    query = "SELECT value FROM facts WHERE name > ? AND name < ?"
    with database.reading_everything() as connection:
        rows = connection.execute(query, (_NAME, _LATER)).fetchall()
    return [msgspec.json.decode(value, type=Forgotten) for (value,) in rows]
