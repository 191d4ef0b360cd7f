"""Reads append-only line files from where the last reading stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from aiana.errors import UnreadableTranscript
from aiana.models import CapturePosition

LINE_CAP = 64 << 20
"""Bytes of the longest line that is read; longer ones are counted and left out."""
BATCH_BYTES = 2 << 20
"""Bytes of transcript that become one transaction."""
_HASHED = 4096
_BLANK = b"\0 \t\r\n"


class LineFile:
    """The complete lines of an open file from `offset` on.

    `offset` follows the lines that were given out. A last line without a line end is left for the
    next reading unless it is a complete JSON object.
    """

    def __init__(self, file: BufferedReader, offset: int = 0, cap: int = LINE_CAP) -> None:
        self._file = file
        self._cap = cap
        self.offset = offset
        self.oversized = 0
        """Lines longer than the cap so far."""

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self.offset)
        while line := self._file.readline(self._cap + 1):
            if not line.endswith(b"\n"):
                if len(line) > self._cap:
                    if not (length := self._rest_of_line()):
                        return
                    self.oversized += 1
                    self.offset += len(line) + length
                    continue
                if not _is_complete(line):
                    return
            self.offset += len(line)
            if stripped := line.strip(_BLANK):
                yield stripped

    def _rest_of_line(self) -> int:
        """Bytes up to and with the next line end; 0 if there is none yet."""
        length = 0
        while part := self._file.readline(1 << 20):
            length += len(part)
            if part.endswith(b"\n"):
                return length
        return 0


def _is_complete(line: bytes) -> bool:
    if not line.rstrip().endswith(b"}"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def open_transcript(path: Path) -> BufferedReader:
    """The file, open for reading. Raises OSError, and UnreadableTranscript if it holds no text."""
    if not path.is_file():
        # Opening a pipe or a device would wait for ever.
        raise UnreadableTranscript("It is not a regular file.")
    file = path.open("rb")
    head = file.read(_HASHED)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        file.close()
        raise UnreadableTranscript("It is UTF-16 text, transcripts are UTF-8: convert it first.")
    return file


def resumable(file: BufferedReader, position: CapturePosition) -> bool:
    """Whether the file still begins with the bytes that were read up to `position`."""
    stat = os.fstat(file.fileno())
    complete = position.mtime_ns != 0
    if complete and stat.st_size == position.size and stat.st_mtime_ns != position.mtime_ns:
        return False  # rewritten in place
    return _hashes(file, position.offset) == (position.head_hash, position.tail_hash)


def untouched(stat: os.stat_result, position: CapturePosition) -> bool:
    """Whether the file was read to its end and nothing was written to it since."""
    return (stat.st_size, stat.st_mtime_ns, stat.st_ino) == (
        position.size,
        position.mtime_ns,
        position.inode,
    )


def position_at(
    file: BufferedReader,
    stat: os.stat_result | None,
    offset: int,
    *,
    path: str,
    source: str,
    skipped_lines: int,
    state: dict[str, Any],
) -> CapturePosition:
    """The position after the first `offset` bytes.

    `stat` is how the file looked before it was read to its end; None while there is more to read.
    """
    head_hash, tail_hash = _hashes(file, offset)
    return CapturePosition(
        path=path,
        source=source,
        offset=offset,
        size=stat.st_size if stat else offset,
        mtime_ns=stat.st_mtime_ns if stat else 0,
        inode=stat.st_ino if stat else 0,
        head_hash=head_hash,
        tail_hash=tail_hash,
        skipped_lines=skipped_lines,
        state=state,
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
