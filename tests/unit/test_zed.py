"""Zed: threads in one database, of two forms, compressed or not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import compressed
from aiana.capture.zed import Zed
from tests.unit.sources import CASES, check_messages, damaged, damages, read, read_on, rows

THREAD = {
    "version": "0.3.0",
    "title": "Mend the sum",
    "model": {"provider": "p", "model": "m-1"},
    "request_token_usage": {"user-id-1": {"input_tokens": 9, "output_tokens": 7}},
    "initial_project_snapshot": {
        "worktree_snapshots": [
            {
                "worktree_path": "/work/old",
                "git_state": {"remote_url": "git@example.com:ada/shop", "current_branch": "main"},
            }
        ]
    },
    "messages": [
        {
            "User": {
                "id": "user-id-1",
                "content": [
                    {"Text": "mend it"},
                    {
                        "Mention": {
                            "uri": {"File": {"abs_path": "/a.py"}},
                            "content": "a whole file",
                        }
                    },
                    {"Image": {"source": "AAAA"}},
                ],
            }
        },
        {
            "Agent": {
                "content": [
                    {"Thinking": {"text": "Hm.", "signature": None}},
                    {"Text": "I look."},
                    {
                        "ToolUse": {
                            "id": "t1",
                            "name": "edit_file",
                            "raw_input": "{}",
                            "input": {"path": "a.py", "old_text": "-", "new_text": "+"},
                        }
                    },
                    {"RedactedThinking": "x"},
                    {"Mystery": {"says": "hm"}},
                ],
                "tool_results": {
                    "t1": {
                        "tool_use_id": "t1",
                        "tool_name": "edit_file",
                        "is_error": True,
                        "content": {"Text": "no such file"},
                    }
                },
            }
        },
        "Resume",
    ],
}
TOLD = [
    ("user", "user", None, "mend it"),
    ("thinking", "assistant", None, "Hm."),
    ("assistant", "assistant", None, "I look."),
    ("tool_use", "assistant", "edit_file", "a.py\n-\n+"),
    ("tool_result", "tool", "edit_file", "no such file"),
    ("system", "system", None, "hm"),
]
OLD = {
    "version": "0.2.0",
    "summary": "As it was",
    "messages": [
        {"id": 0, "role": "user", "segments": [{"type": "text", "text": "what is it?"}]},
        {
            "id": 1,
            "role": "assistant",
            "segments": [{"type": "thinking", "text": "Hm."}, {"type": "text", "text": "A shop."}],
            "tool_uses": [{"id": "t1", "name": "grep", "input": {"regex": "a"}}],
            "tool_results": [{"tool_use_id": "t1", "is_error": False, "content": "a.py"}],
        },
        {"id": 2, "role": "system", "segments": []},
    ],
}


def database(folder: Path, **threads: Any) -> Path:
    path = folder / "threads.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS threads (id TEXT PRIMARY KEY, summary TEXT NOT NULL, "
            "updated_at TEXT NOT NULL, data_type TEXT NOT NULL, data BLOB NOT NULL, "
            "parent_id TEXT, folder_paths TEXT, folder_paths_order TEXT, created_at TEXT)"
        )
        for name, thread in threads.items():
            put(connection, name, json.dumps(thread).encode())
    return path


def put(
    connection: sqlite3.Connection,
    name: str,
    data: bytes,
    *,
    kind: str = "json",
    parent: str | None = None,
    updated: str = "2026-02-01T12:05:00.5+00:00",
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO threads VALUES (?, '', ?, ?, ?, ?, ?, '0', ?)",
        (name, updated, kind, data, parent, "/work/shop\n/work/x", "2026-02-01T12:00:00+00:00"),
    )


def test_threads_of_both_forms_are_read(tmp_path: Path) -> None:
    path = database(tmp_path, t1=THREAD, t2=OLD)
    batch = read(Zed(), path)
    told = {s.id: [m for m in batch.messages if m.session_id == s.id] for s in batch.sessions}
    assert [(m.type, m.role, m.tool_name, m.content) for m in told["t1"]] == TOLD
    assert [(m.type, m.tool_name, m.content) for m in told["t2"]] == [
        ("user", None, "what is it?"),
        ("thinking", None, "Hm."),
        ("assistant", None, "A shop."),
        ("tool_use", "grep", "a"),
        ("tool_result", "grep", "a.py"),
    ]
    asked, _, said, call, result, _ = told["t1"]
    assert asked.metadata == {"attachments": ["/a.py", "image"]}
    assert (said.metadata, said.tokens) == ({"model": "m-1"}, 7)
    assert json.loads(call.tool_input or "")["old_text"] == "-"
    assert result.metadata["isError"] is True
    assert (asked.timestamp, said.timestamp) == (
        "2026-02-01T12:00:00.000Z",
        "2026-02-01T12:05:00.500Z",
    )
    sessions = {s.id: s for s in batch.sessions}
    assert (sessions["t1"].title, sessions["t1"].project_path) == ("Mend the sum", "/work/shop")
    assert sessions["t1"].metadata == {"gitBranch": "main"}
    assert sessions["t2"].title == "As it was"
    check_messages(batch.messages)


def test_what_is_compressed_is_unpacked(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    path = database(tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        whole = zstandard.compress(json.dumps(THREAD).encode())
        put(connection, "t1", whole, kind="zstd")
        put(connection, "t2", whole[: len(whole) // 2], kind="zstd")
        put(connection, "t3", b"no frame", kind="zstd")
    batch = read(Zed(), path)
    assert rows(batch) == TOLD
    reasons = sorted(lost.reason.split(":")[0] for lost in batch.position.left_out)
    assert reasons == ["Conversation t2 cannot be read", "Conversation t3 cannot be read"]


def test_thread_without_a_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zstandard = pytest.importorskip("zstandard")
    path = database(tmp_path, t2=OLD)
    with closing(sqlite3.connect(path)) as connection, connection:
        put(connection, "t1", zstandard.compress(json.dumps(THREAD).encode()), kind="zstd")

    def import_none(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    with monkeypatch.context() as without:
        without.setattr(compressed, "import_module", import_none)
        without.setattr(compressed, "is_readable", lambda: False)
        without.setattr("aiana.capture.zed.is_readable", lambda: False)
        before = read(Zed(), path)
        assert Zed().unchanged(path, before.position)
    assert {m.session_id for m in before.messages} == {"t2"}
    (lost,) = before.position.left_out
    assert lost.reason.startswith("Thread t1: It is compressed. zstandard is not installed. Run `")
    assert "zstd" in lost.reason.partition("Run ")[2]
    assert not Zed().unchanged(path, before.position)
    after = read_on(Zed(), path, before.position)
    assert {m.session_id for m in after.messages} == {"t1", "t2"}
    assert after.position.left_out == []


def test_grown_thread(tmp_path: Path) -> None:
    path = database(tmp_path, t1=OLD)
    first = read(Zed(), path)
    more = {
        **OLD,
        "messages": [*OLD["messages"], {"User": {"id": "u", "content": [{"Text": "ok"}]}}],
    }
    with closing(sqlite3.connect(path)) as connection, connection:
        put(connection, "t1", json.dumps(more).encode(), updated="2026-02-01T13:00:00Z")
        put(connection, "k1", json.dumps(THREAD).encode(), parent="t1")
    second = read_on(Zed(), path, first.position)
    mine = [m for m in second.messages if m.session_id == "t1"]
    assert mine[:5] == first.messages
    assert mine[5].timestamp == "2026-02-01T13:00:00.000Z"
    child = next(s for s in second.sessions if s.id == "k1")
    assert child.parent_id == "t1"
    asked = next(m for m in second.messages if m.session_id == "k1")
    assert (asked.type, asked.role) == ("user", "assistant")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_thread_costs_no_neighbour(changes: list[tuple[int, str, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = database(Path(folder), t1=OLD)
        with closing(sqlite3.connect(path)) as connection, connection:
            for name, kind in (("x1", "json"), ("x2", "zstd"), ("x3", "json")):
                thread = OLD if name == "x3" else THREAD
                put(connection, name, damaged(json.dumps(thread).encode(), changes), kind=kind)
        messages = read(Zed(), path).messages
    assert len([m for m in messages if m.session_id == "t1"]) == 5
