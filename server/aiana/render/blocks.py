"""Stored text as a block of a Markdown document, which it cannot break out of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

_LINE_END = re.compile(r"\r\n?|\n")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
# Raw HTML that goes on until its end, whatever stands between.
_RAW = (
    (re.compile(r" {0,3}<(pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE), None),
    (re.compile(r" {0,3}<!--"), "-->"),
    (re.compile(r" {0,3}<\?"), "?>"),
    (re.compile(r" {0,3}<!\[CDATA\["), "]]>"),
    (re.compile(r" {0,3}<![A-Za-z]"), ">"),
)
_OPENERS = ("`", "~", "<")
"""What a line begins with that may open a block; most begin with something else."""
# Orders to the editor that opens a file: Vim reads them in the first and last lines, Emacs in the
# first line and near the end.
_ORDER = re.compile(r"(?<!\S)(vim?|ex)([<=>]?\d*:)|-\*-", re.IGNORECASE)
_LOCAL_VARIABLES = re.compile(r"local variables:", re.IGNORECASE)
_ORDERED_LINES = 5
"""By Vim's default, at either end; many have set more, so twice as many are looked at."""
_ORDERED_CHARS = 3000
_MOST_COMPARED = 400
"""Lines; comparing takes the square of them."""


def split_lines(text: str) -> list[str]:
    """The lines of `text`; editors end one at a lone carriage return too."""
    return _LINE_END.split(text) if "\r" in text else text.split("\n")


def closed(text: str) -> str:
    """`text`, with what it leaves open closed: a code fence, a comment, raw HTML."""
    if not any(opener in text for opener in _OPENERS):
        return text
    end = ""
    """What closes the block that a line stands in: a fence, or the end of raw HTML."""
    for line in split_lines(text):
        if not end:
            end = _opens(line) if line.lstrip(" ")[:1] in _OPENERS else ""
        elif end[0] in "`~":
            mark = line.strip()
            if line[:4].strip() and mark[0] == end[0] and not mark.strip(end[0]) and mark >= end:
                end = ""
        elif end in line.lower():
            end = ""
    return f"{text.rstrip()}\n{end}" if end else text


def _opens(line: str) -> str:
    """What closes the block that begins with this line; empty if none does, or it closes it."""
    if fence := _FENCE.match(line):
        return fence[1]
    for pattern, end in _RAW:
        if found := pattern.match(line):
            end = end or f"</{found[1].lower()}>"
            return "" if end in line[found.end() :].lower() else end
    return ""


def without_orders(text: str) -> str:
    """A document that becomes a file, in which nothing tells editors how to be: a blank more."""
    lines = text.split("\n")
    ends = [*range(min(len(lines), 2 * _ORDERED_LINES)), *range(-2 * _ORDERED_LINES - 1, 0)]
    for place in ends:
        if -len(lines) <= place < len(lines):
            lines[place] = _ORDER.sub(lambda order: f"{order[0][:-1]} {order[0][-1]}", lines[place])
    text = "\n".join(lines)
    head, tail = text[:-_ORDERED_CHARS], text[-_ORDERED_CHARS:]
    return head + _LOCAL_VARIABLES.sub(lambda order: f"{order[0][:-1]} :", tail)


def fenced(text: str, language: str = "") -> str:
    """`text` as code, in a fence that no run of backticks in it can close."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0) if "`" in text else 0
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def edit_of(arguments: Any) -> str | None:
    """What a tool call changes, as a unified diff; None if its arguments name no change.

    A change is an old text beside a new one (`old_string` and `new_string`, `oldText` and
    `newText`, ...), several of those in a list, or a patch.
    """
    if isinstance(arguments, str):
        return arguments.strip("\n") if _is_patch(arguments) else None
    if not isinstance(arguments, Mapping):
        return None
    parts = []
    for name, value in arguments.items():
        if not isinstance(name, str):
            continue
        new = arguments.get(f"new{name[3:]}") if name[:3] == "old" else None
        if isinstance(value, str) and isinstance(new, str):
            parts.append(_diff(value, new))
        elif isinstance(value, str) and _is_patch(value):
            parts.append(value.strip("\n"))
        elif isinstance(value, list):
            parts += [
                part for item in value if isinstance(item, Mapping) and (part := edit_of(item))
            ]
    return "\n".join(parts) or None


def _is_patch(text: str) -> bool:
    start = text.lstrip()
    return start.startswith(("*** Begin Patch", "diff --git ", "--- ")) and "\n" in start


def _diff(old: str, new: str) -> str:
    before, after = split_lines(old) if old else [], split_lines(new) if new else []
    if len(before) + len(after) > _MOST_COMPARED or not set(before) & set(after):
        return "\n".join([*(f"-{line}" for line in before), *(f"+{line}" for line in after)])
    lines = list(unified_diff(before, after, lineterm="", n=3))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))
