"""Documents as search sees them: messages (key > 0) and memories (key < 0), one kind of key."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from aiana.models import OWN_SOURCE, Kind, MemoryType, SearchHit
from aiana.protocol.uris import memory_uri, session_uri
from aiana.storage.database import Database
from aiana.storage.filters import marks

_MOST_ANSWERS = 50


class Document(Struct, frozen=True, kw_only=True):
    """A message or memory with all that a search hit shows of it."""

    key: int
    id: str
    kind: Kind
    type: str
    content: str
    timestamp: str
    project: str
    source: str
    role: str | None = None
    tool_name: str | None = None
    session_id: str | None = None
    session_title: str | None = None
    memory_type: MemoryType | None = None

    @property
    def speaker(self) -> str:
        """Who speaks, or what: the role, `thinking`, a tool's name, a memory's type."""
        if self.type == "thinking":
            return self.type
        return self.tool_name or self.memory_type or self.role or self.type

    @property
    def uri(self) -> str:
        """Where the document can be opened."""
        if self.kind == "memory":
            return memory_uri(self.id)
        return session_uri(self.source, self.session_id or "", self.id)


def fetch_documents(database: Database, keys: Sequence[int]) -> dict[int, Document]:
    """The documents with these keys; those that are gone by now are left out."""
    found: dict[int, Document] = {}
    messages = [key for key in keys if key > 0]
    memories = [-key for key in keys if key < 0]
    with database.reading() as connection:
        for row in (
            connection.execute(
                "SELECT m.key, m.id, m.type, m.content, m.timestamp, p.id, s.source, m.role, "
                "m.tool_name, s.id, s.title FROM messages m "
                "JOIN sessions s ON s.key = m.session_key "
                f"JOIN projects p ON p.key = s.project_key WHERE m.key IN ({marks(messages)})",
                messages,
            )
            if messages
            else ()
        ):
            found[row[0]] = Document(
                key=row[0],
                id=row[1],
                kind="message",
                type=row[2],
                content=row[3],
                timestamp=row[4],
                project=row[5],
                source=row[6],
                role=row[7],
                tool_name=row[8],
                session_id=row[9],
                session_title=row[10],
            )
        for row in (
            connection.execute(
                "SELECT m.key, m.id, m.content, m.created_at, p.id, m.memory_type, m.session_id "
                "FROM memories m JOIN projects p ON p.key = m.project_key "
                f"WHERE m.key IN ({marks(memories)})",
                memories,
            )
            if memories
            else ()
        ):
            found[-row[0]] = Document(
                key=-row[0],
                id=row[1],
                kind="memory",
                type="memory",
                content=row[2],
                timestamp=row[3],
                project=row[4],
                source=OWN_SOURCE,
                memory_type=row[5],
                session_id=row[6],
            )
    return found


def answers_to(database: Database, question: SearchHit) -> list[Document]:
    """What an assistant said after a message and before the next of the user, in order."""
    with database.reading() as connection:
        keys = [
            key
            for (key,) in connection.execute(
                "WITH asked AS (SELECT m.session_key AS session, m.position AS place "
                "FROM messages m JOIN sessions s ON s.key = m.session_key "
                "WHERE m.id = ? AND s.id = ? AND s.source = ?) "
                "SELECT m.key FROM messages m, asked WHERE m.session_key = asked.session "
                "AND m.position > asked.place AND m.type = 'assistant' "
                "AND m.position < coalesce((SELECT min(n.position) FROM messages n "
                "WHERE n.session_key = asked.session AND n.position > asked.place "
                "AND n.type = 'user'), 9223372036854775807) "
                "ORDER BY m.position LIMIT ?",
                (question.id, question.session_id, question.source, _MOST_ANSWERS),
            )
        ]
        documents = fetch_documents(database, keys)
    return [documents[key] for key in keys if key in documents]
