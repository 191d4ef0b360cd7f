"""Reads what a service hands out of an account: a zip, or the `conversations.json` in it.

Nothing is unpacked: the conversations are read out of the archive one by one, and an archive that
would unpack to far more than it is, or whose names lead out of it, is refused.
"""

from __future__ import annotations

import os
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from aiana.capture.arrays import ArrayReader
from aiana.capture.building import SessionBuilder
from aiana.capture.decoding import object_of, whole_records
from aiana.capture.jsonl import BATCH_BYTES, LINE_CAP
from aiana.capture.losses import Losses
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition, Message, Session
from aiana.paths import readable
from aiana.regular import open_regular

MOST_FILES = 10_000
"""Files of conversations in one archive; the services write one, or a few dozen."""
LARGEST = 16 << 30
"""Bytes that all conversations of an archive may have."""
_STEEPEST, _SMALL = 200, 64 << 20
"""How many times its size an archive may unpack to, once it is no small one; text does 20 times."""
_HEAD, _PEEKED = 64 << 10, 3
"""What is looked at to know an export: bytes of a file, and files."""
_NAME = re.compile(r"conversations(?:[-_]\d{1,6})?\.json")
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\\|\0")


class ExportMark(Struct, frozen=True, kw_only=True):
    """Which export was read, and how far."""

    size: int
    mtime_ns: int
    inode: int
    version: int
    conversations: int
    """How many were taken."""
    is_complete: bool


class ExportSource(ABC):
    """A service whose conversations come as an array of JSON objects in one archive."""

    name: str
    title: str
    version = 1
    """Of the reader: exports that an older one read are read again."""
    head: re.Pattern[bytes]
    """What stands where the first conversation begins, and in no other service's export."""

    @abstractmethod
    def is_conversation(self, value: Any) -> bool:
        """Whether a JSON object is a conversation, and no part of one."""

    @abstractmethod
    def tell(self, conversation: dict[str, Any], builder: SessionBuilder) -> str | None:
        """Give the builder a conversation; what was left out of it and why, if anything was."""

    def roots(self) -> list[Path]:
        """None: an export lies where its owner put it, and is read when it is given."""
        return []

    def enters(self, folder: Path) -> bool:
        return True

    def is_transcript(self, path: Path) -> bool:
        return path.suffix.lower() == ".zip" or _NAME.fullmatch(path.name) is not None

    def retention_days(self) -> int | None:
        return None

    def recognises(self, path: Path) -> bool:
        """Whether a conversation of this service begins what the file holds.

        Raises OSError, and UnreadableFile for an archive that is refused.
        """
        if path.suffix.lower() not in (".zip", ".json"):
            return False
        with open_regular(path) as file:
            if not _is_zip(file):
                return self.head.search(file.read(_HEAD)) is not None
            try:
                archive = _opened(file)
            except UnreadableFile:
                return False
            with archive:
                lost: list[str] = []
                members = _members(archive, lost)
                if lost and not members:
                    raise UnreadableFile(lost[0])
                for member in members[:_PEEKED]:
                    with suppress(_BROKEN), archive.open(member) as part:
                        if self.head.search(part.read(_HEAD)):
                            return True
        return False

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        """Whether the export is the one that was read."""
        mark = self._mark(position, path.stat())
        return mark is not None and mark.is_complete

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        """The conversations after those that were taken, in steps of about `BATCH_BYTES`."""
        with open_regular(path) as file:
            stat = os.fstat(file.fileno())
            mark = self._mark(position, stat) if position else None
            known = position if mark else None
            reading = _Reading(self, path, stat, known, mark.conversations if mark else 0)
            if not _is_zip(file):
                yield from reading.take(file.read, file.tell)
            else:
                with _opened(file) as archive:
                    refused: list[str] = []
                    members = _members(archive, refused)
                    for reason in refused if known is None else []:
                        reading.losses.add(reason)
                    _check(members, stat.st_size)
                    for member in members:
                        yield from reading.take_member(archive, member, file.tell)
            yield reading.end()

    def _mark(self, position: CapturePosition, stat: os.stat_result) -> ExportMark | None:
        """The mark of a reading of this very file; None if there is none."""
        with suppress(msgspec.ValidationError):
            mark = msgspec.convert(position.mark, ExportMark)
            facts = (stat.st_size, stat.st_mtime_ns, stat.st_ino, self.version)
            if (mark.size, mark.mtime_ns, mark.inode, mark.version) == facts:
                return mark
        return None


_BROKEN = Exception
"""What `zipfile` raises of a damaged, encrypted or odd archive: a dozen kinds of errors."""


