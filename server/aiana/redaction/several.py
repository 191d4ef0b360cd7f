"""Lists of values under one name: `passwords: [a, b]`, `{"password": ["a"]}`, `PASSWORDS=(a b)`."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from aiana.pattern import Pattern
from aiana.redaction.given import is_given
from aiana.redaction.names import Name, name_of
from aiana.redaction.pins import is_pin
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import has_digit, is_code, is_stand_in, is_token


class Item(NamedTuple):
    """Where an item of a list stands, and whether it does so without quotes."""

    start: int
    end: int
    value: str
    is_bare: bool


# What opens a list in JSON, settings, shells and code.
_OPENS = Pattern(
    r"[\"'`\\]{0,4}\]?(?:\s?:\s?[\w.<>\[\]|, ]{1,40}?)?\s{0,3}(?::=|\+=|=>|[:=])\s{0,3}"
    r"(?:(?:List|Set|Vec|Array|Arrays|ImmutableList|ImmutableSet)(?:\.|::)(?:of|asList|from)|(?:list|set|array|mutableList)Of|"
    r"new\s(?:Set|Array|List<\w{1,10}>|\w{1,10}\[\])(?:\([^()]{0,3}\))?|array|list|tuple|set|frozenset|vec!|%[wW]|\[\]string|c)?"
    r"\s?[\[({]{1,2}(?:\s|\\n){0,40}"
)
_ITEM = Pattern(
    r"(?:(?P<quote>\\{0,4}[\"'`])(?P<literal>[^\"'`\\\n]{1,200})(?P=quote)|(?P<bare>[^\s\"'`\\,;\[\](){}<>#|&]{1,100}))"
    r"(?P<then>(?:\s|\\n){0,40}[,;]?(?:\s|\\n){0,40})"
)
_CLOSES = Pattern(r"[\])}]")
_ITEMS = Pattern(r"[\"']?:[ \t]{0,3}\n(?P<in>[ \t]{0,40})- ")
_BLOCK_ITEM = Pattern(
    r"[ \t]{0,40}- (?P<quote>[\"'])?(?P<value>[^\s\"':]{3,100})(?(quote)(?P=quote))[ \t]{0,3}(?:\#[^\n]{0,80})?(?:\n|\Z)"
)
_PLAIN = Pattern(
    r"\s{0,2}[=:]\s{0,2}(?P<items>[^\s\"'`\\,;\[\](){}<>]{3,60}(?:,\s?[^\s\"'`\\,;\[\](){}<>]{3,60}){1,20})(?=\s*(?:\n|\Z))"
)
_ELEMENTS = Pattern(r">\s{0,40}(?=<\w{1,20}>[^<>\s]{3,100}</)")
_ELEMENT = Pattern(r"<(?P<tag>\w{1,20})>(?P<value>[^<>\s]{3,100})</(?P=tag)>\s{0,40}")
_MOST_ITEMS = 50
_REST = Pattern(r"(?i)(?:word|wd|phrase|code|_?key)?s?\Z")
# What a list under the name of a field holds where it tells what is demanded of it, or is wrong.
_RULES = Pattern(
    r"(?i)(?:required|nullable|string|min|max|size|length|regex|confirmed|between|present|filled|bail|sometimes|"
    r"too[_ -]?\w+|invalid\w*|not[_ -]\w+|is[_ -]\w+|must\w*|blank|empty|weak|mismatch|unique|same|match\w*)\b"
)
# Passwords that everybody knows are no secrets.
_KNOWN = Pattern(
    r"(?:common|weak|bad|breached|forbidden|blocked|banned|blacklist|leaked|invalid|top|default)[\w]{0,20}[_-]?\Z",
    re.IGNORECASE,
)


def several(text: str, name: Name) -> list[Span]:
    """The secrets of a list that is given to the name here."""
    end = name.start + len(name.word) + len(name.rest)
    if text[end : end + 1] not in _SIGNS:
        return []
    after = text[end : end + _MOST_BEFORE_LIST]
    if after[:_MOST_BEFORE_SIGN].lstrip(_AROUND)[:1] not in ":=+>":
        return []
    if _OPENING.isdisjoint(after):
        return []
    whole = _singular(name.whole) if _REST.match(name.rest) else None
    if whole is None:
        return []
    if match := _OPENS.match(text, end):
        return _judged(whole, name, _items(text, match.end()))
    if match := _ITEMS.match(text, end):
        line = text.rfind("\n", 0, name.start) + 1
        indent = len(text[line : line + 40]) - len(text[line : line + 40].lstrip())
        if len(match["in"]) >= indent:
            return _judged(whole, name, _block(text, match.start("in"), len(match["in"])))
    if whole != name.whole and (match := _PLAIN.match(text, end)):
        start, items = match.start("items"), []
        for item in match["items"].split(","):
            word = item.strip()
            begin = start + len(item) - len(item.lstrip())
            items.append(Item(begin, begin + len(word), word, True))
            start += len(item) + 1
        return _judged(whole, name, items)
    if text[end : end + 1] == ">" and (match := _ELEMENTS.match(text, end)):
        items, place = [], match.end()
        while (item := _ELEMENT.match(text, place)) and len(items) < _MOST_ITEMS:
            items.append(Item(*item.span("value"), item["value"], True))
            place = item.end()
        return _judged(whole, name, items)
    return []


def kinds_of_several(items: list[Any] | tuple[Any, ...], owner: Any) -> dict[int, str]:
    """The same for the list under a key of a JSON value."""
    whole = _singular(owner) if isinstance(owner, str) else None
    name = name_of(whole) if whole else None
    if whole is None or not all(isinstance(item, str | int) for item in items):
        return {}
    if len(items) == 1 and isinstance(items[0], str) and is_told(items[0]):
        kind = is_given(whole, items[0])
        return {0: kind} if kind else {}
    spans = [Item(n, n + 1, str(item), False) for n, item in enumerate(items)]
    return {n: kind for n, _, kind in _judged(whole, name, spans)}


def _singular(key: str) -> str | None:
    """The name of one of the values; nothing for names of something else."""
    for form in (key, key[:-1] if key[-1:] in ("s", "S") else key):
        if is_pin(form, "0000"):
            return form
        if name := name_of(form):
            return None if _KNOWN.search(name.head) else form
    return None


def _items(text: str, place: int) -> list[Item]:
    """The items of a list, if all up to its end are such."""
    items: list[Item] = []
    opened = text[max(0, place - 60) : place].rstrip()[-2:]
    bare = opened[-1:] == "[" or opened == "=("
    while (item := _ITEM.match(text, place)) and len(items) < _MOST_ITEMS:
        if item["quote"] is None and not bare:
            return []
        group = "literal" if item["quote"] else "bare"
        items.append(Item(*item.span(group), item[group], item["quote"] is None))
        place = item.end()
        if not item["then"]:
            break
    return items if _CLOSES.match(text, place) or len(items) == _MOST_ITEMS else []


def _block(text: str, place: int, indent: int) -> list[Item]:
    items: list[Item] = []
    while (item := _BLOCK_ITEM.match(text, place)) and len(items) < _MOST_ITEMS:
        if text[place : place + indent + 2].strip(" \t") != "-":
            break
        items.append(Item(*item.span("value"), item["value"], False))
        place = item.end()
    return items


def _judged(whole: str, name: Name | None, items: list[Item]) -> list[Span]:
    found: list[Span] = []
    is_plural = name is not None and name.whole != whole
    for start, end, value, is_bare in items:
        kind = "pin" if is_pin(whole, value) else _kind(whole, name, value, is_bare)
        if kind:
            found.append((start, end, kind))
        elif not is_plural and not is_stand_in(value):
            return []
    if any(_RULES.match(value) for _, _, value, _ in items) and not is_plural:
        return []
    return found


def _kind(whole: str, name: Name | None, value: str, is_bare: bool) -> str | None:
    told = is_told(value) or is_token(value)
    if (
        name is None
        or (len(value) < 4 and not told)
        or is_stand_in(value)
        or (is_code(value) and not told)
    ):
        return None
    if name.is_verb or not name.password:
        unlocks = name.unlocks and name.word != "token" and has_digit(value) and whole == name.whole
        told = is_token(value) or (unlocks and len(value) >= 8)
    else:
        told = told or not is_bare or (value.isalpha() and value.islower())
    return is_given(whole, value) if told else None


_OPENING = frozenset("[({-,>")
_MOST_BEFORE_LIST, _MOST_BEFORE_SIGN = 80, 12
_AROUND = "\"'`\\] \t\n\r\f\v"
_SIGNS = ('"', "'", "`", "\\", " ", ":", "=", ">", "]")
