"""Contents of messages as most assistants keep them: a text, or blocks of a few kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from aiana.capture.decoding import text_of_parts, words_in
from aiana.redaction.fields import shown
from aiana.redaction.redact import redact

_TEXTS = frozenset({"text", "input_text", "output_text", "summary_text", "markdown"})
_THOUGHTS = frozenset({"thinking", "think", "reasoning", "reasoning_content"})
_CALLS = frozenset({"toolCall", "tool_use", "tool_call", "tool-call", "function_call"})
_RESULTS = frozenset({"toolResult", "tool_result", "tool-result", "function_call_output"})
_FILES = ("image", "audio", "video", "document", "file", "media")
_SEALED = frozenset({"redacted_thinking", "redactedThinking", "encrypted_reasoning"})


class Block(Struct):
    """One thing in a message."""

    kind: Literal["text", "thinking", "call", "result"]
    text: str = ""
    """What is said; of a result what the tool answered."""
    id: str | None = None
    """Of the call, where it is told."""
    name: str | None = None
    """Of the tool."""
    arguments: Any = None
    is_error: bool = False


def blocks_of(content: Any) -> Iterator[Block]:
    """The blocks of a content; images and files leave their names."""
    for item in content if isinstance(content, list) else [content]:
        if isinstance(item, str):
            if item.strip():
                yield Block("text", item)
        elif isinstance(item, dict) and (block := _block(item)):
            yield block


def _block(item: dict[str, Any]) -> Block | None:
    kind = str(item.get("type") or "")
    if kind in _SEALED:
        return None
    if kind in _CALLS:
        name = _first(item, ("name", "toolName", "tool_name"))
        return Block(
            "call", id=call_id(item), name=name or "tool", arguments=_value(item, _ARGUMENTS)
        )
    if kind in _RESULTS:
        output = _value(item, ("content", "output", "result", "value"))
        failed = item.get("is_error") is True or item.get("isError") is True
        name = _first(item, ("name", "toolName", "tool_name"))
        return Block("result", output_text(output), call_id(item), name, is_error=failed)
    if kind in _THOUGHTS:
        text = _first(item, ("thinking", "think", "text", "reasoning"))
        text = text or "\n".join(words_in(item.get("summary")))
        return Block("thinking", text) if text.strip() else None
    if kind.lower().startswith(_FILES) or "image_url" in item:
        return Block("text", _named(kind, item))
    text = _string(shown(item, "text")) or ("" if kind in _TEXTS else "\n".join(words_in(item)))
    return Block("text", text) if text.strip() else None


_ARGUMENTS = ("input", "arguments", "args", "parameters")
_IDS = ("id", "toolCallId", "tool_call_id", "tool_use_id", "toolUseId", "call_id", "callId")


def call_id(item: dict[str, Any]) -> str | None:
    """The id by which a call and its result know each other."""
    own = _IDS if str(item.get("type")) not in _RESULTS else _IDS[1:]
    return _first(item, own) or None


def output_text(output: Any) -> str:
    """What a tool answered, as a text."""
    if isinstance(output, dict):
        told = [output.get(key) for key in ("stdout", "stderr", "output")]
        if text := "\n".join(part for part in told if isinstance(part, str) and part.strip()):
            return text
    return text_of_parts(output) or "\n".join(dict.fromkeys(words_in(output)))


def _named(kind: str, item: dict[str, Any]) -> str:
    """An image or a file by its name or kind; what it holds is never stored."""
    what = next((word for word in _FILES if kind.lower().startswith(word)), "image")
    name = _first(item, ("file_name", "fileName", "filename", "name", "path", "title"))
    name = name or _first(item, ("mimeType", "mime_type", "media_type"))
    # First the secrets: cut off, some could not be told any more.
    return f"[{what} {redact(name)[0][:60]}]".replace("\n", " ") if name else f"[{what}]"


def _first(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((v for key in keys if isinstance(v := item.get(key), str) and v), "")


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _value(item: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((item[key] for key in keys if item.get(key) is not None), {})
