"""Stored text as an answer quotes it: fenced, cited by URI, and within a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from aiana.context.block import new_nonce
from aiana.context.quote import address, fenced, field, quotable, quote, shorten
from aiana.models import Message, Session
from aiana.protocol.results import Fix, Reason
from aiana.render.markdown import TOOL_TYPES, call_about
from aiana.text import counted, one_line

SESSION_TOKENS = 1500
"""Of a session that is shown; the rest is a call away."""
LIST_TOKENS = 800
RESOURCE_TOKENS = 8000
"""Of a document that a person attaches."""
_MESSAGE_SHARE = 0.3
"""Of the room, for one message."""
_LEAST_TOKENS = 24
_LONGEST_LINE = 200
_MOST_DONE = 5

Count = Callable[[str], int]


class Entry(NamedTuple):
    """One thing in a list: facts about it, its URI, and what it says."""

    facts: Sequence[str]
    uri: str
    texts: Sequence[str]


def entries_quoted(entries: Iterable[Entry], count: Count) -> tuple[str, int]:
    """A list, and how many entries of it found room; the first always does."""
    nonce = new_nonce()
    lines: list[str] = []
    shown = 0
    for number, (facts, uri, texts) in enumerate(entries, 1):
        more = ["", f"[{number}] {' · '.join(map(field, facts))} · {address(uri)}"]
        more += [quote(quotable(one_line(text)[:_LONGEST_LINE])) for text in texts]
        if shown and count(fenced([*lines, *more], nonce)) > LIST_TOKENS:
            break
        lines += more
        shown += 1
    return fenced(lines, nonce), shown


def sessions_quoted(sessions: Sequence[Session], count: Count) -> tuple[str, int]:
    """A list of sessions, and how many of them it holds."""
    entries = (
        Entry(
            (
                (session.ended_at or session.started_at)[:10],
                session.source,
                counted(session.message_count, "message"),
            ),
            session.uri,
            (session.summary or session.title or "(no title)",),
        )
        for session in sessions
    )
    return entries_quoted(entries, count)


def reasons_quoted(reasons: Sequence[Reason], count: Count) -> tuple[str, int]:
    """Turns that wrote lines, and how many of them found room."""
    entries = (
        Entry(
            (reason.how, reason.timestamp[:10], reason.source),
            reason.uri,
            [
                f"asked: {reason.asked.text}"
                if reason.asked
                else f"in: {reason.session_title or '(no title)'}",
                *(f"refused before: {refused.text}" for refused in reason.rejected),
            ],
        )
        for reason in reasons
    )
    return entries_quoted(entries, count)


def fixes_quoted(fixes: Sequence[Fix], count: Count) -> tuple[str, int]:
    """Sessions in which an error went away, and how many of them found room."""
    entries = (
        Entry(
            (
                "gone when it ran again" if fix.how == "succeeded" else "gone, the person said",
                fix.timestamp[:10],
                fix.source,
            ),
            (fix.turns or [fix.uri])[-1],
            [
                fix.message,
                *([f"ran: {fix.command}"] if fix.command else []),
                *([f"changed: {', '.join(fix.files)}"] if fix.files else []),
                *(f"done: {done.text}" for done in fix.commands[:_MOST_DONE]),
            ],
        )
        for fix in fixes
    )
    return entries_quoted(entries, count)


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
        name = f"({message.type} {message.tool_name or ''})".replace(" )", ")")
        return quotable(f"{name} {call_about(message)}".strip())
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
