"""Literals that a comment at the end of their line calls secret: `check("…")  # the password`."""

from __future__ import annotations

from aiana.pattern import Pattern
from aiana.redaction.names import Name
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_reference, is_token

_COMMENT = Pattern(
    r"(?P<quote>[\"'])(?P<value>[^\s\"'`\\<>]{8,200})(?:\\[rn])?(?P=quote)[^\n\"'`#]{0,40}?"
    r"(?://|#|--|/\*)[ \t]*(?:[\w./-]{1,20}[ \t]){0,4}\Z"
)
_ENDS = Pattern(r"(?:[ \t](?:check|here|key|too|now|value))?[ \t.!]*(?:\*/)?[ \t]*(?:\r?\n|\Z)")
_MOST_BEFORE = 320


def commented(text: str, name: Name) -> Span | None:
    """The literal on the line that the name ends as a comment."""
    end = name.start + len(name.word) + len(name.rest)
    if name.head or _ENDS.match(text, end) is None or name.is_about:
        return None
    start = text.rfind("\n", max(0, name.start - _MOST_BEFORE), name.start) + 1
    match = _COMMENT.search(text, max(start, name.start - _MOST_BEFORE), name.start)
    if match is None:
        return None
    value = match["value"]
    if is_code(value) or is_reference(value):
        return None
    told = is_token(value) or (name.password and is_told(value))
    return (*match.span("value"), name.kind) if told else None
