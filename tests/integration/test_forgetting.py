"""Of what was forgotten no byte stays in the data folder, and no copy or fork brings it back."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.models import Message, SearchFilter, Session
from aiana.service import Aiana, open_aiana
from aiana.storage import AianaStorage
from aiana.storage.forgetting import scrub
from aiana.storage.migrations import MIGRATIONS

T = "2026-02-01T12:00:{:02d}.000Z"
WORDS = ("pomegranate", "Quinkelberg", "zebrafinch", "marzipan", "Tirilatti", "wolpertinger")
LOCK = (
    "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)"
)
KEPT = "A memory of something else altogether, which names rhubarb"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Claude Code would keep its sessions."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    folder = tmp_path / "claude" / "projects" / "-home-u-app"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def aiana(home: Path) -> Iterator[Aiana]:
    service = open_aiana(Config(data_dir=home))
    service.add_memory(KEPT)
    yield service
    service.close()


def said(kind: str, text: str, second: int = 0, session: str = "s1", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{session}{second}{text}")),
        "sessionId": session,
        "timestamp": T.format(second),
        "cwd": "/home/u/app",
        "message": {"role": kind, "content": [{"type": "text", "text": text}]},
        **more,
    }


def queued(text: str, session: str = "s1") -> dict[str, Any]:
    return {
        "type": "queue-operation",
        "operation": "enqueue",
        "timestamp": T.format(50),
        "sessionId": session,
        "content": text,
    }


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return path


def conversation(projects: Path) -> Path:
    """A session with a sub-agent, a prompt in the queue and a title for one not read yet."""
    path = write(
        projects / "s1.jsonl",
        said("user", f"Where do {WORDS[0]} and other words go?"),
        said("assistant", f"Into {WORDS[1]}.", 1),
        said("user", "Thank you, that is all for now", 2),
        queued(f"And what about {WORDS[3]}?"),
        {"type": "summary", "summary": f"About {WORDS[4]}", "leafUuid": str(uuid.uuid4())},
    )
    side: dict[str, Any] = {"isSidechain": True, "agentId": "a7"}
    write(
        projects / "s1" / "subagents" / "agent-a7.jsonl",
        said("user", f"Look for the {WORDS[2]}", 3, **side),
        said("assistant", f"There is no {WORDS[5]}", 4, **side),
    )
    return path


def where_it_stands(home: Path, *words: str) -> set[tuple[str, str]]:
    """Words and the files in which they stand, however they are spelt."""
    found = set()
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            found |= {(word, path.name) for word in words if word.lower()[:-2].encode() in data}
    return found


def stored(aiana: Aiana) -> set[str]:
    page, _ = aiana.container.storage.sessions.page(include_children=True)
    return {session.id for session in page}


def test_nothing_is_left_of_a_session(aiana: Aiana, home: Path, projects: Path) -> None:
    conversation(projects)
    aiana.import_sessions()
    aiana.context(WORDS[0], scope="all")
    (home / "pages").mkdir()
    (home / "pages" / "session-s1.md").write_text(WORDS[0])
    before = {word for word, _ in where_it_stands(home, *WORDS)}
    assert before == set(WORDS)
    deleted = aiana.delete_session("s1")
    assert len(deleted.ids) == 2
    assert deleted.receipt is not None
    assert deleted.receipt.traces == []
    assert where_it_stands(home, *WORDS) == set()
    assert where_it_stands(home, "rhubarb") != set()
    assert stored(aiana) == set()
    # The transcripts grow, as they do while the assistant runs.
    write(projects / "s1.jsonl", said("user", f"Once more: {WORDS[0]}", 9), queued(WORDS[3]))
    write(
        projects / "s1" / "subagents" / "agent-b8.jsonl",
        said("user", f"Look for {WORDS[2]} again", 9, isSidechain=True, agentId="b8"),
    )
    aiana.import_sessions()
    assert stored(aiana) == set()
    aiana.container.storage.database.checkpoint()
    assert where_it_stands(home, *WORDS) == set()


def test_nothing_is_left_of_a_memory(aiana: Aiana, home: Path) -> None:
    for number in range(40):
        aiana.add_memory(f"Number {number} of many")
    memory = aiana.add_memory(f"{WORDS[0]} and {WORDS[1]}", tags=[WORDS[2]]).memory
    for number in range(40):
        aiana.add_memory(f"Number {number} of even more")
    words = WORDS[:3]
    assert {word for word, _ in where_it_stands(home, *words)} == set(words)
    assert memory.id in [activity["id"] for activity in aiana.container.cache.recent_activities()]
    receipt = aiana.delete_memories([memory.id]).receipt
    assert receipt is not None
    assert receipt.traces == []
    assert where_it_stands(home, *words) == set()
    assert memory.id not in [
        activity["id"] for activity in aiana.container.cache.recent_activities()
    ]
    assert len(aiana.search("number", limit=100, mode="keyword").hits) == 80


@pytest.mark.parametrize("way", ["session", "memories", "filter"])
def test_nothing_is_left_of_a_project(aiana: Aiana, home: Path, projects: Path, way: str) -> None:
    project = f"/home/u/{WORDS[0]}"
    if way == "memories":
        kept = aiana.add_memory("Said of it", project=project).memory
    else:
        write(projects / "s1.jsonl", said("user", "Said of it") | {"cwd": project})
        aiana.import_sessions()
    backup = aiana.back_up().path
    assert where_it_stands(home, WORDS[0]) != set()
    if way == "session":
        aiana.delete_session("s1")
    elif way == "memories":
        aiana.delete_memories([kept.id])
    else:
        aiana.forget(SearchFilter(project=project), expected=2)
    assert where_it_stands(home, WORDS[0]) == set()
    assert Path(backup).exists()


def test_a_project_does_not_take_the_place_of_a_forgotten_one(aiana: Aiana) -> None:
    gone = aiana.add_memory("Of the one", project="/home/u/one").memory
    revision = aiana.container.storage.revision()
    aiana.delete_memories([gone.id])
    aiana.add_memory("Of the other", project="/home/u/other")
    changed = aiana.container.storage.changes_since(revision)
    assert changed[:2] == (["memories"], ["/home/u/other"])
    with aiana.container.storage.database.reading() as connection:
        rows = connection.execute("SELECT id FROM projects WHERE id != ''").fetchall()
    assert rows == [("/home/u/other",)]


def test_what_a_memory_said_before_is_gone(aiana: Aiana, home: Path) -> None:
    for number in range(40):
        aiana.add_memory(f"Number {number} of many")
    memory = aiana.add_memory(f"{WORDS[0]} and {WORDS[1]}").memory
    (home / "pages").mkdir()
    (home / "pages" / "memory.md").write_text(WORDS[0])
    changed = aiana.update_memory(memory.id, content=f"{WORDS[1]} and {WORDS[2]}").memory
    assert where_it_stands(home, WORDS[0]) == set()
    assert {word for word, _ in where_it_stands(home, *WORDS[1:3])} == set(WORDS[1:3])
    assert changed.content == f"{WORDS[1]} and {WORDS[2]}"
    assert len(aiana.search("number", limit=100, mode="keyword").hits) == 40
    assert [hit.id for hit in aiana.search(WORDS[2], mode="keyword").hits] == [memory.id]


def test_nothing_is_left_of_a_preference(aiana: Aiana, home: Path) -> None:
    (preference,) = aiana.add_preference(f"Likes {WORDS[0]}").static
    aiana.remove_preference(preference.id)
    assert where_it_stands(home, WORDS[0]) == set()


def test_a_forgotten_preference_comes_back_by_hand_alone(
    aiana: Aiana, home: Path, tmp_path: Path
) -> None:
    """With no archive that this store or another one wrote, however the text is set there."""
    other = open_aiana(Config(data_dir=tmp_path / "other"))
    other.add_preference(f"likes  {WORDS[0].upper()}", static=False)
    (preference,) = aiana.add_preference(f"Likes {WORDS[0]}").static
    archives = []
    for number, written in enumerate((aiana, other)):
        archives.append(tmp_path / f"{number}.jsonl")
        archives[-1].write_text("".join(written.archive()))
    other.close()
    aiana.remove_preference(preference.id)
    for archive in archives:
        aiana.import_sessions(paths=[str(archive)])
    profile = aiana.profile()
    assert (profile.static, profile.dynamic) == ([], [])
    assert where_it_stands(home, WORDS[0]) == set()
    aiana.add_preference(f"Likes {WORDS[0]}")
    archives[1].touch()
    aiana.import_sessions(paths=[str(archives[1])])
    profile = aiana.profile()
    assert [each.text for each in profile.static] == [f"Likes {WORDS[0]}"]
    assert [each.text for each in profile.dynamic] == [f"likes {WORDS[0].upper()}"]


@pytest.mark.skipif(sys.platform == "win32", reason="locks belong to the handle there")
def test_trace_search_keeps_locks(aiana: Aiana, home: Path) -> None:
    aiana.search("rhubarb")  # Opens a connection for reading beside the one that writes.
    aiana.remove_preference(aiana.add_preference(f"Likes {WORDS[0]}").static[0].id)
    # A process that gets this lock takes the index of the log for nobody's, and begins it anew.
    locked = subprocess.run(
        [sys.executable, "-c", LOCK, home / "conversations.db-shm"], capture_output=True, text=True
    )
    assert "BlockingIOError" in locked.stderr


def test_scrub_old_free_pages(home: Path) -> None:
    with AianaStorage(home / "conversations.db") as storage:
        with storage.database.maintaining() as connection:
            connection.execute("PRAGMA secure_delete = OFF")
        for number in range(300):
            storage.memories.add(f"{WORDS[0]}{number} {'x' * 900}")
        storage.memories.delete([m.id for m in storage.memories.page(limit=300)[0]])
        scrub(storage.database)
        with storage.database.writing() as connection:  # as an older Aiana left it
            connection.execute("DELETE FROM facts WHERE name = 'overwritten'")
    assert where_it_stands(home, WORDS[0]) != set()
    aiana = open_aiana(Config(data_dir=home))
    memory = aiana.add_memory(f"{WORDS[0]}7 {'x' * 900}").memory
    receipt = aiana.delete_memories([memory.id]).receipt
    assert receipt is not None
    assert receipt.traces == []
    aiana.close()
    assert where_it_stands(home, WORDS[0]) == set()


def test_a_word_that_is_kept_elsewhere_is_named(aiana: Aiana, home: Path) -> None:
    memory = aiana.add_memory(f"About {WORDS[0]} only").memory
    (home / "notes.txt").write_text(f"The {WORDS[0]} of somebody else")
    receipt = aiana.delete_memories([memory.id]).receipt
    assert receipt is not None
    assert receipt.traces == [str(home / "notes.txt")]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_backups_forget_too(home: Path, version: int) -> None:
    path = home / "backups" / f"conversations-v{version}.db"
    path.parent.mkdir(parents=True)
    old = sqlite3.connect(path)
    for step in MIGRATIONS[:version]:
        step(old)
    old.execute(f"PRAGMA user_version = {version}")
    old.execute("INSERT INTO projects (key, id, name) VALUES (1, 'p', 'p')")
    for key, name in ((1, "gone"), (2, "stays")):
        old.execute(
            "INSERT INTO sessions (key, id, source, project_key, project_path, transcript_path, "
            "started_at) VALUES (?, ?, 'claude-code', 1, '', '', ?)",
            (key, name, T.format(0)),
        )
    row = "INSERT INTO messages (session_key, id, type, timestamp, content) VALUES (?, ?, ?, ?, ?)"
    for key, word in ((1, WORDS[0]), (2, "rhubarb")):
        old.execute(row, (key, f"m{key}", "user", T.format(key), f"Of {word}"))
    old.execute(
        "INSERT INTO memories (id, project_key, memory_type, created_at, updated_at, content_hash, "
        "content) VALUES ('m', 1, 'insight', ?1, ?1, x'00', ?2)",
        (T.format(0), WORDS[1]),
    )
    old.commit()
    old.close()
    aiana = open_aiana(Config(data_dir=home))
    session = Session(id="gone", source="claude-code", started_at=T.format(0))
    message = Message(
        id="m1", session_id="gone", type="user", content=f"Of {WORDS[0]}", timestamp=T.format(1)
    )
    aiana.record_messages(session, [message])
    memory = aiana.add_memory(WORDS[1]).memory
    with aiana.container.storage.database.writing() as connection:
        connection.execute("UPDATE memories SET id = 'm' WHERE id = ?", (memory.id,))
    aiana.delete_session("gone")
    aiana.delete_memories(["m"])
    aiana.close()
    assert where_it_stands(home, *WORDS) == set()
    assert where_it_stands(home, "rhubarb") == {("rhubarb", path.name)}


def test_a_damaged_backup_goes(aiana: Aiana, home: Path) -> None:
    backup = home / "backups" / "conversations-v1.db"
    backup.parent.mkdir()
    backup.write_text(f"no database, but it names the {WORDS[0]}")
    memory = aiana.add_memory(WORDS[0]).memory
    aiana.delete_memories([memory.id])
    assert not backup.exists()


def test_a_copy_or_fork_does_not_bring_it_back(aiana: Aiana, home: Path, projects: Path) -> None:
    path = conversation(projects)
    aiana.import_sessions()
    aiana.delete_session("s1")
    # A copy under another name, and a fork: the same records as another session, and new ones.
    shutil.copy(path, projects / "copy.jsonl")
    records = [json.loads(line) for line in path.read_text().splitlines()][:3]
    forked = [{**record, "sessionId": "s2"} for record in records]
    write(projects / "s2.jsonl", *forked)
    aiana.import_sessions()
    assert stored(aiana) == set()
    write(projects / "s2.jsonl", said("user", "Something new", 30, "s2"))
    write(projects / "s3.jsonl", said("user", "Thank you, that is all for now", 40, "s3"))
    aiana.import_sessions()
    assert [m.content for m in aiana.session_messages("s2").messages] == ["Something new"]
    assert stored(aiana) == {"s2", "s3"}
    aiana.container.storage.database.checkpoint()
    assert where_it_stands(home, *WORDS[:2]) == set()


def test_tombstone_of_a_copy_without_ids(aiana: Aiana) -> None:
    def record(id: str, moment: int, *texts: str) -> int:
        session = Session(id=id, source="notes", project="p", started_at=T.format(moment))
        messages = [
            Message(id=str(n), session_id=id, type="user", content=text, timestamp=T.format(moment))
            for n, text in enumerate(texts)
        ]
        return aiana.record_messages(session, messages)

    record("first", 1, "Hello there", "How do you do?", "Fine", "Bye")
    aiana.delete_session("first")
    assert record("copy", 2, "Hello there", "How do you do?", "Fine", "Bye", "More") == 0
    assert stored(aiana) == set()
    assert record("other", 3, "Hello there", "How do you do?", "Badly") == 3


def test_forgotten_by_a_clock_that_was_put_back(
    aiana: Aiana, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it was said, as that has it: it is forgotten all the same."""

    def record(id: str, *texts: str) -> None:
        session = Session(id=id, source="notes", project="p", started_at=T.format(1))
        messages = [
            Message(id=f"{id}{n}", session_id=id, type="user", content=text, timestamp=T.format(n))
            for n, text in enumerate(texts)
        ]
        aiana.record_messages(session, messages)

    own = "words of somebody's own, of more than 32 characters"
    record("whole", "Hello there", "How do you do?", "Fine", own)
    record("partly", "kept", f"{own} again")
    monkeypatch.setattr("aiana.storage.forgotten.now", lambda: "1970-01-01T00:00:00.000Z")
    aiana.delete_session("whole")
    aiana.forget(text="again", expected=1)
    record("copy", "Hello there", "How do you do?", "Fine")
    record("replay", "kept", f"{own} again", own)
    assert stored(aiana) == {"partly", "replay"}
    assert [m.content for m in aiana.session_messages("replay").messages] == ["kept"]


