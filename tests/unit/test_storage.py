"""The database: real files, exact rows, and an index that never disagrees with its table."""

from __future__ import annotations

import base64
import json
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from aiana.errors import InvalidQuery, NotFound, ReadOnly, StorageUnavailable
from aiana.models import CaptureBatch, CapturePosition, Message, SearchFilter, Session
from aiana.storage import AianaStorage
from aiana.storage.migrations import MIGRATIONS, migrate
from aiana.storage.rows import DeletedRows
from aiana.storage.session_writer import BatchResult


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "data" / "conversations.db") as opened:
        yield opened


def position(path: str = "a.jsonl", offset: int = 10) -> CapturePosition:
    return CapturePosition(
        path=path,
        source="claude-code",
        mark={"offset": offset},
    )


def session(id: str = "s1", project: str = "github.com/ada/shop", day: int = 1) -> Session:
    return Session(
        id=id,
        source="claude-code",
        project=project,
        project_path="/home/ada/shop",
        started_at=f"2026-01-{day:02d}T00:00:00.000Z",
    )


def message(id: str, content: str, session_id: str = "s1", second: int = 0) -> Message:
    return Message(
        id=id,
        session_id=session_id,
        type="user",
        role="user",
        content=content,
        timestamp=f"2026-01-01T00:00:{second:02d}.000Z",
        tokens=3,
    )


def batch(
    *messages: Message, sessions: list[Session] | None = None, **more: object
) -> CaptureBatch:
    return CaptureBatch(
        sessions=[session()] if sessions is None else sessions,
        messages=list(messages),
        position=position(),
        **more,  # type: ignore[arg-type]
    )


def found(storage: AianaStorage, word: str) -> list[int]:
    rows = storage.database.reader.execute(
        "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ? ORDER BY rowid", (word,)
    )
    return [row[0] for row in rows]


def assert_index_is_sound(storage: AianaStorage) -> None:
    with storage.database.writing() as connection:
        connection.execute(
            "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)"
        )


def test_files_are_for_their_owner_alone(storage: AianaStorage) -> None:
    storage.preferences.add("Uses uv")
    folder = storage.database.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {
        "write.lock": 0o600,
        "conversations.db": 0o600,
        "conversations.db-shm": 0o600,
        "conversations.db-wal": 0o600,
    }


def test_a_batch_is_stored_once(storage: AianaStorage) -> None:
    step = batch(message("m1", "first"), message("m2", "second", second=1))
    assert storage.write_batch(step) == BatchResult(sessions_added=1, messages_added=2)
    assert storage.write_batch(step) == BatchResult(sessions_updated=1, messages_skipped=2)
    assert [m.content for m in storage.get_messages("s1")] == ["first", "second"]
    assert storage.capture_position("a.jsonl") == position()
    (stored,) = storage.list_sessions()
    assert (stored.message_count, stored.token_count, stored.title) == (2, 6, "first")


def test_index_follows_changed_messages(storage: AianaStorage) -> None:
    storage.write_batch(batch(message("m1", "apples")))
    for content in ("pears", "plums", "pears"):
        result = storage.write_batch(batch(message("m1", content)))
        assert (result.messages_added, result.messages_updated) == (0, 1)
    assert found(storage, "apples OR plums") == []
    assert found(storage, "pears") == [1]
    assert_index_is_sound(storage)


def test_tokens_told_later(storage: AianaStorage) -> None:
    told = message("m1", "answer")
    counts = []
    for tokens in (None, 7, None, 9):
        storage.write_batch(batch(msgspec.structs.replace(told, tokens=tokens)))
        counts.append(storage.list_sessions()[0].token_count)
    assert counts == [0, 7, 7, 9]
    assert_index_is_sound(storage)


def test_replayed_messages(storage: AianaStorage) -> None:
    storage.write_batch(batch(message("m1", "first"), replay_ids=True))
    fork = batch(
        message("m1", "first", "s2"),
        message("m2", "new", "s2"),
        sessions=[session("s2")],
        replay_ids=True,
    )
    assert storage.write_batch(fork).messages_skipped == 1
    assert [m.id for m in storage.get_messages("s1")] == ["m1"]
    assert [m.id for m in storage.get_messages("s2")] == ["m2"]


