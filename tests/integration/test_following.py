"""Capture while the assistants write: the real watcher, real files, a bounded wait for each."""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aiana.capture import sources, watching
from aiana.capture.files import TranscriptFile
from aiana.capture.importer import import_sources
from aiana.capture.order import newest_first
from aiana.config import Config
from aiana.embeddings import Embedder
from aiana.indexing import follower as following
from aiana.indexing.follower import Captured
from aiana.indexing.indexer import Indexer
from aiana.models import Message
from aiana.service import open_aiana
from aiana.storage import AianaStorage

WAIT_S = 60


class Live:
    """An indexer at work on a home of its own, and what it says."""

    def __init__(self, home: Path) -> None:
        self.told: queue.Queue[Captured] = queue.Queue()
        self.storage = AianaStorage(home / "conversations.db")
        self.indexer = Indexer(Config(data_dir=home), self.storage, Embedder("none-at-all"))
        self.indexer.on_captured = self.told.put
        self.indexer.start()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what is captured until this holds."""
        until = time.monotonic() + WAIT_S
        while not holds():
            self.told.get(timeout=max(0.001, until - time.monotonic()))

    def finds(self, words: str) -> bool:
        return bool(self.storage.search(words))

    def close(self) -> None:
        self.indexer.stop()
        self.storage.close()


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "CODEX_HOME", "COPILOT_HOME", "GEMINI_CLI_HOME", "QWEN_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "nobody"))
    monkeypatch.setenv("VSCODE_USER_DATA_DIR", str(tmp_path / "nobody"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    # What is not told by the system would be found here too late for any test.
    monkeypatch.setattr(following, "LOOK_S", 10 * WAIT_S)
    return tmp_path / "claude" / "projects"


@pytest.fixture
def live(tmp_path: Path, projects: Path) -> Iterator[Live]:
    live = Live(tmp_path / "home")
    yield live
    live.close()


def said(uuid: str, text: str, session: str = "s1", **more: Any) -> str:
    record = {
        "type": "user",
        "uuid": uuid,
        "sessionId": session,
        "timestamp": "2026-02-01T12:00:00.000Z",
        "cwd": "/home/ada/shop",
        "message": {"role": "user", "content": text},
    }
    return json.dumps(record | more) + "\n"


def test_follow_a_new_root(live: Live, projects: Path) -> None:
    assert not projects.exists()
    transcript = projects / "-home-ada-shop" / "s1.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_text(said("u1", "where does the heron nest"))
    live.until(lambda: live.finds("heron"))
    with transcript.open("a") as file:
        file.write(said("u2", "and the bittern"))
    live.until(lambda: live.finds("bittern"))
    deeper = projects / "-home-ada-bank" / "s2" / "subagents" / "agent-a.jsonl"
    deeper.parent.mkdir(parents=True)
    deeper.write_text(said("u3", "count the egrets", "s2", agentId="a", isSidechain=True))
    live.until(lambda: live.finds("egrets"))
    shutil.rmtree(projects)
    transcript.parent.mkdir(parents=True)
    transcript.write_text(said("u9", "a kingfisher came", "s9"))
    live.until(lambda: live.finds("kingfisher"))
    assert live.finds("heron")
    state = live.storage.captures.following()
    assert state is not None
    assert (state.process, state.why_not_live) == (os.getpid(), None)


def test_only_folders_in_which_a_root_can_come_are_looked_at(
    tmp_path: Path, projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "ROOTS_S", 0.0)
    monkeypatch.setattr(watching, "STIRRED_S", -1.0)  # what was changed just now is quiet at once
    projects.mkdir(parents=True)
    for name in ("claude", "."):
        os.utime(tmp_path / name, (1000, 1000))
    watcher = watching.Watcher(list(sources().values()), threading.Event())
    watcher.open({})
    looked: list[str] = []
    identity = watching._identity

    def noted(root: str) -> tuple[int, int] | None:
        looked.append(root)
        return identity(root)

    monkeypatch.setattr(watching, "_identity", noted)
    assert watcher.poll() == []
    assert looked == [str(projects)]
    came = tmp_path / "nobody" / "sessions"
    came.mkdir(parents=True)
    (came / "rollout-1.jsonl").write_text("{}\n")
    assert str(came) in watcher._standing
    assert [file.path for file in watcher.poll()] == [came / "rollout-1.jsonl"]
    watcher.close()


def test_follow_what_was_imported_from_elsewhere(
    live: Live, projects: Path, tmp_path: Path
) -> None:
    history = tmp_path / "shop" / ".aider.chat.history.md"
    history.parent.mkdir()
    began = "# aider chat started at 2026-02-01 12:00:00\n\n#### {}  \n\nThe {} does.\n"
    history.write_text(began.format("who nests here", "heron"))
    (projects / "-x").mkdir(parents=True)
    (projects / "-x" / "s1.jsonl").write_text(said("u1", "a first look"))
    live.until(lambda: live.finds("look"))
    with AianaStorage(tmp_path / "home" / "conversations.db") as another:
        import_sources(another, sources=[], paths=[history])
    assert live.finds("heron")
    with history.open("a") as file:
        file.write("\n#### and who else  \n\nThe bittern does.\n")
    live.until(lambda: live.finds("bittern"))
    with history.open("a") as file:
        file.write("\n#### and at night  \n\nThe nightjar does.\n")
    live.until(lambda: live.finds("nightjar"))


def test_follow_a_replaced_file(live: Live, projects: Path) -> None:
    transcript = projects / "-x" / "s1.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_text(said("u1", "first we look for the heron"))
    live.until(lambda: live.finds("heron"))
    beside = transcript.with_suffix(".tmp")
    beside.write_text(said("u1", "first we look for the bittern"))
    beside.replace(transcript)
    live.until(lambda: live.finds("bittern"))
    assert not live.finds("heron")


def test_follow_a_database_log(
    tmp_path: Path, projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "code"
    monkeypatch.setenv("VSCODE_USER_DATA_DIR", str(code))
    path = code / "User" / "workspaceStorage" / "0a1b" / "state.vscdb"
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE ItemTable (key TEXT UNIQUE, value BLOB)")

    def chat(text: str) -> str:
        request = {
            "requestId": "r1",
            "message": {"text": text},
            "response": [{"value": "It does."}],
            "timestamp": 1738411200000,
        }
        session = {"sessionId": "c1", "creationDate": 1738411200000, "requests": [request]}
        return json.dumps([session | {"version": 3, "requesterUsername": "ada"}])

    live = Live(tmp_path / "home")
    try:
        connection.execute(
            "INSERT INTO ItemTable VALUES ('interactive.sessions', ?)", (chat("is it a heron"),)
        )
        live.until(lambda: live.finds("heron"))
        connection.execute("UPDATE ItemTable SET value = ?", (chat("is it a bittern"),))
        live.until(lambda: live.finds("bittern"))
        assert path.with_name("state.vscdb-wal").stat().st_size
    finally:
        connection.close()
        live.close()


def test_follow_by_polling(tmp_path: Path, projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import watchfiles._rust_notify as rust

    def refuse(*arguments: object) -> None:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr(rust, "RustNotify", refuse)
    monkeypatch.setattr(following, "POLL_S", 0.05)
    monkeypatch.setattr(watching, "ROOTS_S", 0.05)
    transcript = projects / "-x" / "s1.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_text(said("u1", "a heron"))
    aiana = open_aiana(Config(data_dir=tmp_path / "home", embedding_model="none-at-all"))
    live = Live(tmp_path / "home")
    try:
        live.until(lambda: live.finds("heron"))
        with transcript.open("a") as file:
            file.write(said("u2", "a bittern"))
        live.until(lambda: live.finds("bittern"))
        capture = aiana.status().capture
        assert capture.state == "polling"
        assert "max_user_watches" in capture.detail
    finally:
        live.close()
        assert aiana.status().capture.state == "off"
        aiana.close()


def test_follow_an_unreadable_file(live: Live, projects: Path) -> None:
    transcript = projects / "-x" / "s1.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_bytes(b"\xff\xfe{\0}\0\n\0")
    captured = live.told.get(timeout=WAIT_S)
    assert [failure.path for failure in captured.counts.failed] == [str(transcript)]
    position = live.storage.captures.position(str(transcript))
    assert position is not None
    assert position.failed == "It is UTF-16 text, transcripts are UTF-8: convert it first."
    transcript.write_text(said("u1", "a heron"))
    live.until(lambda: live.finds("heron"))
    position = live.storage.captures.position(str(transcript))
    assert position is not None
    assert position.failed == ""


def test_follow_newest_first(tmp_path: Path) -> None:
    from aiana.capture.claude_code import ClaudeCode

    def file(name: str, age: int, text: str) -> TranscriptFile:
        path = tmp_path / name
        path.write_text(text)
        return TranscriptFile(ClaudeCode(), path, len(text), 1000.0 - age)

    old, new = "11111111-aaaa-4000-8000-00000000000", "22222222-aaaa-4000-8000-00000000000"
    other = "33333333-aaaa-4000-8000-00000000000"
    begun = file("begun.jsonl", 90, said(f"{old}1", "hello", f"{old}9"))
    forked = file("forked.jsonl", 10, said(f"{old}1", "hello", f"{new}9") + said(f"{new}2", "on"))
    forked_again = file("again.jsonl", 5, said(f"{new}2", "on", f"{new}8"))
    between = file("between.jsonl", 50, said(f"{other}1", "hello", f"{other}9"))
    newest = file("newest.jsonl", 1, said("short", "hello", "s"))
    given = [(each, True) for each in (between, forked_again, begun, newest, forked)]
    assert [each.path.stem for each in newest_first(given)] == [
        "newest",
        "begun",
        "forked",
        "again",
        "between",
    ]


def test_follow_reads_heads_as_far_back_as_the_next_file_needs(tmp_path: Path) -> None:
    from aiana.capture.claude_code import ClaudeCode

    now = datetime(2026, 3, 31, tzinfo=UTC)
    texts: dict[str, str] = {}

    def file(name: str, days: int, *told: str) -> TranscriptFile:
        texts[name] = "".join(told)
        at = (now - timedelta(days)).timestamp()
        return TranscriptFile(ClaudeCode(), tmp_path / f"{name}.jsonl", len(texts[name]), at)

    def told(uuid: str, days: int, **more: Any) -> str:
        at = (now - timedelta(days)).isoformat()
        return said(uuid, "hello", uuid, **({"timestamp": at} | more))

    def write(*names: str) -> None:
        for name in names:
            (tmp_path / f"{name}.jsonl").write_text(texts.pop(name))

    given = [
        file("between", 3, told("b1", 3)),
        file("older", 20, told("o1", 20)),
        file("begun", 6, told("r1", 6)),
        file("oldest", 50, told("f1", 50)),
        file("resumed", 2, told("r1", 6), told("r2", 2)),
        file("forked", 25, told("f2", 25, forkedFrom={"sessionId": "f1", "messageUuid": "f0"})),
        file("newest", 0, told("n1", 0)),
    ]
    ordered = (each.path.stem for each in newest_first([(each, True) for each in given]))
    # Each is written just before its head is needed: what was read too early shares no id.
    write("newest")
    assert next(ordered) == "newest"
    write("resumed", "between", "begun")
    assert [next(ordered) for _ in range(3)] == ["begun", "resumed", "between"]
    write("older")
    assert next(ordered) == "older"
    write("forked", "oldest")
    assert list(ordered) == ["oldest", "forked"]


class Writer:
    """Does to transcripts what assistants, editors and crashes do to them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._random = random.Random(seed)
        self._folder = folder
        self._lines: dict[Path, list[str]] = {}
        self._torn: dict[Path, str] = {}
        self._number = 0
        self.all_said: set[str] = set()
        folder.mkdir(parents=True)

    def act(self) -> None:
        if not self._lines or self._random.random() < 0.1:
            self._lines[self._folder / f"session{len(self._lines)}.jsonl"] = []
        path = self._random.choice(sorted(self._lines))
        actions = [self._append] * 6
        actions += [self._tear, self._truncate, self._rewind, self._rewrite, self._replace]
        self._random.choice(actions)(path)

    def finish(self) -> None:
        """Complete what was torn."""
        for path in sorted(self._lines):
            self._append(path)

    def _new(self, path: Path) -> str:
        self._number += 1
        text = f"turn number{self._number} of {path.stem} " + "x" * self._random.randrange(400)
        self.all_said.add(f"u{self._number}")
        return said(f"u{self._number}", text, path.stem)

    def _append(self, path: Path) -> None:
        new = [self._new(path) for _ in range(self._random.randrange(1, 4))]
        with path.open("a") as file:
            file.write(self._torn.pop(path, "") + "".join(new))
        self._lines[path] += new

    def _tear(self, path: Path) -> None:
        """Half of a line now, the rest with what comes next."""
        if path in self._torn:
            return
        line = self._new(path)
        cut = self._random.randrange(1, len(line) - 2)
        with path.open("a") as file:
            file.write(line[:cut])
        self._torn[path] = line[cut:]
        self._lines[path].append(line)

    def _truncate(self, path: Path) -> None:
        """The file loses its end in place."""
        self._torn.pop(path, None)
        self._lines[path] = self._lines[path][: self._random.randrange(len(self._lines[path]) + 1)]
        path.touch()
        os.truncate(path, sum(map(len, self._lines[path])))

    def _rewind(self, path: Path) -> None:
        """The last turns are taken back and others come, all in one."""
        self._torn.pop(path, None)
        self._lines[path] = [*self._lines[path][:-2], self._new(path)]
        path.write_text("".join(self._lines[path]))

    def _rewrite(self, path: Path) -> None:
        """A text in the middle becomes another of the same length, in place."""
        self._torn.pop(path, None)
        lines = self._lines[path]
        if lines:
            place = self._random.randrange(len(lines))
            lines[place] = lines[place].replace("turn", self._random.choice(["burn", "torn"]))
        path.write_text("".join(lines))

    def _replace(self, path: Path) -> None:
        """A file written beside it takes its place."""
        self._torn.pop(path, None)
        self._lines[path].append(self._new(path))
        beside = path.with_suffix(".part")
        beside.write_text("".join(self._lines[path]))
        beside.replace(path)


