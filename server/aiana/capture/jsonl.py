"""Reads append-only line files from where the last reading stopped."""

from __future__ import annotations

import hashlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiana.capture.compressed import opened
from aiana.capture.decoding import loads, whole_records
from aiana.capture.long_lines import LongRecord
from aiana.capture.losses import Losses
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from aiana.paths import readable
from aiana.regular import open_regular

LONG_LINE = 8 << 20
"""Bytes of the longest line that is read whole: of longer ones, not the middle of long texts."""
LINE_CAP = 64 << 20
"""Bytes of which no more is kept of a line; those of which more would be are left out."""
BATCH_BYTES = 2 << 20
"""Bytes of transcript that become one transaction."""
COMPRESSED = ".jsonl.zst"
_STEP = 2 << 20
_HASHED = 4096
_TICK_NS = 20_000_000
"""No clock of a file system in use ticks more slowly."""
_BLANK = b"\0 \t\r\n"


class LineFile:
    """The complete lines of an open file from `offset` on.

    `offset` follows the lines that were given out, `number` is that of the last one. A last line
    without a line end is left for the next reading unless it is a complete JSON object. A line
    longer than `long` gives empty ones while it is read, so that whoever waits can stop.
    """

    def __init__(
        self,
        file: BufferedReader,
        offset: int = 0,
        number: int = 0,
        long: int = LONG_LINE,
        cap: int = LINE_CAP,
    ) -> None:
        self._file = file
        self._long = min(long, cap)
        self._cap = cap
        self.offset = offset
        self.number = number
        self.oversized: list[int] = []
        """Numbers of the lines that are longer than the cap."""
        self.shortened: list[tuple[int, int]] = []
        """Numbers of the long lines of which some was left out, and how many bytes."""

    def __iter__(self) -> Iterator[bytes]:
        if self._file.seekable():
            self._file.seek(self.offset)
        while line := self._file.readline(self._long + 1):
            length, is_ended = len(line), line.endswith(b"\n")
            left_out, is_oversized = 0, False
            if length > self._long and not is_ended:
                record = LongRecord()
                record.add(line)
                while not is_ended and (part := self._file.readline(_STEP)):
                    length, is_ended = length + len(part), part.endswith(b"\n")
                    if len(record) <= self._cap:
                        record.add(part)
                    yield b""
                is_oversized = len(record) > self._cap
                line, left_out = record.whole(), record.left_out
            if not is_ended and (is_oversized or not _is_complete(line)):
                return
            self.number += 1
            self.offset += length
            if is_oversized:
                self.oversized.append(self.number)
                continue
            if left_out:
                self.shortened.append((self.number, left_out))
            if stripped := line.strip(_BLANK):
                yield stripped


def _is_complete(line: bytes) -> bool:
    if not line.rstrip().endswith(b"}"):
        return False
    try:
        return isinstance(loads(line), dict)
    except ValueError:
        return False


class UnknownRecord(Exception):
    """A record that says nothing which could be read; its text says why."""


class LineReader(ABC):
    """Turns the lines of one file into batches."""

    @abstractmethod
    def take(self, line: bytes) -> str | None:
        """Take one record; what was left out of it and why, if anything was.

        Raises ValueError if it is no JSON object, and UnknownRecord if nothing of it can be used.
        """

    @abstractmethod
    def is_record(self, value: Any) -> bool:
        """Whether a JSON value is a record, and no part of one."""

    @abstractmethod
    def finish(self) -> None:
        """Flush what was kept back for a later record: the file ends here, for now."""

    @abstractmethod
    def batch(self, position: CapturePosition, bytes_read: int, reached: int) -> CaptureBatch:
        """What was taken since the last batch."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What to give to the reader of the lines that follow."""


