"""What a tool call does to files, by the shape of its arguments and not by a list of tools.

Assistants name their tools and arguments as they like, and new ones come every month. What they
share is the shape: a path beside a text that is replaced, a path beside contents, a path beside
line numbers, a patch, a command.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from aiana.pattern import Pattern
from aiana.touches.patches import lines_of_hunks, touches_of_patch
from aiana.touches.shell import touches_of_command
from aiana.touches.values import Told, Touch

_MOST = 200
"""Files of one call that are kept."""
_MOST_PATH = 1024
DEEPEST = 6
PATH_NAMES = frozenset(
    {
        *("path", "file", "filepath", "filename", "absolutepath", "relativepath", "abspath"),
        *("targetfile", "relativeworkspacepath", "notebookpath", "notebook", "uri", "fileuri"),
        *(
            "fspath",
            "documentpath",
            "document",
            "targetpath",
            "inputpath",
            "outputpath",
            "filepaths",
        ),
        *("paths", "files", "uris", "targetnotebook", "effectiveuri"),
    }
)
_OLD_NAMES = frozenset({"oldpath", "source", "sourcepath", "from", "frompath", "src"})
_NEW_NAMES = frozenset({"newpath", "destination", "destinationpath", "to", "topath", "dest", "dst"})
COMMANDS = frozenset({"command", "cmd", "commandline", "script", "shellcommand"})
PATCHES = frozenset({"patch", "diff", "unifieddiff", "input", "patchtext", "content", "edit"})
_REPLACED = Pattern(
    r"(?:old|orig|original|search|find|replace|replacement|new|insert)"
    r"(?:str|string|text|code|lines?|content|source|value|line)?"
)
_CHANGES = frozenset(
    {"edits", "edit", "replacements", "diff", "patch", "changes", "codeedit", "hunks"}
)
CONTENTS = frozenset(
    {"content", "contents", "filetext", "text", "code", "newcontent", "filecontent", "newsource"}
)
_FIRST = Pattern(r"(?:(?:start|first|from|begin)(?:line|row)|offset$|startline)")
_LAST = Pattern(r"(?:end|last|to)(?:line|row)")
_VERBS: tuple[tuple[Pattern, Told], ...] = (
    (Pattern(r"delete|remove|unlink"), "deleted"),
    (Pattern(r"create|newfile|write|save"), "written"),
    (Pattern(r"edit|replace|patch|update|modif|insert|append|apply|change"), "edited"),
    (Pattern(r"read|view|open|cat(?![a-z])|show|viewfile"), "read"),
)
_CHANGED: dict[str, Told] = {"add": "created", "delete": "deleted"}
_PATH_BEGINS = Pattern(r"(?:[/~\\]|\.{1,2}/|[A-Za-z]:[\\/]|file://|vscode-[\w-]+://)")
_URL = Pattern(r"[a-z][a-z0-9+.-]*://", re.I)
_SAYS_NEW = Pattern(r"\b(?:created?|creating|new file)\b", re.I)
_SAYS_CHANGED = Pattern(
    r"\b(?:updat|overwr|overwritten|modif|edited|replac|existing|exists|already)\w*", re.I
)
_PATHS = Pattern(r"\S*[/\\]\S*")
_SAID_CHARS = 300
_CONTROL = Pattern(r"[\x00-\x1f]")
_NUMBERED = Pattern(r"^\s*(\d{1,7})(?:→|\t|: |\|)", re.M)


def touches_of_call(tool: str, arguments: str | None) -> list[Touch]:
    """The files that a call names, and what it does to each; `arguments` is JSON."""
    found: list[Touch] = []
    for touch in _of_value(plain(tool), arguments_of(arguments), 0):
        if touch not in found:
            found.append(touch)
    strongest = {touch.path for touch in found if touch.how != "named"}
    return [t for t in found if t.how != "named" or t.path not in strongest][:_MOST]


def command_of(arguments: str | None) -> str:
    """The shell command among the arguments of a call; "" if there is none."""
    try:
        value = json.loads(arguments or "null")
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, dict):
        for name, given in value.items():
            if plain(name) in COMMANDS:
                return as_command(given)
    return ""


def lines_of_result(text: str) -> tuple[int, int] | None:
    """The lines of a file that a result shows with their numbers, or as a diff."""
    if hunks := lines_of_hunks(text):
        return hunks
    numbers = [int(number) for number in _NUMBERED.findall(text)]
    if len(numbers) < 2 or any(b - a != 1 for a, b in itertools.pairwise(numbers)):
        return None
    return numbers[0], numbers[-1]


def how_of_result(path: str, text: str) -> Literal["created", "edited"] | None:
    """Whether the answer to a call for one file says that it was new; None if it says neither."""
    said = text[:_SAID_CHARS].split("\n", 1)[0]
    for name in (path, path.replace("\\", "/").rpartition("/")[2]):
        said = said.replace(name, "") if name else said
    said = _PATHS.sub("", said)
    new, changed = _SAYS_NEW.search(said), _SAYS_CHANGED.search(said)
    if bool(new) == bool(changed):
        return None
    return "created" if new else "edited"


def _of_value(tool: str, value: Any, depth: int) -> Iterator[Touch]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _of_value(tool, item, depth + 1)
        return
    if not isinstance(value, dict):
        return
    given = {plain(name): content for name, content in value.items() if isinstance(name, str)}
    for name, content in given.items():
        if name in COMMANDS:
            yield from touches_of_command(as_command(content))
        elif isinstance(content, str) and name in PATCHES:
            yield from touches_of_patch(content)
    how = _how(tool, given)
    lines = _lines(given)
    for name, content in given.items():
        if name in PATH_NAMES:
            paths = content if isinstance(content, list) else [content]
            yield from (Touch(path, how, *lines) for p in paths if (path := path_in(p)))
        elif name in _OLD_NAMES and path_in(content) and _moves(given):
            yield Touch(path_in(content), "deleted")
        elif name in _NEW_NAMES and path_in(content) and _moves(given):
            yield Touch(path_in(content), "created")
        elif isinstance(content, dict) and name == "changes":
            yield from _of_changes(content)
        if isinstance(content, (dict, list)):
            yield from _of_value(tool, content, depth + 1)


def _of_changes(changes: dict[str, Any]) -> Iterator[Touch]:
    """Changes by path: `{"src/a.py": {"type": "update", ...}}`."""
    for path, change in changes.items():
        if not path_in(path) or not isinstance(change, dict):
            continue
        kind = str(change.get("type") or "")
        moved = path_in(change.get("move_path"))
        how = "deleted" if moved else _CHANGED.get(kind, "edited")
        diff = change.get("unified_diff")
        lines = lines_of_hunks(diff) if isinstance(diff, str) else None
        yield Touch(path, how, *(lines or (None, None)))
        if moved:
            yield Touch(moved, "created")


def _how(tool: str, given: dict[str, Any]) -> Told:
    """What is done to the file beside these arguments."""
    told = verb(tool)
    if told == "deleted":
        return "deleted"
    if "command" in given and isinstance(given["command"], str):
        # One tool for all of it, which says what to do: `{"command": "str_replace", "path": ...}`.
        told = verb(plain(given["command"])) or told
    replaced = [
        name for name in given if _REPLACED.fullmatch(name) and isinstance(given[name], str)
    ]
    if len(replaced) > 1 or any(given.get(name) for name in _CHANGES & given.keys()):
        return "created" if given.get("oldstring") == "" or given.get("oldstr") == "" else "edited"
    if CONTENTS & given.keys() and told != "read":
        return "edited" if told == "edited" else "written"
    if told is not None:
        return told
    return "read" if any(_FIRST.match(name) for name in given) else "named"


def verb(name: str) -> Told | None:
    """What a name says is done to a file; None if it says nothing of it."""
    return next((how for pattern, how in _VERBS if pattern.search(name)), None)


def _moves(given: dict[str, Any]) -> bool:
    return bool(_OLD_NAMES & given.keys()) and bool(_NEW_NAMES & given.keys())


def _lines(given: dict[str, Any]) -> tuple[int | None, int | None]:
    first: int | None = None
    last: int | None = None
    count: int | None = None
    for name, value in given.items():
        if isinstance(value, list) and name in ("viewrange", "linerange", "range", "lines"):
            numbers = [n for n in value if type(n) is int]
            if len(numbers) == 2:
                return numbers[0], numbers[1] if numbers[1] >= numbers[0] else None
        if type(value) is not int or value < 0:
            continue
        if _FIRST.match(name):
            first = value + ("basezero" in name)
        elif _LAST.match(name):
            last = value + ("basezero" in name)
        elif name in ("limit", "count", "numlines", "linecount"):
            count = value
    if first is None:
        return (1, count) if count and last is None else (None, last)
    first = max(1, first)
    if last is None and count:
        last = first + count - 1
    return first, last if last is None or last >= first else None


def path_in(value: Any) -> str:
    """A value as a path; "" if it is none."""
    if isinstance(value, dict):
        value = value.get("fsPath") or value.get("path") or value.get("external")
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_PATH:
        return ""
    text = value.strip()
    if (
        not text
        or (_CONTROL.search(text) and not _is_odd_path(text))
        or (_URL.match(text) and not _PATH_BEGINS.match(text))
    ):
        return ""
    if any(sign in text for sign in "*?|<>"):
        return ""
    return text


def _is_odd_path(text: str) -> bool:
    """Whether a text with line ends or other control characters is a path for all that."""
    absolute = _PATH_BEGINS.match(text) is not None and "\0" not in text
    return absolute and not any(map(_PATH_BEGINS.match, text.splitlines()[1:]))


def as_command(value: Any) -> str:
    """A shell command, given as a text or as its words."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        # ["bash", "-lc", "cat a"]: the last word is the command.
        return str(value[-1]) if len(value) > 1 and value[-2] in ("-c", "-lc") else " ".join(value)
    return value if isinstance(value, str) else ""


def arguments_of(text: str | None) -> Any:
    """The arguments of a call, which are JSON; a text alone is its `input`."""
    try:
        value = json.loads(text or "null")
    except (ValueError, RecursionError):
        value = text
    return {"input": value} if isinstance(value, str) else value


def plain(name: str) -> str:
    """The name of a tool or argument without what assistants spell differently."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
