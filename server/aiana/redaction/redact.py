"""Takes secrets out of text before it is stored: `[redacted:<kind>]` stands in their place.

Three passes: tokens known by their form (`aiana.redaction.rules`), credentials in URLs, and values
given to a name such as `password`. Deterministic and idempotent; time grows linearly with the text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import msgspec

from aiana.redaction.rules import PHRASE_RULES, TOKEN_RULES, Rule

Span = tuple[int, int, str]
"""Start, end and kind of a secret."""

MIN_CHARS = 8
"""No text that is shorter holds a secret that could be told."""
_MARK = "[redacted:"

_URL_CREDENTIALS = re.compile(
    r"://(?:[^\s/?#@:\"'<>\\`\[]{0,200}:([^\s/@\"'<>\\`]{3,300})|([A-Za-z0-9_\-.]{20,300}))@"
)
_AUTHORIZATION = re.compile(
    r"authorization[\"'\\]{0,4}\s{0,3}[:=,]\s{0,3}[\"'\\]{0,4}(?:basic|token|bearer|apikey)\s{1,3}"
    r"([\w.~+/=-]{8,4000})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"bearer\s{1,3}([\w.~+/=-]{16,4000})", re.IGNORECASE)

# Words in the names of secrets; `key` only after one of `_KEY_OWNERS`.
_PASSWORDS = ("passw", "passphrase")
_WORDS = ("secret", "token", "credential", "key", *_PASSWORDS)
_KEY_OWNERS = ("api", "access", "account", "private", "secret", "signing", "encryption", "auth")

# A token is at least this long; every run of its characters that is as long is looked at.
_LONG_RUN = b"a" * 20
_RUNS = bytes(
    97 if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "_-.") else 32
    for byte in range(256)
)
_BY_START: dict[str, list[Rule]] = {}
for _rule in TOKEN_RULES:
    for _start in {start[:2] for start in _rule.starts}:
        _BY_START.setdefault(_start, []).append(_rule)

# The rest of the name, the sign between name and value, and the value in quotes or bare.
_REST = r"(?P<rest>[\w.-]{0,40}+)"
_SIGN = r"[\"'\\]{0,4}\]?(?:\s{0,3}(?:=>|:=|={1,3}|:)\s{0,3}|,\s{0,3}(?=[\"'\\]))"
_VALUE = (
    r"(?P<quote>\\{0,4}[\"'])?"
    r"(?P<value>(?(quote)[^\s\"'`\\<>]{6,300}+|[^\s\"'`\\<>,;(){}|&\[\]=]{6,300}+={0,2}))"
    r"(?P<after>[\(\[\{]?)"
)
_ASSIGNED = re.compile(_REST + _SIGN + _VALUE)
_OPTION = re.compile(_REST + rf"(?:{_SIGN}|\s)" + _VALUE)
# A name that ends so holds something about a secret, not the secret.
_ABOUT = re.compile(
    r"(?:s|izer|ize|ized|ization|count|type|name|names|id|ids|hash|path|file|url|uri|length|len|"
    r"arn|ref|field|env|var|label|limit|size|budget|usage|expiry|expires?(?:_?(?:in|at))?|"
    r"policy|manager|provider|prompt|hint|reset|regex|pattern|prefix|header)\Z",
    re.IGNORECASE,
)
_MASK = re.compile(r"[x*.•_-]+\Z", re.IGNORECASE)
_PLACEHOLDERS = (
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "redacted",
    "your_",
    "your-",
    "dummy",
    "sample",
    "...",
    "***",
    "xxxx",
    "1234567890",
    "abcdef",
    "${",
    "{{",
)
_COMMON_WORDS = frozenset(
    {
        "password",
        "passwd",
        "secret",
        "username",
        "postgres",
        "required",
        "optional",
        "undefined",
        "string",
        "boolean",
        "number",
    }
)
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*\Z|[({])|%\w+%\Z")
_CODE = re.compile(
    r"[/~.]|(?:https?|file|env|process|os|self|this|config|settings|req|request|args)"
    r"[.:]|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|::\w+|->\w+)+\Z|\d{1,7}(?:\.\d+)?\Z"
)
_WORDLIKE = re.compile(r"[A-Za-z]+(?:[_.:/-][A-Za-z]+)*\d{0,2}\Z")


def redact(text: str) -> tuple[str, int]:
    """`text` without its secrets, and how many were taken out."""
    if len(text) < MIN_CHARS:
        return text, 0
    text, tokens = _replace(text, _tokens(text))
    text, urls = _replace(text, _url_credentials(text)) if "://" in text else (text, 0)
    text, values = _replace(text, _named_values(text))
    return text, tokens + urls + values


def redact_tree(value: Any) -> tuple[Any, int]:
    """The same for every string in a JSON value; a key such as `password` marks its value."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        items = [redact_tree(item) for item in value]
        return [item for item, _ in items], sum(n for _, n in items)
    if isinstance(value, dict):
        result, total = {}, 0
        for key, item in value.items():
            name, in_key = redact(key)
            if isinstance(item, str) and (kind := _kind_of_name(key)) and _is_value(kind, item):
                result[name], n = f"{_MARK}{kind}]", 1
            else:
                result[name], n = redact_tree(item)
            total += n + in_key
        return result, total
    return value, 0


def redact_json(text: str) -> tuple[str, int]:
    """The same for JSON text; text that is no JSON is redacted as it stands."""
    lowered = text.lower()
    if not redact(text)[1] and not any(word in lowered for word in _WORDS):
        return text, 0
    try:
        value, n = redact_tree(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError):
        return redact(text)
    return (msgspec.json.encode(value).decode(), n) if n else (text, 0)


