"""What tells of a session: what was asked, what was done, what was said last, what is left open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiana.context.block import ContextItem
from aiana.models import Message, Session
from aiana.render.blocks import edit_of
from aiana.render.markdown import arguments_of, path_in

_MOST_FILES = 40
_DONE = ("done", "completed", "complete", "cancelled", "canceled")
_TASK_TEXTS = ("content", "step", "title", "text", "description", "task")


def account_of(session: Session, messages: Sequence[Message]) -> list[ContextItem]:
    """The parts of an account, those of each section in the order in which they tell most.

    Of the questions the first says what it was about, and the last what it had come to.
    """
    asked = [m for m in messages if m.type == "user" and m.role == "user" and m.content.strip()]
    said = [m for m in messages if m.type in ("assistant", "summary") and m.content.strip()]
    items = [_item(session, m, "asked") for m in [*asked[:1], *reversed(asked[1:])]]
    items += [_item(session, m, "answered") for m in reversed(said[-3:])]
    edits = [m for m in messages if m.type == "tool_use" and edit_of(arguments_of(m))]
    paths = list(dict.fromkeys(path for m in edits if (path := path_in(arguments_of(m)))))
    if paths:
        more = f"\nand {len(paths) - _MOST_FILES} more" if len(paths) > _MOST_FILES else ""
        text = "Edited:\n" + "\n".join(paths[:_MOST_FILES]) + more
        items.append(_item(session, edits[-1], "done", text))
    if asked and not any(m.type == "assistant" for m in messages[messages.index(asked[-1]) :]):
        items.append(_item(session, asked[-1], "open", f"Not answered: {asked[-1].content}"))
    for message in reversed(messages):
        tasks = _tasks(arguments_of(message))
        if tasks is not None:
            items += [_item(session, message, "open", "\n".join(tasks))] if tasks else []
            break
    return items


def _item(
    session: Session, message: Message, reason: str, content: str | None = None
) -> ContextItem:
    return ContextItem(
        id=message.id,
        uri=message.uri,
        content=message.content if content is None else content,
        reason=reason,
        timestamp=message.timestamp,
        source=session.source,
        speaker=message.role or message.type,
    )


def _tasks(arguments: Any) -> list[str] | None:
    """The tasks of a plan that are not done; None if the arguments hold no plan.

    A plan is a list of things that have a state and a text each, whatever its tool is called.
    """
    for value in arguments.values() if isinstance(arguments, Mapping) else []:
        entries = _json(value)
        if not isinstance(entries, list) or not entries:
            continue
        told = [pair for entry in entries if (pair := _task(entry))]
        if len(told) == len(entries):
            return [f"- {text}" for text, status in told if status.lower() not in _DONE]
    return None


def _task(entry: Any) -> tuple[str, str] | None:
    if not isinstance(entry, Mapping) or not isinstance(status := entry.get("status"), str):
        return None
    texts: Iterator[Any] = (entry.get(name) for name in _TASK_TEXTS)
    text = next((text for text in texts if isinstance(text, str) and text.strip()), None)
    return None if text is None else (" ".join(text.split()), status)


def _json(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value
