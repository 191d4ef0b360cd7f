"""The official SDK's client as the judge: it drives every tool, resource and prompt."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

mcp = pytest.importorskip("mcp")

from mcp.client.client import Client  # noqa: E402
from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: E402

NAMES = [
    "memory_search",
    "memory_add",
    "memory_recall",
    "memory_feedback",
    "feedback_summary",
    "session_list",
    "session_show",
    "line_why",
    "error_fixes",
    "preference_add",
    "aiana_status",
]
NEEDED: dict[str, list[str]] = {name: [] for name in NAMES} | {
    "memory_search": ["query"],
    "memory_add": ["content"],
    "memory_feedback": ["id", "rating"],
    "session_show": ["id"],
    "line_why": ["place"],
    "error_fixes": ["text"],
    "preference_add": ["text"],
}


@asynccontextmanager
async def connected(environ: dict[str, str], project: Path, mode: str) -> AsyncIterator[Client]:
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "aiana", "mcp"], env=environ, cwd=project
    )
    async with Client(stdio_client(parameters), mode=mode) as client:
        yield client


def text_of(result: object) -> str:
    assert not getattr(result, "is_error", False), result
    return str(result.content[0].text)  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_every_tool_resource_and_prompt(
    environ: dict[str, str], project: Path, mode: str
) -> None:
    async with connected(environ, project, mode) as client:
        assert client.server_info is not None
        assert client.server_info.name == "aiana"
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == NAMES
        assert {tool.name: tool.input_schema.get("required", []) for tool in listed} == NEEDED

        found = text_of(await client.call_tool("memory_search", {"query": "flaky login"}))
        assert "two workers shared one port" in found
        kept = text_of(await client.call_tool("memory_add", {"content": "Ports come from a pool"}))
        uri = kept.removeprefix("Kept: ")
        assert re.fullmatch(r"aiana:///memory/[0-9a-f-]{36}", uri)
        assert "two workers" in text_of(await client.call_tool("memory_recall", {"query": "login"}))
        rating = {"id": uri, "rating": "helpful"}
        assert "1 helpful" in text_of(await client.call_tool("memory_feedback", rating))
        assert "1 of 1 memory rated" in text_of(await client.call_tool("feedback_summary", {}))
        assert "About yesterday" in text_of(await client.call_tool("session_list", {}))
        shown = {"id": "aiana:///session/yesterday/codex"}
        assert "Messages 1-2 of 2." in text_of(await client.call_tool("session_show", shown))
        assert "Kept" in text_of(await client.call_tool("preference_add", {"text": "Uses uv"}))
        assert "Aiana" in text_of(await client.call_tool("aiana_status", {}))

        templates = (await client.list_resource_templates()).resource_templates
        assert [each.uri_template for each in templates] == [
            "aiana:///session/{id}/{source}",
            "aiana:///memory/{id}",
        ]
        uris: list[str] = []
        cursor = None
        while True:
            page = await client.list_resources(cursor=cursor)
            uris += [str(resource.uri) for resource in page.resources]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert uris == [uri, "aiana:///session/yesterday/codex"]
        for each in uris:
            (content,) = (await client.read_resource(each)).contents
            assert "</aiana-context>" in getattr(content, "text", "")

        (prompt,) = (await client.list_prompts()).prompts
        assert prompt.name == "recall"
        recalled = await client.get_prompt("recall", {"topic": "login"})
        assert "two workers" in getattr(recalled.messages[0].content, "text", "")


@pytest.mark.parametrize("name", NAMES)
async def test_the_sdk_takes_a_failure_as_a_result(
    environ: dict[str, str], project: Path, name: str
) -> None:
    """What is missing, of another type or unknown: told by a sentence that names the tool."""
    async with connected(environ, project, "legacy") as client:
        (tool,) = [each for each in (await client.list_tools()).tools if each.name == name]
        needed = NEEDED[name]
        wrongs: list[dict[str, object]] = [{}] if needed else []
        others: list[object] = [[], {}, 7]
        wrongs += [dict.fromkeys(tool.input_schema.get("properties", {}), each) for each in others]
        for arguments in wrongs if tool.input_schema.get("properties") else []:
            result = await client.call_tool(name, arguments)
            assert getattr(result, "is_error", None) is True
            text = result.content[0].text  # type: ignore[union-attr]
            assert text.startswith(f"{name} was not done: `")
            assert all(f"`{each}` (" in text for each in needed)
        unknown = await client.call_tool(name, {**dict.fromkeys(needed, "helpful"), "nothing": 1})
        assert "There is no argument `nothing`." in unknown.content[0].text  # type: ignore[union-attr]
