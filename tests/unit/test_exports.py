"""Exports of ChatGPT and Claude.ai: archives as they are downloaded, and what is in them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import sources
from aiana.capture.arrays import ArrayReader
from aiana.capture.chatgpt import ChatGPT
from aiana.capture.claude_ai import ClaudeAi
from aiana.capture.exports import ExportSource
from aiana.capture.importer import import_sources
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch
from aiana.storage.sqlite import AianaStorage
from tests.unit.sources import CASES, check_messages, damaged, damages, rows, survives

PNG = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1", "width": 9}


def node(
    name: str, parent: str | None, role: str, content: Any, time: float = 1, **facts: Any
) -> dict[str, Any]:
    """A node of ChatGPT's tree; a content may be a text."""
    if isinstance(content, str):
        content = {"content_type": "text", "parts": [content]}
    author = {"role": role, "name": facts.pop("tool", None), "metadata": {}}
    message = {"id": name, "author": author, "create_time": 1_760_000_000 + time}
    message |= {"content": content, "recipient": "all", "metadata": facts.pop("metadata", {})}
    return {"id": name, "message": message | facts, "parent": parent, "children": []}


def chat(name: str, *nodes: dict[str, Any], current: str | None, **facts: Any) -> dict[str, Any]:
    root: dict[str, Any] = {"id": "root", "message": None, "parent": None, "children": []}
    return {
        "title": f"About {name}",
        "create_time": 1_760_000_000.25,
        "mapping": {n["id"]: n for n in (root, *nodes)},
        "current_node": current,
        "conversation_id": name,
        **facts,
    }


CHATS = [
    chat(
        "c1",
        node("s", "root", "system", "", metadata={"is_visually_hidden_from_conversation": True}),
        node("x", "s", "user", {"content_type": "user_editable_context", "user_profile": "Ada."}),
        node(
            "u",
            "x",
            "user",
            {"content_type": "multimodal_text", "parts": [PNG, "what is this?"]},
            metadata={"attachments": [
                {"id": "file_1", "name": "a.png"}, {"id": "f2", "name": "log.txt"}
            ]},
        ),
        node("old", "u", "assistant", "An answer that was taken back."),
        node(
            "th",
            "u",
            "assistant",
            {"content_type": "thoughts", "thoughts": [{"summary": "Look", "content": "at it"}]},
        ),
        node(
            "py",
            "th",
            "assistant",
            {"content_type": "code", "language": "python", "text": "print(1)"},
            recipient="python",
            metadata={"model_slug": "gpt-5"},
        ),
        node("out", "py", "tool", {"content_type": "execution_output", "text": "1"}, tool="python"),
        node("a", "out", "assistant", "A one.", 9, metadata={"model_slug": "gpt-5"}),
        current="a",
    ),
    chat("c2", node("u2", "root", "user", "second"), current=None, title="New chat"),
]  # fmt: skip
CLAUDE_CHATS = [
    {
        "uuid": "k1",
        "name": "The sum",
        "created_at": "2026-02-01T12:00:00.000000Z",
        "updated_at": "2026-02-01T12:01:00.000000Z",
        "account": {"uuid": "me"},
        "chat_messages": [
            {
                "uuid": "m1",
                "sender": "human",
                "text": "add it up",
                "content": [{"type": "text", "text": "add it up"}],
                "created_at": "2026-02-01T12:00:01.000000Z",
                "attachments": [{"file_name": "", "extracted_content": "never stored"}],
                "files": [{"file_name": "table.pdf"}],
                "parent_message_uuid": "00000000-0000-4000-8000-000000000000",
            },
            {
                "uuid": "m2",
                "sender": "assistant",
                "text": "",
                "content": [{"type": "text", "text": "taken back"}],
                "created_at": "2026-02-01T12:00:02.000000Z",
                "parent_message_uuid": "m1",
            },
            {
                "uuid": "m3",
                "sender": "assistant",
                "text": "",
                "content": [
                    {"type": "thinking", "thinking": "Sum first.", "signature": "x"},
                    {"type": "tool_use", "name": "repl", "input": {"code": "1+1"}},
                    {
                        "type": "tool_result",
                        "name": "repl",
                        "content": [{"type": "text", "text": "2"}],
                        "is_error": False,
                    },
                    {"type": "text", "text": "It is two."},
                    {"type": "token_budget"},
                ],
                "created_at": "2026-02-01T12:00:03.000000Z",
                "parent_message_uuid": "m1",
            },
        ],
    },
    {
        "uuid": "k2",
        "name": "",
        "chat_messages": [{"uuid": "n1", "sender": "human", "text": "old form"}],
    },
]
EXPECTED = {
    "chatgpt": [
        ("system", "system", None, "Ada."),
        ("user", "user", None, "[image a.png]\nwhat is this?\n[file log.txt]"),
        ("thinking", "assistant", None, "Look\nat it"),
        ("tool_use", "assistant", "python", "print(1)"),
        ("tool_result", "tool", "python", "1"),
        ("assistant", "assistant", None, "A one."),
        ("user", "user", None, "second"),
    ],
    "claude-ai": [
        ("user", "user", None, "add it up\n[file pasted text]\n[file table.pdf]"),
        ("thinking", "assistant", None, "Sum first."),
        ("tool_use", "assistant", "repl", "1+1"),
        ("tool_result", "tool", "repl", "2"),
        ("assistant", "assistant", None, "It is two."),
        ("user", "user", None, "old form"),
    ],
}
SOURCES: list[tuple[ExportSource, list[Any]]] = [(ChatGPT(), CHATS), (ClaudeAi(), CLAUDE_CHATS)]
both = pytest.mark.parametrize(("source", "chats"), SOURCES, ids=["chatgpt", "claude-ai"])


