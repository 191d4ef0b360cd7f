"""Every method, over a real pipe, on the sample sessions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiana.protocol.methods import METHODS
from tests.lsp.client import Client, ServerError

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
LOGOUT = "da755a60-eda9-5dee-b3ed-79c5f535dc26"
FLAKY = "dac1e157-375f-539f-a889-fa3020fef082"
REDIS = "18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108"

Start = Callable[..., Client]


@pytest.fixture
def sampled(client: Client) -> Client:
    """A server that has imported the sample sessions."""
    client.request("aiana/capture/import", {"paths": [str(SAMPLE)]})
    return client


@pytest.fixture
def with_model(start: Start, environ: dict[str, str], compiled_model_home: Path) -> Client:
    """A server with a model, which is not loaded yet, and the sample sessions with vectors."""
    environ.pop("AIANA_EMBEDDING_MODEL")
    shutil.copytree(compiled_model_home / "models", Path(environ["AIANA_HOME"]) / "models")
    imported = [sys.executable, "-m", "aiana", "import", str(SAMPLE)]
    subprocess.run(imported, env=environ, check=True, capture_output=True)
    client = start()
    client.initialize()
    return client


def sessions_of(result: dict[str, Any]) -> list[str]:
    return [hit["sessionId"] for hit in result["hits"]]


def test_every_method_answers_its_example(sampled: Client) -> None:
    """Every method answers its example or says what is not there."""
    answers = {}
    for method in METHODS:
        try:
            sampled.request(method.name, method.example)
            answers[method.name] = "ok"
        except ServerError as error:
            answers[method.name] = error.data["kind"]
    unknown = {
        "aiana/memory/get",
        "aiana/memory/update",
        "aiana/why",
        "aiana/locate",
        "aiana/quote",
        "aiana/memory/feedback",
        "aiana/memory/pin",
        "aiana/session/get",
        "aiana/session/messages",
        "aiana/session/delete",
        "aiana/session/export",
        "aiana/session/resume",
        "aiana/session/handover",
        "aiana/session/changes",
        "aiana/share",
        "aiana/preference/remove",
    }
    assert {name for name, answer in answers.items() if answer != "ok"} == unknown
    assert {answers[name] for name in unknown} == {"notFound"}


def test_what_fixed_an_error(client: Client, tmp_path: Path) -> None:
    error = "src/a.ts(3,5): error TS2304: Cannot find name 'total'."
    edit = {"file_path": "/work/src/a.ts", "old_string": "a", "new_string": "b"}
    calls = [
        ("Bash", {"command": "tsc"}, error),
        ("Edit", edit, "ok"),
        ("Bash", {"command": "tsc"}, ""),
    ]
    records = []
    for number, (tool, given, answer) in enumerate(calls):
        id = f"t{number}"
        call = {"type": "tool_use", "id": id, "name": tool, "input": given}
        result: dict[str, Any] = {"type": "tool_result", "tool_use_id": id, "content": answer}
        result |= {"is_error": answer == error}
        for role, block in (("assistant", call), ("user", result)):
            about = {"type": role, "uuid": f"{role}-{number}", "sessionId": "fixed", "cwd": "/work"}
            message = {"role": role, "content": [block]}
            about["timestamp"] = f"2026-01-12T09:1{number}:00.000Z"
            records.append({**about, "message": message})
    transcript = tmp_path / "fixed.jsonl"
    transcript.write_text("".join(json.dumps(record) + "\n" for record in records))
    client.request("aiana/capture/import", {"paths": [str(transcript)]})
    diagnostic = {"message": "Cannot find name 'sum'.", "code": 2304, "source": "ts"}
    for asked in ({"diagnostic": diagnostic}, {"text": f"$ tsc\n{error}\n"}):
        [fix] = client.request("aiana/fixes", asked)["fixes"]
        assert fix["uri"] == "aiana:///session/fixed/claude-code#user-0"
        assert fix["proof"] == "aiana:///session/fixed/claude-code#user-2"
        assert fix["turns"] == ["aiana:///session/fixed/claude-code#assistant-1"]
        assert (fix["edits"], fix["files"]) == (1, ["/work/src/a.ts"])
    with pytest.raises(ServerError, match="Say which error"):
        client.request("aiana/fixes", {})


def test_projects_are_listed_by_their_last_activity(sampled: Client) -> None:
    projects = sampled.request("aiana/project/list", {})["projects"]
    times = [project["lastActivity"] for project in projects]
    assert times == sorted(times, reverse=True)
    sessions = sampled.request("aiana/session/list", {"limit": 100})["sessions"]
    for project in projects:
        own = [s for s in sessions if s["project"] == project["id"]]
        assert project["sessions"] == len(own)
        assert project["lastActivity"] == max(s["endedAt"] or s["startedAt"] for s in own)


def test_import_reports_counts_and_progress(client: Client) -> None:
    params = {"paths": [str(SAMPLE)], "workDoneToken": "import-1"}
    result = client.request("aiana/capture/import", params)
    counts = result["sources"]["claude-code"]
    assert (counts["found"], counts["imported"], counts["messages"]) == (6, 6, 38)
    assert counts["failed"] == []
    kinds = []
    while "end" not in kinds:
        progress = client.notification("$/progress")
        assert progress["token"] == "import-1"
        kinds.append(progress["value"]["kind"])
    assert (kinds[0], kinds[-1]) == ("begin", "end")
    again = client.request("aiana/capture/import", {"paths": [str(SAMPLE)]})
    counts = again["sources"]["claude-code"]
    assert (counts["imported"], counts["skipped"], counts["messages"]) == (0, 6, 0)


def test_search_without_a_model(sampled: Client) -> None:
    result = sampled.request("aiana/search", {"query": "getCartById broken", "limit": 3})
    assert result["modes"] == ["keyword"]
    assert result["searched"] == {"messages": 38, "memories": 0}
    assert [problem["tier"] for problem in result["degraded"]] == ["embedder"]
    assert "aiana model compile" in result["degraded"][0]["reason"]
    best = result["hits"][0]
    assert best["sessionId"] == REDIS
    assert best["sessionTitle"] == "Pin the Redis client below 5"
    assert best["uri"] == f"aiana:///session/{REDIS}/claude-code#{best['messageId']}"
    marked = [best["snippet"][start:end] for start, end in best["highlights"]]
    assert marked == ["cart", "getCartById"]
    assert "reasons" not in best


def test_search_explains_itself(sampled: Client) -> None:
    asked = {"query": "getCartById broken file:nowhere.py", "limit": 3, "explain": True}
    result = sampled.request("aiana/search", asked)
    assert result["hits"] == []
    assert result["reasons"]["restriction"] == "that touched nowhere.py"
    asked["query"] = "getCartById broken"
    result = sampled.request("aiana/search", asked)
    assert {*result["reasons"]["words"]} == {"getCartById", "broken"}
    best = result["hits"][0]["reasons"]
    assert best["ranks"] == {"keyword": 1}
    assert {*best["words"], *best["missing"]} == {"getCartById", "broken"}


def test_semantic_search_without_a_model_is_refused(sampled: Client) -> None:
    with pytest.raises(ServerError) as caught:
        sampled.request("aiana/search", {"query": "x", "mode": "semantic"})
    assert caught.value.data == {"kind": "modelUnavailable"}


def test_search_by_meaning(with_model: Client) -> None:
    query = {"query": "customers must not lose their login", "mode": "semantic", "limit": 3}
    result = with_model.request("aiana/search", query)
    assert result["modes"] == ["semantic"]
    assert result["hits"][0]["sessionId"] == LOGOUT
    assert result["hits"][0]["lanes"] == ["semantic"]
    both = with_model.request("aiana/search", {"query": "getCartById", "partialResultToken": 7})
    assert both["modes"] == ["keyword", "semantic"]
    partial = with_model.notification("$/progress")
    assert partial["token"] == 7
    assert partial["value"]["modes"] == ["keyword"]
    assert partial["value"]["hits"][0]["sessionId"] == REDIS
    assert with_model.request("aiana/status", {})["tiers"]["embedder"]["state"] == "ok"


def test_partial_hits_by_words(
    with_model: Client,
) -> None:
    """Hits by words come ahead a page of them only while the model loads."""
    query = {"query": "the test of redis"}
    whole = with_model.request("aiana/search", {**query, "mode": "keyword"})["hits"]
    assert len(whole) > 10
    for token, ahead in (("loading", whole), ("loaded", whole[:10])):
        result = with_model.request("aiana/search", {**query, "partialResultToken": token})
        assert result["modes"] == ["keyword", "semantic"]
        partial = with_model.notification("$/progress")
        assert partial["token"] == token
        assert [hit["id"] for hit in partial["value"]["hits"]] == [hit["id"] for hit in ahead]


@pytest.mark.parametrize(
    ("query", "sessions"),
    [
        ('"refresh at the same moment"', {LOGOUT}),
        ("redis -RESP3 project:shop role:user", set()),
        ("curl after:2026-02-20", {"9dfc53c4-da67-5358-b285-544f5d0772a6"}),
        ("curl before:2026-02-20", set()),
        ("index project:infra", set()),
        ("tool:Edit useFakeTimers", {FLAKY}),
        ("type:tool_use lock", {"dd69baa3-5cd4-5ae5-a5cd-9096966a7f23"}),
    ],
)
def test_the_query_language_restricts(sampled: Client, query: str, sessions: set[str]) -> None:
    result = sampled.request("aiana/search", {"query": query})
    assert set(sessions_of(result)) == sessions


@pytest.mark.parametrize(
    "query",
    ["", "-", '"', "a:b", "C++", "don't", "what?", "NEAR(", "a AND", "*", "\x00", "🙂" * 999],
)
def test_nothing_that_is_typed_is_an_error(sampled: Client, query: str) -> None:
    searched = sampled.request("aiana/search", {"query": query})["searched"]
    assert searched == {"messages": 38, "memories": 0}


def test_pages_follow_each_other(sampled: Client) -> None:
    whole = sampled.request("aiana/search", {"query": "the", "limit": 12})
    params: dict[str, Any] = {"query": "the", "limit": 4}
    paged: list[str] = []
    for _ in range(3):
        page = sampled.request("aiana/search", params)
        paged += [hit["id"] for hit in page["hits"]]
        params["cursor"] = page["nextCursor"]
    assert paged == [hit["id"] for hit in whole["hits"]]
    with pytest.raises(ServerError) as caught:
        sampled.request("aiana/search", {**params, "query": "another"})
    assert caught.value.code == -32602


def test_one_hit_a_session(sampled: Client) -> None:
    result = sampled.request("aiana/search", {"query": "test", "groupBySession": True})
    sessions = sessions_of(result)
    assert len(sessions) == len(set(sessions)) > 1


def test_the_workspace_decides_the_project(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    client = start()
    client.initialize(folder)
    added = client.request("aiana/memory/add", {"content": "only in the shop"})
    assert added["memory"]["project"] == str(folder)
    client.request("aiana/memory/add", {"content": "only elsewhere", "project": "infra"})

    def found(scope: str | None) -> list[str]:
        params = {"query": "only"} | ({"scope": scope} if scope else {})
        hits = client.request("aiana/search", params)["hits"]
        return sorted(hit["content"] for hit in hits)

    assert found(None) == found("project") == ["only in the shop"]
    assert found("all") == ["only elsewhere", "only in the shop"]
    context = client.request("aiana/context", {"query": "only"})["context"]
    assert "only in the shop" in context
    assert "only elsewhere" not in context


def test_the_document_decides_among_several_folders(start: Start, tmp_path: Path) -> None:
    folders = [tmp_path / "shop", tmp_path / "infra"]
    client = start()
    for folder in folders:
        folder.mkdir()
    client.initialize(*folders)
    for folder in folders:
        added = {"content": f"only in {folder.name}", "project": str(folder)}
        client.request("aiana/memory/add", added)

    def found(**params: Any) -> list[str]:
        hits = client.request("aiana/search", {"query": "only", **params})["hits"]
        return sorted(hit["content"] for hit in hits)

    document = {"uri": (folders[1] / "main.tf").as_uri()}
    assert found(textDocument=document) == ["only in infra"]
    assert found() == ["only in shop"]
    assert found(textDocument=document, scope="all") == ["only in infra", "only in shop"]


def test_a_memory_from_its_first_to_its_last_moment(
    client: Client, environ: dict[str, str]
) -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLF"
    added = client.request(
        "aiana/memory/add",
        {
            "content": f"Deploys use {key} for the bucket",
            "memoryType": "pattern",
            "tags": ["deploy"],
            "origin": {
                "uri": "file:///home/ada/shop/deploy.sh",
                "range": {
                    "start": {"line": 3, "character": 0},
                    "end": {"line": 5, "character": 0},
                },
            },
        },
    )
    memory = added["memory"]
    assert added["redactions"] == 1
    assert key not in memory["content"]
    assert memory["metadata"]["origin"] == {
        "uri": "file:///home/ada/shop/deploy.sh",
        "lines": [3, 5],
    }
    twin = client.request("aiana/memory/add", {"content": memory["content"]})
    assert twin["duplicateOf"] is None, "the same text in another project is another memory"
    changed = client.request("aiana/memory/update", {"id": memory["id"], "tags": ["ci"]})
    assert changed["memory"]["tags"] == ["ci"]
    rated = client.request("aiana/memory/feedback", {"id": memory["id"], "rating": "helpful"})
    assert rated["memory"]["helpful"] == 1
    filtered = {"filter": {"memoryTypes": ["pattern"]}}
    listed = client.request("aiana/memory/list", filtered)
    assert [entry["id"] for entry in listed["memories"]] == [memory["id"]]
    dry = client.request("aiana/memory/delete", {**filtered, "dryRun": True})
    assert dry == {"deleted": 1, "ids": [memory["id"]], "receipt": None}
    pages = Path(environ["AIANA_HOME"]) / "pages"
    pages.mkdir()
    (pages / "memory-copy.md").write_text(memory["content"])
    gone = client.request("aiana/memory/delete", {"ids": [memory["id"]]})
    assert list(pages.iterdir()) == []
    # What is done in the background may be done by now.
    assert gone["receipt"].pop("traces") == []
    assert set(gone["receipt"].pop("pending")) <= {"index", "log"}
    assert gone["receipt"] == {
        "sqlite": 1,
        "fts": 1,
        "vectors": 1,
        "redis": None,
        "qdrant": None,
    }
    assert client.request("aiana/search", {"query": "bucket type:pattern"})["hits"] == []


def test_a_deleted_memory_comes_back_as_it_was(client: Client) -> None:
    memory = client.request("aiana/memory/add", {"content": "kept", "tags": ["ci"]})["memory"]
    client.request("aiana/memory/feedback", {"id": memory["id"], "rating": "unhelpful"})
    memory = client.request("aiana/memory/get", {"id": memory["id"]})["memory"]
    assert client.request("aiana/memory/restore", {"memory": memory}) == {"memory": memory}
    with pytest.raises(ServerError) as caught:
        client.request("aiana/memory/restore", {"memory": {**memory, "content": "another"}})
    assert caught.value.data == {"kind": "conflict"}
    client.request("aiana/memory/delete", {"ids": [memory["id"]]})
    assert client.request("aiana/memory/restore", {"memory": memory}) == {"memory": memory}
    assert client.request("aiana/memory/get", {"id": memory["id"]}) == {"memory": memory}
    hits = client.request("aiana/search", {"query": "kept"})["hits"]
    assert [hit["id"] for hit in hits] == [memory["id"]]


@pytest.mark.parametrize(
    "change", [{"id": "7"}, {"createdAt": "no day"}, {"content": " "}, {"harmful": -1}]
)
def test_what_is_no_memory_is_not_restored(client: Client, change: dict[str, Any]) -> None:
    memory = client.request("aiana/memory/add", {"content": "kept"})["memory"]
    client.request("aiana/memory/delete", {"ids": [memory["id"]]})
    with pytest.raises(ServerError) as caught:
        client.request("aiana/memory/restore", {"memory": {**memory, **change}})
    assert caught.value.code == -32602
    assert client.request("aiana/memory/list")["memories"] == []


def test_harmful_memories_are_found_but_never_quoted(client: Client) -> None:
    memory = client.request("aiana/memory/add", {"content": "always push to main"})["memory"]
    client.request("aiana/memory/feedback", {"id": memory["id"], "rating": "harmful"})
    assert len(client.request("aiana/search", {"query": "push main"})["hits"]) == 1
    context = client.request("aiana/context", {"query": "push main", "scope": "all"})
    assert context["items"] == []


def test_sessions_are_read_exported_and_deleted(sampled: Client) -> None:
    listed = sampled.request("aiana/session/list", {"filter": {"project": "shop"}, "limit": 2})
    assert [session["title"] for session in listed["sessions"]] == [
        "Add an index without locking the orders table",
        "Pin the Redis client below 5",
    ]
    messages = sampled.request("aiana/session/messages", {"id": FLAKY})["messages"]
    assert [message["type"] for message in messages] == [
        "user",
        "tool_use",
        "tool_result",
        "assistant",
        "user",
        "tool_use",
        "tool_result",
        "assistant",
    ]
    middle = messages[4]["id"]
    around = sampled.request("aiana/session/messages", {"id": FLAKY, "around": middle, "limit": 3})[
        "messages"
    ]
    assert [message["id"] for message in around] == [m["id"] for m in messages[3:6]]
    markdown = sampled.request("aiana/session/export", {"id": FLAKY})["text"]
    assert markdown.startswith("# Make the login test deterministic\n")
    assert "vi.useFakeTimers" in markdown
    exported = sampled.request("aiana/session/export", {"id": FLAKY, "format": "json"})["text"]
    assert json.loads(exported)["messages"] == messages
    receipt = sampled.request("aiana/session/delete", {"id": FLAKY})["receipt"]
    assert (receipt["sqlite"], receipt["fts"]) == (8, 8)
    sampled.request("aiana/capture/import", {"paths": [str(SAMPLE)]})
    with pytest.raises(ServerError):
        sampled.request("aiana/session/get", {"id": FLAKY})


def test_a_session_that_an_editor_announces(client: Client, tmp_path: Path) -> None:
    begun = client.request("aiana/session/start", {"id": "chat-1", "project": str(tmp_path)})
    assert begun["session"]["project"] == str(tmp_path)
    ended = client.request("aiana/session/end", {"id": "chat-1", "summary": "Moved the cart"})
    assert ended["session"]["summary"] == "Moved the cart"
    assert ended["session"]["endedAt"] >= begun["session"]["startedAt"]


def test_context_keeps_its_budget(sampled: Client) -> None:
    sampled.request("aiana/preference/add", {"text": "Uses uv for Python"})
    params = {"query": "redis client", "scope": "all"}
    for budget in (0, 60, 200, 1000, 4000):
        block = sampled.request("aiana/context", {**params, "maxTokens": budget})
        assert block["tokens"] <= budget
    assert "Uses uv for Python" in block["context"]
    assert REDIS in block["context"]
    assert {item["reason"] for item in block["items"]} == {"preference", "recent", "relevant"}


def test_a_context_is_built_anew_on_demand(with_model: Client) -> None:
    asked = {"query": "cart", "scope": "all"}
    with_model.request("aiana/search", {"query": "cart", "mode": "semantic"})
    cached = [
        with_model.request("aiana/context", {**asked, **refresh})["cached"]
        for refresh in ({}, {}, {"refresh": True}, {})
    ]
    assert cached == [False, True, False, True]


def test_servers_share_a_store(start: Start, environ: dict[str, str]) -> None:
    first, second = start(), start()
    first.initialize()
    second.initialize()
    first.request("aiana/memory/add", {"content": "written by the first"})
    found = second.request("aiana/search", {"query": "written", "scope": "all"})
    assert [hit["content"] for hit in found["hits"]] == ["written by the first"]
    remember = [sys.executable, "-m", "aiana", "remember", "written by the command line"]
    subprocess.run(remember, env=environ, check=True, capture_output=True)
    changed = second.notification("aiana/didChange")
    while changed["kinds"] != ["memories"]:
        changed = second.notification("aiana/didChange")
    for client in (first, second):
        hits = client.request("aiana/search", {"query": "written", "scope": "all"})["hits"]
        assert len(hits) == 2


def test_many_writers_lose_nothing(start: Start) -> None:
    clients = [start() for _ in range(4)]
    for client in clients:
        client.initialize()
    sent = [
        (client, client.send("aiana/memory/add", {"content": f"memory {number} of {index}"}))
        for number in range(25)
        for index, client in enumerate(clients)
    ]
    for client, number in sent:
        client.answer(number)
    ids = [
        [
            memory["id"]
            for memory in client.request("aiana/memory/list", {"limit": 1000})["memories"]
        ]
        for client in clients
    ]
    assert [listed == ids[0] for listed in ids] == [True] * len(ids)
    assert len(ids[0]) == 100


def test_reindex_rebuilds_the_full_text(sampled: Client) -> None:
    assert sampled.request("aiana/reindex", {"targets": ["fts"]})["fts"] == 38
    assert sampled.request("aiana/search", {"query": "getCartById"})["hits"][0]["kind"] == "message"


def test_share_says_what_was_taken_out(client: Client) -> None:
    content = "CI uses ghp_" + "Q7rT2vXk9LmB4nZ1cY8dW3sE6fA5gH0jKpUo and AKIA" + "Q3EGRFZ2VWXN7L5T"
    memory = client.request("aiana/memory/add", {"content": content, "project": ""})["memory"]
    for format, start in (("markdown", "<!-- aiana-share 1 "), ("json", '{"')):
        shared = client.request("aiana/share", {"uri": memory["uri"], "format": format})
        assert shared["text"].startswith(start)
        assert "ghp_" not in shared["text"]
        assert sorted(shared["takenOut"].values()) == [1, 1]
        assert (shared["format"], shared["messages"]) == (format, 0)


def test_share_leaves_out_the_paths_of_this_machine(sampled: Client) -> None:
    [session] = sampled.request("aiana/session/list", {"limit": 1})["sessions"]
    shared = sampled.request("aiana/share", {"uri": session["uri"], "format": "json"})
    assert shared["messages"] == session["messageCount"]
    assert shared["takenOut"] == {}
    assert session["transcriptPath"] not in shared["text"]


def test_locate_quote_and_pin(sampled: Client) -> None:
    [hit] = sampled.request("aiana/search", {"query": "getCartById", "limit": 1, "scope": "all"})[
        "hits"
    ]
    place = sampled.request("aiana/locate", {"uri": hit["uri"]})
    page = sampled.request("workspace/textDocumentContent", {"uri": hit["uri"]})
    assert place == {"uri": page["uri"], "line": page["line"], "title": page["title"]}
    assert place["line"] > 0
    quoted = sampled.request(
        "aiana/quote", {"texts": [{"uri": hit["uri"], "snippet": hit["snippet"]}], "maxTokens": 900}
    )
    assert 0 < quoted["tokens"] <= 900
    assert hit["uri"] in quoted["text"]
    assert quoted["texts"][0]["sessionId"] == REDIS

    added = sampled.request("aiana/memory/add", {"content": "Use Redis 4"})["memory"]
    pinned = sampled.request("aiana/memory/pin", {"id": added["id"]})["memory"]
    assert pinned["tags"] == ["pinned"]
    loose = sampled.request("aiana/memory/pin", {"id": added["id"], "pinned": False})["memory"]
    assert loose["tags"] == []
