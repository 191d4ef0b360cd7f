"""Identifiers and their parts: `getUserById` is also found by `user`, `foo-bar` as one word.

Every pattern takes time in proportion to the text, however long its words are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from aiana.storage.letters import other_words

LONGEST = 256
"""Characters; what is longer is no identifier but data: a key, an encoded file."""
# A capital within a run of letters and digits, and the rest of the run; told by classes, of which
# bytes are searched faster. Most identifiers come again and again.
_CAPITAL, _SMALL, _UNDERSCORE = b"Ua_"
_RUN = b"Ua"
_CLASSES = bytes(
    _UNDERSCORE
    if chr(byte) == "_"
    else ord(" ")
    if byte > 127 or not chr(byte).isalnum()
    else _CAPITAL
    if chr(byte).isupper()
    else _SMALL
    for byte in range(256)
)
_CAPITAL_WITHIN = re.compile(rb"U(?<=[Ua]U)[Ua]*+")
_HUMP = re.compile(r"\b[A-Za-z][a-z0-9]*+[A-Z][A-Za-z0-9]*+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_WORD = re.compile(r"(?<!\w)\w++(?:[^\w\s]++\w++)*+")
_SEVERAL = re.compile(r"[^\w\s]|[^\W_]_\w|[a-z0-9][A-Z]")  # foo-bar a/b.py a:b, user_id, userId


def derived_words(text: str, *, parts: bool = True) -> str:
    """What the index holds of `text` besides its own words, separated by blanks.

    Without `parts`, not those of identifiers: output of tools is full of them.
    """
    if text.isascii():
        return identifier_parts(text) if parts else ""
    words = other_words(text)
    return " ".join([identifier_parts(text), *words] if parts else words).strip()


def identifier_parts(text: str) -> str:
    """The parts of the camelCase identifiers in `text`, separated by blanks."""
    return " ".join(filter(None, map(_parts, _humps(text))))


def _humps(text: str) -> Iterable[str]:
    """The runs of letters and digits in which a capital follows another sign of the run."""
    if not text.isascii():
        return _HUMP.findall(text)
    classes = text.encode("ascii").translate(_CLASSES)
    humps: list[str] = []
    for capital in _CAPITAL_WITHIN.finditer(classes):
        middle, end = capital.span()
        before = classes[max(0, middle - LONGEST) : middle].rstrip(_RUN)
        start = middle - min(middle, LONGEST) + len(before)
        if text[start].isalpha() and before[-1:] != b"_":
            humps.append(text[start:end])
    return humps


@lru_cache(maxsize=10_000)
def _parts(hump: str) -> str:
    if len(hump) > LONGEST or hump.isupper():
        return ""
    return " ".join(_PART.findall(hump))


def compounds(text: str) -> list[str]:
    """The identifiers, paths and hyphenated words of `text`: what means more than its words do."""
    words = dict.fromkeys(_WORD.findall(text))
    return [word for word in words if len(word) <= LONGEST and _SEVERAL.search(word)]
