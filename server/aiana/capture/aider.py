"""Aider: `.aider.chat.history.md` in the folder in which it was started, many sessions a file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Literal

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import whole_number
from aiana.capture.documents import MarkdownSource
from aiana.capture.turns import Slot, Turns

_BEGINS = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*")
_OWN = re.compile(rb"(?m)^(?:# aider chat started at \d|> Aider v\d|> \$ aider\b)")
_VERSION = re.compile(r"(?m)^Aider v(\S+)")
_MODEL = re.compile(r"(?m)^(?:Main model|Models?): (\S+) with ")
_TOKENS = re.compile(r"(?m)^Tokens: [^\n]{0,200}?([\d.,]{1,20})(k?) received")
_Kind = Literal["user", "output", "answer"]
_ENDING = "  "
"""How Aider ends a line of a prompt, or of its own output: Markdown's line break."""


class Aider(MarkdownSource):
    """Reads files of sessions, parted by the lines that tell when each began."""

    name = "aider"
    title = "Aider"

    def is_own_head(self, head: bytes) -> bool:
        return _OWN.search(head) is not None

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
        seen: dict[str, int] = {}
        for began, lines in _sessions(text):
            if any(line.strip() for line in lines):
                nth = seen[began] = seen.get(began, 0) + 1
                _tell(builder, began, nth, lines)
        return []


def _sessions(text: str) -> Iterator[tuple[str, list[str]]]:
    """The lines of each session, with the local time at which it began ("" if it is cut off)."""
    began, lines = "", list[str]()
    for line in text.split("\n"):
        if match := _BEGINS.fullmatch(line):
            yield began, lines
            began, lines = match[1], []
        else:
            lines.append(line)
    yield began, lines


def _tell(builder: SessionBuilder, began: str, nth: int, lines: list[str]) -> None:
    """Give the builder one session. No message has a time of its own."""
    folder = builder.path.absolute().parent
    named = f"{folder}\0{began}\0{nth}".encode("utf-8", "replace")
    session_id = "aider-" + hashlib.blake2b(named, digest_size=12).hexdigest()
    builder.session(session_id, cwd=str(folder))
    time = builder.time(_local(began))
    turns, model = Turns(builder, session_id), ""
    rows: list[Row] = []
    counts: dict[int, int] = {}
    answer: int | None = None
    for kind, text in _parts(lines):
        if kind == "user":
            rows.append(Row("user", text, "user"))
            answer = None
        elif kind == "answer":
            answer = len(rows)
            facts = {"model": model} if model else {}
            rows.append(Row("assistant", text, "assistant", metadata=facts))
        else:
            rows.append(Row("system", text, "system"))
            if version := _VERSION.search(text):
                builder.session(session_id, metadata={"version": version[1]})
            if told := _MODEL.search(text):
                model = told[1]
            if answer is not None and (count := _tokens(text)) is not None:
                counts[answer] = count
                answer = None
    for n, row in enumerate(rows):
        if row.type == "user":
            turns.begin(row.content)
            turns.prompt(row, time)
        else:
            slot: Slot = "said" if row.type == "assistant" else "note"
            turns.add(slot, row, time, tokens=counts.get(n))


def _parts(lines: list[str]) -> Iterator[tuple[_Kind, str]]:
    """What was said, in order: neighbouring lines of a kind are one part."""
    kind: _Kind = "answer"
    part: list[str] = []
    is_answering = False
    for line in lines:
        now, text = _kind(line, is_answering)
        if line.strip():
            is_answering = now == "answer"
        if now != kind:
            if said := "\n".join(part).strip():
                yield kind, said
            kind, part = now, []
        part.append(text)
    if said := "\n".join(part).strip():
        yield kind, said


def _kind(line: str, is_answering: bool) -> tuple[_Kind, str]:
    """Whose line it is. The line's ending tells it: answers have none, whatever they quote.

    Where an editor took the endings away, what follows an answer is the answer's.
    """
    is_own = line.endswith(_ENDING) or not is_answering
    if line.startswith("#### ") and is_own:
        return "user", line[5:].rstrip(" ")
    if line.startswith("> ") and is_own:
        return "output", line[2:].rstrip(" ")
    return "answer", line


def _tokens(text: str) -> int | None:
    """How many tokens the model sent, of `Tokens: 1,204 sent, 1.2k received.`"""
    told = _TOKENS.search(text)
    if told is None:
        return None
    with suppress(ValueError):
        count = float(told[1].rstrip(".,").replace(",", "")) * (1000 if told[2] else 1)
        return whole_number(int(count))
    return None


def _local(began: str) -> str | None:
    """A local time in a form that says so."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.strptime(began, "%Y-%m-%d %H:%M:%S").astimezone().isoformat()
    return None
