"""Texts that a person picked: in full to copy, and as Markdown within a budget for a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiana.container import Container
from aiana.features.memories import Memories
from aiana.features.pages import Pages
from aiana.models import OWN_SOURCE
from aiana.protocol.results import Quotation, QuotedText
from aiana.protocol.uris import MemoryAddress, SessionAddress
from aiana.protocol.uris import parse as parse_uri

if TYPE_CHECKING:
    from aiana.protocol.params import TextToQuote


class Quoting:
    """The texts behind URIs."""

    def __init__(self, container: Container, memories: Memories, pages: Pages) -> None:
        self._container = container
        self._memories = memories
        self._pages = pages

    def quote(self, texts: Sequence[TextToQuote], max_tokens: int | None = None) -> Quotation:
        """The messages, memories and sessions that URIs name; of each what holds its snippet.

        Raises NotFound, also for a URI that names nothing of Aiana's, and Conflict.
        """
        from aiana.context.passages import paragraphs_of
        from aiana.context.quotation import Cited, quotations

        found = []
        for text in texts:
            quoted = self._text(text.uri)
            if text.snippet is not None:
                quoted.content = paragraphs_of(quoted.content, text.snippet)
            found.append(quoted)
        budget = self._container.config.context_max_tokens if max_tokens is None else max_tokens
        made = quotations(
            [Cited(uri=q.uri, title=q.title, facts=_facts(q), content=q.content) for q in found],
            budget,
            self._container.tokens.count,
        )
        return Quotation(text=made.text, tokens=made.tokens, left_out=made.left_out, texts=found)

    def _text(self, uri: str) -> QuotedText:
        address = parse_uri(uri)
        if isinstance(address, MemoryAddress):
            memory = self._memories.get(address.id).memory
            return QuotedText(
                uri=memory.uri,
                kind="memory",
                title=memory.content.strip().partition("\n")[0],
                content=memory.content,
                who=memory.memory_type,
                source=OWN_SOURCE,
                project=memory.project,
                session_id=memory.session_id,
                timestamp=memory.created_at,
            )
        return self._said(address)

    def _said(self, address: SessionAddress) -> QuotedText:
        sessions = self._container.storage.sessions
        session = sessions.get(address.id, address.source)
        quoted = QuotedText(
            uri=session.uri,
            kind="session",
            title=session.title or session.id,
            content="",
            source=session.source,
            project=session.project,
            session_id=session.id,
            timestamp=session.started_at,
        )
        if address.message is None:
            quoted.content = self._pages.export(session.id, source=session.source).text
            return quoted
        [message] = sessions.messages(session.id, address.message, 1, session.source)
        quoted.kind, quoted.uri, quoted.content = "message", message.uri, message.content
        thinking = message.type == "thinking"
        quoted.who = message.type if thinking else message.tool_name or message.role
        quoted.timestamp = message.timestamp
        return quoted


def _facts(text: QuotedText) -> tuple[str, ...]:
    project = text.project.rstrip("/").replace("\\", "/").rpartition("/")[2]
    return (text.source, text.who or text.kind, project, text.timestamp[:10])
