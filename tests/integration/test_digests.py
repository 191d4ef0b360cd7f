"""What a session was about without a model, its sub-agents, and titles where nobody asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.models import Message, MessageType, Session
from aiana.service import Aiana, open_aiana

MOMENT = "2026-02-01T12:00:00.000Z"


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    aiana = open_aiana(Config(data_dir=tmp_path / "home"))
    yield aiana
    aiana.close()


def record(aiana: Aiana, *said: tuple[MessageType, str], session: str = "s1", **about: Any) -> None:
    messages = [
        Message(
            id=f"m{n}",
            session_id=session,
            type=kind,
            role="user" if kind == "user" else "assistant",
            tool_name="Bash" if kind == "tool_use" else None,
            content=text,
            timestamp=MOMENT,
        )
        for n, (kind, text) in enumerate(said)
    ]
    started = about.pop("started_at", MOMENT)
    aiana.record_messages(
        Session(id=session, source="codex", started_at=started, **about), messages
    )


def test_digest_contents(aiana: Aiana) -> None:
    record(
        aiana,
        ("user", "/clear"),
        ("user", "Why does the cart lose its items when two tabs are open?\n\nHere is the log."),
        ("assistant", "I'll look."),
        ("assistant", "It is a race.\n\n```py\nx = 1\n```\n\nThe cart is locked now, tests pass."),
    )
    result = aiana.get_session("s1")
    digest = result.digest
    assert digest is not None
    assert digest.asked == (
        "Why does the cart lose its items when two tabs are open? Here is the log."
    )
    assert digest.concluded == "The cart is locked now, tests pass."
    assert (digest.outcome, digest.files, digest.files_touched) == ("answered", [], 0)
    changes = {"file_path": "/shop/cart.py", "old_string": "a", "new_string": "b"}
    calls = [
        ("Read", {"file_path": "/shop/till.py"}, "1\tx\n2\ty"),
        ("Read", {"file_path": "/shop/cart.py"}, "1\tx\n2\ty"),
        ("Edit", changes, "Done"),
        ("Bash", {"command": "git commit -am x"}, "[fix/cart 1a2b3c4] x"),
    ]
    messages = []
    for n, (tool, arguments, output) in enumerate(calls):
        shared: dict[str, Any] = {
            "session_id": "s1",
            "timestamp": MOMENT,
            "tool_name": tool,
            "metadata": {"toolCallId": f"c{n}"},
        }
        messages += [
            Message(id=f"t{n}", type="tool_use", tool_input=json.dumps(arguments), **shared),
            Message(id=f"r{n}", type="tool_result", content=output, **shared),
        ]
    done = Message(
        id="z", session_id="s1", type="assistant", content="Committed.", timestamp=MOMENT
    )
    aiana.record_messages(Session(id="s1", source="codex"), [*messages, done])
    digest = aiana.get_session("s1").digest
    assert digest is not None
    assert [(file.path, file.touch) for file in digest.files] == [
        ("/shop/cart.py", "edited"),
        ("/shop/till.py", "read"),
    ]
    assert (digest.commits, digest.branches) == (["1a2b3c4"], ["fix/cart"])
    assert (digest.outcome, digest.concluded) == ("committed", "Committed.")


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        (("assistant", "Shall I delete the old table, too?"), "asked"),
        (("user", "and now the tests"), "open"),
        (("user", "[Request interrupted by user]"), "interrupted"),
        (("tool_use", "make test"), "open"),
        (("thinking", "they will like it"), "answered"),
    ],
)
def test_how_a_session_ended(aiana: Aiana, last: tuple[MessageType, str], outcome: str) -> None:
    record(aiana, ("user", "mend the cart please"), ("assistant", "It is mended."), last)
    digest = aiana.get_session("s1").digest
    assert digest is not None
    assert digest.outcome == outcome


def test_sub_agents_and_forks(aiana: Aiana) -> None:
    record(aiana, ("user", "mend the cart please"))
    record(aiana, ("user", "look for the cart"), session="a1", parent_id="s1")
    record(
        aiana, ("user", "go on here"), session="f1", parent_id="s1", metadata={"forkedFrom": "s1"}
    )
    record(aiana, ("user", "whose am I"), session="o1", parent_id="nobody knows")
    listed = {session.id: session.agents for session in aiana.list_sessions().sessions}
    assert listed == {"s1": 1, "f1": 0, "o1": 0}
    assert [agent.id for agent in aiana.get_session("s1").agents] == ["a1"]
    everything = aiana.list_sessions(include_children=True).sessions
    assert {session.id for session in everything} == {"s1", "a1", "f1", "o1"}


def test_title_without_a_prompt(aiana: Aiana) -> None:
    record(aiana, ("assistant", "The nightly build failed in the migration of carts."))
    assert aiana.get_session("s1").session.title == (
        "The nightly build failed in the migration of carts."
    )
    record(aiana, ("assistant", "x"), ("user", "please mend the build"))
    assert aiana.get_session("s1").session.title == "please mend the build"


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ([("system", "No network")], "No network"),
        ([("system", "No network"), ("tool_use", "ls -la")], "Bash: ls -la"),
        ([("tool_use", "ls -la"), ("thinking", "I look first.")], "I look first."),
    ],
)
def test_title_of_a_session_in_which_nobody_spoke(
    aiana: Aiana, said: list[tuple[MessageType, str]], title: str
) -> None:
    record(aiana, *said)
    assert aiana.get_session("s1").session.title == title
