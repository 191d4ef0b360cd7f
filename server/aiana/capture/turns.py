"""Ids that a message has wherever a chat is kept: in the editor's file, a copy, an event log."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import takewhile
from typing import Literal

from aiana.capture.building import Row, SessionBuilder

Slot = Literal["thought", "said", "call", "output", "edit", "note"]


class Turns:
    """Adds what a chat says, turn by turn.

    A prompt is told by its words and by how often they were said before; what follows it by its
    kind and number. So an answer that grows stays one message, and the extension's log of a chat
    gives the same messages as the editor's file. A request that takes the place of another one,
    with the same words, is a prompt of its own: which request is which is remembered.

    With `keeps_places` so is how many messages each had: one that was taken back keeps its place in
    front of what came instead of it.
    """

    def __init__(
        self, builder: SessionBuilder, session_id: str, *, keeps_places: bool = False
    ) -> None:
        self._builder = builder
        self._session_id = session_id
        self._said: Counter[str] = Counter()
        self._slots: Counter[str] = Counter()
        self._base = "start"
        self._requests: dict[str, str] = builder.memory.get(session_id, {})
        self._prompts = {request: prompt for prompt, request in self._requests.items()}
        self._turn, self._first, self._place = self._base, 0, 0
        self._lengths: dict[str, int] | None = None
        """Of turns, in the order in which they were first seen."""
        if keeps_places:
            self._lengths = builder.memory.setdefault(f"lengths of {session_id}", {})

    def begin(self, text: str, request_id: str | None = None) -> None:
        """A turn begins with these words; `request_id` is the editor's own id of it."""
        words = hashlib.blake2b(text.strip().encode("utf-8", "replace"), digest_size=12).hexdigest()
        self._base = self._prompts.get(request_id or "") or self._next(words, request_id)
        if request_id:
            self._requests[self._base] = request_id
            self._builder.memory[self._session_id] = self._requests
            if self._lengths is not None:
                before = takewhile(lambda turn: turn[0] != self._base, self._lengths.items())
                self._turn, self._place = self._base, sum(length for _, length in before)
                self._first = self._place
        self._slots.clear()

    def _next(self, words: str, request_id: str | None) -> str:
        while True:
            count = self._said[words] = self._said[words] + 1
            base = f"q-{words}" if count == 1 else f"q-{words}-{count}"
            if not request_id or self._requests.get(base, request_id) == request_id:
                return base

    def prompt(self, row: Row, time: str) -> None:
        """What the turn was begun with."""
        self._add(self._base, row, time)

    def add(self, slot: Slot, row: Row, time: str, *, tokens: int | None = None) -> str:
        """What follows in the turn; gives its id."""
        self._slots[slot] += 1
        message_id = f"{self._base}/{slot}-{self._slots[slot]}"
        self._add(message_id, row, time, tokens)
        return message_id

    def result(self, call: str | None, row: Row, time: str) -> None:
        """What came of a call with this id; None if nobody told of the call."""
        if call is None:
            self.add("output", row, time)
        else:
            self._add(call.replace("/call-", "/result-"), row, time)

    def _add(self, message_id: str, row: Row, time: str, tokens: int | None = None) -> None:
        place = None
        if self._lengths is not None:
            place, self._place = self._place, self._place + 1
            known = self._lengths.get(self._turn, 0)
            self._lengths[self._turn] = max(known, self._place - self._first)
        self._builder.add(
            self._session_id, [row], record_id=message_id, time=time, tokens=tokens, place=place
        )
