"""What a message says of itself is looked at, however little of it there is."""

from __future__ import annotations

from typing import Any

import pytest

from aiana.models import Message
from aiana.redaction.door import admit

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


def message(**fields: Any) -> Message:
    given = {"id": "m", "session_id": "s", "type": "user", "timestamp": "2026-02-01T12:00:00.000Z"}
    return Message(**{**given, "content": "hello", **fields})


@pytest.mark.parametrize(
    ("metadata", "clean", "count"),
    [
        ({"toolCallId": "toolu_01MUBwouTSV66UvoDLoTqGHB", "isError": True}, None, 0),
        ({"model": "gpt-5.2", "toolCallId": TOKEN}, {"toolCallId": "[redacted:github-token]"}, 1),
        ({"toolCallId": f"call {TOKEN}"}, {"toolCallId": "call [redacted:github-token]"}, 1),
        ({"model": "x", "token": "q9Zt81LmPw"}, {"token": "[redacted:secret]"}, 1),
        ({"pin": {"password": "hunter22"}}, {"pin": {"password": "[redacted:password]"}}, 1),
    ],
)  # fmt: skip
def test_metadata(metadata: dict[str, Any], clean: dict[str, Any] | None, count: int) -> None:
    result, n = admit(message(metadata=metadata))
    assert (result.metadata, n) == ({**metadata, **(clean or {})}, count)


@pytest.mark.parametrize(
    ("timestamp", "clean", "count"),
    [
        ("2026-02-01T12:00:00Z", None, 0),
        (f"2026-02-01T12:00:00Z {TOKEN}", "2026-02-01T12:00:00Z [redacted:github-token]", 1),
    ],
)
def test_time(timestamp: str, clean: str | None, count: int) -> None:
    result, n = admit(message(timestamp=timestamp))
    assert (result.timestamp, n) == (clean or timestamp, count)
