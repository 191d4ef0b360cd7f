"""What each tool answers: params of Aiana's own protocol, one call of the service, a text."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from aiana.context.block import ContextItem, build, new_nonce
from aiana.context.quote import sentence
from aiana.errors import InvalidParams, InvalidQuery, NotFound
from aiana.failures import failure_of
from aiana.mcp.arguments import checked_arguments, unknown_told
from aiana.mcp.call import Call, Cancelled
from aiana.mcp.definitions import TOOLS
from aiana.mcp.desk import Desk, found_by, memory_at, named_by
from aiana.mcp.quoting import (
    document_quoted,
    fixes_quoted,
    reasons_quoted,
    sentences,
    session_quoted,
    sessions_quoted,
)
from aiana.models import SearchFilter
from aiana.paths import expanded, lines_at
from aiana.protocol import params
from aiana.protocol.results import SearchResult
from aiana.protocol.uris import MemoryAddress, memory_uri
from aiana.text import counted

SEARCH_TOKENS = 800
"""Of a search, with what is said below its hits."""
_OWN_TOKENS = 40
"""Of what is said below any hits."""
SEARCH_HITS = 12
LISTED = 15
_MOST_RATED = 5

Answer = Callable[[Desk, Any, Call], str]


class Tool(NamedTuple):
    """How a tool is served."""

    params: type[params.Params]
    answer: Answer
    queue: Literal["read", "write"]
    """Reads run side by side, writes one after the other."""


def memory_search(desk: Desk, p: params.SearchParams, call: Call) -> str:
    def partial(found: SearchResult) -> None:
        call.progress(f"{counted(len(found.hits), 'text')} found by words; asking by meaning", 3)

    call.progress("searching", 3)
    filter = p.filter
    project = None if p.scope == "all" else desk.project()
    if project is not None and filter.project is None and filter.session_id is None:
        filter = replace(filter, project=project)
    found = desk.aiana.search(
        p.query,
        limit=min(p.limit, SEARCH_HITS),
        cursor=p.cursor,
        mode=p.mode,
        filter=filter,
        group_by_session=p.group_by_session,
        partial=partial,
    )
    call.progress(f"{counted(len(found.hits), 'text')} found", 3)
    notes = [*map(sentence, found.notes), *(sentence(each.reason) for each in found.degraded)]
    block = build(
        [
            ContextItem(
                id=hit.id,
                uri=hit.uri,
                content=hit.snippet,
                score=hit.score,
                timestamp=hit.timestamp,
                source=hit.user or hit.source,
                kind=hit.kind,
                speaker=hit.speaker,
            )
            for hit in found.hits
        ],
        project=filter.project or "",
        budget=SEARCH_TOKENS - min(desk.tokens("\n".join(notes)) + _OWN_TOKENS, SEARCH_TOKENS // 2),
        count_tokens=desk.tokens,
        nonce=new_nonce(),
    )
    if block.items:
        notes.append("session_show reads on around a citation's URI.")
    if len(block.items) < len(found.hits) or found.next_cursor:
        total = "" if found.total is None else f" of {found.total:,}"
        notes.append(f"{len(block.items)}{total} shown: narrow the query for others.")
    if not found.hits and filter.project and found.outside and found.outside.matches != 0:
        notes.append('`"scope": "all"` looks into every project.')
    return sentences([block.text, *notes])


def memory_add(desk: Desk, p: params.MemoryAddParams, call: Call) -> str:
    project = desk.project() or "" if p.project is None else p.project
    added = desk.aiana.add_memory(
        p.content,
        p.memory_type,
        project=project,
        session_id=p.session_id,
        tags=p.tags,
        metadata=p.metadata,
        idempotency_key=p.idempotency_key,
    )
    taken = counted(added.redactions, "secret")
    return sentences(
        [
            f"Known already: {added.memory.uri}"
            if added.duplicate_of
            else f"Kept: {added.memory.uri}",
            f"{taken} taken out of it." if added.redactions else "",
        ]
    )


def memory_recall(desk: Desk, p: params.ContextParams, call: Call) -> str:
    project = desk.project() if p.project is None else p.project
    scope: Literal["project", "all"] = "all" if project is None else p.scope
    found = desk.aiana.context(
        " ".join(part for part in (p.query, p.selection) if part) or None,
        project=project,
        scope=scope,
        max_tokens=p.max_tokens,
        refresh=p.refresh,
    )
    nothing = "" if found.context else "Nothing is known of this yet."
    degraded = (sentence(problem.reason) for problem in found.degraded)
    return sentences([found.context, nothing, *degraded])


def memory_feedback(desk: Desk, p: params.MemoryFeedbackParams, call: Call) -> str:
    with found_by("Send the whole URI that memory_add or memory_search gave: aiana:///memory/ID."):
        memory = desk.aiana.rate_memory(memory_at(p.id), p.rating).memory
    return (
        f"Counted: {memory.helpful} helpful, {memory.unhelpful} unhelpful, "
        f"{memory.harmful} harmful. {memory.uri}"
    )


def feedback_summary(desk: Desk, p: params.MemoryListParams, call: Call) -> str:
    memories = []
    cursor = None
    while True:
        page = desk.aiana.list_memories(p.filter, 1000, cursor)
        memories += page.memories
        cursor = page.next_cursor
        if cursor is None or call.cancelled():
            break
    rated = [m for m in memories if m.helpful or m.unhelpful or m.harmful]
    lines = [
        f"{len(rated):,} of {counted(len(memories), 'memory', 'memories')} rated: "
        f"{sum(m.helpful for m in rated):,} helpful, {sum(m.unhelpful for m in rated):,} "
        f"unhelpful, {sum(m.harmful for m in rated):,} harmful."
    ]
    for name, of in (
        ("Most helpful", attrgetter("helpful")),
        ("Most unhelpful", attrgetter("unhelpful")),
        ("Harmful, never put into a context", attrgetter("harmful")),
    ):
        best = sorted(filter(of, rated), key=of, reverse=True)[:_MOST_RATED]
        lines += [f"{name}: {m.uri} ({of(m)})" for m in best]
    return sentences(lines)


def session_list(desk: Desk, p: params.SessionListParams, call: Call) -> str:
    filter = p.filter
    if filter == SearchFilter() and (project := desk.project()) is not None:
        filter = replace(filter, project=project)
    page = desk.aiana.list_sessions(filter, min(p.limit, LISTED), p.cursor)
    if not page.sessions:
        return sentences(map(sentence, page.notes))
    block, shown = sessions_quoted(page.sessions, desk.tokens)
    rest = shown < len(page.sessions) or page.next_cursor is not None
    more = 'Older ones: `"filter": {"before": DATE}`.' if rest else ""
    return sentences([block, "session_show reads one.", more])


def session_show(desk: Desk, p: params.SessionMessagesParams, call: Call) -> str:
    at = named_by(p.id, p.source, p.around)
    with found_by(
        "Send a URI that session_list or memory_search gave: aiana:///session/ID/SOURCE."
    ):
        if isinstance(at, MemoryAddress):
            return document_quoted(desk.aiana.read_page(memory_uri(at.id)).text, 0, desk.tokens)
        session = desk.aiana.get_session(at.id, at.source).session
    messages = desk.aiana.session_messages(session.id, source=session.source).messages
    first = 0
    if at.message is not None:
        places = [place for place, message in enumerate(messages) if message.id == at.message]
        if not places:
            raise NotFound(
                f"This session has no message {at.message[:100]}.",
                "To read from its beginning, leave out `around` and what follows # in the URI.",
            )
        first = max(0, places[0] - 1)
    text, end = session_quoted(session, messages, first, desk.tokens)
    said = f"Messages {first + 1}-{end} of {len(messages)}."
    if end < len(messages):
        said += f' Go on with session_show {{"id": "{messages[end].uri}"}}.'
    return sentences([text, said if messages else "It has no messages."])


class PlaceParams(params.Params):
    """Ask why lines of a file are as they are."""

    place: params.Text
    """`FILE:LINE` or `FILE:LINE-LINE`; a relative path is below the folder that is worked in."""
    limit: params.Limit = 20


def line_why(desk: Desk, p: PlaceParams, call: Call) -> str:
    place = lines_at(p.place)
    if place is None:
        raise InvalidQuery("Name a file and a line of it: `src/cart.ts:42`, `src/cart.ts:40-60`.")
    path, first, last = place
    why = desk.aiana.why(
        desk.folder() / expanded(path), first, last, cancelled=call.cancelled, limit=p.limit
    )
    notes = list(map(sentence, why.notes))
    if not why.reasons:
        return sentences(
            ["No session is surely known to have written, changed or discussed this.", *notes]
        )
    block, shown = reasons_quoted(why.reasons, desk.tokens)
    more = f"{shown} of {len(why.reasons)} shown." if shown < len(why.reasons) else ""
    return sentences([block, more, "session_show reads on around a URI.", *notes])


class ErrorParams(params.Params):
    """Ask what made an error go away."""

    text: params.Text
    """A message, a stack trace or the output of a command."""
    limit: params.Limit = 20


def error_fixes(desk: Desk, p: ErrorParams, call: Call) -> str:
    found = desk.aiana.fixes(p.text, None, cancelled=call.cancelled, limit=p.limit)
    if not found.sought:
        return "This says too little to be told from other errors: give the line that says what."
    if not found.fixes:
        return "No session is surely known in which this error went away."
    block, shown = fixes_quoted(found.fixes, desk.tokens)
    more = f"{shown} of {len(found.fixes)} shown." if shown < len(found.fixes) else ""
    return sentences([block, more, "session_show reads on around a URI."])


def preference_add(desk: Desk, p: params.PreferenceAddParams, call: Call) -> str:
    profile = desk.aiana.add_preference(p.text, p.static)
    kept = len(profile.static) + len(profile.dynamic)
    return f"Kept; {counted(kept, 'preference')} in all. Contexts begin with them."


def aiana_status(desk: Desk, p: params.NoParams, call: Call) -> str:
    status = desk.aiana.status()
    counts = status.counts
    tiers = {name: getattr(status.tiers, name) for name in status.tiers.__struct_fields__}
    return sentences(
        [
            f"Aiana {status.version}: {status.health}. {status.message}",
            f"{counted(counts.sessions, 'session')}, {counted(counts.messages, 'message')}, "
            f"{counted(counts.memories, 'memory', 'memories')}, "
            f"{counted(counts.vectors, 'vector')}, {status.indexing.pending:,} waiting.",
            *(
                f"{name}: {tier.state}. {sentence(tier.detail)}"
                for name, tier in tiers.items()
                if tier.state not in ("ok", "off")
            ),
        ]
    )


SERVED: dict[str, Tool] = {
    "memory_search": Tool(params.SearchParams, memory_search, "read"),
    "memory_add": Tool(params.MemoryAddParams, memory_add, "write"),
    "memory_recall": Tool(params.ContextParams, memory_recall, "read"),
    "memory_feedback": Tool(params.MemoryFeedbackParams, memory_feedback, "write"),
    "feedback_summary": Tool(params.MemoryListParams, feedback_summary, "read"),
    "session_list": Tool(params.SessionListParams, session_list, "read"),
    "session_show": Tool(params.SessionMessagesParams, session_show, "read"),
    "line_why": Tool(PlaceParams, line_why, "read"),
    "error_fixes": Tool(ErrorParams, error_fixes, "read"),
    "preference_add": Tool(params.PreferenceAddParams, preference_add, "write"),
    "aiana_status": Tool(params.NoParams, aiana_status, "read"),
}


def call_tool(desk: Desk, name: str, arguments: Any, call: Call) -> dict[str, Any]:
    """The result of a tool; what goes wrong is told in it, for the model to act on."""
    tool = SERVED.get(name)
    if tool is None:
        names = ", ".join(each["name"] for each in TOOLS)
        return _failed(f"There is no tool {sentence(repr(name[:100]))}. There are: {names}.")
    try:
        given, unknown = checked_arguments(name, arguments, tool.params)
    except InvalidParams as error:
        return _failed(f"{name} was not done: {sentence(str(error))}")
    more = unknown_told(name, tool.params, unknown) if unknown else ""
    if more and tool.queue == "write":
        return _failed(f"{name} was not done. {more}")
    try:
        return _said(sentences([tool.answer(desk, given, call), more]))
    except Cancelled:
        raise
    except Exception as error:
        return _failed(sentences([sentence(failure_of(error).message), more]))


def _said(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


def _failed(reason: str) -> dict[str, Any]:
    return {**_said(reason), "isError": True}
