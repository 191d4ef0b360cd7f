"""What the tests of all sources share: reading one file, and damaging it."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from aiana.capture import Source
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition, Message

SHARED = Path(__file__).parents[3] / "shared" / "bench" / "transcripts"
"""Real files, where they stand beside the project."""
TRANSCRIPTS = Path(__file__).parents[1] / "fixtures" / "transcripts"
"""What real programs wrote, in runs of a script; their versions are in the names."""
CASES = int(os.environ.get("AIANA_MUTATIONS", "300"))
"""Damaged files that a test of a format makes."""


def read(source: Source, path: Path) -> CaptureBatch:
    """All of a file, in one batch."""
    assert source.recognises(path)
    return read_on(source, path, None)


def read_on(source: Source, path: Path, position: CapturePosition | None) -> CaptureBatch:
    """What is new in a file, in one batch."""
    batches = list(source.read(path, position))
    sessions = {session.id: session for batch in batches for session in batch.sessions}
    messages = [message for batch in batches for message in batch.messages]
    return replace(batches[-1], sessions=list(sessions.values()), messages=messages)


def write_lines(path: Path, records: Iterable[Any]) -> Path:
    """A file with these records, each on a line of its own, after those that it has."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return path


def rows(batch: CaptureBatch) -> list[tuple[str, str | None, str | None, str]]:
    """The messages, each with what tells it from others at a glance."""
    return [(m.type, m.role, m.tool_name, m.content) for m in batch.messages]


def check_messages(messages: list[Message]) -> None:
    """What holds for the messages of any file."""
    ids = [(m.session_id, m.id) for m in messages]
    assert len(set(ids)) == len(ids)
    assert all(m.timestamp.endswith("Z") for m in messages)


def check_real(source: Source, path: Path, expected: Mapping[str, int]) -> CaptureBatch:
    """A real file is read whole: so many messages of each type, and no line left out."""
    batch = read(source, path)
    check_messages(batch.messages)
    assert Counter(m.type for m in batch.messages) == {k: n for k, n in expected.items() if n}
    assert batch.position.left_out == []
    return batch


def real_files(folder: str, pattern: str = "*") -> pytest.MarkDecorator:
    """The test gets each real file of an assistant as `path`, if they stand beside the project."""
    found = sorted((SHARED / "other-agents" / folder).glob(pattern))
    missing = pytest.param(Path(), marks=pytest.mark.skip("no transcripts beside the project"))
    return pytest.mark.parametrize("path", found or [missing], ids=lambda path: path.name)


Changes = list[tuple[int, str, int]]
"""What happened to a file: where, what, and how much of it."""
damages = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.sampled_from(["cut", "drop", "double", "byte", "word", "type"]),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=6,
)
"""What may happen to a file; apply with `damaged`."""
_WORDS = [b"null", b"[]", b"{}", b"-1e999", b'"\\ud800"', b'{"a":[1]}', b'""', b"0", b"true"]


def damaged(data: bytes, changes: list[tuple[int, str, int]]) -> bytes:
    """A file after what happened to it."""
    for place, kind, value in changes:
        at = place % max(1, len(data))
        match kind:
            case "cut":
                data = data[: at + 1]
            case "drop":
                data = data[:at] + data[at + value :]
            case "double":
                data = data[:at] + data[at : at + 4 * value] + data[at:]
            case "byte":
                data = data[:at] + bytes([value]) + data[at + 1 :]
            case _:
                # A value in the place of another: the JSON stays whole.
                starts = [n for n in range(len(data)) if data[n : n + 1] == b":"]
                if starts:
                    start = starts[place % len(starts)] + 1
                    end = next(
                        (n for n in range(start, len(data)) if data[n : n + 1] in b",}\n"), start
                    )
                    data = data[:start] + _WORDS[value % len(_WORDS)] + data[end:]
    return data


def survives(source: Source, data: bytes, name: str) -> None:
    """Nothing but UnreadableFile comes of a file, whatever it holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            source.recognises(path)
            messages = [m for batch in source.read(path, None) for m in batch.messages]
        except UnreadableFile:
            return
    assert all(isinstance(m.content, str) for m in messages)


def survives_lines(source: Source, records: Iterable[Any], changes: Changes, name: str) -> None:
    """The same, of a file with a record on each line and what happened to it."""
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    survives(source, damaged(data, changes), name)
