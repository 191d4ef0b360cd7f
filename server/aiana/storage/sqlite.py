"""One SQLite file that holds everything Aiana knows."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from msgspec.structs import asdict, replace

from aiana.config import data_dir
from aiana.exclusions import Wanted, Wishes
from aiana.hiding import EDITORS, hidden
from aiana.lazy import lazy
from aiana.models import (
    SPOKEN,
    CaptureBatch,
    CapturePosition,
    Message,
    SearchFilter,
    SearchHit,
    Session,
)
from aiana.private import files_in, remove
from aiana.protocol.results import Counts, Indexing
from aiana.storage.chunks import ChunkStore, shown_vectors_of
from aiana.storage.database import Database
from aiana.storage.rows import DeletedRows, bump_revision

if TYPE_CHECKING:
    from aiana.search.text_index import TextIndex
    from aiana.storage.captures import CaptureStore
    from aiana.storage.cleaned import Cleaned
    from aiana.storage.digests import Digests
    from aiana.storage.erasing import Eraser
    from aiana.storage.file_history import FileTimeline
    from aiana.storage.line_edits import LineEdits
    from aiana.storage.memories import MemoryStore
    from aiana.storage.message_files import MessageFiles
    from aiana.storage.outcomes import Outcomes
    from aiana.storage.preferences import PreferenceStore
    from aiana.storage.session_changes import SessionChanges
    from aiana.storage.session_writer import BatchResult, SessionWriter
    from aiana.storage.sessions import SessionStore

ChangeKind = Literal["sessions", "memories", "preferences"]


class Stats(Counts):
    """What the database holds; vectors of all models."""

    database_bytes: int
    oldest: str | None
    newest: str | None
    sources: dict[str, int]
    """Sessions of each assistant."""


class AianaStorage:
    """Sessions, messages, memories and preferences in `conversations.db`.

    Safe to share between threads; any number of processes may use one database at the same time.
    Raises StorageUnavailable when the database cannot be opened.
    """

    def __init__(self, path: Path | str | None = None, wishes: Wishes | None = None) -> None:
        self._lock = threading.RLock()
        self.database = Database(Path(path) if path else data_dir() / "conversations.db", wishes)
        self.chunks = ChunkStore(self.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections of this process."""
        self.database.close()

    def list_sessions(self, project: str | None = None, limit: int = 10) -> list[Session]:
        """The newest sessions, of one project (identity, folder or name) if given."""
        return self.sessions.page(SearchFilter(project=project), limit=limit)[0]

    def get_messages(self, session_id: str) -> list[Message]:
        """All messages of a session in order. Raises NotFound."""
        return self.sessions.messages(session_id)

    def search(self, query: str, limit: int = 20, project: str | None = None) -> list[SearchHit]:
        """Messages and memories by their words, best first; see the query language."""
        from aiana.search.engine import Request, search
        from aiana.search.page import HitPage
        from aiana.search.query import merge_filters, parse

        parsed = parse(query)
        wanted = merge_filters(SearchFilter(project=project), parsed.filter)
        parsed = replace(parsed, filter=wanted)
        request = Request(query=parsed, filter=wanted, mode="keyword", now=datetime.now(UTC))
        return HitPage(self.database, parsed).of(search(request, self.text_index), limit)[0]

    @lazy
    def _writer(self) -> SessionWriter:
        from aiana.storage.session_writer import SessionWriter

        return SessionWriter()

    @lazy
    def sessions(self) -> SessionStore:
        """Sessions and their messages."""
        from aiana.storage.sessions import SessionStore

        return SessionStore(self.database, self._writer)

    @lazy
    def memories(self) -> MemoryStore:
        """The texts that somebody chose to keep."""
        from aiana.storage.memories import MemoryStore

        return MemoryStore(self.database)

    @lazy
    def preferences(self) -> PreferenceStore:
        """What a person prefers."""
        from aiana.storage.preferences import PreferenceStore

        return PreferenceStore(self.database)

    @lazy
    def captures(self) -> CaptureStore:
        """What was read of transcripts."""
        from aiana.storage.captures import CaptureStore

        return CaptureStore(self.database, self._writer, self.memories, self.preferences)

    @lazy
    def eraser(self) -> Eraser:
        """What takes deleted things out of all files."""
        from aiana.storage.erasing import Eraser

        return Eraser(self.database)

    @lazy
    def files(self) -> MessageFiles:
        """Which files, commits and branches messages had to do with."""
        from aiana.storage.message_files import MessageFiles

        return MessageFiles(self.database)

    @lazy
    def timeline(self) -> FileTimeline:
        """What sessions did to one file."""
        from aiana.storage.file_history import FileTimeline

        return FileTimeline(self.database)

    @lazy
    def line_edits(self) -> LineEdits:
        """The edits of a file by all sessions."""
        from aiana.storage.line_edits import LineEdits

        return LineEdits(self.database)

    @lazy
    def changes(self) -> SessionChanges:
        """The calls by which sessions changed files."""
        from aiana.storage.session_changes import SessionChanges

        return SessionChanges(self.database)

    @lazy
    def outcomes(self) -> Outcomes:
        """What tools answered."""
        from aiana.storage.outcomes import Outcomes

        return Outcomes(self.database)

    @lazy
    def digests(self) -> Digests:
        """Sessions in few words."""
        from aiana.storage.digests import Digests

        return Digests(self.database)

    @lazy
    def text_index(self) -> TextIndex:
        """The full-text index as ranking uses it."""
        from aiana.search.text_index import TextIndex

        return TextIndex(self.database)

    def get_stats(self) -> Stats:
        """Counts of everything that is stored and shown."""
        with self.database.reading() as connection:
            models = connection.execute("SELECT model FROM embedded").fetchall()
            vectors = sum(shown_vectors_of(connection, model) for (model,) in models)
            counts = _counts(connection, vectors)
            oldest, newest = connection.execute(
                "SELECT min(started_at), max(coalesce(ended_at, started_at)) FROM sessions"
            ).fetchone()
            sources = connection.execute(
                "SELECT source, count(*) FROM sessions GROUP BY source ORDER BY source"
            ).fetchall()
        size = self.database.path.stat().st_size
        return Stats(
            **asdict(counts),
            database_bytes=size,
            oldest=oldest,
            newest=newest,
            sources=dict(sources),
        )

    def revision(self) -> int:
        """A number that grows with every change, whichever process makes it."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT coalesce(max(revision), 0) FROM revisions").fetchone()
        return int(row[0])

    def changes_since(self, revision: int) -> tuple[list[ChangeKind], list[str], int]:
        """Kinds and projects that changed after a revision, and the newest revision."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT r.kind, p.id, r.revision FROM revisions r "
                "LEFT JOIN projects p ON p.key = r.project_key "
                "WHERE r.revision > ? AND r.kind != 'messages'",
                (revision,),
            ).fetchall()
        kinds = sorted({row[0] for row in rows})
        projects = sorted({row[1] for row in rows if row[1]})
        return kinds, projects, max((row[2] for row in rows), default=revision)

    def counts(self, model: str) -> tuple[Counts, Indexing]:
        """Everything that is stored and shown, and the texts that wait for a vector of this model.

        What is not yet cut into chunks waits as well: each message of it counts as a text.
        """
        with self.database.reading() as connection:
            counts = _counts(connection, shown_vectors_of(connection, model))
            (uncut,) = connection.execute(
                "SELECT count(*) FROM sessions s CROSS JOIN messages m ON m.session_key = s.key "
                "WHERE s.dirty_from IS NOT NULL AND m.key >= s.dirty_from AND m.content != '' "
                "AND m.type IN (SELECT value FROM json_each(?))",
                (json.dumps(SPOKEN),),
            ).fetchone()
        waiting = counts.chunks + counts.memories - counts.vectors
        return counts, Indexing(pending=max(0, waiting) + uncut)

    def redaction(self) -> Cleaned:
        """How far the rules of now have been applied to what was stored before them."""
        from aiana.storage.cleaned import cleaned_so_far

        with self.database.reading() as connection:
            return cleaned_so_far(connection)

    def pending_scrubs(self) -> int:
        """Of how many deletions files still hold something."""
        from aiana.storage.pending_scrubs import owed

        return len(owed(self.database))

    def note_exclusions(self) -> bool:
        """Have what rests on what is shown made anew, if other things are excluded by now.

        Returns whether there was anything to do. Raises StorageUnavailable.
        """
        fact = "SELECT value FROM facts WHERE name = 'hidden'"
        with self.database.reading() as connection:
            shown = self.database.excluded()
            known = connection.execute(fact).fetchone()
            if shown.fingerprint == (_fingerprint(known[0]) if known else ""):
                return False
        with self.database.writing() as connection:
            known = connection.execute(fact).fetchone()
            before = json.loads(known[0]) if known else {"sessions": [], "memories": []}
            sessions, memories = hidden(connection, shown) if shown else (set(), set())
            connection.execute("DELETE FROM facts WHERE name = 'hidden'")
            if shown:
                value = {
                    "rules": shown.fingerprint,
                    "sessions": sorted(sessions),
                    "memories": sorted(memories),
                }
                connection.execute("INSERT INTO facts VALUES ('hidden', ?)", (json.dumps(value),))
            for query, changed in (
                ("SELECT id FROM memories WHERE key = ?", memories ^ set(before["memories"])),
                ("SELECT id FROM chunks WHERE session_key = ?", sessions ^ set(before["sessions"])),
            ):
                if connection.execute("SELECT 1 FROM facts WHERE name = 'qdrant'").fetchone():
                    connection.executemany(
                        f"INSERT OR REPLACE INTO outbox (id) {query}", [(key,) for key in changed]
                    )
            for kind in ("sessions", "memories"):
                bump_revision(connection, kind, 0)
        for page in files_in(self.database.path.parent / "pages", "*"):
            remove(page)
        return True

    def note_editor(self, editor: str, wanted: Wanted) -> None:
        """Have what the settings of an editor exclude hold for all processes of the data folder."""
        name = EDITORS + editor
        value = json.dumps({key: list(entries) for key, entries in wanted.items() if entries})
        with self.database.reading() as connection:
            known = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        if (known[0] if known else "{}") != value:
            with self.database.writing() as connection:
                connection.execute("DELETE FROM facts WHERE name = ?", (name,))
                if value != "{}":
                    connection.execute("INSERT INTO facts VALUES (?, ?)", (name, value))

    def hidden(self) -> tuple[int, int]:
        """How many stored sessions and memories are excluded."""
        with self.database.reading() as connection:
            sessions, memories = connection.execute(
                "SELECT (SELECT count(*) FROM temp.hidden_sessions), "
                "(SELECT count(*) FROM temp.hidden_memories)"
            ).fetchone()
        return sessions, memories

    def rebuild_text_index(self) -> int:
        """Build the full-text index anew from its tables; returns how many texts it holds."""
        with self.database.writing() as connection:
            connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('rebuild')")
            # What other processes remember of the old index is worth nothing now.
            connection.execute(
                "INSERT OR REPLACE INTO revisions "
                "SELECT 'sessions', 0, coalesce(max(revision), 0) + 1 FROM revisions"
            )
            row = connection.execute("SELECT count(*) FROM messages_fts_docsize").fetchone()
        return int(row[0])

    def text_index_fits(self) -> bool:
        """Whether the full-text index holds what its tables hold; reads all of it."""
        check = "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)"
        with self.database.writing() as connection:
            try:
                connection.execute(check)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_CORRUPT_VTAB:
                    return False
                raise
        return True

    def remaining(self, deleted: DeletedRows) -> DeletedRows:
        """Which of the deleted things some table or index still holds: none, if all is well."""
        with self.database.reading_everything() as connection:

            def held(query: str, keys: Sequence[int]) -> list[int]:
                return [key for key in keys if connection.execute(query, (key,)).fetchone()]

            return DeletedRows(
                documents=held(
                    "SELECT 1 FROM messages WHERE key = ?1 "
                    "UNION ALL SELECT 1 FROM memories WHERE key = -?1",
                    deleted.documents,
                ),
                indexed=held("SELECT 1 FROM messages_fts_docsize WHERE id = ?", deleted.indexed),
                owners=held("SELECT 1 FROM vectors WHERE owner = ?", deleted.owners),
            )

    def capture_position(self, path: str) -> CapturePosition | None:
        """How far a transcript has been read; None if never."""
        return self.captures.position(path)

    def write_batch(self, batch: CaptureBatch) -> BatchResult:
        """Store one step of a transcript, its position included, in one transaction."""
        return self.captures.write_batch(batch)


def _fingerprint(value: str) -> str:
    return str(json.loads(value)["rules"])


def _counts(connection: sqlite3.Connection, vectors: int) -> Counts:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM sessions), "
        "(SELECT coalesce(sum(message_count), 0) FROM sessions), "
        "(SELECT count(*) FROM memories), (SELECT count(*) FROM preferences), "
        "(SELECT count(*) FROM projects p WHERE p.id != '' AND ("
        "EXISTS (SELECT 1 FROM sessions s WHERE s.project_key = p.key) OR "
        "EXISTS (SELECT 1 FROM memories m WHERE m.project_key = p.key))), "
        "(SELECT count(*) FROM chunks)"
    ).fetchone()
    names = ("sessions", "messages", "memories", "preferences", "projects", "chunks")
    return Counts(**dict(zip(names, row, strict=True)), vectors=vectors)