def test_equal_ids_in_two_sources(storage: AianaStorage) -> None:
    storage.write_batch(batch(message("1", "one")))
    storage.write_batch(batch(message("1", "another", "s2"), sessions=[session("s2")]))
    assert [m.content for m in storage.get_messages("s1")] == ["one"]
    assert [m.content for m in storage.get_messages("s2")] == ["another"]


def test_a_title_waits_for_its_message(storage: AianaStorage) -> None:
    storage.write_batch(batch(titles={"m9": "Fix the cart"}))
    assert storage.list_sessions()[0].title is None
    storage.write_batch(batch(message("m9", "the cart is broken")))
    assert storage.list_sessions()[0].title == "Fix the cart"


def test_the_title_that_the_source_gives_stays(storage: AianaStorage) -> None:
    named = replace(session(), title="My own title")
    storage.write_batch(batch(message("m1", "the cart is broken"), sessions=[named]))
    storage.write_batch(batch(titles={"m1": "Fix the cart"}))
    assert storage.list_sessions()[0].title == "My own title"
    storage.write_batch(batch(sessions=[replace(session(), title="A better title")]))
    assert storage.list_sessions()[0].title == "A better title"


def test_an_equal_id_alone_is_no_replay(storage: AianaStorage) -> None:
    storage.write_batch(batch(message("a1", "first"), replay_ids=True))
    other = message("a1", "something else", "s2", second=9)
    storage.write_batch(batch(other, sessions=[session("s2")], replay_ids=True))
    assert [m.content for m in storage.get_messages("s2")] == ["something else"]


def test_a_failed_batch_leaves_nothing_behind(storage: AianaStorage) -> None:
    broken = Message(id="m2", session_id="s1", type="user", timestamp=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        storage.write_batch(batch(message("m1", "first"), broken))
    assert storage.get_stats().messages == 0
    assert storage.capture_position("a.jsonl") is None


def test_store_lone_surrogates(storage: AianaStorage) -> None:
    storage.write_batch(batch(message("m1", "broken \ud83d emoji and \x00 nul")))
    assert storage.get_messages("s1")[0].content == "broken ? emoji and \x00 nul"
    assert found(storage, "emoji") == [1]


def test_messages_around_one(storage: AianaStorage) -> None:
    storage.write_batch(batch(*(message(f"m{n}", str(n), second=n) for n in range(20))))
    around = storage.sessions.messages("s1", around="m10", limit=5)
    assert [m.id for m in around] == ["m8", "m9", "m10", "m11", "m12"]
    assert [m.id for m in storage.sessions.messages("s1", around="m0", limit=3)] == [
        "m0",
        "m1",
        "m2",
    ]
    with pytest.raises(NotFound):
        storage.sessions.messages("s1", around="nowhere")


def test_sessions_are_paged_newest_first(storage: AianaStorage) -> None:
    for day in (1, 2, 3, 4, 5):
        storage.write_batch(batch(sessions=[session(f"session-{day}", day=day)]))
    first, cursor = storage.sessions.page(limit=2)
    second, cursor = storage.sessions.page(limit=2, cursor=cursor)
    third, end = storage.sessions.page(limit=2, cursor=cursor)
    assert [s.id for s in first + second + third] == [f"session-{n}" for n in (5, 4, 3, 2, 1)]
    assert end is None
    with pytest.raises(InvalidQuery):
        storage.sessions.page(cursor="nonsense")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("github.com/ada/shop", ["s1"]),
        ("shop", ["s1", "s2"]),
        ("SHOP", ["s1", "s2"]),
        ("/home/ada/shop/src", ["s1"]),
        ("github.com/bob/shop", ["s2"]),
        ("sho", []),
        ("%", []),
        ("", []),
    ],
)
def test_a_project_is_never_mistaken_for_another(
    storage: AianaStorage, text: str, expected: list[str]
) -> None:
    storage.write_batch(batch(sessions=[session("s1")]))
    other = Session(
        id="s2",
        source="claude-code",
        project="github.com/bob/shop",
        project_path="/home/bob/shop",
        started_at="2026-01-01T00:00:00.000Z",
    )
    storage.write_batch(batch(sessions=[other]))
    assert sorted(s.id for s in storage.list_sessions(text)) == expected


def test_lookup_by_prefix(storage: AianaStorage) -> None:
    storage.write_batch(batch(sessions=[session("abcd-1"), session("abcd-2"), session("xyzw-1")]))
    assert storage.sessions.get("xyzw").id == "xyzw-1"
    for unclear in ("abcd", "xyz", "nope-nope"):
        with pytest.raises(NotFound):
            storage.sessions.get(unclear)


