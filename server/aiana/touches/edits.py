"""What a tool call replaces in files, and by what, told by the shape of its arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from aiana.pattern import Pattern
from aiana.touches.calls import (
    COMMANDS,
    CONTENTS,
    DEEPEST,
    PATCHES,
    PATH_NAMES,
    arguments_of,
    as_command,
    path_in,
    plain,
    verb,
)
from aiana.touches.patches import edits_of_patch
from aiana.touches.shell import texts_written

_KINDS = r"(?:str|string|text|code|lines?|content|source|value|line)?"
_OLD = Pattern(rf"(?:old|orig|original|search|find|target(?!file|path)){_KINDS}")
_NEW = Pattern(rf"(?:new|replace|replacement|updated|insert){_KINDS}")
_BLOCK = Pattern(r"^<{5,9} ?SEARCH>?[^\n]*\n(.*?)^={5,9}[^\n]*\n(.*?)^>{5,9} ?REPLACE", re.S | re.M)
_LINE_NUMBERS = Pattern(r"\A(?::start_line:\s*\d+\s*\n)?(?::end_line:\s*\d+\s*\n)?(?:-{5,}\n)?")
_MOST = 200


class Edit(Struct, frozen=True):
    """A text that a call put into a file."""

    path: str
    """As the call named it; empty where it named none."""
    old: str | None
    """What it replaced: empty where it only added, None where it wrote the whole file anew."""
    new: str


def edits_of_call(tool: str, arguments: str | None) -> list[Edit]:
    """The texts that a call replaced in files, in its order; `arguments` is JSON."""
    found: list[Edit] = []
    for edit in _of_value(plain(tool), arguments_of(arguments), "", 0):
        if edit.new != edit.old and len(found) < _MOST:
            found.append(edit)
    return found


def _of_value(tool: str, value: Any, path: str, depth: int) -> Iterator[Edit]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _of_value(tool, item, path, depth + 1)
        return
    if not isinstance(value, dict):
        return
    given = {plain(name): content for name, content in value.items() if isinstance(name, str)}
    path = next(
        (named for name in given if name in PATH_NAMES and (named := path_in(given[name]))), path
    )
    old = _text(given, _OLD)
    new = _text(given, _NEW)
    if old is not None and new is not None:
        yield Edit(path, old, new)
    elif new is not None and path:
        yield Edit(path, "", new)
    elif (whole := _contents(tool, given)) is not None and path:
        yield Edit(path, None, whole)
    for name, content in given.items():
        if name in COMMANDS:
            command = as_command(content)
            yield from (Edit(*edit) for edit in edits_of_patch(command))
            yield from (Edit(*written) for written in texts_written(command))
        elif isinstance(content, str) and name in PATCHES:
            yield from (
                Edit(place or path, old, new) for place, old, new in edits_of_patch(content)
            )
            yield from (
                Edit(path, _LINE_NUMBERS.sub("", old), new) for old, new in _BLOCK.findall(content)
            )
        elif isinstance(content, dict) and name == "changes":
            yield from _of_changes(content)
        elif isinstance(content, (dict, list)):
            yield from _of_value(tool, content, path, depth + 1)


def _of_changes(changes: dict[str, Any]) -> Iterator[Edit]:
    """Changes by path: `{"src/a.py": {"type": "update", "unified_diff": ...}}`."""
    for path, change in changes.items():
        if not path_in(path) or not isinstance(change, dict):
            continue
        content, diff = change.get("content"), change.get("unified_diff")
        if change.get("type") == "add" and isinstance(content, str):
            yield Edit(path, "" if content else None, content)
        elif change.get("type") == "delete" and isinstance(content, str):
            yield Edit(path, content, "")
        elif isinstance(diff, str):
            target = path_in(change.get("move_path")) or path
            yield from (Edit(target, old, new) for _, old, new in edits_of_patch(diff))


def _text(given: dict[str, Any], names: Pattern) -> str | None:
    return next((t for n, t in given.items() if isinstance(t, str) and names.fullmatch(n)), None)


def _contents(tool: str, given: dict[str, Any]) -> str | None:
    """The whole text of a file among the arguments of a call that writes one."""
    command = given.get("command")
    does = verb(plain(command)) if isinstance(command, str) else None
    if (does or verb(tool)) in ("read", "deleted"):
        return None
    for name in given:
        text = given[name]
        if name in CONTENTS and isinstance(text, str) and not _is_patch(text):
            return text
    return None


def _is_patch(text: str) -> bool:
    return bool(edits_of_patch(text)) or _BLOCK.search(text) is not None
