"""What happens on the wire when a client, a library or the user is careless."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
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


OFFERS: dict[str, dict[str, Any]] = {
    "a trace of VS Code's": {"trace": "compact"},
    "a kind of symbol": {"workspace": {"symbol": {"symbolKind": {"valueSet": [1, 2, 99]}}}},
    "a handling of failures": {"workspace": {"workspaceEdit": {"failureHandling": "later"}}},
    "a format": {"textDocument": {"hover": {"contentFormat": ["html"]}}},
    "a tag and a part without its values": {
        "textDocument": {"completion": {"completionItem": {"tagSupport": {"valueSet": [7]}}}},
        "notebookDocument": {},
        "general": {"regularExpressions": {}},
    },
    "other types": {"window": 7, "general": [], "textDocument": {"foldingRange": "yes"}},
    "a negative limit": {"textDocument": {"foldingRange": {"rangeLimit": -1}}},
}


@pytest.mark.parametrize("offered", OFFERS.values(), ids=OFFERS)
def test_what_is_not_known_of_a_client_is_left_out(start: Start, offered: dict[str, Any]) -> None:
    more = offered if "trace" in offered else {"capabilities": offered}
    result = start().initialize(clientInfo={"version": 7}, **more)
    assert result["serverInfo"]["name"] == "aiana"


def test_what_is_known_beside_it_holds(start: Start) -> None:
    client = start()
    known = {"showDocument": {"support": True}, "showMessage": "later"}
    client.initialize(capabilities={"window": known})
    memory = client.request("aiana/memory/add", {"content": "short"})["memory"]
    uri = f"aiana:///memory/{memory['id']}"
    client.send("workspace/executeCommand", {"command": "aiana.show", "arguments": [uri]})
    assert client.reply("window/showDocument", {"success": True})["uri"].startswith("file://")


def test_a_folder_needs_no_name(start: Start, tmp_path: Path) -> None:
    client = start()
    folder = {"uri": tmp_path.as_uri()}
    client.request("initialize", {"capabilities": {}, "workspaceFolders": [folder]})
    added = client.request("aiana/memory/add", {"content": "x"})
    assert added["memory"]["project"] == str(tmp_path)


def test_folders_that_are_none_are_left_out(start: Start, tmp_path: Path) -> None:
    client = start()
    folders = [{"uri": "http://["}, 7, {"name": "x"}, {"uri": tmp_path.as_uri(), "name": ""}]
    roots = {"rootUri": "file://[::1", "rootPath": "//"}
    client.request("initialize", {"capabilities": {}, "workspaceFolders": folders, **roots})
    added = client.request("aiana/memory/add", {"content": "x"})
    assert added["memory"]["project"] == str(tmp_path)
    other = tmp_path / "other"
    change = {"added": [{"uri": other.as_uri()}], "removed": [{"uri": tmp_path.as_uri()}]}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": change})
    added = client.request("aiana/memory/add", {"content": "y"})
    assert added["memory"]["project"] == str(other)


def test_initialize_with_wrong_params(start: Start) -> None:
    client = start()
    for capabilities in (None, 7):
        with pytest.raises(ServerError) as caught:
            client.request("initialize", {"capabilities": capabilities})
        assert caught.value.code == -32602
        assert caught.value.data == {"errors": ["$.capabilities: this has another type"]}
    assert client.initialize()["serverInfo"]["name"] == "aiana"


def test_initialize_is_served_once(client: Client) -> None:
    client.request("aiana/preference/list", {})
    process = psutil.Process(client.process.pid)
    threads = process.num_threads()
    for _ in range(20):
        with pytest.raises(ServerError) as caught:
            client.request("initialize", {"capabilities": {}})
        assert caught.value.code == -32600
    assert process.num_threads() <= threads + 4


def test_notifications_with_an_id_are_answered(client: Client) -> None:
    for method in ("initialized", "textDocument/didOpen", "$/cancelRequest", "$/setTrace"):
        with pytest.raises(ServerError) as caught:
            client.request(method, {})
        assert caught.value.code == -32600, method


@pytest.mark.parametrize("number", [None, 1.5, True, [], {}])
def test_a_request_with_an_id_that_is_none_is_refused(client: Client, number: Any) -> None:
    client.write({"jsonrpc": "2.0", "id": number, "method": "aiana/status"})
    with pytest.raises(ServerError) as caught:
        client.answer(None)
    assert caught.value.code == -32600


def test_an_id_that_is_in_use_is_refused(awkward: Client) -> None:
    number = awkward.send("test/blocked", {})
    awkward.write({"jsonrpc": "2.0", "id": number, "method": "aiana/status"})
    with pytest.raises(ServerError) as caught:
        awkward.answer(number)
    assert caught.value.code == -32600
    awkward.request("test/release", {})
    assert awkward.answer(number) == {}


@pytest.mark.parametrize("batch", [[], [{"jsonrpc": "2.0", "id": 5, "method": "aiana/status"}]])
def test_batches_are_refused(client: Client, batch: list[Any]) -> None:
    client.write(batch)
    with pytest.raises(ServerError) as caught:
        client.answer(None)
    assert caught.value.code == -32600


def test_answers_to_nothing_are_no_end(client: Client) -> None:
    numbers: list[Any] = [5, "aiana-1", None, [], {}]
    for answer in ({"result": 1}, {"error": None}, {"error": {"code": "x"}}, {"error": 7}):
        for number in numbers:
            client.write({"jsonrpc": "2.0", "id": number, **answer})
    assert client.request("aiana/preference/list", {}) == {"static": [], "dynamic": []}


def test_ten_thousand_edits_leave_nothing_behind(start: Start) -> None:
    client = start()
    client.initialize(options={"codeActions": True})
    document = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "x = 1\n"}
    client.notify("textDocument/didOpen", {"textDocument": document})

    def edit(times: int) -> int:
        start = {"line": 0, "character": 0}
        change = {"range": {"start": start, "end": {"line": 0, "character": 1}}, "text": "y"}
        for version in range(times):
            named = {"uri": "file:///a.py", "version": version}
            params = {"textDocument": named, "contentChanges": [change]}
            client.notify("textDocument/didChange", params)
        client.request("aiana/preference/list", {})
        return int(psutil.Process(client.process.pid).memory_info().rss)

    before = edit(2_000)
    assert edit(10_000) - before < 8_000_000


@pytest.mark.parametrize("keeps", [{}, {"jsonrpc": "1.0"}, {"jsonrpc": 2}])
def test_what_is_not_json_rpc_2_is_refused_by_its_id(client: Client, keeps: dict[str, Any]) -> None:
    client.write({**keeps, "id": 5, "method": "aiana/status"})
    with pytest.raises(ServerError) as caught:
        client.answer(5)
    assert caught.value.code == -32600


def test_search_progress(client: Client) -> None:
    tokens = {"workDoneToken": "ours"}
    command = {"command": "aiana.search", "arguments": [{"query": "x"}], **tokens}
    for method, params in (
        ("aiana/search", {"query": "x", **tokens}),
        ("workspace/executeCommand", command),
    ):
        client.request(method, params)
        told = [client.notification("$/progress") for _ in range(2)]
        assert [(each["token"], each["value"]["kind"]) for each in told] == [
            ("ours", "begin"),
            ("ours", "end"),
        ]


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


def test_standard_requests_wrong_params(client: Client) -> None:
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


def test_writes_beside_busy_readers(awkward: Client) -> None:
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
    assert client.process.wait(60) == 1


def test_end_of_input_ends_the_server(awkward: Client) -> None:
    awkward.send("test/blocked", {})
    assert awkward.process.stdin is not None
    awkward.process.stdin.close()
    assert awkward.process.wait(60) == 0


@pytest.mark.parametrize("body", [b"{nonsense", b"[" * 100_000, b'{"a": 1}', b"7", b"\xff\xfe"])
def test_unreadable_messages(client: Client, body: bytes) -> None:
    client.write_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    with pytest.raises(ServerError) as caught:
        client.answer(None)
    assert caught.value.code in (-32700, -32600)
    assert client.request("aiana/preference/list", {})["static"] == []
    # The state of the server may be told meanwhile; nothing may be said of the message.
    told = {note["method"] for note in client.notifications}
    assert told <= {"aiana/statusChanged", "aiana/didChange"}


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


def test_expected_failures(client: Client) -> None:
    with pytest.raises(ServerError) as caught:
        client.request("aiana/session/get", {"id": "unknown"})
    assert caught.value.code == -32803
    assert caught.value.data == {"kind": "notFound"}
    message = str(caught.value)
    assert message.startswith("There is no session unknown. `")
    assert message.endswith("aiana sessions list` shows them.")


def test_unusable_data_folder(start: Start, environ: dict[str, str]) -> None:
    Path(environ["AIANA_HOME"]).write_text("a file where the folder should be")
    client = start()
    client.initialize()
    with pytest.raises(ServerError) as caught:
        client.request("aiana/memory/list", {})
    assert caught.value.data == {"kind": "storageUnavailable"}
    state = client.request("aiana/status", {})
    assert state["health"] == "error"
    assert state["tiers"]["sqlite"]["state"] == "unavailable"
