"""The file of what ranking knows of messages: derived, checked, and as the database is."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aiana.models import Message, Session
from aiana.search.catalogue import CatalogueReader
from aiana.storage import AianaStorage, index_files
from aiana.storage.forgetting import scrub
from aiana.storage.message_columns import Columns, MessageFile

WORTH = 8
TIME = "2026-05-01T00:00:{:02}.000Z"
TEXTS = [f"{n} is said" for n in range(12)]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "conversations.db") as storage:
        say(storage, "kept", TEXTS)
        say(storage, "gone", TEXTS)
        yield storage


def say(storage: AianaStorage, session: str, texts: list[str]) -> None:
    """Store what is said in a session; what had the same number is changed, and moved."""
    messages = [
        Message(
            id=f"{session} {text.split()[0]}",
            session_id=session,
            type="user",
            content=text,
            timestamp=TIME.format(place),
            position=place,
        )
        for place, text in enumerate(texts, 1)
    ]
    of = Session(id=session, source="codex", project=f"of {session}", started_at=TIME.format(0))
    storage.sessions.record(of, messages)


def path_of(storage: AianaStorage) -> Path:
    return MessageFile(storage.database).path


def begun(storage: AianaStorage) -> CatalogueReader:
    """A reader as another process begins with it."""
    reader = CatalogueReader(storage.database, WORTH)
    reader.current()
    return reader


def holds(columns: Columns, storage: AianaStorage) -> bool:
    """Whether columns are what the database holds, read without a file."""
    path = path_of(storage)
    aside = path.rename(path.with_suffix(".aside")) if path.exists() else None
    whole = CatalogueReader(storage.database, worth_a_file=10**9).current().columns
    if aside is not None:
        aside.rename(path)
    return columns.equals(whole)


def is_as_stored(storage: AianaStorage) -> bool:
    return holds(begun(storage).current().columns, storage)


def in_file(storage: AianaStorage) -> int:
    """Messages of the file that fits the database."""
    with storage.database.reading() as connection:
        return len(MessageFile(storage.database).opened(connection).columns.keys)


def changed(storage: AianaStorage) -> None:
    say(storage, "kept", ["3 is said", "0 is something longer", *TEXTS[4:]])


def deleted(storage: AianaStorage) -> None:
    storage.sessions.delete("gone")


def added(storage: AianaStorage) -> None:
    say(storage, "new", TEXTS[:3])


def replaced(storage: AianaStorage) -> None:
    deleted(storage)
    say(storage, "instead", TEXTS)


def remembered(storage: AianaStorage) -> None:
    storage.memories.add("first")
    storage.memories.add("second")


def hidden(storage: AianaStorage) -> None:
    settings = storage.database.path.parent / "config.toml"
    settings.write_text('excludedProjects = ["of gone"]')


def hidden_and_changed(storage: AianaStorage) -> None:
    changed(storage)
    hidden(storage)


def test_it_is_for_its_owner_and_spares_reading(storage: AianaStorage) -> None:
    assert in_file(storage) == 0
    assert is_as_stored(storage)
    assert in_file(storage) == 24
    assert is_as_stored(storage)
    assert stat.S_IMODE(path_of(storage).stat().st_mode) == 0o600


def test_few_messages_need_no_file(storage: AianaStorage) -> None:
    CatalogueReader(storage.database, worth_a_file=25).current()
    assert not path_of(storage).parent.exists()


@pytest.mark.parametrize(
    "happens", [changed, deleted, added, replaced, remembered, hidden, hidden_and_changed]
)
def test_what_happens_after_it_was_written_is_seen(
    storage: AianaStorage, happens: Callable[[AianaStorage], None]
) -> None:
    other = begun(storage)
    written = path_of(storage).stat().st_ino
    happens(storage)
    assert holds(other.current().columns, storage)
    assert path_of(storage).stat().st_ino == written
    assert is_as_stored(storage)


def test_what_was_hidden_comes_back_as_it_is_now(storage: AianaStorage) -> None:
    other = begun(storage)
    hidden(storage)
    assert len(other.current()) == 12
    (storage.database.path.parent / "config.toml").write_text("excludedProjects = []")
    say(storage, "gone", ["0 is something longer", *TEXTS[1:]])
    assert len(other.current()) == 24
    assert holds(other.current().columns, storage)
    assert is_as_stored(storage)


def test_it_is_written_anew_when_much_is_new(storage: AianaStorage) -> None:
    begun(storage)
    added(storage)
    begun(storage)
    assert in_file(storage) == 24
    say(storage, "more", TEXTS)
    assert is_as_stored(storage)
    assert in_file(storage) == 39


def test_it_holds_what_is_hidden_from_who_writes_it(storage: AianaStorage) -> None:
    hidden(storage)
    assert is_as_stored(storage)
    assert in_file(storage) == 24


def test_an_older_state_that_was_put_back_is_not_taken_for_the_newer(
    storage: AianaStorage,
) -> None:
    copy = storage.database.path.with_name("copy.db")
    with closing(sqlite3.connect(copy)) as target, target, storage.database.reading() as source:
        source.backup(target)
    target.close()
    say(storage, "after", TEXTS)
    begun(storage)
    index = path_of(storage)
    restored = copy.parent / "restored"
    restored.mkdir()
    copy.rename(restored / "conversations.db")
    with AianaStorage(restored / "conversations.db") as older:
        path_of(older).parent.mkdir()
        path_of(older).write_bytes(index.read_bytes())
        say(older, "other", [f"{n} is longer than before" for n in range(12)])
        assert is_as_stored(older)


def flipped(place: int) -> Callable[[Path], object]:
    def spoil(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[place] ^= 0xFF
        path.write_bytes(bytes(data))

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\0" * path.stat().st_size),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        flipped(0),
        flipped(20),
        flipped(4096),
        flipped(-1),
        lambda path: path.unlink(),
    ],
    ids=["empty", "zeros", "cut", "longer", "magic", "head", "first", "last", "missing"],
)
def test_what_does_not_fit_is_made_anew(
    storage: AianaStorage, spoil: Callable[[Path], object]
) -> None:
    begun(storage)
    spoil(path_of(storage))
    assert is_as_stored(storage)
    assert in_file(storage) == 24


def test_what_is_forgotten_is_not_kept_in_it(storage: AianaStorage) -> None:
    begun(storage)
    with storage.database.reading() as connection:
        keys = connection.execute(
            "SELECT m.key FROM messages m JOIN sessions s ON s.key = m.session_key "
            "WHERE s.id = 'gone'"
        ).fetchall()
    _, rows = storage.sessions.delete("gone")
    assert path_of(storage) not in scrub(storage.database, rows.forgotten.owed).traces
    with storage.database.reading() as connection:
        held = MessageFile(storage.database).opened(connection).columns.keys.tolist()
    assert len(held) == 12
    assert not {key for (key,) in keys} & set(held)
    assert is_as_stored(storage)


def test_one_that_cannot_be_read_is_removed_when_something_is_forgotten(
    storage: AianaStorage,
) -> None:
    begun(storage)
    flipped(4096)(path_of(storage))
    assert index_files.wipe(storage.database) == []
    assert in_file(storage) in (0, 24)
    assert is_as_stored(storage)
