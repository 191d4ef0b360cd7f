"""The values that say what was touched."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Touched = Literal["read", "edited", "created", "deleted", "named"]
Told = Literal["read", "edited", "created", "deleted", "named", "written"]
"""What a call alone tells. `written`: all of its text was put there, whether it was new or not."""


class Touch(Struct, frozen=True):
    """A file that a tool call had to do with."""

    path: str
    """As the call named it: absolute, relative to the session's folder, or a URI."""
    how: Told
    first_line: int | None = None
    """From 1, where the call says it."""
    last_line: int | None = None


class GitRef(Struct, frozen=True):
    """A commit or branch that a session made or named."""

    kind: Literal["commit", "branch"]
    name: str
    """The hash, as far as it was told, or the branch's name."""
