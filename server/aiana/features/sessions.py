"""Sessions: listed, read, announced, recorded and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiana.container import Container
from aiana.features.deleting import receipt_of
from aiana.features.projects import Projects
from aiana.models import OWN_SOURCE, Message, Progress, SearchFilter, Session
from aiana.protocol.results import Deleted, MessageList, SessionPage, SessionResult
from aiana.times import now
from aiana.validation import checked_text, paging


class Sessions:
    """The sessions of every assistant, and those that a front end announces."""

    def __init__(self, container: Container, projects: Projects) -> None:
        self._container = container
        self._projects = projects

    def page(
        self,
        filter: SearchFilter | None = None,
        limit: int = 50,
        cursor: str | None = None,
        include_children: bool = False,
    ) -> SessionPage:
        """Sessions by their last activity. Raises InvalidQuery for a cursor that is none.

        `include_children` lists those of sub-agents, too.
        """
        from aiana.search.notes import of_empty_list, of_unread_files

        page = paging(filter, cursor)
        sessions, more = self._container.storage.sessions.page(
            page.filter, limit, page.cursor, include_children
        )
        notes = []
        if not sessions and cursor is None:
            stored = self._container.storage.get_stats().sessions
            excludes = any(self._container.storage.hidden())
            notes = [of_empty_list("sessions", page.filter, stored, excludes)]
        if page.filter.files:
            notes += of_unread_files(self._container.storage.files.unread())
        return SessionPage(sessions=sessions, next_cursor=page.next(more), notes=notes)

    def get(self, session_id: str, source: str | None = None) -> SessionResult:
        """One session, what it was about, and those of its sub-agents.

        Raises NotFound, and Conflict if several sources have one of this id.
        """
        storage = self._container.storage
        session = storage.sessions.get(session_id, source)
        return SessionResult(
            session=session,
            digest=storage.digests.of(session.id, session.source),
            agents=storage.sessions.agents(session.id, session.source),
        )

    def short_ids(self, ids: Iterable[str]) -> dict[str, str]:
        """Of each id a beginning that finds no other session."""
        return self._container.storage.sessions.short_ids(ids)

    def messages(
        self,
        session_id: str,
        around: str | None = None,
        limit: int | None = None,
        source: str | None = None,
    ) -> MessageList:
        """Messages of a session in order. Raises NotFound and Conflict."""
        return MessageList(
            messages=self._container.storage.sessions.messages(session_id, around, limit, source)
        )

    def delete(
        self,
        session_id: str,
        dry_run: bool = False,
        source: str | None = None,
        progress: Progress | None = None,
    ) -> Deleted:
        """Delete a session, by its whole id, and those of its sub-agents for good.

        Later imports leave them out. Raises NotFound and Conflict.
        """
        if dry_run:
            ids = self._container.storage.sessions.family(session_id, source)
            return Deleted(deleted=len(ids), ids=ids)
        ids, deleted = self._container.storage.sessions.delete(session_id, source)
        return Deleted(
            deleted=len(ids),
            ids=ids,
            receipt=receipt_of(self._container, deleted, sessions=ids, progress=progress),
        )

    def start(
        self, session_id: str, project: str, metadata: dict[str, Any] | None = None
    ) -> SessionResult:
        """Note that a session has begun; a session that is known already keeps what it has."""
        session = Session(
            id=session_id,
            source=OWN_SOURCE,
            project=self._projects.of(project),
            project_path=project,
            started_at=now(),
            metadata=metadata or {},
        )
        stored = self._container.storage.sessions.put(session)
        self._container.cache.set_active_session(stored.id, stored.project, session.metadata)
        self._note("session started", stored)
        return SessionResult(session=stored)

    def end(
        self, session_id: str, summary: str | None = None, source: str | None = None
    ) -> SessionResult:
        """Note that a session has ended; without a source first of all one that was announced.

        Raises NotFound and Conflict.
        """
        if source is None and OWN_SOURCE in self._container.storage.sessions.sources(session_id):
            source = OWN_SOURCE
        text = None if summary is None else checked_text(summary)
        session = self._container.storage.sessions.end(session_id, now(), text, source)
        self._container.cache.end_session(session.id)
        self._note("session ended", session)
        return SessionResult(session=session)

    def record(self, session: Session, messages: Sequence[Message]) -> int:
        """Store messages that no transcript holds; returns how many are new or changed.

        Secrets are taken out first. Messages are told apart by their ids within the session.
        """
        return self._container.storage.sessions.record(session, messages)

    def _note(self, kind: str, session: Session) -> None:
        activity = {"kind": kind, "id": session.id, "project": session.project}
        self._container.cache.record_activity(activity)
