"""Documents of hostile texts: what a reader of Markdown makes of them, judged by one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from aiana.models import Memory, Message, SearchHit, Session
from aiana.protocol.results import Page
from aiana.protocol.uris import memory_uri
from aiana.render.drawn import draw
from aiana.render.markdown import export_session
from aiana.render.pages import hits_page, memory_page, session_page, write_page
from tests.hostile import ATTACKS, EDITORS, WHEN

MARKDOWN = MarkdownIt("commonmark")


def conversation(attack: str) -> tuple[Session, list[Message]]:
    """A session in which everything is this text, and that ends with a plain question."""
    session = Session(id="s", source="codex", project=attack, title=attack)
    common: dict[str, Any] = {"session_id": "s", "timestamp": WHEN}
    return session, [
        Message(id="1", type="user", content=attack, **common),
        Message(id="2", type="assistant", content=f"so\n{attack}", **common),
        Message(id="3", type="tool_use", tool_name=attack, content=attack, **common),
        Message(id="4", type="tool_result", tool_name="Bash", content=attack, **common),
        Message(id="5", type="thinking", content=attack, **common),
        Message(id="6", type="user", content="the last question", **common),
    ]


def top_level(page: Page) -> dict[int, str]:
    """The lines at which a block of the document itself begins, and what it is."""
    return {
        token.map[0]: token.type
        for token in MARKDOWN.parse(page.text)
        if token.level == 0 and token.map is not None and token.nesting >= 0
    }


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_turn_stands_below_its_own_heading_and_below_no_other(attack: str) -> None:
    session, messages = conversation(attack)
    page = session_page(session, [draw(message) for message in messages])
    blocks, lines = top_level(page), page.text.split("\n")
    for section in page.sections:
        kind = "paragraph_open" if section.kind == "tool" else "heading_open"
        assert blocks.get(section.line) == kind, (section, page.text)
    own = {section.line for section in page.sections}
    headings = ("## User", "## Assistant", "## Summary", "## System")
    for line, kind in blocks.items():
        if kind == "heading_open" and line not in own:
            assert not lines[line].lstrip().startswith(headings), lines[line]
        if kind == "paragraph_open" and line not in own:
            assert "** called" not in lines[line].partition("\\")[0], lines[line]
    assert lines[page.sections[-1].line].endswith("· the last question")


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_facts_of_a_document_are_those_of_aiana(attack: str) -> None:
    memory = Memory(
        id="m",
        content=f"{attack}\n\nthe end",
        project=attack,
        tags=[attack, attack],
        metadata={"origin": {"uri": attack, "lines": [0, 1]}},
        created_at=WHEN,
        updated_at=WHEN,
        uri=memory_uri("m"),
    )
    page = memory_page(memory)
    facts = page.text.split("\n")[2 : page.text.split("\n").index("- Memory: m") + 1]
    assert [fact.partition(":")[0] for fact in facts if fact] in (
        ["- Project", "- Tags", "- From", "- Created", "- Memory"],
        ["- Tags", "- From", "- Created", "- Memory"],
        ["- Tags", "- Created", "- Memory"],
    ), page.text
    assert "\n" not in page.title
    for link in page.links:
        assert link.target.startswith(("file:", "aiana:")), link
    hit = SearchHit(
        id="1",
        kind="message",
        uri="aiana:///session/s/codex#1",
        snippet=attack,
        highlights=[],
        score=1.0,
        scores={},
        project=attack,
        source="codex",
        timestamp=WHEN,
        lanes=["keyword"],
        session_title=attack or "x",
        speaker=attack,
    )
    text = hits_page(attack, [hit, hit])
    assert text.split("\n").count("<aiana:///session/s/codex#1>") == 2
    top = [t for t in MARKDOWN.parse(text) if t.level == 0 and t.type == "heading_open"]
    assert top[0].map == [0, 1]


def test_a_link_leads_to_what_editors_open_to_be_read() -> None:
    def targets(uri: str) -> list[str]:
        origin = {"origin": {"uri": uri, "lines": [4, 5]}}
        memory = Memory(id="m", content="x", metadata=origin, created_at=WHEN, updated_at=WHEN)
        return [link.target for link in memory_page(memory).links]

    assert targets("file:///home/ada/a.py") == ["file:///home/ada/a.py#L5"]
    remote = "vscode-remote://ssh-remote+box/home/ada/a.py"
    assert targets(remote) == [f"{remote}#L5"]
    for uri in ("command:workbench.action.quit", "javascript:alert(1)", "https://evil.example/"):
        assert targets(uri) == []
        assert targets(uri.upper()) == []


@pytest.mark.parametrize("attack", EDITORS)
def test_a_page_in_a_file_gives_editors_no_orders(tmp_path: Path, attack: str) -> None:
    session, messages = conversation(attack)
    page = session_page(session, [draw(message) for message in messages[:5]])
    written = write_page(tmp_path, "aiana:///session/s/codex", page.text).read_text("utf-8")
    for text in (written, export_session(session, messages[:1], "markdown")):
        lines = text.split("\n")
        for line in [*lines[:5], *lines[-6:]]:
            assert not re.search(r"(?<!\S)(vim?\d*|ex):", line), line
        assert "-*-" not in lines[0]
        assert "local variables:" not in text[-3000:].lower()
    assert "without a modeline" in write_page(tmp_path, "x", "all: without a modeline").read_text()


def test_a_heading_in_a_text_stays_one_unless_it_is_one_of_aiana() -> None:
    content = "# Plan\n\n## Users\n\n**Edit** it\n\n## User"
    drawn = draw(Message(id="1", session_id="s", type="assistant", timestamp=WHEN, content=content))
    assert drawn.below == "\n\n# Plan\n\n## Users\n\n**Edit** it\n\n\\## User\n"
