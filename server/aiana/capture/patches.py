"""A change of a file as a patch, from its contents before and after."""

from __future__ import annotations

from difflib import unified_diff

LONGEST = 400_000
"""Characters of a content that is compared."""
_MOST_LINES = 6_000


def patch_of(path: str, before: str, after: str) -> str:
    """What changed, as a unified diff; "" for nothing, or for what is too long to compare."""
    if max(len(before), len(after)) > LONGEST:
        return ""
    old, new = _lines(before), _lines(after)
    if len(old) + len(new) > _MOST_LINES:
        return ""
    return "\n".join(unified_diff(old, new, path, path, lineterm="", n=3))


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []
