"""Sessions and memories as resources, and the prompt that recalls."""

from __future__ import annotations

from typing import Any

from aiana.errors import InvalidQuery
from aiana.mcp.desk import Desk, found_by
from aiana.mcp.quoting import document_quoted
from aiana.models import SearchFilter
from aiana.text import one_line

PAGE = 50
_LONGEST_NAME = 100


def list_resources(desk: Desk, cursor: str | None) -> dict[str, Any]:
    """A page of what can be attached: memories, then sessions, of the project or of all."""
    kind, _, place = (cursor or "memories:").partition(":")
    filter = SearchFilter(project=desk.project())
    if kind == "memories":
        memories = desk.aiana.list_memories(filter, PAGE, place or None)
        found = [
            _resource(each.uri, each.content, f"A memory ({each.memory_type})", each.updated_at)
            for each in memories.memories
        ]
        more = f"memories:{memories.next_cursor}" if memories.next_cursor else "sessions:"
        return {"resources": found, "nextCursor": more}
    if kind != "sessions":
        raise InvalidQuery("This cursor is none of ours: leave it out to start over.")
    sessions = desk.aiana.list_sessions(filter, PAGE, place or None)
    found = [
        _resource(
            each.uri,
            each.title or each.id,
            f"A session with {each.source}",
            each.ended_at or each.started_at,
        )
        for each in sessions.sessions
    ]
    if sessions.next_cursor is None:
        return {"resources": found}
    return {"resources": found, "nextCursor": f"sessions:{sessions.next_cursor}"}


def _resource(uri: str, name: str, description: str, time: str) -> dict[str, Any]:
    return {
        "uri": uri,
        "name": one_line(name)[:_LONGEST_NAME] or uri,
        "description": description,
        "mimeType": "text/markdown",
        "annotations": {"lastModified": time},
    }


def read_resource(desk: Desk, uri: str) -> dict[str, Any]:
    """What a URI shows, quoted. Raises NotFound."""
    with found_by("resources/list names what there is."):
        page = desk.aiana.read_page(uri)
    text = document_quoted(page.text, page.line, desk.tokens)
    return {"contents": [{"uri": uri, "mimeType": "text/markdown", "text": text}]}


def recall(desk: Desk, topic: str | None) -> dict[str, Any]:
    """The prompt: what is known, and what to do with it."""
    project = desk.project()
    found = desk.aiana.context(
        topic or None, project=project, scope="all" if project is None else "project"
    )
    of = "this topic" if topic else "this project"
    asks = (
        f"Above is what earlier chats say of {of}. Tell me in a few sentences what matters now, "
        "each with its URI, and what they leave open."
        if found.context
        else f"Nothing is known of {of} from earlier chats."
    )
    text = f"{found.context}\n\n{asks}".strip()
    return {
        "description": f"What is known of {of}",
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}],
    }
