"""Search, and the context block that search makes."""

from __future__ import annotations

from collections.abc import Callable

from aiana.container import Container
from aiana.features.capturing import Capturing
from aiana.features.projects import Projects
from aiana.models import Mode, Scope, SearchFilter
from aiana.protocol.results import ContextResult, SearchResult
from aiana.validation import resolved_filter


class Searching:
    """What is stored, by words and by meaning."""

    def __init__(self, container: Container, projects: Projects, capturing: Capturing) -> None:
        self._container = container
        self._projects = projects
        self._capturing = capturing

    def search(
        self,
        query: str,
        limit: int = 20,
        cursor: str | None = None,
        mode: Mode = "hybrid",
        filter: SearchFilter | None = None,
        group_by_session: bool = False,
        partial: Callable[[SearchResult], None] | None = None,
        wait_for_model: bool = False,
        explain: bool = False,
    ) -> SearchResult:
        """Find messages and memories by words and by meaning; see the query language.

        With `explain` the answer and its hits carry `reasons`.

        Raises InvalidQuery for a cursor that is none, ModelUnavailable if `mode` is `semantic`
        and there is no model.
        """
        searcher = self._container.searcher
        from aiana.search.page import reference_of

        reference = reference_of(cursor)
        result = searcher.search(
            query,
            limit=limit,
            cursor=cursor,
            mode=mode,
            filter=resolved_filter(filter, reference),
            reference=reference,
            group_by_session=group_by_session,
            partial=partial,
            wait_for_model=wait_for_model,
            explain=explain,
        )
        if not result.hits and cursor is None:
            from aiana.search.query import parse

            named = [*parse(query).filter.sources, *(filter.sources if filter else ())]
            if unknown := self._capturing.unknown_source(named):
                result.notes.insert(0, unknown)
        return result

    def context(
        self,
        query: str | None = None,
        project: str | None = None,
        scope: Scope = "project",
        max_tokens: int | None = None,
        refresh: bool = False,
        wait_for_model: bool = False,
    ) -> ContextResult:
        """A block of what is worth knowing, within `max_tokens`, to put before a chat.

        `refresh` builds it anew though one that is still true was kept.
        """
        project = None if project is None else self._projects.named(project)
        budget = self._container.config.context_max_tokens if max_tokens is None else max_tokens
        stamp = self._container.contexts.stamp(project, scope)
        built = None
        if not refresh:
            built = self._container.contexts.get(query, project, scope, budget, stamp)
        if built is None:
            built = self._container.context_builder.build(
                query,
                project=project,
                scope=scope,
                max_tokens=budget,
                wait_for_model=wait_for_model,
            )
            # What a server did not answer, SQLite did; only without a model is it less.
            built.degraded = [entry for entry in built.degraded if entry.tier == "embedder"]
            if not built.degraded:
                self._container.contexts.put(query, project, scope, budget, stamp, built)
        built.degraded += [link.down for link in self._container.links() if link.down is not None]
        return built
