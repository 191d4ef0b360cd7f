"""Claude Code: JSONL transcripts under `~/.claude/projects`, one file a session or sub-agent.

Message ids are the records' uuids; a record with several parts gives its first row the uuid and
further ones `uuid#n`. A sub-agent's records become a session of their own, `agent-<agentId>`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aiana.capture.claude_code.records import SKIPPED, Record
from aiana.capture.claude_code.session import SOURCE, TranscriptReader, names_session
from aiana.capture.decoding import lenient, loads
from aiana.capture.jsonl import LineSource
from aiana.paths import expanded
from aiana.regular import small_file

_TYPES = frozenset({"user", "assistant", "summary", "system", "attachment", "queue-operation"})
_OWN = _TYPES | SKIPPED | {"custom-title", "ai-title", "worktree-state"}
_DEFAULT_RETENTION_DAYS = 30


class ClaudeCode(LineSource):
    """Reads the folders that `CLAUDE_CONFIG_DIR` names, or `~/.claude` and `~/.config/claude`."""

    name = SOURCE
    title = "Claude Code"
    version = 2

    def roots(self) -> list[Path]:
        return [folder / kept for folder in _folders() for kept in ("projects", "transcripts")]

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> TranscriptReader:
        return TranscriptReader(path, mtime, state)

    def is_own(self, record: dict[str, Any]) -> bool:
        kind, message = record.get("type"), record.get("message")
        if "systemPayload" in record or (isinstance(message, dict) and "parts" in message):
            return False  # Qwen Code's records look alike otherwise.
        if kind in ("user", "assistant", "system") and "uuid" not in record:
            return False  # so does what Droid prints
        return isinstance(kind, str) and kind in _OWN and names_session(lenient(Record, record))

    def retention_days(self) -> int | None:
        return min(map(_retention, _folders()))


def _folders() -> list[Path]:
    """Where Claude Code keeps its files; several, as other tools take them, with commas."""
    named = [part.strip() for part in os.environ.get("CLAUDE_CONFIG_DIR", "").split(",")]
    folders = [expanded(part).absolute() for part in named if part]
    if not folders:
        home = Path.home()
        configured = os.environ.get("XDG_CONFIG_HOME")
        folders = [
            home / ".claude",
            (Path(configured) if configured else home / ".config") / "claude",
        ]
    return list(dict.fromkeys(folders))


def _retention(folder: Path) -> int:
    try:
        days = loads(small_file(folder / "settings.json"))["cleanupPeriodDays"]
    except (OSError, ValueError, KeyError, TypeError):
        return _DEFAULT_RETENTION_DAYS
    return days if isinstance(days, int) and days >= 0 else _DEFAULT_RETENTION_DAYS
