"""The records of a Claude Code transcript, as far as they are read; everything else is skipped.

Decoding is typed and fast where a record has the known form, and lenient where it has not: a field
of an unexpected type is taken as absent, text that is no Unicode gets replacement characters.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from aiana.capture.decoding import is_deep, lenient, loads, without_depths, words_in

SKIPPED = frozenset(
    {
        "progress",
        "file-history-snapshot",
        "mode",
        "permission-mode",
        "agent-setting",
        "agent-name",
        "agent-color",
        "last-prompt",
        "pr-link",
        "frame-link",
        "bridge-session",
        "continued-in",
        "relocated",
        "started",
        "result",
        "atis-latch",
    }
)
"""Types that say nothing to a reader. Unknown ones are kept if they hold text."""
SKIPPED_ATTACHMENTS = frozenset(
    {
        "agent_listing_delta",
        "auto_mode",
        "batching_reminder_sent",
        "budget_usd",
        "command_permissions",
        "compact_file_reference",
        "date_change",
        "deferred_tools_delta",
        "dynamic_skill",
        "edited_text_file",
        "file",
        "hook_success",
        "invoked_skills",
        "mcp_instructions_delta",
        "nested_memory",
        "plan_mode",
        "plan_mode_exit",
        "read_truncation_notice",
        "silent_turn_reminder",
        "skill_listing",
        "task_reminder",
        "todo_reminder",
        "total_tokens_reminder",
        "ultra_effort_enter",
        "ultra_effort_exit",
    }
)
"""What the program tells the model over and over, and files that lie elsewhere."""
_OPAQUE = frozenset({"redacted_thinking"})
_PLAIN = frozenset({"text", "thinking", "tool_use", "tool_result", "image"}) | _OPAQUE


_ABSENT = Raw(b"")


class Record(Struct, rename="camel"):
    """One line."""

    type: str = ""
    subtype: str | None = None
    uuid: str | None = None
    parent_uuid: str | None = None
    logical_parent_uuid: str | None = None
    session_id: str | None = None
    agent_id: str | None = None
    timestamp: str | float | None = None
    cwd: str | None = None
    git_branch: str | None = None
    version: str | None = None
    is_sidechain: bool | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    is_api_error_message: bool | None = None
    origin: dict[str, Any] | None = None
    prompt_source: str | None = None
    session_kind: str | None = None
    team_name: str | None = None
    agent_name: str | None = None
    forked_from: dict[str, Any] | None = None
    worktree_session: dict[str, Any] | None = None
    message: Raw = _ABSENT
    attachment: Raw = _ABSENT
    content: Raw = _ABSENT
    operation: str | None = None
    compact_metadata: dict[str, Any] | None = None
    summary: str | None = None
    leaf_uuid: str | None = None
    message_id: str | None = None
    custom_title: str | None = None
    ai_title: str | None = None


class Block(Struct):
    """A part of a message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = _ABSENT
    tool_use_id: str | None = None
    content: Raw = _ABSENT
    is_error: bool | None = None
    source: Raw = _ABSENT
    other: dict[str, Any] | None = field(default=None, name="*")
    """All of a block of a kind that has no fields here."""


class Usage(Struct):
    """Tokens of one API answer so far."""

    output_tokens: int | None = None


class ApiMessage(Struct):
    """What was sent to or came from the model."""

    id: str | None = None
    role: str | None = None
    model: str | None = None
    content: str | list[Block | str] | None = None
    usage: Usage | None = None


class Attachment(Struct):
    """What the program added to the conversation."""

    type: str = ""
    prompt: str | list[Block | str] | None = None
    content: Raw = _ABSENT
    text: str | None = None
    is_meta: bool | None = field(default=None, name="isMeta")
    origin: dict[str, Any] | None = None
    command_mode: str | None = field(default=None, name="commandMode")


class _Source(Struct):
    """What an image or a document is made of."""

    type: str = ""
    media_type: str | None = None
    data: str | None = None
    content: Raw = _ABSENT


