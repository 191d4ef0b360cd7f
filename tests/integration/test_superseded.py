"""What a later session changed stands before what it changed, and the older says where to look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.models import Message, SearchHit, Session
from aiana.service import Aiana, open_aiana

PAIRS = json.loads(
    (Path(__file__).parents[1] / "benchmarks" / "retrieval" / "superseded.json").read_text("utf-8")
)


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=tmp_path, embedding_model="no-such-model"))
    yield opened
    opened.close()


def say(aiana: Aiana, session: str, month: int, text: str, project: str = "shop") -> None:
    moment = f"2026-{month:02}-01T00:00:00.000Z"
    message = Message(
        id=f"{session}-{month}",
        session_id=session,
        type="user",
        role="user",
        content=text,
        timestamp=moment,
    )
    aiana.record_messages(
        Session(id=session, source="test", project=project, started_at=moment), [message]
    )


def test_what_changed_it_comes_first(aiana: Aiana) -> None:
    say(aiana, "a", 1, "Decision: access tokens expire after 15 minutes. Access tokens are short.")
    say(aiana, "b", 2, "Access tokens now expire after 60 minutes, people were logged out.")
    found = aiana.search("access tokens expire after 15 minutes").hits
    assert [hit.session_id for hit in found] == ["b", "a"]
    assert [hit.newer and hit.newer.uri for hit in found] == [None, found[0].uri]
    assert found[1].newer is not None
    assert found[1].newer.timestamp == "2026-02-01T00:00:00.000Z"
    assert found[0].score >= found[1].score


def test_that_it_was_put_there_is_a_part_of_its_score(aiana: Aiana) -> None:
    say(aiana, "a", 1, "Decision: access tokens expire after 15 minutes. Access tokens are short.")
    say(aiana, "b", 2, "Access tokens now expire after 60 minutes, people were logged out.")
    first, second = aiana.search("access tokens expire after 15 minutes", explain=True).hits
    assert first.reasons is not None
    assert second.reasons is not None
    assert "newer" in first.reasons.parts
    assert "newer" not in second.reasons.parts
    for hit in (first, second):
        assert hit.reasons is not None
        assert hit.score == pytest.approx(sum(hit.reasons.parts.values()), abs=5e-4)


def test_the_newest_of_several_is_named(aiana: Aiana) -> None:
    say(aiana, "a", 1, "The request timeout of the gateway is 30 seconds.")
    say(aiana, "b", 2, "The request timeout of the gateway is now 60 seconds.")
    say(aiana, "c", 3, "The request timeout of the gateway is now 90 seconds.")
    found = {hit.session_id: hit for hit in aiana.search("request timeout gateway").hits}
    newest = found["c"].uri
    assert [newer(found[session]) for session in "abc"] == [newest, newest, None]


def test_neither_the_same_session_nor_another_project_supersedes(aiana: Aiana) -> None:
    say(aiana, "a", 1, "The request timeout of the gateway is 30 seconds.")
    say(aiana, "a", 2, "The request timeout of the gateway is now 60 seconds.")
    say(aiana, "b", 3, "The request timeout of the gateway is now 90 seconds.", project="other")
    assert [newer(hit) for hit in aiana.search("request timeout gateway").hits] == [None] * 3


def test_a_context_quotes_the_newer_before_the_older(aiana: Aiana) -> None:
    say(aiana, "a", 1, "Set max_retries in the config: max_retries controls every retry.")
    say(aiana, "b", 2, "max_retries was renamed to retry_limit.")
    context = aiana.context("what does max_retries do", project="shop").context
    assert context.index("renamed to retry_limit") < context.index("Set max_retries")
    assert "· 2026-02-01 ·" in context
    assert "· newer: 2026-02-01" in context


@pytest.mark.parametrize("texts", PAIRS["changed"], ids=lambda texts: str(texts[0]))
def test_what_was_changed_is_marked_and_comes_second(aiana: Aiana, texts: list[str]) -> None:
    query, earlier, later = texts
    say(aiana, "a", 1, earlier)
    say(aiana, "b", 2, later)
    first, second = aiana.search(f"{query} {earlier}").hits
    assert (first.session_id, newer(first)) == ("b", None)
    assert (second.session_id, newer(second)) == ("a", first.uri)


@pytest.mark.parametrize("texts", PAIRS["alike"], ids=lambda texts: str(texts[0]))
def test_what_only_looks_alike_is_left_alone(aiana: Aiana, texts: list[str]) -> None:
    query, earlier, later = texts
    say(aiana, "a", 1, earlier)
    say(aiana, "b", 2, later)
    assert not any(map(newer, aiana.search(f"{query} {earlier}").hits))


def newer(hit: SearchHit) -> str | None:
    return hit.newer.uri if hit.newer else None
