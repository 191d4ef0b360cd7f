"""Bytes to messages: the base protocol of LSP, read so that no input stops or misleads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aiana.pipes import LONGEST_MESSAGE, Unreadable, decode
from aiana.protocol.codes import INVALID_REQUEST

LONGEST_LINE = 4096
"""Bytes of one header."""
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)
_LONGEST_LENGTH = 64
"""Bytes at the end of what is skipped that may be the beginning of a header."""
_MOST_DIGITS = 18
_HEADER = re.compile(rb"(?!.+content-length:)[a-z][a-z0-9-]*[ \t]*:.*", re.IGNORECASE)
_BEGINNING = re.compile(rb"(?:[a-z][a-z0-9-]*[ \t]*(?::.*)?)?\r?", re.IGNORECASE)


class Frames:
    """Cuts a stream into messages; what is none is reported as Unreadable, and left behind.

    A header that says no usable length leaves it unknown where the next message begins: everything
    up to the next header that does is skipped, which no text inside of JSON can be taken for.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._in_body = False
        self._headers = 0
        self._lost = False

    def feed(self, data: bytes) -> Iterator[Any]:
        """Messages, decoded from JSON, and Unreadables that `data` completes."""
        self._buffer += data
        while True:
            before = len(self._buffer), self._lost, self._in_body
            if self._lost:
                self._find_header()
            elif self._in_body:
                yield from self._body()
            else:
                yield from self._header()
            if before == (len(self._buffer), self._lost, self._in_body):
                return

    def _header(self) -> Iterator[Unreadable]:
        end = self._buffer.find(b"\n", 0, LONGEST_LINE)
        line = bytes(self._buffer[: end if end >= 0 else LONGEST_LINE])
        if end < 0:
            # Reported at once: the line end that would complete it may never come.
            if len(line) == LONGEST_LINE or not _BEGINNING.fullmatch(line):
                yield from self._lose("This is no header of a message.")
            return
        line = line.rstrip(b"\r")
        if line and not _HEADER.fullmatch(line):
            yield from self._lose("This is no header of a message.")
            return
        del self._buffer[: end + 1]
        if line:
            self._headers += 1
            yield from self._take(line)
        elif self._length is not None:
            self._in_body = True
        elif self._headers:
            yield from self._lose("The header says no Content-Length.")

    def _take(self, line: bytes) -> Iterator[Unreadable]:
        name, _, value = line.partition(b":")
        if name.strip().lower() != b"content-length":
            return
        value = value.strip()
        if not value.isdigit():
            yield from self._lose("The Content-Length is no number of bytes.")
        elif len(value) > _MOST_DIGITS or int(value) > LONGEST_MESSAGE:
            most = LONGEST_MESSAGE // 1024 // 1024
            yield from self._lose(f"A message of more than {most} MiB is not read.")
        else:
            self._length = int(value)

    def _body(self) -> Iterator[Any]:
        assert self._length is not None
        if len(self._buffer) < self._length:
            return
        body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._begin()
        message = decode(body)
        if isinstance(message, Unreadable):
            # The length may have been wrong: the next message begins where its header does.
            self._buffer[:0] = body
            self._lost = True
        yield message

    def _lose(self, reason: str) -> Iterator[Unreadable]:
        self._begin()
        self._lost = True
        yield Unreadable(INVALID_REQUEST, reason)

    def _find_header(self) -> None:
        found = _LENGTH.search(self._buffer)
        if found:
            del self._buffer[: found.start()]
            self._begin()
        else:
            del self._buffer[:-_LONGEST_LENGTH]

    def _begin(self) -> None:
        self._length, self._in_body, self._headers, self._lost = None, False, 0, False