_RECORDS = msgspec.json.Decoder(Record)
_T = TypeVar("_T", ApiMessage, Attachment)


def decode_record(line: bytes) -> Record:
    """The record on a line. Raises ValueError if the line is no JSON object."""
    try:
        return _RECORDS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    value = loads(line)
    if not isinstance(value, dict):
        raise ValueError("It is no JSON object.")
    return lenient(Record, value)


def decode_message(raw: Raw) -> ApiMessage:
    """A record's message; empty where it has none."""
    return _decode(raw, ApiMessage, "content")


def decode_attachment(raw: Raw) -> Attachment:
    """A record's attachment; empty where it has none."""
    return _decode(raw, Attachment, "prompt")


def arguments_of(block: Block) -> tuple[Any, str]:
    """The arguments of a tool call, as a value and as JSON text."""
    raw = bytes(block.input) or b"{}"
    try:
        value = msgspec.json.decode(raw)
        text = raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = loads(raw)
        text = msgspec.json.encode(value).decode()
    if is_deep(value):
        text = without_depths(text.encode()).decode()
        value = msgspec.json.decode(text)
    return value, text


def text_of(content: Raw | str | list[Block | str] | None) -> str:
    """Text of a content that is a string or blocks; what is no text leaves a placeholder."""
    if not content:
        return ""
    if isinstance(content, Raw):
        return text_of(_blocks(content))
    if isinstance(content, str):
        return content
    parts = [block if isinstance(block, str) else block_text(block) for block in content]
    return "\n".join(part for part in parts if part)


def block_text(block: Block) -> str:
    """Text of a block that is no tool call; `[image image/png]` for what is never stored."""
    match block.type:
        case "text":
            return block.text or ""
        case "thinking":
            return block.thinking or ""
        case "image" | "document":
            return _embedded(block)
        case "tool_result" | "mcp_tool_result":
            return text_of(block.content)
    if block.type in _OPAQUE:
        return ""
    lines = list(dict.fromkeys(words_in(block.other or {})))
    return "\n".join(lines) or f"[{block.type or 'unknown'}]"


def _embedded(block: Block) -> str:
    """What an image or document says, or its placeholder."""
    source = _Source()
    if block.source:
        with suppress(msgspec.DecodeError, RecursionError):
            source = msgspec.json.decode(block.source, type=_Source)
    if source.type == "text" and source.data:
        return source.data
    if source.type == "content" and source.content:
        return text_of(source.content)
    return f"[{block.type} {source.media_type or ''}]".replace(" ]", "]")


def _blocks(content: Raw) -> str | list[Block | str] | None:
    """A tool's output: a text, blocks, or one block by itself."""
    if bytes(content).lstrip().startswith(b"{"):
        content = Raw(b"[" + bytes(content) + b"]")
    return _decode(Raw(b'{"content":' + bytes(content) + b"}"), ApiMessage, "content").content


def _decode(raw: Raw, kind: type[_T], blocks_field: str) -> _T:
    if not raw:
        return kind()
    try:
        result = msgspec.json.decode(raw, type=kind)
        blocks = getattr(result, blocks_field)
        if not isinstance(blocks, list) or not any(map(_is_unknown, blocks)):
            return result
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    value = loads(bytes(raw))
    if not isinstance(value, dict):
        return kind()
    result = lenient(kind, value)
    items = value.get(blocks_field)
    if isinstance(items, dict):
        items = [items]
    if isinstance(items, list):
        parts = [
            item if isinstance(item, str) else _lenient_block(item)
            for item in items
            if isinstance(item, (str, dict))
        ]
        setattr(result, blocks_field, parts)
    return result


def _is_unknown(block: Block | str) -> bool:
    return isinstance(block, Block) and block.type not in _PLAIN


def _lenient_block(item: dict[str, Any]) -> Block:
    if is_deep(item):
        item = msgspec.json.decode(without_depths(msgspec.json.encode(item)))
    block = lenient(Block, item)
    if block.type not in _PLAIN:
        block.other = item
    return block
