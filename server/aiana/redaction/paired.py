"""Secrets whose name and value are two fields of one thing: `{"name": "DB_PASSWORD", "value": …}`.

So do lists of variables, parameters of clouds, headers that were recorded, fields that were filled
in: as JSON, in code, YAML, HCL, XML and as the arguments of commands, in either order. A field
whose own name is that of a secret may hold its value one level down: `"password": {"value": …}`.
"""

from __future__ import annotations

import re

from aiana.pattern import Pattern
from aiana.redaction.fields import NAMING, VALUE, WEAK, role_of
from aiana.redaction.given import is_given
from aiana.redaction.names import Name
from aiana.redaction.pins import is_pin
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_token

_QUOTES = r"[\"'`\\]{0,4}"
_IS = r"\s{0,3}(?::=|=>|[:=])\s{0,3}"
_NAMED_BY = Pattern(
    rf"(?:{NAMING}{_QUOTES}{_IS}|--(?:[\w-]{{1,30}}-)?(?:name|key|id)[ =]|"
    rf"<[\w:.-]{{0,30}}(?i:name|key)>\s{{0,20}})"
    rf"(?P<open>{_QUOTES})(?:[/\w.-]{{0,60}}/)?\Z"
)
_BACK, _NEAR = 130, 65
_SIGNS_BEFORE, _SIGNS = frozenset("\"'`=:>/ "), frozenset("=:>/")
_AROUND = "\"'`\\ \t\n\r\f\v\x1c\x1d\x1e\x1f\x85\xa0"
# One of these stands in whatever names something: cheaper to look for than the pattern.
_WORDS_BEFORE = (
    "name", "key", "id", "var", "field", "header", "param", "prop", "setting", "option", "path",
    "attribute", "env", "element", "selector", "locator", "placeholder", "type",
)  # fmt: skip
# What may stand between the two: no other name, and nothing of another thing.
_OTHER = (
    rf"\n[ \t]{{0,40}}(?:- |\n)|(?i:name|key){_QUOTES}{_IS}[\"'\w]|<[\w:.]{{0,30}}(?i:name|key)>"
)
_BETWEEN = rf"(?:(?!{_OTHER})[^{{}}]){{0,200}}?"
_FIELD = rf"(?<![A-Za-z0-9_])(?P<field>\w{{0,30}}?{VALUE}|{WEAK}){_QUOTES}{_IS}"
_LITERAL = r"(?P<quote>\\{0,4}[\"'`])(?P<value>[^\"'`\\\n]{3,400})(?P=quote)"
_VALUE = rf"(?:{_LITERAL}|(?P<bare>[^\s\"'`\\<>,;(){{}}|\[\]]{{3,400}}+)(?P<after>.?))"
_THEN = Pattern(rf"{_QUOTES}(?=[\s,;>}}&)]){_BETWEEN}{_FIELD}{_VALUE}")
_FIRST = Pattern(
    rf"(?:[{{(\[]|(?:\A|\n)[ \t]{{0,40}}- )\s{{0,40}}{_BETWEEN}{_FIELD}{_VALUE}{_BETWEEN}"
    rf"{NAMING}{_QUOTES}{_IS}{_QUOTES}\Z"
)
_ELEMENT = Pattern(
    r"\s{0,3}</[\w:.-]{1,40}>\s{0,40}(?:<!--[^>]{0,80}-->\s{0,40})?"
    r"<(?P<field>[\w:.-]{0,30}(?i:value)|string)(?:\s[^>]{0,80})?>\s{0,20}"
    r"(?P<value>[^<>\n]{3,400}?)\s{0,20}</"
)
_ARGUMENT = Pattern(
    rf"{_QUOTES}(?:[ =](?:\\\n|[^\n|;&<>]){{0,200}}?)?\s--(?P<field>(?:[\w-]{{1,30}}-)?"
    r"(?:value|secret-string|secret|body|plaintext))(?:=|\s{1,3})"
    rf"(?:{_LITERAL}|(?P<bare>[^\s\"'`\\|;&<>]{{3,400}}+)(?P<after>.?))"
)
_INSIDE = Pattern(
    rf"{_QUOTES}\s{{0,3}}[:=]?\s{{0,3}}\{{\s{{0,40}}{_BETWEEN}{_FIELD}{_VALUE}"
    rf"|{_QUOTES}:[ \t]{{0,3}}\n(?P<in>[ \t]{{1,40}})(?:[^\n{{}}]{{0,100}}\n(?P=in)){{0,6}}?"
    r"(?:[\w-]{0,30}(?i:value)|[dD]efault):[ \t]{1,3}(?P<q>[\"'])?(?P<scalar>[^\s\"']{3,400})"
    r"(?(q)(?P=q))[ \t]{0,3}(?:\n|\Z)"
)
# One of these stands in the name of every field that holds a value.
_VALUE_WORDS = ("val", "text", "string", "default", "data", "content", "body")
_VALUE_FIELD = Pattern(
    r"(?:val(?:ue)?|text|string|default|data|content|body)[\"'`\\]{0,4}\s{0,3}[:=]"
)
_MOST_BETWEEN, _MOST_INSIDE = 260, 1000
_MOST_BEFORE_BLOCK = 12
_INDENT = Pattern(r"[ \t]*")