def archive(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


def taken(source: ExportSource, path: Path) -> tuple[CaptureBatch, CaptureBatch]:
    """All that a file gives, and the last batch of it."""
    batches = list(source.read(path, None))
    messages = [m for batch in batches for m in batch.messages]
    found = [s for batch in batches for s in batch.sessions]
    return CaptureBatch(sessions=found, messages=messages, position=batches[-1].position), batches[
        -1
    ]


@both
def test_an_archive_as_it_is_downloaded(
    source: ExportSource, chats: list[Any], tmp_path: Path
) -> None:
    path = archive(
        tmp_path / "export.zip",
        {
            "users.json": "[]",
            "__MACOSX/._conversations.json": "junk",
            "chat.html": "<html>",
            "file_1-a.png": b"\x89PNG",
            "conversations.json": json.dumps(chats),
        },
    )
    assert [s.name for s in sources().values() if s.recognises(path)] == [source.name]
    batch, last = taken(source, path)
    assert rows(batch) == EXPECTED[source.name]
    check_messages(batch.messages)
    assert last.position.left_out == []
    assert source.unchanged(path, last.position)
    assert {s.project for s in batch.sessions} == {""}
    # Places count from the beginning of each conversation.
    assert [m.position for m in batch.messages][-2:] == [len(batch.messages) - 2, 0]


def test_what_chatgpt_says_of_its_conversations(tmp_path: Path) -> None:
    path = tmp_path / "conversations-001.json"
    path.write_text(json.dumps(CHATS))
    assert ChatGPT().recognises(path)
    batch, _ = taken(ChatGPT(), path)
    assert [(s.id, s.title, s.metadata) for s in batch.sessions] == [
        ("c1", "About c1", {"messagesOnOtherBranches": 1}),
        ("c2", None, {}),
    ]
    call, result, answer = batch.messages[3:6]
    assert call.tool_input == '{"input":"print(1)"}'
    assert (call.metadata["model"], answer.metadata) == ("gpt-5", {"model": "gpt-5"})
    assert result.metadata["toolCallId"] == call.id == "py"
    assert answer.timestamp == "2025-10-09T08:53:29.000Z"
    assert batch.sessions[0].started_at == "2025-10-09T08:53:21.000Z"


@pytest.mark.parametrize(
    ("current", "expected"),
    [("b", ["q", "b"]), ("gone", ["q", "d"]), (None, ["q", "d"]), ({"no": "name"}, ["q", "d"])],
)
def test_the_chosen_branch_else_the_last_one(
    current: Any, expected: list[str], tmp_path: Path
) -> None:
    nodes = [node("q", "root", "user", "q"), node("b", "q", "assistant", "b", 2)]
    nodes += [node("d", "q", "assistant", "d", 3), node("e", "q", "assistant", "e", 1)]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([chat("c", *nodes, current=current)]))
    assert [m.content for m in taken(ChatGPT(), path)[0].messages] == expected


