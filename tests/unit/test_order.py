"""Messages have a place in their session; the clock is shown and never sorted by."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from aiana.indexing.chunking import chunks_of
from aiana.models import Message, MessageType, Session
from aiana.search.catalogue import CatalogueReader
from aiana.storage import AianaStorage
from aiana.storage.migrations import MIGRATIONS, migrate

NOON = "2026-05-01T12:00:00.000Z"
EARLIER = "2026-05-01T11:00:00.000Z"
SESSION = Session(id="s", source="codex", project="p", started_at=NOON)


def said(
    id: str, *, time: str = NOON, place: int | None = None, type: MessageType = "user"
) -> Message:
    text = f"text of {id}"
    return Message(id=id, session_id="s", type=type, content=text, timestamp=time, position=place)


def stored_order(storage: AianaStorage) -> list[str]:
    return [message.id for message in storage.get_messages("s")]


@pytest.fixture
def storage(tmp_path: Path) -> AianaStorage:
    return AianaStorage(tmp_path / "conversations.db")


def test_equal_times_keep_the_order_of_arrival(storage: AianaStorage) -> None:
    kinds: list[MessageType] = ["user", "tool_use", "assistant", "tool_result", "summary"]
    messages = [said(f"m{n}", type=kinds[n % 5]) for n in range(20)]
    storage.sessions.record(SESSION, messages[:7])
    storage.sessions.record(SESSION, messages[7:])
    assert stored_order(storage) == [f"m{n}" for n in range(20)]


def test_clock_that_goes_back_moves_nothing(storage: AianaStorage) -> None:
    storage.sessions.record(SESSION, [said("question"), said("answer", time=EARLIER)])
    assert stored_order(storage) == ["question", "answer"]
    around = storage.sessions.messages("s", around="answer", limit=2)
    assert [message.id for message in around] == ["question", "answer"]


def test_source_places_a_late_message(storage: AianaStorage) -> None:
    storage.sessions.record(SESSION, [said("first", place=10), said("third", place=30)])
    storage.sessions.record(SESSION, [said("second", place=20), said("last")])
    assert stored_order(storage) == ["first", "second", "third", "last"]


def test_source_moves_what_is_stored(storage: AianaStorage) -> None:
    storage.sessions.record(SESSION, [said("b", place=1), said("a", place=2)])
    catalogue = CatalogueReader(storage.database)
    assert catalogue.current().keys.tolist() == [1, 2]
    storage.sessions.record(SESSION, [said("b", place=2), said("a", place=1)])
    assert stored_order(storage) == ["a", "b"]
    assert catalogue.current().keys.tolist() == [2, 1]
    assert storage.changes_since(0)[0] == ["sessions"]


def test_message_that_is_read_again_keeps_its_place(storage: AianaStorage) -> None:
    storage.sessions.record(SESSION, [said("a"), said("b")])
    storage.sessions.record(SESSION, [said("a", time=EARLIER), said("c")])
    assert stored_order(storage) == ["a", "b", "c"]


def test_late_message_in_the_catalogue(storage: AianaStorage) -> None:
    catalogue = CatalogueReader(storage.database)
    storage.sessions.record(SESSION, [said("a", place=1), said("c", place=3)])
    assert catalogue.current().keys.tolist() == [1, 2]
    storage.sessions.record(SESSION, [said("b", place=2)])
    assert catalogue.current().keys.tolist() == [1, 3, 2]


def test_chunk_names_its_messages(storage: AianaStorage) -> None:
    storage.sessions.record(
        SESSION, [said("a"), said("tool", type="tool_result"), said("b", type="assistant")]
    )
    storage.chunks.renew(chunks_of)
    with storage.database.reading() as connection:
        (chunk,) = connection.execute("SELECT content, message_keys FROM chunks").fetchall()
    assert chunk == ("text of a\ntext of b", "[1, 3]")


def test_migration_keeps_the_order_that_was_shown(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "conversations.db", isolation_level=None)
    for step in MIGRATIONS[:2]:
        step(connection)
    connection.execute("PRAGMA user_version = 2")
    connection.execute("INSERT INTO projects (key, id, name) VALUES (1, 'p', 'p')")
    connection.execute(
        "INSERT INTO sessions (key, id, source, project_key, project_path, transcript_path, "
        "started_at) VALUES (1, 's', 'codex', 1, '', '', ?)",
        (NOON,),
    )
    for id, kind, time in [
        ("second", "user", NOON),
        ("tool", "tool_result", NOON),
        ("third", "assistant", NOON),
        ("first", "user", EARLIER),
    ]:
        connection.execute(
            "INSERT INTO messages (session_key, id, type, timestamp, content) "
            "VALUES (1, ?, ?, ?, ?)",
            (id, kind, time, f"text of {id}"),
        )
    # The chunk went from the message with key 4 to the one with key 3 in the order of the clock.
    connection.execute(
        "INSERT INTO chunks (key, id, session_key, first_message_key, last_message_key, "
        "content_hash, content) VALUES (7, 'c', 1, 4, 3, x'00', 'text')"
    )
    connection.execute(
        "INSERT INTO vectors (owner, model, content_hash, vector) VALUES (7, 'm', x'00', x'0000')"
    )
    migrate(connection, tmp_path / "backups")
    connection.close()
    with AianaStorage(tmp_path / "conversations.db") as storage:
        assert stored_order(storage) == ["first", "second", "tool", "third"]
        assert [hit.id for hit in storage.search("third")] == ["third"]
        with storage.database.reading() as connection:
            (row,) = connection.execute("SELECT message_keys FROM chunks").fetchall()
            assert json.loads(row[0]) == [4, 1, 3]
            assert connection.execute("SELECT owner FROM vectors").fetchall() == [(7,)]
