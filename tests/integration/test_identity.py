"""A session is a source and an id: equal ids of two assistants are told apart everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.errors import Conflict, NotFound
from aiana.models import Message, SearchFilter, Session
from aiana.service import Aiana, open_aiana

NOON = "2026-05-01T12:00:00.000Z"
AWKWARD = ["chat/42", "a b", "a#b", "50%", "..", "認証🙂"]


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    service = open_aiana(Config(data_dir=tmp_path))
    yield service
    service.close()


def record(aiana: Aiana, id: str, source: str, text: str, parent: str | None = None) -> None:
    session = Session(id=id, source=source, project="p", started_at=NOON, parent_id=parent)
    message = Message(
        id=f"{id}/1", session_id=id, type="user", role="user", content=text, timestamp=NOON
    )
    aiana.record_messages(session, [message])


def test_hits_of_equal_ids_open_their_own_session(aiana: Aiana) -> None:
    record(aiana, "chat-42", "codex", "apricots for codex")
    record(aiana, "chat-42", "cursor", "apricots for cursor")
    hits = aiana.search("apricots", mode="keyword", group_by_session=True).hits
    assert {hit.source for hit in hits} == {"codex", "cursor"}
    for hit in hits:
        page = aiana.read_page(hit.uri)
        assert f"apricots for {hit.source}" in page.text
        assert page.text.split("\n")[page.line].startswith("## User")
        session = aiana.get_session("chat-42", hit.source).session
        assert session.source == hit.source
        assert aiana.read_page(session.uri).text == page.text
        (message,) = aiana.session_messages("chat-42", source=hit.source).messages
        assert message.uri == hit.uri
        exported = aiana.export_session("chat-42", source=hit.source).text
        assert f"apricots for {hit.source}" in exported


def test_session_id_conflict(aiana: Aiana) -> None:
    record(aiana, "chat-42", "codex", "apricots")
    record(aiana, "chat-42", "cursor", "apricots")
    for call in (
        lambda: aiana.get_session("chat-42"),
        lambda: aiana.session_messages("chat-42"),
        lambda: aiana.export_session("chat-42"),
        lambda: aiana.delete_session("chat-42", dry_run=True),
        lambda: aiana.delete_session("chat-42"),
        lambda: aiana.end_session("chat-42"),
        lambda: aiana.read_page("aiana:///session/chat-42"),
    ):
        with pytest.raises(Conflict) as caught:
            call()
        assert "codex, cursor" in str(caught.value)
    with pytest.raises(NotFound):
        aiana.get_session("chat-42", "gemini")


def test_deleting_one_leaves_the_other(aiana: Aiana) -> None:
    record(aiana, "chat-42", "codex", "apricots")
    record(aiana, "agent-1", "codex", "plums", parent="chat-42")
    record(aiana, "chat-42", "cursor", "apricots")
    record(aiana, "agent-2", "cursor", "plums", parent="chat-42")
    assert aiana.delete_session("chat-42", source="codex").ids == ["chat-42", "agent-1"]
    hits = aiana.search("apricots plums", mode="keyword").hits
    assert {(hit.source, hit.session_id) for hit in hits} == {
        ("cursor", "chat-42"),
        ("cursor", "agent-2"),
    }


def test_end_announced_session(aiana: Aiana) -> None:
    aiana.start_session("chat-42", "/shop")
    record(aiana, "chat-42", "codex", "apricots")
    assert aiana.end_session("chat-42", "done").session.source == "aiana"
    assert aiana.end_session("chat-42", "done", source="codex").session.source == "codex"


@pytest.mark.parametrize("id", AWKWARD)
def test_whatever_an_id_holds_its_hit_can_be_opened(aiana: Aiana, id: str) -> None:
    record(aiana, id, "codex", "apricots")
    (hit,) = aiana.search("apricots", mode="keyword").hits
    page = aiana.read_page(hit.uri)
    assert "apricots" in page.text
    assert (page.id, page.uri) == (id, aiana.get_session(id, "codex").session.uri)
    assert f" {hit.uri}\n" in aiana.context("apricots", scope="all").context


def test_filter_names_one_of_two_sessions(aiana: Aiana) -> None:
    record(aiana, "chat-42", "codex", "apricots")
    record(aiana, "chat-42", "cursor", "apricots")
    wanted = SearchFilter(session_id="chat-42", sources=["cursor"])
    hits = aiana.search("apricots", mode="keyword", filter=wanted).hits
    assert [hit.source for hit in hits] == ["cursor"]