def test_trees_of_other_services_are_none_of_chatgpts(tmp_path: Path) -> None:
    message = {"inserted_at": "2026-01-01", "fragments": [{"type": "REQUEST", "content": "x"}]}
    nodes = {"root": {"message": None}, "1": {"id": "1", "parent": "root", "message": message}}
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"id": "d", "title": "x", "mapping": nodes}]))
    assert not ChatGPT().recognises(path)
    with pytest.raises(UnreadableFile, match="is no conversation"):
        list(ChatGPT().read(path, None))


def test_a_tree_that_is_none_ends(tmp_path: Path) -> None:
    ring = [node("a", "b", "user", "a"), node("b", "a", "assistant", "b")]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([chat("c", *ring, current="b")]))
    assert [m.content for m in taken(ChatGPT(), path)[0].messages] == ["a", "b"]


@both
def test_numbered_parts_and_single_conversations(
    source: ExportSource, chats: list[Any], tmp_path: Path
) -> None:
    parts = {f"export/conversations-{n:03}.json": json.dumps([c]) for n, c in enumerate(chats)}
    batch, _ = taken(source, archive(tmp_path / "export.zip", dict(parts)))
    assert rows(batch) == EXPECTED[source.name]
    alone = tmp_path / "conversations.json"
    alone.write_text(json.dumps(chats[0], indent=2))
    assert len(taken(source, alone)[0].sessions) == 1


@both
def test_names_that_lead_out_are_refused(
    source: ExportSource, chats: list[Any], tmp_path: Path
) -> None:
    text = json.dumps(chats)
    tricks = ["../conversations.json", "/etc/conversations.json", "C:\\x\\conversations.json"]
    path = archive(tmp_path / "a.zip", {**dict.fromkeys(tricks, "[]"), "conversations.json": text})
    batch, last = taken(source, path)
    assert len(batch.sessions) == 2
    assert last.position.skipped_lines == 3
    reasons = [lost.reason for lost in last.position.left_out]
    assert ["leads out of the archive" in reason for reason in reasons] == [True] * 3
    assert not (tmp_path.parent / "conversations.json").exists()
    link = zipfile.ZipInfo("conversations.json")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    with pytest.raises(UnreadableFile, match="refused"):
        source.recognises(tmp_path / "b.zip")


@both
def test_what_would_unpack_to_far_more_is_refused(
    source: ExportSource, chats: list[Any], tmp_path: Path
) -> None:
    text = json.dumps(chats) + " " * (65 << 20)
    path = archive(tmp_path / "bomb.zip", {"conversations.json": text})
    assert path.stat().st_size < 1 << 20
    assert source.recognises(path)
    with pytest.raises(UnreadableFile, match="would unpack to"):
        list(source.read(path, None))


@both
def test_what_breaks_off_is_read_so_far(
    source: ExportSource, chats: list[Any], tmp_path: Path
) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(chats)[:-40])
    batch, last = taken(source, path)
    assert len(batch.sessions) == 1
    reasons = [lost.reason for lost in last.position.left_out]
    assert reasons == [
        "Conversation 2 is damaged.",
        "It breaks off: only the conversations before that were read.",
    ]


