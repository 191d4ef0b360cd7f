"""How many tokens a text costs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MAX_CHARS_PER_TOKEN = 8
"""What the tokenizer calls one unknown word still costs the chat that reads it."""


class TokenCounter:
    """Counts with the model's own tokenizer, or without one so that it never counts too few.

    `find_tokenizer` gives the path of a `tokenizer.json`, or None; it is called at the first count.
    """

    def __init__(self, find_tokenizer: Callable[[], Path | None]) -> None:
        self._find_tokenizer = find_tokenizer

    @property
    def is_exact(self) -> bool:
        """Whether the real tokenizer counts."""
        return self._tokenizer is not None

    def count(self, text: str) -> int:
        """Tokens of `text` without special tokens, and no fewer than one for 8 characters."""
        if self._tokenizer is None:
            return upper_bound(text)
        readable = text.encode("utf-8", "replace").decode()
        tokens = len(self._tokenizer.encode(readable, add_special_tokens=False).ids)
        return max(tokens, len(text) // _MAX_CHARS_PER_TOKEN)

    @cached_property
    def _tokenizer(self) -> Tokenizer | None:
        path = self._find_tokenizer()
        if path is None:
            return None
        try:
            from tokenizers import Tokenizer

            tokenizer = Tokenizer.from_file(str(path))
        except Exception:  # a damaged file, which raises plain Exception, or no such library
            return None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def upper_bound(text: str) -> int:
    """Characters that are no white space, after canonical decomposition.

    A WordPiece token holds at least one of them, so that this is never less than its count; for
    English it is about four times that.
    """
    return len("".join(unicodedata.normalize("NFD", text).split()))