def test_a_deleted_session_does_not_come_back(storage: AianaStorage) -> None:
    step = batch(message("m1", "secret plans"))
    storage.write_batch(step)
    ids, gone = storage.sessions.delete("s1")
    assert ids == ["s1"]
    assert (gone.documents, gone.indexed, gone.owners) == ([1], [1], [])
    assert gone.forgotten.sessions == [("claude-code", "s1")]
    assert storage.remaining(gone) == DeletedRows(documents=[], indexed=[], owners=[])
    assert found(storage, "secret") == []
    assert storage.write_batch(step).messages_skipped == 1
    assert storage.get_stats().sessions == 0
    assert_index_is_sound(storage)


def test_search_sees_every_change(storage: AianaStorage) -> None:
    def ids(query: str) -> list[str]:
        return [hit.id for hit in storage.search(query)]

    storage.write_batch(batch(message("m1", "apples")))
    assert (ids("apples"), ids("pears")) == (["m1"], [])
    storage.write_batch(batch(message("m1", "pears")))
    assert (ids("apples"), ids("pears")) == ([], ["m1"])
    memory, _ = storage.memories.add("apples too")
    assert ids("apples") == [memory.id]
    storage.memories.update(memory.id, content="plums")
    assert (ids("apples"), ids("plums")) == ([], [memory.id])
    storage.memories.delete([memory.id])
    assert ids("plums") == []
    storage.sessions.delete("s1")
    assert ids("pears") == []


def test_equal_memories_are_stored_once_per_project(storage: AianaStorage) -> None:
    first, none = storage.memories.add("Use uv", project="shop")
    again, twin = storage.memories.add("Use uv", project="shop")
    other, other_twin = storage.memories.add("Use uv", project="infra")
    assert (none, twin, other_twin) == (None, first.id, None)
    assert again == first
    assert other.id != first.id
    assert storage.get_stats().memories == 2


def test_an_idempotency_key_stores_once(storage: AianaStorage) -> None:
    first, _ = storage.memories.add("one", idempotency_key="k")
    again, _ = storage.memories.add("two", idempotency_key="k")
    assert again == first
    assert storage.get_stats().memories == 1


def test_memories_are_updated_found_and_deleted(storage: AianaStorage) -> None:
    memory, _ = storage.memories.add("getUserById is slow", tags=["perf"], metadata={"a": 1})
    storage.memories.update(memory.id, content="fetchOrder is slow", project="shop")
    assert found(storage, "getUserById") == []
    assert found(storage, "fetchOrder") == [-1]
    assert found(storage, "order") == [-1]
    updated = storage.memories.get(memory.id[:8])
    assert (updated.project, updated.tags, updated.metadata) == ("shop", ["perf"], {"a": 1})
    assert storage.memories.feedback(memory.id, "harmful").harmful == 1
    assert storage.memories.matching(SearchFilter(project="shop")) == [memory.id]
    assert storage.memories.matching(SearchFilter(project="sho")) == []
    assert storage.memories.delete([memory.id]).documents == [-1]
    assert found(storage, "slow") == []
    assert_index_is_sound(storage)
    with pytest.raises(NotFound):
        storage.memories.get(memory.id)


