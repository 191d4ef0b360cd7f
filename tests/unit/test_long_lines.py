from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest

from aiana.capture import jsonl
from aiana.capture.claude_code.source import ClaudeCode
from aiana.capture.jsonl import LineFile
from aiana.capture.long_lines import LongRecord

MARK = "[%s bytes left out]"


def shortened(text: bytes, most: int, step: int) -> tuple[bytes, int]:
    record = LongRecord(most)
    for start in range(0, len(text), step):
        record.add(text[start : start + step])
    return record.whole(), record.left_out


@pytest.mark.parametrize("step", [1, 2, 7, 100, 10_000])
def test_a_record_of_short_texts_stays_as_it_is(step: int) -> None:
    record = {"a": 'q"\\\n"', "b": ["\\", "é\U0001f600", "\u2028", 1.5, None], "": {"\\\\": '"'}}
    for is_ascii in (True, False):
        text = json.dumps(record, ensure_ascii=is_ascii).encode()
        assert shortened(text, 400, step) == (text, 0)


@pytest.mark.parametrize("step", [1, 13, 1000, 100_000])
@pytest.mark.parametrize(
    "filler", ["word ", 'a\\b"c\nd e f g h i j k l m ', "→ é 猫 and more of it "]
)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_the_middle_of_a_long_text_is_left_out(step: int, filler: str, is_ascii: bool) -> None:
    words = "".join(f"{n}{filler}" for n in range(4000))
    record = {"before": "short", "long": words, "after": ["x" * 300, {"id": 7}]}
    text = json.dumps(record, ensure_ascii=is_ascii).encode()
    kept, left_out = shortened(text, 2000, step)
    read = json.loads(kept)
    head, _, tail = read["long"].partition(f"\n{MARK % left_out}\n")
    assert words.startswith(head)
    assert words.endswith(tail)
    assert 600 < len(json.dumps(head + tail, ensure_ascii=is_ascii).encode()) < 2010
    assert len(kept) - len(f"\\n{MARK % left_out}\\n") + left_out == len(text)
    assert read | {"long": words} == record


def test_a_text_that_can_be_cut_nowhere_goes_but_for_the_mark() -> None:
    text = json.dumps({"a": "\n" * 900_000, "b": 1}).encode()
    kept, left_out = shortened(text, 400_000, 50_000)
    assert json.loads(kept) == {"a": f"\n{MARK % left_out}\n", "b": 1}


def test_any_cut_leaves_json() -> None:
    rng = random.Random(4)
    pieces = ["a", "word", '"', "\\", "\n", "é", "\U0001f600", "\ud83d", " plain text of a person "]
    for _ in range(300):
        long = "".join(rng.choices(pieces, k=rng.randrange(1, 900)))
        text = json.dumps([long, 1, {long[:9]: long}], ensure_ascii=rng.random() < 0.7).encode(
            "utf-8", "replace"
        )
        kept, left_out = shortened(text, rng.choice((60, 200, 1000)), rng.randrange(1, 500))
        assert json.loads(kept)[1] == 1
        assert (kept == text) == (left_out == 0)


def lines(content: bytes) -> tuple[list[bytes], LineFile]:
    file = LineFile(io.BufferedReader(io.BytesIO(content)), long=1 << 20, cap=8 << 20)
    return [line for line in file if line], file


def test_lines_longer_than_memory_should_hold() -> None:
    long = json.dumps({"text": "some words " * 900_000, "n": 1}).encode()
    found, file = lines(b'{"n": 0}\n' + long + b'\n{"n": 2}\n')
    assert [json.loads(line)["n"] for line in found] == [0, 1, 2]
    assert (file.number, file.offset, file.oversized) == (3, len(long) + 19, [])
    ((number, left_out),) = file.shortened
    assert (number, len(found[1]) + left_out) == (2, len(long) + len(f"\\n{MARK % left_out}\\n"))


def test_a_long_last_line_is_read_when_it_is_complete() -> None:
    long = json.dumps({"text": "some words " * 900_000, "n": 1}).encode()
    found, file = lines(b'{"n": 0}\n' + long)
    assert ([json.loads(line)["n"] for line in found], file.number) == ([0, 1], 2)
    found, file = lines(b'{"n": 0}\n' + long[:-1])
    assert (found, file.number, file.offset) == ([b'{"n": 0}'], 1, 9)


def test_a_long_line_that_is_no_json_does_not_hold_up_the_next() -> None:
    for garbage in (b'"' + b"\\n" * 3_000_000, b"x" * 9_000_000, b"\0" * 9_000_000):
        found, file = lines(garbage + b'\n{"n": 2}\n')
        assert (found[-1], file.number) == (b'{"n": 2}', 2)
        assert file.offset == len(garbage) + 10


def test_a_transcript_that_begins_with_a_long_line_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "_STEP", 64 << 10)
    record = {
        "type": "user",
        "uuid": "u1",
        "sessionId": "s1",
        "message": {"role": "user", "content": "some words " * 900_000},
    }
    path = tmp_path / "s1.jsonl"
    path.write_text(json.dumps(record) + "\n")
    assert ClaudeCode().recognises(path)
