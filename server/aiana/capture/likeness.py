"""Whose file it is that no reader knows, as far as its name and its beginning tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from aiana.capture import Source
from aiana.errors import UnreadableFile
from aiana.regular import open_regular

_HEAD = 64 << 10
_FEW = 2
"""A name that more assistants use tells nothing of any."""


class _Sign(Struct, frozen=True):
    """What is written by whom, and how it is told; a pattern that is empty always holds."""

    owner: str
    what: str
    name: str = ""
    """Pattern of the end of its path, with slashes."""
    head: bytes = b""
    """Pattern of its beginning."""


# What belongs to an assistant and is no transcript, or one in a form that cannot be read.
_SIGNS = (
    _Sign("Codex", "its list of prompts", r"\.codex/history\.jsonl"),
    _Sign("Codex", "one of its databases", r"/(?:state|thread_history|logs)_\d+\.sqlite"),
    _Sign("Claude Code", "its list of prompts", r"\.claude/history\.jsonl"),
    _Sign("Claude Code", "facts of a sub-agent", r"agent-[\w-]+\.meta\.json"),
    _Sign("Claude.ai", "a part of its export without conversations",
          r"/(?:users|projects|memories)\.json", rb'"(?:verified_phone_number|is_starter_project|'
          rb'conversations_memory)"'),
    _Sign("ChatGPT", "a part of its export without conversations",
          r"/(?:user|message_feedback|shared_conversations|model_comparisons)\.json"),
    _Sign("ChatGPT", "the page of its export; the zip has the conversations", r"/chat\.html"),
    _Sign("Copilot CLI", "a database that repeats its events", r"/session-store\.db"),
    _Sign("Gemini CLI", "its list of prompts", r"/\.gemini/tmp/[^/]+/logs\.json"),
    _Sign("Gemini CLI", "a checkpoint of it", r"/checkpoint-[^/]*\.json"),
    _Sign("Grok Build", "its stream of updates, beside `chat_history.jsonl`", r"/updates\.jsonl",
          rb'"sessionUpdate"'),
    _Sign("Grok Build", "facts of a session", r"summary\.json", rb'"grok_home"|"chat_format_'),
    _Sign("Kimi Code", "facts of a session", r"state\.json", rb'"isCustomTitle"'),
    _Sign("Antigravity", "a conversation whose form is not public",
          r"/antigravity[^/]*/conversations/[^/]+\.(?:db|pb)"),
    _Sign("Windsurf", "a conversation that it encrypts", r"/\.codeium/[^/]*/cascade/[^/]+\.pb"),
    _Sign("Aider", "its list of prompts", r"/\.aider\.input\.history"),
    _Sign("Aider", "its log of requests", r"/\.aider\.llm\.history"),
    _Sign("DeepSeek", "an export of its chats", head=rb'"fragments":\s*\[\s*\{\s*"type":\s*"REQ'),
    _Sign("OpenHands", "an event of a conversation", r"/\.openhands/.*/events/[^/]+\.json"),
)  # fmt: skip
# Keys that one assistant's records have, in whichever version.
_KEYS = (
    ("Claude Code", rb'"parentUuid"[^\n]*"sessionId"|"sessionId"[^\n]*"parentUuid"'),
    ("Codex", rb'"type":\s*"(?:response_item|event_msg|session_meta)"'),
    ("Copilot CLI", rb'"type":\s*"(?:session\.start|assistant\.turn_start|user\.message)"'),
    ("VS Code chat", rb'"(?:responderUsername|requesterUsername)"'),
    ("Gemini CLI", rb'"projectHash"'),
    ("Cursor", rb'"(?:composerId|bubbleId)"'),
    ("Continue", rb'"contextItems"\s*:'),
    ("Kimi Code", rb'"context\.append_(?:message|loop_event)"'),
    ("OpenCode", rb'"sessionID"'),
    ("ChatGPT", rb'"mapping"\s*:\s*\{|"current_node"'),
    ("Claude.ai", rb'"chat_messages"'),
)


def likeness(path: Path, sources: Sequence[Source]) -> str:
    """A sentence on a file that no source recognises: whose it looks like, or that of nobody."""
    try:
        with open_regular(path) as file:
            head = file.read(_HEAD)
    except (OSError, UnreadableFile):
        head = b""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "It is UTF-16 text, transcripts are UTF-8: convert it first."
    place = path.absolute().as_posix()
    for sign in _SIGNS:
        if re.search(f"(?:{sign.name})$", place) and re.search(sign.head, head):
            return f"It looks like {sign.what}, of {sign.owner}: no transcript that can be read."
    if owner := next((title for title, keys in _KEYS if re.search(keys, head)), ""):
        return (
            f"It looks like {owner}'s, but it is none of its transcripts, or one of a version that "
            "is not known."
        )
    claims = [source.title for source in sources if source.is_transcript(path)]
    if 0 < len(claims) <= _FEW:
        return f"It is named like a transcript of {' or '.join(claims)}, but holds none."
    known = ", ".join(dict.fromkeys(source.title for source in sources))
    return f"It looks like the transcript of no assistant. Known are {known}."
