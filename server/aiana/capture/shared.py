"""Reads Markdown that Aiana wrote to be shared; `shared_form` tells of what parts.

It is a text for people, with less in it than what is stored: it adds to what is there, and changes
nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from aiana.capture.losses import Losses
from aiana.capture.own_files import OwnFile, mark_of
from aiana.capture.shared_form import VERSION, Part, head_of, parts_of
from aiana.errors import UnreadableFile
from aiana.models import (
    OWN_SOURCE,
    CaptureBatch,
    CapturePosition,
    Memory,
    Message,
    Session,
)
from aiana.paths import readable
from aiana.regular import open_regular

_HEAD_BYTES = 200
_LARGEST = 64 << 20

T = TypeVar("T", bound=Struct)


class SharedMarkdown(OwnFile):
    """One session with its sub-agents, or one memory, as `aiana export` and *Share* write them."""

    def is_transcript(self, path: Path) -> bool:
        return path.suffix.lower() in (".md", ".markdown")

    def recognises(self, path: Path) -> bool:
        with open_regular(path) as file:
            return _head(file.readline(_HEAD_BYTES)) is not None

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        """All that the file holds, in one step."""
        with open_regular(path) as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise UnreadableFile(f"It is larger than {_LARGEST >> 20} MiB.")
        first, _, rest = data.partition(b"\n")
        told = _head(first)
        if told is None:
            raise UnreadableFile("It is nothing that Aiana has shared.")
        version, key = told
        if version > VERSION:
            raise UnreadableFile("A newer Aiana wrote it: upgrade with `pip install -U aiana`.")
        reading = _Reading(path)
        for part in parts_of(rest.decode("utf-8", "replace").splitlines(), key):
            reading.take(part)
        yield reading.batch(len(data))


class _Reading:
    """What was found in one file so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sessions: list[Session] = []
        self._messages: list[Message] = []
        self._memories: list[Memory] = []
        self._losses = Losses(path)

    def take(self, part: Part | int) -> None:
        if isinstance(part, int):
            self._leave_out(part, "the comment that says what it is was changed")
            return
        facts = {**part.facts, "content": part.text}
        origin = {"metadata": {"importedFrom": self._path.name}}
        try:
            match part.kind:
                case "session":
                    title = {"title": part.text or None}
                    self._sessions.append(_made({**part.facts, **title, **origin}, Session))
                case "memory":
                    self._memories.append(_made({**facts, **origin}, Memory))
                case "message":
                    message = _made(facts, Message)
                    if not self._sessions or message.session_id != self._sessions[-1].id:
                        self._leave_out(part.line, "a message of a session that is not there")
                    else:
                        self._messages.append(message)
        except msgspec.ValidationError as error:
            self._leave_out(part.line, f"not as it should be: {error}")

    def batch(self, size: int) -> CaptureBatch:
        return CaptureBatch(
            sessions=self._sessions,
            messages=self._messages,
            memories=self._memories,
            adds_only=True,
            bytes_read=size,
            reached=size,
            position=CapturePosition(
                path=readable(self._path),
                source=OWN_SOURCE,
                mark=mark_of(self._path),
                skipped_lines=self._losses.count,
                left_out=self._losses.named,
            ),
        )

    def _leave_out(self, line: int, reason: str) -> None:
        # The line of the head comes before those of the parts.
        self._losses.add(reason, line + 1)


def _made(facts: dict[str, Any], kind: type[T]) -> T:
    return msgspec.convert(facts, kind)


def _head(line: bytes) -> tuple[int, str] | None:
    return head_of(line.decode("utf-8", "replace"))