class _Reading:
    """One reading of an export."""

    def __init__(
        self,
        source: ExportSource,
        path: Path,
        stat: os.stat_result,
        known: CapturePosition | None,
        taken: int,
    ) -> None:
        self._source = source
        self._path = path
        self._stat = stat
        self._passed_over = taken
        self._number = 0
        self.losses = Losses(path, known=known)
        self._was_understood = known is not None
        self._sessions: list[Session] = []
        self._messages: list[Message] = []
        self._before: dict[str, str] = {}
        self._bytes = 0

    def take_member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, reached: Callable[[], int]
    ) -> Iterator[CaptureBatch]:
        """Read one file of the archive; what cannot be unpacked breaks off there."""
        try:
            part = archive.open(member)
        except _BROKEN as error:
            self.losses.add(f"{member.filename} cannot be unpacked: {error}.")
            return
        with part:
            yield from self.take(lambda size: self._unpacked(part, size), reached)

    def _unpacked(self, part: Any, size: int) -> bytes:
        try:
            return bytes(part.read(size))
        except _BROKEN as error:
            self.losses.add(f"The archive is damaged: {error}.")
            return b""

    def take(
        self, read: Callable[[int], bytes], reached: Callable[[], int]
    ) -> Iterator[CaptureBatch]:
        """Read one array of conversations."""
        array = ArrayReader(read, LINE_CAP)
        for text in array:
            self._number += 1
            if self._number > self._passed_over:
                self._take_text(text)
                self._bytes += len(text)
            if self._bytes >= BATCH_BYTES:
                yield self._batch(reached(), is_complete=False)
        for _ in range(array.oversized):
            self.losses.add(f"A conversation is longer than {LINE_CAP >> 20} MiB.")
        if not array.is_whole:
            self.losses.add("It breaks off: only the conversations before that were read.")

    def end(self) -> CaptureBatch:
        """The last batch. Raises UnreadableFile if nothing of the export was understood."""
        batch = self._batch(self._stat.st_size, is_complete=True)
        if not self._was_understood and self.losses.count:
            raise UnreadableFile(
                f"Nothing in it is a {self._source.title} conversation: "
                f"{self.losses.named[0].reason}"
            )
        return batch

    def _take_text(self, text: bytes) -> None:
        """Take a conversation, or the whole ones of a text that is damaged."""
        try:
            self._tell(object_of(text))
            return
        except ValueError:
            pass
        found, _ = whole_records(text, self._source.is_conversation)
        for record in found:
            self._tell(object_of(record))
        self.losses.add(f"Conversation {self._number} is damaged.")

    def _tell(self, conversation: dict[str, Any]) -> None:
        if not self._source.is_conversation(conversation):
            self.losses.add(f"Object {self._number} is no conversation.")
            return
        # A builder of its own: places count from the beginning of each conversation.
        builder = SessionBuilder(self._source.name, self._path, self._stat.st_mtime, {})
        if reason := self._source.tell(conversation, builder):
            self.losses.add(f"Conversation {self._number}: {reason}")
        batch = builder.batch(CapturePosition(path="", source=""), 0, 0)
        self._sessions += batch.sessions
        self._messages += batch.messages
        self._before |= batch.before
        self._was_understood = True

    def _batch(self, reached: int, *, is_complete: bool) -> CaptureBatch:
        mark = ExportMark(
            size=self._stat.st_size,
            mtime_ns=self._stat.st_mtime_ns,
            inode=self._stat.st_ino,
            version=self._source.version,
            conversations=self._number,
            is_complete=is_complete,
        )
        batch = CaptureBatch(
            sessions=self._sessions,
            messages=self._messages,
            before=self._before,
            bytes_read=self._bytes,
            reached=reached,
            position=CapturePosition(
                path=readable(self._path),
                source=self._source.name,
                mark=msgspec.to_builtins(mark),
                skipped_lines=self.losses.count,
                left_out=self.losses.named,
            ),
        )
        self._sessions, self._messages, self._before, self._bytes = [], [], {}, 0
        return batch


def _is_zip(file: BufferedReader) -> bool:
    return file.peek(4)[:4] == b"PK\3\4"


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    """The archive in a file. Raises UnreadableFile."""
    try:
        return zipfile.ZipFile(file)
    except _BROKEN as error:
        raise UnreadableFile(f"It is no whole zip archive: {error}") from None


def _members(archive: zipfile.ZipFile, lost: list[str]) -> list[zipfile.ZipInfo]:
    """The files of conversations in an archive; names that lead out of it are refused."""
    members = []
    for member in archive.infolist():
        parts = member.orig_filename.replace("\\", "/").split("/")
        if _NAME.fullmatch(parts[-1]) is None or "__MACOSX" in parts:
            continue
        if _LEADS_OUT.search(member.orig_filename) or member.is_dir() or _is_link(member):
            lost.append(
                f"The name {member.orig_filename[:80]!r} leads out of the archive: refused."
            )
        else:
            members.append(member)
    return sorted(members, key=lambda member: member.filename)


def _is_link(member: zipfile.ZipInfo) -> bool:
    return (member.external_attr >> 16) & 0o170000 == 0o120000


def _check(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse what would unpack to far more than it is. Raises UnreadableFile."""
    if len(members) > MOST_FILES:
        raise UnreadableFile(f"It holds {len(members):,} files of conversations: refused.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > LARGEST or (unpacked > _SMALL and unpacked > size * _STEEPEST):
        raise UnreadableFile(
            f"It would unpack to {unpacked:,} bytes from {size:,}: refused, no export is like that."
        )
