"""Conversations as a graph of blobs, each under the hash of what it holds.

A blob is a JSON message, or a message of protocol buffers whose fields name others. The root names
the messages that went to the model (field 1), and the turns that are shown (field 8); what is
older than a compaction stands in the turns alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aiana.capture.cursor.messages import MessageReader, asked_in
from aiana.capture.decoding import object_of, text_of_parts

Fetch = Callable[[str], bytes | None]
"""The blob with a hash (64 hexadecimal digits), if it is there."""
_HASH = 32
_DEEPEST = 12
_MOST = 200_000
"""Blobs of one conversation."""
_MESSAGES, _TURNS, _FOLDERS = 1, 8, 9
# Fields of a turn, of what was asked in it, and of its steps.
_TURN, _ASKED, _STEP = 1, 1, 2
_TEXT, _SIMULATED, _FULL_TEXT, _ASKED_AT = 1, 5, 18, 25
_SAID, _THOUGHT, _SAID_AT = 1, 3, 2


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """The numbered fields of a message of protocol buffers. Raises ValueError if it is none."""
    found: list[tuple[int, int | bytes]] = []
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, place = _varint(data, place)
            found.append((number, value))
            continue
        if wire == 2:
            size, place = _varint(data, place)
        else:
            size = {1: 8, 5: 4}.get(wire, -1)
        if not number or size < 0 or place + size > len(data):
            raise ValueError("it is no message of protocol buffers")
        found.append((number, data[place : place + size]))
        place += size
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("it is no message of protocol buffers")


def message_of(data: bytes) -> dict[str, Any] | None:
    """The JSON message that a blob is; None if it is none."""
    if data.lstrip()[:1] != b"{":
        return None
    try:
        value = object_of(data)
    except ValueError:
        return None
    return value if isinstance(value.get("role"), str) else None


class Graph:
    """The conversation under one root."""

    def __init__(self, root: bytes, fetch: Fetch) -> None:
        self._fetch = fetch
        self._seen: set[str] = set()
        try:
            self._root = fields(root)
        except ValueError:
            self._root = []
            if message_of(root) is not None:
                self._root = [(_MESSAGES, root)]

    def folders(self) -> list[str]:
        """The URIs of the folders that were open."""
        return [
            value.decode("utf-8", "replace")
            for number, value in self._root
            if number == _FOLDERS and isinstance(value, bytes)
        ]

    def read(self, reader: MessageReader, lost: list[str]) -> Iterator[None]:
        """Give a reader all that was said; yields after every message."""
        turns = [
            turn for number, value in self._root if number == _TURNS for turn in self._turn(value)
        ]
        messages = list(self._messages())
        for turn in turns:
            for kind, text, time in turn:
                if time and kind != "thought":
                    reader.times.setdefault(text.strip(), []).append(time)
        told = [text for message in messages if (text := _asked(message))]
        for turn in turns[: _older(turns, told)]:
            for kind, text, _ in turn:
                match kind:
                    case "said":
                        reader.answer(text)
                    case "thought":
                        reader.thought(text)
                    case _:
                        reader.prompt(text, by_program=kind != "asked")
                yield
        for message in messages:
            if why := reader.take(message):
                lost.append(why)
            yield

    def _messages(self) -> Iterator[dict[str, Any]]:
        """The JSON messages, in the order in which the root leads to them."""
        named = [value for number, value in self._root if number == _MESSAGES]
        if not any(isinstance(value, bytes) and self._is_name(value) for value in named):
            named = [value for _, value in self._root]
        for value in named:
            yield from self._below(value, 0)

    def _below(self, value: int | bytes, depth: int) -> Iterator[dict[str, Any]]:
        if not isinstance(value, bytes) or depth > _DEEPEST or len(self._seen) > _MOST:
            return
        data: bytes | None = value
        if len(value) == _HASH:
            if value.hex() in self._seen:
                return
            self._seen.add(value.hex())
            data = self._fetch(value.hex())
        if data is None:
            return
        if (message := message_of(data)) is not None:
            yield message
            return
        try:
            inner = fields(data)
        except ValueError:
            return
        for _, item in inner:
            yield from self._below(item, depth + 1)

    def _is_name(self, value: bytes) -> bool:
        return len(value) == _HASH and self._fetch(value.hex()) is not None

    def _blob(self, value: int | bytes) -> bytes:
        """A blob that a field names, or holds."""
        if not isinstance(value, bytes):
            raise ValueError("it names no blob")
        if len(value) == _HASH and (data := self._fetch(value.hex())) is not None:
            return data
        return value

    def _turn(self, value: int | bytes) -> list[list[tuple[str, str, int | None]]]:
        """What was asked and said in a turn: kind, text, time; [] if nothing of it can be read."""
        try:
            turn = _field(fields(self._blob(value)), _TURN)
            parts = fields(turn if isinstance(turn, bytes) else b"")
        except ValueError:
            return []
        told: list[tuple[str, str, int | None]] = []
        for number, item in parts:
            try:
                if number == _ASKED:
                    told += self._question(fields(self._blob(item)))
                elif number == _STEP:
                    told += self._step(fields(self._blob(item)))
            except ValueError:
                continue
        return [told] if told else []

    def _question(self, asked: list[tuple[int, int | bytes]]) -> list[tuple[str, str, int | None]]:
        text = _field(asked, _TEXT)
        full = _field(asked, _FULL_TEXT)
        if isinstance(full, bytes) and len(full) == _HASH:
            text = self._fetch(full.hex()) or text
        if not isinstance(text, bytes) or not text:
            return []
        kind = "put in" if _field(asked, _SIMULATED) else "asked"
        return [(kind, text.decode("utf-8", "replace"), _time(_field(asked, _ASKED_AT)))]

    def _step(self, step: list[tuple[int, int | bytes]]) -> list[tuple[str, str, int | None]]:
        told = []
        for number, kind in ((_SAID, "said"), (_THOUGHT, "thought")):
            inner = _field(step, number)
            if isinstance(inner, bytes):
                said = fields(inner)
                text = _field(said, _TEXT)
                if isinstance(text, bytes) and text:
                    time = _time(_field(said, _SAID_AT)) if kind == "said" else None
                    told.append((kind, text.decode("utf-8", "replace"), time))
        return told


def _older(turns: list[list[tuple[str, str, int | None]]], told: list[str]) -> int:
    """How many turns come before those that the messages tell of, too."""
    asked = [
        next((text.strip() for kind, text, _ in turn if kind == "asked"), "") for turn in turns
    ]
    for place, text in enumerate(asked):
        if text and text in told:
            return place
    return len(turns) if not told else 0


def _asked(message: dict[str, Any]) -> str:
    if message.get("role") != "user":
        return ""
    return asked_in(text_of_parts(message.get("content")))[0]


def _field(found: list[tuple[int, int | bytes]], number: int) -> int | bytes | None:
    return next((value for n, value in found if n == number), None)


def _time(value: int | bytes | None) -> int | None:
    return value if isinstance(value, int) and 10**11 < value < 10**14 else None
