"""Texts that are known to be clean, so that none is looked at twice in a short time."""

from __future__ import annotations

_MOST_CHARS, _MOST_OF_ONE = 2_000_000, 500_000


class Known:
    """The last few million characters of the texts that were added, whole: nothing passes for one.

    Two sets, of which the older goes when the newer is full. Safe in several threads: what one of
    them misses is looked at again.
    """

    def __init__(self) -> None:
        self._newer: set[str] = set()
        self._older: set[str] = set()
        self._chars = 0

    def __contains__(self, text: str) -> bool:
        return text in self._newer or text in self._older

    def add(self, text: str) -> None:
        if len(text) > _MOST_OF_ONE:
            return
        if self._chars >= _MOST_CHARS:
            self._older, self._newer, self._chars = self._newer, set(), 0
        self._newer.add(text)
        self._chars += len(text) + 50  # what a short one takes

    def clear(self) -> None:
        self._newer, self._older, self._chars = set(), set(), 0
