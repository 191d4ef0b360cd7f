"""What is done to every text before it is stored: our own blocks and all secrets are taken out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from aiana.models import CaptureBatch, Message, Session
from aiana.redaction.arguments import flatten
from aiana.redaction.redact import redact, redact_json, redact_tree
from aiana.redaction.strip import strip_blocks


def clean(batch: CaptureBatch) -> CaptureBatch:
    """The batch as it may be stored; `redactions` counts the secrets that it held."""
    total = 0
    messages = []
    for message in batch.messages:
        message, n = _clean_message(message)
        messages.append(message)
        total += n
    sessions = []
    for session in batch.sessions:
        session, n = _clean_session(session)
        sessions.append(session)
        total += n
    titles = {}
    for message_id, title in batch.titles.items():
        titles[message_id], n = redact(title)
        total += n
    return msgspec.structs.replace(
        batch,
        messages=messages,
        sessions=sessions,
        titles=titles,
        redactions=batch.redactions + total,
    )


def redacted_batch(session: Session, messages: Iterable[Message]) -> tuple[Session, list[Message]]:
    """A session and its messages as they may be stored."""
    return _clean_session(session)[0], [_clean_message(message)[0] for message in messages]


def _clean_message(message: Message) -> tuple[Message, int]:
    changes: dict[str, Any] = {}
    content, n = redact(strip_blocks(message.content))
    if message.tool_input is not None:
        arguments, m = redact_json(strip_blocks(message.tool_input))
        # The same secrets stand in the content; names of arguments may give away more of them.
        n = max(n, m)
        if arguments != message.tool_input:
            changes["tool_input"] = arguments
            if m:
                content = redact(flatten(msgspec.json.decode(arguments)))[0]
    if content != message.content:
        changes["content"] = content
    if not changes:
        return message, n
    return msgspec.structs.replace(message, **changes), n


def _clean_session(session: Session) -> tuple[Session, int]:
    changes, total = {}, 0
    for name in ("title", "summary", "metadata"):
        value = getattr(session, name)
        changes[name], n = redact_tree(value)
        total += n
    return msgspec.structs.replace(session, **changes), total
