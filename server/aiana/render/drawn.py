"""The messages of sessions as their documents show them, and those that were drawn lately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from aiana.models import Message
from aiana.render.blocks import split_lines
from aiana.render.markdown import (
    TOOL_TYPES,
    about_without_path,
    arguments_of,
    heading,
    path_in,
    shown_body,
    tool_of,
)

MOST_KEPT = 8 << 20
"""Characters of documents."""


class Drawn(Struct, frozen=True, gc=False):
    """A message as it stands in a document, whatever stands before it and after it."""

    message: Message
    heading: str
    """One line."""
    below: str
    """What follows the heading, each line with a line feed before it."""
    lines: int
    """How many that is, with the heading."""
    kind: Literal["turn", "thinking", "tool"]
    title: str
    """For an outline."""
    path: str | None
    """The file in the heading of a call, as the assistant wrote it."""


def draw(message: Message) -> Drawn:
    """A message as documents show it."""
    arguments = arguments_of(message)
    path = path_in(arguments)
    text = f"\n\n{shown_body(message, arguments)}\n"
    if "\r" in text:
        text = "\n".join(split_lines(text))
    above = heading(message, path)
    kind: Literal["turn", "thinking", "tool"]
    if message.type in TOOL_TYPES:
        about = path or about_without_path(message, arguments)
        kind, title = "tool", f"{tool_of(message)}: {about}" if about else tool_of(message)
    else:
        kind = "thinking" if message.type == "thinking" else "turn"
        title = above.removeprefix("## ")
    return Drawn(message, above, text, text.count("\n") + 1, kind, title, path)


class Drawings:
    """What was drawn of sessions lately: of one that grew, only what is new is drawn again."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._sessions: OrderedDict[str, tuple[dict[str, Drawn], int]] = OrderedDict()
        """By the session's URI, and of how many characters; the one last used last."""
        self._lock = threading.Lock()

    def of(self, session: str, messages: Sequence[Message], *, whole: bool = True) -> list[Drawn]:
        """These messages of a session, all of them or the first ones, as documents show them."""
        with self._lock:
            known, _ = self._sessions.get(session, ({}, 0))
        drawn = []
        for message in messages:
            before = known.get(message.id)
            same = before is not None and before.message == message
            drawn.append(before if before is not None and same else draw(message))
        found = {each.message.id: each for each in drawn}
        self._keep(session, found if whole else {**known, **found})
        return drawn

    def forget(self) -> None:
        """Let go of all."""
        with self._lock:
            self._sessions.clear()

    def _keep(self, session: str, drawn: dict[str, Drawn]) -> None:
        size = sum(len(each.below) + len(each.message.tool_input or "") for each in drawn.values())
        with self._lock:
            self._sessions.pop(session, None)
            self._sessions[session] = drawn, size
            total = sum(size for _, size in self._sessions.values())
            while total > self._most:
                total -= self._sessions.popitem(last=False)[1][1]
