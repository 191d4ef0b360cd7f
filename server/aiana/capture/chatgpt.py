"""ChatGPT: the export of an account, a tree of messages for each conversation.

A conversation is what its owner sees: the branch that was chosen. What was asked or answered anew
has other branches; how many messages those hold is said in the session's metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import loads, words_in
from aiana.capture.exports import ExportSource

_UNNAMED = frozenset({"", "New chat"})
_ASSET = re.compile(r"file[-_][\w-]+")


class ChatGPT(ExportSource):
    """Reads `conversations.json`, or its numbered parts."""

    name = "chatgpt"
    title = "ChatGPT"
    head = re.compile(rb'"mapping"\s*:\s*\{.*?"author"\s*:\s*\{', re.DOTALL)

    def is_conversation(self, value: Any) -> bool:
        nodes = value.get("mapping")
        if not isinstance(nodes, dict):
            return False
        told = (node.get("message") for node in nodes.values() if isinstance(node, dict))
        messages = [message for message in told if isinstance(message, dict)]
        # Other services export trees, too: their messages have no author.
        return not messages or any("author" in message for message in messages)

    def tell(self, conversation: dict[str, Any], builder: SessionBuilder) -> str | None:
        nodes = {k: n for k, n in conversation["mapping"].items() if isinstance(n, dict)}
        branch = list(_branch(nodes, conversation.get("current_node")))
        names = (conversation.get("conversation_id"), conversation.get("id"), *nodes)
        session_id = next((name for name in names if isinstance(name, str) and name), None)
        if session_id is None:
            return "It has neither an id nor messages."
        others = sum(isinstance(n.get("message"), dict) for n in nodes.values()) - len(branch)
        builder.session(
            session_id,
            parent=None,
            metadata={"messagesOnOtherBranches": others} if others > 0 else {},
        )
        title = conversation.get("title")
        if isinstance(title, str) and title.strip() not in _UNNAMED:
            builder.title(session_id, title)
        builder.time(conversation.get("create_time"))
        teller = _Teller(builder, session_id)
        for name, message in branch:
            teller.tell(name, message)
        return None


def _branch(nodes: dict[str, Any], leaf: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The messages from the first one to a leaf: the chosen one, else the last that was written."""
    chain: dict[str, dict[str, Any]] = {}
    place = leaf if isinstance(leaf, str) and leaf in nodes else _last(nodes)
    while isinstance(place, str) and place in nodes and place not in chain:
        chain[place] = nodes[place]
        place = nodes[place].get("parent")
    for name, node in reversed(chain.items()):
        if isinstance(message := node.get("message"), dict):
            yield name, message


def _last(nodes: dict[str, Any]) -> str | None:
    """The node without answers that was written last."""

    def written(name: str) -> float:
        message = nodes[name].get("message")
        time = message.get("create_time") if isinstance(message, dict) else None
        return time if isinstance(time, (int, float)) else 0.0

    parents = {node.get("parent") for node in nodes.values() if _is_name(node.get("parent"))}
    leaves = [name for name in nodes if name not in parents]
    return max(leaves or nodes, key=written, default=None)


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


class _Teller:
    """Gives a builder the messages of a branch."""

    def __init__(self, builder: SessionBuilder, session_id: str) -> None:
        self._builder = builder
        self._session_id = session_id
        self._calls: dict[str, str] = {}
        """Tool -> the id of its last call: an answer names the tool alone."""

    def tell(self, name: str, message: dict[str, Any]) -> None:
        author = _dict(message.get("author"))
        metadata = _dict(message.get("metadata"))
        content = _dict(message.get("content"))
        message_id = message.get("id")
        record_id = message_id if isinstance(message_id, str) and message_id else name
        row = self._row(record_id, author, metadata, content, message.get("recipient"))
        time = self._builder.time(message.get("create_time"))
        if row.content.strip() or row.type == "tool_use":
            self._builder.add(self._session_id, [row], record_id=record_id, time=time)

    def _row(
        self,
        record_id: str,
        author: dict[str, Any],
        metadata: dict[str, Any],
        content: dict[str, Any],
        recipient: Any,
    ) -> Row:
        kind, text = content.get("content_type"), _text(content, metadata)
        model = metadata.get("model_slug")
        facts = {"model": model} if isinstance(model, str) and model else {}
        match author.get("role"):
            case "user" if kind == "user_editable_context" or _is_hidden(metadata):
                return Row("system", text, "system")
            case "user":
                return Row("user", text, "user")
            case "assistant" if kind == "thoughts":
                return Row("thinking", text, "assistant", metadata={"thinking": True, **facts})
            case "assistant" if kind in ("reasoning_recap", "model_editable_context"):
                return Row("system", text, "system")
            case "assistant" if isinstance(recipient, str) and recipient not in ("", "all"):
                self._calls[recipient] = record_id
                row = self._builder.call_row(record_id, recipient, _arguments(text))
                row.metadata |= facts
                return row
            case "assistant":
                return Row("assistant", text, "assistant", metadata=facts)
            case "tool":
                tool = author.get("name") if isinstance(author.get("name"), str) else None
                row = self._builder.result_row(self._calls.pop(tool or "", None), text, tool)
                if kind == "system_error":
                    row.metadata["isError"] = True
                return row
        return Row("system", text, "system")


def _is_hidden(metadata: dict[str, Any]) -> bool:
    return bool(
        metadata.get("is_visually_hidden_from_conversation")
        or metadata.get("is_user_system_message")
    )


def _arguments(text: str) -> dict[str, Any]:
    """What a tool is called with: named, or a text of which only the tool knows more."""
    if text.lstrip().startswith("{"):
        try:
            value = loads(text.encode("utf-8", "replace"))
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value
    return {"input": text}


def _text(content: dict[str, Any], metadata: dict[str, Any]) -> str:
    """What a message says; images and files leave their names."""
    files = _files(metadata)
    told: list[str] = []
    parts = content.get("parts")
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, str):
            told.append(part)
        elif isinstance(part, dict):
            told.append(_part(part, files))
    if not isinstance(parts, list):
        thoughts = content.get("thoughts")
        if isinstance(thoughts, list):
            told += ["\n".join(dict.fromkeys(words_in(thought))) for thought in thoughts]
        else:
            skipped = ("content_type", "language", "response_format_name")
            rest = {key: item for key, item in content.items() if key not in skipped}
            told += words_in(rest)
    told += [f"[file {name}]" for name in files.values()]
    return "\n".join(text for text in told if text.strip())


def _files(metadata: dict[str, Any]) -> dict[str, str]:
    """Names of what was attached, by its id."""
    attachments = metadata.get("attachments")
    return {
        str(item.get("id")): item["name"]
        for item in (attachments if isinstance(attachments, list) else [])
        if isinstance(item, dict) and isinstance(item.get("name"), str)
    }


def _part(part: dict[str, Any], files: dict[str, str]) -> str:
    """A part that is no text, told by its name; `files` loses what is told here."""
    kind, text = str(part.get("content_type") or ""), part.get("text")
    if isinstance(text, str) and text:
        return text
    if asset := _ASSET.search(str(part.get("asset_pointer") or "")):
        name = files.pop(asset[0], "")
        what = "image" if "image" in kind else "audio" if "audio" in kind else "file"
        return f"[{what} {name}]" if name else f"[{what}]"
    if "audio" in kind or "video" in kind:
        return "[audio]"
    return "\n".join(words_in(part)) or f"[{kind or 'file'}]"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
