"""Forgetting by what things have in common: shown first, then done, then verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiana.container import Container
from aiana.features.deleting import receipt_of
from aiana.models import Progress, SearchFilter
from aiana.protocol.results import Forgetting as Result
from aiana.protocol.results import ForgottenThing
from aiana.validation import resolved_filter

if TYPE_CHECKING:
    from aiana.storage.erasing import Chosen

SHOWN = 20
"""Things that a dry run names."""


class Forgetting:
    """Forgets what a filter admits, what the settings exclude, or what was kept for long enough."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def forget(
        self,
        filter: SearchFilter | None = None,
        text: str | None = None,
        excluded: bool = False,
        expired: bool = False,
        dry_run: bool = False,
        expected: int | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Forget messages and memories, and the sessions of which nothing is left.

        `expected` is the `deleted` of a dry run; more than one thing needs it. Raises Conflict if
        there is more or less by now, and InvalidQuery for a filter that lets everything through.
        """
        from aiana.storage.erasing import Wish
        from aiana.storage.retention import retention_in_force

        wish = Wish(filter=resolved_filter(filter), text=text, excluded=excluded, expired=expired)
        eraser = self._container.storage.eraser
        retention = retention_in_force(self._container.config)
        if dry_run:
            chosen = eraser.choose(wish, retention)
            return self._result(chosen, eraser.named(chosen, SHOWN))
        erased = eraser.erase(wish, retention, expected)
        result = self._result(erased.chosen, [])
        result.ids = [*erased.sessions, *erased.memories]
        result.receipt = receipt_of(
            self._container,
            erased.rows,
            erased.memories,
            erased.sessions,
            erased.touched,
            progress,
        )
        return result

    @staticmethod
    def _result(chosen: Chosen, first: list[ForgottenThing]) -> Result:
        return Result(
            deleted=chosen.things,
            ids=[],
            sessions=len(chosen.sessions),
            messages=len(chosen.messages),
            memories=len(chosen.memories),
            hidden=len(chosen.unseen),
            first=first,
        )
