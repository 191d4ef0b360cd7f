"""The same conversation as each assistant keeps it: what the tests of all sources tell them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from aiana.times import format_time

T = 1_769_947_200_000  # 2026-02-01T12:00:00.000Z


class Turn(NamedTuple):
    """What was asked and answered; the key is the assistant's own, no two turns share one."""

    key: int
    asked: str
    said: str

    @property
    def ms(self) -> int:
        """When it began, in ms since 1970."""
        return T + self.key * 10_000

    @property
    def time(self) -> str:
        """The same as a text."""
        return format_time(datetime.fromtimestamp(self.ms / 1000, UTC))


Maker = Callable[[Path, Sequence[Turn]], Path]
"""Writes anew a conversation of these turns, and gives the file to import."""


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # As programs do it: another file comes in the place of the old one.
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    return beside.replace(path)


def _document(path: Path, value: Any) -> Path:
    return _written(path, json.dumps(value))


def _lines(path: Path, records: Sequence[Any]) -> Path:
    return _written(path, "".join(json.dumps(record) + "\n" for record in records))


def _both(turns: Sequence[Turn], asked: Any, said: Any) -> list[Any]:
    """What is asked and what is said of each turn."""
    return [make(turn) for turn in turns for make in (asked, said)]


def _text(words: str, **facts: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **facts}