class LineSource(ABC):
    """An assistant that writes one JSON record a line: the part that is the same for all.

    What is damaged costs itself: a record without its end, a line too long, a value that cannot
    be read are counted and named, and everything beside them is read.
    """

    name: str
    title: str
    version = 1
    """Of the reader: files that an older one read are read again."""

    @abstractmethod
    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> LineReader:
        """A reader of a file that goes on from `state`; `mtime` in seconds since 1970."""

    @abstractmethod
    def is_own(self, record: dict[str, Any]) -> bool:
        """Whether a record is one that only this assistant writes."""

    def is_transcript(self, path: Path) -> bool:
        """Whether a file with this name may be one of this assistant's."""
        return path.suffix == ".jsonl"

    def enters(self, folder: Path) -> bool:
        """Whether a folder below a root may hold transcripts."""
        return True

    def retention_days(self) -> int | None:
        """After how many days the assistant deletes its own files; None if it never does."""
        return None

    def recognises(self, path: Path) -> bool:
        """Whether one of the first records is this assistant's."""
        if not path.name.endswith((".jsonl", COMPRESSED)):
            return False
        with open_regular(path) as file:
            if path.suffix != ".zst":
                return self._begins(file)
            with suppress(ValueError), opened(file) as stream:
                return self._begins(stream)
        return False

    def _begins(self, file: BufferedReader) -> bool:
        lines = filter(None, LineFile(file))  # a long one gives empty ones while it is read
        return any(self.is_own(record) for line in islice(lines, 20) for record in _records(line))

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        """Whether the file was read to its end and nothing was written to it since."""
        mark = _mark(position, self.version)
        stat = path.stat()
        return mark is not None and (stat.st_size, stat.st_mtime_ns, stat.st_ino) == (
            mark.size,
            mark.mtime_ns,
            mark.inode,
        )

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        """What is new in the file, in steps of about `BATCH_BYTES`."""
        if path.suffix == ".zst":
            yield from self._read_compressed(path)
            return
        with open_transcript(path) as file:
            stat = os.fstat(file.fileno())
            mark = _mark(position, self.version)
            if mark is None or not resumable(file, mark):
                position, mark = None, Mark()
            lines = LineFile(file, mark.offset, mark.lines)

            def reached(read: os.stat_result | None) -> Mark:
                return mark_at(file, read, lines.offset, lines.number, self.version)

            yield from self._read(path, stat, lines, position, reached)

    def _read_compressed(self, path: Path) -> Iterator[CaptureBatch]:
        """A file that its assistant put away: nothing is added to it, so it is read as a whole."""
        with open_regular(path) as packed, opened(packed) as file:
            stat = os.fstat(packed.fileno())
            lines = LineFile(file)

            def reached(read: os.stat_result | None) -> Mark:
                return Mark(
                    size=read.st_size if read else 0,
                    mtime_ns=read.st_mtime_ns if read else 0,
                    inode=read.st_ino if read else 0,
                    version=self.version,
                )

            yield from self._read(path, stat, lines, None, reached)

    def _read(
        self,
        path: Path,
        stat: os.stat_result,
        lines: LineFile,
        position: CapturePosition | None,
        reached: Callable[[os.stat_result | None], Mark],
    ) -> Iterator[CaptureBatch]:
        reader = self.reader(path, stat.st_mtime, position.state if position else {})
        losses = Losses(path, known=position)

        def here(read: os.stat_result | None) -> CapturePosition:
            for number in lines.oversized:
                losses.add(f"It is longer than {LINE_CAP >> 20} MiB.", number)
            for number, length in lines.shortened:
                losses.add(f"{length:,} bytes from the middle of its long texts.", number)
            lines.oversized.clear()
            lines.shortened.clear()
            return CapturePosition(
                path=readable(path),
                source=self.name,
                mark=msgspec.to_builtins(reached(read)),
                skipped_lines=losses.count,
                left_out=losses.named,
                state=reader.state(),
            )

        start, waited = lines.offset, 0
        understood = position is not None
        for line in _whole(lines, losses):
            waited += not line
            if line:
                understood = _take(reader, line, lines.number, losses) or understood
            if lines.offset - start >= BATCH_BYTES or waited * _STEP > BATCH_BYTES:
                yield reader.batch(here(None), lines.offset - start, lines.offset)
                start, waited = lines.offset, 0
        if losses.count and not understood:
            raise UnreadableFile(f"None of its {losses.count} lines is a {self.title} record.")
        reader.finish()
        yield reader.batch(here(stat), lines.offset - start, lines.offset)


