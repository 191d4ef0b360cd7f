"""What has something in common is forgotten together: shown first, gone everywhere, for good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiana.config import Config, load_config
from aiana.errors import Conflict, InvalidQuery
from aiana.models import Message, SearchFilter, Session
from aiana.protocol.params import DeletionFilter, ForgetParams
from aiana.protocol.results import Forgetting
from aiana.service import Aiana, open_aiana
from aiana.times import format_time

QUESTION = "Where is the launch code of the quince rocket kept?"
ANSWER = "The launch code of the quince rocket is kept in the drawer."
OTHER = "Which colour has the apricot in the bowl of the kitchen?"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def aiana(home: Path) -> Iterator[Aiana]:
    service = open_aiana(Config(data_dir=home))
    yield service
    service.close()


def say(
    aiana: Aiana,
    session: str,
    *texts: str,
    source: str = "claude-code",
    project: str = "shop",
    day: str = "2026-02-01",
    parent: str | None = None,
    prefix: str = "",
) -> int:
    """Record a conversation, as capture does; the sides take turns."""
    messages = [
        Message(
            id=f"{prefix or session}-{n:020d}",
            session_id=session,
            type="user" if n % 2 == 0 else "assistant",
            role="user" if n % 2 == 0 else "assistant",
            content=text,
            timestamp=f"{day}T12:{n:02d}:00.000Z",
            position=n,
        )
        for n, text in enumerate(texts)
    ]
    return aiana.record_messages(
        Session(
            id=session,
            source=source,
            project=project,
            parent_id=parent,
            started_at=f"{day}T12:00:00.000Z",
            ended_at=f"{day}T13:00:00.000Z",
        ),
        messages,
    )


def texts(aiana: Aiana) -> set[str]:
    said = {memory.content for memory in aiana.list_memories(limit=1000).memories}
    for session in aiana.list_sessions(limit=1000, include_children=True).sessions:
        found = aiana.session_messages(session.id, source=session.source).messages
        said |= {message.content for message in found}
    return said


def sessions(aiana: Aiana) -> set[str]:
    return {s.id for s in aiana.list_sessions(limit=1000, include_children=True).sessions}


def forget(aiana: Aiana, **wish: object) -> Forgetting:
    """As a person does: look, then say how much it was."""
    would = aiana.forget(**wish, dry_run=True)  # type: ignore[arg-type]
    return aiana.forget(**wish, expected=would.deleted)  # type: ignore[arg-type]


def digest(home: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def full(aiana: Aiana) -> None:
    say(aiana, "s1", QUESTION, ANSWER, OTHER, "yes")
    say(aiana, "agent", "Look into the drawer for it", "Nothing there", parent="s1")
    say(aiana, "s2", OTHER, "red", project="till", source="codex", day="2026-03-01")
    aiana.add_memory("The launch code stays in the drawer", project="shop")
    aiana.add_memory("Apricots are red", project="till")


FILTERS = st.builds(
    DeletionFilter,
    project=st.sampled_from([None, "shop", "till", "none"]),
    sources=st.sampled_from([[], ["codex"], ["claude-code"], ["aiana"]]),
    kinds=st.sampled_from([[], ["message"], ["memory"]]),
    roles=st.sampled_from([[], ["user"]]),
    session_id=st.sampled_from([None, "s1", "agent"]),
    after=st.sampled_from([None, "2026-02-15"]),
    before=st.sampled_from([None, "2026-02-15", "2026-02-01T12:01:00.000Z"]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    filter=FILTERS,
    text=st.sampled_from([None, "launch code", '"quince rocket"', "apricot", "…", "nowhere"]),
    special=st.sampled_from(["", "", "excluded", "expired"]),
)
def test_a_dry_run_changes_no_byte_and_tells_what_goes(
    tmp_path_factory: pytest.TempPathFactory, filter: DeletionFilter, text: str | None, special: str
) -> None:
    home = tmp_path_factory.mktemp("home")
    aiana = open_aiana(
        Config(data_dir=home, excluded_assistants=("codex",), retention_projects=("shop=30",))
    )
    say(aiana, "s1", QUESTION, ANSWER, OTHER, "yes")
    say(aiana, "agent", "Look into the drawer for it", "Nothing there", parent="s1")
    aiana.add_memory("The launch code stays in the drawer", project="shop")
    aiana.add_memory("Apricots are red", project="till")
    params = ForgetParams(
        filter=DeletionFilter() if special else filter,
        text=None if special else text,
        excluded=special == "excluded",
        expired=special == "expired",
    )
    wish = (params.filter, params.text, params.excluded, params.expired)
    before = digest(home)
    try:
        would = aiana.forget(*wish, dry_run=True)
    except InvalidQuery:
        assert digest(home) == before
        aiana.close()
        return
    assert digest(home) == before
    known = texts(aiana)
    done = aiana.forget(*wish, expected=would.deleted)
    assert (done.deleted, done.sessions, done.messages, done.memories) == (
        would.deleted,
        would.sessions,
        would.messages,
        would.memories,
    )
    assert len(known - texts(aiana)) == done.messages + done.memories
    assert aiana.forget(*wish, dry_run=True).deleted == 0
    aiana.close()


def test_each_restriction_takes_what_a_search_with_it_finds(aiana: Aiana) -> None:
    full(aiana)
    would = aiana.forget(SearchFilter(project="shop"), dry_run=True)
    assert (would.sessions, would.messages, would.memories) == (2, 6, 1)
    assert [(thing.kind, thing.title) for thing in would.first] == [
        ("session", QUESTION),
        ("session", "Look into the drawer for it"),
        ("memory", "The launch code stays in the drawer"),
    ]
    by_text = aiana.forget(text="launch code", dry_run=True)
    assert (by_text.sessions, by_text.messages, by_text.memories) == (0, 2, 1)
    by_source = aiana.forget(SearchFilter(sources=["codex"]), dry_run=True)
    assert (by_source.sessions, by_source.messages, by_source.memories) == (1, 2, 0)
    by_time = aiana.forget(SearchFilter(after="2026-02-15", kinds=["message"]), dry_run=True)
    assert (by_time.sessions, by_time.messages) == (1, 2)
    by_session = aiana.forget(SearchFilter(session_id="s1"), dry_run=True)
    assert (by_session.sessions, by_session.messages) == (2, 6)


def test_messages_go_and_their_session_stays(aiana: Aiana, home: Path) -> None:
    full(aiana)
    aiana.back_up()
    aiana.context("launch code", scope="all")
    done = forget(aiana, text="launch code")
    assert (done.sessions, done.messages, done.memories) == (0, 2, 1)
    assert done.receipt is not None
    assert (done.receipt.sqlite, done.receipt.fts, done.receipt.traces) == (3, 3, [])
    session = aiana.get_session("s1").session
    assert (session.title, session.message_count) == (OTHER, 2)
    for path in home.rglob("*"):
        if path.is_file():
            assert b"launch" not in path.read_bytes(), path
    assert say(aiana, "s1", QUESTION, ANSWER, OTHER, "yes") == 0
    assert aiana.search("launch").hits == []


def test_more_than_was_shown_is_not_forgotten(aiana: Aiana) -> None:
    full(aiana)
    with pytest.raises(InvalidQuery, match="dry run"):
        aiana.forget(SearchFilter(project="shop"))
    would = aiana.forget(SearchFilter(project="shop"), dry_run=True)
    say(aiana, "s3", "One more thing that was said meanwhile")
    with pytest.raises(Conflict):
        aiana.forget(SearchFilter(project="shop"), expected=would.deleted)
    assert QUESTION in texts(aiana)
    for both in (False, True):
        with pytest.raises(InvalidQuery):
            aiana.forget(excluded=both, expired=both, dry_run=True)


WAYS = ("again", "copy", "other source", "fork", "resumed", "set otherwise", "part of another")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.lists(st.text("abcdefgh ", min_size=40, max_size=60), min_size=1, max_size=5),
    short=st.lists(st.sampled_from(["yes", "ok", "go on"]), max_size=3),
    by=st.sampled_from(["session", "project", "source", "time", "text"]),
    ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=4, unique=True),
)
def test_what_was_forgotten_never_returns(
    tmp_path_factory: pytest.TempPathFactory,
    said: list[str],
    short: list[str],
    by: str,
    ways: list[str],
) -> None:
    aiana = open_aiana(Config(data_dir=tmp_path_factory.mktemp("home")))
    numbers = count()
    whole = [f"{next(numbers)} quinceword {text.strip()} {'x' * 32}" for text in said] + short
    say(aiana, "first", *whole)
    filters = {
        "session": SearchFilter(session_id="first"),
        "project": SearchFilter(project="shop"),
        "source": SearchFilter(sources=["claude-code"]),
        "time": SearchFilter(before="2026-02-15"),
        "text": SearchFilter(),
    }
    forget(aiana, filter=filters[by], text="quinceword" if by == "text" else None)
    gone = set(whole[: len(said)]) if by == "text" else set(whole)
    assert not gone & texts(aiana)
    for way in ways:
        returns(aiana, way, whole)
    left = {text.casefold() for text in texts(aiana)}
    assert not {text.casefold() for text in gone if len(text) >= 32} & left
    aiana.close()


def returns(aiana: Aiana, way: str, whole: Sequence[str]) -> None:
    if way == "again":
        say(aiana, "first", *whole)
    elif way == "copy":
        say(aiana, "copy", *whole, prefix="first")
    elif way == "other source":
        say(aiana, "theirs", *whole, source="codex", day="2026-05-01")
    elif way == "fork":
        say(
            aiana, "fork", *whole, "And this was said in the fork alone, by nobody else", parent="x"
        )
    elif way == "resumed":
        say(aiana, "resumed", *whole, day="2026-04-01")
        say(aiana, "resumed", *whole, "more", day="2026-04-01")
    elif way == "set otherwise":
        say(aiana, "set", *(f"  {text.upper()}\r\n" for text in whole), source="specstory")
    else:
        say(aiana, "part", "Something else was said before all of it", *whole)


def test_short_texts_are_nobodys_own(aiana: Aiana) -> None:
    """`yes` is not lost everywhere since it was forgotten in one session."""
    say(aiana, "first", QUESTION, "yes")
    forget(aiana, filter=SearchFilter(session_id="first"))
    say(aiana, "second", OTHER, "yes", day="2026-02-02")
    assert texts(aiana) == {OTHER, "yes"}


def test_what_is_said_again_later_is_kept(aiana: Aiana) -> None:
    """A prompt that somebody uses every day is no copy of the one that was forgotten."""
    said = [QUESTION, "yes", "go on", OTHER]
    say(aiana, "first", *said)
    forget(aiana, filter=SearchFilter(session_id="first"))
    say(aiana, "copy", *said, day="2026-03-01", source="codex")
    assert texts(aiana) == set()
    say(aiana, "later", *said, day="2099-01-01")
    assert texts(aiana) == set(said)


def test_tombstones_cannot_be_guessed_without_the_key(aiana: Aiana) -> None:
    say(aiana, "first", QUESTION, "yes")
    forget(aiana, filter=SearchFilter(session_id="first"))
    with aiana.container.storage.database.reading() as connection:
        kept = {row[0] for row in connection.execute("SELECT hash FROM forgotten")}
        [(key,)] = connection.execute("SELECT value FROM facts WHERE name = 'forgotten key'")
    assert len(bytes.fromhex(key)) == 32
    guesses = [QUESTION, QUESTION.casefold(), "yes"]
    for label in ("", "own\0", "among\0"):
        for guess in guesses:
            assert hashlib.sha256(f"{label}{guess}".encode()).digest()[:16] not in kept


def test_a_memory_does_not_come_back_with_an_archive_but_can_be_restored(
    aiana: Aiana, tmp_path: Path
) -> None:
    memory = aiana.add_memory("The launch code stays in the drawer", project="shop").memory
    archive = tmp_path / "all.jsonl"
    lines = list(aiana.archive())
    forget(aiana, text="launch code")
    archive.write_text("".join(lines).replace(memory.id, "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11"))
    aiana.import_sessions(paths=[str(archive)])
    assert texts(aiana) == set()
    aiana.restore_memory(memory)
    assert texts(aiana) == {memory.content}


def days_ago(days: int) -> str:
    return format_time(datetime.now(UTC) - timedelta(days=days))[:10]


def test_sessions_that_are_kept_for_longer_than_there_are_days(home: Path) -> None:
    settings: dict[str, Any] = {"retention_days": 10**15, "retention_projects": ("till=999999",)}
    aiana = open_aiana(Config(data_dir=home, **settings))
    say(aiana, "old", QUESTION, day="1971-01-01")
    say(aiana, "old-till", ANSWER, project="till", day="1971-01-01")
    assert aiana.forget(expired=True, dry_run=True).sessions == 0
    assert aiana.status().health != "error"
    aiana.close()


def test_sessions_are_let_go_when_they_are_due(home: Path) -> None:
    aiana = open_aiana(
        Config(data_dir=home, retention_days=100, retention_projects=("till=10", "diary=0"))
    )
    say(aiana, "old", QUESTION, day=days_ago(200))
    say(aiana, "old-agent", "Look into the drawer for it", day=days_ago(200), parent="old")
    say(aiana, "new", OTHER, day=days_ago(20))
    say(aiana, "old-till", ANSWER, project="till", day=days_ago(20))
    say(aiana, "old-diary", "Dear diary, today it rained", project="diary", day=days_ago(900))
    say(aiana, "long", "It began long ago and still goes on", day=days_ago(300))
    say(aiana, "long-agent", "Still at work for it", day=days_ago(1), parent="long")
    aiana.add_memory("Kept for ever, however old")
    state = aiana.status().retention
    assert state is not None
    assert (state.days, state.projects, state.due) == (100, {"till": 10, "diary": 0}, 2)
    would = aiana.forget(expired=True, dry_run=True)
    assert (would.sessions, would.memories) == (3, 0)
    aiana.container.indexer._retire(lambda: False)
    assert sessions(aiana) == {"new", "old-diary", "long", "long-agent"}
    assert "Kept for ever, however old" in texts(aiana)
    assert say(aiana, "old", QUESTION, day=days_ago(200)) == 0
    aiana.close()


def test_nothing_is_let_go_by_default_nor_when_it_is_turned_off(home: Path) -> None:
    home.mkdir()
    file = home / "config.toml"
    file.write_text("retentionDays = 30\n[retentionProjects]\nshop = 5\n")
    aiana = open_aiana(load_config(environ={"AIANA_HOME": str(home)}))
    say(aiana, "old", QUESTION)
    assert json.loads(json.dumps(aiana.forget(expired=True, dry_run=True).sessions)) == 1
    file.write_text("")
    assert aiana.forget(expired=True, dry_run=True).sessions == 0
    aiana.container.indexer._retire(lambda: False)
    assert sessions(aiana) == {"old"}
    assert aiana.status().retention is None
    aiana.close()


def test_what_it_was_found_by_is_looked_for_where_no_search_looks(aiana: Aiana, home: Path) -> None:
    session = Session(
        id="s", source="claude-code", project="shop", started_at="2026-02-01T12:00:00.000Z"
    )
    texts_of = (
        "the swordfish and its extraordinarily characteristic misunderstandings",
        "a kept answer",
    )
    aiana.record_messages(
        session,
        [
            Message(
                id=f"m{n}",
                session_id="s",
                type="user",
                role="user",
                content=text,
                timestamp=f"2026-02-01T12:00:0{n}.000Z",
                position=n,
                metadata={"gitBranch": "feature/swordfish"},
            )
            for n, text in enumerate(texts_of)
        ],
    )
    done = aiana.forget(text="swordfish", expected=1)
    assert done.receipt is not None
    assert done.receipt.traces == [str(home / "conversations.db")]


def test_a_filter_that_no_memory_can_meet_takes_none(aiana: Aiana) -> None:
    """Each field restricts memories, too, or leaves them out."""
    aiana.add_memory("nobody asks for this", project="shop")
    nothing: dict[str, object] = {
        "project": "elsewhere",
        "kinds": ["message"],
        "memory_types": ["decision"],
        "sources": ["codex"],
        "roles": ["user"],
        "types": ["user"],
        "tools": ["Bash"],
        "files": ["cart.py"],
        "errors": ["timeout"],
        "session_id": "s",
        "after": "2999-01-01",
        "before": "2000-01-01",
    }
    assert list(nothing) == list(SearchFilter.__struct_fields__)
    for name, value in nothing.items():
        restriction = SearchFilter(**{name: value})  # type: ignore[arg-type]
        assert aiana.forget(restriction, dry_run=True).memories == 0, name
        assert aiana.search("nobody asks", filter=restriction).hits == [], name
        if name != "kinds":
            assert aiana.search("nobody asks", filter=SearchFilter()).hits, name


def test_what_it_was_found_by_is_noted_nowhere(aiana: Aiana, home: Path) -> None:
    aiana.add_memory("the launch code is tulipomania", project="shop")
    done = aiana.forget(text="tulipomania", expected=1)
    assert done.receipt is not None
    assert done.receipt.traces == []
    assert b"tulipomania" not in b"".join(path.read_bytes() for path in home.glob("*.db*"))
