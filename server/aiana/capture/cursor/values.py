"""Keys and values of Cursor's databases."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

from aiana.capture.decoding import loads

NAME, TITLE = "cursor", "Cursor"
DOCUMENT, BUBBLE, BLOB = "composerData:", "bubbleId:", "agentKv:blob:"
"""How the keys of the editor's database begin."""


def key_range(prefix: str) -> tuple[str, str]:
    """The keys that begin so: from this one to that one."""
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


def json_of(data: bytes | None) -> Any:
    if data is None:
        return None
    with suppress(ValueError):
        return loads(data)
    return None


def digest_of(data: bytes | None) -> str:
    return hashlib.blake2b(data or b"", digest_size=8).hexdigest()
