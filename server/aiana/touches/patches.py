"""Files and lines in patches: those of git, and the form that assistants write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiana.pattern import Pattern
from aiana.text import unquoted
from aiana.touches.values import Touch, Touched

_ENVELOPE = Pattern(r"^\*\*\* (Add|Update|Delete) File: (.+?)\s*$|^\*\*\* Move to: (.+?)\s*$", re.M)
_HOW: dict[str, Touched] = {"Add": "created", "Update": "edited", "Delete": "deleted"}
_FILE = Pattern(r"^--- (.+?)(?:\t.*)?\n\+\+\+ (.+?)(?:\t.*)?$", re.M)
_HUNK = Pattern(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.M)
_NOWHERE = "/dev/null"
_GIT = Pattern(r"^diff --git (.+)((?:\n(?!diff --git ).*)*)", re.M)
_SAME = Pattern(r'(?:a/(.+) b/\1|("a/.+") "b/.+")')
"""The two names where they are one."""
_MOVED = Pattern(r"^rename from (.+)\nrename to (.+)$", re.M)
_MODE = Pattern(r"^(new|deleted) file mode ", re.M)
_HOW_MODE: dict[str, Touched] = {"new": "created", "deleted": "deleted"}
_BINARY = Pattern(r"^(?:Binary files .+ differ|GIT binary patch)$", re.M)


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
    heads = _ENVELOPE.findall(text)
    for number, (what, path, target) in enumerate(heads):
        if target:
            yield Touch(target, "created")
        else:
            moved = number + 1 < len(heads) and heads[number + 1][2]
            yield Touch(path, "deleted" if moved else _HOW[what])


def _of_diff(text: str) -> Iterator[Touch]:
    yield from _without_lines(text)
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


def _without_lines(text: str) -> Iterator[Touch]:
    """What only git's own heads tell: files that were moved, that are empty or that are no text."""
    for head in _GIT.finditer(text):
        moved, mode, binary = _MOVED.search(head[2]), _MODE.search(head[2]), _BINARY.search(head[2])
        if moved:
            yield Touch(unquoted(moved[1]), "deleted")
            yield Touch(unquoted(moved[2]), "created")
        elif "\n+++ " not in head[2] and (mode or binary) and (name := _SAME.fullmatch(head[1])):
            how = _HOW_MODE.get(mode[1] if mode else "", "edited")
            yield Touch(unquoted(name[1] or name[2]), how)


def _named(path: str, prefix: str) -> str:
    return unquoted(path.strip()).removeprefix(prefix)


def edits_of_patch(text: str) -> list[tuple[str, str | None, str]]:
    """Path, replaced and new text of each hunk of a patch; the path is empty where none is told.

    The lines around a change, which a hunk shows, stand in both texts. Of a file that is made
    empty the replaced text is None.
    """
    if not any(f"\n{sign}" in f"\n{text}" for sign in ("*** ", "@@", "diff --git ")):
        return []
    found: list[tuple[str, str | None, str]] = []
    path = before = ""
    added = False
    old: list[str] = []
    new: list[str] = []
    in_hunk = False

    def close() -> None:
        if old != new:
            found.append((path, "\n".join(old), "\n".join(new)))
        elif added and in_hunk and not new:
            found.append((path, None, ""))
        old.clear()
        new.clear()

    lines = text.removesuffix("\n").split("\n")
    if lines[0].endswith("\r"):  # of the patch, not of what stands in it
        lines = [line.removesuffix("\r") for line in lines]
    for number, line in enumerate(lines):
        if head := _ENVELOPE.match(line):
            if not head[3]:
                close()
                added, in_hunk = head[1] == "Add", head[1] != "Delete"
            path = head[3] or head[2]
        elif (
            line.startswith("--- ")
            and lines[number + 1 : number + 2]
            and (lines[number + 1].startswith("+++ "))
        ):
            close()
            before, in_hunk = _named(line[4:].partition("\t")[0], "a/"), False
        elif line.startswith("+++ ") and not in_hunk:
            path = _named(line[4:].partition("\t")[0], "b/")
            path = before if path == _NOWHERE else path
        elif line.startswith("@@"):
            close()
            in_hunk = True
        elif line.startswith(("*** End", "diff --git ")):
            close()
            in_hunk = in_hunk and line.startswith("*** End of")
            added = added and in_hunk
        elif in_hunk and line[:1] in ("+", "-", " ", ""):
            if line[:1] != "+" and not added:
                old.append(line[1:])
            if line[:1] != "-":
                new.append(line[1:])
    close()
    return [*found, *_made_empty(text)]


def _made_empty(text: str) -> Iterator[tuple[str, None, str]]:
    """Files that git's heads say are new, and have no lines."""
    for head in _GIT.finditer(text):
        mode, name = _MODE.search(head[2]), _SAME.fullmatch(head[1])
        has_lines = "\n+++ " in head[2] or _BINARY.search(head[2])
        if mode and mode[1] == "new" and name and not has_lines:
            yield unquoted(name[1] or name[2]), None, ""
