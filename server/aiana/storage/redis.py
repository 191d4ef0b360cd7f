"""Redis: what is looked up again and again, shared by all processes. All of it can be rebuilt."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiana.errors import TierUnavailable
from aiana.invocation import unavailable
from aiana.redaction.door import admitted
from aiana.storage.link import reason_of
from aiana.times import now

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_S = 0.05
"""To connect, and for each answer: what a dead Redis may cost a request, once."""
ANSWERS = 4
"""How many such times all that one call asks may take, however the answers come in."""
SESSION_TTL_S = 24 * 3600
CONTEXT_TTL_S = 4 * 3600
FORGOTTEN_TTL_S = 7 * 24 * 3600
PROFILE_TTL_S = 7 * 24 * 3600
MOST_ACTIVITIES = 500
MOST_VARIANTS = 64
"""Contexts that are kept of one project; one more drops the others."""
ACTIVITIES = "aiana:recent:activities"

_CODE = re.compile(r"[A-Z]{2,20}")
# KEYS: the hash; ARGV: variant, value, seconds to live, most variants.
_PUT_CONTEXT = """
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
"""


class RedisCache:
    """Active sessions, contexts, profiles and recent activities in Redis.

    Values are JSON. A change of a value is one transaction, so that none is lost between two
    processes. Every method raises TierUnavailable when Redis does not answer in time; the message
    never holds the password of the URL, nor anything that is stored.

    Safe to share between threads. `rediss://` means TLS; `ca_file` holds the certificates (PEM) by
    which the server is known, instead of the system's.
    """

    def __init__(
        self,
        url: str = "redis://localhost:6379",
        user: str = "default",
        timeout_s: float | None = None,
        ca_file: str | None = None,
    ) -> None:
        self._url = url
        self._timeout_s = TIMEOUT_S if timeout_s is None else timeout_s
        self._ca_file = ca_file
        self._profile_key = f"aiana:profile:{user}"
        self._client: Redis | None = None
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="aiana-redis")

    @property
    def address(self) -> str:
        """The URL without user and password."""
        return without_password(self._url)

    def ping(self) -> None:
        """Raises TierUnavailable if Redis does not answer."""
        self._call(lambda redis: redis.ping())

    def version(self) -> str:
        """The server's version."""
        return str(self._call(lambda redis: redis.info("server")["redis_version"]))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.connection_pool.disconnect()
            self._client.close()

    def set_active_session(
        self, session_id: str, project: str, metadata: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Note that a session is going on; what was noted of it before is replaced."""
        session = new_session(session_id, project, metadata)
        self.put_session(session)
        return session

    def put_session(self, session: dict[str, Any]) -> None:
        """Store a session's state, unless what is stored is newer."""

        def put(stored: dict[str, Any] | None) -> dict[str, Any] | None:
            newer = stored is not None and stored["updated_at"] > session["updated_at"]
            return None if newer else session

        self._change(_session_key(session["session_id"]), put, SESSION_TTL_S)

    def get_active_session(self, session_id: str) -> dict[str, Any] | None:
        """The state of a session that is going on; None if there is none."""
        session: dict[str, Any] | None = self._get(_session_key(session_id))
        return session

    def update_session(self, session_id: str, changes: dict[str, Any]) -> dict[str, Any] | None:
        """Set some fields of a session that is going on; returns its state, None without one."""

        def update(stored: dict[str, Any] | None) -> dict[str, Any] | None:
            return {**stored, **changes, "updated_at": now()} if stored else None

        return self._change(_session_key(session_id), update, SESSION_TTL_S)

    def end_session(self, session_id: str) -> bool:
        """Forget a session's state; returns whether there was any."""
        return bool(self._call(lambda redis: redis.delete(_session_key(session_id))))

    def cache_context(
        self, project: str, context: str, ttl: int = CONTEXT_TTL_S, variant: str = ""
    ) -> None:
        """Keep a context for `ttl` seconds; `variant` tells several of one project apart."""
        value = _text({"context": context, "expires_at": time.time() + ttl})
        key = _context_key(project)
        self._call(
            lambda redis: redis.eval(_PUT_CONTEXT, 1, key, variant, value, ttl, MOST_VARIANTS)
        )

    def get_cached_context(self, project: str, variant: str = "") -> str | None:
        """A context that is kept; None if there is none."""

        def get(redis: Redis) -> str | None:
            text: Any = redis.hget(_context_key(project), variant)
            if text is None:
                return None
            value = json.loads(text)
            return str(value["context"]) if value["expires_at"] > time.time() else None

        context: str | None = self._call(get)
        return context

    def invalidate_context(self, project: str | None = None) -> None:
        """Forget all contexts of a project; of all projects if None."""

        def forget(redis: Redis) -> None:
            keys = [_context_key(project)] if project is not None else []
            if project is None:
                keys = list(redis.scan_iter(match="aiana:context:*", count=1000))
            if keys:
                redis.unlink(*keys)

        self._call(forget)

    def forget(self, ids: Sequence[str]) -> None:
        """Forget all contexts, and the states and activities of these memories and sessions."""
        self.invalidate_context()
        gone = set(ids)

        def forget(pipeline: Any) -> None:
            stored = pipeline.lrange(ACTIVITIES, 0, -1)
            pipeline.multi()
            for text in stored:
                if json.loads(text).get("id") in gone:
                    pipeline.lrem(ACTIVITIES, 0, text)
            if gone:
                pipeline.delete(*map(_session_key, gone))

        self._call(lambda redis: redis.transaction(forget, ACTIVITIES))

    def add_preference(self, text: str, static: bool = True) -> None:
        """Add a preference to the profile; one that is there already becomes the newest."""
        name = "static" if static else "dynamic"

        def add(stored: dict[str, Any] | None) -> dict[str, Any]:
            profile = stored or {"static": [], "dynamic": []}
            others = [known for known in profile[name] if known != text]
            return {**profile, name: [*others, text] if static else [text, *others]}

        self._change(self._profile_key, add, PROFILE_TTL_S)

    def get_profile(self) -> dict[str, list[str]]:
        """The preferences: `static` in the order in which they came, `dynamic` newest first."""
        return self._get(self._profile_key) or {"static": [], "dynamic": []}

    def set_profile(self, profile: dict[str, list[str]], only_if_known: bool = False) -> None:
        """Replace all preferences, or only such as are there already."""
        text = _text(profile)
        self._call(
            lambda redis: redis.set(self._profile_key, text, ex=PROFILE_TTL_S, xx=only_if_known)
        )

    def has_profile(self) -> bool:
        """Whether a profile is stored, be it an empty one."""
        return bool(self._call(lambda redis: redis.exists(self._profile_key)))

    def record_activity(self, activity: dict[str, Any]) -> None:
        """Note what happened; only the newest are kept."""
        text = _text({"timestamp": now(), **activity})

        def record(redis: Redis) -> None:
            with redis.pipeline() as pipeline:
                # It is there already if Redis was brought up to date a moment ago.
                pipeline.lrem(ACTIVITIES, 1, text)
                pipeline.lpush(ACTIVITIES, text)
                pipeline.ltrim(ACTIVITIES, 0, MOST_ACTIVITIES - 1)
                pipeline.execute()

        self._call(record)

    def add_activities(self, activities: Sequence[dict[str, Any]]) -> None:
        """Add those that are missing, each in its place in time."""

        def add(pipeline: Any) -> None:
            stored = pipeline.lrange(ACTIVITIES, 0, -1)
            texts = dict.fromkeys([*stored, *map(_text, activities)])
            newest = sorted(texts, key=lambda text: json.loads(text)["timestamp"], reverse=True)
            pipeline.multi()
            if len(texts) > len(stored):
                pipeline.delete(ACTIVITIES)
                pipeline.rpush(ACTIVITIES, *newest[:MOST_ACTIVITIES])

        self._call(lambda redis: redis.transaction(add, ACTIVITIES))

    def recent_activities(self, limit: int = 50) -> list[dict[str, Any]]:
        """What happened, newest first."""
        if limit < 1:
            return []

        def get(redis: Redis) -> list[dict[str, Any]]:
            texts: Any = redis.lrange(ACTIVITIES, 0, limit - 1)
            return [json.loads(text) for text in texts]

        activities: list[dict[str, Any]] = self._call(get)
        return activities

    def _get(self, key: str) -> Any:

        def get(redis: Redis) -> Any:
            text: Any = redis.get(key)
            return None if text is None else json.loads(text)

        return self._call(get)

    def _change(
        self, key: str, change: Callable[[Any], dict[str, Any] | None], ttl: int
    ) -> dict[str, Any] | None:
        """Replace a value by what `change` makes of it; None leaves it as it is."""

        def transaction(pipeline: Any) -> Any:
            text = pipeline.get(key)
            changed = change(None if text is None else json.loads(text))
            pipeline.multi()
            if changed is not None:
                pipeline.set(key, _text(changed), ex=ttl)
            return changed

        changed: Any = self._call(
            lambda redis: redis.transaction(transaction, key, value_from_callable=True)
        )
        return changed  # type: ignore[no-any-return]

    def _call(self, work: Callable[[Redis], Any]) -> Any:
        """What `work` makes of the client, within a time that no server can draw out."""
        try:
            from redis.exceptions import AuthenticationError, RedisError
        except ImportError as error:
            raise TierUnavailable(unavailable("redis", error)) from error
        try:
            if self._client is None:
                self._client = self._connect()
            done = self._pool.submit(work, self._client)
        except RuntimeError as error:
            raise TierUnavailable("Aiana is closing.") from error
        except ValueError as error:
            raise TierUnavailable(
                f"Redis cannot be asked: REDIS_URL is no address of one ({self.address})."
            ) from error
        deadline_s = ANSWERS * self._timeout_s
        try:
            return done.result(deadline_s)
        except FutureTimeout:
            done.cancel()
            # Whoever waits for the rest of an answer learns that the line is dead.
            self._client.connection_pool.disconnect()
            raise TierUnavailable(
                f"Redis at {self.address} did not answer within {deadline_s * 1000:.0f} ms."
            ) from None
        except AuthenticationError as error:
            raise TierUnavailable(
                f"Redis at {self.address} does not accept the user or password of REDIS_URL."
            ) from error
        except (RedisError, OSError) as error:
            raise TierUnavailable(
                f"Redis at {self.address} does not answer as it should ({_reason(error)})."
            ) from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise TierUnavailable(
                f"Redis at {self.address} holds under Aiana's names what Aiana did not write."
            ) from error

    def _connect(self) -> Redis:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        secure = self._url.startswith("rediss:") and self._ca_file is not None
        # Retries would multiply the timeout; a link asks again in the background instead.
        return Redis.from_url(
            self._url,
            socket_timeout=self._timeout_s,
            socket_connect_timeout=self._timeout_s,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            protocol=3,
            **({"ssl_ca_certs": self._ca_file} if secure else {}),
        )


def new_session(
    session_id: str, project: str, metadata: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The state of a session that has just begun."""
    return {
        "session_id": session_id,
        "project": project,
        "metadata": metadata or {},
        "started_at": (moment := now()),
        "updated_at": moment,
    }


def without_password(url: str) -> str:
    """A URL as it may be shown: without user, password and parameters."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
    except ValueError:
        return "the configured address"


def _reason(error: Exception) -> str:
    """Why a command failed. Never in the words of the error: they quote commands and answers."""
    from redis.exceptions import ResponseError, TimeoutError

    if isinstance(error, ResponseError):
        code = str(error).partition(" ")[0]
        return f"it refuses a command: {code}" if _CODE.fullmatch(code) else "it refuses a command"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return reason_of(error)


def _text(value: dict[str, Any]) -> str:
    """A value as Redis may hold it."""
    return json.dumps(admitted(value))


def _session_key(session_id: str) -> str:
    return admitted(f"aiana:session:{session_id}")


def _context_key(project: str) -> str:
    return admitted(f"aiana:context:{project}")