def test_a_title_of_what_was_forgotten_is_not_kept(
    aiana: Aiana, home: Path, projects: Path
) -> None:
    conversation(projects)
    aiana.import_sessions()
    named = said("user", "Thank you, that is all for now", 2)["uuid"]
    aiana.delete_session("s1")
    title = {"type": "summary", "summary": f"About {WORDS[0]}", "leafUuid": named}
    write(projects / "s4.jsonl", title, said("user", "Something else", 30, "s4"))
    aiana.import_sessions()
    aiana.container.storage.database.checkpoint()
    assert stored(aiana) == {"s4"}
    assert where_it_stands(home, WORDS[0]) == set()


def test_what_was_forgotten_may_be_remembered_again(aiana: Aiana) -> None:
    memory = aiana.add_memory(f"About {WORDS[0]}").memory
    aiana.delete_memories([memory.id])
    assert aiana.restore_memory(memory).memory == memory
    assert [hit.id for hit in aiana.search(WORDS[0], mode="keyword").hits] == [memory.id]
    aiana.delete_memories([memory.id])
    assert aiana.add_memory(f"About {WORDS[0]}").duplicate_of is None


def test_links_in_the_data_folder_lead_nowhere(aiana: Aiana, home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("a.md", "conversations-v1.db"):
        (outside / name).write_text("somebody's own")
    (home / "pages").symlink_to(outside)
    (home / "backups").mkdir()
    (home / "backups" / "conversations-v1.db").symlink_to(outside / "conversations-v1.db")
    memory = aiana.add_memory(WORDS[0]).memory
    aiana.delete_memories([memory.id])
    assert {file.read_text() for file in outside.iterdir()} == {"somebody's own"}
    assert len(list(outside.iterdir())) == 2


def test_a_memory_keeps_what_others_wrote_meanwhile(aiana: Aiana, home: Path) -> None:
    memory = aiana.add_memory(WORDS[0]).memory
    with AianaStorage(home / "conversations.db") as other:
        other.memories.page()
        aiana.delete_memories([memory.id])
        other.memories.add("of the other")
    texts = {each.content for each in aiana.list_memories().memories}
    assert texts == {KEPT, "of the other"}
