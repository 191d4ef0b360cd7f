"""Claude.ai: the export of an account, from the web, the desktop and the telephone.

A conversation is what its owner sees: of what was asked or answered anew, the last branch.
"""

from __future__ import annotations

import re
from typing import Any

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import text_of_parts, words_in
from aiana.capture.exports import ExportSource

_SILENT = frozenset({"token_budget", "flag"})


class ClaudeAi(ExportSource):
    """Reads `conversations.json`; projects and memories are no conversations."""

    name = "claude-ai"
    title = "Claude.ai"
    head = re.compile(rb'"chat_messages"\s*:\s*\[')

    def is_conversation(self, value: Any) -> bool:
        return isinstance(value.get("chat_messages"), list)

    def tell(self, conversation: dict[str, Any], builder: SessionBuilder) -> str | None:
        told = conversation["chat_messages"]
        messages = [message for message in told if isinstance(message, dict)]
        names = (conversation.get("uuid"), *(message.get("uuid") for message in messages))
        session_id = next((name for name in names if isinstance(name, str) and name), None)
        if session_id is None:
            return "It has neither an id nor messages."
        branch = _branch(messages, conversation.get("current_leaf_message_uuid"))
        others = len(messages) - len(branch)
        facts: dict[str, Any] = {"messagesOnOtherBranches": others} if others else {}
        project = conversation.get("project")
        if isinstance(project, dict) and isinstance(project.get("name"), str):
            facts["claudeProject"] = project["name"]
        builder.session(session_id, metadata=facts)
        name = conversation.get("name")
        builder.title(session_id, name if isinstance(name, str) else None)
        builder.time(conversation.get("created_at"))
        model = conversation.get("model")
        for message in branch:
            _tell(builder, session_id, message, model if isinstance(model, str) else "")
        lost = len(told) - len(messages)
        return f"{lost} of its messages are no objects." if lost else None


def _branch(messages: list[dict[str, Any]], leaf: Any) -> list[dict[str, Any]]:
    """The messages of the chosen branch, else of the one that was written last.

    Older exports name no parents: all messages are one branch.
    """
    known = {m["uuid"]: m for m in messages if isinstance(m.get("uuid"), str)}
    if not any(m.get("parent_message_uuid") in known for m in messages if _has_parent(m)):
        return messages
    chain: dict[str, dict[str, Any]] = {}
    place = leaf if isinstance(leaf, str) and leaf in known else messages[-1].get("uuid")
    while isinstance(place, str) and place in known and place not in chain:
        chain[place] = known[place]
        place = known[place].get("parent_message_uuid")
    # What has no id, or no parent though it is not the first, stands on no branch: it is kept.
    return [m for m in messages if not _has_parent(m) or m["uuid"] in chain]


def _has_parent(message: dict[str, Any]) -> bool:
    return isinstance(message.get("uuid"), str) and isinstance(
        message.get("parent_message_uuid"), str
    )


def _tell(builder: SessionBuilder, session_id: str, message: dict[str, Any], model: str) -> None:
    sender, content = message.get("sender"), message.get("content")
    rows: list[Row] = []
    if isinstance(content, list) and content:
        calls: list[str] = []
        for block in content:
            rows += _rows(builder, sender, block, calls, message.get("uuid"))
    elif text := text_of_parts(message.get("text")):
        rows.append(_said(sender, text))
    names = "\n".join(_files(message))
    if names and rows and rows[0].type == "user":
        rows[0].content = f"{rows[0].content}\n{names}"
    elif names:
        rows.insert(0, _said(sender, names))
    for row in rows:
        if model and row.role == "assistant":
            row.metadata["model"] = model
    uuid = message.get("uuid")
    builder.add(
        session_id,
        rows,
        record_id=uuid if isinstance(uuid, str) and uuid else None,
        time=builder.time(message.get("created_at")),
    )


def _rows(
    builder: SessionBuilder, sender: Any, block: Any, calls: list[str], uuid: Any
) -> list[Row]:
    """What a part of a message says; `calls` are the calls of the message without an answer."""
    if not isinstance(block, dict):
        return [_said(sender, block)] if isinstance(block, str) and block.strip() else []
    kind, name = str(block.get("type")), block.get("name")
    match kind:
        case "thinking":
            text = text_of_parts(block.get("thinking")) or "\n".join(words_in(block))
            facts = {"thinking": True}
            return [Row("thinking", text, "assistant", metadata=facts)] if text.strip() else []
        case "tool_use":
            call = block.get("id") or f"{uuid}-{len(calls)}"
            calls.append(str(call))
            return [builder.call_row(calls[-1], str(name or "tool"), block.get("input") or {})]
        case "tool_result":
            answered = block.get("tool_use_id")
            call = answered if isinstance(answered, str) and answered else calls[-1:] or None
            call_id = call[0] if isinstance(call, list) else call
            output = block.get("content")
            text = text_of_parts(output) or "\n".join(dict.fromkeys(words_in(output)))
            row = builder.result_row(call_id, text, name if isinstance(name, str) else None)
            if block.get("is_error") is True:
                row.metadata["isError"] = True
            return [row]
        case "image" | "document" | "file":
            return [_said(sender, f"[{kind} {block.get('file_name') or ''}".rstrip() + "]")]
        case _ if kind in _SILENT:
            return []
    text = text_of_parts(block.get("text")) or "\n".join(words_in(block))
    return [_said(sender, text)] if text.strip() else []


def _said(sender: Any, text: str) -> Row:
    match sender:
        case "human":
            return Row("user", text, "user")
        case "assistant":
            return Row("assistant", text, "assistant")
    return Row("system", text, "system")


def _files(message: dict[str, Any]) -> list[str]:
    """Names of what was attached; a text that was pasted has none."""
    told: list[str] = []
    for key in ("attachments", "files", "files_v2"):
        items = message.get(key)
        for item in items if isinstance(items, list) else []:
            name = item.get("file_name") if isinstance(item, dict) else None
            named = name if isinstance(name, str) and name.strip() else "pasted text"
            told.append(f"[file {named}]")
    return list(dict.fromkeys(told))
