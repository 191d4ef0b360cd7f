"""The files, commits and branches of sessions, from stored tool calls to a search by file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.models import Message, SearchFilter, Session
from aiana.service import Aiana, open_aiana
from aiana.storage import AianaStorage
from aiana.storage.message_files import fill
from aiana.storage.migrations import MIGRATIONS
from aiana.storage.touching import Tool, note
from aiana.touches.values import GitRef

MOMENT = "2026-02-01T12:00:00.000Z"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "conversations.db") as opened:
        yield opened


def call(number: int, tool: str, arguments: Any, result: str, error: bool = False) -> list[Message]:
    about = {"toolCallId": f"c{number}"}
    failed = {"isError": True} if error else {}
    shared: dict[str, Any] = {"session_id": "s1", "tool_name": tool, "timestamp": MOMENT}
    return [
        Message(
            id=f"u{number}",
            type="tool_use",
            tool_input=json.dumps(arguments),
            metadata=about,
            **shared,
        ),
        Message(
            id=f"r{number}", type="tool_result", content=result, metadata=about | failed, **shared
        ),
    ]


CALLS = [
    *call(1, "Read", {"file_path": "/home/ada/shop/cart.py"}, "     7→a = 1\n     8→b = 2"),
    *call(2, "Edit", {"file_path": "cart.py", "old_string": "1", "new_string": "2"}, "Done."),
    *call(3, "Edit", {"file_path": "/x", "old_string": "1", "new_string": "2"}, "No match", True),
    *call(4, "Write", {"file_path": "./cart.py", "content": "3"}, "Done."),
    *call(5, "Write", {"file_path": "~/notes.md", "content": "3"}, "Done."),
    *call(6, "Bash", {"command": "git commit -am x"}, "[main 1a2b3c4] x\n 1 file changed"),
    *call(7, "Write", {"file_path": "new.py", "content": "3"}, "File created successfully at: x"),
    *call(
        8, "Write", {"file_path": "/old.py", "content": "3"}, "The file /old.py has been updated."
    ),
    *call(9, "Bash", {"command": "echo x > log.txt"}, "created"),
    *call(10, "Bash", {"command": "rm new.py"}, ""),
    *call(11, "Bash", {"command": "echo x > new.py"}, ""),
]
TOLD = [
    ("/home/ada/shop/cart.py", "read", 7, 8),
    ("/home/ada/shop/cart.py", "edited", None, None),
    ("/x", "named", None, None),
    ("/home/ada/shop/cart.py", "edited", None, None),
    (str(Path("~/notes.md").expanduser()), "edited", None, None),
    ("/home/ada/shop/new.py", "created", None, None),
    ("/old.py", "edited", None, None),
    ("/home/ada/shop/log.txt", "edited", None, None),
    ("/home/ada/shop/new.py", "deleted", None, None),
    ("/home/ada/shop/new.py", "created", None, None),
]


def stored(storage: AianaStorage, messages: list[Message] = CALLS) -> None:
    session = Session(
        id="s1", source="codex", project="/home/ada/shop", project_path="/home/ada/shop"
    )
    storage.sessions.record(session, messages)


def told(storage: AianaStorage) -> list[tuple[str, str, int | None, int | None]]:
    touches = storage.files.of_session("s1", "codex")
    return [(t.path, t.touch, t.first_line, t.last_line) for t in touches]


def test_what_calls_touched_is_kept_with_them(storage: AianaStorage) -> None:
    stored(storage)
    assert told(storage) == TOLD
    assert storage.files.refs_of_session("s1", "codex") == [
        GitRef("commit", "1a2b3c4"),
        GitRef("branch", "main"),
    ]
    assert storage.files.sessions_of_commit("1a2b3c4d5e6f") == [("s1", "codex", "r6")]
    assert storage.files.sessions_of_commit("1a2b3") == []
    stored(storage)
    assert told(storage) == TOLD


def test_a_result_that_comes_later_tells_of_its_call(storage: AianaStorage) -> None:
    for message in CALLS:
        stored(storage, [message])
    assert told(storage) == TOLD


def test_sessions_are_found_by_the_files_they_touched(storage: AianaStorage) -> None:
    stored(storage)
    other = Session(id="s2", source="codex")
    storage.sessions.record(
        other, [Message(id="m", session_id="s2", type="user", content="cart", timestamp=MOMENT)]
    )
    for query in ("file:cart.py", "file:shop/cart.py", "file:/home/ada/shop/cart.py"):
        assert {hit.session_id for hit in storage.search(query)} == {"s1"}, query
    assert storage.search("file:other.py") == []
    assert storage.search("file:cart.py file:other.py") == []
    assert storage.search("file:/elsewhere/cart.py") == []
    assert {hit.session_id for hit in storage.search("cart -file:cart.py")} == {"s2"}


def test_sessions_are_found_by_what_failed_in_them(storage: AianaStorage) -> None:
    def answered(session: str, text: str, **metadata: Any) -> None:
        shared: dict[str, Any] = {"session_id": session, "timestamp": MOMENT}
        said = Message(id=f"{session}-a", type="user", content="cart", **shared)
        answer = Message(
            id=f"{session}-b", type="tool_result", content=text, metadata=metadata, **shared
        )
        storage.sessions.record(Session(id=session, source="codex"), [said, answer])

    answered("failed", "ENOENT: no such file cart.json", isError=True)
    answered("read", "ENOENT: no such file cart.json")
    answered("other", "TypeError: cart is undefined", isError=True)
    storage.memories.add("cart", session_id="failed")

    def found(query: str) -> set[str | None]:
        return {hit.session_id for hit in storage.search(query)}

    for query in ("error:ENOENT", "error:enoent", 'error:"no such files"', "cart error:ENOENT"):
        assert found(query) == {"failed"}, query
    assert {hit.kind for hit in storage.search("error:ENOENT")} == {"message", "memory"}
    assert found('error:"such no"') == found("error:ENOENT error:TypeError") == set()
    assert found("error:TypeError") == {"other"}
    assert found("cart -error:ENOENT") == {"read", "other"}
    assert found("cart -error:ENOENT -error:TypeError") == {"read"}


def unchanged(connection: sqlite3.Connection) -> None:
    """Take from a database what later steps than those under test put into it."""
    connection.execute("DROP TRIGGER messages_change")
    connection.execute("DROP INDEX messages_changed")
    connection.execute("ALTER TABLE messages DROP COLUMN changed")


def test_message_files_backfill(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with AianaStorage(path) as storage:
        stored(storage)
    names = [step.__name__ for step in MIGRATIONS]
    with closing(sqlite3.connect(path)) as old, old:
        unchanged(old)
        old.execute("DROP TRIGGER messages_delete_files")
        old.execute("DROP TABLE message_files")
        old.execute("DROP TABLE message_refs")
        old.execute("DROP INDEX sessions_by_parent")
        old.execute("DELETE FROM facts WHERE name IN ('message_files', 'forgotten key')")
        old.execute("DROP INDEX sessions_by_transcript")
        old.execute("ALTER TABLE forgotten DROP COLUMN at")
        old.execute(f"PRAGMA user_version = {names.index('m012_message_files')}")
    old.close()
    with AianaStorage(path) as storage:
        assert told(storage) == []
        assert fill(storage.database, lambda: True) == 0
        assert fill(storage.database, lambda: False) == len(CALLS)
        assert told(storage) == TOLD
        assert fill(storage.database, lambda: False) == 0
        with storage.database.writing() as connection:  # piece by piece, as a long session is
            rows = connection.execute(
                "SELECT session_key, key, type, coalesce(tool_name, ''), tool_input, content, "
                "metadata FROM messages ORDER BY key"
            ).fetchall()
            for session_key, *row in rows:
                note(connection, session_key, [Tool(*row)])
        assert told(storage) == TOLD


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Aiana]:
    """A store of which it is not known yet what its messages touched."""
    home = tmp_path / "home"
    with closing(open_aiana(Config(data_dir=home))) as aiana:
        stored(aiana.container.storage)
    with closing(sqlite3.connect(home / "conversations.db")) as old, old:
        old.execute("DELETE FROM message_files")
        old.execute("DELETE FROM facts WHERE name = 'message_files'")
    with closing(open_aiana(Config(data_dir=home))) as aiana:
        yield aiana


def notes_of(aiana: Aiana, file: Path) -> list[list[str]]:
    return [
        aiana.file_history(file).notes,
        aiana.why(file, 1, 1).notes,
        aiana.session_changes("aiana:///session/s1/codex").notes,
        aiana.session_changes("aiana:///session/s1/codex", as_diff=True).notes,
        [note for note in aiana.search("file:cart.py").notes if "touched is" in note],
        [
            note
            for note in aiana.list_sessions(SearchFilter(files=["cart.py"])).notes
            if " is " in note
        ],
    ]


def test_answers_say_what_is_not_read_yet_and_an_import_finishes_it(
    upgraded: Aiana, tmp_path: Path
) -> None:
    file = tmp_path / "cart.py"
    file.write_text("total = 0\n")
    [note] = upgraded.file_history(file).notes
    assert "messages left" in note
    assert "import` finishes that" in note
    assert notes_of(upgraded, file) == [[note]] * 6
    upgraded.import_sessions(paths=[str(file)])
    assert notes_of(upgraded, file) == [[]] * 6
    assert upgraded.session_changes("aiana:///session/s1/codex").files


def test_the_doctor_reads_it(upgraded: Aiana) -> None:
    [found] = [each for each in upgraded.diagnose().findings if each.subject == "files"]
    assert found.state == "warning"
    assert found.fix is not None
    assert "doctor --fix" in found.fix
    assert "files" in upgraded.diagnose(fix=True).fixed
    assert not [each for each in upgraded.diagnose().findings if each.subject == "files"]
    assert upgraded.session_changes("aiana:///session/s1/codex").files


def test_of_a_new_store_nothing_is_left_to_read(storage: AianaStorage) -> None:
    stored(storage)
    assert storage.files.unread() == 0


def test_touches_that_an_older_aiana_noted_have_their_time(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with AianaStorage(path) as storage:
        stored(storage)
    steps = [step.__name__ for step in MIGRATIONS]
    with closing(sqlite3.connect(path)) as old, old:
        unchanged(old)
        old.execute("DROP INDEX message_files_by_name")
        old.execute("ALTER TABLE message_files DROP COLUMN timestamp")
        old.execute("CREATE INDEX message_files_by_name ON message_files (name)")
        old.execute(f"PRAGMA user_version = {steps.index('m014_files_in_time')}")
    old.close()
    with AianaStorage(path) as storage:
        page = storage.timeline.of("/home/ada/shop/cart.py", "/home/ada/shop", None, 10)
    assert [(entry.touch, entry.timestamp) for entry in page.entries] == [
        ("edited", MOMENT),
        ("edited", MOMENT),
        ("read", MOMENT),
    ]


def test_what_is_deleted_leaves_no_path(storage: AianaStorage, tmp_path: Path) -> None:
    stored(storage)
    storage.sessions.delete("s1", "codex")
    with storage.database.reading() as connection:
        for table in ("message_files", "message_refs"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
