"""What a host says when it runs a hook, and what it takes for an answer."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Literal, NamedTuple

Event = Literal["session-start", "prompt", "stop", "compact"]
EVENTS: tuple[Event, ...] = ("session-start", "prompt", "stop", "compact")
MOST_BYTES = 8 * 1024 * 1024
"""Of what a host sends; a longer prompt is no question."""
CURSOR_CHARS = 10_000
"""Cursor takes no more."""

_HOOK_CONTEXT = re.compile(r"<hook_context>.*?</hook_context>\s*", re.DOTALL)
# What programs put where a prompt stands: `<task-notification>`, `<command-name>`.
_TAG = re.compile(r"\s*<[a-z][a-z0-9_-]*[ >]")


class Asked(NamedTuple):
    """One run of a hook."""

    event: Event
    name: str
    """The host's own name for the event; "" where it tells none."""
    session: str
    folder: str
    transcript: str
    prompt: str
    """What a person typed; "" where no person did."""
    is_cursor: bool
    takes_context: bool


def read(event: Event, text: str) -> Asked | None:
    """What the host sent; None if it is nothing that can be acted on."""
    given = json.loads(text)
    if not isinstance(given, dict):
        return None
    name = _text(given, "hook_event_name", "hookEventName")
    roots = given.get("workspace_roots")
    root = roots[0] if isinstance(roots, list) and roots and isinstance(roots[0], str) else ""
    # Copilot CLI's and VS Code's own events of a prompt take no context, and tell no transcript.
    deaf = name == "UserPromptSubmit" and "timestamp" in given and "transcript_path" not in given
    is_cursor = "cursor_version" in given or "conversation_id" in given
    return Asked(
        event=event,
        name=name,
        session=_text(given, "session_id", "sessionId", "conversation_id"),
        folder=_text(given, "cwd") or root or os.environ.get("CLAUDE_PROJECT_DIR", ""),
        transcript=_text(given, "transcript_path", "transcriptPath"),
        prompt=_typed(given),
        is_cursor=is_cursor,
        takes_context=not deaf and "hookEventName" not in given
        if event == "prompt"
        else event == "session-start",
    )


def answer(asked: Asked, context: str) -> str:
    """A context as the host takes it."""
    if asked.is_cursor:
        if len(context) > CURSOR_CHARS:
            return ""
        return json.dumps({"continue": True, "additional_context": context})
    if not asked.name:
        return json.dumps({"additionalContext": context})
    told = {"hookEventName": asked.name, "additionalContext": context}
    return json.dumps({"hookSpecificOutput": told})


def _typed(given: dict[str, Any]) -> str:
    if given.get("source", "user") != "user" or given.get("agent_id"):
        return ""
    prompt = _HOOK_CONTEXT.sub("", _text(given, "prompt"))
    return "" if _TAG.match(prompt) or prompt.lstrip()[:1] in ("/", "!", "#") else prompt


def _text(given: dict[str, Any], *names: str) -> str:
    for name in names:
        if isinstance(value := given.get(name), str) and value:
            return value
    return ""
