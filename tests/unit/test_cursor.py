"""Cursor: the editor's database, the command line's, and the logs of agents."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import Source
from aiana.capture.cursor import Cursor, places
from aiana.models import CaptureBatch, CapturePosition, Message
from tests.unit.sources import (
    CASES,
    SHARED,
    check_messages,
    damaged,
    damages,
    read,
    read_on,
    rows,
    survives,
)

T = 1_769_947_200_000  # 2026-02-01T12:00:00.000Z
FOLDER = "/work/shop"


@pytest.fixture(autouse=True)
def _nobody_elses_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURSOR_USER_DATA_DIR", str(tmp_path / "Cursor"))
    monkeypatch.setenv("CURSOR_CONFIG_DIR", str(tmp_path / ".cursor"))


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database that is being written to: its rows are in the log alone."""
    path = database(tmp_path)
    path.parent.mkdir(parents=True)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    for table in ("ItemTable", "cursorDiskKV"):
        writer.execute(f"CREATE TABLE {table} (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
    yield writer
    writer.close()


def database(folder: Path) -> Path:
    return folder / "Cursor" / "User" / "globalStorage" / "state.vscdb"


def put(writer: sqlite3.Connection, key: str, value: Any, table: str = "cursorDiskKV") -> None:
    text = value if isinstance(value, (str, bytes)) or value is None else json.dumps(value)
    writer.execute(f"INSERT INTO {table} VALUES (?, ?)", (key, text))


def conversation(
    writer: sqlite3.Connection, id_: str, *bubbles: dict[str, Any], **facts: Any
) -> None:
    """A conversation as the editor of 2026 writes it."""
    for number, bubble in enumerate(bubbles):
        put(writer, f"bubbleId:{id_}:b{number}", {"bubbleId": f"b{number}", **bubble})
    put(
        writer,
        f"composerData:{id_}",
        {
            "_v": 17,
            "composerId": id_,
            "createdAt": T,
            "fullConversationHeadersOnly": [
                {"bubbleId": f"b{n}", "type": b.get("type")} for n, b in enumerate(bubbles)
            ],
            "workspaceIdentifier": {"id": "w1", "uri": {"scheme": "file", "fsPath": FOLDER}},
            **facts,
        },
    )


def asked(text: str, **facts: Any) -> dict[str, Any]:
    return {"type": 1, "text": text, **facts}


def said(text: str = "", **facts: Any) -> dict[str, Any]:
    return {"type": 2, "text": text, "createdAt": "2026-02-01T12:00:05.000Z", **facts}


def tool(name: str, arguments: Any, result: Any, **facts: Any) -> dict[str, Any]:
    return said(
        capabilityType=15,
        toolFormerData={
            "tool": 15,
            "name": name,
            "toolCallId": f"call-{name}",
            "params": json.dumps(arguments),
            "rawArgs": "",
            "status": "completed",
            "result": result if isinstance(result, str) else json.dumps(result),
            **facts,
        },
    )


def everything(path: Path, position: CapturePosition | None = None) -> CaptureBatch:
    return read_on(Cursor(), path, position)


def test_conversation_of_the_editor(tmp_path: Path, editor: sqlite3.Connection) -> None:
    """A conversation is read with its order tools models and tokens."""
    conversation(
        editor,
        "c1",
        asked("mend the sum", context={"fileSelections": [{"uri": {"fsPath": "/work/shop/a.py"}}]}),
        said(thinking={"text": "It subtracts.", "signature": "x"}, capabilityType=30),
        said("I look.", modelInfo={"modelName": "m-1"}, tokenCount={"outputTokens": 7}),
        tool("run_terminal_command_v2", {"command": "ls"}, {"output": "a.py\n", "exitCode": 2}),
        tool(
            "search_replace",
            {"file_path": "a.py", "old_string": "-", "new_string": "+"},
            {"diff": {"chunks": [{"diffString": "-a - b\n+a + b"}]}},
        ),
        tool("read_file_v2", {"targetFile": "b.py"}, "", status="error", error="gone"),
        said("Done.", modelInfo={"modelName": "default"}),
        name="Mend the sum",
        createdOnBranch="main",
        modelConfig={"modelName": "m-2"},
    )
    path = database(tmp_path)
    before = path.read_bytes()
    batch = read(Cursor(), path)
    assert path.read_bytes() == before
    (session,) = batch.sessions
    assert (session.id, session.title, session.project_path) == ("c1", "Mend the sum", FOLDER)
    assert session.metadata["gitBranch"] == "main"
    assert rows(batch) == [
        ("user", "user", None, "mend the sum"),
        ("thinking", "assistant", None, "It subtracts."),
        ("assistant", "assistant", None, "I look."),
        ("tool_use", "assistant", "run_terminal_command_v2", "ls"),
        ("tool_result", "tool", "run_terminal_command_v2", "a.py\n"),
        (
            "tool_use",
            "assistant",
            "search_replace",
            "a.py\n-\n+\n--- a.py\n+++ a.py\n-a - b\n+a + b",
        ),
        ("tool_use", "assistant", "read_file_v2", "b.py"),
        ("tool_result", "tool", "read_file_v2", "gone"),
        ("assistant", "assistant", None, "Done."),
    ]
    asked_, _, answer, _, failed, _, _, error, last = batch.messages
    assert asked_.metadata == {"attachments": ["/work/shop/a.py"]}
    assert (answer.metadata, answer.tokens) == ({"model": "m-1"}, 7)
    assert failed.metadata["exitCode"] == 2
    assert error.metadata["isError"] is True
    assert last.metadata == {"model": "m-2"}
    assert [m.position for m in batch.messages] == list(range(9))
    assert (asked_.timestamp, last.timestamp) == (
        "2026-02-01T12:00:00.000Z",
        "2026-02-01T12:00:05.000Z",
    )
    assert Cursor().unchanged(path, batch.position)


def test_contents_before_and_after_become_a_patch(
    tmp_path: Path, editor: sqlite3.Connection
) -> None:
    put(editor, "composer.content.1", "a\nb\n")
    put(editor, "composer.content.2", "a\nc\n")
    result = {"beforeContentId": "composer.content.1", "afterContentId": "composer.content.2"}
    conversation(
        editor, "c1", asked("go"), tool("edit_file_v2", {"relativeWorkspacePath": "x.py"}, result)
    )
    (_, call) = everything(database(tmp_path)).messages
    assert json.loads(call.tool_input or "")["patch"] == (
        "--- x.py\n+++ x.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c"
    )


def test_what_no_person_typed_is_told_apart(tmp_path: Path, editor: sqlite3.Connection) -> None:
    conversation(editor, "p1", asked("plan it"), said("ok"), subComposerIds=["k1", "k2"])
    conversation(editor, "k1", asked("look for it"), said("found"))
    conversation(
        editor, "k2", asked("and there"), said("no"), subagentInfo={"parentComposerId": "p1"}
    )
    conversation(editor, "s1", asked("go on", isSimulatedMsg=True), said("yes"))
    batch = everything(database(tmp_path))
    assert {s.id: s.parent_id for s in batch.sessions} == {
        "p1": None,
        "k1": "p1",
        "k2": "p1",
        "s1": None,
    }
    told = {m.session_id: (m.type, m.role) for m in reversed(batch.messages) if m.content != "ok"}
    assert told == {
        "p1": ("user", "user"),
        "k1": ("user", "assistant"),
        "k2": ("user", "assistant"),
        "s1": ("system", "system"),
    }


def test_only_what_changed_is_read_again(tmp_path: Path, editor: sqlite3.Connection) -> None:
    conversation(editor, "c1", asked("one"), said("first"))
    conversation(editor, "c2", asked("two"), said("second"))
    path = database(tmp_path)
    first = everything(path)
    assert [m.session_id for m in first.messages] == ["c2", "c2", "c1", "c1"]
    # An answer that grows is written under its key again; nothing else of it changes.
    put(editor, "bubbleId:c1:b1", {"bubbleId": "b1", **said("first, and more")})
    assert not Cursor().unchanged(path, first.position)
    second = everything(path, first.position)
    assert [(m.id, m.content) for m in second.messages] == [
        (first.messages[2].id, "one"),
        (first.messages[3].id, "first, and more"),
    ]
    assert everything(path, second.position).messages == []


def test_resent_prompt_keeps_its_answer(tmp_path: Path, editor: sqlite3.Connection) -> None:
    conversation(editor, "c1", asked("try"), said("badly"))
    path = database(tmp_path)
    first = everything(path)
    put(editor, "bubbleId:c1:n0", {"bubbleId": "n0", **asked("try")})
    put(editor, "bubbleId:c1:n1", {"bubbleId": "n1", **said("well")})
    headers = [{"bubbleId": "n0", "type": 1}, {"bubbleId": "n1", "type": 2}]
    put(
        editor,
        "composerData:c1",
        {"composerId": "c1", "createdAt": T, "fullConversationHeadersOnly": headers},
    )
    second = everything(path, first.position)
    assert {m.id for m in first.messages}.isdisjoint(m.id for m in second.messages)


def test_damage_costs_what_is_damaged(tmp_path: Path, editor: sqlite3.Connection) -> None:
    conversation(editor, "c1", asked("one"), said("lost"), said("first"))
    conversation(editor, "c2", asked("two"), said("gone"))
    conversation(editor, "c3", asked("three"))
    put(editor, "bubbleId:c1:b1", '{"type": 2, "text": ')
    editor.execute("DELETE FROM cursorDiskKV WHERE key = 'bubbleId:c2:b1'")
    put(editor, "composerData:c4", "no JSON")
    put(editor, "composerData:c5", None)
    put(editor, "composerData:empty", {"composerId": "empty", "fullConversationHeadersOnly": []})
    put(editor, "composerData:odd", {"fullConversationHeadersOnly": [1, {"bubbleId": 7}, None]})
    batch = everything(database(tmp_path))
    assert sorted(m.content for m in batch.messages) == ["first", "one", "three", "two"]
    assert sorted(lost.reason for lost in batch.position.left_out) == [
        "1 bubbles of conversation c2 are no longer there.",
        "A bubble of conversation c1 is no JSON object.",
        "Bubbles of type None are not known.",
        "Conversation c4 cannot be read: Expecting value: line 1 column 1 (char 0)",
    ]
    assert batch.position.skipped_lines == 4


def test_earlier_forms_are_read(tmp_path: Path, editor: sqlite3.Connection) -> None:
    inline = [
        {"type": 1, "bubbleId": "i0", "text": "", "richText": json.dumps(rich("from rich text"))},
        {"type": 2, "bubbleId": "i1", "text": "", "capabilityType": 15},
    ]
    tools = {"i1": {"name": "list_dir", "rawArgs": '{"path":"."}', "result": '{"output":"a.py"}'}}
    capabilities = [{"type": 15, "data": {"bubbleDataMap": json.dumps(tools)}}]
    put(
        editor,
        "composerData:c1",
        {"composerId": "c1", "createdAt": T, "conversation": inline, "capabilities": capabilities},
    )
    workspace = tmp_path / "Cursor" / "User" / "workspaceStorage" / "w1"
    workspace.mkdir(parents=True)
    (workspace / "workspace.json").write_text(json.dumps({"folder": "file:///work/old%20shop"}))
    path = workspace / "state.vscdb"
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
        tab = {
            "tabId": "t1",
            "chatTitle": "Old",
            "bubbles": [
                {"type": "user", "id": "u", "text": "what is it?"},
                {"type": "ai", "id": "a", "rawText": "A shop.", "modelType": "gpt-4"},
            ],
        }
        put(old, "workbench.panel.aichat.view.aichat.chatdata", {"tabs": [tab]}, "ItemTable")
    assert rows(everything(database(tmp_path))) == [
        ("user", "user", None, "from rich text"),
        ("tool_use", "assistant", "list_dir", "."),
        ("tool_result", "tool", "list_dir", "a.py"),
    ]
    (workspace / "workspace.json").rename(told := workspace / "told.json")
    os.mkfifo(workspace / "workspace.json")  # which nobody writes to
    assert [session.project_path for session in read(Cursor(), path).sessions] == [""]
    told.replace(workspace / "workspace.json")
    batch = read(Cursor(), path)
    assert rows(batch) == [
        ("user", "user", None, "what is it?"),
        ("assistant", "assistant", None, "A shop."),
    ]
    (session,) = batch.sessions
    assert (session.title, session.project_path) == ("Old", "/work/old shop")


def rich(text: str) -> dict[str, Any]:
    paragraph = {"type": "paragraph", "children": [{"type": "text", "text": text}]}
    return {"root": {"type": "root", "children": [paragraph]}}


def test_large_database_by_ranges(editor: sqlite3.Connection) -> None:
    """Nothing that is asked of it looks at more than it needs."""
    conversation(editor, "c1", asked("one"), said("first"))
    statements: list[str] = []
    editor.set_trace_callback(statements.append)
    kit = Cursor()._databases
    from aiana.capture.building import SessionBuilder

    list(kit.conversations(editor, Path("state.vscdb")))
    builder = SessionBuilder("cursor", Path("state.vscdb"), 0, {})
    list(kit.take(editor, "c1", builder, []))
    editor.set_trace_callback(None)
    assert len(statements) > 5
    for statement in statements:
        plan = editor.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        if "sqlite_master" not in statement:
            assert [row[3] for row in plan if row[3].startswith("SCAN")] == [], statement


class Blobs:
    """A graph of blobs as agents write it."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, data: bytes) -> bytes:
        digest = hashlib.sha256(data).digest()
        self.data[digest.hex()] = data
        return digest

    def message(self, role: str, content: Any) -> bytes:
        return self.put(json.dumps({"role": role, "content": content}).encode())

    def turn(self, text: str, at: int, *steps: bytes, simulated: bool = False) -> bytes:
        asked_ = wire(1, text.encode()) + wire(2, b"some-id") + number(25, at)
        asked_ += number(5, 1) if simulated else b""
        inner = wire(1, self.put(asked_)) + b"".join(wire(2, self.put(step)) for step in steps)
        return self.put(wire(1, inner))


def wire(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def graph() -> tuple[Blobs, bytes]:
    """A conversation of three turns, the first of which a compaction took from the messages."""
    blobs = Blobs()
    info = "<user_info>\nOS: linux\nWorkspace Path: /work/shop\n</user_info>"
    messages = [
        blobs.message("system", "You are an agent."),
        blobs.message("user", info),
        blobs.message("user", [{"type": "text", "text": "<user_query>\nsecond\n</user_query>"}]),
        blobs.message(
            "assistant",
            [
                {"type": "reasoning", "text": "Let me see."},
                {"type": "text", "text": "I look."},
                {"type": "tool-call", "toolCallId": "t1", "toolName": "Shell", "args": {"c": "ls"}},
            ],
        ),
        blobs.message(
            "tool",
            [{"type": "tool-result", "toolCallId": "t1", "toolName": "Shell", "result": "a"}],
        ),
        blobs.message("assistant", [{"type": "text", "text": "There is a."}]),
    ]
    step = wire(1, wire(1, b"one") + number(2, T + 2000))
    thought = wire(3, wire(1, b"hm"))
    turns = [
        blobs.turn("first", T + 1000, thought, step),
        blobs.turn("second", T + 3000, wire(1, wire(1, b"I look.") + number(2, T + 4000))),
    ]
    root = b"".join(wire(1, m) for m in messages) + b"".join(wire(8, t) for t in turns)
    return blobs, blobs.put(root + wire(9, b"file:///work/shop"))


GRAPH = [
    ("user", "user", None, "first"),
    ("thinking", "assistant", None, "hm"),
    ("assistant", "assistant", None, "one"),
    ("system", "system", None, "<user_info>\nOS: linux\nWorkspace Path: /work/shop\n</user_info>"),
    ("user", "user", None, "second"),
    ("thinking", "assistant", None, "Let me see."),
    ("assistant", "assistant", None, "I look."),
    ("tool_use", "assistant", "Shell", "ls"),
    ("tool_result", "tool", "Shell", "a"),
    ("assistant", "assistant", None, "There is a."),
]


def store(folder: Path, blobs: Blobs, root: bytes, name: str = "s1", **facts: Any) -> Path:
    path = folder / ".cursor" / "chats" / "0123" / name / "store.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE blobs (id TEXT PRIMARY KEY, data BLOB)")
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        connection.executemany("INSERT INTO blobs VALUES (?, ?)", blobs.data.items())
        meta = {
            "agentId": name,
            "name": "A shop",
            "createdAt": T,
            "latestRootBlobId": root.hex(),
            "lastUsedModel": "m-1",
            "blobEncryptionKey": "not for anybody",
            **facts,
        }
        value = json.dumps(meta).encode().hex()
        connection.execute("INSERT INTO meta VALUES ('0', ?)", (value,))
    return path


def test_command_line_blobs(tmp_path: Path) -> None:
    path = store(tmp_path, *graph())
    batch = read(Cursor(), path)
    assert rows(batch) == GRAPH
    (session,) = batch.sessions
    assert (session.id, session.title, session.project_path) == ("s1", "A shop", "/work/shop")
    assert "not for anybody" not in repr(batch)
    times = {m.content: m.timestamp[17:19] for m in batch.messages}
    assert [times[text] for text in ("first", "one", "second", "I look.")] == [
        "01",
        "02",
        "03",
        "04",
    ]
    assert next(m for m in batch.messages if m.content == "I look.").metadata == {"model": "m-1"}


def test_blobs_without_a_root(tmp_path: Path) -> None:
    """Blobs without a root are read in the order they were written."""
    blobs = Blobs()
    blobs.message("user", "hello")
    blobs.message("assistant", "there")
    path = store(tmp_path, blobs, b"\xde\xad")
    assert [m.content for m in read(Cursor(), path).messages] == ["hello", "there"]


def test_conversations_of_the_editor_may_be_blobs(
    tmp_path: Path, editor: sqlite3.Connection
) -> None:
    blobs, root = graph()
    for name, data in blobs.data.items():
        put(editor, f"agentKv:blob:{name}", data)
    state = "~" + b64encode(blobs.data[root.hex()]).decode().rstrip("=")
    put(
        editor,
        "composerData:c1",
        {"composerId": "c1", "createdAt": T, "name": "N", "conversationState": state},
    )
    batch = everything(database(tmp_path))
    assert rows(batch) == GRAPH
    assert (batch.sessions[0].title, batch.sessions[0].project_path) == ("N", "/work/shop")


def log(folder: Path, *records: dict[str, Any] | str, name: str = "s1") -> Path:
    path = folder / ".cursor/projects/work-shop/agent-transcripts" / name / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (r if isinstance(r, str) else json.dumps(r) for r in records)
    path.write_text("".join(line + "\n" for line in lines))
    return path


def line(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "message": {"content": list(parts)}}


def text(said_: str) -> dict[str, str]:
    return {"type": "text", "text": said_}


def test_an_agents_log_is_read_and_grows(tmp_path: Path) -> None:
    first = line("user", text("<user_query>\nsecond\n</user_query>"))
    call = {"type": "tool_use", "name": "Shell", "input": {"command": "ls"}}
    answer = line("assistant", text("I look."), text("[REDACTED]"), call)
    path = log(tmp_path, first, answer)
    os.utime(path, (T / 1000, T / 1000))
    batch = read(Cursor(), path)
    assert rows(batch) == [
        ("user", "user", None, "second"),
        ("assistant", "assistant", None, "I look."),
        ("tool_use", "assistant", "Shell", "ls"),
    ]
    path = log(tmp_path, first, answer, {"type": "turn_ended"}, line("assistant", text("a")))
    os.utime(path, (T / 1000 + 60, T / 1000 + 60))
    again = everything(path, batch.position)
    assert again.messages[:3] == batch.messages
    assert [m.timestamp for m in again.messages[2:]] == [
        "2026-02-01T12:00:00.000Z",
        "2026-02-01T12:01:00.000Z",
    ]


def test_log_of_a_session_in_a_database(tmp_path: Path, editor: sqlite3.Connection) -> None:
    in_store = log(tmp_path, line("user", text("second")), name="s1")
    in_editor = log(tmp_path, line("user", text("mend")), name="c1")
    alone = log(tmp_path, line("user", text("alone")), name="x1")
    ids = {path: everything(path).messages[0].id for path in (in_store, in_editor, alone)}
    stored = everything(store(tmp_path, *graph()))
    conversation(editor, "c1", asked("mend"), said("ok"))
    kept = everything(database(tmp_path))
    assert ids[in_store] in {m.id for m in stored.messages}
    assert ids[in_editor] in {m.id for m in kept.messages}
    assert [len(everything(path).messages) for path in (in_store, in_editor, alone)] == [0, 0, 1]


def test_sub_agents_stand_under_their_session(tmp_path: Path) -> None:
    path = log(tmp_path, line("user", text("look there")), line("assistant", text("done")))
    child = path.parent / "subagents" / "k1.jsonl"
    child.parent.mkdir()
    child.write_bytes(path.read_bytes())
    batch = read(Cursor(), child)
    assert (batch.sessions[0].id, batch.sessions[0].parent_id) == ("k1", "s1")
    assert (batch.messages[0].type, batch.messages[0].role) == ("user", "assistant")


def test_logs_of_2025_are_text(tmp_path: Path) -> None:
    path = log(tmp_path).with_suffix(".txt")
    path.write_text(
        "user:\n<user_query>\nmend it\n</user_query>\n\nassistant:\n[Thinking] Hm.\n  More.\n"
        "I look.\n[Tool call] Read\n  path: a.py\n  note: b\n"
        "[Tool result] Read\n  the text\n\nDone.\n"
    )
    assert rows(read(Cursor(), path)) == [
        ("user", "user", None, "mend it"),
        ("thinking", "assistant", None, "Hm.\nMore."),
        ("assistant", "assistant", None, "I look."),
        ("tool_use", "assistant", "Read", "a.py\nb"),
        ("tool_result", "tool", "Read", "the text"),
        ("assistant", "assistant", None, "Done."),
    ]


def test_a_folder_is_told_from_its_written_name(tmp_path: Path) -> None:
    (tmp_path / "my.shop-two" / "api").mkdir(parents=True)
    (tmp_path / "a-b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b-c").mkdir(parents=True)
    assert places.folder_named("my-shop-two-api", tmp_path) == str(tmp_path / "my.shop-two/api")
    assert places.folder_named("a-b-c", tmp_path) == ""
    assert places.folder_named("nowhere", tmp_path) == ""


def test_folders_that_are_entered() -> None:
    source: Source = Cursor()
    home = Path("/home/ada/.cursor")
    user = Path("/home/ada/.config/Cursor/User")
    entered = [
        user / "workspaceStorage" / "w1",
        home / "chats" / "0123",
        home / "chats" / "0123" / "s1",
        home / "projects" / "work-shop",
        home / "projects" / "work-shop" / "agent-transcripts",
        home / "projects" / "work-shop" / "agent-transcripts" / "s1",
        home / "projects" / "work-shop" / "agent-transcripts" / "s1" / "subagents",
    ]
    assert all(source.enters(folder) for folder in entered)
    assert not source.enters(user / "globalStorage" / "some.extension")
    assert not source.enters(user / "workspaceStorage" / "w1" / "some.extension")
    assert not source.enters(home / "projects" / "work-shop" / "terminals")


LOG = "\n".join(
    json.dumps(record)
    for record in (
        line("user", text("<user_query>a</user_query>"), {"type": "image", "name": "x.png"}),
        line("assistant", text("b"), {"type": "tool_use", "name": "Shell", "input": {"c": [1]}}),
        line("user", {"type": "tool_result", "content": [text("out")], "is_error": True}),
        {"type": "turn_ended", "status": "success"},
    )
).encode()


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_nothing_in_a_log_is_too_odd(changes: list[tuple[int, str, int]]) -> None:
    survives(Cursor(), damaged(LOG, changes), "agent.jsonl")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_nothing_in_a_store_is_too_odd(changes: list[tuple[int, str, int]]) -> None:
    blobs, root = graph()
    whole = dict(blobs.data)
    for number_, (name, data) in enumerate(whole.items()):
        if number_ % 3 == changes[0][2] % 3:
            blobs.data[name] = damaged(data, changes)
    survives_store(blobs, root)


def survives_store(blobs: Blobs, root: bytes) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        messages = everything(store(Path(folder), blobs, root)).messages
    assert all(isinstance(m.content, str) for m in messages)


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_damaged_rows_of_the_editor(
    changes: list[tuple[int, str, int]],
) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.vscdb"
        with closing(sqlite3.connect(path)) as writer, writer:
            writer.execute("PRAGMA synchronous = OFF")
            writer.execute("CREATE TABLE cursorDiskKV (key TEXT UNIQUE, value BLOB)")
            conversation(writer, "c1", asked("one"), tool("edit", {"a": [1]}, {"output": "x"}))
            for key, value in writer.execute("SELECT key, value FROM cursorDiskKV").fetchall():
                data = damaged(value.encode(), changes)
                writer.execute("UPDATE cursorDiskKV SET value = ? WHERE key = ?", (data, key))
            conversation(writer, "c2", asked("whole"), said("as it was"))
        whole = [m for m in everything(path).messages if m.session_id == "c2"]
    assert [m.content for m in whole] == ["whole", "as it was"]


def test_real_logs() -> None:
    folder = SHARED / "cursor"
    if not folder.is_dir():
        pytest.skip("the shared transcripts are not here")
    for path in sorted(folder.glob("*.jsonl")):
        counts = {"user": 0, "assistant": 0, "tool_use": 0, "tool_result": 0, "thinking": 0}
        for record in map(json.loads, path.read_text().splitlines()):
            for part in record.get("message", {}).get("content", []):
                kind = part["type"].replace("-", "_").replace("tool_call", "tool_use")
                if kind == "text" and part["text"] != "[REDACTED]":
                    counts[record["role"]] += 1
                elif kind in counts:
                    counts[kind] += 1
        messages: list[Message] = read(Cursor(), path).messages
        check_messages(messages)
        assert {kind: sum(m.type == kind for m in messages) for kind in counts} == counts
