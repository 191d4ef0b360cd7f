"""PINs: digits that only their name tells, as in "PIN is …", "… as PIN", `"pinCode": "…"`."""

from __future__ import annotations

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.repeated import Repeated
from aiana.redaction.spans import Span

# A word of its own or of a name: no `spin`, `pinning` or `pinned`.
_NAME = (
    r"(?:(?<![A-Za-z])(?i:pin)|(?<=[a-z])P(?:in|IN))"
    r"(?:[ _-]?(?i:code|number|nummer|no)\b)?(?![A-Za-z0-9_])"
)
_SAID = (
    r"(?:\s(?i:for|of|to|on)(?:\s[\w'’-]{1,20}){1,4}?)?"
    r"\s(?i:(?:(?:is|was|got|has\sbeen)\s)?(?:changed|set|reset)\sto|"
    r"is|was|ist|lautet|est|es|will\sbe)(?:\s(?i:now|still))?:?\s"
)
_GIVEN = Pattern(
    rf"{_NAME}(?:[\"'`*\\\]]{{0,5}}\s{{0,3}}(?::=|=>|[:=]){{1,2}}[*]{{0,2}}\s{{0,3}}|{_SAID})"
    r"\\{0,3}[\"'`]?(?P<value>\d{4,12})(?![\w]|[.,:/-]\d|\s?(?:%|px|[mk]s\b))"
)
# Electronics have pins with numbers, and versions are pinned: `PIN` is written so, or somebody's.
_NAMED = Pattern(
    r"(?:(?<![A-Za-z_-])PIN|(?<=the )pin|(?<=my )pin|(?<=our )pin|(?<=his )pin|(?<=her )pin|"
    r"(?<![A-Za-z_-])[Pp]in(?=[ -](?:code|number)))"
    r"(?:[ -]?(?i:code|number|nummer))?\s{1,2}[\"'`(*]{0,3}(?P<value>\d{4,12})"
    r"(?![\w]|[.,:/-]\d|\s?(?:%|px|[mk]s\b))"
)
_BEFORE = Pattern(
    r"(?<![\w.,:/#-])[\"'`*]{0,2}(?P<value>\d{4,12})[\"'`*]{0,2}\s{1,2}(?:as|is|was|ist|als|for)\s{1,2}"
    r"(?:(?i:the|my|a|an|your|his|her|our|its|their|new|old|die|meine|neue|card|door|sim|phone|"
    r"bank|login|unlock|default|admin|alarm)\s{1,2}){0,3}\Z"
)
_WORD = Pattern(rf"{_NAME}(?!\s{{0,3}}[=:(\[]|\s(?i:\d|count|header|diagram|layout|out))")
_MOST_BEFORE = 60
_OPTION = Pattern(rf"(?<=-){_NAME}[ =][\"']?(?P<value>\d{{4,12}})(?![\w]|[.,:/-]\d)")
_KEY = Pattern(rf"(?:.*[^A-Za-z]|.*(?=(?<=[a-z])P)|){_NAME}\Z")
_DIGITS = Pattern(r"\d{4,12}\Z")


def pins(text: str, lowered: str) -> list[Span]:
    spans: list[Span] = []
    repeated, past = Repeated(text), 0
    for place in places(lowered, "pin"):
        if place < past or (past := repeated.past(place)):
            continue
        match = _GIVEN.match(text, place) or _OPTION.match(text, place) or _NAMED.match(text, place)
        if match is None and _WORD.match(text, place):
            match = _BEFORE.search(text, max(0, place - _MOST_BEFORE), place)
        if match is not None:
            spans.append((*match.span("value"), "pin"))
        else:
            repeated.add(place)
    return spans


def pin_options(text: str) -> list[Span]:
    """PINs that are the values of options of a command."""
    return [(*match.span("value"), "pin") for match in _OPTION.finditer(text)]


def names_pin(key: str) -> bool:
    return "pin" in key.lower() and _KEY.match(key) is not None


def is_pin(key: str, value: str) -> bool:
    """Whether a whole text is a PIN where it stands under this name, as in JSON."""
    return value.isdigit() and names_pin(key) and _DIGITS.match(value) is not None
