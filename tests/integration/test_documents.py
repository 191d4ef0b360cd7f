"""Where things stand in their documents, what is quoted of them, and which stand first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from aiana.config import Config
from aiana.errors import NotFound
from aiana.models import Message, Session
from aiana.protocol.params import TextToQuote
from aiana.service import Aiana, open_aiana

NOON = "2026-05-01T12:00:00.000Z"


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    service = open_aiana(Config(data_dir=tmp_path, embedding_model="no-such-model"))
    yield service
    service.close()


def record(aiana: Aiana, *texts: str) -> list[str]:
    """Store a session of these texts; returns the URIs of its messages."""
    session = Session(id="chat 1", source="codex", project="shop", title="Carts")
    messages = [
        Message(
            id=f"m#{n}", session_id="chat 1", type="user", role="user", content=text, timestamp=NOON
        )
        for n, text in enumerate(texts)
    ]
    aiana.record_messages(session, messages)
    return [message.uri for message in aiana.session_messages("chat 1").messages]


@pytest.mark.parametrize("navigation", [False, True])
def test_locate_is_where_the_page_says(aiana: Aiana, navigation: bool) -> None:
    uris = record(aiana, "one\n\ntwo", "three", "four\nfive")
    for uri in uris:
        page, place = aiana.read_page(uri, navigation), aiana.locate(uri, navigation)
        assert (place.uri, place.line, place.title) == (page.uri, page.line, "Carts")
        assert page.text.split("\n")[place.line].startswith("## User")
    assert len({aiana.locate(uri).line for uri in uris}) == 3


def test_locate_draws_no_more_than_stands_before(
    aiana: Aiana, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiana.render import drawn

    seen: list[str] = []

    def noting(message: Message) -> drawn.Drawn:
        seen.append(message.content)
        return draw(message)

    draw = drawn.draw
    monkeypatch.setattr(drawn, "draw", noting)
    uris = record(aiana, *"abcd")
    aiana.locate(uris[1])
    assert seen == ["a"]
    place = aiana.locate(uris[2])
    assert seen == ["a", "b"]
    assert aiana.read_page(uris[2]).line == place.line
    assert seen == ["a", "b", "c", "d"]


def test_a_document_is_drawn_anew_where_its_session_changed(aiana: Aiana) -> None:
    uris = record(aiana, "one", "two", "three")
    before = aiana.read_page(uris[2])
    record(aiana, "one", "two\nlines", "three", "four")
    after = aiana.read_page(uris[2])
    assert (before.line + 1, len(after.sections)) == (after.line, 4)
    assert aiana.locate(uris[2]).line == after.line
    assert after.text == aiana.export_session("chat 1").text
    aiana.delete_session("chat 1")
    with pytest.raises(NotFound):
        aiana.read_page(uris[2])


def test_locate_writes_a_file_on_request(aiana: Aiana) -> None:
    [*_, last] = record(aiana, "one", "two")
    place = aiana.locate(last, as_file=True)
    file = Path(unquote(urlsplit(place.uri).path))
    assert file.read_text().split("\n")[place.line + 2] == "two"
    assert file.stat().st_mode & 0o777 == 0o600


def test_locate_missing_message(aiana: Aiana) -> None:
    [uri] = record(aiana, "one")
    assert aiana.locate(uri.replace("m%230", "m%239")).line == 0
    for unknown in ("aiana:///session/nobody", "aiana:///memory/none", "https://example.com"):
        with pytest.raises(NotFound):
            aiana.locate(unknown)


def test_locate_a_memory(aiana: Aiana) -> None:
    memory = aiana.add_memory("Carts live in Redis\nsince May").memory
    place = aiana.locate(memory.uri)
    assert (place.uri, place.line, place.title) == (memory.uri, 0, "Carts live in Redis")


def test_quote_in_full_and_within_a_budget(aiana: Aiana) -> None:
    [question, answer] = record(aiana, "where?", "A preamble.\n\nCarts live in Redis.\n\nThe rest.")
    memory = aiana.add_memory("Use Redis 4", project="shop", session_id="chat 1").memory
    texts = [
        TextToQuote(uri=answer, snippet="…live in Redis…"),
        TextToQuote(uri=memory.uri),
        TextToQuote(uri=question.partition("#")[0]),
    ]
    quoted = aiana.quote(texts, 10_000)
    assert [(each.kind, each.who, each.session_id) for each in quoted.texts] == [
        ("message", "user", "chat 1"),
        ("memory", "insight", "chat 1"),
        ("session", None, "chat 1"),
    ]
    assert [each.content for each in quoted.texts[:2]] == ["Carts live in Redis.", "Use Redis 4"]
    assert quoted.texts[2].content == aiana.export_session("chat 1").text
    assert f"codex · user · shop · 2026-05-01 · {answer}\n\n> Carts live in Redis.\n" in quoted.text
    small = aiana.quote(texts, 100)
    assert 0 < small.tokens <= 100
    assert (small.left_out, len(small.texts)) == (2, 3)


def test_quote_of_what_is_not_there(aiana: Aiana) -> None:
    [uri] = record(aiana, "one")
    for unknown in (uri.replace("m%230", "m%239"), "aiana:///memory/none", "file:///etc/passwd"):
        with pytest.raises(NotFound):
            aiana.quote([TextToQuote(uri=uri), TextToQuote(uri=unknown)])


def test_page_of_pinned_memories(aiana: Aiana) -> None:
    first = aiana.add_memory("the oldest", tags=["ci"]).memory
    for number in range(60):
        aiana.add_memory(f"newer {number}")
    pinned = aiana.pin_memory(first.id).memory
    assert pinned.tags == ["ci", "pinned"]
    assert aiana.list_memories(limit=50).memories[0] == pinned
    assert aiana.pin_memory(first.id).memory == pinned
    loose = aiana.pin_memory(first.id, pinned=False).memory
    assert loose.tags == ["ci"]
    assert first.id not in [memory.id for memory in aiana.list_memories(limit=50).memories]
    with pytest.raises(NotFound):
        aiana.pin_memory("nobody")
