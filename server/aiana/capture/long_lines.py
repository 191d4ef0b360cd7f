"""Records of which one would fill the memory: the middle of their longest texts is left out.

A line holds megabytes where a tool printed them, or where a picture stands in base64. No more of
it is held at a time than is kept of it.
"""

from __future__ import annotations

import re

MOST_OF_TEXT = 4 << 20
"""Bytes of JSON that are kept of one text in a long record: half from its beginning and its end."""
# Up to the quote that ends a text, or up to an escape that goes on in the next part.
_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
# No escape, whose longest is a pair of surrogates, lies across the end of these, and no character.
_PLAIN = re.compile(rb"[ !#-\[\]-~]{13}")
_STEP, _MOST_STEPS = 4096, 16


class LongRecord:
    """A JSON text that is taken in parts."""

    def __init__(self, most_of_text: int = MOST_OF_TEXT) -> None:
        self._half = most_of_text // 2
        self._kept = bytearray()
        self._in_text = self._escaped = False
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0
        self.left_out = 0
        """Bytes of all texts that are left out."""

    def __len__(self) -> int:
        return len(self._kept) + len(self._head) + len(self._tail)

    def add(self, part: bytes) -> None:
        place = 0
        while place < len(part):
            if not self._in_text:
                quote = part.find(b'"', place) + 1
                self._kept += part[place : quote or len(part)]
                place, self._in_text = quote or len(part), quote > 0
                continue
            end = place + 1 if self._escaped else place
            end = _TEXT.match(part, end).end()  # type: ignore[union-attr]
            self._escaped = part[end : end + 1] == b"\\"
            if self._escaped:
                end += 1
            self._add_text(part[place:end])
            if part[end : end + 1] == b'"':
                self._end_text()
                self._kept += b'"'
                end += 1
            place = end

    def whole(self) -> bytes:
        """What is kept of all that was added."""
        if self._in_text:
            self._end_text()
        return bytes(self._kept)

    def _add_text(self, piece: bytes) -> None:
        room = self._half - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        if len(self._tail) > 2 * self._half:
            self._shorten_tail()

    def _shorten_tail(self) -> None:
        more = max(0, len(self._tail) - self._half)
        self._left_out += more
        del self._tail[:more]

    def _end_text(self) -> None:
        self._shorten_tail()
        if self._left_out:
            length = len(self._head) + len(self._tail) + self._left_out
            del self._head[_last_boundary(self._head) :]
            del self._tail[: _first_boundary(self._tail)]
            left_out = length - len(self._head) - len(self._tail)
            self._head += b"\\n[%d bytes left out]\\n" % left_out
            self.left_out += left_out
        self._kept += self._head + self._tail
        self._head.clear()
        self._tail.clear()
        self._left_out = 0
        self._in_text = False


def _last_boundary(text: bytearray) -> int:
    """The last place at which a text can be cut."""
    end = len(text)
    for _ in range(_MOST_STEPS):
        start = max(0, end - _STEP)
        if found := list(_PLAIN.finditer(text, start, end)):
            return found[-1].end()
        end = start
    return 0


def _first_boundary(text: bytearray) -> int:
    """The first place at which a text can be cut; what stands before may belong to an escape."""
    found = _PLAIN.search(text, 0, _STEP * _MOST_STEPS)
    return found.end() if found else len(text)
