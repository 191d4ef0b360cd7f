"""Words that nobody wrote are taken for near ones that somebody did, and the answer says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.service import Aiana, open_aiana


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=tmp_path, embedding_model="no-such-model"))
    for text in (
        "The flaky login test waits for the clock",
        "Kubernetes ingress needs a certificate",
        "Authentication happens in middleware.py",
        "A naïve café",
    ):
        opened.add_memory(text)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("typed", "meant", "found"),
    [
        ("flakky", "flaky", "The flaky login test"),
        ("logni", "login", "The flaky login test"),
        ("kuberntes", "kubernetes", "Kubernetes ingress"),
        ("kubenrets", "kubernetes", "Kubernetes ingress"),
        ("authentification", "authentication", "Authentication happens"),
        ("certifcate ingrss", "certificate ingress", "Kubernetes ingress"),
    ],
)
def test_near_words_are_found_and_told(aiana: Aiana, typed: str, meant: str, found: str) -> None:
    answer = aiana.search(typed)
    assert answer.hits[0].snippet.startswith(found)
    assert answer.notes == [f"Nothing holds “{typed}”; this is what “{meant}” finds."]


@pytest.mark.parametrize(
    "typed",
    ["flaky", "kube", "lgtm", "yes", "1234567", '"flakky"', "zzzzzz", "flaky xylophone", "-x"],
)
def test_other_queries_stay_as_they_are(aiana: Aiana, typed: str) -> None:
    assert not [note for note in aiana.search(typed).notes if "finds." in note]


def test_filters_and_pages_go_with_the_corrected_query(aiana: Aiana) -> None:
    for number in range(5):
        aiana.add_memory(f"flaky number {number}", "pattern")
    first = aiana.search("flakky type:pattern", limit=3)
    second = aiana.search("flakky type:pattern", limit=3, cursor=first.next_cursor)
    assert (len(first.hits), len(second.hits)) == (3, 2)
