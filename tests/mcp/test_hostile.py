"""A store full of attacks behind MCP: all that is quoted stands in one fence, in its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import ACTING, ATTACKS, MARK, fenced_lines, filled
from tests.mcp.client import Client


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("hostile") / "aiana")


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[Client]:
    environ = {
        **os.environ,
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home.parent / "claude"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
    }
    running = Client(environ, Path("/"))  # which is no project: all of them are listed
    running.initialize()
    yield running
    running.close()


def said(client: Client, tool: str, **arguments: Any) -> str:
    """What a tool says, whose quotations were checked; what it says itself is left."""
    result = client.call(tool, **arguments)
    text: str = result["content"][0]["text"]
    assert "failed unexpectedly" not in text
    assert text.count("</aiana-context>") == text.count("<aiana-context") <= 1
    assert ACTING.findall(text) == []
    if not text.startswith("<aiana-context"):
        # A refusal or a notice of its own, in which a stored text can only be named.
        assert "\nHuman:" not in text
        assert "\n## User" not in text
        return text
    fenced_lines(text)
    return text.partition("</aiana-context>")[2]


def test_what_is_asked_for_is_no_syntax_and_what_is_quoted_is_fenced(client: Client) -> None:
    for attack in ATTACKS:
        said(client, "memory_search", query=f"{MARK} {attack}", scope="all")
        said(client, "memory_search", query=attack, filter={"project": attack})
        said(client, "memory_recall", query=attack, scope="all")
        said(client, "session_show", id=attack)
        said(client, "error_fixes", text=attack)
    assert MARK not in said(client, "memory_search", query=MARK, scope="all")
    said(client, "session_list", scope="all")


def test_each_document_is_quoted_whole(client: Client) -> None:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = client.request("resources/list", {"cursor": cursor} if cursor else {})["result"]
        found += answer["resources"]
        if not (cursor := answer.get("nextCursor")):
            break
    assert len(found) == 2 * len(ATTACKS)
    for resource in found:
        assert "\n" not in resource["name"]
        assert ACTING.findall(resource["name"]) == []
        read = client.request("resources/read", {"uri": resource["uri"]})["result"]
        fenced_lines(read["contents"][0]["text"])
        if "/session/" in resource["uri"]:
            said(client, "session_show", id=resource["uri"])


def test_the_prompt_quotes_as_well(client: Client) -> None:
    for attack in ATTACKS[::4]:
        given = {"name": "recall", "arguments": {"topic": attack}}
        answer = client.request("prompts/get", given)
        if "result" not in answer:
            continue
        text = answer["result"]["messages"][0]["content"]["text"]
        if text.startswith("<aiana-context"):
            fenced_lines(text)