def _whole(lines: LineFile, losses: Losses) -> Iterator[bytes]:
    """The lines of a file, up to where it cannot be unpacked."""
    try:
        yield from lines
    except ValueError as error:
        if not lines.number:
            raise UnreadableFile(f"It cannot be unpacked: {error}.") from None
        losses.add(f"What follows cannot be unpacked: {error}.", lines.number + 1)


def _take(reader: LineReader, line: bytes, number: int, losses: Losses) -> bool:
    """Take what is whole on a line; whether anything of it was understood."""
    try:
        return _take_record(reader, line, number, losses)
    except ValueError:
        pass
    found, damaged = whole_records(line, reader.is_record)
    understood = [_take_record(reader, record, number, losses) for record in found]
    if damaged:
        reason = "It holds a record without its end." if found else "It is no JSON object."
        losses.add(reason, number)
    return any(understood)


def _take_record(reader: LineReader, record: bytes, number: int, losses: Losses) -> bool:
    try:
        lost = reader.take(record)
    except UnknownRecord as unknown:
        losses.add(str(unknown), number)
        return False
    if lost:
        losses.add(lost, number)
    return True


def _records(line: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects on a line."""
    try:
        value = loads(line)
        if isinstance(value, dict):
            yield value
    except ValueError:
        for record in whole_records(line, lambda value: "type" in value)[0]:
            yield loads(record)


def open_transcript(path: Path) -> BufferedReader:
    """The file, open for reading. Raises OSError, and UnreadableFile if it holds no text."""
    file = open_regular(path)
    head = file.read(_HASHED)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        file.close()
        raise UnreadableFile("It is UTF-16 text, transcripts are UTF-8: convert it first.")
    return file


class Mark(Struct, frozen=True, kw_only=True):
    """A place in a line file, and how to tell that the file is the same up to it."""

    offset: int = 0
    """Bytes of complete lines that are stored."""
    lines: int = 0
    """How many lines those are."""
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    head_hash: str = ""
    """Hash of the first 4 KiB (or of `offset` bytes, where that is less)."""
    tail_hash: str = ""
    """Hash of the 4 KiB before `offset`."""
    version: int = 0
    """Of the reader."""
    settled: bool = True
    """Whether a later change must show in the time of the file, whose clock ticks slowly."""


def _mark(position: CapturePosition | None, version: int) -> Mark | None:
    """The mark of a position; None if there is none that this reader can go on from."""
    if position is None:
        return None
    try:
        mark = msgspec.convert(position.mark, Mark)
    except msgspec.ValidationError:
        return None
    return mark if mark.version == version else None


def resumable(file: BufferedReader, mark: Mark) -> bool:
    """Whether the file still begins with the bytes that were read up to the mark."""
    stat = os.fstat(file.fileno())
    complete = mark.mtime_ns != 0
    same_time = mark.settled and stat.st_mtime_ns == mark.mtime_ns
    if complete and stat.st_size == mark.size and not same_time:
        return False  # rewritten in place
    return _hashes(file, mark.offset) == (mark.head_hash, mark.tail_hash)


def mark_at(
    file: BufferedReader, stat: os.stat_result | None, offset: int, lines: int, version: int
) -> Mark:
    """The mark after the first `offset` bytes.

    `stat` is how the file looked before it was read to its end; None while there is more to read.
    """
    head_hash, tail_hash = _hashes(file, offset)
    return Mark(
        offset=offset,
        lines=lines,
        size=stat.st_size if stat else offset,
        mtime_ns=stat.st_mtime_ns if stat else 0,
        inode=stat.st_ino if stat else 0,
        head_hash=head_hash,
        tail_hash=tail_hash,
        version=version,
        settled=stat is None or not 0 <= time.time_ns() - stat.st_mtime_ns < _TICK_NS,
    )


def _hashes(file: BufferedReader, offset: int) -> tuple[str, str]:
    """Hashes of the first and the last 4 KiB before `offset`; the file's place is kept."""
    place = file.tell()
    hashes = []
    for start in (0, max(0, offset - _HASHED)):
        file.seek(start)
        data = file.read(min(_HASHED, offset - start))
        hashes.append(hashlib.blake2b(data, digest_size=16).hexdigest())
    file.seek(place)
    return hashes[0], hashes[1]