def _table(path: Path, create: str, table: str, rows: Sequence[Sequence[Any]]) -> Path:
    """A database whose table holds these rows alone, its program still having it open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as made:
        made.executescript(create)
        made.execute(f"DELETE FROM {table}")
        for row in rows:
            made.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        made.commit()
    return path


def claude_code(folder: Path, turns: Sequence[Turn]) -> Path:
    def record(kind: str, turn: Turn, text: str) -> dict[str, Any]:
        return {
            "type": kind,
            "uuid": f"{kind}-{turn.key}",
            "sessionId": "s1",
            "timestamp": turn.time,
            "message": {"role": kind, "content": [_text(text)]},
        }

    records = _both(
        turns, lambda t: record("user", t, t.asked), lambda t: record("assistant", t, t.said)
    )
    return _lines(folder / "s1.jsonl", records)


def codex(folder: Path, turns: Sequence[Turn]) -> Path:
    def event(kind: str, turn: Turn, text: str) -> dict[str, Any]:
        return {
            "timestamp": turn.time,
            "type": "event_msg",
            "payload": {"type": kind, "message": text},
        }

    head = {"timestamp": turns[0].time, "type": "session_meta", "payload": {"id": "s1"}}
    return _lines(
        folder / "rollout-s1.jsonl",
        [
            head,
            *_both(
                turns,
                lambda t: event("user_message", t, t.asked),
                lambda t: event("agent_message", t, t.said),
            ),
        ],
    )


def _vscode_requests(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [
        {
            "requestId": f"request_{turn.key}",
            "timestamp": turn.ms,
            "message": {"text": turn.asked},
            "response": [{"value": turn.said}],
        }
        for turn in turns
    ]


def vscode_document(folder: Path, turns: Sequence[Turn]) -> Path:
    chat = {"version": 3, "sessionId": "s1", "requests": _vscode_requests(turns)}
    return _document(folder / "chatSessions" / "s1.json", chat | {"responderUsername": ""})


def vscode_log(folder: Path, turns: Sequence[Turn]) -> Path:
    chat = {"version": 3, "sessionId": "s1", "requests": [], "responderUsername": ""}
    pushed = [{"kind": 2, "k": ["requests"], "v": [each]} for each in _vscode_requests(turns)]
    return _lines(folder / "chatSessions" / "s1.jsonl", [{"kind": 0, "v": chat}, *pushed])


def vscode_entry(folder: Path, turns: Sequence[Turn]) -> Path:
    """Among those of a workspace, of which it is not the first."""
    other = [{"requestId": "o", "timestamp": T, "message": {"text": "else"}, "response": []}]
    chats = [
        {"version": 3, "sessionId": name, "requests": requests, "responderUsername": ""}
        for name, requests in (("s0", other), ("s1", _vscode_requests(turns)))
    ]
    return _table(
        folder / "User" / "workspaceStorage" / "a1" / "state.vscdb",
        "CREATE TABLE IF NOT EXISTS ItemTable (key TEXT UNIQUE, value BLOB)",
        "ItemTable",
        [("interactive.sessions", json.dumps(chats))],
    )


def vscode_events(folder: Path, turns: Sequence[Turn]) -> Path:
    def event(kind: str, turn: Turn, **data: Any) -> dict[str, Any]:
        name = f"{kind}-{turn.key}"
        return {"type": kind, "id": name, "timestamp": turn.time, "parentId": None, "data": data}

    facts = {"sessionId": "s1", "producer": "copilot-agent", "vscodeVersion": "1.137.0"}
    start = event("session.start", turns[0], **facts)
    return _lines(
        folder / "GitHub.copilot-chat" / "transcripts" / "s1.jsonl",
        [
            start,
            *_both(
                turns,
                lambda t: event("user.message", t, content=t.asked, attachments=[]),
                lambda t: event("assistant.message", t, content=t.said, toolRequests=[]),
            ),
        ],
    )


def _gemini_messages(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return _both(
        turns,
        lambda t: {"id": f"u{t.key}", "timestamp": t.time, "type": "user", "content": t.asked},
        lambda t: {"id": f"g{t.key}", "timestamp": t.time, "type": "gemini", "content": t.said},
    )


def gemini_document(folder: Path, turns: Sequence[Turn]) -> Path:
    head = {"sessionId": "s1", "projectHash": "x", "startTime": turns[0].time}
    return _document(
        folder / "chats" / "session-1.json", head | {"messages": _gemini_messages(turns)}
    )


def gemini_log(folder: Path, turns: Sequence[Turn]) -> Path:
    head = {"sessionId": "s1", "projectHash": "x", "startTime": turns[0].time}
    return _lines(folder / "chats" / "session-1.jsonl", [head, *_gemini_messages(turns)])


def qwen(folder: Path, turns: Sequence[Turn]) -> Path:
    def record(kind: str, turn: Turn, text: str) -> dict[str, Any]:
        return {
            "uuid": f"{kind}-{turn.key}",
            "parentUuid": None,
            "sessionId": "s1",
            "timestamp": turn.time,
            "type": kind,
            "cwd": "/nowhere/app",
            "version": "0.21.13",
            "message": {"role": "user", "parts": [{"text": text}]},
        }

    records = _both(
        turns, lambda t: record("user", t, t.asked), lambda t: record("assistant", t, t.said)
    )
    return _lines(folder / "s1.jsonl", records)


def copilot_cli(folder: Path, turns: Sequence[Turn]) -> Path:
    def event(kind: str, turn: Turn, **data: Any) -> dict[str, Any]:
        name = f"{kind}-{turn.key}"
        return {"type": kind, "id": name, "timestamp": turn.time, "parentId": None, "data": data}

    start = event("session.start", turns[0], sessionId="s1", copilotVersion="1.0.102")
    return _lines(
        folder / "s1" / "events.jsonl",
        [
            start,
            *_both(
                turns,
                lambda t: event("user.message", t, content=t.asked),
                lambda t: event("assistant.message", t, content=t.said, toolRequests=[]),
            ),
        ],
    )


def cursor_editor(folder: Path, turns: Sequence[Turn]) -> Path:
    def bubble(kind: int, turn: Turn, text: str) -> dict[str, Any]:
        name = f"{turn.key:07}{kind}-bubble"
        return {"bubbleId": name, "type": kind, "text": text, "createdAt": turn.time}

    bubbles = _both(turns, lambda t: bubble(1, t, t.asked), lambda t: bubble(2, t, t.said))
    composer = {
        "_v": 17,
        "composerId": "s1",
        "createdAt": T,
        "lastUpdatedAt": turns[-1].ms,
        "fullConversationHeadersOnly": [
            {"bubbleId": each["bubbleId"], "type": each["type"]} for each in bubbles
        ],
    }
    values = [(f"bubbleId:s1:{each['bubbleId']}", json.dumps(each)) for each in bubbles]
    return _table(
        folder / "Cursor" / "User" / "globalStorage" / "state.vscdb",
        "CREATE TABLE IF NOT EXISTS ItemTable (key TEXT UNIQUE, value BLOB);"
        "CREATE TABLE IF NOT EXISTS cursorDiskKV (key TEXT UNIQUE, value BLOB)",
        "cursorDiskKV",
        [*values, ("composerData:s1", json.dumps(composer))],
    )


def _cursor_messages(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return _both(
        turns,
        lambda t: {"role": "user", "content": [_text(f"<user_query>\n{t.asked}\n</user_query>")]},
        lambda t: {"role": "assistant", "content": [_text(t.said)]},
    )


def cursor_command_line(folder: Path, turns: Sequence[Turn]) -> Path:
    """A store without a root, whose blobs are read in the order in which they were written."""
    path = folder / ".cursor" / "chats" / "0123" / "s1" / "store.db"
    meta = {"agentId": "s1", "createdAt": T}
    _table(
        path,
        "CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, data BLOB)",
        "blobs",
        [
            (f"b{n}-{len(turns)}", json.dumps(message).encode())
            for n, message in enumerate(_cursor_messages(turns))
        ],
    )
    return _table(
        path,
        "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT)",
        "meta",
        [("0", json.dumps({**meta, "updatedAt": turns[-1].ms}).encode().hex())],
    )


def cursor_log(folder: Path, turns: Sequence[Turn]) -> Path:
    return _lines(
        folder / ".cursor/projects/work-shop/agent-transcripts/s1/s1.jsonl",
        [
            {"role": each["role"], "message": {"content": each["content"]}}
            for each in _cursor_messages(turns)
        ],
    )


def opencode_database(folder: Path, turns: Sequence[Turn]) -> Path:
    path = folder / "opencode" / "opencode.db"
    _table(
        path,
        "CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, directory TEXT, title TEXT, "
        "time_created INTEGER, time_updated INTEGER)",
        "session",
        [("s1", "/nowhere/app", "", T, turns[-1].ms)],
    )
    told = [
        (name, turn, role, text)
        for turn in turns
        for name, role, text in (
            (f"msg_{turn.key:05}a", "user", turn.asked),
            (f"msg_{turn.key:05}b", "assistant", turn.said),
        )
    ]
    _table(
        path,
        "CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, session_id TEXT, "
        "time_created INTEGER, time_updated INTEGER, data TEXT)",
        "message",
        [(name, "s1", t.ms, t.ms, json.dumps({"role": role})) for name, t, role, _ in told],
    )
    return _table(
        path,
        "CREATE TABLE IF NOT EXISTS part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, "
        "time_created INTEGER, time_updated INTEGER, data TEXT);"
        "CREATE INDEX IF NOT EXISTS part_message_id_id_idx ON part (message_id, id)",
        "part",
        [
            (f"prt_{name}", name, "s1", t.ms, t.ms, json.dumps(_text(text)))
            for name, t, _, text in told
        ],
    )


def opencode_files(folder: Path, turns: Sequence[Turn]) -> Path:
    storage = folder / "opencode" / "storage"
    for old in (*storage.glob("message/s1/*"), *storage.glob("part/*/*")):
        old.unlink()
    for turn in turns:
        for name, role, text in (("a", "user", turn.asked), ("b", "assistant", turn.said)):
            message = f"msg_{turn.key:05}{name}"
            _document(
                storage / "message" / "s1" / f"{message}.json",
                {"id": message, "role": role, "time": {"created": turn.ms}},
            )
            part = f"prt_{message}"
            _document(storage / "part" / message / f"{part}.json", _text(text, id=part))
    return _document(
        storage / "session" / "p1" / "s1.json",
        {"id": "s1", "time": {"created": T, "updated": turns[-1].ms}},
    )


def _task(folder: Path, extension: str, turns: Sequence[Turn]) -> Path:
    sent = _both(
        turns,
        lambda t: {"role": "user", "content": [_text(f"<task>\n{t.asked}\n</task>")], "ts": t.ms},
        lambda t: {"role": "assistant", "content": [_text(t.said)], "ts": t.ms + 1},
    )
    tasks = folder / "Code" / "User" / "globalStorage" / extension / "tasks"
    return _document(tasks / str(T) / "api_conversation_history.json", sent)


def cline(folder: Path, turns: Sequence[Turn]) -> Path:
    return _task(folder, "saoudrizwan.claude-dev", turns)


def cline_session(folder: Path, turns: Sequence[Turn]) -> Path:
    messages = _both(
        turns,
        lambda t: {"id": f"u{t.key}", "role": "user", "content": [_text(t.asked)], "ts": t.ms},
        lambda t: {"id": f"a{t.key}", "role": "assistant", "content": [_text(t.said)], "ts": t.ms},
    )
    return _document(folder / "sessions" / "s1" / "s1.messages.json", {"messages": messages})


def roo_code(folder: Path, turns: Sequence[Turn]) -> Path:
    return _task(folder, "rooveterinaryinc.roo-cline", turns)


def kilo_code(folder: Path, turns: Sequence[Turn]) -> Path:
    return _task(folder, "kilocode.kilo-code", turns)


def continue_dev(folder: Path, turns: Sequence[Turn]) -> Path:
    history = _both(
        turns,
        lambda t: {"message": {"role": "user", "content": t.asked}},
        lambda t: {"message": {"role": "assistant", "content": t.said}},
    )
    return _document(folder / "sessions" / "s1.json", {"sessionId": "s1", "history": history})


def zed(folder: Path, turns: Sequence[Turn]) -> Path:
    messages = _both(
        turns,
        lambda t: {"User": {"id": f"user-{t.key}", "content": [{"Text": t.asked}]}},
        lambda t: {"Agent": {"content": [{"Text": t.said}], "tool_results": {}}},
    )
    thread = json.dumps({"version": "0.3.0", "messages": messages}).encode()
    return _table(
        folder / "threads" / "threads.db",
        "CREATE TABLE IF NOT EXISTS threads (id TEXT PRIMARY KEY, summary TEXT, updated_at TEXT, "
        "data_type TEXT, data BLOB)",
        "threads",
        [("s1", "", turns[-1].time, "json", thread)],
    )


def specstory(folder: Path, turns: Sequence[Turn]) -> Path:
    told = "".join(
        f"_**User ({turn.time[:10]} {turn.time[11:19]}Z)**_\n\n{turn.asked}\n\n---\n\n"
        f"_**Agent (model-x {turn.time[:10]} {turn.time[11:19]}Z)**_\n\n{turn.said}\n\n---\n\n"
        for turn in turns
    )
    head = "<!-- Generated by SpecStory, Markdown v2.1.0 -->\n\n# 2026-02-01 12:00:00Z\n\n"
    name = (
        "<!-- Claude Code Session 11111111-aaaa-bbbb-cccc-000000000001 (2026-02-01 12:00:00Z) -->"
    )
    return _written(folder / ".specstory" / "history" / "s1.md", f"{head}{name}\n\n{told}")


def aider(folder: Path, turns: Sequence[Turn]) -> Path:
    """The second session of its file."""
    told = "".join(f"\n#### {turn.asked}  \n\n{turn.said}\n" for turn in turns)
    before = "\n# aider chat started at 2026-01-01 12:00:00\n\n#### else  \n\nSo it is.\n"
    began = "\n# aider chat started at 2026-02-01 12:00:00\n"
    return _written(folder / ".aider.chat.history.md", before + began + told)


def droid(folder: Path, turns: Sequence[Turn]) -> Path:
    def message(role: str, turn: Turn, text: str) -> dict[str, Any]:
        return {
            "type": "message",
            "id": f"{role}-{turn.key}",
            "timestamp": turn.time,
            "message": {"role": role, "content": [_text(text)]},
        }

    head = {"type": "session_start", "id": "s1", "title": "New Session", "cwd": "/gone/app"}
    return _lines(
        folder / "s1.jsonl",
        [
            head,
            *_both(
                turns,
                lambda t: message("user", t, t.asked),
                lambda t: message("assistant", t, t.said),
            ),
        ],
    )


def kimi(folder: Path, turns: Sequence[Turn]) -> Path:
    records: list[dict[str, Any]] = [
        {"type": "metadata", "protocol_version": "1.4", "created_at": T}
    ]
    for turn in turns:
        origin = {"kind": "user"}
        records += [
            {
                "type": "turn.prompt",
                "input": [_text(turn.asked)],
                "origin": origin,
                "time": turn.ms,
            },
            {
                "type": "context.append_loop_event",
                "event": {
                    "type": "content.part",
                    "uuid": f"part-{turn.key}",
                    "part": {"type": "text", "text": turn.said},
                },
                "time": turn.ms + 1,
            },
        ]
    return _lines(folder / "wd" / "s1" / "agents" / "main" / "wire.jsonl", records)


def grok(folder: Path, turns: Sequence[Turn]) -> Path:
    records = _both(
        turns,
        lambda t: {"type": "user", "content": [_text(t.asked)], "prompt_index": 0},
        lambda t: {"type": "assistant", "content": t.said, "model_id": "grok-4.5"},
    )
    path = folder / "%2Fgone" / "s1" / "chat_history.jsonl"
    _document(path.with_name("summary.json"), {"info": {"id": "s1", "cwd": "/gone/app"}})
    return _lines(path, records)


def _pi_entries(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    def entry(role: str, turn: Turn, text: str) -> dict[str, Any]:
        return {
            "type": "message",
            "id": f"{role}-{turn.key}",
            "parentId": None,
            "timestamp": turn.time,
            "message": {"role": role, "content": [_text(text)]},
        }

    head = {"type": "session", "version": 3, "id": "s1", "timestamp": turns[0].time, "cwd": "/x"}
    return [
        head,
        *_both(turns, lambda t: entry("user", t, t.asked), lambda t: entry("assistant", t, t.said)),
    ]


def pi(folder: Path, turns: Sequence[Turn]) -> Path:
    return _lines(folder / "sessions" / "--x--" / "2026_s1.jsonl", _pi_entries(turns))


def openclaw(folder: Path, turns: Sequence[Turn]) -> Path:
    return _table(
        folder / "agent" / "openclaw-agent.sqlite",
        "CREATE TABLE IF NOT EXISTS transcript_events (session_id TEXT, seq INTEGER, "
        "event_json TEXT, created_at INTEGER)",
        "transcript_events",
        [("s1", n, json.dumps(entry), turns[-1].ms) for n, entry in enumerate(_pi_entries(turns))],
    )


def antigravity(folder: Path, turns: Sequence[Turn]) -> Path:
    def step(number: int, source: str, kind: str, turn: Turn, text: str) -> dict[str, Any]:
        told = {"step_index": number, "source": source, "type": kind, "status": "DONE"}
        return told | {"created_at": turn.time, "content": text}

    steps: list[dict[str, Any]] = []
    for turn in turns:
        asked = f"<USER_REQUEST>\n{turn.asked}\n</USER_REQUEST>"
        steps.append(step(len(steps), "USER_EXPLICIT", "USER_INPUT", turn, asked))
        steps.append(step(len(steps), "MODEL", "PLANNER_RESPONSE", turn, turn.said))
    logs = folder / "antigravity" / "brain" / "s1" / ".system_generated" / "logs"
    return _lines(logs / "transcript.jsonl", steps)


def _hermes_rows(turns: Sequence[Turn]) -> list[tuple[str, str, float]]:
    return _both(
        turns,
        lambda t: ("user", t.asked, t.ms / 1000),
        lambda t: ("assistant", t.said, t.ms / 1000 + 1),
    )


def hermes_database(folder: Path, turns: Sequence[Turn]) -> Path:
    return _table(
        folder / ".hermes" / "state.db",
        "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, session_id TEXT, role TEXT, "
        "content TEXT, tool_calls TEXT, timestamp REAL)",
        "messages",
        [(None, "s1", role, text, None, time) for role, text, time in _hermes_rows(turns)],
    )


def hermes_document(folder: Path, turns: Sequence[Turn]) -> Path:
    messages = [{"role": role, "content": text} for role, text, _ in _hermes_rows(turns)]
    told = {"session_id": "s1", "session_start": "2026-02-01T12:00:00", "messages": messages}
    return _document(folder / ".hermes" / "sessions" / "session_s1.json", told)


def goose(folder: Path, turns: Sequence[Turn]) -> Path:
    path = folder / "goose" / "sessions" / "sessions.db"
    _table(
        path,
        "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, name TEXT, description TEXT, "
        "session_type TEXT, working_dir TEXT, created_at TEXT, updated_at TEXT)",
        "sessions",
        [("s1", "", "", "user", "/gone/app", "2026-02-01", turns[-1].time)],
    )
    told = _both(
        turns,
        lambda t: ("user", json.dumps([_text(t.asked)]), t.ms // 1000),
        lambda t: ("assistant", json.dumps([_text(t.said)]), t.ms // 1000 + 1),
    )
    return _table(
        path,
        "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, session_id TEXT, role TEXT, "
        "content_json TEXT, created_timestamp INTEGER, tokens INTEGER, metadata_json TEXT)",
        "messages",
        [(None, "s1", role, content, time, None, "{}") for role, content, time in told],
    )


def crush(folder: Path, turns: Sequence[Turn]) -> Path:
    path = folder / ".crush" / "crush.db"
    _table(
        path,
        "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, "
        "title TEXT, created_at INTEGER, updated_at INTEGER)",
        "sessions",
        [("s1", None, "", T // 1000, turns[-1].ms // 1000)],
    )

    def row(name: str, role: str, text: str, turn: Turn) -> tuple[Any, ...]:
        parts = json.dumps([{"type": "text", "data": {"text": text}}])
        at = turn.ms // 1000
        return (f"{name}{turn.key}", "s1", role, parts, "m-1", at, at)

    return _table(
        path,
        "CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, session_id TEXT, role TEXT, "
        "parts TEXT, model TEXT, created_at INTEGER, updated_at INTEGER)",
        "messages",
        _both(
            turns,
            lambda t: row("u", "user", t.asked, t),
            lambda t: row("a", "assistant", t.said, t),
        ),
    )


def amp(folder: Path, turns: Sequence[Turn]) -> Path:
    told = _both(
        turns,
        lambda t: {"role": "user", "content": [_text(t.asked)], "meta": {"sentAt": t.ms}},
        lambda t: {
            "role": "assistant",
            "content": [_text(t.said)],
            "usage": {"model": "m-1", "timestamp": t.time},
        },
    )
    # They are numbered by their places.
    messages = [{**each, "messageId": n} for n, each in enumerate(told)]
    thread = {"v": len(told), "id": "T-1", "created": T, "messages": messages}
    return _document(folder / "amp" / "threads" / "T-1.json", thread)


def chatgpt(folder: Path, turns: Sequence[Turn]) -> Path:
    """The second conversation of an export."""
    conversations = []
    other = Turn(0, "else", "So it is.")
    for name, branch in (("s0", [other]), ("s1", turns)):
        nodes: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None}}
        last = "root"
        for turn in branch:
            for role, text in (("user", turn.asked), ("assistant", turn.said)):
                node = f"{role}-{turn.key}"
                message = {
                    "id": node,
                    "author": {"role": role},
                    "create_time": turn.ms / 1000,
                    "content": {"content_type": "text", "parts": [text]},
                    "recipient": "all",
                    "metadata": {},
                }
                nodes[node] = {"id": node, "message": message, "parent": last, "children": []}
                last = node
        conversations.append(
            {"conversation_id": name, "title": "", "mapping": nodes, "current_node": last}
        )
    return _document(folder / "conversations.json", conversations)


def claude_ai(folder: Path, turns: Sequence[Turn]) -> Path:
    """The second conversation of an export."""
    conversations = []
    for name, branch in (("s0", [Turn(0, "else", "So it is.")]), ("s1", turns)):
        messages: list[dict[str, Any]] = []
        for turn in branch:
            for sender, text in (("human", turn.asked), ("assistant", turn.said)):
                messages.append(
                    {
                        "uuid": f"{sender}-{turn.key}",
                        "sender": sender,
                        "text": text,
                        "content": [_text(text)],
                        "created_at": turn.time,
                        "parent_message_uuid": messages[-1]["uuid"] if messages else "",
                    }
                )
        conversations.append({"uuid": name, "name": "", "chat_messages": messages})
    return _document(folder / "conversations.json", conversations)


MAKERS: dict[str, Sequence[Maker]] = {
    "claude-code": [claude_code],
    "codex": [codex],
    "vscode-chat": [vscode_document, vscode_log, vscode_entry, vscode_events],
    "gemini": [gemini_document, gemini_log],
    "qwen": [qwen],
    "copilot-cli": [copilot_cli],
    "cursor": [cursor_editor, cursor_command_line, cursor_log],
    "opencode": [opencode_database, opencode_files],
    "cline": [cline, cline_session],
    "roo-code": [roo_code],
    "kilo-code": [kilo_code],
    "continue": [continue_dev],
    "zed": [zed],
    "specstory": [specstory],
    "aider": [aider],
    "droid": [droid],
    "kimi": [kimi],
    "grok": [grok],
    "openclaw": [openclaw],
    "pi": [pi],
    "antigravity": [antigravity],
    "hermes": [hermes_database, hermes_document],
    "goose": [goose],
    "crush": [crush],
    "amp": [amp],
    "chatgpt": [chatgpt],
    "claude-ai": [claude_ai],
}
"""Of each source all the ways in which it keeps a conversation."""
