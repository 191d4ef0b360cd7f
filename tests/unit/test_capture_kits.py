"""The kits for sources that write documents or databases, by a small source of each."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.databases import DatabaseSource
from aiana.capture.decoding import object_of
from aiana.capture.documents import DocumentSource
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition

T = "2026-02-01T12:00:00.000Z"


class Notes(DocumentSource):
    name = "notes"
    title = "Notes"

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        left_out = []
        for n, text in enumerate(object_of(data)["said"]):
            if isinstance(text, str):
                builder.add("s1", [Row("user", text, "user")], record_id=f"m{n}", time=T)
            else:
                left_out.append(f"Message {n} is no text.")
        return left_out


def note(path: Path, *said: Any) -> Path:
    path.write_text(json.dumps({"said": said}))
    return path


def one(batches: Iterator[CaptureBatch]) -> CaptureBatch:
    (batch,) = batches
    return batch


def test_a_document_is_read_when_it_is_another_one(tmp_path: Path) -> None:
    source, path = Notes(), note(tmp_path / "a.json", "one", 2)
    first = one(source.read(path, None))
    assert [(m.id, m.content) for m in first.messages] == [("m0", "one")]
    assert [line.reason for line in first.position.left_out] == ["Message 1 is no text."]
    assert source.unchanged(path, first.position)
    os.utime(path, (1, 1))
    assert not source.unchanged(path, first.position)
    touched = one(source.read(path, first.position))
    assert (touched.messages, touched.position.skipped_lines) == ([], 1)
    assert source.unchanged(path, touched.position)
    again = one(source.read(note(path, "one", "two"), touched.position))
    assert [m.content for m in again.messages] == ["one", "two"]
    assert again.position.skipped_lines == 0


def test_a_document_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("nothing")
    with pytest.raises(UnreadableFile, match="Notes conversation"):
        one(Notes().read(path, None))


class Table(DatabaseSource):
    name = "table"
    title = "Table"

    def rows(
        self, connection: sqlite3.Connection, cursor: dict[str, Any], builder: SessionBuilder
    ) -> Iterator[dict[str, Any]]:
        last = cursor.get("last", 0)
        while rows := connection.execute(
            "SELECT id, said FROM messages WHERE id > ? ORDER BY id LIMIT 2", (last,)
        ).fetchall():
            for last, text in rows:
                builder.add("s1", [Row("user", text, "user")], record_id=f"m{last}", time=T)
            yield {"last": last}


def read_all(path: Path, position: CapturePosition | None) -> tuple[list[str], CapturePosition]:
    batches = list(Table().read(path, position))
    return [m.content for batch in batches for m in batch.messages], batches[-1].position


def test_read_a_database_in_use(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, said TEXT)")
    writer.executemany("INSERT INTO messages (said) VALUES (?)", [("one",), ("two",), ("three",)])
    before = path.read_bytes()
    said, position = read_all(path, None)
    assert said == ["one", "two", "three"]
    assert Table().unchanged(path, position)
    writer.execute("INSERT INTO messages (said) VALUES (CAST(x'6fff' AS TEXT))")
    assert not Table().unchanged(path, position)
    said, position = read_all(path, position)
    assert said == ["o\ufffd"]
    assert path.read_bytes() == before
    writer.close()


def test_read_a_database_at_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, said TEXT)")
    writer.execute("INSERT INTO messages (said) VALUES ('one')")
    writer.close()
    assert read_all(path, None)[0] == ["one"]
    assert list(tmp_path.iterdir()) == [path]


def test_read_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(UnreadableFile, match="Table database"):
        read_all(path, None)
    with pytest.raises(FileNotFoundError):
        read_all(tmp_path / "missing.db", None)
    assert not (tmp_path / "missing.db").exists()
