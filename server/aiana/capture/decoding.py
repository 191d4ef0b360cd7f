"""JSON as other programs wrote it: what is damaged is left out, the rest is read.

Strict and fast decoding is the caller's first try; this is the second. Text that is no Unicode gets
replacement characters, numbers that no database holds become text, and what is nested too deeply
leaves a mark in its place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from aiana.redaction.fields import shown
from aiana.redaction.redact import redact_tree

DEEPEST = 64
"""Levels of a value that are read; tools are called with three or four."""
TOO_DEEP = "[nested too deeply]"
LARGEST = 2**63 - 1
"""The largest integer that SQLite and other languages hold."""
_OPENING = re.compile(r'\{\s*"')
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_BLANK = "\0 \t\r\n"
_NO_WORDS = frozenset(
    {"type", "data", "blob", "signature", "media_type", "mimeType", "mime_type", "cache_control"}
)
_fields = cache(msgspec.structs.fields)
_T = TypeVar("_T", bound=Struct)


def loads(data: bytes) -> Any:
    """The value of a JSON text. Raises ValueError."""
    text = data.decode("utf-8-sig", "replace")
    try:
        return _storable(_DECODER.decode(text))
    except RecursionError:
        return _storable(_DECODER.decode(without_depths(data).decode("utf-8-sig", "replace")))


def whole_records(
    line: bytes, is_record: Callable[[Any], bool], tries: int = 1000
) -> tuple[list[bytes], bool]:
    """The whole records on a line that is no JSON text, and whether anything else stands there.

    A writer that was killed leaves a record without its end, and the next one follows on the same
    line; two writers may lose the line end between two. `is_record` tells a record from a part of
    the one that was cut. Bounded: the time is linear in the line's length.
    """
    text = line.decode("utf-8", "surrogateescape")
    found: list[bytes] = []
    damaged = False
    start, budget = 0, 16 * len(text) + (1 << 20)
    rest = 0
    while tries > 0 and budget > 0 and (match := _OPENING.search(text, start)):
        begin = match.start()
        try:
            value, end = _DECODER.raw_decode(text, begin)
            is_whole = isinstance(value, dict) and is_record(_storable(value))
        except json.JSONDecodeError as error:
            tries -= 1
            budget -= error.pos - begin
            start = begin + 1
            continue
        except RecursionError:
            tries -= 1
            start = begin + 1
            continue
        start = end
        if is_whole:
            damaged = damaged or bool(text[rest:begin].strip(_BLANK))
            found.append(text[begin:end].encode("utf-8", "surrogateescape"))
            rest = end
    return found, damaged or bool(text[rest:].strip(_BLANK))


def without_depths(data: bytes) -> bytes:
    """A JSON text with a mark in place of what is nested deeper than `DEEPEST`."""
    parts: list[bytes] = []
    depth = start = 0
    for match in _BRACKET.finditer(data):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth == DEEPEST + 1:
                parts += data[start : match.start()], json.dumps(TOO_DEEP).encode()
        elif token in b"]}":
            if depth == DEEPEST + 1:
                start = match.end()
            depth -= 1
    return b"".join([*parts, data[start:]]) if depth <= DEEPEST else b"".join(parts)


def is_deep(value: Any) -> bool:
    """Whether a value has more than `DEEPEST` levels."""
    level = [value]
    for _ in range(DEEPEST + 1):
        if not level:
            return False
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level = [item for item in inner if isinstance(item, (dict, list))]
    return bool(level)


def lenient(kind: type[_T], value: dict[str, Any]) -> _T:
    """A `kind` of those fields of `value` that have the right type."""
    kept: dict[str, Any] = {}
    for field in _fields(kind):
        item = value.get(field.encode_name)
        if item is None:
            continue
        if field.type is Raw:
            kept[field.name] = Raw(msgspec.json.encode(item))
            continue
        with suppress(msgspec.ValidationError):
            kept[field.name] = msgspec.convert(item, field.type)
    return kind(**kept)


def whole_number(value: object) -> int | None:
    """A count as it may be stored; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        return None
    return value


def words_in(value: Any) -> list[str]:
    """The texts of a value of an unknown kind, without its ids, codes and encoded data.

    And without the secrets that the names of its fields tell, which are lost here.
    """
    return _words(redact_tree(value)[0] if isinstance(value, (dict, list)) else value)


def _words(value: Any, key: str = "") -> list[str]:
    if key in _NO_WORDS or key == "id" or key.endswith(("_id", "Id")) or "encrypted" in key:
        return []
    if isinstance(value, str):
        encoded = len(value) > 400 and not any(c.isspace() for c in value)
        return [value.strip()] if value.strip() and not encoded else []
    if isinstance(value, dict):
        return [word for k, item in value.items() for word in _words(item, k)]
    if isinstance(value, list):
        return [word for item in value for word in _words(item, key)]
    return []


def text_of_parts(content: Any) -> str:
    """The text of a content: itself, or that of its parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content] if content else []
    told = (
        p if isinstance(p, str) else shown(p, "text") if isinstance(p, dict) else "" for p in parts
    )
    return "\n".join(text for text in told if isinstance(text, str) and text.strip())


def find_text(value: dict[str, Any], key: str) -> str | None:
    """The text under a key of a value or of those in it."""
    for name, item in value.items():
        if name == key and isinstance(item, str):
            return item
        if isinstance(item, dict) and (found := find_text(item, key)):
            return found
    return None


def object_of(line: bytes) -> dict[str, Any]:
    """The JSON object on a line. Raises ValueError if there is none."""
    try:
        value = msgspec.json.decode(line)
        if is_deep(value):
            raise ValueError
    except (ValueError, RecursionError):
        value = loads(line)
        if is_deep(value):
            value = msgspec.json.decode(without_depths(msgspec.json.encode(value)))
    if not isinstance(value, dict):
        raise ValueError("It is no JSON object.")
    return value


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 19 else digits


def _float(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


_DECODER = json.JSONDecoder(
    strict=False, parse_int=_integer, parse_float=_float, parse_constant=str
)


def _storable(value: Any) -> Any:
    """`value` with replacement characters for lone surrogates, which no encoder accepts."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
