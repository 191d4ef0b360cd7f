"""The cache as it is used: Redis where there is one and it answers, SQLite behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aiana.config import Config
from aiana.errors import AianaError, TierUnavailable
from aiana.storage.cache import SqliteCache
from aiana.storage.link import EVERY_S, FIRST_RETRY_S, ServerLink
from aiana.storage.redis import MOST_ACTIVITIES, RedisCache, new_session
from aiana.times import now

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage


class TieredCache:
    """Redis where there is one and it answers, SQLite otherwise; never raises TierUnavailable.

    Sessions and activities are written to both, so that nothing is lost with Redis; what it missed
    while it was away is written to it before it is used again.
    """

    def __init__(
        self,
        embedded: SqliteCache,
        redis: RedisCache | None = None,
        every_s: float = EVERY_S,
        retry_s: float = FIRST_RETRY_S,
    ) -> None:
        self._embedded = embedded
        self._redis = redis
        self._owed: set[str | None] = set()
        self._missed = True
        self.link = ServerLink("redis", self._probe, every_s, retry_s) if redis else None

    @property
    def address(self) -> str | None:
        """Where Redis is; None if none is configured."""
        return self._redis.address if self._redis else None

    def close(self) -> None:
        if self.link is not None:
            self.link.close()
        if self._redis is not None:
            self._redis.close()
        self._embedded.close()

    def set_active_session(
        self, session_id: str, project: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Note that a session is going on."""
        session = self._stored(
            lambda: self._embedded.set_active_session(session_id, project, metadata)
        )
        session = session or new_session(session_id, project, metadata)
        self._with_redis(lambda redis: redis.put_session(session))

    def get_active_session(self, session_id: str) -> dict[str, Any] | None:
        """The state of a session that is going on; None if there is none."""
        found: dict[str, Any] | None = self._remote(lambda r: r.get_active_session(session_id))
        return found or self._stored(lambda: self._embedded.get_active_session(session_id))

    def update_session(self, session_id: str, changes: dict[str, Any]) -> None:
        """Set some fields of a session that is going on."""
        state: dict[str, Any] | None = self._stored(
            lambda: self._embedded.update_session(session_id, changes)
        )
        if state is None:
            self._with_redis(lambda redis: redis.update_session(session_id, changes))
        else:
            # All of it: a Redis that was emptied has nothing to change.
            self._with_redis(lambda redis: redis.put_session(state))

    def end_session(self, session_id: str) -> None:
        """Forget a session's state."""
        self._stored(lambda: self._embedded.end_session(session_id))
        self._with_redis(lambda redis: redis.end_session(session_id))

    def cache_context(self, project: str, context: str, variant: str) -> None:
        """Keep a context for four hours."""
        if not self._with_redis(
            lambda redis: redis.cache_context(project, context, variant=variant)
        ):
            self._stored(lambda: self._embedded.cache_context(project, context, variant=variant))

    def get_cached_context(self, project: str, variant: str) -> str | None:
        """A context that is kept; None if there is none."""
        found: str | None
        if self._is_in_use:
            found = self._remote(lambda redis: redis.get_cached_context(project, variant))
        else:
            found = self._stored(lambda: self._embedded.get_cached_context(project, variant))
        return found

    def invalidate_context(self, project: str | None = None) -> bool:
        """Forget the contexts of a project, of all if None; returns whether Redis did, too."""
        self._stored(lambda: self._embedded.invalidate_context(project))
        done = self._with_redis(lambda redis: redis.invalidate_context(project))
        if not done and self._redis is not None:
            self._owed.add(project)
        return done

    def forget(self, ids: Sequence[str]) -> bool:
        """Forget what names these memories and sessions; returns whether Redis did, too."""
        self._stored(lambda: self._embedded.forget(ids))
        return self._with_redis(lambda redis: redis.forget(ids))

    def publish_profile(self) -> None:
        """Copy the preferences from SQLite to Redis."""
        profile = self._embedded.get_profile()
        # A profile that is not there tells the next probe that Redis was emptied.
        self._with_redis(lambda redis: redis.set_profile(profile, only_if_known=True))

    def record_activity(self, activity: dict[str, Any]) -> None:
        """Note what happened."""
        activity = {"timestamp": now(), **activity}
        self._stored(lambda: self._embedded.record_activity(activity))
        self._with_redis(lambda redis: redis.record_activity(activity))

    def recent_activities(self, limit: int = 50) -> list[dict[str, Any]]:
        """What happened, newest first."""
        found: list[dict[str, Any]] | None = self._remote(lambda r: r.recent_activities(limit))
        return found or self._stored(lambda: self._embedded.recent_activities(limit)) or []

    def _remote(self, work: Callable[[RedisCache], Any]) -> Any:
        """What Redis answers; None if it does not."""
        answers: list[Any] = []
        return answers[0] if self._with_redis(lambda redis: answers.append(work(redis))) else None

    def _with_redis(self, work: Callable[[RedisCache], object]) -> bool:
        """Do something with Redis; returns whether that succeeded."""
        if self._redis is None or self.link is None:
            return False
        if self._is_in_use:
            try:
                work(self._redis)
                return True
            except TierUnavailable as error:
                self.link.failed(error)
        self._missed = True
        if self.link.is_up:
            self.link.ask()
        return False

    @property
    def _is_in_use(self) -> bool:
        """Whether Redis answers and has been told all: something may be written just as it is
        found to answer."""
        return self.link is not None and self.link.is_up and not self._missed

    @staticmethod
    def _stored(work: Callable[[], Any]) -> Any:
        """What the cache file answers; None if it cannot be used, which costs time, not data."""
        try:
            return work()
        except AianaError:
            return None

    def _probe(self) -> None:
        """Check that Redis answers, and write to it what it missed or has lost."""
        assert self._redis is not None
        if not self._redis.has_profile():
            self._missed = True
        while self._missed:
            self._missed = False
            try:
                self._catch_up(self._redis)
            except AianaError:
                self._missed = True
                raise

    def _catch_up(self, redis: RedisCache) -> None:
        for state in (self._stored(self._embedded.sessions) or {}).values():
            if state is not None:
                redis.put_session(state)
        # Read again: some may have ended since.
        for session_id, state in (self._stored(self._embedded.sessions) or {}).items():
            if state is None:
                redis.end_session(session_id)
        if forgotten := self._stored(self._embedded.forgotten):
            redis.forget(forgotten)
        for project in list(self._owed):
            redis.invalidate_context(project)
            self._owed.discard(project)
        redis.add_activities(
            self._stored(lambda: self._embedded.recent_activities(MOST_ACTIVITIES)) or []
        )
        redis.set_profile(self._embedded.get_profile())


def open_cache(config: Config, storage: AianaStorage) -> TieredCache:
    """The cache as it is configured."""
    redis = None
    if config.redis_url:
        redis = RedisCache(config.redis_url, config.user, ca_file=config.ca_file)
    return TieredCache(SqliteCache(config.data_dir / "cache.db", storage.preferences), redis)
