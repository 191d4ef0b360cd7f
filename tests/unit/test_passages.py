from __future__ import annotations

import pytest

from aiana.context.passages import find_passage, paragraphs_of

TEXT = "First, a greeting.\n\nThe cart is  kept\nin Redis (see [1]).\n \nThen tests.\n\n\nThe end."


@pytest.mark.parametrize(
    ("snippet", "paragraph"),
    [
        ("…kept in Redis (see [1]).…", "The cart is  kept\nin Redis (see [1])."),
        ("greeting.", "First, a greeting."),
        ("see [1]). Then tests.", "The cart is  kept\nin Redis (see [1]).\n \nThen tests."),
        ("The end.", "The end."),
        ("nowhere", TEXT),
        ("…", TEXT),
        ("", TEXT),
    ],
)
def test_paragraphs_of_a_snippet(snippet: str, paragraph: str) -> None:
    assert paragraphs_of(TEXT, snippet) == paragraph


def test_find_passage() -> None:
    start, end = find_passage(TEXT, "is kept in") or (0, 0)
    assert TEXT[start:end] == "is  kept\nin"
    assert find_passage(TEXT, "kept in Postgres") is None
