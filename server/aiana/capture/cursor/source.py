"""Cursor's conversations in all places: the editor's databases, the command line's, agents' logs.

An agent's conversation may stand in two of them, with the same ids; what tells most of it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aiana.capture.cursor import places
from aiana.capture.cursor.command_line import CommandLineStores, is_conversation
from aiana.capture.cursor.editor import EditorDatabases, holds_conversations
from aiana.capture.cursor.logs import AgentLogs, is_log
from aiana.capture.cursor.values import NAME, TITLE
from aiana.models import CaptureBatch, CapturePosition


class Cursor:
    """Reads the editor's user data, and `CURSOR_CONFIG_DIR` or `~/.cursor`."""

    name = NAME
    title = TITLE

    def __init__(self) -> None:
        self._databases, self._stores, self._logs = (
            EditorDatabases(),
            CommandLineStores(),
            AgentLogs(),
        )

    def roots(self) -> list[Path]:
        return places.roots()

    def enters(self, folder: Path) -> bool:
        return places.may_hold_conversations(folder)

    def is_transcript(self, path: Path) -> bool:
        return places.is_database(path) or places.is_store(path) or places.is_agent_log(path)

    def recognises(self, path: Path) -> bool:
        match path.suffix:
            case ".vscdb":
                return holds_conversations(path)
            case ".db":
                return is_conversation(path)
            case ".jsonl" | ".txt":
                return is_log(path)
        return False

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        return self._kit(path).unchanged(path, position)

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        return self._kit(path).read(path, position)

    def retention_days(self) -> int | None:
        return None

    def _kit(self, path: Path) -> EditorDatabases | CommandLineStores | AgentLogs:
        if path.suffix == ".vscdb":
            return self._databases
        return self._stores if path.suffix == ".db" else self._logs
