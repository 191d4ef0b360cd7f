"""Secrets in the assistants' own files: where they stand, and what the files are without them.

What Aiana stores has none of them; the files still do. A secret's value leaves this module only in
the text that is to take the file's place, where it is no more.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from aiana.capture import Source
from aiana.capture.documents import LARGEST
from aiana.capture.files import TranscriptFile
from aiana.capture.jsonl import LINE_CAP
from aiana.errors import UnreadableFile
from aiana.paths import readable
from aiana.redaction.redact import redact, redact_tree
from aiana.regular import open_regular
from aiana.times import format_time, normalise_time

LINES, DOCUMENTS, TEXTS = (".jsonl",), (".json",), (".md",)
_MARK = re.compile(r"\[redacted:([\w-]{1,40})\]")
_TIMES = ("timestamp", "time", "created_at", "createdAt")
_DEEPEST = 200


class Leak(Struct, frozen=True, kw_only=True, rename="camel"):
    """A secret in a file; never its value."""

    source: str
    kind: str
    path: str
    line: int
    """Counted from 1; 0 where the file has no lines."""
    since: str
    """When the record was written that holds it, else the file."""


def leaks_in(file: TranscriptFile) -> Iterator[Leak]:
    """The secrets in one transcript. Raises OSError and UnreadableFile."""
    path = file.path
    written = format_time(datetime.fromtimestamp(file.mtime, UTC))

    def leak(kind: str, line: int, since: str | None = None) -> Leak:
        return Leak(
            source=file.source.name,
            kind=kind,
            path=readable(path),
            line=line,
            since=since or written,
        )

    if path.suffix in LINES:
        with open_regular(path) as opened:
            number, is_new = 0, True
            while line := opened.readline(LINE_CAP):
                number += is_new
                is_new = line.endswith(b"\n")
                clean, kinds = without_secrets(line)
                time = _time_of(line) if kinds else None
                for kind in kinds:
                    yield leak(kind, number, time)
    elif path.suffix in DOCUMENTS + TEXTS:
        data = whole(path)
        clean, kinds = without_secrets(data)
        lines = _lines(data, clean) if path.suffix in TEXTS else []
        for n, kind in enumerate(kinds):
            yield leak(kind, lines[n] if n < len(lines) else 0)
    else:
        # What lies in a database or an archive is looked at as its reader tells it.
        for kind in _told(file.source, path):
            yield leak(kind, 0)


def without_secrets(data: bytes) -> tuple[bytes, list[str]]:
    """A line or a whole text without its secrets, and their kinds.

    JSON stays JSON, with the same keys in the same order; a text that holds none is as it was.
    """
    text = data.decode("utf-8", "surrogateescape")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        clean, count = redact(text)
        return (_encoded(clean), _marks(text, clean)) if count else (data, [])
    if not isinstance(value, dict | list) or _is_deep(value):
        clean, count = redact(text)
        return (_encoded(clean), _marks(text, clean)) if count else (data, [])
    told, count = redact_tree(value)
    if not count:
        return data, []
    indent = _indent(text)
    separators = None if indent or '": ' in text[:200] else (",", ":")
    end = text[len(text.rstrip()) :]
    for is_ascii in (data.isascii(), True):
        clean = json.dumps(told, ensure_ascii=is_ascii, indent=indent, separators=separators)
        with suppress(UnicodeEncodeError):  # half a character, which only an escape can tell
            return _encoded(clean + end), _marks(text, clean)
    return data, []


def whole(path: Path) -> bytes:
    """A whole file. Raises OSError, and UnreadableFile for one that is too large."""
    with open_regular(path) as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UnreadableFile(f"It is larger than {LARGEST >> 20} MiB.")
    return data


def _told(source: Source, path: Path) -> Iterator[str]:
    for batch in source.read(path, None):
        for message in batch.messages:
            for text in (message.content, message.tool_input or ""):
                clean, count = redact(text)
                if count:
                    yield from _marks(text, clean)
                    break


def _marks(before: str, after: str) -> list[str]:
    """Kinds of the marks that were put into a text, in their order."""
    old = Counter(_MARK.findall(before))
    new = []
    for kind in _MARK.findall(after):
        if old[kind] > 0:
            old[kind] -= 1
        else:
            new.append(kind)
    return new


def _lines(before: bytes, after: bytes) -> list[int]:
    """The line of each mark that was put into a text, as far as no secret goes over lines."""
    old, new = (data.decode("utf-8", "replace").split("\n") for data in (before, after))
    if len(old) != len(new):
        return []
    pairs = enumerate(zip(old, new, strict=True), 1)
    return [n for n, (was, now) in pairs if was != now for _ in _marks(was, now)]


def _time_of(line: bytes) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    for key in _TIMES if isinstance(record, dict) else ():
        value = record.get(key)
        if isinstance(value, str | int | float) and (time := normalise_time(value)):
            return time
    return None


def _indent(text: str) -> int | None:
    found = re.match(r"\s*[\[{]\n( +)", text)
    return len(found[1]) if found else None


def _is_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level and depth < _DEEPEST:
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, dict | list)
        ]
        depth += 1
    return bool(level)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
