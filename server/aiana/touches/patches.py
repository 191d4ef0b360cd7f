"""Files and lines in patches: those of git, and the form that assistants write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiana.pattern import Pattern
from aiana.touches.values import Touch, Touched

_ENVELOPE = Pattern(r"^\*\*\* (Add|Update|Delete) File: (.+?)\s*$|^\*\*\* Move to: (.+?)\s*$", re.M)
_HOW: dict[str, Touched] = {"Add": "created", "Update": "edited", "Delete": "deleted"}
_FILE = Pattern(r"^--- (.+?)(?:\t.*)?\n\+\+\+ (.+?)(?:\t.*)?$", re.M)
_HUNK = Pattern(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.M)
_NOWHERE = "/dev/null"


def touches_of_patch(text: str) -> list[Touch]:
    """The files that a patch changes; none if the text is no patch."""
    return [*_of_envelope(text), *_of_diff(text)]


def lines_of_hunks(text: str) -> tuple[int, int] | None:
    """The first and last line, after the change, that the hunks of a diff speak of."""
    found = [(int(start), int(count or 1)) for start, count in _HUNK.findall(text)]
    if not found:
        return None
    return min(start for start, _ in found), max(s + max(n, 1) - 1 for s, n in found)


def _of_envelope(text: str) -> Iterator[Touch]:
    if "*** " not in text:
        return
    for what, path, target in _ENVELOPE.findall(text):
        yield Touch(target, "created") if target else Touch(path, _HOW[what])


def _of_diff(text: str) -> Iterator[Touch]:
    if "\n+++ " not in text:
        return
    found = list(_FILE.finditer(text))
    for number, head in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        lines = lines_of_hunks(text[head.end() : end]) or (None, None)
        old, new = _named(head[1], "a/"), _named(head[2], "b/")
        if new == _NOWHERE:
            yield Touch(old, "deleted")
        else:
            yield Touch(new, "created" if old == _NOWHERE else "edited", *lines)


def _named(path: str, prefix: str) -> str:
    return path.strip().strip('"').removeprefix(prefix)