def paired(text: str, name: Name) -> Span | None:
    """The secret that stands in the field beside the one whose value is this name."""
    begin, end = name.start - len(name.head), name.start + len(name.word) + len(name.rest)
    before = text[max(0, begin - (_BACK if text[begin - 1 : begin] == "/" else _NEAR)) : begin]
    if _may_be_named(before):
        named = _NAMED_BY.search(text, max(0, begin - len(before)), begin)
        if named is not None:
            return _beside(text, name, begin, end, named)
    return _inside(text, name, begin, end)


def _may_be_named(before: str) -> bool:
    """Whether what stands before a name may be that of the field which holds it."""
    if before[-1:] not in _SIGNS_BEFORE:
        return False
    bare = before.rstrip(_AROUND)
    if bare[-1:] not in _SIGNS and not bare.endswith(("name", "key", "id")):
        return False
    lowered = before.lower()
    return any(word in lowered for word in _WORDS_BEFORE)


def _beside(text: str, name: Name, begin: int, end: int, named: re.Match[str]) -> Span | None:
    if named[0].startswith("<"):
        match = _ELEMENT.match(text, end)
        if match is None:
            return None
        kind = _kind(name, match["value"])
        return (*match.span("value"), kind) if kind else None
    form = _ARGUMENT if named[0].startswith("--") else _THEN
    may_follow = form is _ARGUMENT or _holds_value(text[end : end + _MOST_BETWEEN])
    match = form.match(text, end) if may_follow else None
    start = max(0, named.start() - _MOST_BETWEEN)
    if match is None and form is _THEN and _holds_value(text[start : named.start()]):
        match = _FIRST.search(text, start, named.end())
    if match is None or (match.re is _THEN.compiled and _is_past_tag(text, begin, end, match)):
        return None
    return _judged(text, name, match, quoted=bool(named["open"]))


def _is_past_tag(text: str, begin: int, end: int, match: re.Match[str]) -> bool:
    """Whether the name is an attribute, and the field stands behind the tag that it is in."""
    start = max(0, begin - _BACK)
    is_in_tag = text.rfind("<", start, begin) > text.rfind(">", start, begin)
    return is_in_tag and ">" in text[end : match.start("field")]


def _holds_value(text: str) -> bool:
    """Whether a field that may hold a value is named in the text."""
    lowered = text.lower()
    return any(word in lowered for word in _VALUE_WORDS) and bool(_VALUE_FIELD.search(lowered))


def _inside(text: str, name: Name, begin: int, end: int) -> Span | None:
    after = text[end : end + _MOST_BEFORE_BLOCK]
    if after.lstrip("\"'`\\ ")[:1] not in (":", "=", "{") or not ("{" in after or "\n" in after):
        return None
    match = _INSIDE.match(text, end) if _holds_value(text[end : end + _MOST_INSIDE]) else None
    if match is None:
        return None
    if match["scalar"] is None:
        return _judged(text, name, match, quoted=True)
    line = text.rfind("\n", max(0, begin - 80), begin) + 1
    own = _INDENT.match(text, line, begin)
    if own is None or len(own[0]) >= len(match["in"]):
        return None
    kind = _kind(name, match["scalar"])
    return (*match.span("scalar"), kind) if kind else None


def _judged(text: str, name: Name, match: re.Match[str], *, quoted: bool) -> Span | None:
    """The value that was found, if it is a secret under this name.

    `quoted` says whether the name stands in quotes: where it does, a bare word may be a variable.
    """
    groups = match.groupdict()
    value, field = match["value"] or groups["bare"], match["field"]
    if role_of(field) == "weak" and not name.is_loud:
        return None
    if match["value"] is None and not (is_told(value) or is_token(value) or value.isdigit()):
        start = match.start("bare")
        line = text.rfind("\n", max(0, start - 80), start) + 1
        own_line = match["after"] in ("", "\n") and text[line:start].strip(" \t-").startswith(field)
        if not own_line and (quoted or not (name.head or name.is_loud)):
            return None
    kind = _kind(name, value)
    return (*match.span("value" if match["value"] is not None else "bare"), kind) if kind else None


def _kind(name: Name, value: str) -> str | None:
    return "pin" if is_pin(name.whole, value) else is_given(name.whole, value)
