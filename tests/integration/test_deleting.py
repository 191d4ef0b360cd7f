"""What is deleted is what was meant, all of it and nothing else; a dry run changes nothing."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.errors import AianaError, Conflict, InvalidQuery, NotFound
from aiana.indexing.chunking import chunks_of
from aiana.models import Message, SearchFilter, Session
from aiana.service import Aiana, open_aiana
from tests.lsp.client import Client, ServerError

Tables = dict[str, list[tuple[Any, ...]]]
NOTHING = SearchFilter()
OF_MESSAGES = [
    SearchFilter(tools=["Bash"]),
    SearchFilter(roles=["user"]),
    SearchFilter(types=["user"]),
    SearchFilter(sources=["claude-code"]),
    SearchFilter(kinds=["message"]),
]


def said(session_id: str, text: str, tool: str | None = None, role: str = "user") -> Message:
    return Message(
        id=f"{session_id}-{text}",
        session_id=session_id,
        type="tool_use" if tool else "user",
        role=role,
        content=text,
        tool_name=tool,
        timestamp="2026-02-01T12:00:00.000Z",
    )


def conversation(id: str, parent: str | None = None, source: str = "claude-code") -> Session:
    return Session(
        id=id,
        source=source,
        project="shop",
        parent_id=parent,
        started_at="2026-02-01T11:00:00.000Z",
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def aiana(home: Path) -> Iterator[Aiana]:
    """Three memories, and a conversation with a sub-agent that has one of its own."""
    service = open_aiana(Config(data_dir=home))
    for text in ("apples", "pears"):
        service.add_memory(text, project="shop")
    service.add_memory("plums", "pattern", project="farm")
    service.record_messages(conversation("chat-4"), [said("chat-4", "parent")])
    service.record_messages(conversation("agent-a", "chat-4"), [said("agent-a", "child", "Bash")])
    service.record_messages(conversation("agent-b", "agent-a"), [said("agent-b", "grandchild")])
    service.record_messages(conversation("chat-42"), [said("chat-42", "other", role="assistant")])
    service.add_preference("Uses uv")
    # As the background work of a server would, which must have nothing to do meanwhile.
    service.container.storage.chunks.renew(chunks_of)
    yield service
    service.close()


def tables(home: Path) -> Tables:
    """Every row of every table, those of the indexes included."""
    connection = sqlite3.connect(home / "conversations.db")
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        )
    ]
    rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    connection.close()
    return rows


def texts(aiana: Aiana) -> set[str]:
    return {memory.content for memory in aiana.list_memories().memories}


def sessions(aiana: Aiana) -> set[str]:
    page, _ = aiana.container.storage.sessions.page(include_children=True)
    return {session.id for session in page}


@pytest.mark.parametrize(
    "filter",
    [
        SearchFilter(project="shop"),
        SearchFilter(memory_types=["pattern"]),
        SearchFilter(before="2030-01-01"),
        SearchFilter(kinds=["memory"]),
        NOTHING,
        *OF_MESSAGES,
    ],
)
def test_a_dry_run_by_filter_changes_nothing(
    aiana: Aiana, home: Path, filter: SearchFilter
) -> None:
    before = tables(home)
    listed = {memory.id for memory in aiana.list_memories(filter).memories}
    counted = aiana.delete_memories(filter=filter, dry_run=True)
    assert set(counted.ids) == listed
    assert counted.deleted == len(listed)
    assert tables(home) == before


def test_a_dry_run_by_id_changes_nothing(aiana: Aiana, home: Path) -> None:
    before = tables(home)
    ids = [memory.id for memory in aiana.list_memories().memories]
    for some in itertools.chain.from_iterable(itertools.combinations(ids, n) for n in range(4)):
        assert aiana.delete_memories(some, dry_run=True).ids == list(some)
    for session in sessions(aiana):
        assert session in aiana.delete_session(session, dry_run=True).ids
    assert tables(home) == before


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    """A server over a real pipe."""
    with Client(environ(home)) as running:
        running.initialize()
        yield running


def environ(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "no-sessions"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
    }


def run(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aiana", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=environ(home),
        check=False,
    )


def test_a_dry_run_on_the_command_line_changes_nothing(aiana: Aiana, home: Path) -> None:
    (apples,) = [m.id for m in aiana.list_memories().memories if m.content == "apples"]
    before = tables(home)
    for chosen, count in (
        (("--session", "chat-4"), 3),
        (("--session", "agent-b"), 1),
        (("--session", "agent-"), None),
        ((apples,), 1),
        ((apples[:8],), 1),
        (("--project", "shop", "--only", "memories"), 2),
        (("--type", "pattern"), 1),
        (("--before", "2030-01-01", "--only", "memories"), 3),
        (("--before", "2001-01-01"), 0),
    ):
        done = run(home, "forget", *chosen, "--dry-run", "--json")
        counted = json.loads(done.stdout)["deleted"] if count is not None else None
        assert (chosen, counted) == (chosen, count)
        assert tables(home) == before


def test_a_dry_run_over_the_wire_changes_nothing(aiana: Aiana, home: Path, client: Client) -> None:
    before = tables(home)
    asked = client.request("aiana/session/delete", {"id": "chat-4", "dryRun": True})
    assert asked == {"deleted": 3, "ids": ["chat-4", "agent-a", "agent-b"], "receipt": None}
    ids = [memory["id"] for memory in client.request("aiana/memory/list", {})["memories"]]
    asked = client.request("aiana/memory/delete", {"ids": ids, "dryRun": True})
    assert asked["deleted"] == 3
    filtered = {"filter": {"project": "shop"}, "dryRun": True}
    assert client.request("aiana/memory/delete", filtered)["deleted"] == 2
    assert tables(home) == before


@pytest.mark.parametrize("filter", OF_MESSAGES)
def test_a_filter_about_messages_deletes_no_memory(aiana: Aiana, filter: SearchFilter) -> None:
    assert aiana.list_memories(filter).memories == []
    assert aiana.delete_memories(filter=filter).deleted == 0
    assert texts(aiana) == {"apples", "pears", "plums"}


def test_an_empty_filter_deletes_nothing(aiana: Aiana) -> None:
    for expected in (None, 3):
        with pytest.raises(InvalidQuery, match="lets every memory through"):
            aiana.delete_memories(filter=NOTHING, expected=expected)
    assert texts(aiana) == {"apples", "pears", "plums"}


def test_delete_expected_count(aiana: Aiana) -> None:
    shop = SearchFilter(project="shop")
    with pytest.raises(InvalidQuery, match="admits 2 memories and nothing was deleted"):
        aiana.delete_memories(filter=shop)
    aiana.add_memory("cherries", project="shop")
    with pytest.raises(Conflict, match="2 were to be deleted, but there are 3 by now"):
        aiana.delete_memories(filter=shop, expected=2)
    ids = [memory.id for memory in aiana.list_memories(shop).memories]
    with pytest.raises(Conflict):
        aiana.delete_memories(ids, expected=2)
    assert texts(aiana) == {"apples", "pears", "plums", "cherries"}
    assert aiana.delete_memories(filter=shop, expected=3).deleted == 3
    assert texts(aiana) == {"plums"}
    assert aiana.delete_memories(filter=SearchFilter(project="farm")).deleted == 1


def test_over_the_wire_too(aiana: Aiana, home: Path, client: Client) -> None:

    def kind(params: dict[str, Any]) -> Any:
        with pytest.raises(ServerError) as error:
            client.request("aiana/memory/delete", params)
        return error.value.code, (error.value.data or {}).get("kind")

    assert kind({"filter": {}}) == (-32602, None)
    assert kind({"filter": {"project": "shop"}}) == (-32602, None)
    assert kind({"filter": {"project": "farm", "tags": ["x"]}}) == (-32602, None)
    assert kind({"filter": {"project": "shop"}, "expected": 3}) == (-32803, "conflict")
    assert len(client.request("aiana/memory/list", {})["memories"]) == 3
    params = {"filter": {"project": "shop"}, "expected": 2}
    assert client.request("aiana/memory/delete", params)["deleted"] == 2


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (NOTHING, {"chat-4", "chat-42"}),
        (SearchFilter(project="farm"), set()),
        (SearchFilter(session_id="chat-4"), {"chat-4"}),
        (SearchFilter(sources=["codex"]), set()),
        (SearchFilter(roles=["assistant"]), {"chat-42"}),
        (SearchFilter(tools=["Bash"]), set()),
        (SearchFilter(types=["user"]), {"chat-4", "chat-42"}),
        (SearchFilter(types=["summary"]), set()),
        (SearchFilter(kinds=["memory"]), set()),
        (SearchFilter(memory_types=["pattern"]), set()),
        (SearchFilter(after="2026-02-01T11:30:00.000Z"), {"chat-4", "chat-42"}),
        (SearchFilter(before="2026-02-01T11:30:00.000Z"), set()),
        (SearchFilter(after="2026-02-01T12:00:01.000Z"), set()),
    ],
)
def test_sessions_are_listed_as_search_finds_them(
    aiana: Aiana, filter: SearchFilter, expected: set[str]
) -> None:
    assert {session.id for session in aiana.list_sessions(filter).sessions} == expected
    hits = aiana.search("parent OR other OR child", mode="keyword", filter=filter, limit=50).hits
    found = {hit.session_id for hit in hits if hit.kind == "message"}
    assert found & {"chat-4", "chat-42"} <= expected


def test_date_filter_of_empty_sessions(aiana: Aiana) -> None:
    aiana.start_session("announced", "")
    for filter, listed in (
        (SearchFilter(after="2026-03-01"), True),
        (SearchFilter(before="2026-03-01"), False),
        (SearchFilter(roles=["user"]), False),
    ):
        ids = {session.id for session in aiana.list_sessions(filter).sessions}
        assert ("announced" in ids) == listed


def test_a_session_goes_with_its_sub_agents(aiana: Aiana) -> None:
    assert aiana.delete_session("chat-4").ids == ["chat-4", "agent-a", "agent-b"]
    assert sessions(aiana) == {"chat-42"}
    aiana.record_messages(conversation("agent-b", "agent-a"), [said("agent-b", "again")])
    assert sessions(aiana) == {"chat-42"}


def test_delete_repeated(aiana: Aiana) -> None:
    aiana.delete_session("chat-4")
    memory = aiana.list_memories().memories[0]
    preference = aiana.profile().static[0]
    for change in (
        lambda: aiana.delete_session("chat-4"),
        lambda: aiana.delete_session("chat-4", dry_run=True),
        lambda: aiana.end_session("chat-4", "over"),
        lambda: aiana.delete_memories([memory.id[:-1]]),
        lambda: aiana.delete_memories([memory.id[:-1]], dry_run=True),
        lambda: aiana.update_memory(memory.id[:-1], content="changed"),
        lambda: aiana.rate_memory(memory.id[:-1], "harmful"),
        lambda: aiana.remove_preference(preference.id[:-1]),
        lambda: aiana.remove_preference(""),
    ):
        with pytest.raises(NotFound):
            change()
    assert "chat-42" in sessions(aiana)
    assert aiana.get_session("chat-42").session.ended_at is None
    assert aiana.get_memory(memory.id[:8]).memory == memory
    assert aiana.profile().static == [preference]


def test_one_that_is_not_there_spares_the_others(aiana: Aiana) -> None:
    ids = [memory.id for memory in aiana.list_memories().memories]
    with pytest.raises(AianaError):
        aiana.delete_memories([*ids, "nowhere"])
    assert len(texts(aiana)) == 3


def test_forget_asks_unless_it_was_given_whole_ids(aiana: Aiana, home: Path) -> None:
    """The command line asks before it takes a beginning for an id, and what a search found."""
    (apples,) = [m.id for m in aiana.list_memories().memories if m.content == "apples"]
    preference = aiana.profile().static[0].id
    for command, meant in (
        (("forget", apples[:8]), f"{apples}  apples"),
        (("forget", "--session", "agent-"), "Several sessions begin with agent-"),
        (("forget", "--project", "shop", "--only", "memories"), "Forget 2 memories for good?"),
        (("forget", "--type", "pattern"), "plums  (memory · "),
        (("forget", "--type", "pattern"), "Forget 1 memory for good? Nobody is there to answer"),
        (("forget", "--text", "plums", "--json"), "Forget 1 memory for good?"),
        (("preferences", "--remove", preference[:8]), f"{preference}  Uses uv"),
    ):
        asked = run(home, *command)
        assert asked.returncode != 0
        assert meant in asked.stderr
    assert len(texts(aiana)) == 3
    assert run(home, "forget", apples[:8], "--yes").stdout == "1 memory forgotten.\n"
    assert run(home, "forget", "--type", "pattern", "--yes").stdout == "1 memory forgotten.\n"
    assert run(home, "forget", "--type", "pattern").stdout == "Nothing forgotten.\n"
    assert texts(aiana) == {"pears"}
    (pears,) = [memory.id for memory in aiana.list_memories().memories]
    assert run(home, "forget", pears).stdout == "1 memory forgotten.\n"
    removed = run(home, "preferences", "--remove", preference[:8], "--yes")
    assert removed.stdout.startswith("None yet")
