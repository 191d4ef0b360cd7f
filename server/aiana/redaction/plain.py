"""Texts of which a glance tells that they hold no secret.

To import all rules takes longer than a search, and what a search asks of the database hardly ever
needs one of them.
"""

from __future__ import annotations

import re

from aiana.redaction.gates import BY_LETTER, SIGNS

MIN_CHARS = 8
"""No text that is shorter holds a secret that could be told."""
_MOST_CHARS = 200
# No sign but within a word, perhaps quotes around, and no run of characters as long as a token is.
_FEW_WORDS = re.compile(r'"?(?!.*(?:[\w.-]{20}| -))[A-Za-z0-9_. -]*"?')


def is_plain(text: str) -> bool:
    """Whether it is too short for a secret, or a few words at none of which a rule begins."""
    if len(text) < MIN_CHARS:
        return True
    if len(text) > _MOST_CHARS or _FEW_WORDS.fullmatch(text) is None:
        return False
    words = text.lower()
    return not any(sign in words for sign in SIGNS) and not any(
        gate.word in words and re.search(letter + gate.form(letter), words)
        for letter, gates in BY_LETTER.items()
        for gate in gates
    )
