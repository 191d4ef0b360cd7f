"""Bytes to messages, whatever the bytes are and however they are cut."""

from __future__ import annotations

from typing import Any

import pytest

from aiana.lsp.framing import LONGEST_LINE, Frames
from aiana.pipes import Unreadable


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def read(data: bytes, step: int) -> list[Any]:
    """Messages as they are, and the codes of what is none."""
    frames = Frames()
    found = [m for at in range(0, len(data), step) for m in frames.feed(data[at : at + step])]
    return [message.code if isinstance(message, Unreadable) else message for message in found]


GOOD = framed(b'{"good":1}')
BODY = b'{"lost":1}'


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b"", [], id="well-formed"),
        pytest.param(b"content-LENGTH:2\r\nContent-Type: x\r\n\r\n{}", [{}], id="any case"),
        pytest.param(b"Content-Length: 2\n\n{}", [{}], id="bare line ends"),
        pytest.param(b"\r\n\r\n", [], id="empty lines between messages"),
        pytest.param(BODY, [-32600], id="no header"),
        pytest.param(b"\r\n\r\n" + BODY, [-32600], id="an empty header"),
        pytest.param(b"Content-Type: x\r\n\r\n" + BODY, [-32600], id="no length"),
        pytest.param(b"Content-Length: -5\r\n\r\n" + BODY, [-32600], id="negative length"),
        pytest.param(b"Content-Length: ten\r\n\r\n" + BODY, [-32600], id="length in words"),
        pytest.param(b"Content-Length: 1000000000000\r\n\r\n" + BODY, [-32600], id="a terabyte"),
        pytest.param(b"Content-Length: " + b"9" * 500 + b"\r\n\r\n", [-32600], id="500 digits"),
        pytest.param(b"x" * 2 * LONGEST_LINE, [-32600], id="an endless line"),
        pytest.param(b"stray output", [-32600], id="output of another program"),
        pytest.param(b"Content-Length: 4\r\n\r\n" + BODY, [-32700], id="length too small"),
        pytest.param(b"Content-Length: 40\r\n\r\n" + BODY, [-32700], id="length too large"),
        pytest.param(b"Content-Length: 25\r\n\r\n" + BODY, [-32700], id="into the next header"),
        pytest.param(framed(b""), [-32700], id="an empty body"),
        pytest.param(framed(b'"\xff"'), [-32700], id="not UTF-8"),
        pytest.param(framed(b"[NaN]"), [-32700], id="no number of JSON"),
        pytest.param(framed(b"[" * 100_000), [-32700], id="nested too deeply"),
        pytest.param(framed(b"1" * 5000), [-32700], id="a number of 5,000 digits"),
        pytest.param(framed(rb'"\ud83d"'), ["\N{REPLACEMENT CHARACTER}"], id="half of a sign"),
        pytest.param(framed(rb'"\ud83d\ude42"'), ["🙂"], id="both halves"),
        pytest.param(framed(rb'"\\ud83d"'), [r"\ud83d"], id="an escaped backslash"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_what_follows_is_read_whatever_came_before(
    data: bytes, found: list[Any], step: int
) -> None:
    assert read(data + GOOD, step) == [*found, {"good": 1}]


def test_what_is_skipped_is_not_kept() -> None:
    frames = Frames()
    list(frames.feed(b"Content-Length: 1000000000000\r\n\r\n"))
    for _ in range(1000):
        assert list(frames.feed(b"x" * 10_000)) == []
    assert len(frames._buffer) <= 64
    assert list(frames.feed(GOOD)) == [{"good": 1}]
