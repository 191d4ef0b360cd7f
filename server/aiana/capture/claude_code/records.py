"""The records of a Claude Code transcript, as far as they are read; everything else is skipped.

Decoding is typed and fast where a record has the known form, and lenient where it has not: a field
of an unexpected type is taken as absent, text that is no Unicode gets replacement characters.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

SKIPPED = frozenset(
    {
        "progress",
        "file-history-snapshot",
        "mode",
        "permission-mode",
        "agent-setting",
        "agent-name",
        "last-prompt",
        "pr-link",
        "frame-link",
        "bridge-session",
        "worktree-state",
        "relocated",
        "started",
        "result",
        "atis-latch",
    }
)
"""Types that say nothing to a reader."""


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
    message: Raw = _ABSENT
    attachment: Raw = _ABSENT
    content: str | None = None
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


class _Image(Struct):
    media_type: str | None = None


_fields = cache(msgspec.structs.fields)
_RECORDS = msgspec.json.Decoder(Record)
_T = TypeVar("_T", bound=Struct)


def decode_record(line: bytes) -> Record:
    """The record on a line. Raises ValueError if the line is no JSON object."""
    try:
        return _RECORDS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    value = _loads(line)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return _lenient(Record, value)


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
        return msgspec.json.decode(raw), raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = _loads(raw)
        return value, msgspec.json.encode(value).decode()


def text_of(content: Raw | str | list[Block | str] | None) -> str:
    """Text of a content that is a string or blocks; other blocks leave a placeholder."""
    if not content:
        return ""
    if isinstance(content, Raw):
        content = _decode(
            Raw(b'{"content":' + bytes(content) + b"}"), ApiMessage, "content"
        ).content
        return text_of(content)
    if isinstance(content, str):
        return content
    parts = [block if isinstance(block, str) else block_text(block) for block in content]
    return "\n".join(part for part in parts if part)


def block_text(block: Block) -> str:
    """Text of a block that is no tool call; `[image image/png]` for what is never stored."""
    match block.type:
        case "text":
            return block.text or ""
        case "image" | "document":
            return f"[{block.type} {_media_type(block.source)}]".replace(" ]", "]")
        case "tool_result":
            return text_of(block.content)
    return ""


def _media_type(source: Raw) -> str:
    if not source:
        return ""
    try:
        return msgspec.json.decode(source, type=_Image).media_type or ""
    except msgspec.DecodeError:
        return ""


def _decode(raw: Raw, kind: type[_T], blocks_field: str) -> _T:
    if not raw:
        return kind()
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = _loads(bytes(raw))
    if not isinstance(value, dict):
        return kind()
    result = _lenient(kind, value)
    if isinstance(blocks := value.get(blocks_field), list):
        parts = [
            item if isinstance(item, str) else _lenient(Block, item)
            for item in blocks
            if isinstance(item, (str, dict))
        ]
        setattr(result, blocks_field, parts)
    return result


def _lenient(kind: type[_T], value: dict[str, Any]) -> _T:
    """A `kind` of those fields of `value` that have the right type."""
    kept: dict[str, Any] = {}
    for field in _fields(kind):
        item = value.get(field.encode_name)
        if item is None:
            continue
        if field.type is Raw:
            kept[field.name] = Raw(msgspec.json.encode(item))
            continue
        with suppress(msgspec.ValidationError):
            kept[field.name] = msgspec.convert(item, field.type)
    return kind(**kept)


def _loads(data: bytes) -> Any:
    """JSON that may hold bytes and surrogates that are no Unicode. Raises ValueError."""
    try:
        return _unicode(json.loads(data.decode("utf-8-sig", "replace")))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _unicode(value: Any) -> Any:
    """`value` with replacement characters for lone surrogates, which no encoder accepts."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_unicode(item) for item in value]
    if isinstance(value, dict):
        return {_unicode(key): _unicode(item) for key, item in value.items()}
    return value
