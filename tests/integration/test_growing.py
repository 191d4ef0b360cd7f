"""A file that is read after each of its lines is stored as if it had been read once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.capture import sources
from aiana.capture.files import TranscriptFile
from aiana.capture.importer import import_file
from aiana.protocol.results import ImportCounts
from aiana.storage import AianaStorage
from tests.unit import test_antigravity, test_copilot_cli, test_droid, test_kimi, test_pi, test_qwen

FIXTURES = Path(__file__).parents[1] / "fixtures"
CONTENTS = (
    "SELECT id, source, project_path, started_at, ended_at, title, title_rank, summary, parent_id, "
    "metadata, message_count, token_count FROM sessions ORDER BY source, id",
    "SELECT s.id, m.id, m.type, m.role, m.tool_name, m.timestamp, m.parent_id, m.tokens, "
    "m.content, m.tool_input, m.metadata FROM messages m JOIN sessions s ON s.key = m.session_key "
    "ORDER BY s.source, s.id, m.position, m.key",
    "SELECT m.id, f.path, f.touch FROM message_files f JOIN messages m ON m.key = f.message_key "
    "ORDER BY m.id, f.path, f.touch",
)
CHAT = """
# aider chat started at 2026-02-01 12:00:00

> Aider v0.86.2  
> Model: openai/gpt-5 with whole edit format  

#### Why does the sum come out wrong?  

It subtracts.

helper.py
```
def add(a, b):
    return a + b
```

> Tokens: 100 sent, 20 received.  
> Applied edit to helper.py  
> Commit c224f30 Done.  

#### check it  

It prints 5.

> Tokens: 120 sent, 6 received.  
"""
TOLD = {"output_tokens": 7}
CODEX = [
    ("session_meta", {"id": "t1", "cwd": "/nowhere/app", "cli_version": "0.50.0"}),
    ("turn_context", {"cwd": "/nowhere/app", "model": "gpt-5"}),
    ("event_msg", {"type": "user_message", "message": "mend it"}),
    ("event_msg", {"type": "agent_message", "message": "It is mended."}),
    (
        "event_msg",
        {"type": "token_count", "info": {"total_token_usage": TOLD, "last_token_usage": TOLD}},
    ),
    ("event_msg", {"type": "thread_name_updated", "thread_name": "Mending"}),
]
QUEUED: list[dict[str, Any]] = [
    {"type": "user", "uuid": "u1", "version": "2.1.0", "message": {"content": "mend it"}},
    {
        "type": "assistant",
        "uuid": "a1",
        "message": {
            "id": "x",
            "content": [{"type": "tool_use", "id": "toolu_01Pass", "name": "Grep", "input": {}}],
        },
    },
    {"type": "queue-operation", "operation": "enqueue", "content": "and test it"},
    {"type": "queue-operation", "operation": "remove"},
    {
        "type": "user",
        "uuid": "u2",
        "message": {
            "content": [{"type": "tool_result", "tool_use_id": "toolu_01Pass", "content": "none"}]
        },
    },
    {"type": "assistant", "uuid": "a2", "message": {"id": "y", "content": "It is mended."}},
    {"type": "mode", "version": "2.1.9", "gitBranch": "mended"},
]


def lines(records: Iterable[Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


WRITTEN = {
    "codex/rollout-t1.jsonl": lines(
        {"timestamp": f"2026-02-01T12:00:0{n}.000Z", "type": kind, "payload": payload}
        for n, (kind, payload) in enumerate(CODEX)
    ),
    "claude/s1.jsonl": lines(
        {"sessionId": "s1", "timestamp": f"2026-02-01T12:00:0{n}.000Z", **record}
        for n, record in enumerate(QUEUED)
    ),
    "shop/.aider.chat.history.md": CHAT,
    "kimi/wire.jsonl": lines(test_kimi.RECORDS),
    "droid/s1.jsonl": lines(test_droid.RECORDS),
    "pi/2026_s1.jsonl": lines(test_pi.ENTRIES),
    "qwen/s1.jsonl": lines(test_qwen.RECORDS),
    "copilot/events.jsonl": lines(test_copilot_cli.EVENTS),
    "antigravity/transcript.jsonl": lines(test_antigravity.STEPS),
}
KEPT = [
    path
    for folder in ("transcripts", "sample")
    for path in sorted((FIXTURES / folder).rglob("*.jsonl"))
]


def told(storage: AianaStorage) -> list[list[tuple[Any, ...]]]:
    """Everything that is stored of the file."""
    with storage.database.reading() as connection:
        return [connection.execute(statement).fetchall() for statement in CONTENTS]


def imported(storage: AianaStorage, path: Path) -> None:
    source = next(source for source in sources().values() if source.recognises(path))
    status = path.stat()
    counts = ImportCounts()
    file = TranscriptFile(source, path, status.st_size, status.st_mtime)
    for _ in import_file(storage, file, counts):
        pass
    assert (counts.failed, counts.skipped_lines) == ([], 0)


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "whole" / "conversations.db") as storage:
        yield storage


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "growing" / "conversations.db") as storage:
        yield storage


def grow(path: Path, text: str, growing: AianaStorage) -> None:
    """Read the file as often as it grows by a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    for line in text.splitlines(keepends=True):
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
        if path.suffix == ".jsonl" or "aider chat" in path.read_text(encoding="utf-8"):
            imported(growing, path)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.stem[:12]}")
def test_what_a_program_wrote(
    path: Path, tmp_path: Path, whole: AianaStorage, growing: AianaStorage
) -> None:
    copy = tmp_path / "home" / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    imported(whole, copy)
    grow(copy, path.read_text(encoding="utf-8"), growing)
    assert told(growing) == told(whole)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_records_complete_that_were_read_before(
    name: str, tmp_path: Path, whole: AianaStorage, growing: AianaStorage
) -> None:
    path = tmp_path / "home" / name
    path.parent.mkdir(parents=True)
    path.write_text(WRITTEN[name], encoding="utf-8")
    imported(whole, path)
    sessions, messages, _ = told(whole)
    assert (len(sessions), len(messages) > 1) == (1, True)
    grow(path, WRITTEN[name], growing)
    assert told(growing) == told(whole)
