"""Claude Code: JSONL transcripts under `~/.claude/projects`, one file a session or sub-agent.

Message ids are the records' uuids; a record with several parts gives its first row the uuid and
further ones `uuid#n`. A sub-agent's records become a session of their own, `agent-<agentId>`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from aiana.capture.claude_code.records import SKIPPED, decode_record
from aiana.capture.claude_code.session import SOURCE, TranscriptReader
from aiana.capture.jsonl import BATCH_BYTES, LineFile, open_transcript, position_at, resumable
from aiana.errors import UnreadableTranscript
from aiana.models import CaptureBatch, CapturePosition

_TYPES = frozenset({"user", "assistant", "summary", "system", "attachment"}) | SKIPPED
_DEFAULT_RETENTION_DAYS = 30


class ClaudeCode:
    """Reads `CLAUDE_CONFIG_DIR`, or `~/.claude`."""

    name = SOURCE
    title = "Claude Code"

    def roots(self) -> list[Path]:
        return [_config_dir() / "projects", _config_dir() / "transcripts"]

    def discover(self, folder: Path) -> Iterable[Path]:
        return (path for path in folder.rglob("*.jsonl") if path.is_file())

    def recognises(self, path: Path) -> bool:
        if path.suffix != ".jsonl":
            return False
        with path.open("rb") as file:
            return any(_is_record(line) for line in islice(LineFile(file), 20))

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        with open_transcript(path) as file:
            stat = os.fstat(file.fileno())
            if position is not None and not resumable(file, position):
                position = None
            lines = LineFile(file, position.offset if position else 0)
            reader = TranscriptReader(path, stat.st_mtime, position.state if position else {})
            skipped = position.skipped_lines if position else 0

            def here(complete: bool) -> CapturePosition:
                return position_at(
                    file,
                    stat if complete else None,
                    lines.offset,
                    path=str(path),
                    source=SOURCE,
                    skipped_lines=skipped + lines.oversized,
                    state=reader.state(),
                )

            start = lines.offset
            understood = position is not None
            for line in lines:
                if reader.take(line):
                    understood = True
                else:
                    skipped += 1
                if lines.offset - start >= BATCH_BYTES:
                    yield reader.batch(here(complete=False), lines.offset - start)
                    start = lines.offset
            if skipped and not understood:
                raise UnreadableTranscript(f"None of its {skipped} lines is a Claude Code record.")
            reader.finish()
            yield reader.batch(here(complete=True), lines.offset - start)

    def retention_days(self) -> int | None:
        try:
            settings = json.loads((_config_dir() / "settings.json").read_bytes())
            days = settings["cleanupPeriodDays"]
        except (OSError, ValueError, KeyError, TypeError):
            return _DEFAULT_RETENTION_DAYS
        return days if isinstance(days, int) and days >= 0 else _DEFAULT_RETENTION_DAYS


def _config_dir() -> Path:
    folder = os.environ.get("CLAUDE_CONFIG_DIR")
    return Path(folder).expanduser() if folder else Path.home() / ".claude"


def _is_record(line: bytes) -> bool:
    try:
        record = decode_record(line)
    except ValueError:
        return False
    named = record.session_id or record.leaf_uuid or record.message_id
    return record.type in _TYPES and bool(named)
