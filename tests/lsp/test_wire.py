"""What happens on the wire when a client, a library or the user is careless."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import Client, ServerError

Start = Callable[..., Client]
AWKWARD = str(Path(__file__).with_name("awkward_server.py"))


@pytest.fixture
def awkward(start: Start) -> Client:
    client = start(AWKWARD)
    client.initialize()
    return client


def test_initialize_says_what_the_server_can(start: Start) -> None:
    result = start().initialize()
    assert result["serverInfo"]["name"] == "aiana"
    ours = result["capabilities"]["experimental"]["aiana"]
    assert ours["protocolVersion"] == 1
    assert "aiana/search" in ours["methods"]
    commands = result["capabilities"]["executeCommandProvider"]["commands"]
    assert commands[: len(ours["methods"])] == [m.replace("/", ".") for m in ours["methods"]]


@pytest.mark.parametrize(
    ("method", "params", "errors"),
    [
        ("aiana/search", {"query": "x", "limit": "zzz"}, ["$.limit: Expected `int`, got `str`"]),
        ("aiana/search", {"limit": 3}, ["$: Object missing required field `query`"]),
        ("aiana/search", None, ["$: Object missing required field `query`"]),
        ("aiana/search", ["x"], ["$: Expected `object`, got `array`"]),
        ("aiana/search", {"query": "x", "limit": 0}, ["$.limit: Expected `int` >= 1"]),
        (
            "aiana/memory/add",
            {"content": "x", "tags": ["a", 1]},
            ["$.tags[1]: Expected `str`, got `int`"],
        ),
    ],
)
def test_wrong_params_are_answered_with_their_path(
    client: Client, method: str, params: Any, errors: list[str]
) -> None:
    with pytest.raises(ServerError) as caught:
        client.request(method, params)
    assert caught.value.code == -32602
    assert caught.value.data == {"errors": errors}


def test_standard_requests_with_wrong_params_are_answered(client: Client) -> None:
    with pytest.raises(ServerError) as caught:
        client.request("workspace/executeCommand", {"command": ["not", "text"]})
    assert caught.value.code == -32602


def test_missing_params_count_as_empty(client: Client) -> None:
    assert client.request("aiana/preference/list") == {"static": [], "dynamic": []}


def test_odd_keys_of_metadata_come_back_intact(client: Client) -> None:
    metadata = {
        "type_name": 1,
        "my-key": 2,
        "class": {"from": [None, True]},
        "jsonrpc": "2.0",
        "nested": {"jsonrpc": "2.0", "id": 1, "method": "aiana/status"},
    }
    added = client.request("aiana/memory/add", {"content": "odd keys", "metadata": metadata})
    got = client.request("aiana/memory/get", {"id": added["memory"]["id"]})
    assert got["memory"]["metadata"] == metadata


def test_stray_output_does_not_reach_the_wire(awkward: Client) -> None:
    assert awkward.request("test/noisy", {}) == {}
    assert awkward.request("aiana/preference/list", {}) == {"static": [], "dynamic": []}
    awkward.close()
    for line in (b"a stray print", b"a stray write", b"a stray child"):
        assert line in awkward.stderr


def test_busy_readers_keep_neither_writes_nor_cancelling_waiting(awkward: Client) -> None:
    blocked = [awkward.send("test/blocked", {}) for _ in range(20)]
    added = awkward.request("aiana/memory/add", {"content": "written meanwhile"})
    assert added["memory"]["content"] == "written meanwhile"
    awkward.notify("$/cancelRequest", {"id": blocked[0]})
    with pytest.raises(ServerError) as caught:
        awkward.answer(blocked[0])
    assert caught.value.code == -32800
    awkward.request("test/release", {})
    assert [awkward.answer(number) for number in blocked[1:]] == [{}] * 19


def test_a_retried_write_is_done_once(awkward: Client) -> None:
    awkward.send("test/blockedWrite", {})
    params = {"content": "only once", "idempotencyKey": "key-1"}
    first = awkward.send("aiana/memory/add", params)
    awkward.notify("$/cancelRequest", {"id": first})
    with pytest.raises(ServerError) as caught:
        awkward.answer(first)
    assert caught.value.code == -32800
    retry = awkward.send("aiana/memory/add", params)
    awkward.request("test/release", {})
    stored = awkward.answer(retry)["memory"]
    again = awkward.request("aiana/memory/add", params)
    assert again["memory"] == stored
    listed = awkward.request("aiana/memory/list", {})["memories"]
    assert [memory["id"] for memory in listed] == [stored["id"]]


def test_requests_before_initialize_are_refused(start: Start) -> None:
    client = start()
    with pytest.raises(ServerError) as caught:
        client.request("aiana/status", {})
    assert caught.value.code == -32002


def test_requests_after_shutdown_are_refused(client: Client) -> None:
    client.request("shutdown")
    with pytest.raises(ServerError) as caught:
        client.request("aiana/status", {})
    assert caught.value.code == -32600


def test_exit_after_shutdown_is_clean(client: Client) -> None:
    assert client.exit() == 0


def test_exit_without_shutdown_is_an_error(client: Client) -> None:
    client.notify("exit", None)
    assert client.process.wait(30) == 1


def test_end_of_input_ends_the_server(awkward: Client) -> None:
    awkward.send("test/blocked", {})
    assert awkward.process.stdin is not None
    awkward.process.stdin.close()
    assert awkward.process.wait(30) == 0


@pytest.mark.parametrize("body", [b"{nonsense", b"[" * 100_000, b'{"a": 1}', b"7", b"\xff\xfe"])
def test_unreadable_messages_are_answered_and_harm_nothing(client: Client, body: bytes) -> None:
    client.write_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    with pytest.raises(ServerError) as caught:
        client.answer(None)
    assert caught.value.code in (-32700, -32600)
    assert client.request("aiana/preference/list", {})["static"] == []
    assert client.notifications == []


def test_header_names_ignore_case(client: Client) -> None:
    body = json.dumps(
        {"jsonrpc": "2.0", "id": 77, "method": "aiana/preference/list", "params": {}}
    ).encode()
    client.write_raw(b"content-length:%d\r\nContent-Type: x\r\n\r\n%b" % (len(body), body))
    assert client.answer(77) == {"static": [], "dynamic": []}


def test_commands_do_what_the_methods_do(client: Client) -> None:
    command = {"command": "aiana.preference.add", "arguments": [{"text": "Uses uv"}]}
    added = client.request("workspace/executeCommand", command)
    assert added == client.request("aiana/preference/list", {})
    assert [preference["text"] for preference in added["static"]] == ["Uses uv"]
    with pytest.raises(ServerError) as caught:
        client.request("workspace/executeCommand", {"command": "aiana.search", "arguments": [7]})
    assert caught.value.code == -32602
    with pytest.raises(ServerError) as caught:
        client.request("workspace/executeCommand", {"command": "aiana.nonsense"})
    assert caught.value.code == -32602


def test_commands_can_be_cancelled(awkward: Client) -> None:
    for _ in range(4):
        awkward.send("test/blocked", {})
    command = {"command": "aiana.search", "arguments": [{"query": "x"}]}
    number = awkward.send("workspace/executeCommand", command)
    awkward.notify("$/cancelRequest", {"id": number})
    with pytest.raises(ServerError) as caught:
        awkward.answer(number)
    assert caught.value.code == -32800
    awkward.request("test/release", {})


def test_expected_failures_say_what_to_do_and_carry_no_traceback(client: Client) -> None:
    with pytest.raises(ServerError) as caught:
        client.request("aiana/session/get", {"id": "unknown"})
    assert caught.value.code == -32803
    assert caught.value.data == {"kind": "notFound"}
    assert str(caught.value) == ("There is no session unknown. `aiana sessions list` shows them.")


def test_an_unusable_data_folder_fails_requests_and_not_the_server(
    start: Start, environ: dict[str, str]
) -> None:
    Path(environ["AIANA_HOME"]).write_text("a file where the folder should be")
    client = start()
    client.initialize()
    with pytest.raises(ServerError) as caught:
        client.request("aiana/memory/list", {})
    assert caught.value.data == {"kind": "storageUnavailable"}
    state = client.request("aiana/status", {})
    assert state["health"] == "error"
    assert state["tiers"]["sqlite"]["state"] == "unavailable"
