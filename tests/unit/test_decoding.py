"""JSON that other programs damaged, or that no reader expects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiana.capture.decoding import TOO_DEEP, is_deep, loads, whole_records, without_depths


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": 123456789012345678901234567890}', {"a": "123456789012345678901234567890"}),
        (b'{"a": 1' + b"0" * 6000 + b"}", {"a": "1" + "0" * 6000}),
        (b"[NaN, Infinity, -Infinity, 1e999]", ["NaN", "Infinity", "-Infinity", "1e999"]),
        (b'["lone \\ud83d", "\\ud83d\\ude00"]', ["lone \ufffd", "\U0001f600"]),
        (b'["caf\xe9", "tab\there"]', ["caf\ufffd", "tab\there"]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    ],
)
def test_values_that_are_odd(data: bytes, value: Any) -> None:
    assert loads(data) == value


@pytest.mark.parametrize("data", [b"", b"nothing", b'{"a"', b"{}{}", b"[" * 100_000])
def test_what_is_no_json(data: bytes) -> None:
    with pytest.raises(ValueError):
        loads(data)


@pytest.mark.parametrize("levels", [330, 5_000, 200_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_too_deeply_leaves_a_mark(levels: int, opening: str) -> None:
    closing = {"[": "]"}.get(opening, "}")
    data = f'{{"before": 1, "deep": {opening * levels}0{closing * levels}, "after": "]}}"}}'
    cut = without_depths(data.encode())
    value = json.loads(cut)
    assert (value["before"], value["after"]) == (1, "]}")
    assert TOO_DEEP in json.dumps(value)
    assert not is_deep(value)
    assert loads(data.encode())["after"] == "]}"


def test_what_is_not_deep_is_left_alone() -> None:
    data = b'{"a": [[1, "[[[[{{{{"], {"b": "\\"]"}]}'
    assert without_depths(data) == data
    assert not is_deep(json.loads(data))


def is_record(value: Any) -> bool:
    return "id" in value


A, B = b'{"id": 1, "text": "a {\\"id\\": 9}", "in": {"x": [1]}}', b'{"id": 2}'


@pytest.mark.parametrize(
    ("line", "found", "damaged"),
    [
        (A + B, [A, B], False),
        (A + b"  \0" + B, [A, B], False),
        (A[:20] + B, [B], True),
        (A[:-3] + B, [B], True),
        (A + B[:5], [A], True),
        (A[:30] + A + B, [A, B], True),
        (b"\xff" + A, [A], True),
        (b"[" + A + b"]", [A], True),
        (b'{"x": {"y": 1}}' + A, [A], True),
        (b"{" * 50_000 + A, [A], True),
        (b'{"a":' * 50_000 + A, [], True),
        (b"noise", [], True),
    ],
)
def test_whole_records_on_a_damaged_line(line: bytes, found: list[bytes], damaged: bool) -> None:
    assert whole_records(line, is_record) == (found, damaged)
