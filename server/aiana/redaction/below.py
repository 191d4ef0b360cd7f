"""Secrets on a line of their own below the one that names them.

What a command prints (`$ gh auth token⏎…`, `>>> password⏎'…'`), and what a label announces (`Use
the following password to proceed:⏎⏎…`). The line holds nothing else, and no word.
"""

from __future__ import annotations

from aiana.pattern import Pattern
from aiana.redaction.names import Name
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_of_both_cases, is_token

_PROMPT = Pattern(
    r"[ \t>]{0,8}(?:(?:[\w@~:/.()\[\] -]{0,60}[$#%❯➜])[ \t]|>>>[ \t]|\((?:gdb|lldb|[pP]db)\)[ ]|"
    r">[ \t]|irb[^>\n]{0,30}>[ \t]|In[ ]\[\d{1,4}\]:[ \t])"
)
# What prints the text that it is asked for, rather than something about it.
_PRINTS = Pattern(
    r"\b(?:cat|echo|printf|printenv|get|show|print|read|output|reveal|view|base64|po?|puts|"
    r"(?:auth|access)[ -]token|"
    r"find-[\w-]{1,30}|[\w-]{0,20}(?:get|print|show)-[\w-]{1,40}|(?:config|secrets?|parameters?|auth)(?:\s|:)(?:get|token))\b"
)
_ONLY_NAME = Pattern(r"[ \t]*[\w.\[\]\"'$:@-]{1,80}[ \t]*\Z")
_LABEL = Pattern(
    r"(?![^\n]*\b(?:is|was|are|were|not|must|failed|error)\b|[^\n]*\bto:)"
    r"[^\n`|{}()<>=;]{0,60}?[:：][*_]{0,2}[ \t]*\Z"
)
_VALUE = Pattern(
    r"\n(?:[ \t]*\n)?(?:[ \t]*```\w{0,12}\n)?[ \t>]{0,8}"
    r"(?:=>[ \t]|\$\d{1,3}[ ]=[ ](?:0x[\da-f]{1,16}[ ])?)?"
    r"(?P<quote>[\"'`])?"
    r"(?P<value>[^\s\"'`<>]{8,400})(?(quote)(?P=quote))[ \t]*(?:\r?\n|\Z)"
)
_PATH = Pattern(r"\A[./~]|\.[a-z]{1,5}\Z|\A\d+-|\A0x")
_MOST_OF_LINE = 200


def _is_chance(value: str) -> bool:
    """Whether it is too random for anything else."""
    return is_of_both_cases(value) and value.isalnum()


def below(text: str, name: Name) -> Span | None:
    """The secret on the line below the one that the name stands on."""
    stop = text.find("\n", name.start, name.start + _MOST_OF_LINE)
    if stop < 0 or (match := _VALUE.match(text, stop)) is None:
        return None
    value = match["value"]
    told = name.password and is_told(value) and value.isascii() and value[-1] not in ".,:;!?"
    if not (told or is_token(value)) or is_code(value) or _PATH.search(value):
        return None
    line = text[text.rfind("\n", max(0, name.start - _MOST_OF_LINE), name.start) + 1 : stop]
    line = line.rstrip("\r")
    if prompt := _PROMPT.match(line):
        command = line[prompt.end() :]
        asks = _PRINTS.search(command) or (match["quote"] and _ONLY_NAME.match(command))
    else:
        place = stop - len(line)
        rest = line[name.start + len(name.word) + len(name.rest) - place :]
        asks = (
            not name.is_about and not name.is_public and (_LABEL.match(rest) or _is_chance(value))
        )
    return (*match.span("value"), name.kind) if asks else None
