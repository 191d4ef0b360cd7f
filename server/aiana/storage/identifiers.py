"""Identifiers and their parts: `getUserById` is also found by `user`, `foo-bar` as one word.

Every pattern takes time in proportion to the text, however long its words are.
"""

from __future__ import annotations

import re

from aiana.storage.letters import other_words

LONGEST = 256
"""Characters; what is longer is no identifier but data: a key, an encoded file."""
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
    humps = [hump for hump in _HUMP.findall(text) if len(hump) <= LONGEST and not hump.isupper()]
    return " ".join([part for hump in humps for part in _PART.findall(hump)])


def compounds(text: str) -> list[str]:
    """The identifiers, paths and hyphenated words of `text`: what means more than its words do."""
    words = dict.fromkeys(_WORD.findall(text))
    return [word for word in words if len(word) <= LONGEST and _SEVERAL.search(word)]
