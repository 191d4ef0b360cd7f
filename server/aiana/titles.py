"""What to call a conversation: the first words in it that tell it from others."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiana.pattern import Pattern
from aiana.text import one_line

LONGEST = 120
"""Characters of a title; what is cut off shows as an ellipsis."""
_ENOUGH = 60
"""A title of so many characters needs no further line."""
_COMMAND = Pattern(r"[/!#]\s?([\w:.-]+)\s*(.*)", re.DOTALL)
_SETTINGS = Pattern(
    "add-dir|agents|clear|compact|config|context|cost|effort|exit|fast|help|hooks|ide|init|login|"
    "logout|mcp|memory|model|new|output-style|permissions|plugin|quit|rename|resume|status|"
    "statusline|theme|usage|vim"
)
"""Commands about the assistant itself, whatever their arguments."""
_FENCE = Pattern(r"^\s*(```|~~~)")
_HEADING = Pattern(r"^\s{0,3}#{1,6}\s+(.*?)[\s#]*$")
_PLAN = Pattern(
    r"^(?:(?:the|my)\s+)?(?:(?:implementation|project|action|work)\s+)?plan\s*(?::|-|–|—)\s*", re.I
)
_EMPTY_HEADINGS = Pattern(
    r"^(?:(?:implementation|project|action|work|the)\s+)?"
    r"(?:plan|context|overview|summary|background|goal|goals|task|introduction)$",
    re.I,
)
_ELEMENT = Pattern(r"</?[A-Za-z][\w:-]{0,60}(?:\s[^<>]{0,500})?/?>")
_PLACEHOLDER = Pattern(r"^\[[^\]\n]{1,80}\]$")
_LETTERS = Pattern(r"[^\W\d_]")
_WIDE = Pattern("[\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_BLOB = Pattern(
    r"^(?: {4}|\t)|^[\w.]*(?:Error|Exception|Warning)\b"
    r"|^\s*(?:[{}\[\]<>|@+=]|at \S+[(:]|File \"|Traceback |diff --git|index [0-9a-f]{6}"
    r"|commit [0-9a-f]{7}|\$ |>>> |\d{4}-\d\d-\d\d[T ]|\[?\d\d:\d\d|[A-Z]{2,}[A-Z_]*="
    r"|(?:import|from|const|let|var|def|class|function|public|private|return|package|use|#include)"
    r"\s+\S+.*[;{:(]\s*$|(?:https?|file)://\S+$|[~/.]?[\w.-]*/[\w./-]+:?$)"
)
"""How a line begins that was pasted: code, data, output, a path."""


def title_of(prompts: Iterable[str]) -> str | None:
    """A title from what was asked, in order; None if nothing was.

    A command and a word of greeting are taken only where nothing else was said, the heading of a
    plan before the sentence that hands it over, a line of prose before what was pasted around it.
    """
    second: str | None = None
    for prompt in prompts:
        title, is_telling = _candidate(prompt)
        if title and is_telling:
            return shortened(title)
        second = second or title
    return shortened(second) if second else None


def shortened(text: str) -> str:
    """One line of at most `LONGEST` characters, cut between words where there are any."""
    line = one_line(text)
    if len(line) <= LONGEST:
        return line
    cut = line[: LONGEST - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > LONGEST // 2 else cut).rstrip(" ,;:.-") + "…"


def _candidate(prompt: str) -> tuple[str, bool]:
    """A title from one prompt, and whether it tells the conversation from others."""
    text = prompt.strip()
    if (command := _COMMAND.fullmatch(text)) and text[0] in "/!":
        name, arguments = command[1], command[2].strip()
        telling = text[0] == "/" and bool(arguments) and not _SETTINGS.fullmatch(name)
        return text, telling
    lines = _prose(_ELEMENT.sub(" ", text))
    if not lines:
        first = next((line for line in text.splitlines() if _LETTERS.search(line)), text)
        return first.strip(), False
    title = lines[0]
    if len(title) < _ENOUGH and len(lines) > 1:
        title = f"{title} {lines[1]}"
    return title, _says_something(title)


def _prose(text: str) -> list[str]:
    """The first paragraph that a person wrote, or the heading that comes first.

    A sentence that only says that something follows is followed by the first words of that.
    """
    found: list[str] = []
    handed_over = ""
    is_fenced = False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_fenced = not is_fenced
        elif heading := _HEADING.match(line):
            words = _PLAN.sub("", heading[1]).strip()
            if words and not _EMPTY_HEADINGS.match(words) and (not found or _hands_over(found)):
                return [words]
        elif not line.strip():
            if found and not _hands_over(found):
                break
        elif not is_fenced and _is_prose(line) and found and _hands_over(found):
            handed_over = handed_over or line.strip()
        elif not is_fenced and _is_prose(line):
            found.append(line.strip())
            if sum(map(len, found)) > LONGEST:
                break
        elif found and not _hands_over(found):
            break
    return [*found, handed_over] if handed_over else found


def _hands_over(lines: list[str]) -> bool:
    """Whether a sentence only says that something follows: `Implement the following plan:`."""
    return len(lines) == 1 and lines[0].endswith(":") and len(lines[0]) < _ENOUGH


def _is_prose(line: str) -> bool:
    text = line.strip()
    if _BLOB.match(line) or _PLACEHOLDER.match(text):
        return False
    letters = sum(character.isalpha() or character.isspace() for character in text)
    return letters >= 0.7 * len(text) and (
        " " in text or len(text) < 40 or bool(_WIDE.search(text))
    )


def _says_something(title: str) -> bool:
    return len(title.split()) > 1 or (len(title) > 3 and bool(_WIDE.search(title)))
