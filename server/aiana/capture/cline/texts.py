"""Texts in which Cline and its relatives put several things: prompts, results, tool calls."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct, field

_TYPED = re.compile(r"(?s)<(task|feedback|user_message|user_input|answer)\b[^>]*>(.*?)</\1>")
_ALL_TYPED = re.compile(
    r"(?s)\A(?:The user [^<]{0,200})?\s*<(feedback|answer|user_message)\b[^>]*>(.*)</\1>\s*\Z"
)
_SURROUNDINGS = re.compile(r"(?s)<(environment_details|mode_notice)\b[^>]*>.*?(?:</\1>|\Z)")
_FOLDER = re.compile(r"(?m)^# Current (?:Working|Workspace) Directory \((.+?)\)(?: Files)?$")
_RESULT = re.compile(r"\A\[(\w+)[^\n]*\] Result:[ \t]*\n?")
_NOTICE = re.compile(r"\A\[[A-Z][A-Z _-]+\]")
# Names of tools have an underscore, those of HTML have none.
_CALL = re.compile(r"(?m)^[ \t]*<([a-z][a-z0-9]*(?:_[a-z0-9]+)+)>")
_ARGUMENT = re.compile(r"\s*<([A-Za-z_]\w*)>")
_MOST_CLOSINGS = 100
_THOUGHT = re.compile(r"(?s)<thinking>(.*?)(?:</thinking>|\Z)")
_REPLACED = re.compile(
    r"(?sm)^[-<]{6,} SEARCH>?\n(?::start_line:[ \t]*\d+\n)?(?::end_line:[ \t]*\d+\n)?(?:-{6,}\n)?"
    r"(.*?)^={6,}\n(.*?)^[+>]{6,} REPLACE"
)


class Asked(Struct):
    """What one text of a user role holds."""

    typed: list[str] = field(default_factory=list)
    folder: str = ""
    tool: str = ""
    """The tool whose result follows; "" for none."""
    rest: str = ""
    """The result, or what the program put in, or what was typed if nothing says so."""
    is_notice: bool = False
    """Whether the rest is the program's for certain."""


def asked_in(text: str, tool: str = "") -> Asked:
    """What a text says, taken apart; `tool` is the one whose result it is, if it is one."""
    asked = Asked()
    if folder := _FOLDER.search(text):
        asked.folder = folder[1]
    text = _SURROUNDINGS.sub("", text).strip()
    result = None if tool else _RESULT.match(text)
    if tool or result:
        # What a tool gave back may hold anything; what was typed stands there alone.
        asked.tool = result[1] if result else tool
        asked.rest = (text[result.end() :] if result else text).strip("\n")
        if answer := answer_in(asked.rest):
            asked.typed, asked.rest = [answer], ""
        return asked
    asked.typed = [found[2].strip() for found in _TYPED.finditer(text) if found[2].strip()]
    asked.rest = _TYPED.sub("", text).strip()
    asked.is_notice = bool(asked.typed) or _NOTICE.match(asked.rest) is not None
    return asked


def answer_in(text: str) -> str:
    """What a person answered, where the result of a tool is that; "" where it is not."""
    found = _ALL_TYPED.match(text)
    return found[2].strip() if found else ""


def said_in(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What an assistant's text holds, in its order.

    Each is `said`, `thought` or `call`, its text (of a call the tool's name), and arguments.
    """
    found: list[tuple[str, str, dict[str, Any]]] = []
    place = said = 0
    while match := _first(text, place):
        place = match.end()
        call = None if match.re is _THOUGHT else _call(text, match)
        if match.re is not _THOUGHT and call is None:
            continue
        found.append(("said", text[said : match.start()], {}))
        if call is None:
            found.append(("thought", match[1], {}))
        else:
            arguments, place = call
            found.append(("call", match[1], arguments))
        said = place
    found.append(("said", text[said:], {}))
    return [(kind, words.strip(), given) for kind, words, given in found if words.strip()]


def _first(text: str, place: int) -> re.Match[str] | None:
    """The next thought or call."""
    matches = [pattern.search(text, place) for pattern in (_THOUGHT, _CALL)]
    return min((m for m in matches if m), key=lambda match: match.start(), default=None)


def _call(text: str, start: re.Match[str]) -> tuple[dict[str, Any], int] | None:
    """The arguments of the call that begins at a match, and where it ends; None if it is none."""
    closing = f"</{start[1]}>"
    end = text.find(closing, start.end())
    if end < 0:
        return None
    arguments: dict[str, Any] = {}
    place = start.end()
    while match := _ARGUMENT.match(text, place, end):
        found = _value(text, match, end)
        if found is None:
            return None
        arguments[match[1]], place = found
    return None if text[place:end].strip() else (arguments, end + len(closing))


def _value(text: str, start: re.Match[str], end: int) -> tuple[str, int] | None:
    """The value of an argument, which may hold what looks like its end, and where it ends."""
    closing = f"</{start[1]}>"
    place = start.end()
    for _ in range(_MOST_CLOSINGS):
        found = text.find(closing, place, end)
        if found < 0:
            return None
        place = found + len(closing)
        if not text[place:end].strip() or _ARGUMENT.match(text, place, end):
            return text[start.end() : found].strip("\n"), place
    return None


def named_edits(arguments: Any) -> Any:
    """Arguments of a tool, with texts before and after in place of a diff of search blocks."""
    if not isinstance(arguments, dict) or not isinstance(diff := arguments.get("diff"), str):
        return arguments
    edits = [
        {"oldText": old.rstrip("\n"), "newText": new.rstrip("\n")}
        for old, new in _REPLACED.findall(diff)
    ]
    if not edits:
        return arguments
    return {**{k: v for k, v in arguments.items() if k != "diff"}, "edits": edits}