def _replace(text: str, spans: list[Span]) -> tuple[str, int]:
    if not spans:
        return text, 0
    parts: list[str] = []
    position = n = 0
    for start, end, kind in sorted(spans):
        if start >= position:
            parts += text[position:start], f"{_MARK}{kind}]"
            position, n = end, n + 1
    return "".join(parts) + text[position:], n


def _tokens(text: str) -> list[Span]:
    spans: list[Span] = []
    # One byte a character: ordinary `find` then jumps from one long run to the next.
    runs = text.encode("latin-1", "replace").translate(_RUNS)
    start = runs.find(_LONG_RUN)
    while start >= 0:
        end = runs.find(b" ", start + len(_LONG_RUN))
        end = len(runs) if end < 0 else end
        if start and text[start - 1] == "\\":
            start += 1  # the letter of an escape such as `\n`
        while start < end and text[start] in "-._":
            start += 1
        for rule in _BY_START.get(text[start : start + 2], ()):
            if (match := rule.pattern.match(text, start)) and "EXAMPLE" not in match[0]:
                # What hangs on to a token goes with it: it may be the beginning of the next one.
                whole = len(text[start:end].rstrip("-._"))
                spans.append((start, max(match.end(), start + whole), rule.kind))
        start = runs.find(_LONG_RUN, end)
    for rule in PHRASE_RULES:
        if rule.starts[0] not in text:
            continue
        for position in _positions(text, rule.starts[0]):
            if match := rule.pattern.match(text, position):
                spans.append((*match.span(match.lastindex or 0), rule.kind))
    return spans


def _url_credentials(text: str) -> list[Span]:
    spans: list[Span] = []
    position = text.find("://")
    while position >= 0:
        match = _URL_CREDENTIALS.match(text, position)
        if match:
            secret = match[match.lastindex or 0]
            plain = secret.lower() in _COMMON_WORDS or _is_stand_in(secret)
            if not plain and not (match.lastindex == 2 and not _has_digit(secret)):
                spans.append((*match.span(match.lastindex or 0), "url-password"))
        position = text.find("://", position + 3)
    return spans


def _named_values(text: str) -> list[Span]:
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters grow when lowered; positions must stay
        lowered = "".join(c.lower() if c.isascii() else c for c in text)
    spans: list[Span] = []
    for position in _positions(lowered, "authorization"):
        if (match := _AUTHORIZATION.match(text, position)) and not _is_stand_in(match[1]):
            spans.append((*match.span(1), "authorization"))
    for position in _positions(lowered, "bearer"):
        match = _BEARER.match(text, position)
        if match and _has_digit(match[1]) and not _is_stand_in(match[1]):
            spans.append((*match.span(1), "authorization"))
    for word in _WORDS:
        if word not in lowered:
            continue
        for position in _positions(lowered, word):
            if word != "key" or _owned(lowered, position):
                spans += _assigned(text, position, word)
    return spans


def _owned(lowered: str, position: int) -> bool:
    """Whether the `key` at `position` belongs to a name such as `api_key`."""
    return lowered[max(0, position - 12) : position].rstrip("_-").endswith(_KEY_OWNERS)


def _positions(text: str, literal: str) -> list[int]:
    found: list[int] = []
    position = text.find(literal)
    while position >= 0:
        found.append(position)
        position = text.find(literal, position + len(literal))
    return found


def _assigned(text: str, position: int, word: str) -> list[Span]:
    """The value that the name around `position` is given, if it looks like a secret."""
    pattern = _OPTION if _begins_option(text, position) else _ASSIGNED
    match = pattern.match(text, position + len(word))
    if not match or match["after"] or _ABOUT.search(match["rest"]):
        return []
    kind = "password" if word in _PASSWORDS else "secret"
    quoted = match["quote"] is not None
    if not _is_value(kind, match["value"], quoted=quoted):
        return []
    return [(*match.span("value"), kind)]


def _begins_option(text: str, position: int) -> bool:
    """Whether the name around `position` starts like `--db-`: a blank gives it its value."""
    head = text[max(0, position - 45) : position]
    return head[max(head.rfind(" "), head.rfind("\n")) + 1 :].startswith("-")


def _kind_of_name(key: str) -> str | None:
    """What the value under this key would be: `password`, `secret` or nothing secret."""
    lowered = key.lower()
    for word in _WORDS:
        position = lowered.rfind(word)
        if position < 0 or (word == "key" and not _owned(lowered, position)):
            continue
        if not _ABOUT.search(lowered, position + len(word)):
            return "password" if word in _PASSWORDS else "secret"
    return None


def _is_value(kind: str, value: str, quoted: bool = True) -> bool:
    """Whether a value given to a name of this kind is a secret, not a word, code or a stand-in."""
    if not 6 <= len(value) <= 300 or " " in value or _is_stand_in(value):
        return False
    if value.lower() in _COMMON_WORDS or (_CODE.match(value) and not _is_random(value)):
        return False
    if kind == "password":
        return not _WORDLIKE.match(value) if quoted else _is_mixed(value)
    return len(value) >= 12 and _is_mixed(value) and _entropy(value) >= 3.0


def _is_stand_in(value: str) -> bool:
    """Whether the value names another place (`$TOKEN`, `{{token}}`) or is a placeholder."""
    lowered = value.lower()
    return (
        value.startswith(("{", "<", "[", "("))
        or _VARIABLE.match(value) is not None
        or _MASK.match(value) is not None
        or any(word in lowered for word in _PLACEHOLDERS)
    )


def _is_mixed(value: str) -> bool:
    return _has_digit(value) and any(c.isalpha() for c in value) and not _WORDLIKE.match(value)


def _is_random(value: str) -> bool:
    return len(value) >= 20 and _is_mixed(value) and _entropy(value) >= 4.0


def _has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value)


def _entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())
