"""Commands whose arguments are the items of a list: `["mysql", "-p…"]`, `args: [--token, …]`.

So do programs start others, and the settings of containers, services and assistants; in the
brackets of JSON and code, as items of YAML, as elements of XML, as words of a shell's array. They
are looked at as the command line that comes of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from typing import Any

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.normalise import Edit, Normalised
from aiana.redaction.spans import Span

Finder = Callable[[str], list[Span]]
"""What finds the secrets of a command line."""

_QUOTE = r"\\{0,8}[\"'`]"
_BLANKS = r"(?:\s|\\{1,8}[nrt]){0,60}+"
_KEY = r"(?:args|arguments|argv|params|command|cmd|entrypoint)"
# An option that may have a secret behind it, where it begins an item. The sign is compared first.
_OPTION = Pattern(
    r"-(?:(?<=[\"'`>\[,]-)|(?<=[,\[-] -))"
    r"(?:[pu]|[awkxs][\s\"'`,\\<]|hp|[nc]?b|-(?:pass|user|auth|proxy-user|(?:http|ftp)-pass|pw)"
    r"|(?:src|dest)?storepass|keypass|-?[\w.-]{0,40}?(?:pass|pw|pin|secret|token|key|cred|auth))"
)
# The same for a command that takes a secret without an option, and the gate that it stands behind.
_WITHOUT = {
    "login": "", "add_user": "rabbitmqctl", "change_password": "rabbitmqctl", "/p:": "/p:",
    "/pass:": "pass",
}  # fmt: skip
_BETWEEN = Pattern(  # what it can begin with is looked at first
    rf"(?=[\\\"'`\s\]<,])(?:{_QUOTE}{_BLANKS}\]?{_BLANKS},?{_BLANKS}(?:{_QUOTE}{_KEY}{_QUOTE}{_BLANKS}:{_BLANKS})?"
    rf"(?:&?\[|[\w\[\]]{{0,12}}\{{)?{_BLANKS}{_QUOTE}"
    rf"|{_QUOTE}\){_BLANKS}\.args?\({_BLANKS}(?:&?\[{_BLANKS})?{_QUOTE}"
    rf"|(?:{_QUOTE})?[ \t]{{0,3}}\]?[ \t]{{0,3}}\n[ \t]{{0,40}}{_KEY}:[ \t]{{0,3}}"
    rf"(?:\n[ \t]{{0,40}}- |\[)[ \t]{{0,3}}(?:{_QUOTE})?"
    rf"|{_QUOTE}[ \t]{{0,3}}\]\s{{0,3}}\n[ \t]{{0,40}}CMD[ \t]{{0,3}}\[[ \t]{{0,3}}{_QUOTE}"
    rf"|(?:{_QUOTE})?[ \t]{{0,3}}\n[ \t]{{0,40}}- (?:{_QUOTE})?"
    r"|</\w{1,20}>\s{0,40}<\w{1,20}>"
    r"|(?<=[\w.\]:=/+-]),[ \t]{1,3}(?=[\w./:=+-])|(?<=[\w.:=/+!-])\](?=\s|\Z))"
)
_END_OF_ITEM = re.compile(r"[\"'`\n<,\]]")
_BEFORE_ITEM = ('"', "'", "`", " ", ">")
_BEFORE, _AFTER, _MOST_ITEMS = 500, 300, 200


def listed(text: str, plain: str, gates: Set[str]) -> list[tuple[int, Normalised]]:
    """The parts of a text in which lists may be commands, as command lines.

    Each with where it begins in the text. `plain` is the text in ASCII and lower case, `gates` are
    the words of rules in it.
    """
    options = [match.start() for match in _OPTION.compiled.finditer(plain)] if "-" in plain else []
    words = [
        word for word, gate in _WITHOUT.items() if (not gate or gate in gates) and word in plain
    ]
    options += (
        place for place in places(plain, *words) if plain[place - 1 : place] in _BEFORE_ITEM
    )
    if not options:
        return []
    windows: list[tuple[int, int]] = []
    for place in sorted(options):
        start, end = max(0, place - _BEFORE), min(len(text), place + _AFTER)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    parts = []
    for start, end in windows:
        part = text[start:end]
        if edits := _edits(part):
            parts.append((start, Normalised(part, edits)))
    return parts


def _edits(part: str) -> list[Edit]:
    edits: list[Edit] = []
    quote = ""  # of an item with blanks in it, which keeps its quotes
    for match in _BETWEEN.finditer(part):
        end = _END_OF_ITEM.search(part, match.end())
        item = part[match.end() : end.start() if end else len(part)]
        opened = part[match.end() - 1] if part[match.end() - 1] in "\"'`" else ""
        opened = opened if " " in item else ""
        edits.append(Edit(*match.span(), f"{quote} {opened}"))
        quote = opened
    return edits


def of_items(items: Sequence[object], find: Finder, program: str = "") -> dict[int, str]:
    """The items of a list that hold secrets as a command line, without them.

    `program` is what stands before them, where that is told elsewhere.
    """
    if not items or not (
        items[0] in _NO_OPTION
        or program in _NO_OPTION
        or any(isinstance(item, str) and item[:1] in ("-", "/") for item in items)
    ):
        return {}
    line = program
    begins: list[tuple[int, int]] = []
    for item in items[:_MOST_ITEMS]:
        word = item if isinstance(item, str) else str(item)
        quote = '"' if " " in word and '"' not in word else ""
        begins.append((len(line) + 1 + len(quote), len(word)))
        line += f" {quote}{word}{quote}"
    found: dict[int, str] = {}
    for start, end, kind in sorted(find(line), reverse=True):
        for n, (begin, length) in enumerate(begins):
            word = found.get(n) or str(items[n])
            if begin <= start and end <= begin + length:
                found[n] = f"{word[: start - begin]}[redacted:{kind}]{word[end - begin :]}"
    return found


def program_in(value: dict[Any, Any]) -> str:
    """The program that an object names beside the list of its arguments."""
    for key in _PROGRAM:
        program = value.get(key)
        if isinstance(program, str):
            return program
        if isinstance(program, list) and all(isinstance(item, str) for item in program):
            return " ".join(program)
    return ""


_PROGRAM = ("command", "cmd", "program", "executable", "entrypoint", "Entrypoint", "file")
_NO_OPTION = ("vault", "cargo", "rabbitmqctl", "sqlplus", "nmcli")
"""Programs that take a secret without an option."""