@pytest.mark.parametrize("seed", range(4))
def test_follow_equals_clean_import(live: Live, projects: Path, tmp_path: Path, seed: int) -> None:
    folder = projects / "-home-ada-shop"
    writer = Writer(folder, seed)
    for _ in range(120):
        writer.act()
    writer.finish()
    with AianaStorage(tmp_path / "clean" / "conversations.db") as clean:
        import_sources(clean, ["claude-code"])
        expected = stored(clean)
    assert len(expected) > 3

    def told(storage: AianaStorage) -> dict[str, list[tuple[str, str]]]:
        """What the files say now; what they said before is kept beside it."""
        return {
            session: [each for each in messages if each[0] in {id for id, _ in expected[session]}]
            for session, messages in stored(storage).items()
            if session in expected
        }

    live.until(lambda: told(live.storage) == expected)
    kept = {id for messages in stored(live.storage).values() for id, _ in messages}
    assert kept <= writer.all_said
    assert import_sources(live.storage, ["claude-code"]).sources["claude-code"].messages == 0


def stored(storage: AianaStorage) -> dict[str, list[tuple[str, str]]]:
    """Id and text of each message in its order, by session."""

    def read(messages: list[Message]) -> list[tuple[str, str]]:
        return [(message.id, message.content) for message in messages]

    return {
        session.id: read(storage.get_messages(session.id))
        for session in storage.list_sessions(limit=100)
    }


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_watch_prints_what_comes_and_ends_in_order(
    tmp_path: Path, projects: Path, ending: signal.Signals
) -> None:
    transcript = projects / "-x" / "s1.jsonl"
    transcript.parent.mkdir(parents=True)
    environ = os.environ | {
        "AIANA_HOME": str(tmp_path / "home"),
        "AIANA_EMBEDDING_MODEL": "none-at-all",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "aiana", "watch", "--json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.stderr.readline().startswith("note: The embedding model none-at-all is")
        told = process.stderr.readline()
        assert told == "note: this process follows 2 folders as they are written\n"
        transcript.write_text(said("u1", "where does the heron nest"))
        first = json.loads(process.stdout.readline())
        assert (first["title"], first["messages"]) == ("where does the heron nest", 1)
        with transcript.open("a") as file:
            file.write(said("u2", "and the bittern"))
        assert json.loads(process.stdout.readline())["text"] == "and the bittern"
        process.send_signal(ending)
        assert process.wait(WAIT_S) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()
