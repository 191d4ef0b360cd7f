"""Contexts that were built before, as long as nothing they were built from has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aiana.models import Scope
from aiana.protocol.results import ContextResult
from aiana.storage.rows import content_hash, matching_projects

if TYPE_CHECKING:
    from aiana.storage import AianaStorage
    from aiana.storage.tiered_cache import TieredCache

ALL = "*"
"""Where contexts of all projects are kept."""
_STAMP = """
SELECT (SELECT value FROM facts WHERE name = 'store'),
    (SELECT coalesce(max(revision), 0) FROM revisions
        WHERE ?1 OR kind = 'preferences' OR project_key IN (SELECT value FROM json_each(?2))),
    (SELECT coalesce(max(key), 0) FROM vectors)
"""


class _Kept(msgspec.Struct, frozen=True):
    stamp: str
    result: ContextResult


class ContextCache:
    """The contexts of one user.

    Each is kept with a stamp of the database's state from before it was built. A context with
    another stamp is not used, so that a change which any process made counts at once, even where
    nobody could tell the cache of it.
    """

    def __init__(self, storage: AianaStorage, cache: TieredCache, user: str) -> None:
        self._storage = storage
        self._cache = cache
        self._user = user

    def stamp(self, project: str | None, scope: Scope) -> str:
        """The state of all that a context of this project is built from."""
        with self._storage.database.reading() as connection:
            keys = matching_projects(connection, project or "")
            row = connection.execute(
                _STAMP, (scope == "all", msgspec.json.encode(keys).decode())
            ).fetchone()
            hidden = self._storage.database.hidden
        return "/".join(map(str, (*row, hidden) if hidden else row))

    def get(
        self, query: str | None, project: str | None, scope: Scope, max_tokens: int, stamp: str
    ) -> ContextResult | None:
        """The context that was built from this state; None if there is none."""
        variant = self._variant(query, project, max_tokens, stamp)
        text = self._cache.get_cached_context(_place(project, scope), variant)
        try:
            kept = None if text is None else msgspec.json.decode(text, type=_Kept)
        except msgspec.DecodeError:  # Another version of Aiana wrote it.
            return None
        if kept is None or kept.stamp != stamp:
            return None
        return msgspec.structs.replace(kept.result, cached=True)

    def put(
        self,
        query: str | None,
        project: str | None,
        scope: Scope,
        max_tokens: int,
        stamp: str,
        result: ContextResult,
    ) -> None:
        """Keep a context that was built from the state of this stamp, or a newer one."""
        variant = self._variant(query, project, max_tokens, stamp)
        text = msgspec.json.encode(_Kept(stamp, result)).decode()
        self._cache.cache_context(_place(project, scope), text, variant)

    def _variant(self, query: str | None, project: str | None, max_tokens: int, stamp: str) -> str:
        """Tells contexts apart that were asked for differently, or of another database."""
        store = stamp.partition("/")[0]
        asked = msgspec.json.encode([self._user, store, query, project, max_tokens])
        return content_hash(asked.decode()).hex()


def _place(project: str | None, scope: Scope) -> str:
    return ALL if scope == "all" else project or ""
