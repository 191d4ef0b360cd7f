"""Search as the front ends ask for it: pages, notes, and what is typed without measure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiana.config import Config
from aiana.errors import InvalidQuery
from aiana.models import Message, SearchFilter, Session
from aiana.search.engine import MOST_EMBEDDED_CHARS
from aiana.service import Aiana, open_aiana
from aiana.storage import AianaStorage
from aiana.storage.rows import decode_cursor, encode_cursor
from aiana.times import format_time


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    aiana = open_aiana(Config(data_dir=tmp_path, embedding_model="no-such-model"))
    yield aiana
    aiana.close()


def fill(aiana: Aiana, days: int) -> None:
    """A message of each of the last days, all different, with the word invoice."""
    now = datetime.now(UTC)
    times = [format_time(now - timedelta(days=day, minutes=1)) for day in range(days)]
    aiana.container.storage.sessions.record(
        Session(id="s", source="test", project="shop", started_at=times[-1]),
        [
            Message(
                id=f"m{day}",
                session_id="s",
                type="user",
                role="user",
                content=f"invoice {' '.join(f'w{day}x{n}' for n in range(20))}",
                timestamp=times[day],
            )
            for day in range(days)
        ],
    )


@pytest.mark.parametrize(
    ("query", "restriction"),
    [
        ("invoice after:yesterday", None),
        ("invoice after:8d", None),
        ("after:8d", None),
        ("invoice", SearchFilter(after="8d")),
        ("invoice -before:8d", None),
        ("invoice", None),
    ],
)
def test_all_pages_count_from_the_moment_of_the_first(
    aiana: Aiana, query: str, restriction: SearchFilter | None
) -> None:
    fill(aiana, 12)
    whole = aiana.search(query, mode="keyword", filter=restriction)
    found, cursor = [], None
    while True:
        page = aiana.search(query, limit=1, cursor=cursor, mode="keyword", filter=restriction)
        found += [hit.id for hit in page.hits]
        if (cursor := page.next_cursor) is None:
            break
    assert found == [hit.id for hit in whole.hits]
    assert page.total == whole.total == len(found)


def test_a_cursor_fits_its_own_search_alone(aiana: Aiana) -> None:
    fill(aiana, 3)
    cursor = aiana.search("invoice after:9d", limit=1, mode="keyword").next_cursor
    with pytest.raises(InvalidQuery, match="another search"):
        aiana.search("invoice after:8d", limit=1, mode="keyword", cursor=cursor)
    for bad in ("", "x", "W10", "bnVsbA", "WzEsMl0", "W1swLCJ4Il0sICJ5Il0", "\ud800", "é"):
        with pytest.raises(InvalidQuery):
            aiana.search("invoice", mode="keyword", cursor=bad)


@pytest.mark.parametrize(
    ("query", "restriction", "said"),
    [
        (
            "invoice",
            SearchFilter(project="nosuch"),
            "Nothing in project nosuch matches “invoice”. 0 texts were looked through. "
            "3 lie outside of that, and 3 of them match.",
        ),
        (
            "receipt",
            SearchFilter(sources=["codex"]),
            "Nothing of source codex matches “receipt”. 0 texts were looked through. "
            "3 lie outside of that, and none of them match.",
        ),
        ("receipt", None, "Nothing matches “receipt”. 3 texts were looked through."),
        (
            "role:robot",
            None,
            "Nothing by role robot is stored. 0 texts were looked through. 3 lie outside of that.",
        ),
    ],
)
def test_an_empty_answer_says_why(
    aiana: Aiana, query: str, restriction: SearchFilter | None, said: str
) -> None:
    fill(aiana, 3)
    assert aiana.search(query, mode="keyword", filter=restriction).notes == [said]


def test_an_empty_store_and_an_empty_query(aiana: Aiana) -> None:
    assert aiana.search("x", mode="keyword").notes == [
        "Nothing is stored yet: `aiana import` reads the sessions on this machine."
    ]
    fill(aiana, 1)
    assert aiana.search("", mode="keyword").notes == []
    assert aiana.list_sessions(SearchFilter(project="nosuch")).notes == [
        "There are no sessions in project nosuch; 1 lies outside of that."
    ]
    assert aiana.list_memories().notes == ["There are no memories yet."]


def test_filters_alone_do_not_wait_for_a_model(aiana: Aiana) -> None:
    fill(aiana, 1)
    assert aiana.search("role:user").degraded == []
    assert [entry.tier for entry in aiana.search("invoice").degraded] == ["embedder"]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 9_000,
        "aB" * 4_500,
        "a_" * 4_500,
        "a." * 4_500,
        "認" * 9_000,
        '"' * 9_999,
        '"a" ' * 2_500,
        "-a " * 3_000,
        "project:x " * 900,
        "after:1d " * 1_000,
        "-role:user " * 900,
        '"' + "a b " * 2_400 + '"',
        "word " * 2_000,
        "(" * 9_000,
    ],
)
def test_what_is_typed_without_measure_asks_for_little(
    aiana: Aiana, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(aiana, 2)
    asked: list[str] = []
    embedded: list[str] = []
    index = aiana.container.storage.text_index
    rows = index._rows

    def counted_rows(query: str, parameter: str) -> list[tuple[Any, ...]]:
        asked.append(parameter)
        return rows(query, parameter)

    def embed(query: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        embedded.append(query)
        return np.zeros(384, np.float32)

    monkeypatch.setattr(index, "_rows", counted_rows)
    monkeypatch.setattr(aiana.container.searcher, "_embed_query", lambda *_: (embed, []))
    aiana.search(text)
    assert len(asked) <= 200
    only_restricts = text.startswith(("-", "project:", "after:"))
    assert [len(query) <= MOST_EMBEDDED_CHARS for query in embedded] == [True] * (
        not only_restricts
    )


def test_list_pages_share_a_moment(aiana: Aiana) -> None:
    storage = aiana.container.storage
    present = datetime.now(UTC)
    for day in range(4):
        moment = format_time(present - timedelta(days=day, minutes=1))
        storage.sessions.record(
            Session(id=f"day {day}", source="test", project="shop", started_at=moment),
            [
                Message(
                    id=f"m{day}",
                    session_id=f"day {day}",
                    type="user",
                    role="user",
                    content=f"words of day {day}",
                    timestamp=moment,
                )
            ],
        )
    recent = SearchFilter(after="2d")
    first = aiana.list_sessions(recent, limit=1)
    assert [session.id for session in first.sessions] == ["day 0"]
    second = aiana.list_sessions(recent, cursor=first.next_cursor)
    assert ([session.id for session in second.sessions], second.next_cursor) == (["day 1"], None)
    # As if the first page had been shown a day ago.
    assert first.next_cursor is not None
    _, place = decode_cursor(first.next_cursor)
    earlier = encode_cursor(format_time(present - timedelta(days=1)), place)
    second = aiana.list_sessions(recent, cursor=earlier)
    assert [session.id for session in second.sessions] == ["day 1", "day 2"]
    for cursor in ("x", encode_cursor("never", place), encode_cursor(1, 2)):
        with pytest.raises(InvalidQuery, match="none of ours"):
            aiana.list_sessions(recent, cursor=cursor)


@pytest.mark.parametrize(
    ("phrase", "are_loaded"),
    [
        ("expectedIdempotency_key", False),
        ("src/admin/export_users.py", False),
        ("pass-key 1", True),
    ],
)
def test_a_name_is_sought_without_the_rules_of_secrets(
    tmp_path: Path, phrase: str, are_loaded: bool
) -> None:
    """To import them takes as long as a search."""
    path = tmp_path / "conversations.db"
    AianaStorage(path).close()
    code = (
        "import sys; from pathlib import Path; from aiana.storage import AianaStorage; "
        "storage = AianaStorage(Path(sys.argv[1])); "
        "storage.text_index.documents_with(sys.argv[2]); "
        "print('aiana.redaction.redact' in sys.modules)"
    )
    asked = [sys.executable, "-c", code, str(path), phrase]
    done = subprocess.run(asked, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == str(are_loaded)
