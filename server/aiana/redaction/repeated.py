"""Places of a text around which it only repeats itself: what one of them held, the others hold."""

from __future__ import annotations

# How far rules look around a place to tell whether it holds a secret.
_BEFORE, _AFTER = 600, 2000
_FEW = 50


class Repeated:
    """Remembers where a text holds no secret, so that a repetition costs no more than a look.

    Two places are the same where all that rules look at around them is.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._clean: set[str] = set()
        self._places = 0

    def is_clean(self, place: int) -> bool:
        """Whether the same place was found to hold nothing; few places are not worth the look."""
        self._places += 1
        return self._places > _FEW and self._around(place) in self._clean

    def add(self, place: int) -> None:
        """Says that a place, which was asked for just now, holds nothing."""
        if self._places > _FEW:
            self._clean.add(self._around(place))

    def _around(self, place: int) -> str:
        return self._text[max(0, place - _BEFORE) : place + _AFTER]
