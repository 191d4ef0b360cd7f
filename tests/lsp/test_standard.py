"""Standard LSP features, as an editor without a plugin uses them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from aiana.protocol.methods import METHODS
from aiana.times import local
from tests.lsp.client import Client, ServerError

Start = Callable[..., Client]
SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
CART = "18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108"
PINNED = "ea789c26-9d64-5fb0-bdc2-1488ae7b9dc9"
URI = f"aiana:///session/{CART}#{PINNED}"
SHOWS = {"window": {"showDocument": {"support": True}}}
CONFIGURES = {
    "workspace": {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "symbol": {"dynamicRegistration": True},
    },
    "textDocument": {
        "synchronization": {"dynamicRegistration": True},
        "codeAction": {"dynamicRegistration": True},
        "hover": {"dynamicRegistration": True},
    },
}
CODE = "first = 1\ngrüße = '🙂 naïve'\nlast = 3\n"


def file_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def run(client: Client, command: str, argument: dict[str, Any]) -> Any:
    return client.request("workspace/executeCommand", {"command": command, "arguments": [argument]})


def actions(client: Client, start: tuple[int, int], end: tuple[int, int], **context: Any) -> Any:
    return client.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": "file:///shop/cart.py"},
            "range": {
                "start": {"line": start[0], "character": start[1]},
                "end": {"line": end[0], "character": end[1]},
            },
            "context": {"diagnostics": [], **context},
        },
    )


@pytest.fixture
def serve(start: Start) -> Callable[..., Client]:
    """Starts a server with the sample sessions for a client with these capabilities."""

    def serve(capabilities: dict[str, Any] | None = None, **options: Any) -> Client:
        client = start()
        client.initialize(options=options, capabilities=capabilities or {})
        client.request("aiana/capture/import", {"paths": [str(SAMPLE)]})
        return client

    return serve


@pytest.fixture
def open_code() -> Callable[[Client], None]:
    def open_code(client: Client) -> None:
        document = {"uri": "file:///shop/cart.py", "languageId": "python", "version": 1}
        client.notify("textDocument/didOpen", {"textDocument": {**document, "text": CODE}})

    return open_code


def test_nothing_disturbing_is_advertised_by_default(start: Start) -> None:
    capabilities = start().initialize()["capabilities"]
    assert capabilities["textDocumentSync"] == {"openClose": False, "change": 0}
    assert "codeActionProvider" not in capabilities
    assert "hoverProvider" not in capabilities
    assert "workspaceSymbolProvider" not in capabilities
    assert capabilities["workspace"]["textDocumentContent"] == {"schemes": ["aiana"]}


def test_options_advertise_what_they_name(start: Start) -> None:
    options = {"codeActions": True, "hover": True, "workspaceSymbols": True}
    capabilities = start().initialize(options=options)["capabilities"]
    assert capabilities["codeActionProvider"] == {"codeActionKinds": ["aiana"]}
    assert capabilities["hoverProvider"] is True
    assert capabilities["textDocumentSync"] == {
        "openClose": True,
        "change": 2,
        "save": False,
    }
    assert capabilities["workspaceSymbolProvider"] == {"resolveProvider": True}


def test_content_of_a_session(serve: Start) -> None:
    page = serve().request("workspace/textDocumentContent", {"uri": URI})
    assert page["text"].splitlines()[0] == "# Pin the Redis client below 5"
    assert (
        page["text"].splitlines()[page["line"]]
        == "## Assistant · 2026-02-03 10:44 · Pinned `redis` to `~4.7` in package.json with a…"
    )


def test_content_of_a_memory(serve: Start) -> None:
    client = serve()
    memory = client.request(
        "aiana/memory/add", {"content": "Use `uv`.\n", "memoryType": "pattern", "tags": ["a", "b"]}
    )["memory"]
    page = client.request(
        "workspace/textDocumentContent", {"uri": f"aiana:///memory/{memory['id']}"}
    )
    assert page == {
        "text": f"# Pattern\n\n- Tags: a, b\n- Created: {local(memory['createdAt'], zone=True)}\n"
        f"- Memory: {memory['id']}\n\nUse `uv`.\n",
        "line": 0,
        "title": "Use `uv`.",
        "uri": f"aiana:///memory/{memory['id']}",
        "kind": "memory",
        "id": memory["id"],
        "source": None,
        "links": [],
        "sections": [],
    }


def words_of(page: Any, link: Any) -> str:
    """The words of a link, which are counted in UTF-16."""
    line = page["text"].split("\n")[link["line"]].encode("utf-16-le")
    return str(line[2 * link["start"] : 2 * link["end"]].decode("utf-16-le"))


def test_a_memory_leads_to_where_it_was_taken_from(serve: Start) -> None:
    client = serve()
    range = {"start": {"line": 4, "character": 0}, "end": {"line": 5, "character": 2}}
    origin = {"uri": "file:///shop/grüße.md", "range": range}
    memory = client.request(
        "aiana/memory/add", {"content": "Use uv.", "sessionId": CART, "origin": origin}
    )["memory"]
    uri = f"aiana:///memory/{memory['id']}/Use uv.md"
    page = client.request("workspace/textDocumentContent", {"uri": uri})
    assert [(words_of(page, link), link["target"]) for link in page["links"]] == [
        ("file:///shop/grüße.md#L5", "file:///shop/grüße.md#L5"),
        (f"aiana:///session/{CART}", f"aiana:///session/{CART}"),
    ]


LINKS = {"textDocument": {"documentLink": {"dynamicRegistration": True}}}
TURNS = """\
{"type": "user", "uuid": "u1", "message": {"role": "user", "content": "why\\rso?"}}
{"type": "assistant", "uuid": "a1", "message": {"role": "assistant", "content": [\
{"type": "tool_use", "id": "t", "name": "🙂", "input": {"file_path": "src/a.ts"}}]}}
{"type": "assistant", "uuid": "a2", "message": {"role": "assistant", "content": "because"}}
"""


def test_document_links(start: Start, tmp_path: Path) -> None:
    client = start()
    client.initialize(capabilities=LINKS)
    [registration] = client.reply("client/registerCapability", None)["registrations"]
    assert registration["method"] == "textDocument/documentLink"
    assert registration["registerOptions"] == {"documentSelector": [{"scheme": "aiana"}]}
    common = {"sessionId": "s 1", "cwd": "/shop", "timestamp": "2026-01-12T09:14:00.000Z"}
    records = [{**common, **json.loads(line)} for line in TURNS.replace("\\\n", "").splitlines()]
    (tmp_path / "s 1.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    client.request("aiana/capture/import", {"paths": [str(tmp_path)]})
    base = "aiana:///session/s%201/claude-code"
    uri = "aiana:///session/s%201/A name.md#a2"
    page = client.request("workspace/textDocumentContent", {"uri": uri})
    lines = page["text"].split("\n")
    assert lines[page["line"]] == "## Assistant · 2026-01-12 09:14 · because"
    assert [(words_of(page, link), link["target"]) for link in page["links"]] == [
        ("↓ next turn", f"{base}#a2"),
        ("src/a.ts", "file:///shop/src/a.ts"),
        ("↑ previous turn", f"{base}#u1"),
    ]
    assert (page["uri"], page["kind"], page["id"]) == (base, "session", "s 1")
    sections = [(s["kind"], s["uri"], s["messageId"]) for s in page["sections"]]
    assert sections[0] == ("turn", f"{base}#u1", "u1")
    assert [kind for kind, _, _ in sections] == ["turn", "tool", "turn"]
    begins = [lines[section["line"]] for section in page["sections"]]
    assert begins == [
        "## User · 2026-01-12 09:14 · why",
        "**🙂** called for src/a.ts",
        "## Assistant · 2026-01-12 09:14 · because",
    ]
    asked = client.request("textDocument/documentLink", {"textDocument": {"uri": uri}})
    assert [link["target"] for link in asked] == [link["target"] for link in page["links"]]
    assert asked[0]["range"]["start"] == {"line": 8, "character": 0}
    elsewhere = {"textDocument": {"uri": "file:///shop/cart.py"}}
    assert client.request("textDocument/documentLink", elsewhere) == []


@pytest.mark.parametrize(
    "uri", ["aiana:///session/none", "aiana:///memory/", "file:///etc/passwd", "aiana:", "", "%"]
)
def test_content_of_nothing_is_not_found(client: Client, uri: str) -> None:
    with pytest.raises(ServerError) as caught:
        client.request("workspace/textDocumentContent", {"uri": uri})
    assert (caught.value.code, caught.value.data) == (-32803, {"kind": "notFound"})


def test_show_without_documents(serve: Start) -> None:
    client = serve(SHOWS)
    number = client.send(
        "workspace/executeCommand", {"command": "aiana.show", "arguments": [{"uri": URI}]}
    )
    shown = client.reply("window/showDocument", {"success": True})
    assert client.answer(number) is None
    path = file_of(shown["uri"])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert (
        lines[shown["selection"]["start"]["line"]]
        == "## Assistant · 2026-02-03 10:44 · Pinned `redis` to `~4.7` in package.json with a…"
    )
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_pages_of_yesterday_are_removed(serve: Start, environ: dict[str, str]) -> None:
    client = serve()
    run(client, "aiana.show", {"uri": URI})
    [page] = Path(environ["AIANA_HOME"], "pages").iterdir()
    memory = client.request("aiana/memory/add", {"content": "short"})["memory"]
    os.utime(page, (0, 0))
    run(client, "aiana.show", {"uri": f"aiana:///memory/{memory['id']}"})
    names = [path.name for path in page.parent.iterdir()]
    assert names == [f"memory-{memory['id']}.md"]


@pytest.mark.parametrize(
    "reads",
    [{"workspace": {"textDocumentContent": {}}}, {"experimental": {"aianaDocuments": True}}],
)
def test_show_with_documents(serve: Start, reads: dict[str, Any]) -> None:
    client = serve({**SHOWS, **reads})
    client.send("workspace/executeCommand", {"command": "aiana.show", "arguments": [{"uri": URI}]})
    assert client.reply("window/showDocument", {"success": True})["uri"] == URI


def test_show_without_show_document(serve: Start) -> None:
    client = serve()
    run(client, "aiana.show", {"uri": URI})
    message = client.notification("window/showMessage")["message"]
    assert message.startswith("Written to file://")
    assert message.endswith(", line 32.")


def test_no_answer_to_showing_a_document_is_an_end(serve: Start) -> None:
    client = serve(SHOWS)
    command = {"command": "aiana.show", "arguments": [{"uri": URI}]}
    answers: list[Any] = [None, [], "yes", 7, {"success": False}]
    for answer in answers:
        number = client.send("workspace/executeCommand", command)
        client.reply("window/showDocument", answer)
        assert client.answer(number) is None
        assert client.notification("window/showMessage")["message"].startswith("Written to file:")
    number = client.send("workspace/executeCommand", command)
    client.refuse("window/showDocument")
    assert client.answer(number) is None
    assert client.notification("window/showMessage")["message"].startswith("Written to file:")


def test_helix_shows_documents_without_announcing_it(start: Start) -> None:
    client = start()
    client.initialize(clientInfo={"name": "helix", "version": "25.07"})
    memory = client.request("aiana/memory/add", {"content": "short"})["memory"]
    uri = f"aiana:///memory/{memory['id']}"
    client.send("workspace/executeCommand", {"command": "aiana.show", "arguments": [{"uri": uri}]})
    assert client.reply("window/showDocument", {"success": True})["uri"].startswith("file://")


def test_search_as_a_document(serve: Start) -> None:
    client = serve(SHOWS)
    client.send(
        "workspace/executeCommand",
        {"command": "aiana.showSearch", "arguments": [{"query": '"npm update"'}]},
    )
    shown = client.reply("window/showDocument", {"success": True})
    text = file_of(shown["uri"]).read_text(encoding="utf-8")
    assert text.splitlines()[:3] == ['# Aiana: "npm update"', "", "## Pin the Redis client below 5"]
    assert "why did `npm update` break the cart? getCartById returns [object Object] now" in text


def test_command_with_a_wrong_query(client: Client) -> None:
    with pytest.raises(ServerError) as caught:
        run(client, "aiana.showSearch", {})
    assert caught.value.code == -32602


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([{"query": "HGETALL"}], id="list of one object"),
        pytest.param([{"query": "HGETALL"}, {}], id="more than one"),
        pytest.param({"query": "HGETALL"}, id="the object itself"),
        pytest.param(["HGETALL"], id="a text, as typed or filled in"),
    ],
)
def test_command_arguments(serve: Start, arguments: Any) -> None:
    client = serve(SHOWS)
    client.send("workspace/executeCommand", {"command": "aiana.showSearch", "arguments": arguments})
    shown = client.reply("window/showDocument", {"success": True})
    assert file_of(shown["uri"]).read_text(encoding="utf-8").startswith("# Aiana: HGETALL\n")


@pytest.mark.parametrize("arguments", [{}, {"arguments": None}, {"arguments": []}])
def test_a_command_needs_no_argument(client: Client, arguments: Any) -> None:
    for command in ("aiana.showContext", "aiana.status"):
        client.request("workspace/executeCommand", {"command": command, **arguments})


@pytest.mark.parametrize("argument", [7, "text", ["list"], [7], [["nested"]]])
def test_a_wrong_argument_is_answered_as_invalid(client: Client, argument: Any) -> None:
    with pytest.raises(ServerError) as caught:
        client.request(
            "workspace/executeCommand", {"command": "aiana.search", "arguments": argument}
        )
    assert caught.value.code == -32602


def test_context_as_a_document(serve: Start) -> None:
    client = serve(SHOWS)
    client.send(
        "workspace/executeCommand",
        {"command": "aiana.showContext", "arguments": [{"query": "redis", "scope": "all"}]},
    )
    shown = client.reply("window/showDocument", {"success": True})
    text = file_of(shown["uri"]).read_text(encoding="utf-8")
    assert text.startswith("<aiana-context")
    assert "Pinned `redis` to `~4.7`" in text


def test_code_actions_for_a_selection_are_carried_out(
    serve: Start, open_code: Callable[[Client], None]
) -> None:
    client = serve(codeActions=True)
    open_code(client)
    # Columns count UTF-16 units: the face is two of them.
    remember, context = actions(client, (1, 9), (1, 17))
    assert (remember["title"], remember["kind"]) == ("Remember this selection", "aiana")
    assert context["title"] == "Add context for this file"
    command = remember["command"]
    added = run(client, command["command"], command["arguments"][0])
    assert added["memory"]["content"] == "🙂 naïve"
    assert added["memory"]["metadata"]["origin"] == {
        "uri": "file:///shop/cart.py",
        "lines": [1, 1],
    }
    assert client.notification("window/showMessage")["message"] == "Remembered."


def test_why_a_line_is_so_is_offered_where_a_session_edited(serve: Start, tmp_path: Path) -> None:
    client = serve(codeActions=True)
    file = tmp_path / "cart.py"
    file.write_text("import os\ntotal = sum_of(cart)\n")
    edit = {"file_path": str(file), "old_string": "import os", "new_string": "total = sum_of(cart)"}
    call = {"type": "tool_use", "id": "t1", "name": "Edit", "input": edit}
    record = {
        "type": "assistant",
        "uuid": "e1",
        "sessionId": "why",
        "cwd": str(tmp_path),
        "timestamp": "2026-01-12T09:16:00.000Z",
        "message": {"role": "assistant", "content": [call]},
    }
    uri = file.as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": file.read_text()}
    client.notify("textDocument/didOpen", {"textDocument": item})
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 0}}
    asked = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": []}}
    titles = [a["title"] for a in client.request("textDocument/codeAction", asked)]
    assert titles == ["Add context for this file"]
    transcript = tmp_path / "why.jsonl"
    transcript.write_text(json.dumps(record) + "\n")
    client.request("aiana/capture/import", {"paths": [str(transcript)]})
    _, action = client.request("textDocument/codeAction", asked)
    assert action["title"] == "Why is this line so?"
    [reason] = client.request("aiana/why", action["command"]["arguments"][0])["reasons"]
    assert reason["uri"] == "aiana:///session/why/claude-code#e1"
    assert (reason["how"], reason["lines"]) == ("edited here", [[2, 2]])
    client.request("workspace/executeCommand", action["command"])
    [told] = re.findall(
        r"file://\S+(?=, line)", client.notification("window/showMessage")["message"]
    )
    assert "edited here" in Path(unquote(urlsplit(told).path)).read_text()


def test_a_hover_tells_who_wrote_a_line_and_nothing_of_others(serve: Start, tmp_path: Path) -> None:
    client = serve(hover=True)
    file = tmp_path / "cart.py"
    written = "total = sum_of(cart)"
    file.write_text(f"import os\n{written}\n")
    edit = {"file_path": str(file), "old_string": "1", "new_string": written}
    call = {"type": "tool_use", "id": "t1", "name": "Edit", "input": edit}
    asked = f"Sum it up, <b>please</b>\n\nas *{'always ' * 40}*"
    records = [
        {
            "type": role,
            "uuid": role,
            "sessionId": "why",
            "cwd": str(tmp_path),
            "timestamp": "2026-01-12T09:16:00.000Z",
            "message": {"role": role, "content": content},
        }
        for role, content in (("user", asked), ("assistant", [call]))
    ]
    transcript = tmp_path / "why.jsonl"
    transcript.write_text("".join(json.dumps(record) + "\n" for record in records))

    def hover(line: int, uri: str = file.as_uri()) -> Any:
        position = {"line": line, "character": 2}
        params = {"textDocument": {"uri": uri}, "position": position}
        return client.request("textDocument/hover", params)

    assert hover(1) is None
    client.request("aiana/capture/import", {"paths": [str(transcript)]})
    when = local("2026-01-12T09:16:00.000Z")
    facts, about = hover(1)["contents"]["value"].split("\n")
    assert facts == f"Aiana: edited here · claude-code · {when}"
    assert about.startswith("Sum it up, <b>please</b> as *always always ")
    assert (len(about), about[-1]) == (160, "…")
    assert hover(1)["contents"]["kind"] == "plaintext"
    assert [hover(line) for line in (0, 2, 99)] == [None] * 3
    item = {"uri": file.as_uri(), "languageId": "python", "version": 1}
    shifted = f"\n\n{file.read_text()}"
    client.notify("textDocument/didOpen", {"textDocument": {**item, "text": shifted}})
    assert [hover(line) is not None for line in (1, 3)] == [False, True]
    client.notify("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
    file.unlink()
    assert hover(1) is None
    assert hover(1, "untitled:Untitled-1") is None


def test_what_fixed_an_error_is_offered_where_it_went_away(serve: Start, tmp_path: Path) -> None:
    client = serve(codeActions=True)
    uri = (tmp_path / "cart.ts").as_uri()
    item = {"uri": uri, "languageId": "typescript", "version": 1, "text": "total\n"}
    client.notify("textDocument/didOpen", {"textDocument": item})
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    told = [{"range": place, "message": "Cannot find name 'total'.", "code": 2304}]
    asked = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": told}}
    titles = [a["title"] for a in client.request("textDocument/codeAction", asked)]
    assert titles == ["Add context for this file"]
    error = "src/a.ts(3,5): error TS2304: Cannot find name 'sum'."
    write = {"file_path": "/work/src/a.ts", "content": "let sum = 0"}
    calls = [
        ("Bash", {"command": "tsc"}, error),
        ("Write", write, "ok"),
        ("Bash", {"command": "tsc"}, ""),
    ]
    records = []
    for number, (tool, given, answer) in enumerate(calls):
        id = f"t{number}"
        call = {"type": "tool_use", "id": id, "name": tool, "input": given}
        result = {"type": "tool_result", "tool_use_id": id, "content": answer}
        for role, block in (("assistant", call), ("user", result)):
            record = {
                "type": role,
                "uuid": f"{role}-{number}",
                "sessionId": "fixed",
                "cwd": "/work",
            }
            time = {"timestamp": f"2026-01-12T09:1{number}:00.000Z"}
            records.append({**record, **time, "message": {"role": role, "content": [block]}})
    transcript = tmp_path / "fixed.jsonl"
    transcript.write_text("".join(json.dumps(record) + "\n" for record in records))
    client.request("aiana/capture/import", {"paths": [str(transcript)]})
    _, action = client.request("textDocument/codeAction", asked)
    assert action["title"] == "What fixed this error?"
    client.request("workspace/executeCommand", action["command"])
    [shown] = re.findall(
        r"file://\S+(?=, line)", client.notification("window/showMessage")["message"]
    )
    text = Path(unquote(urlsplit(shown).path)).read_text()
    assert "Changed: /work/src/a.ts" in text
    assert "<aiana:///session/fixed/claude-code#assistant-1>" in text


def test_code_actions_follow_edits(serve: Start, open_code: Callable[[Client], None]) -> None:
    client = serve(codeActions=True)
    open_code(client)
    position = {"line": 0, "character": 0}
    client.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": "file:///shop/cart.py", "version": 2},
            "contentChanges": [{"range": {"start": position, "end": position}, "text": "new\n"}],
        },
    )
    remember = actions(client, (0, 0), (1, 5))[0]
    assert remember["command"]["arguments"][0]["content"] == "new\nfirst"


def test_code_actions_keep_quiet(serve: Start, open_code: Callable[[Client], None]) -> None:
    client = serve(codeActions=True)
    open_code(client)
    titles = [action["title"] for action in actions(client, (1, 0), (1, 0))]
    assert titles == ["Add context for this file"]
    assert actions(client, (1, 0), (1, 5), triggerKind=2) == []
    assert actions(client, (1, 0), (1, 5), only=["quickfix"]) == []
    assert len(actions(client, (1, 0), (1, 5), only=["aiana"])) == 2


@pytest.mark.parametrize(
    ("opened", "asked"),
    [
        ("file:///shop/my%20cart.py", "file:///shop/my%20cart.py"),
        ("file:///shop/my%20cart.py", "file:///shop/my cart.py"),
        ("file:///shop/%E8%BD%A6.py", "file:///shop/车.py"),
        ("file:///c%3A/shop/cart.py", "file:///C:/shop/cart.py"),
        ("file:///shop/a%2520b.py", "file:///shop/a%2520b.py"),
        ("file://localhost/shop/cart.py", "file:///shop/cart.py"),
        ("untitled:Untitled-1", "untitled:Untitled-1"),
        ("file:///shop/a%23b%3Fc.py", "file:///shop/a%23b%3Fc.py"),
    ],
)
def test_a_document_is_known_however_its_uri_is_spelt(
    start: Start, opened: str, asked: str
) -> None:
    client = start()
    client.initialize(options={"codeActions": True})
    document = {"uri": opened, "languageId": "python", "version": 1, "text": "first = 1\n"}
    client.notify("textDocument/didOpen", {"textDocument": document})
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
    found = client.request(
        "textDocument/codeAction",
        {"textDocument": {"uri": asked}, "range": whole, "context": {"diagnostics": []}},
    )
    assert found[0]["command"]["arguments"][0] == {
        "content": "first",
        "origin": {"uri": asked, "range": whole},
    }


def test_kinds_of_actions_match_by_their_beginning(
    start: Start, open_code: Callable[[Client], None]
) -> None:
    client = start()
    client.initialize(options={"codeActions": True})
    open_code(client)
    for only in (["", "quickfix"], [""], ["aiana"], ["quickfix", "aiana"]):
        assert len(actions(client, (1, 0), (1, 5), only=only)) == 2, only
    for only in (["aiana.remember"], ["aian"], ["source"], []):
        assert actions(client, (1, 0), (1, 5), only=only) == [], only


def test_code_actions_ignore_diagnostics(start: Start, open_code: Callable[[Client], None]) -> None:
    """What a client tells of diagnostics stands in the way of no action."""
    client = start()
    client.initialize(options={"codeActions": True})
    open_code(client)
    strange = [{"range": 7, "message": "x"}, {"severity": 99, "tags": ["later"]}, None]
    assert len(actions(client, (1, 0), (1, 5), diagnostics=strange, triggerKind=3)) == 2


def test_symbols_without_documents(serve: Start) -> None:
    client = serve(workspaceSymbols=True)
    [symbol] = client.request("workspace/symbol", {"query": '"npm update"'})
    assert symbol["containerName"] == "Pin the Redis client below 5"
    assert symbol["name"].startswith("why did `npm update` break the cart?")
    lines = file_of(symbol["location"]["uri"]).read_text(encoding="utf-8").splitlines()
    line = symbol["location"]["range"]["start"]["line"]
    assert (
        lines[line]
        == "## User · 2026-02-03 10:40 · why did `npm update` break the cart? getCartById…"
    )
    assert client.request("workspace/symbol", {"query": " "}) == []


RESOLVES = {"workspace": {"symbol": {"resolveSupport": {"properties": ["location.range"]}}}}


def test_symbols_are_rendered_when_they_are_chosen(serve: Start, environ: dict[str, str]) -> None:
    client = serve(RESOLVES, workspaceSymbols=True)
    [symbol] = client.request("workspace/symbol", {"query": '"npm update"'})
    assert symbol["location"].keys() == {"uri"}
    assert not Path(environ["AIANA_HOME"], "pages").exists()
    resolved = client.request("workspaceSymbol/resolve", symbol)
    assert resolved["location"]["uri"] == symbol["location"]["uri"]
    lines = file_of(symbol["location"]["uri"]).read_text(encoding="utf-8").splitlines()
    first = resolved["location"]["range"]["start"]["line"]
    assert "why did `npm update` break the cart?" in "".join(lines[first : first + 4])


def test_symbols_are_off_by_default(serve: Start) -> None:
    assert serve().request("workspace/symbol", {"query": "redis"}) == []


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ({"title": "Forget it"}, 0),
        ({"title": "Keep it"}, 1),
        (None, 1),
        ("Forget it", 1),
        ([{"title": "Forget it"}], 1),
    ],
)
def test_forgetting_asks_first(client: Client, answer: Any, left: int) -> None:
    memory = client.request("aiana/memory/add", {"content": "an old habit"})["memory"]
    number = client.send(
        "workspace/executeCommand",
        {"command": "aiana.forget", "arguments": [{"id": memory["id"]}]},
    )
    asked = client.reply("window/showMessageRequest", answer)
    assert asked["message"] == "Forget this for good? an old habit"
    result = client.answer(number)
    assert (result is None) == (left == 1)
    assert len(client.request("aiana/memory/list", {})["memories"]) == left


def test_settings_are_pulled_and_turn_features_on(start: Start) -> None:
    client = start()
    client.initialize(capabilities=CONFIGURES)
    asked = [
        registration["method"]
        for registration in client.reply("client/registerCapability", None)["registrations"]
    ]
    features = {"codeActions": True, "hover": True, "workspaceSymbols": True}
    settings = {**features, "contextMaxTokens": 0}
    assert client.reply("workspace/configuration", [settings]) == {"items": [{"section": "aiana"}]}
    for _ in range(6):
        registrations = client.reply("client/registerCapability", None)["registrations"]
        asked += [registration["method"] for registration in registrations]
    assert asked == [
        "workspace/didChangeConfiguration",
        "textDocument/didOpen",
        "textDocument/didChange",
        "textDocument/didClose",
        "textDocument/codeAction",
        "textDocument/hover",
        "workspace/symbol",
    ]
    client.request("aiana/preference/add", {"text": "Uses uv"})
    assert client.request("aiana/context", {})["context"] == ""
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.reply("workspace/configuration", [{"contextMaxTokens": 500}])
    assert "Uses uv" in client.request("aiana/context", {})["context"]


def test_no_answer_about_settings_is_an_end(start: Start) -> None:
    client = start()
    client.initialize(capabilities={"workspace": {"configuration": True}})
    answers: list[Any] = [None, [], {}, "x", 7, [7], [["x"]], [None, None]]
    for answer in answers:
        client.reply("workspace/configuration", answer)
        client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.refuse("workspace/configuration")
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.reply("workspace/configuration", [{"contextMaxTokens": 0}])
    client.request("aiana/preference/add", {"text": "Uses uv"})
    assert client.request("aiana/context", {})["context"] == ""


def test_registrations_need_no_answer(start: Start) -> None:
    client = start()
    client.initialize(capabilities=CONFIGURES)
    client.reply("workspace/configuration", [{"codeActions": True}])
    assert client.request("aiana/preference/list", {}) == {"static": [], "dynamic": []}


def test_wrong_settings_are_told_once(start: Start, environ: dict[str, str]) -> None:
    file = Path(environ["AIANA_HOME"], "config.toml")
    file.parent.mkdir()
    file.write_text('user = "ada"\ncontextMaxToken = 5\n')
    client = start()
    client.initialize(capabilities=SHOWS)
    asked = client.reply("window/showMessageRequest", {"title": "Open File"})
    assert (
        asked["message"] == f"contextMaxToken in {file} is no setting. Is contextMaxTokens meant?"
    )
    assert [action["title"] for action in asked["actions"]] == ["Open File"]
    shown = client.reply("window/showDocument", {"success": True})
    assert shown["uri"] == file.as_uri()
    assert shown["selection"]["start"] == {"line": 1, "character": 0}
    for _ in range(2):
        settings = {"aiana": {"codeActions": "yes"}}
        client.notify("workspace/didChangeConfiguration", {"settings": settings})
    assert client.notification("window/showMessage")["message"] == (
        "codeActions in the editor's settings is left out: it takes true or false."
    )
    client.request("aiana/preference/list", {})
    assert [m["method"] for m in client.notifications if m["method"].startswith("window/")] == []


def test_settings_are_pushed(start: Start) -> None:
    client = start()
    client.initialize()
    client.request("aiana/preference/add", {"text": "Uses uv"})
    pushed: list[Any] = [{"aiana": {"contextMaxTokens": 0}}, {"aiana": "nonsense"}, None, []]
    for settings in pushed:
        client.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert client.request("aiana/context", {})["context"] == ""


def test_long_work_is_shown_and_can_be_cancelled(start: Start) -> None:
    client = start("-m", "tests.lsp.awkward_server")
    client.initialize(capabilities={"window": {"workDoneProgress": True}})
    number = client.send("test/working", {})
    token = client.reply("window/workDoneProgress/create", None)["token"]
    begun = client.notification("$/progress")
    assert begun["token"] == token
    assert begun["value"] == {
        "kind": "begin",
        "title": "Aiana",
        "cancellable": True,
        "percentage": 0,
    }
    client.notify("window/workDoneProgress/cancel", {"token": token})
    assert client.answer(number) == {}
    while (value := client.notification("$/progress")["value"])["kind"] != "end":
        assert value == {"kind": "report", "percentage": 50, "message": "working"}


def test_notifications_switched_off(start: Start) -> None:
    quiet, told = start(), start()
    quiet.initialize(options={"notifications": False})
    told.initialize()
    told.notification("aiana/statusChanged")
    quiet.request("aiana/memory/add", {"content": "Uses uv"})
    assert told.notification("aiana/didChange")["kinds"] == ["memories"]
    quiet.request("aiana/status")
    assert quiet.notifications == []


def test_wrong_options_are_left_out(start: Start) -> None:
    capabilities = start().initialize(options={"codeActions": "yes please"})["capabilities"]
    assert "codeActionProvider" not in capabilities


def test_empty_settings(start: Start, open_code: Callable[[Client], None]) -> None:
    client = start()
    client.initialize(
        options={"codeActions": True}, capabilities={"workspace": {"configuration": True}}
    )
    client.reply("workspace/configuration", [{}])
    open_code(client)
    assert len(actions(client, (1, 0), (1, 5))) == 2
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.reply("workspace/configuration", [{"codeActions": False}])
    assert actions(client, (1, 0), (1, 5)) == []


def test_every_command_of_its_own_is_documented(start: Start) -> None:
    capabilities = start().initialize()["capabilities"]
    methods = {method.command for method in METHODS}
    own = [c for c in capabilities["executeCommandProvider"]["commands"] if c not in methods]
    assert "aiana.show" in own
    page = (SAMPLE.parents[2] / "docs" / "editors" / "README.md").read_text(encoding="utf-8")
    assert [command for command in own if f"| `{command}` |" not in page] == []
