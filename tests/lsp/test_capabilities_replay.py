"""Every method for clients as they introduce themselves: recordings of pytest-lsp, and our own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from aiana.protocol.methods import METHODS
from tests.lsp.client import Client, ServerError

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
OWN = Path(__file__).with_name("clients")
RECORDED = files("pytest_lsp").joinpath("clients")
SESSION = "18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108"


def clients() -> Iterator[Any]:
    recorded = ("emacs_v29.1", "neovim_v0.11.0", "visual_studio_code_v1.65.2")
    own = ("helix", "sublime_text", "zed")
    for folder, names in ((RECORDED, recorded), (OWN, own)):
        for name in names:
            text = folder.joinpath(f"{name}.json").read_text(encoding="utf-8")
            yield pytest.param(json.loads(text), id=name)


@pytest.fixture(params=clients())
def introduction(request: pytest.FixtureRequest) -> dict[str, Any]:
    """`clientInfo` and `capabilities` of one client."""
    assert isinstance(request.param, dict)
    return request.param


def can(introduction: dict[str, Any], *path: str) -> bool:
    found: Any = introduction["capabilities"]
    for key in path:
        found = (found or {}).get(key)
    return bool(found)


def outcome(client: Client, method: str, params: Any) -> str:
    try:
        client.request(method, params)
    except ServerError as error:
        return str(error.data["kind"])
    return "ok"


def execute(client: Client, command: str, argument: dict[str, Any]) -> int:
    params = {"command": command, "arguments": [argument]}
    return client.send("workspace/executeCommand", params)


def said(client: Client) -> str:
    return str(client.notification("window/showMessage")["message"])


def test_every_method_and_command_answers(
    start: Callable[..., Client], introduction: dict[str, Any]
) -> None:
    client = start()
    options = {"codeActions": True, "workspaceSymbols": True}
    client.initialize(options=options, **introduction)
    if can(introduction, "workspace", "didChangeConfiguration", "dynamicRegistration"):
        client.reply("client/registerCapability", None)
    if can(introduction, "textDocument", "documentLink", "dynamicRegistration"):
        client.reply("client/registerCapability", None)
    if can(introduction, "workspace", "configuration"):
        client.reply("workspace/configuration", [{**options, "contextMaxTokens": 500}])
    client.request("aiana/capture/import", {"paths": [str(SAMPLE)]})
    for method in METHODS:
        asked = outcome(client, method.name, method.example)
        command = {"command": method.command, "arguments": [method.example]}
        executed = outcome(client, "workspace/executeCommand", command)
        assert asked in ("ok", "notFound"), method.name
        assert executed == asked, method.name
    assert client.request("aiana/search", {"query": "HGETALL"})["hits"] != []
    page = client.request("workspace/textDocumentContent", {"uri": f"aiana:///session/{SESSION}"})
    assert page["text"].startswith("# Pin the Redis client below 5")
    [symbol] = client.request("workspace/symbol", {"query": '"npm update"'})
    assert symbol["location"]["uri"].startswith("file://")
    for name, argument in (
        ("aiana.show", {"uri": f"aiana:///session/{SESSION}"}),
        ("aiana.showSearch", {"query": "HGETALL"}),
        ("aiana.showContext", {"query": "redis", "scope": "all"}),
    ):
        number = execute(client, name, argument)
        if can(introduction, "window", "showDocument", "support"):
            client.reply("window/showDocument", {"success": True})
        else:
            assert said(client).startswith("Written to file://")
        client.answer(number)
    memory = client.answer(execute(client, "aiana.remember", {"content": "Uses uv"}))["memory"]
    assert said(client) == "Remembered."
    number = execute(client, "aiana.forget", {"id": memory["id"]})
    client.reply("window/showMessageRequest", {"title": "Forget it"})
    assert client.answer(number)["deleted"] == 1
    assert said(client) == "Forgotten."
    assert client.exit() == 0
    assert b"Traceback" not in client.stderr


def test_positions_are_counted_as_the_client_counts(
    start: Callable[..., Client], introduction: dict[str, Any]
) -> None:
    client = start()
    encoding = client.initialize(options={"codeActions": True}, **introduction)["capabilities"][
        "positionEncoding"
    ]
    text = "ü🙂 here"
    document = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})
    begin = {"utf-8": 7, "utf-16": 4, "utf-32": 3}[encoding]
    found = client.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": "file:///a.py"},
            "range": {
                "start": {"line": 0, "character": begin},
                "end": {"line": 0, "character": begin + 4},
            },
            "context": {"diagnostics": []},
        },
    )
    assert found[0]["command"]["arguments"][0]["content"] == "here"
