"""The one door: whatever is stored has been through `admit`.

The stores call it on what they are given, so that what they derive from a text is clean as well;
their connections (`aiana.storage.guarded`) call it on every text that a statement carries.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from aiana.models import CaptureBatch, CapturePosition, Message
from aiana.redaction.arguments import flatten
from aiana.redaction.redact import redact, redact_json, redact_tree
from aiana.redaction.strip import strip_blocks
from aiana.redaction.withheld import (
    without_private,
    without_private_json,
    without_private_tree,
)

T = TypeVar("T")


class AdmittedBatch(CaptureBatch, frozen=True, kw_only=True):
    """A batch that has been through the door."""


_NUMBERS = (int, float)
# A text without several words in it tells beside others no more than alone.
_TERSE = re.compile(r"[A-Za-z0-9_.:/+-]*")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def admit(value: T) -> tuple[T, int]:
    """`value` as it may be stored, without what is marked private; and how many secrets it held.

    A text, or any struct, mapping or sequence of them, keys included. The same value becomes the
    same every time, so that ids and paths can be compared after it; admitting twice is admitting.
    """
    result: Any = value
    n = 0
    if isinstance(value, str):
        result, n = redact(without_private(value))
    elif isinstance(value, Message):
        result, n = _admit_message(value)
    elif isinstance(value, msgspec.Struct):
        changes, n = _admit_fields(value, value.__struct_fields__)
        result = msgspec.structs.replace(value, **changes) if changes else value
    elif isinstance(value, dict):
        is_json = _is_json(value)
        clean, n = redact_tree(without_private_tree(value)) if is_json else _admit_items(value)
        result = clean if clean != value else value
    elif isinstance(value, list | tuple):
        items = [admit(item) for item in value]
        n = sum(count for _, count in items)
        if any(new is not old for (new, _), old in zip(items, value, strict=True)):
            result = type(value)(item for item, _ in items)
    return result, n


def admitted(value: T) -> T:
    """`value` as it may be stored."""
    return admit(value)[0]


def to_json(value: Any) -> str:
    """The text as which tags, and what a thing says of itself, are stored."""
    return _ENCODER.encode(value)


def admit_batch(batch: CaptureBatch) -> AdmittedBatch:
    """The batch as it may be stored; `redactions` counts the secrets that it held."""
    if isinstance(batch, AdmittedBatch):
        return batch
    position, _ = admit(batch.position)  # what it remembers is stored, and counted, elsewhere too
    if position.failed or position.left_out or not _is_terse(position.state):
        text, n = redact_json(msgspec.json.encode(position).decode())
        if n:
            position = msgspec.json.decode(text, type=CapturePosition)
    changes, n = _admit_fields(batch, _OF_BATCH)
    fields = {name: getattr(batch, name) for name in _OF_BATCH} | changes
    return AdmittedBatch(**{**fields, "position": position, "redactions": batch.redactions + n})


_OF_BATCH = tuple(name for name in CaptureBatch.__struct_fields__ if name != "position")


def _admit_fields(value: msgspec.Struct, names: tuple[str, ...]) -> tuple[dict[str, Any], int]:
    changes: dict[str, Any] = {}
    total = 0
    for name in names:
        field = getattr(value, name)
        if not field or isinstance(field, _NUMBERS):
            continue
        # Most fields are texts.
        clean, n = redact(without_private(field)) if type(field) is str else admit(field)
        total += n
        if clean is not field:
            changes[name] = clean
    return changes, total


def _is_json(value: dict[Any, Any]) -> bool:
    return not any(isinstance(item, msgspec.Struct) for item in value.values())


def _admit_items(value: dict[Any, Any]) -> tuple[dict[Any, Any], int]:
    items = [(*admit(key), *admit(item)) for key, item in value.items()]
    return {key: item for key, _, item, _ in items}, sum(n + m for _, n, _, m in items)


_OF_MESSAGE = tuple(
    name
    for name in Message.__struct_fields__
    if name not in ("content", "tool_input", "metadata", "timestamp")
)


def _admit_message(message: Message) -> tuple[Message, int]:
    changes, total = _admit_fields(message, _OF_MESSAGE)
    if not _TIME.fullmatch(message.timestamp or ""):
        changes["timestamp"], n = admit(message.timestamp)
        total += n
    content, n = redact(strip_blocks(without_private(message.content)))
    if message.tool_input is not None:
        arguments, m = redact_json(strip_blocks(without_private_json(message.tool_input)))
        # The same secrets stand in the content; names of arguments may give away more of them.
        n = max(n, m)
        if arguments != message.tool_input:
            changes["tool_input"] = arguments
            if m:
                content = redact(flatten(msgspec.json.decode(arguments)))[0]
    if content != message.content:
        changes["content"] = content
    if message.metadata:
        metadata, m = _admit_metadata(message.metadata)
        total += m
        if metadata != message.metadata:
            changes["metadata"] = metadata
    if not changes:
        return message, n
    return msgspec.structs.replace(message, **changes), total + n


def _admit_metadata(metadata: dict[str, Any]) -> tuple[dict[str, Any], int]:
    result, total = admit(metadata)
    if not _is_terse(result):
        text, n = redact_json(to_json(result))
        if n:
            return json.loads(text), total + n
    return result, total


def _is_terse(value: Any) -> bool:
    """Whether no two texts of a JSON value, each of them clean, tell a secret side by side."""
    if isinstance(value, str):
        return _TERSE.fullmatch(value) is not None
    if isinstance(value, dict):
        return all(map(_is_terse, value)) and all(map(_is_terse, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_terse, value))
