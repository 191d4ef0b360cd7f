"""The file that `export` writes and `import` reads: everything that is kept, a JSON value a line.

    {"aianaArchive": 1}
    {"session": {...}}        followed by its messages
    {"message": {...}}
    {"memory": {...}}
    {"preference": {...}}

Values have the shapes of `aiana.models`, without what is derived from them. An archive to be shared
says so in its first line (`"shared": true`), and what comes from it says which file it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from aiana.capture.decoding import loads
from aiana.capture.jsonl import BATCH_BYTES, LINE_CAP, LineFile
from aiana.capture.losses import Losses
from aiana.capture.own_files import OwnFile, mark_of
from aiana.errors import UnreadableFile
from aiana.models import (
    CaptureBatch,
    CapturePosition,
    Memory,
    Message,
    Preference,
    Session,
)
from aiana.paths import readable
from aiana.regular import open_regular

VERSION = 1
_MARK = "aianaArchive"
_DERIVED = ("uri", "messageCount", "tokenCount")
_HEAD_BYTES = 4096

T = TypeVar("T", bound=Struct)


def head(shared: bool = False) -> str:
    """The first line of an archive."""
    return _line({_MARK: VERSION, **({"shared": True} if shared else {})})


def session_lines(session: Session, messages: Iterable[Message]) -> Iterator[str]:
    """A session, and below it its messages in order."""
    yield _line({"session": _value(session)})
    for message in messages:
        yield _line({"message": _value(message)})


def memory_line(memory: Memory) -> str:
    return _line({"memory": _value(memory)})


def preference_line(preference: Preference) -> str:
    return _line({"preference": _value(preference)})


def _value(struct: Struct) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.to_builtins(struct)
    return {
        key: item
        for key, item in value.items()
        if key not in _DERIVED and item not in (None, "", [], {})
    }


def _line(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value, order="sorted").decode() + "\n"


class Archive(OwnFile):
    """Reads archives, which lie where a person put them."""

    def is_transcript(self, path: Path) -> bool:
        return path.suffix == ".jsonl"

    def recognises(self, path: Path) -> bool:
        with open_regular(path) as file:
            return _head_of(file.readline(_HEAD_BYTES)) is not None

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        """The whole archive, some megabytes and never more than one session a step."""
        mark, losses = mark_of(path), Losses(path)

        def reached() -> CapturePosition:
            return CapturePosition(
                path=readable(path),
                source=self.name,
                mark=mark,
                skipped_lines=losses.count,
                left_out=losses.named,
            )

        with open_regular(path) as file:
            told = _head_of(file.readline(_HEAD_BYTES))
            if told is None:
                raise UnreadableFile("It is no archive of Aiana.")
            if told[_MARK] > VERSION:
                raise UnreadableFile("A newer Aiana wrote it: upgrade with `pip install -U aiana`.")
            lines = LineFile(file, file.tell(), number=1, long=LINE_CAP)
            step = _Step(imported_from=path.name if told.get("shared") else None)
            begun = lines.offset
            for line in filter(None, lines):
                record, reason = _record(line)
                size = lines.offset - begun
                if step.has_content and ("session" in record or size > BATCH_BYTES):
                    yield step.batch(reached(), size, lines.offset)
                    begun = lines.offset
                reason = reason or step.take(record)
                if reason is not None:
                    losses.add(reason, lines.number)
            for number in lines.oversized:
                losses.add("the line is too long", number)
            yield step.batch(reached(), lines.offset - begun, lines.offset)


class _Step:
    """What is stored together. A session stays current for the messages of the steps after it."""

    def __init__(self, imported_from: str | None) -> None:
        self._imported_from = imported_from
        self._session: Session | None = None
        self._messages: list[Message] = []
        self._memories: list[Memory] = []
        self._preferences: list[Preference] = []
        self._is_new = False

    @property
    def has_content(self) -> bool:
        return bool(self._is_new or self._messages or self._memories or self._preferences)

    def take(self, record: dict[str, Any]) -> str | None:
        """Take one value; why it cannot be, if so."""
        try:
            match record:
                case {"session": value}:
                    self._session = None
                    self._session = self._marked(msgspec.convert(value, Session))
                    self._is_new = True
                case {"message": value}:
                    message = msgspec.convert(value, Message)
                    if self._session is None or message.session_id != self._session.id:
                        return "a message of a session that is not there"
                    self._messages.append(message)
                case {"memory": value}:
                    self._memories.append(self._marked(msgspec.convert(value, Memory)))
                case {"preference": value}:
                    self._preferences.append(msgspec.convert(value, Preference))
                case _:
                    return "not known to this version"
        except msgspec.ValidationError as error:
            return f"not as it should be: {error}"
        return None

    def batch(self, reached: CapturePosition, bytes_read: int, offset: int) -> CaptureBatch:
        """What was taken since the last step."""
        batch = CaptureBatch(
            sessions=[self._session] if self._session is not None else [],
            messages=self._messages,
            memories=self._memories,
            preferences=self._preferences,
            bytes_read=bytes_read,
            reached=offset,
            position=reached,
        )
        self._messages, self._memories, self._preferences = [], [], []
        self._is_new = False
        return batch

    def _marked(self, value: Any) -> Any:
        if self._imported_from is None:
            return value
        return replace(value, metadata={**value.metadata, "importedFrom": self._imported_from})


def _head_of(line: bytes) -> dict[str, Any] | None:
    record, _ = _record(line)
    return record if type(record.get(_MARK)) is int else None


def _record(line: bytes) -> tuple[dict[str, Any], str | None]:
    try:
        value = loads(line)
    except ValueError:
        return {}, "no JSON value"
    return (value, None) if isinstance(value, dict) else ({}, "no JSON object")
