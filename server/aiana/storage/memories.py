"""Memories: what people and assistants chose to keep."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiana.errors import Conflict, InvalidQuery, NotFound
from aiana.hiding import VISIBLE_MEMORY, VISIBLE_SESSION, refuse
from aiana.models import PINNED, Memory, MemoryType, Rating, SearchFilter
from aiana.protocol.uris import memory_uri
from aiana.redaction.door import admitted, to_json
from aiana.storage.database import Database
from aiana.storage.filters import Condition, is_empty, marks, memory_condition
from aiana.storage.forgotten import Tombstones
from aiana.storage.guarded import guarded
from aiana.storage.identifiers import derived_words
from aiana.storage.migrations import RANK
from aiana.storage.pending_scrubs import owe
from aiana.storage.rows import (
    MEMORY_COLUMNS,
    DeletedRows,
    Forgotten,
    begun_with,
    bump_revision,
    check_expected,
    content_hash,
    encode_cursor,
    matching_projects,
    memory_of,
    named_project,
    place_in_list,
    project_key,
    storable,
)
from aiana.times import format_time, now, to_datetime

_SELECT = f"SELECT {MEMORY_COLUMNS} FROM memories m JOIN projects p ON p.key = m.project_key"


_MOST_AHEAD = timedelta(minutes=1)


class MemoryStore:
    """The memories of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        content: str,
        memory_type: MemoryType = "insight",
        project: str = "",
        session_id: str | None = None,
        tags: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[Memory, str | None]:
        """Store a memory; returns it, and the id of the equal memory that was there already.

        A repeated `idempotency_key` returns what its first use stored. Raises Excluded.
        """
        content = guarded(admitted(content))
        tags = [storable(tag) for tag in admitted(list(tags))]
        metadata = admitted(metadata or {})
        project, session_id = admitted(project), session_id and admitted(session_id)
        with self._database.writing() as connection:
            self._refuse_excluded(connection, project, session_id)
            if idempotency_key is not None:
                # Whatever it is made of, only its hash is kept.
                idempotency_key = content_hash(idempotency_key).hex()
                done = connection.execute(
                    f"{_SELECT} WHERE m.idempotency_key = ?", (idempotency_key,)
                ).fetchone()
                if done is not None:
                    return memory_of(done), None
            key = project_key(connection, named_project(project))
            twin = connection.execute(
                f"{_SELECT} WHERE m.content_hash = ? AND m.project_key = ?",
                (content_hash(content), key),
            ).fetchone()
            if twin is not None:
                return memory_of(twin), str(twin[0])
            id = str(uuid.uuid4())
            memory = Memory(
                id=id,
                uri=memory_uri(id),
                content=content,
                memory_type=memory_type,
                project=project,
                session_id=session_id,
                tags=tags,
                metadata=metadata,
                created_at=(moment := self._moment(connection)),
                updated_at=moment,
            )
            self._insert(connection, memory, key, idempotency_key)
        return memory, None

    @staticmethod
    def _moment(connection: sqlite3.Connection) -> str:
        """Now, but later than every other change, also of the same millisecond.

        A clock that was put back by more than a minute is believed.
        """
        moment = now()
        (latest,) = connection.execute("SELECT max(updated_at) FROM memories").fetchone()
        if latest is None or latest < moment:
            return moment
        ahead = to_datetime(latest) - to_datetime(moment)
        if ahead > _MOST_AHEAD:
            return moment
        return format_time(to_datetime(latest) + timedelta(milliseconds=1))

    def restore(self, memory: Memory) -> Memory:
        """Store a deleted memory as it was, its id and judgements too.

        Nothing happens if it is there as it was. Raises Conflict if it is there but was changed,
        and Excluded.
        """
        memory = admitted(memory)
        with self._database.writing() as connection:
            self._refuse_excluded(connection, memory.project, memory.session_id)
            row = connection.execute(f"{_SELECT} WHERE m.id = ?", (memory.id,)).fetchone()
            if row is not None:
                if memory_of(row) == memory:
                    return memory
                raise Conflict(f"There is another memory {memory.id}; nothing was restored.")
            key = project_key(connection, named_project(memory.project))
            self._insert(connection, memory, key)
            connection.execute(
                "DELETE FROM tombstones WHERE kind = 'memory' AND id = ?", (memory.id,)
            )
            Tombstones(connection).remove_text(memory.content)
        return memory

    def _refuse_excluded(
        self, connection: sqlite3.Connection, project: str, session_id: str | None
    ) -> None:
        """Raises Excluded if the settings say that nothing of a project or session is kept."""
        exclusions = self._database.exclusions(connection)
        if not exclusions:
            return
        row = connection.execute("SELECT root FROM projects WHERE id = ?", (project,)).fetchone()
        setting = exclusions.memory(project, row[0] if row else "")
        if not setting and session_id is not None:
            hidden = connection.execute(
                f"SELECT source FROM sessions WHERE id = ? AND NOT {VISIBLE_SESSION}", (session_id,)
            ).fetchone()
            setting = "what excludes the session that it is from" if hidden else ""
        refuse(setting, project)

    def merge(self, connection: sqlite3.Connection, memory: Memory) -> bool:
        """Take in a memory from an archive, inside the caller's transaction; whether it was new.

        Of two versions the one changed last stays. One that was forgotten does not come back, and
        one whose words another memory of its project has is not stored twice.
        """
        known = connection.execute(
            "SELECT updated_at FROM memories WHERE id = ?", (memory.id,)
        ).fetchone()
        key = project_key(connection, named_project(memory.project))
        known_elsewhere = connection.execute(
            "SELECT 1 FROM tombstones WHERE kind = 'memory' AND id = ?1 "
            "UNION ALL SELECT 1 FROM memories WHERE content_hash = ?2 AND project_key = ?3 "
            "AND id != ?1",
            (memory.id, content_hash(memory.content), key),
        ).fetchone()
        if (known is None and Tombstones(connection).holds_text(memory.content)) or (
            known_elsewhere is not None or (known is not None and known[0] >= memory.updated_at)
        ):
            return False
        connection.execute("DELETE FROM memories WHERE id = ?", (memory.id,))
        self._insert(connection, memory, key)
        return True

    def _insert(
        self,
        connection: sqlite3.Connection,
        memory: Memory,
        project_key: int,
        idempotency_key: str | None = None,
    ) -> None:
        connection.execute(
            "INSERT INTO memories (id, project_key, session_id, memory_type, created_at, "
            "updated_at, content_hash, idempotency_key, content, identifiers, tags, metadata, "
            "helpful, unhelpful, harmful) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                memory.id,
                project_key,
                memory.session_id,
                memory.memory_type,
                memory.created_at,
                memory.updated_at,
                content_hash(memory.content),
                idempotency_key,
                memory.content,
                derived_words(memory.content),
                to_json(memory.tags),
                storable(to_json(memory.metadata)),
                memory.helpful,
                memory.unhelpful,
                memory.harmful,
            ),
        )
        bump_revision(connection, "memories", project_key)

    def get(self, memory_id: str) -> Memory:
        """The memory with this id, or a unique beginning of it. Raises NotFound."""
        with self._database.reading() as connection:
            row = connection.execute(f"{_SELECT} WHERE m.id = ?", (memory_id,)).fetchone()
            row = row or begun_with(
                connection, "memories", f"{_SELECT} WHERE m.id BETWEEN :first AND :last", memory_id
            )
        if row is None:
            raise NotFound(f"There is no memory {memory_id}.", "It may have been forgotten.")
        return memory_of(row)

    @staticmethod
    def _exactly(connection: sqlite3.Connection, memory_id: str) -> Memory:
        """The memory to be changed: a beginning might mean another one by now."""
        row = connection.execute(
            f"{_SELECT} WHERE m.id = ? AND m.{VISIBLE_MEMORY}", (memory_id,)
        ).fetchone()
        if row is None:
            raise NotFound(f"There is no memory {memory_id}.", "Changes take the whole id.")
        return memory_of(row)

    def update(
        self,
        memory_id: str,
        content: str | None = None,
        memory_type: MemoryType | None = None,
        project: str | None = None,
        tags: Sequence[str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Memory:
        """Change what is given and leave the rest. Raises NotFound."""
        content = content and admitted(content)
        tags, metadata = tags and admitted(list(tags)), metadata and admitted(metadata)
        with self._database.writing() as connection:
            memory = self._exactly(connection, memory_id)
            changes: dict[str, Any] = {"updated_at": self._moment(connection)}
            if content is not None:
                content = guarded(content)
                (words,) = connection.execute(
                    "SELECT identifiers FROM memories WHERE id = ?", (memory.id,)
                ).fetchone()
                if content != memory.content:
                    owe(connection, Forgotten(texts=[memory.content, words]))
                changes |= {
                    "content": content,
                    "content_hash": content_hash(content),
                    "identifiers": derived_words(content),
                }
            if memory_type is not None:
                changes["memory_type"] = memory_type
            if project is not None:
                self._refuse_excluded(connection, project, None)
                changes["project_key"] = project_key(connection, named_project(project))
            if tags is not None:
                changes["tags"] = to_json([storable(tag) for tag in tags])
            if metadata is not None:
                changes["metadata"] = storable(to_json(metadata))
            self._change(connection, memory.id, changes)
            return self._exactly(connection, memory.id)

    def pin(self, memory_id: str, pinned: bool = True) -> Memory:
        """Give a memory the tag `pinned`, or take it away. Raises NotFound."""
        with self._database.writing() as connection:
            memory = self._exactly(connection, memory_id)
            if (PINNED in memory.tags) == pinned:
                return memory
            tags = [tag for tag in memory.tags if tag != PINNED] + [PINNED] * pinned
            changes = {"updated_at": self._moment(connection), "tags": to_json(tags)}
            self._change(connection, memory.id, changes)
            return self._exactly(connection, memory.id)

    def feedback(self, memory_id: str, rating: Rating) -> Memory:
        """Count one person's judgement of a memory. Raises NotFound."""
        with self._database.writing() as connection:
            memory = self._exactly(connection, memory_id)
            self._change(connection, memory.id, {rating: getattr(memory, rating) + 1})
            return self._exactly(connection, memory.id)

    @staticmethod
    def _change(connection: sqlite3.Connection, memory_id: str, changes: dict[str, Any]) -> None:
        columns = ", ".join(f"{column} = ?" for column in changes)
        connection.execute(
            f"UPDATE memories SET {columns} WHERE id = ?", (*changes.values(), memory_id)
        )
        key = connection.execute(
            "SELECT project_key FROM memories WHERE id = ?", (memory_id,)
        ).fetchone()[0]
        bump_revision(connection, "memories", key)

    def page(
        self, filter: SearchFilter | None = None, limit: int = 50, cursor: str | None = None
    ) -> tuple[list[Memory], str | None]:
        """Memories, pinned ones first, then the newest, and the cursor of the next page, if any."""
        with self._database.reading() as connection:
            where, params = self._where(connection, filter or SearchFilter())
            if cursor is not None:
                where += f" AND ({RANK}, m.key) < (?, ?)"
                params += place_in_list(cursor)
            rows = connection.execute(
                f"SELECT {MEMORY_COLUMNS}, m.key, {RANK} FROM memories m "
                f"CROSS JOIN projects p ON p.key = m.project_key WHERE {where} "
                f"ORDER BY {RANK} DESC, m.key DESC LIMIT ?",
                [*params, limit + 1],
            ).fetchall()
        page = rows[:limit]
        more = encode_cursor(page[-1][-1], page[-1][-2]) if len(rows) > limit and page else None
        return [memory_of(row) for row in page], more

    def chosen(self, ids: Sequence[str]) -> list[str]:
        """The ids, each once. Raises NotFound for one that is none."""
        with self._database.reading() as connection:
            return [self._exactly(connection, id).id for id in dict.fromkeys(ids)]

    def matching(self, filter: SearchFilter) -> list[str]:
        """Ids of all memories that a filter admits."""
        with self._database.reading() as connection:
            where, params = self._where(connection, filter)
            rows = connection.execute(f"SELECT m.id FROM memories m WHERE {where}", params)
            return [row[0] for row in rows]

    def harmful(self, memory_ids: Sequence[str]) -> set[str]:
        """Those of the memories that somebody called harmful."""
        if not memory_ids:
            return set()
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT id FROM memories WHERE id IN ({marks(memory_ids)}) AND harmful > 0",
                list(memory_ids),
            )
            return {row[0] for row in rows}

    def delete_matching(
        self, filter: SearchFilter, expected: int | None = None
    ) -> tuple[list[str], DeletedRows]:
        """Delete all that a filter admits, if they are as many as expected; returns their ids.

        Raises InvalidQuery for a filter that admits everything, and for several without a number
        to expect; Conflict if they are fewer or more.
        """
        if is_empty(filter):
            raise InvalidQuery(
                "This filter lets every memory through, so nothing was deleted: say which ones, "
                "by project, type, session or time."
            )
        with self._database.writing() as connection:
            ids = self.matching(filter)
            if expected is None and len(ids) > 1:
                raise InvalidQuery(
                    f"The filter admits {len(ids):,} memories and nothing was deleted: look at "
                    "them with a dry run, then say how many you expect."
                )
            check_expected(len(ids), expected)
            return ids, self._delete(connection, ids)

    def delete(self, memory_ids: Sequence[str], expected: int | None = None) -> DeletedRows:
        """Delete memories by their whole ids, all of them or none. Raises NotFound and Conflict."""
        ids = list(dict.fromkeys(memory_ids))
        check_expected(len(ids), expected)
        with self._database.writing() as connection:
            return self._delete(connection, ids)

    def _delete(self, connection: sqlite3.Connection, memory_ids: Sequence[str]) -> DeletedRows:
        deleted: list[int] = []
        forgotten = Forgotten()
        tombstones = Tombstones(connection)
        for memory_id in memory_ids:
            memory = self._exactly(connection, memory_id)
            key, project, words = connection.execute(
                "SELECT key, project_key, identifiers FROM memories WHERE id = ?", (memory.id,)
            ).fetchone()
            connection.execute("DELETE FROM memories WHERE key = ?", (key,))
            tombstones.add_text(memory.content)
            forgotten.memories.append(memory.id)
            forgotten.texts.extend((memory.content, words))
            forgotten.beside.extend([*memory.tags, to_json(memory.metadata)])
            connection.execute(
                "INSERT OR REPLACE INTO tombstones VALUES ('memory', 'aiana', ?, ?)",
                (memory.id, now()),
            )
            bump_revision(connection, "memories", project)
            deleted.append(-key)
        owe(connection, forgotten)
        return DeletedRows(documents=deleted, indexed=deleted, owners=deleted, forgotten=forgotten)

    @staticmethod
    def _where(connection: sqlite3.Connection, filter: SearchFilter) -> Condition:
        projects = None if filter.project is None else matching_projects(connection, filter.project)
        return memory_condition(filter, projects)