def test_memory_order_within_a_moment(
    storage: AianaStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(["05", "05", "05", "04", "05", "05", "59"])
    monkeypatch.setattr(
        "aiana.storage.memories.now", lambda: f"2026-02-01T12:00:{next(clock)}.000Z"
    )
    memories = [storage.memories.add(text)[0] for text in ("a", "b", "c", "d")]
    assert [m.content for m in storage.memories.page()[0]] == ["d", "c", "b", "a"]
    assert [m.created_at[17:23] for m in memories] == ["05.000", "05.001", "05.002", "05.003"]
    changed = [storage.memories.update(memories[n].id, tags=["x"]) for n in (2, 0, 1)]
    assert [m.updated_at[17:23] for m in changed] == ["05.004", "05.005", "59.000"]


def test_times_after_a_wrong_clock(storage: AianaStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(["2030-01-01T00:00:00.000Z", "2026-02-01T12:00:00.000Z"])
    monkeypatch.setattr("aiana.storage.memories.now", lambda: next(clock))
    assert storage.memories.add("a")[0].created_at.startswith("2030")
    assert storage.memories.add("b")[0].created_at.startswith("2026")


@pytest.mark.parametrize(
    "place",
    [
        ["2026", "1"],
        [1, 2],
        ["2026", 1.5],
        ["2026", -1],
        ["2026", 1 << 63],
        ["2026", True, 3],
        [[], {}],
        {"a": 1, "b": 2},
        "ab",
        None,
    ],
)
def test_a_cursor_of_another_shape_is_none_of_ours(storage: AianaStorage, place: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    for page in (storage.memories.page, storage.sessions.page):
        with pytest.raises(InvalidQuery, match="none of ours"):
            page(cursor=cursor)
        for text in ("", "\0", "é", "\ud83d", "[" * 5000, "W" * 10_000):
            with pytest.raises(InvalidQuery, match="none of ours"):
                page(cursor=text)


def test_preferences_are_kept_in_order_and_once(storage: AianaStorage) -> None:
    storage.preferences.add("Uses  uv\n")
    storage.preferences.add("Working on docs", static=False)
    storage.preferences.add("Writes TypeScript")
    storage.preferences.add("Working on tests", static=False)
    storage.preferences.add("Uses uv")
    texts = [(p.text, p.static) for p in storage.preferences.all()]
    assert texts == [
        ("Writes TypeScript", True),
        ("Uses uv", True),
        ("Working on tests", False),
        ("Working on docs", False),
    ]
    storage.preferences.remove(storage.preferences.all()[0].id)
    assert storage.preferences.all()[0].text == "Uses uv"
    for unclear in ("", "no-such-id"):
        with pytest.raises(NotFound):
            storage.preferences.remove(unclear)


def test_order_of_preferences_of_one_moment(
    storage: AianaStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of preferences of one moment the repeated one is the newest."""
    monkeypatch.setattr("aiana.storage.preferences.now", lambda: "2026-02-01T12:00:00.000Z")
    for text in ("first", "second", "first", "third"):
        storage.preferences.add(text)
    assert [p.text for p in storage.preferences.all()] == ["second", "first", "third"]


def test_changes_name_their_kind_and_project(storage: AianaStorage) -> None:
    before = storage.revision()
    storage.memories.add("Use uv", project="shop")
    storage.write_batch(batch(message("m1", "hello")))
    storage.preferences.add("Uses uv")
    kinds, projects, latest = storage.changes_since(before)
    assert kinds == ["memories", "preferences", "sessions"]
    assert projects == ["github.com/ada/shop", "shop"]
    assert storage.changes_since(latest) == ([], [], latest)


def test_every_version_migrates_to_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for version in range(len(MIGRATIONS)):
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
        MIGRATIONS[version](connection)
        connection.execute(f"PRAGMA user_version = {version + 1}")
    migrate(connection, tmp_path / "backups")
    assert not (tmp_path / "backups").exists()
    connection.close()


def test_migration_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "conversations.db"
    with AianaStorage(path) as storage:
        storage.preferences.add("Uses uv")

    def failing(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM preferences")
        connection.execute("nonsense")

    monkeypatch.setattr("aiana.storage.migrations.MIGRATIONS", [*MIGRATIONS, failing])
    with pytest.raises(StorageUnavailable):
        AianaStorage(path)
    monkeypatch.undo()
    with AianaStorage(path) as storage:
        assert [p.text for p in storage.preferences.all()] == ["Uses uv"]
    backup = tmp_path / "backups" / f"conversations-v{len(MIGRATIONS)}.db"
    with AianaStorage(backup) as storage:
        assert [p.text for p in storage.preferences.all()] == ["Uses uv"]


def test_a_database_of_a_newer_aiana_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    AianaStorage(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StorageUnavailable, match="a newer Aiana wrote it"):
        AianaStorage(path)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    path.write_text("this is not a database, but somebody may want it")
    with pytest.raises(StorageUnavailable, match="damaged or no Aiana database"):
        AianaStorage(path)
    assert path.read_text() == "this is not a database, but somebody may want it"


def test_a_closed_storage_says_so(tmp_path: Path) -> None:
    storage = AianaStorage(tmp_path / "conversations.db")
    storage.close()
    with pytest.raises(StorageUnavailable):
        storage.get_stats()
    with pytest.raises(StorageUnavailable):
        storage.preferences.add("too late")


def test_writing_to_a_read_only_database_is_refused(
    storage: AianaStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.preferences.add("Uses uv")
    with storage.database.writing() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(ReadOnly):
        storage.preferences.add("too late")
    assert [p.text for p in storage.preferences.all()] == ["Uses uv"]


def test_sessions_are_listed_by_their_last_activity(storage: AianaStorage) -> None:
    ends = {"long": "2026-02-01T00:00:00.000Z", "short": "2026-01-05T00:00:00.000Z", "open": None}
    for day, (id, ended_at) in enumerate(ends.items(), 1):
        storage.sessions.record(replace(session(id, day=day + 1), ended_at=ended_at), [])
    listed, cursor = storage.sessions.page(limit=2)
    assert [each.id for each in listed] == ["long", "short"]
    rest, end = storage.sessions.page(limit=2, cursor=cursor)
    assert ([each.id for each in rest], end) == (["open"], None)


def test_pinned_memories_first(storage: AianaStorage) -> None:
    pinned = storage.memories.add("Deploys are on Mondays", tags=["ci", "pinned"])[0].id
    others = [storage.memories.add(f"note {number}")[0].id for number in range(5)]
    listed, cursor = storage.memories.page(limit=3)
    assert [memory.id for memory in listed] == [pinned, *others[:2:-1]]
    rest, end = storage.memories.page(limit=3, cursor=cursor)
    assert ([memory.id for memory in rest], end) == (others[2::-1], None)


def test_a_better_title_comes_with_what_is_asked_later(storage: AianaStorage) -> None:
    storage.sessions.record(session(), [message("m1", "/clear")])
    assert storage.sessions.get("s1").title == "/clear"
    storage.sessions.record(session(), [message("m2", "repair the payment test")])
    assert storage.sessions.get("s1").title == "repair the payment test"
    storage.sessions.record(session(), [message("m3", "and another thing to do")])
    assert storage.sessions.get("s1").title == "repair the payment test"


def test_stores_that_exist_get_titles_and_speakers(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path, isolation_level=None)
    names = [step.__name__.partition("_")[2] for step in MIGRATIONS]
    version = names.index("whose_words")
    for step in MIGRATIONS[:version]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("INSERT INTO projects (key, id, name) VALUES (1, '', '')")
    connection.executemany(
        "INSERT INTO sessions (key, id, source, project_key, project_path, transcript_path, "
        "started_at, title, title_rank) VALUES (?, ?, 'c', 1, '', '', '', ?, ?)",
        [(1, "derived", "/clear", 0), (2, "named", "/clear", 2)],
    )
    rows = [
        ("user", "user", "/clear", "{}"),
        ("user", "user", '{"task_id": "b1"}', "{}"),
        ("user", "user", '<teammate-message a="b">x</teammate-message>', "{}"),
        ("user", "user", "repair the payment test", "{}"),
        ("assistant", "assistant", "hm", '{"thinking": true}'),
    ]
    connection.executemany(
        "INSERT INTO messages (session_key, id, timestamp, position, type, role, content, "
        "metadata) VALUES (?, ?, '', ?, ?, ?, ?, ?)",
        [(key, f"m{n}", n, *row) for key in (1, 2) for n, row in enumerate(rows)],
    )
    migrate(connection, tmp_path / "backups")
    assert connection.execute("SELECT title FROM sessions ORDER BY key").fetchall() == [
        ("repair the payment test",),
        ("/clear",),
    ]
    assert connection.execute(
        "SELECT type, role FROM messages WHERE session_key = 1 ORDER BY position"
    ).fetchall() == [
        ("user", "user"),
        ("system", "system"),
        ("user", "assistant"),
        ("user", "user"),
        ("thinking", "assistant"),
    ]
    connection.close()


def test_a_folder_that_is_gone_keeps_its_project(storage: AianaStorage, tmp_path: Path) -> None:
    folder = tmp_path / "beside"
    folder.mkdir()
    first = Session(
        id="s1", source="c", project="example.org/shop", project_path=str(folder), started_at="1"
    )
    storage.sessions.put(first)
    folder.rmdir()
    later = replace(first, project=str(folder))
    assert storage.sessions.put(later).project == "example.org/shop"
    other = replace(later, id="s2")
    assert storage.sessions.put(other).project == "example.org/shop"
    told = replace(other, id="s3", project="example.org/told")
    assert storage.sessions.put(told).project == "example.org/told"
