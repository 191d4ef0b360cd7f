"""What a conversation is called."""

from __future__ import annotations

import pytest

from aiana.titles import LONGEST, shortened, title_of

TRACE = """Traceback (most recent call last):
  File "/srv/app/main.py", line 3, in <module>
    total(items)
ValueError: could not convert string to float: '1,5'"""


@pytest.mark.parametrize(
    ("prompts", "title"),
    [
        ([], None),
        (["fix the parser"], "fix the parser"),
        (["/clear", "make the export tolerate empty ids"], "make the export tolerate empty ids"),
        (["/ide", "/model opus", "! git status", "repair the test"], "repair the test"),
        (["/clear"], "/clear"),
        (["/review-pr 412", "thanks, merge it"], "/review-pr 412"),
        (["hi", "where is the cache built?"], "where is the cache built?"),
        (["hi", "yes"], "hi"),
        (["[image image/png]", "what is wrong here?"], "what is wrong here?"),
        (["[image image/png]\nwhat is wrong here?"], "what is wrong here?"),
        (
            ["Implement the following plan:\n\n# Plan: cache the price list\n\n## Context\nIt is."],
            "cache the price list",
        ),
        (["# Implementation Plan\n\n## Context\n\n## Cache prices\nx"], "Cache prices"),
        (
            ["Implement this plan:\n\nFirst the parser goes.\nThen the rest."],
            "Implement this plan: First the parser goes.",
        ),
        (["Do this:\n\nIt is short.\n\n# Split the parser\n\nNow."], "Split the parser"),
        (["What is wrong here:\n```\nthe code of it\n```"], "What is wrong here:"),
        (["## Move the cache\n\nIt is slow."], "Move the cache"),
        ([TRACE + "\n\nWhy does this happen?"], "Why does this happen?"),
        (["why does this fail?\n" + TRACE], "why does this fail?"),
        (['{"a": 1,\n "b": [2]}\nexplain this setting'], "explain this setting"),
        (["```py\nx = some words here\n```\nexplain it to me"], "explain it to me"),
        ([TRACE, "explain this error"], "explain this error"),
        (['<teammate-message a="b">Build the parser</teammate-message>'], "Build the parser"),
        (["first line\nand a second\n\nother"], "first line and a second"),
        (["認証のテストを直して"], "認証のテストを直して"),
        (["https://example.org/a/b", "look at this page"], "look at this page"),
    ],
)
def test_titles(prompts: list[str], title: str | None) -> None:
    assert title_of(prompts) == title


def test_long_titles_end_in_an_ellipsis_between_words() -> None:
    title = title_of(["word " * 100])
    assert title == "word " * 22 + "word" + "…" == shortened("word " * 100)
    assert len(shortened("x" * 500)) == LONGEST
    assert shortened("x" * 500).endswith("x…")
    assert shortened("x" * LONGEST) == "x" * LONGEST


@pytest.mark.parametrize(
    "text", ["a: " * 5000, "<" * 20_000, "[" * 20_000, "# " * 5000, " \n" * 9000]
)
def test_no_text_takes_long_or_breaks_it(text: str) -> None:
    title_of([text])
