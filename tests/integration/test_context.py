"""The context block of a real database: what is chosen, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.models import Message, MessageType, Session
from aiana.service import Aiana, open_aiana

QUESTION = "why does the checkout lose the cart after the redirect?"
ANSWER = (
    "The session cookie is written after the redirect was sent, so the browser never sees it. "
    "Write it in open() before the response."
)


@pytest.fixture
def aiana(tmp_path: Path, compiled_model_home: Path) -> Iterator[Aiana]:
    (tmp_path / "models").symlink_to(compiled_model_home / "models")
    aiana = open_aiana(Config(data_dir=tmp_path))
    yield aiana
    aiana.close()


def record(
    aiana: Aiana, session: str, *turns: tuple[MessageType, str], title: str | None = None
) -> None:
    times = [f"2026-05-01T10:{minute:02}:00.000Z" for minute in range(len(turns))]
    aiana.container.storage.sessions.record(
        Session(
            id=session, source="test", project="shop", started_at=times[0], title=title or session
        ),
        [
            Message(
                id=f"{session}-{place}",
                session_id=session,
                type=role,
                role="user" if role == "user" else "assistant",
                content=text,
                timestamp=moment,
                position=place,
            )
            for place, ((role, text), moment) in enumerate(zip(turns, times, strict=True))
        ],
    )


def quoted(aiana: Aiana, query: str | None, budget: int, **asked: str) -> list[str]:
    built = aiana.context(
        query, max_tokens=budget, wait_for_model=True, project=asked.get("project", "shop")
    )
    assert built.tokens <= budget
    return [item.id for item in built.items]


def test_a_small_budget_holds_the_answer_whole(aiana: Aiana) -> None:
    aiana.add_preference("Uses uv for Python dependencies, ruff and mypy, and writes no comments")
    record(
        aiana,
        "cart",
        ("user", QUESTION),
        ("assistant", "Let me look."),
        ("assistant", ANSWER),
        ("user", "thanks"),
        ("assistant", "You are welcome."),
    )
    built = aiana.context(QUESTION, project="shop", max_tokens=200, wait_for_model=True)
    assert built.tokens <= 200
    first = next(item for item in built.items if item.reason == "relevant")
    assert (first.id, first.content) == ("cart-2", ANSWER)


def test_questions_stand_behind_all_that_answers(aiana: Aiana) -> None:
    record(aiana, "cart", ("user", QUESTION), ("assistant", ANSWER))
    record(aiana, "other", ("user", "does the cart survive a redirect?"), ("assistant", "Not yet."))
    found = quoted(aiana, "cart redirect", 2000)
    assert found[-2:] in (["cart-0", "other-0"], ["other-0", "cart-0"])
    assert {"cart-1", "other-1"} <= set(found[:-2])


def test_what_was_thought_is_no_answer(aiana: Aiana) -> None:
    record(
        aiana,
        "cart",
        ("user", QUESTION),
        ("thinking", "the checkout loses the cart after the redirect, maybe the cache?"),
        ("assistant", ANSWER),
    )
    built = aiana.context(QUESTION, project="shop", max_tokens=2000, wait_for_model=True)
    found = [item.id for item in built.items]
    assert found.index("cart-2") < found.index("cart-1")
    assert re.findall(r"^\[\d\] (\w+) · .*#(cart-[12])$", built.context, re.MULTILINE) == [
        ("assistant", "cart-2"),
        ("thinking", "cart-1"),
    ]


def test_a_command_is_no_recent_activity(aiana: Aiana) -> None:
    for number in range(8):
        record(aiana, f"s{number}", ("user", "hello"), title="/clear")
    record(aiana, "told", ("user", "hello"), title="Mend the cart")
    built = aiana.context(None, project="shop", max_tokens=1000)
    assert [item.content for item in built.items if item.reason == "recent"] == ["Mend the cart"]


def test_a_context_of_all_projects_names_none(aiana: Aiana) -> None:
    record(aiana, "cart", ("user", QUESTION), ("assistant", ANSWER))
    everywhere = aiana.context("cart", project="elsewhere", scope="all", max_tokens=1000)
    assert "Quoted history, kept by Aiana" in everywhere.context
    one = aiana.context("cart", project="shop", max_tokens=1000)
    assert "Quoted history of shop, kept by Aiana" in one.context


def test_each_quotation_has_its_own_date(aiana: Aiana) -> None:
    record(aiana, "cart", ("user", QUESTION), ("assistant", ANSWER))
    built = aiana.context(QUESTION, project="shop", max_tokens=2000, wait_for_model=True)
    assert built.context.count(" · 2026-05-01 · ") == len(built.items)
