"""One bad line costs one line, in every format of lines; and nothing ends in a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiana.capture import Source, sources
from tests.told import MAKERS, Turn
from tests.unit.sources import CASES, TRANSCRIPTS, Changes, damaged, damages, survives

TURNS = [Turn(n, f"what is asked in turn {n}", f"What is said in turn {n}.") for n in range(1, 7)]
TEXTS = {text for turn in TURNS for text in (turn.asked, turn.said)}
RECORDING = next((TRANSCRIPTS / "claude-code-2.1.197").glob("*.jsonl")).read_bytes()


class Format(NamedTuple):
    """A source, and a file of lines as it is written."""

    source: Source
    path: Path
    lines: list[bytes]


def formats() -> list[str]:
    """The ways of keeping a conversation that are files of lines."""
    with TemporaryDirectory() as folder:
        return [
            make.__name__
            for makers in MAKERS.values()
            for make in makers
            if make(Path(folder) / make.__name__, TURNS).suffix == ".jsonl"
        ]


@pytest.fixture(scope="module", params=formats())
def format(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Format:
    name, make = next(
        (name, make)
        for name, makers in MAKERS.items()
        for make in makers
        if make.__name__ == request.param
    )
    path = make(tmp_path_factory.mktemp(name), TURNS)
    return Format(sources()[name], path, path.read_bytes().splitlines())


@settings(max_examples=CASES, deadline=None)
@given(place=st.integers(0, 1000), changes=damages)
def test_neighbours_of_a_damaged_line_stay(format: Format, place: int, changes: Changes) -> None:
    source, path, lines = format
    number = 1 + place % (len(lines) - 1)  # the first line is the head of many formats
    bad = damaged(lines[number], changes).replace(b"\n", b" ")
    path.write_bytes(b"\n".join([*lines[:number], bad, *lines[number + 1 :], b""]))
    if path.parent.name == "chatSessions" and is_json(bad):
        return  # its lines are changes: another one is made
    told = "\n".join(m.content for batch in source.read(path, None) for m in batch.messages)
    lost = {text for text in TEXTS if text not in told}
    assert all(text.encode() in lines[number] for text in lost)


def is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_session_of_claude_code(changes: Changes) -> None:
    survives(sources()["claude-code"], damaged(RECORDING, changes), "s1.jsonl")


def test_half_a_text_in_a_record_without_its_end(tmp_path: Path) -> None:
    """What no encoder accepts, on a line that is no JSON text, costs no neighbour."""
    path = tmp_path / "s1.jsonl"
    whole = RECORDING.splitlines(keepends=True)
    (asked,) = [line for line in whole if b'"message"' in line and b"works now" in line]
    broken = asked.replace(b'"Check that it works now"', b'["\\ud800"]')
    path.write_bytes(broken.rstrip(b"\n") + b"}\n" + RECORDING)
    (batch,) = sources()["claude-code"].read(path, None)
    assert "Check that it works now" in [m.content for m in batch.messages]
