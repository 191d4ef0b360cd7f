"""Stored text as an answer quotes it: fenced, cited by URI, and within a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aiana.context.block import new_nonce
from aiana.context.quote import address, fenced, field, quotable, quote, shorten
from aiana.models import Message, Session
from aiana.render.markdown import TOOL_TYPES, first_words
from aiana.text import counted, one_line

SESSION_TOKENS = 1500
"""Of a session that is shown; the rest is a call away."""
LIST_TOKENS = 800
RESOURCE_TOKENS = 8000
"""Of a document that a person attaches."""
_MESSAGE_SHARE = 0.3
"""Of the room, for one message."""
_LEAST_TOKENS = 24

Count = Callable[[str], int]


def sessions_quoted(sessions: Sequence[Session], count: Count) -> tuple[str, int]:
    """A list of sessions, and how many of them it holds."""
    nonce = new_nonce()
    lines: list[str] = []
    shown = 0
    for number, session in enumerate(sessions, 1):
        day = (session.ended_at or session.started_at)[:10]
        facts = [day, session.source, counted(session.message_count, "message")]
        title = one_line(session.summary or session.title or "(no title)")[:200]
        more = ["", f"[{number}] {' · '.join(map(field, facts))} · {address(session.uri)}"]
        more.append(quote(quotable(title)))
        if count(fenced([*lines, *more], nonce)) > LIST_TOKENS:
            break
        lines += more
        shown += 1
    return fenced(lines, nonce), shown


def session_quoted(
    session: Session, messages: Sequence[Message], first: int, count: Count
) -> tuple[str, int]:
    """A session from its message number `first` on, and the number after the last one shown."""
    nonce = new_nonce()
    title = one_line(session.title or "")[:200]
    head = [
        "",
        " · ".join(
            field(fact)
            for fact in (session.source, session.started_at[:10], session.project)
            if fact
        ),
        quote(quotable(title or "(no title)")),
    ]
    room = SESSION_TOKENS - count(fenced(head, nonce))
    lines = list(head)
    largest = int(room * _MESSAGE_SHARE)
    place = first
    for message in messages[first:]:
        citation = f"[{place + 1}] {field(message.role or message.type)} · #{address(message.id)}"
        left = min(room, largest) - count(citation)
        if left < _LEAST_TOKENS and place > first:
            break
        text = _shown(message, left, count)
        if text:
            more = ["", citation, quote(text)]
            room -= count("\n".join(more))
            if room < 0 and place > first:
                break
            lines += more
        place += 1
    return fenced(lines, nonce), place


def _shown(message: Message, tokens: int, count: Count) -> str:
    """As much of a message as so many tokens pay for; of a tool what it was about."""
    if message.type in TOOL_TYPES:
        about = first_words(message.content)
        name = f"({message.type} {message.tool_name or ''})".replace(" )", ")")
        return quotable(f"{name} {about}".strip())
    text = quotable(message.content)
    return shorten(text, lambda part: count(quote(part)) <= tokens, max(1, tokens) * 8)


def document_quoted(text: str, line: int, count: Count) -> str:
    """A document from that line on, as much as a chat bears."""
    lines = text.split("\n")
    rest = quotable("\n".join(lines[line:]))
    nonce = new_nonce()
    room = RESOURCE_TOKENS - count(fenced([], nonce))
    shown = shorten(rest, lambda part: count(quote(part)) <= room, room * 8)
    return fenced(["", quote(shown)], nonce)


def sentences(parts: Iterable[str]) -> str:
    """What Aiana says itself, after what it quotes."""
    return "\n".join(part for part in parts if part)
