"""Places of a text around which it only repeats itself: what one of them held, the others hold."""

from __future__ import annotations

# How far rules look around a place to tell whether it holds a secret.
_BEFORE, _AFTER = 500, 1200
# Few places are not worth the look.
_FEW = 50
_STEP = 4096


class Repeated:
    """Remembers where a text holds no secret, so that a repetition costs no more than a look.

    Two places are the same where all that rules look at around them is.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._clean: set[str] = set()
        self._asked = 0
        self._last = (0, "")

    def past(self, place: int) -> int:
        """Where to go on, if such a place was found to hold nothing, and the same repeats; else 0.

        Asked for the places of one kind in their order.
        """
        self._asked += 1
        if self._asked <= _FEW:
            return 0
        around = self._around(place)
        (before, around_it), self._last = self._last, (place, around)
        if around not in self._clean:
            return 0
        text, period = self._text, place - before
        end, ahead = place, place + _AFTER
        # The text has repeated itself since the place before: up to where does it go on so?
        while around == around_it and ahead + _STEP < len(text):
            if text[ahead : ahead + _STEP] != text[ahead - period : ahead - period + _STEP]:
                break
            end, ahead = end + _STEP, ahead + _STEP
        return end + 1

    def add(self, place: int) -> None:
        """Says that a place, which was asked for just now, holds nothing."""
        if self._asked > _FEW:
            self._clean.add(self._around(place))

    def _around(self, place: int) -> str:
        return self._text[max(0, place - _BEFORE) : place + _AFTER]