@both
@pytest.mark.parametrize("damage", ['"', "}", "]", "{", "[", "\\"])
@pytest.mark.parametrize("is_added", [True, False])
def test_damage_costs_one_conversation(
    source: ExportSource, chats: list[Any], damage: str, is_added: bool, tmp_path: Path
) -> None:
    texts = [json.dumps(chat) for chat in (chats[1], *chats, chats[1])]
    ids = [f'"{key}": "{chats[0][key]}"' for key in ("conversation_id", "uuid") if key in chats[0]]
    at = texts[1].index("content") + 20
    if is_added:
        texts[1] = texts[1][:at] + damage + texts[1][at:]
    else:
        texts[1] = texts[1].replace(damage, "", 1)
    assert ids[0] in texts[1] or not is_added
    path = tmp_path / "conversations.json"
    path.write_text("[" + ", ".join(texts) + "]")
    batch, _ = taken(source, path)
    assert sum(s.id == (chats[1].get("uuid") or "c2") for s in batch.sessions) == 3


@both
def test_an_interrupted_reading_goes_on(
    source: ExportSource, chats: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiana.capture.exports.BATCH_BYTES", 1)
    path = archive(tmp_path / "export.zip", {"conversations.json": json.dumps(chats)})
    first = next(source.read(path, None))
    assert len(first.sessions) == 1
    assert not source.unchanged(path, first.position)
    rest = list(source.read(path, first.position))
    assert [s.id for batch in rest for s in batch.sessions] == [chats[1].get("uuid") or "c2"]


def test_no_more_is_in_memory_than_an_object() -> None:
    whole = b"[" + b",".join(b'{"a":"%d%s"}' % (n, b" " * 1000) for n in range(9000)) + b"]"
    file, longest = io.BytesIO(whole), 0

    def read(size: int) -> bytes:
        nonlocal longest
        longest = max(longest, size)
        return file.read(size)

    array = ArrayReader(read, 1 << 20)
    assert sum(1 for _ in array) == 9000
    assert (longest, array.is_whole) == (1 << 20, True)


def test_an_object_that_is_too_long_costs_itself() -> None:
    parts = [b'{"a":1}', b'{"a":"' + b"x" * (3 << 20) + b'"}', b'{"a":2}']
    array = ArrayReader(io.BytesIO(b"[" + b",".join(parts) + b"]").read, 1 << 20)
    assert list(array) == [parts[0], parts[2]]
    assert array.oversized == 1
    # A quotation mark that is missing costs no more of a long file than of a short one.
    broken = [b'{"a":1}', b'{"a":"x}'] + [b'{"a":"%s"}' % (b"y" * 5000) for _ in range(900)]
    array = ArrayReader(io.BytesIO(b"[" + b",".join(broken) + b"]").read, 1 << 20)
    texts = list(array)
    assert array.oversized == 0
    assert sum(text.count(b"yyyyy" * 1000) for text in texts) == 900


def test_an_import_says_what_came_of_an_archive(tmp_path: Path) -> None:
    storage = AianaStorage(tmp_path / "conversations.db")
    path = archive(tmp_path / "export.zip", {"conversations.json": json.dumps(CHATS)})
    empty = archive(tmp_path / "other.zip", {"readme.txt": "nothing"})
    result = import_sources(storage, paths=[path, empty])
    counts = result.sources["chatgpt"]
    assert (counts.imported, counts.messages, counts.failed) == (1, 7, [])
    assert [failure.path for failure in result.failed] == [str(empty)]
    assert import_sources(storage, paths=[path]).sources["chatgpt"].skipped == 1


@both
@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_export_costs_no_more_than_itself(
    source: ExportSource, chats: list[Any], changes: list[tuple[int, str, int]]
) -> None:
    survives(source, damaged(json.dumps(chats).encode(), changes), "conversations.json")


@both
@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_archive_costs_no_more_than_itself(
    source: ExportSource, chats: list[Any], changes: list[tuple[int, str, int]]
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("conversations.json", json.dumps(chats))
    survives(source, damaged(file.getvalue(), changes), "export.zip")
