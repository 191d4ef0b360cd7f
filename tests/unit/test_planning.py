"""What a query asks of the index."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from aiana.search.planning import Pair, Plan, plan
from aiana.search.query import parse


def lower_words(texts: Sequence[str]) -> list[list[str]]:
    """A tokenizer that is easy to follow: words in lower case, signs dropped."""
    kept = ("".join(c if c.isalnum() else " " for c in text) for text in texts)
    return [text.lower().split() for text in kept]


def planned(text: str) -> Plan:
    return plan(parse(text), lower_words)


def test_query_of_stop_words() -> None:
    assert list(planned("why is the login slow").terms) == ["login", "slow"]
    assert list(planned("how to").terms) == ["how", "to"]


def test_pairs_reach_over_stop_words() -> None:
    assert planned("owner of the token store").pairs == [
        Pair("owner", "token", 3),
        Pair("token", "store", 1),
    ]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("user_id", [("user_id", 1.0, True)]),
        ("where is user_id set", [("user_id", 0.4, True), ("where is user_id set", 1.0, False)]),
        ("clear ended at", [("clear ended at", 1.0, False)]),
        ("one", []),
        ("a question of so many words that nobody repeats it", []),
    ],
)
def test_phrases(text: str, phrases: list[tuple[str, float, bool]]) -> None:
    found = [(phrase.text, phrase.share, phrase.literal) for phrase in planned(text).phrases]
    assert found == phrases


def test_identifiers_are_asked_for_whole_and_in_parts() -> None:
    asked = planned("getUserById")
    assert list(asked.terms) == ["getuserbyid"]
    assert asked.parts == ["get", "user", "by", "id"]


def test_quoted_and_excluded() -> None:
    asked = planned('cache "connection reset" -redis')
    assert list(asked.terms) == ["cache", "connection", "reset"]
    assert (asked.required, asked.excluded) == (["connection reset"], ["redis"])
    assert asked.last_word == ""
    assert planned("connec").last_word == "connec"


def test_a_query_without_a_word_asks_for_nothing() -> None:
    asked = planned("?! ++")
    assert (asked.terms, asked.pairs, asked.phrases) == ({}, [], [])
