"""Reads files that an assistant writes anew as a whole: JSON documents, Markdown."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from aiana.capture.building import SessionBuilder
from aiana.capture.losses import Losses
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from aiana.paths import readable
from aiana.regular import open_regular

LARGEST = 256 << 20
"""Bytes of the largest document that is read."""


class DocumentMark(Struct, frozen=True, kw_only=True):
    """What a document was when it was read."""

    size: int
    mtime_ns: int
    inode: int
    digest: str
    version: int


class DocumentSource(ABC):
    """An assistant that keeps each conversation in a file of its own and rewrites it.

    A changed file is read from its beginning; messages are told apart by their ids, and one that
    is no longer there stays stored: a compacted file takes nothing with it.
    """

    name: str
    title: str
    version = 1
    """Of the reader: files that an older one read are read again."""

    @abstractmethod
    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        """Give the builder what a document says; what was left out of it and why.

        Raises ValueError if nothing of it can be read.
        """

    def enters(self, folder: Path) -> bool:
        """Whether a folder below a root may hold conversations."""
        return True

    def retention_days(self) -> int | None:
        """After how many days the assistant deletes its own files; None if it never does."""
        return None

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        """Whether the file is the one that was read."""
        mark, stat = self._mark(position), path.stat()
        return mark is not None and (mark.size, mark.mtime_ns, mark.inode) == (
            stat.st_size,
            stat.st_mtime_ns,
            stat.st_ino,
        )

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        """The whole document, if it is another one than at `position`, in one step."""
        with open_regular(path) as file:
            stat = os.fstat(file.fileno())
            if stat.st_size > LARGEST:
                raise UnreadableFile(f"It is larger than {LARGEST >> 20} MiB.")
            data = file.read(LARGEST)
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        known = self._mark(position) if position else None
        memory = position.state.get("memory", {}) if position else {}
        state = {"builder": {"memory": memory}}
        builder = SessionBuilder(self.name, path, stat.st_mtime, state)
        losses = Losses(path)
        is_same = known is not None and known.digest == digest
        if not is_same:
            try:
                losses = Losses(path, self.parse(data, builder))
            except ValueError as error:
                raise UnreadableFile(f"It is no {self.title} conversation: {error}") from None
        mark = DocumentMark(
            size=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            inode=stat.st_ino,
            digest=digest,
            version=self.version,
        )
        if is_same:
            losses = Losses(path, known=position)
        reached = CapturePosition(
            path=readable(path),
            source=self.name,
            mark=msgspec.to_builtins(mark),
            skipped_lines=losses.count,
            left_out=losses.named,
            state={"memory": builder.memory} if builder.memory else {},
        )
        yield builder.batch(reached, 0 if is_same else len(data), len(data))

    def _mark(self, position: CapturePosition) -> DocumentMark | None:
        try:
            mark = msgspec.convert(position.mark, DocumentMark)
        except msgspec.ValidationError:
            return None
        return mark if mark.version == self.version else None


class MarkdownSource(DocumentSource):
    """A document source whose files lie in the projects, where nobody lists them.

    They are read where they are given, and known by how they begin.
    """

    head_bytes = 64 << 10
    """What is looked at to know a file."""

    @abstractmethod
    def is_own_head(self, head: bytes) -> bool:
        """Whether a file that begins so is one of this assistant's."""

    def roots(self) -> list[Path]:
        return []

    def is_transcript(self, path: Path) -> bool:
        return path.suffix == ".md"

    def recognises(self, path: Path) -> bool:
        if not self.is_transcript(path):
            return False
        with open_regular(path) as file:
            return self.is_own_head(file.read(self.head_bytes))
