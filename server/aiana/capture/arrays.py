"""The objects of a JSON array that is larger than what should be in memory at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# A whole text, one that goes on in what is still to be read, or a bracket.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|"|[\[\]{}]', re.DOTALL)
_FIRST_KEY = re.compile(rb'\{\s*("(?:[^"\\]++|\\.)*+")\s*:', re.DOTALL)
_QUOTE, _ARRAY, _OBJECT = b'"[{'
_CHUNK = 1 << 20


class ArrayReader:
    """Gives the text of each object of an array, in order; an object by itself is one.

    Where a quotation mark or a bracket is missing, several objects come as one text, which is no
    JSON: whoever takes it looks for the whole ones in it. One longer than `cap` bytes is counted
    and left out.
    """

    def __init__(self, read: Callable[[int], bytes], cap: int) -> None:
        self._read = read
        self._cap = cap
        self._opening: re.Pattern[bytes] | None = None
        self.oversized = 0
        self.is_whole = False
        """Whether the array was closed: its text does not break off."""

    def __iter__(self) -> Iterator[bytes]:
        buffer, scanned = b"", 0
        start: int | None = None
        depth, base = 0, -1
        passes_over = False
        while chunk := self._read(max(_CHUNK, len(buffer) // 4)):
            buffer += chunk
            for match in _TOKEN.finditer(buffer, scanned):
                first = buffer[match.start()]
                if first == _QUOTE:
                    if match.end() - match.start() == 1:
                        break
                elif first in (_ARRAY, _OBJECT):
                    base = (first == _ARRAY) if base < 0 else base
                    if depth == base and first == _OBJECT:
                        start, self.is_whole = match.start(), False
                    depth += 1
                else:
                    depth -= 1
                    if depth == base and start is not None:
                        if not passes_over:
                            yield self._noted(buffer[start : match.end()])
                        start, passes_over = None, False
                    if depth < 1:
                        self.is_whole, depth = True, max(base, 0)
                scanned = match.end()
            kept = scanned if start is None or passes_over else start
            buffer, scanned = buffer[kept:], scanned - kept
            start = None if start is None else 0
            if start is None or passes_over or len(buffer) <= self._cap:
                continue
            if found := self._last_opening(buffer):
                # Several objects, of which one is damaged: the last one may go on.
                yield buffer[:found]
                buffer, scanned, depth = buffer[found:], 0, base
            else:
                passes_over = True
                self.oversized += 1
        if start is not None and not passes_over:
            yield buffer

    def _noted(self, text: bytes) -> bytes:
        """The text of an object; the first one tells how objects of this array begin."""
        if self._opening is None and (key := _FIRST_KEY.match(text)):
            self._opening = re.compile(rb"(?<=[\[,}\s])\{\s*" + re.escape(key[1]) + rb"\s*:")
        return text

    def _last_opening(self, text: bytes) -> int:
        """Where the last object begins in a text of several; 0 if there is but one."""
        starts = self._opening.finditer(text, 1) if self._opening else ()
        return max((match.start() for match in starts), default=0)
