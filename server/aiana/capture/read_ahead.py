"""Reads transcripts that were never read before, and redacts them, while others are being stored.

Both take twice as long as storing does, and one core can do no more: `python -m
aiana.capture.read_ahead` does it in a process of its own, for as many files as it is asked for. A
request is the name of a source and a path; the answers are the batches of the file, and a last one
that says how it ended.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from aiana.capture import Source, sources
from aiana.capture.archive import Archive
from aiana.capture.files import TranscriptFile
from aiana.capture.shared import SharedMarkdown
from aiana.child import (
    Child,
    ChildEnded,
    answers,
    cores,
    end_with_parent,
    read_frame,
    run,
    write_frame,
)
from aiana.errors import AianaError, UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from aiana.redaction.door import AdmittedBatch, admit_batch

WORTH_BYTES = 6_000_000
"""A process takes a third of a second to begin: fewer are read sooner without."""
MOST_PROCESSES = 4
"""With as many, storing is what all wait for."""
_OF_FILE = 20_000
"""What a file takes, however small, in bytes of one that is large."""
_MOST_ASKED = 4_000_000
"""Bytes of the files that a process is asked for ahead, so that none waits for a large one."""
_MOST_FILES = 64
"""Files that are looked at ahead."""
_ROOM = 8
"""Batches of a process that may wait until they are stored."""
_BATCH, _END, _FAILED, _HERE = b"bef?"
_AWAITED = "awaited"


Read = Callable[[TranscriptFile, CapturePosition | None], Iterator[CaptureBatch]]


def read_here(file: TranscriptFile, position: CapturePosition | None) -> Iterator[CaptureBatch]:
    """What is new in a file, read by this process."""
    return file.source.read(file.path, position)


def reason_of(error: Exception) -> str:
    """Why a file could not be read."""
    if isinstance(error, AianaError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"


class ReadAhead:
    """The files, in their order; `read` gives what stands in one of them.

    Its processes end with `close`, which the end of the files and leaving it as a context do.
    """

    def __init__(
        self,
        files: Iterable[TranscriptFile],
        new: Iterable[TranscriptFile],
        processes: int,
        *,
        is_awaited: bool = True,
    ) -> None:
        """Of the files, those of `new` were never read, by as many processes and cores at most.

        Unless somebody waits for them, whatever else runs on this machine goes first.
        """
        self._files = iter(files)
        self._new = {file.path: _cost(file) for file in new}
        self._ahead: deque[TranscriptFile] = deque()
        self._waiting: deque[TranscriptFile] = deque()
        self._readers: list[_Reader] = []
        self._reader_of: dict[Path, _Reader] = {}
        if cores() > 1 and sum(self._new.values()) >= WORTH_BYTES:
            most = min(processes, cores(), len(self._new))
            with suppress(OSError):  # where no process is to be had they are read here
                self._readers += (_Reader(is_awaited) for _ in range(most))

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; what is not read yet is read here."""
        for reader in self._readers:
            reader.close()
        self._readers, self._reader_of = [], {}
        self._waiting.clear()

    def __iter__(self) -> Iterator[TranscriptFile]:
        return self

    def __next__(self) -> TranscriptFile:
        self._ask()
        if not self._ahead:
            self.close()
            raise StopIteration
        return self._ahead.popleft()

    def read(
        self, file: TranscriptFile, position: CapturePosition | None
    ) -> Iterator[CaptureBatch]:
        """The same as the source's `read`."""
        reader = self._reader_of.pop(file.path, None)
        if reader is not None and position is None:
            try:
                for batch in reader.read(file):
                    position = batch.position
                    yield batch
                return
            except ChildEnded:
                pass  # as when memory is short: here it goes on where that one stopped
        yield from read_here(file, position)

    def _ask(self) -> None:
        """Have the next files read, as far as there is room."""
        while len(self._ahead) < _MOST_FILES and (file := next(self._files, None)) is not None:
            self._ahead.append(file)
            if self._readers and file.path in self._new:
                self._waiting.append(file)
        while self._waiting:
            reader = min(self._readers, key=lambda each: each.asked)
            cost = self._new[self._waiting[0].path]
            if reader.asked and reader.asked + cost > _MOST_ASKED:
                return
            file = self._waiting.popleft()
            reader.ask(file, cost)
            self._reader_of[file.path] = reader


class _Reader:
    """A process that reads the files that it is asked for, one after the other."""

    def __init__(self, is_awaited: bool) -> None:
        arguments = [_AWAITED] if is_awaited else []
        self._child = Child(__name__, *arguments, room=_ROOM, environment={})
        self._files: deque[tuple[Path, int]] = deque()
        self.asked = 0
        """Of files that were not read to their end yet, in bytes."""

    def ask(self, file: TranscriptFile, cost: int) -> None:
        self._files.append((file.path, cost))
        self.asked += cost
        request = msgspec.msgpack.encode((_name(file.source), os.fsencode(file.path)))
        with suppress(ChildEnded):  # it is told when its answer is wanted
            self._child.send(request)

    def read(self, file: TranscriptFile) -> Iterator[AdmittedBatch]:
        """What stands in a file. Raises UnreadableFile and ChildEnded."""
        while self._files[0][0] != file.path:  # nobody wanted those
            for _ in self._batches():
                pass
        for tag, frame in self._batches():
            if tag == _FAILED:
                raise UnreadableFile(frame.decode())
            if tag == _HERE:
                raise ChildEnded
            yield msgspec.msgpack.decode(frame, type=AdmittedBatch)

    def _batches(self) -> Iterator[tuple[int, bytes]]:
        """The answers for the first file; it is done with then."""
        tag = _BATCH
        while tag == _BATCH:
            answer = self._child.receive()
            tag = answer[0]
            if tag != _BATCH:
                self.asked -= self._files.popleft()[1]
            if tag != _END:
                yield tag, answer[1:]

    def close(self) -> None:
        self._child.close()


def _cost(file: TranscriptFile) -> int:
    return file.size + _OF_FILE


def _name(source: Source) -> str:
    """Unlike its `name`, no other has it."""
    return type(source).__name__


def _answers(source: Source, path: Path) -> Iterator[bytes]:
    """For one file."""
    try:
        for batch in source.read(path, None):
            try:
                frame = msgspec.msgpack.encode(admit_batch(batch))
            except (OverflowError, TypeError, ValueError):
                yield bytes([_HERE])  # a value that no frame can hold
                return
            yield bytes([_BATCH]) + frame
    except Exception as error:  # whatever one file holds, the others must come in
        yield bytes([_FAILED]) + reason_of(error).encode("utf-8", "replace")
    else:
        yield bytes([_END])


def main() -> None:
    """Answer requests until the input ends."""
    end_with_parent(input_is_read=True, is_awaited=_AWAITED in sys.argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stopped the other ends this one, too
    out = answers()
    every: list[Source] = [Archive(), SharedMarkdown(), *sources().values()]
    known = {_name(source): source for source in every}
    while (request := read_frame(sys.stdin.buffer)) is not None:
        name, path = msgspec.msgpack.decode(request, type=tuple[str, bytes])
        source = known.get(name)
        for answer in _answers(source, Path(os.fsdecode(path))) if source else [bytes([_HERE])]:
            write_frame(out, answer)


if __name__ == "__main__":
    run(main)
