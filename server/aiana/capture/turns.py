"""Ids that a message has wherever a chat is kept: in the editor's file, a copy, an event log."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any, Literal

from aiana.capture.building import Row, SessionBuilder

Slot = Literal["thought", "said", "call", "output", "edit", "note"]
_OPENING = 64
"""Characters by which an answer is told from another one to the same words."""


class Turns:
    """Adds what a chat says, turn by turn.

    A prompt is told by its words and by how often they were said before; what follows it by its
    kind and number. So an answer that grows stays one message, and the extension's log of a chat
    gives the same messages as the editor's file. A request that takes the place of another one,
    with the same words, is a prompt of its own: which request is which is remembered. Where
    requests have no ids, how answers begin is: one that takes the place of another is its own.
    """

    def __init__(self, builder: SessionBuilder, session_id: str) -> None:
        self._builder = builder
        self._session_id = session_id
        self._said: Counter[str] = Counter()
        self._slots: Counter[str] = Counter()
        self._base = "start"
        self._requests: dict[str, str] = builder.memory.get(session_id, {})
        self._prompts = {request: prompt for prompt, request in self._requests.items()}
        self._answers: dict[str, list[list[Any]]] = builder.memory.get(f"answers {session_id}", {})
        """Of each prompt those that it had: of how many characters at their beginnings a digest."""
        self._may_differ = False

    def begin(self, text: str, request_id: str | None = None) -> None:
        """A turn begins with these words; `request_id` is the editor's own id of it."""
        words = _digest(text.strip())
        self._base = self._prompts.get(request_id or "") or self._next(words, request_id)
        if request_id:
            self._requests[self._base] = request_id
            self._builder.memory[self._session_id] = self._requests
        self._may_differ = not request_id
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
        if self._may_differ:
            self._base += self._answer(f"{slot} {row.content.strip()}"[:_OPENING])
            self._may_differ = False
        self._slots[slot] += 1
        message_id = f"{self._base}/{slot}-{self._slots[slot]}"
        self._add(message_id, row, time, tokens)
        return message_id

    def _answer(self, opening: str) -> str:
        """What the ids of an answer have after their prompt's: nothing for the first one."""
        known = self._answers.setdefault(self._base, [])
        self._builder.memory[f"answers {self._session_id}"] = self._answers
        for number, (length, digest) in enumerate(known, 1):
            if digest == _digest(opening[:length]):
                known[number - 1] = [len(opening), _digest(opening)]
                break
        else:
            known.append([len(opening), _digest(opening)])
            number = len(known)
        return f"~{number}" if number > 1 else ""

    def result(self, call: str | None, row: Row, time: str) -> None:
        """What came of a call with this id; None if nobody told of the call."""
        if call is None:
            self.add("output", row, time)
        else:
            self._add(call.replace("/call-", "/result-"), row, time)

    def _add(self, message_id: str, row: Row, time: str, tokens: int | None = None) -> None:
        self._builder.add(self._session_id, [row], record_id=message_id, time=time, tokens=tokens)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
