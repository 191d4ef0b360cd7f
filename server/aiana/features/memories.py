"""Memories: the texts that a person or an assistant chose to keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiana.container import Container
from aiana.errors import InvalidQuery, NotFound
from aiana.features.deleting import forget_pages, receipt_of, scrubbed
from aiana.features.projects import Projects
from aiana.models import Memory, MemoryType, Progress, Rating, SearchFilter
from aiana.protocol.results import Deleted, MemoryAdded, MemoryPage, MemoryResult
from aiana.validation import checked_text, paging, resolved_filter, restorable


class Memories:
    """Keep, read, change, judge and delete memories."""

    def __init__(self, container: Container, projects: Projects) -> None:
        self._container = container
        self._projects = projects

    def add(
        self,
        content: str,
        memory_type: MemoryType = "insight",
        project: str = "",
        session_id: str | None = None,
        tags: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> MemoryAdded:
        """Keep a text; secrets are taken out first. Raises TooLarge, InvalidQuery and Excluded."""
        from aiana.redaction.door import admit

        project = self._projects.named(project)
        self._projects.refuse_excluded(project)
        given = (checked_text(content), list(tags), metadata or {}, project, session_id or "")
        (text, tags, metadata, project, session), redactions = admit(given)
        if not text.strip():
            raise InvalidQuery("Nothing was kept: all of this text is marked private.")
        memory, twin = self._container.storage.memories.add(
            text,
            memory_type,
            project=project,
            session_id=session or None,
            tags=tags,
            metadata=metadata,
            idempotency_key=idempotency_key,
        )
        if twin is None:
            self._note(memory)
        return MemoryAdded(memory=memory, duplicate_of=twin, redactions=redactions)

    def get(self, memory_id: str) -> MemoryResult:
        """One memory by its id, in a team also a colleague's. Raises NotFound."""
        try:
            memory = self._container.storage.memories.get(memory_id)
        except NotFound:
            if (shared := self._container.searcher.memory_of_colleague(memory_id)) is None:
                raise
            memory = shared
        return MemoryResult(memory=memory)

    def update(
        self,
        memory_id: str,
        content: str | None = None,
        memory_type: MemoryType | None = None,
        project: str | None = None,
        tags: Sequence[str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> MemoryResult:
        """Change what is given and leave the rest. Raises NotFound and TooLarge.

        Words that no text has any more are gone from every file but backups.
        """
        memory = self._container.storage.memories.update(
            memory_id,
            content=None if content is None else checked_text(content),
            memory_type=memory_type,
            project=None if project is None else self._projects.named(project),
            tags=tags,
            metadata=metadata,
        )
        if content is not None:
            forget_pages(self._container)
            scrubbed(self._container)
        return MemoryResult(memory=memory)

    def page(
        self, filter: SearchFilter | None = None, limit: int = 50, cursor: str | None = None
    ) -> MemoryPage:
        """Memories, pinned first, then newest. Raises InvalidQuery for a cursor that is none."""
        from aiana.search.notes import of_empty_list

        page = paging(filter, cursor)
        memories, more = self._container.storage.memories.page(page.filter, limit, page.cursor)
        notes = []
        if not memories and cursor is None:
            stored = self._container.storage.get_stats().memories
            excludes = any(self._container.storage.hidden())
            notes = [of_empty_list("memories", page.filter, stored, excludes)]
        return MemoryPage(memories=memories, next_cursor=page.next(more), notes=notes)

    def delete(
        self,
        ids: Sequence[str] | None = None,
        filter: SearchFilter | None = None,
        dry_run: bool = False,
        expected: int | None = None,
        progress: Progress | None = None,
    ) -> Deleted:
        """Delete memories by their whole ids or by a filter, and verify that no index holds them.

        `expected` is how many a dry run counted; a filter that admits several needs it. Raises
        NotFound, Conflict if there are more or fewer by now, and InvalidQuery for an empty filter
        or unless exactly one of `ids` and `filter` is given.
        """
        if (ids is None) == (filter is None):
            raise InvalidQuery("Give either ids or a filter.")

        memories = self._container.storage.memories
        wanted = resolved_filter(filter)
        if dry_run:
            chosen = memories.matching(wanted) if ids is None else memories.chosen(ids)
            return Deleted(deleted=len(chosen), ids=chosen)
        if ids is None:
            chosen, deleted = memories.delete_matching(wanted, expected)
        else:
            chosen = memories.chosen(ids)
            deleted = memories.delete(chosen, expected)
        return Deleted(
            deleted=len(chosen),
            ids=chosen,
            receipt=receipt_of(self._container, deleted, chosen, progress=progress),
        )

    def restore(self, memory: Memory) -> MemoryResult:
        """Undo a deletion: the memory as it was, with its id. Raises Conflict and InvalidQuery."""
        restored = self._container.storage.memories.restore(restorable(memory))
        self._note(restored)
        return MemoryResult(memory=restored)

    def rate(self, memory_id: str, rating: Rating) -> MemoryResult:
        """Count one person's judgement of a memory. Raises NotFound."""
        return MemoryResult(memory=self._container.storage.memories.feedback(memory_id, rating))

    def pin(self, memory_id: str, pinned: bool = True) -> MemoryResult:
        """Let a memory stand first in every list, or no longer. Raises NotFound."""
        return MemoryResult(memory=self._container.storage.memories.pin(memory_id, pinned))

    def _note(self, memory: Memory) -> None:
        activity = {"kind": "memory", "id": memory.id, "project": memory.project}
        self._container.cache.record_activity(activity)
