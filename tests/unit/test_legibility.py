"""Letters hit at random are told from words that the model can read."""

from __future__ import annotations

import pytest

from aiana.search.legibility import crumbling


@pytest.mark.parametrize(
    ("words", "share"),
    [
        ([], 0.0),
        (["middleware", "Authentication", "café", "i", "ok"], 0.0),
        (["qwxzv", "blorf", "zint", "asdf", "4711", "олджэ"], 1.0),
        (["qwxzv", "password"], 0.5),
        (["x" * 100_000], 1.0),
    ],
)
def test_the_share_of_words_that_fall_into_crumbs(words: list[str], share: float) -> None:
    assert crumbling(words) == share
