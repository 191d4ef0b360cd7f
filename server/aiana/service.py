"""Aiana: the only thing that the front ends call. Thread safe; every method may block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from aiana.container import Container
from aiana.errors import InvalidQuery, NotFound
from aiana.models import Memory, MemoryType, Message, Mode, Rating, Scope, SearchFilter, Session
from aiana.private import files_in, remove
from aiana.protocol import results
from aiana.protocol.uris import MemoryAddress
from aiana.protocol.uris import parse as parse_uri
from aiana.render.markdown import export_session
from aiana.times import now
from aiana.validation import (
    checked_text,
    resolved_filter,
    resolved_time,
    restorable,
)

if TYPE_CHECKING:
    from aiana.storage.rows import Gone

OWN_SOURCE = "aiana"
FIRST_ANSWER_S = 0.25
"""What a deletion waits for a server that was never asked yet."""

Progress = Callable[[int, int, str], None]


class Aiana(Container):
    """One memory: the database, its indexes and the embedder behind one face.

    Opening it costs nothing; the database is opened, and the model loaded, at first use.
    """

    def limit_contexts(self, max_tokens: int) -> None:
        """Use another budget, in tokens, for contexts whose caller names none."""
        self.config = replace(self.config, context_max_tokens=max_tokens)

    def project_of(self, folder: str | Path) -> str:
        """Identity of the project that a folder or file belongs to."""
        from aiana.projects import folders_of, project_of
        from aiana.storage.rows import projects_at

        with self.storage.database.reading() as connection:
            for key in projects_at(connection, str(folder)):
                row = connection.execute("SELECT id FROM projects WHERE key = ?", (key,)).fetchone()
                return str(row[0])
        return project_of(folders_of(str(folder))[-1]).id

    def project_named(self, project: str) -> str:
        """Identity of a project that is named by its path, or by its identity already."""
        from aiana.projects import is_path

        return self.project_of(project) if is_path(project) else project

    def search(
        self,
        query: str,
        limit: int = 20,
        cursor: str | None = None,
        mode: Mode = "hybrid",
        filter: SearchFilter | None = None,
        group_by_session: bool = False,
        partial: Callable[[results.SearchResult], None] | None = None,
        wait_for_model: bool = False,
    ) -> results.SearchResult:
        """Find messages and memories by words and by meaning; see the query language.

        Raises InvalidQuery for a cursor that is none, ModelUnavailable if `mode` is `semantic`
        and there is no model.
        """
        from aiana.search.page import reference_of

        reference = reference_of(cursor)
        return self.searcher.search(
            query,
            limit=limit,
            cursor=cursor,
            mode=mode,
            filter=resolved_filter(filter, reference),
            reference=reference,
            group_by_session=group_by_session,
            partial=partial,
            wait_for_model=wait_for_model,
        )

    def context(
        self,
        query: str | None = None,
        project: str | None = None,
        scope: Scope = "project",
        max_tokens: int | None = None,
        refresh: bool = False,
        wait_for_model: bool = False,
    ) -> results.ContextResult:
        """A block of what is worth knowing, within `max_tokens`, to put before a chat.

        `refresh` builds it anew though one that is still true was kept.
        """
        project = None if project is None else self.project_named(project)
        budget = self.config.context_max_tokens if max_tokens is None else max_tokens
        stamp = self.contexts.stamp(project, scope)
        built = None
        if not refresh:
            built = self.contexts.get(query, project, scope, budget, stamp)
        if built is None:
            built = self.context_builder.build(
                query,
                project=project,
                scope=scope,
                max_tokens=budget,
                wait_for_model=wait_for_model,
            )
            # What a server did not answer, SQLite did; only without a model is it less.
            built.degraded = [entry for entry in built.degraded if entry.tier == "embedder"]
            if not built.degraded:
                self.contexts.put(query, project, scope, budget, stamp, built)
        built.degraded += [link.down for link in self.links() if link.down is not None]
        return built

    def add_memory(
        self,
        content: str,
        memory_type: MemoryType = "insight",
        project: str = "",
        session_id: str | None = None,
        tags: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> results.MemoryAdded:
        """Keep a text; secrets are taken out first. Raises TooLarge and InvalidQuery."""
        from aiana.redaction.door import admit

        project = self.project_named(project)
        given = (checked_text(content), list(tags), metadata or {}, project, session_id or "")
        (text, tags, metadata, project, session), redactions = admit(given)
        memory, twin = self.storage.memories.add(
            text,
            memory_type,
            project=project,
            session_id=session or None,
            tags=tags,
            metadata=metadata,
            idempotency_key=idempotency_key,
        )
        if twin is None:
            self._note("memory", memory.id, memory.project)
        return results.MemoryAdded(memory=memory, duplicate_of=twin, redactions=redactions)

    def get_memory(self, memory_id: str) -> results.MemoryResult:
        """One memory by its id, in a team also a colleague's. Raises NotFound."""
        try:
            memory = self.storage.memories.get(memory_id)
        except NotFound:
            if (shared := self.searcher.memory_of_colleague(memory_id)) is None:
                raise
            memory = shared
        return results.MemoryResult(memory=memory)

    def update_memory(
        self,
        memory_id: str,
        content: str | None = None,
        memory_type: MemoryType | None = None,
        project: str | None = None,
        tags: Sequence[str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> results.MemoryResult:
        """Change what is given and leave the rest. Raises NotFound and TooLarge.

        Words that no text has any more are gone from every file but backups.
        """
        from aiana.storage.forgetting import scrub_changed

        old = None
        if content is not None:
            (known,) = self.storage.memories.chosen([memory_id])
            old = self.storage.memories.get(known).content
        memory = self.storage.memories.update(
            memory_id,
            content=None if content is None else checked_text(content),
            memory_type=memory_type,
            project=None if project is None else self.project_named(project),
            tags=tags,
            metadata=metadata,
        )
        if old is not None and old != memory.content:
            for page in files_in(self.config.pages_dir, "*"):
                remove(page)
            scrub_changed(self.storage.database, [old])
        return results.MemoryResult(memory=memory)

    def list_memories(
        self, filter: SearchFilter | None = None, limit: int = 50, cursor: str | None = None
    ) -> results.MemoryPage:
        """Memories, pinned first, then newest. Raises InvalidQuery for a cursor that is none."""
        wanted = resolved_filter(filter)
        memories, more = self.storage.memories.page(wanted, limit, cursor)
        notes = [] if memories or cursor else [self._why_empty("memories", wanted)]
        return results.MemoryPage(memories=memories, next_cursor=more, notes=notes)

    def _why_empty(self, things: Literal["sessions", "memories"], wanted: SearchFilter) -> str:
        from aiana.search.notes import of_empty_list

        return of_empty_list(things, wanted, getattr(self.storage.get_stats(), things))

    def delete_memories(
        self,
        ids: Sequence[str] | None = None,
        filter: SearchFilter | None = None,
        dry_run: bool = False,
        expected: int | None = None,
    ) -> results.Deleted:
        """Delete memories by their whole ids or by a filter, and verify that no index holds them.

        `expected` is how many a dry run counted; a filter that admits several needs it. Raises
        NotFound, Conflict if there are more or fewer by now, and InvalidQuery for an empty filter
        or unless exactly one of `ids` and `filter` is given.
        """
        if (ids is None) == (filter is None):
            raise InvalidQuery("Give either ids or a filter.")

        memories = self.storage.memories
        wanted = resolved_filter(filter)
        if dry_run:
            chosen = memories.matching(wanted) if ids is None else memories.chosen(ids)
            return results.Deleted(deleted=len(chosen), ids=chosen)
        if ids is None:
            chosen, gone = memories.delete_matching(wanted, expected)
        else:
            chosen = memories.chosen(ids)
            gone = memories.delete(chosen, expected)
        return results.Deleted(deleted=len(chosen), ids=chosen, receipt=self._receipt(gone, chosen))

    def restore_memory(self, memory: Memory) -> results.MemoryResult:
        """Undo a deletion: the memory as it was, with its id. Raises Conflict and InvalidQuery."""
        restored = self.storage.memories.restore(restorable(memory))
        self._note("memory", restored.id, restored.project)
        return results.MemoryResult(memory=restored)

    def rate_memory(self, memory_id: str, rating: Rating) -> results.MemoryResult:
        """Count one person's judgement of a memory. Raises NotFound."""
        return results.MemoryResult(memory=self.storage.memories.feedback(memory_id, rating))

    def list_sessions(
        self,
        filter: SearchFilter | None = None,
        limit: int = 50,
        cursor: str | None = None,
        include_children: bool = False,
    ) -> results.SessionPage:
        """Sessions by their last activity. Raises InvalidQuery for a cursor that is none.

        `include_children` lists those of sub-agents, too.
        """
        wanted = resolved_filter(filter)
        sessions, more = self.storage.sessions.page(wanted, limit, cursor, include_children)
        notes = [] if sessions or cursor else [self._why_empty("sessions", wanted)]
        return results.SessionPage(sessions=sessions, next_cursor=more, notes=notes)

    def get_session(self, session_id: str, source: str | None = None) -> results.SessionResult:
        """One session. Raises NotFound, and Conflict if several sources have one of this id."""
        return results.SessionResult(session=self.storage.sessions.get(session_id, source))

    def session_messages(
        self,
        session_id: str,
        around: str | None = None,
        limit: int | None = None,
        source: str | None = None,
    ) -> results.MessageList:
        """Messages of a session in order. Raises NotFound and Conflict."""
        return results.MessageList(
            messages=self.storage.sessions.messages(session_id, around, limit, source)
        )

    def export_session(
        self,
        session_id: str,
        format: Literal["markdown", "json"] = "markdown",
        source: str | None = None,
    ) -> results.Exported:
        """A session as a document. Raises NotFound and Conflict."""
        session, messages = self._whole_session(session_id, source)
        return results.Exported(format=format, text=export_session(session, messages, format))

    def read_page(self, uri: str, navigation: bool = False) -> results.Page:
        """What an `aiana:` URI shows. Raises NotFound, also for one that names nothing of Aiana's.

        With `navigation` the turns of a session lead to their neighbours.
        """
        from aiana.render.pages import memory_page, session_page

        address = parse_uri(uri)
        if isinstance(address, MemoryAddress):
            return memory_page(self.get_memory(address.id).memory)
        session, messages = self._whole_session(address.id, address.source)
        return session_page(session, messages, address.message, navigation=navigation)

    def _whole_session(
        self, session_id: str, source: str | None
    ) -> tuple[Session, Sequence[Message]]:
        session = self.storage.sessions.get(session_id, source)
        return session, self.storage.sessions.messages(session.id, source=session.source)

    def delete_session(
        self, session_id: str, dry_run: bool = False, source: str | None = None
    ) -> results.Deleted:
        """Delete a session, by its whole id, and those of its sub-agents for good.

        Later imports leave them out. Raises NotFound and Conflict.
        """
        if dry_run:
            ids = self.storage.sessions.family(session_id, source)
            return results.Deleted(deleted=len(ids), ids=ids)
        ids, gone = self.storage.sessions.delete(session_id, source)
        return results.Deleted(deleted=len(ids), ids=ids, receipt=self._receipt(gone, sessions=ids))

    def start_session(
        self, session_id: str, project: str, metadata: dict[str, Any] | None = None
    ) -> results.SessionResult:
        """Note that a session has begun; a session that is known already keeps what it has."""
        session = Session(
            id=session_id,
            source=OWN_SOURCE,
            project=self.project_of(project),
            project_path=project,
            started_at=now(),
            metadata=metadata or {},
        )
        stored = self.storage.sessions.put(session)
        self.cache.set_active_session(stored.id, stored.project, session.metadata)
        self._note("session started", stored.id, stored.project)
        return results.SessionResult(session=stored)

    def end_session(
        self, session_id: str, summary: str | None = None, source: str | None = None
    ) -> results.SessionResult:
        """Note that a session has ended; without a source first of all one that was announced.

        Raises NotFound and Conflict.
        """
        if source is None and OWN_SOURCE in self.storage.sessions.sources(session_id):
            source = OWN_SOURCE
        text = None if summary is None else checked_text(summary)
        session = self.storage.sessions.end(session_id, now(), text, source)
        self.cache.end_session(session.id)
        self._note("session ended", session.id, session.project)
        return results.SessionResult(session=session)

    def active_session(self, session_id: str) -> dict[str, Any] | None:
        """What is known of a session that is going on; None if it is not."""
        return self.cache.get_active_session(session_id)

    def recent_activities(self, limit: int = 50) -> list[dict[str, Any]]:
        """What was remembered, begun and ended lately, newest first."""
        return self.cache.recent_activities(limit)

    def record_messages(self, session: Session, messages: Sequence[Message]) -> int:
        """Store messages that no transcript holds; returns how many are new or changed.

        Secrets are taken out first. Messages are told apart by their ids within the session.
        """
        return self.storage.sessions.record(session, messages)

    def add_preference(self, text: str, static: bool = True) -> results.Profile:
        """Keep a preference; secrets are taken out first. Raises TooLarge."""
        self.storage.preferences.add(checked_text(text), static=static)
        self.cache.publish_profile()
        return self.profile()

    def remove_preference(self, preference_id: str) -> results.Profile:
        """Delete a preference by its whole id. Raises NotFound."""
        from aiana.storage.forgetting import scrub
        from aiana.storage.rows import Forgotten

        removed = self.storage.preferences.remove(preference_id)
        self.cache.invalidate_context()
        scrub(self.storage.database, Forgotten(preferences=[removed.id], texts=[removed.text]))
        self.cache.publish_profile()
        return self.profile()

    def profile(self) -> results.Profile:
        """All preferences."""
        preferences = self.storage.preferences.all()
        return results.Profile(
            static=[p for p in preferences if p.static],
            dynamic=[p for p in preferences if not p.static],
        )

    def import_sessions(
        self,
        sources: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        since: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> results.ImportResult:
        """Read what is new in the transcripts on this machine.

        `sources` names assistants, `paths` files and folders; neither means all assistants. A bad
        file is reported and stops no other. Raises NotFound for an unknown source.
        """
        from aiana.capture.importer import import_sources

        return import_sources(
            self.storage,
            sources=sources,
            paths=paths,
            since=None if since is None else resolved_time(since),
            progress=progress,
            cancelled=cancelled,
        )

    def capture_sources(self) -> results.SourceList:
        """The assistants on this machine: what is on disk, stored, missing and about to expire."""
        from aiana.capture.inventory import capture_sources

        return results.SourceList(sources=capture_sources(self.storage))

    def changes_since(self, revision: int | None) -> tuple[results.Changes, int]:
        """What any process changed after that revision, and the revision of now; None is now."""
        if revision is None:
            return results.Changes(kinds=[], projects=[]), self.storage.revision()
        kinds, projects, latest = self.storage.changes_since(revision)
        return results.Changes(kinds=kinds, projects=projects), latest

    def status(self) -> results.Status:
        """The state of everything; never raises, since it is what people ask when all is broken."""
        from aiana.diagnostics.status import status_of

        return status_of(self)

    def diagnose(self, fix: bool = False) -> results.Diagnosis:
        """Check everything; with `fix`, mend what can be mended safely and check again."""
        from aiana.diagnostics.doctor import diagnose

        return diagnose(self, fix)

    def reindex(
        self,
        targets: Sequence[str] = ("fts", "vectors", "qdrant"),
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> results.Reindexed:
        """Rebuild indexes from what is stored. Raises ModelUnavailable and Conflict."""
        return self.indexer.rebuild(targets, progress=progress, cancelled=cancelled)

    def index_pending(
        self,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> int:
        """Embed what waits for it; returns how many texts. 0 if another process is at it."""
        return self.indexer.index_pending(progress, cancelled)

    def _note(self, kind: str, id: str, project: str) -> None:
        self.cache.record_activity({"kind": kind, "id": id, "project": project})

    def _receipt(
        self, gone: Gone, ids: Sequence[str] = (), sessions: Sequence[str] = ()
    ) -> results.Receipt:
        """What is verified gone, of these memories or sessions, wherever it was kept."""
        from aiana.storage.forgetting import scrub

        for page in files_in(self.config.pages_dir, "*"):
            remove(page)
        remaining = self.storage.remaining(gone)
        away = self.qdrant is not None and self.qdrant.forget(ids, sessions)
        link = self.cache.link
        if link is not None:
            link.wait(FIRST_ANSWER_S)
        # No context may quote any longer what is deleted.
        forgotten = len(gone.documents) if self.cache.forget([*ids, *sessions]) else 0
        traces = scrub(self.storage.database, gone.forgotten)
        return results.Receipt(
            sqlite=len(gone.documents) - len(remaining.documents),
            fts=len(gone.indexed) - len(remaining.indexed),
            vectors=len(gone.owners) - len(remaining.owners),
            redis=None if link is None else forgotten,
            qdrant=None if self.qdrant is None else len(gone.owners) if away else 0,
            traces=[str(path) for path in traces],
        )
