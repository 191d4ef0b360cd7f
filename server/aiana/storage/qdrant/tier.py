"""Qdrant as a tier: kept in step with SQLite, asked where it is, left out where it is not."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from aiana.errors import AianaError, TierUnavailable
from aiana.invocation import command
from aiana.models import Progress
from aiana.storage.link import EVERY_S, FIRST_RETRY_S, ServerLink
from aiana.storage.qdrant.connection import NotAllowed, QdrantRefused
from aiana.storage.qdrant.outbox import Change, Outbox
from aiana.storage.qdrant.points import Layout, PointFilter, Search
from aiana.storage.qdrant.storage import BATCH, QdrantStorage
from aiana.text import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aiana.config import Config
    from aiana.embeddings import Embedder
    from aiana.storage.database import Database
    from aiana.storage.sqlite import AianaStorage

logger = logging.getLogger(__name__)

ANSWER_S = 0.5
"""What a search waits for Qdrant before the embedded index answers it: many times what a server
takes that is well, for one that is busy is not away."""
MOST_CHANGED = 1000
"""Points that Qdrant does not know yet as they are: their vectors are read from SQLite."""
SAMPLE = 64
CHECK_EVERY_S = 600.0
FIRST_REPAIR_S = 30.0
"""Between two repairs, twice as long each time: two databases of one user that hold the same
sessions would else repair each other all day."""
DAY_S = 86_400.0
IN_FLIGHT = 2
"""Requests under way: one is made while one is stored."""
DRIFT = "drift"
FORBIDDEN = "qdrant-key"
"""Under these names the table of facts says what every process is to know of Qdrant."""

T = TypeVar("T")


class Alike(Struct, frozen=True, kw_only=True):
    """Points as `QdrantStorage.alike` gives them, the most alike first."""

    own: list[dict[str, Any]] = []
    shared: list[dict[str, Any]] = []


class QdrantTier:
    """The points of one database in Qdrant. Safe to share between threads.

    `drain`, `check` and `rebuild` are for the process that holds the indexer's lock.
    """

    def __init__(
        self,
        database: Database,
        qdrant: QdrantStorage,
        model: str,
        every_s: float = EVERY_S,
        retry_s: float = FIRST_RETRY_S,
        answer_s: float = ANSWER_S,
        team: bool = False,
    ) -> None:
        self.database = database
        self._qdrant = qdrant
        self._model = model
        self._answer_s = answer_s
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="aiana-qdrant")
        self._points = 0
        self._checked_at = self._repair_at = -1e9
        self._repairs = 0
        self.outbox = Outbox(database)
        if not database.read_only:
            self.outbox.enable(model, shared=team)
        self._team = team
        self._store = self.outbox.fact("store") or ""
        self._scope = PointFilter(tenant=qdrant.tenant(self._store))
        self.link = ServerLink("qdrant", self._probe, every_s=every_s, retry_s=retry_s)

    @property
    def address(self) -> str:
        """Where Qdrant is."""
        return self._qdrant.address

    def version(self) -> str:
        """The server's. Raises TierUnavailable."""
        return self._qdrant.version()

    def close(self) -> None:
        self.link.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._qdrant.close()

    def _probe(self) -> None:
        points = self._qdrant.prepare()
        if points < self._points or not points:
            # Colleagues may have deleted theirs.
            held, wanted = self._qdrant.count(self._scope), self.outbox.expected(self._model)
            if held < wanted:
                self.suspect(f"it holds {held:,} of {wanted:,} points")
        self._points = points

    def suspect(self, why: str) -> None:
        """Have the one process that may repair it look at it; until then, do without."""
        if self.outbox.expected(self._model) and not self.outbox.fact(DRIFT):
            self.outbox.set_fact(DRIFT, why)

    @property
    def is_in_step(self) -> bool:
        """Whether Qdrant knows all that SQLite knows."""
        return self.outbox.changed(0) is not None and not self.outbox.fact(DRIFT)

    def changed(self) -> list[str] | None:
        """The ids of points that Qdrant does not know as they are; None if it knows too little."""
        return None if self.outbox.fact(DRIFT) else self.outbox.changed(MOST_CHANGED)

    @property
    def behind(self) -> str | None:
        """Why Qdrant does not know all that SQLite knows, in words; None if it does."""
        drift = self.outbox.fact(DRIFT)
        waiting = self.outbox.waiting()
        if waiting and (forbidden := self.forbidden):
            return f"{counted(waiting, 'text')} cannot be sent. {forbidden}"
        if waiting:
            return f"{counted(waiting, 'text')} still to be sent" + (f"; {drift}" if drift else "")
        refused = self.outbox.refused()
        if refused:
            again = f"`{command('reindex', 'qdrant')}` tries again"
            return f"{counted(refused, 'text')} refused: {again}"
        return drift

    @property
    def forbidden(self) -> str | None:
        """Why nothing can be sent with this key; None if it can, or was not tried yet."""
        return self.outbox.fact(FORBIDDEN)

    def alike(
        self,
        vector: NDArray[np.float32],
        own: Search | None = None,
        shared: Search | None = None,
    ) -> Alike:
        """The own points most like a vector, and those that colleagues share, in one request.

        Nothing is shared unless this is a team. Raises TierUnavailable after half a second.
        """
        return self.ask_alike(vector, own, shared)()

    def ask_alike(
        self,
        vector: NDArray[np.float32],
        own: Search | None = None,
        shared: Search | None = None,
    ) -> Callable[[], Alike]:
        """Ask for `alike`, and go on; what is returned waits for the answer."""
        searches = []
        if own is not None:
            scope = replace(own.scope, tenant=self._scope.tenant)
            searches.append(replace(own, scope=scope))
        if shared is not None and self._team:
            scope = replace(shared.scope, shared=self._model)
            searches.append(replace(shared, scope=scope, with_payload=True))
        if not searches:
            return Alike
        answer = self._asked(lambda: self._qdrant.alike(vector.tolist(), searches))

        def alike() -> Alike:
            found = answer()
            return Alike(
                own=found[0] if own is not None else [],
                shared=found[-1] if shared is not None and self._team else [],
            )

        return alike

    def of_colleague(self, id: str) -> dict[str, Any] | None:
        """The payload of a memory that a colleague lets others find; None if there is none."""
        if not self._team or not self.link.is_up or not _is_uuid(id):
            return None
        return self._in_time(lambda: self._qdrant.get(id, PointFilter(shared=self._model)))

    def _in_time(self, work: Callable[[], T]) -> T:
        """What Qdrant answers somebody who waits."""
        return self._asked(work)()

    def _asked(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin to ask Qdrant; what is returned waits for its answer, counted from now."""
        try:
            future: Future[T] = self._pool.submit(work)
        except RuntimeError as error:
            raise TierUnavailable("Aiana is closing.") from error
        until = time.monotonic() + self._answer_s

        def answer() -> T:
            try:
                return future.result(max(0.0, until - time.monotonic()))
            except FutureTimeout:
                future.cancel()
                late = TierUnavailable(
                    f"Qdrant at {self.address} did not answer within "
                    f"{self._answer_s * 1000:.0f} ms."
                )
                self.link.failed(late)
                raise late from None
            except TierUnavailable as error:
                self.link.failed(error)
                raise

        return answer

    def forget(self, ids: Sequence[str] = (), sessions: Sequence[str] = ()) -> bool:
        """Delete points now, for a receipt; returns whether they are verified gone.

        What is not done now is done with the outbox.
        """
        if not self.link.is_up:
            return False
        try:
            for session_id in sessions:
                self._qdrant.delete(replace(self._scope, session_id=session_id))
            return self._qdrant.remove(ids) == len(ids)
        except AianaError as error:
            logger.warning("A deletion is sent to Qdrant later: %s", error)
            return False

    def drain(
        self, cancelled: Callable[[], bool] = lambda: False, progress: Progress | None = None
    ) -> int:
        """Send what has changed; returns how many changes Qdrant knows now."""
        done, total = 0, self.outbox.waiting()
        most = BATCH * IN_FLIGHT
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="aiana-qdrant-send") as pool:
            while self.link.is_up and not cancelled() and (changes := self.outbox.batch(most)):
                parts = [changes[start : start + BATCH] for start in range(0, len(changes), BATCH)]
                try:
                    done += sum(pool.map(self._send, parts))
                except NotAllowed as error:
                    # It may still be searched.
                    if self.forbidden != str(error):
                        self.outbox.set_fact(FORBIDDEN, str(error))
                    break
                except TierUnavailable as error:
                    self.link.failed(error)
                else:
                    if self.forbidden:
                        self.outbox.set_fact(FORBIDDEN, None)
                if progress is not None:
                    progress(done, max(total, done), "")
        return done

    def _send(self, changes: Sequence[Change]) -> int:
        """Make the points of some ids what they are to be; returns for how many that was done."""
        points = self.outbox.points([change.id for change in changes], self._model, self._store)
        try:
            self._qdrant.put(list(points.values()))
            self._qdrant.remove([change.id for change in changes if change.id not in points])
        except QdrantRefused as error:
            if len(changes) == 1:
                logger.warning("A text could not be sent: %s", error)
                self.outbox.put_off(changes[0])
                return 0
            half = len(changes) // 2
            return self._send(changes[:half]) + self._send(changes[half:])
        self.outbox.done(changes)
        return len(changes)

    def check(self) -> None:
        """Compare counts and a sample with SQLite; what differs is sent again, but not all day."""
        moment = time.monotonic()
        suspected = self.outbox.fact(DRIFT)
        if not self.link.is_up or self.outbox.batch(1):
            return
        if not suspected and moment - self._checked_at < CHECK_EVERY_S:
            return
        self._checked_at = moment
        try:
            found = self.drift()
            if found and moment >= self._repair_at:
                self._repairs += 1
                self._repair_at = moment + min(FIRST_REPAIR_S * 2.0**self._repairs, DAY_S)
                self._repair()
            elif not found and moment >= self._repair_at:
                self._repairs = 0
        except TierUnavailable as error:
            self.link.failed(error)
            return
        if found != suspected:
            self.outbox.set_fact(DRIFT, found)

    def drift(self) -> str | None:
        """In what Qdrant differs from SQLite when nothing waits; None if in nothing."""
        expected, found = self.outbox.expected(self._model), self._qdrant.count(self._scope)
        if expected != found:
            return f"it holds {found:,} of {expected:,} points"
        wanted = self.outbox.sample(self._model, SAMPLE)
        held = self._qdrant.hashes(list(wanted))
        wrong = sum(held.get(id) != digest for id, digest in wanted.items())
        return f"{wrong} of {len(wanted)} sampled points differ" if wrong else None

    def _repair(self) -> None:
        for page in self._qdrant.ids(self._scope):
            self.outbox.add(self.outbox.strays(page))
        self.outbox.add_all(self._model)

    def rebuild(
        self, cancelled: Callable[[], bool] = lambda: False, progress: Progress | None = None
    ) -> int:
        """Send everything again from SQLite; returns how many points there are then.

        Raises TierUnavailable if Qdrant does not answer, or holds something else at the end.
        """
        if not self.link.wait(30) and self.link.down is not None:
            raise TierUnavailable(self.link.down.reason)
        self._repair()
        self.drain(cancelled, progress)
        if self.link.down is not None:
            raise TierUnavailable(self.link.down.reason)
        drift = None if self.outbox.waiting() else self.drift()
        self.outbox.set_fact(DRIFT, drift)
        if drift:
            raise TierUnavailable(f"Qdrant at {self.address} was sent everything, but {drift}.")
        return self._qdrant.count(self._scope)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def open_tier(config: Config, storage: AianaStorage, embedder: Embedder) -> QdrantTier:
    """The tier as it is configured."""
    assert config.qdrant_addresses
    layout = Layout(
        shards=config.qdrant_shards,
        replicas=config.qdrant_replicas,
        write_consistency=config.qdrant_write_consistency,
        on_disk=config.qdrant_on_disk,
        quantized=config.qdrant_quantized,
    )
    qdrant = QdrantStorage(
        config.qdrant_addresses,
        embedder,
        api_key=config.qdrant_api_key,
        user=config.user,
        grpc_port=config.qdrant_grpc_port,
        layout=layout,
        ca_file=config.ca_file,
    )
    return QdrantTier(storage.database, qdrant, embedder.model_name, team=config.team)
