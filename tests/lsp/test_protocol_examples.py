"""Every example of docs/protocol.md, sent to a real server as it is written there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiana.protocol.methods import METHODS
from tests.lsp.client import Client

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
RESULTS = {method.name: method.result for method in METHODS}


def examples() -> dict[str, Any]:
    """The params of every example by its method, in the order of the page."""
    blocks = re.findall(r"^```json\n(\{\"method\".*?)\n```$", PAGE.read_text("utf-8"), re.M | re.S)
    read = [json.loads(block) for block in blocks]
    return {example["method"]: example["params"] for example in read}


EXAMPLES = examples()


def test_every_method_has_an_example() -> None:
    assert list(EXAMPLES) == [method.name for method in METHODS]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server that holds the sample sessions."""
    home = tmp_path_factory.mktemp("examples")
    own = {"AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / "claude")}
    with Client({**os.environ, **own, "AIANA_EMBEDDING_MODEL": "no-such-model"}) as client:
        client.initialize()
        client.request("aiana/capture/import", {"paths": [str(SAMPLE)]})
        yield client
        assert client.exit() == 0


def existing(client: Client, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The example with the id of something that exists, where it names a thing."""
    kind = method.split("/")[1]
    if method in ("aiana/locate", "aiana/quote", "aiana/share"):
        added = client.request("aiana/memory/add", {"content": f"for {method}"})
        uri = added["memory"]["uri"]
        return {**params, "uri": uri} if "uri" in params else {**params, "texts": [{"uri": uri}]}
    if method in ("aiana/session/resume", "aiana/session/handover", "aiana/session/changes"):
        [session] = client.request("aiana/session/list", {"limit": 1})["sessions"]
        return {**params, "uri": session["uri"]}
    if method == "aiana/why":
        return {**params, "textDocument": {"uri": Path(__file__).as_uri()}}
    if "id" not in params or method == "aiana/session/start":
        return params
    if kind == "memory":
        added = client.request("aiana/memory/add", {"content": f"for {method}"})
        return {**params, "id": added["memory"]["id"]}
    if kind == "preference":
        profile = client.request("aiana/preference/add", {"text": "Uses tabs"})
        return {**params, "id": profile["static"][0]["id"]}
    if method == "aiana/session/end":
        client.request("aiana/session/start", EXAMPLES["aiana/session/start"])
        return params
    [session] = client.request("aiana/session/list", {"limit": 1})["sessions"]
    return {**params, "id": session["id"]}


@pytest.mark.parametrize("as_command", [False, True], ids=["request", "command"])
@pytest.mark.parametrize("method", EXAMPLES)
def test_an_example_is_answered_with_its_result(
    client: Client, method: str, as_command: bool
) -> None:
    params = existing(client, method, EXAMPLES[method])
    command = {"command": method.replace("/", "."), "arguments": [params]}
    name, sent = ("workspace/executeCommand", command) if as_command else (method, params)
    result = client.request(name, sent)
    # Nothing is on the wire that the page does not name.
    known = msgspec.convert(result, RESULTS[method])
    assert msgspec.json.decode(msgspec.json.encode(known)) == result
