"""Words without their endings, for comparing sentences."""

from __future__ import annotations

from functools import lru_cache

from aiana.pattern import Pattern

_NAME = Pattern(r"\w[_./-]\w|[a-z][A-Z]|\d")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "e", "y")


def is_name(word: str) -> bool:
    """Whether it is a path, an identifier or a figure, which have no endings."""
    return _NAME.search(word) is not None


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A word in lower case without its ending."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
