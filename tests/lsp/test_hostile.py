"""A store full of attacks behind the language server: typed answers, and nothing that acts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.hostile import ACTING, ATTACKS, MARK, fenced_lines, filled
from tests.lsp.client import Client, ServerError

INTERNAL = -32603
OPTIONS = {"codeActions": True, "hover": True, "workspaceSymbols": True}


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("hostile")
    return {
        **os.environ,
        "AIANA_HOME": str(filled(folder / "aiana")),
        "CLAUDE_CONFIG_DIR": str(folder / "claude"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
    }


@pytest.fixture(scope="module")
def client(environ: dict[str, str]) -> Iterator[Client]:
    running = Client(environ)
    running.initialize(options=OPTIONS)
    yield running
    running.close()


def asked(client: Client, method: str, params: Any) -> Any:
    """The answer, or None for a refusal that says what is wrong."""
    try:
        return client.request(method, params)
    except ServerError as error:
        refusal = error
    assert refusal.code != INTERNAL, (method, params, refusal.data)
    assert "Traceback" not in str(refusal)
    return None


def everything(client: Client) -> list[str]:
    """The URI of each session and memory."""
    uris = []
    for method, name in (("aiana/session/list", "sessions"), ("aiana/memory/list", "memories")):
        cursor = None
        while True:
            page = client.request(method, {"limit": 100, "cursor": cursor})
            uris += [each["uri"] for each in page[name]]
            if not (cursor := page.get("nextCursor")):
                break
    return uris


def test_what_is_searched_for_is_no_syntax(client: Client) -> None:
    for attack in ATTACKS:
        for query in (attack, f'"{attack}"', f"{MARK} {attack}", f"project:{attack} {MARK}"):
            asked(client, "aiana/search", {"query": query, "scope": "all", "explain": True})
        for name in ("project", "sessionId", "after", "before"):
            params = {"query": MARK, "scope": "all", "filter": {name: attack}}
            asked(client, "aiana/search", params)
        for name in ("sources", "roles", "tools", "files", "errors"):
            params = {"query": MARK, "scope": "all", "filter": {name: [attack]}}
            found = asked(client, "aiana/search", params)
            # `%` and `*` match themselves alone.
            assert found is None or len(found["hits"]) < 20 or name in ("roles", "sources"), attack
        for method in ("aiana/search", "aiana/memory/list", "aiana/session/list"):
            asked(client, method, {"query": MARK, "cursor": attack})
        for method in ("aiana/session/get", "aiana/session/delete", "aiana/memory/get"):
            asked(client, method, {"id": attack, "dryRun": True})
        asked(client, "aiana/locate", {"uri": attack})
        asked(client, "aiana/locate", {"uri": f"aiana:///session/{attack}", "asFile": True})
        asked(client, "aiana/fixes", {"text": attack})
        asked(client, "aiana/file/history", {"path": attack})
    assert client.request("aiana/status")["counts"]["sessions"] == len(ATTACKS)


def test_hits_hold_nothing_that_acts(client: Client) -> None:
    cursor, seen = None, 0
    while True:
        params = {"query": MARK, "scope": "all", "limit": 50, "cursor": cursor}
        found = client.request("aiana/search", params)
        for hit in found["hits"]:
            assert ACTING.findall(hit["snippet"]) == []
            units = len(hit["snippet"].encode("utf-16-le")) // 2
            assert all(0 <= start < end <= units for start, end in hit["highlights"])
            seen += 1
        if not (cursor := found.get("nextCursor")):
            break
    assert seen >= len(ATTACKS)


def test_no_context_is_left_by_what_it_quotes(client: Client) -> None:
    for attack in ATTACKS:
        params = {"query": f"{MARK} {attack}", "scope": "all", "maxTokens": 3000}
        context = asked(client, "aiana/context", params)
        if context and context["context"]:
            fenced_lines(context["context"])
    for uri in everything(client):
        told = asked(client, "aiana/session/handover", {"uri": uri})
        if told and told["context"]:
            fenced_lines(told["context"])


def test_documents_have_their_places_and_links(client: Client, environ: dict[str, str]) -> None:
    pages = Path(environ["AIANA_HOME"], "pages")
    uris = everything(client)
    assert len(uris) == 2 * len(ATTACKS)
    for uri in uris:
        page = client.request("workspace/textDocumentContent", {"uri": uri})
        lines = page["text"].split("\n")
        titles = [lines[section["line"]] for section in page.get("sections", [])]
        own = ("## User", "## Assistant", "**")
        assert all(title.startswith(own) for title in titles), titles
        assert titles == [] or titles[-1].endswith("· the last")
        assert "\n" not in page["title"]
        assert ACTING.findall(page["title"]) == []
        for link in page.get("links", []):
            assert urlsplit(link["target"]).scheme in ("file", "aiana"), link
        where = client.request("aiana/locate", {"uri": uri, "asFile": True})
        file = Path(unquote(urlsplit(where["uri"]).path))
        assert file.parent == pages, where
        assert ACTING.findall(where["title"]) == []
    outside = {path.name for path in pages.parent.parent.iterdir()}
    assert outside <= {"aiana", "claude"}


def test_no_answer_holds_a_nul(client: Client) -> None:
    """Emacs takes no message with one; what looks like one in a text stays as it is."""
    for given, kept in (("a\0b \\u0000 c", "a\ufffdb \\u0000 c"), ("\\\0", "\\\ufffd")):
        added = client.request("aiana/memory/add", {"content": given})["memory"]
        assert added["content"] == kept
        client.request("aiana/memory/delete", {"ids": [added["id"]]})


def test_symbols_are_lines_of_plain_text(client: Client) -> None:
    for query in (MARK, "last", *ATTACKS):
        for symbol in asked(client, "workspace/symbol", {"query": query}) or []:
            for text in (symbol["name"], symbol["containerName"]):
                assert "\n" not in text
                assert ACTING.findall(text) == []


def test_code_actions_and_hovers_show_nothing_that_is_stored(
    client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "a.py"
    start = {"line": 0, "character": 0}
    for number, attack in enumerate(ATTACKS):
        text = attack.encode("utf-8", "replace").decode()
        uri = f"{path.as_uri()}{number}"
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": item})
        range_ = {"start": start, "end": {"line": 9, "character": 0}}
        diagnostic = {"range": range_, "message": attack, "code": attack}
        actions = asked(
            client,
            "textDocument/codeAction",
            {
                "textDocument": {"uri": uri},
                "range": range_,
                "context": {"diagnostics": [diagnostic], "triggerKind": 1},
            },
        )
        titles = {action["title"] for action in actions or []}
        assert titles <= {
            "Remember this selection",
            "Add context for this file",
            "Why is this line so?",
            "What fixed this error?",
        }
        place = {"textDocument": {"uri": uri}, "position": start}
        hover = asked(client, "textDocument/hover", place)
        assert hover is None or hover["contents"]["kind"] == "plaintext"


def test_pages_of_commands_say_who_speaks(
    environ: dict[str, str], start: Callable[..., Client]
) -> None:
    client = start(env=environ)
    client.initialize(options=OPTIONS, capabilities={"window": {"showDocument": {"support": True}}})
    for attack in (MARK, *ATTACKS):
        if not attack.strip():
            continue
        for command in ("aiana.showSearch", "aiana.showContext", "aiana.showFixes"):
            name = "text" if command == "aiana.showFixes" else "query"
            given = {"command": command, "arguments": [{name: attack, "scope": "all"}]}
            sent = client.send("workspace/executeCommand", given)
            while sent not in client._answers:
                client._take()
                for message in [m for m in client.notifications if "id" in m]:
                    client.notifications.remove(message)
                    result = {"success": True}
                    client.write({"jsonrpc": "2.0", "id": message["id"], "result": result})
            answer = client._answers.pop(sent)
            assert answer.get("error", {}).get("code") != INTERNAL, answer
    for page in Path(environ["AIANA_HOME"], "pages").glob("*.md"):
        if page.name == "context.md":
            fenced_lines(page.read_text("utf-8").rstrip("\n"))
        if page.name == "search.md":
            headings = re.findall(r"^# .*", page.read_text("utf-8"), re.MULTILINE)
            assert headings[0].startswith("# Aiana: ")
