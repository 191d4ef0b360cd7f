"""The work that is done once for all processes: capture, chunks, vectors."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from aiana.config import Config
from aiana.embeddings import Embedder
from aiana.errors import AianaError, Conflict, ModelUnavailable
from aiana.indexing.backlog import BacklogEmbedder
from aiana.indexing.chunking import chunks_of
from aiana.models import Following, Progress
from aiana.private import unavailable
from aiana.protocol.results import Reindexed
from aiana.storage.backups import TURN_S

if TYPE_CHECKING:
    from aiana.indexing.follower import Captured, Follower
    from aiana.storage import AianaStorage
    from aiana.storage.qdrant.tier import QdrantTier

logger = logging.getLogger(__name__)

INTERVAL_S = 5.0
"""How often another process, and what waits to be embedded, is looked at; and what is waited after
a failure."""
MODEL_AGAIN_S = 60.0
"""How often a model that was not there is looked for."""
GATHER_S = 0.5
"""How long what was captured is gathered before it is embedded."""
FIRST_ANSWER_S = 5.0
"""What a command waits for Qdrant, if there is something to send."""
RETIRED = 20
"""Sessions that are forgotten in one transaction, when they were kept for long enough."""
RETIRE_AGAIN_S = 3600.0
"""How often it is looked which ones were, though nothing changes."""
SCRUB_TURN_S = 1.0
"""What taking what was deleted out of backups waits for who makes one; it is tried again."""
LAST_BATCH_S = 10.0
"""What the end of the background work waits for the batch at hand."""


class Indexer:
    """Imports, cuts and embeds what is new, in whichever process holds `indexer.lock`."""

    def __init__(
        self,
        config: Config,
        storage: AianaStorage,
        embedder: Embedder,
        qdrant: QdrantTier | None = None,
        find_gpu: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._config = config
        self._storage = storage
        self._embedder = embedder
        self._qdrant = qdrant
        self.backlog = BacklogEmbedder(storage, embedder, find_gpu)
        self._lock = FileLock(config.data_dir / "indexer.lock", mode=0o600, thread_local=False)
        self._stopped = threading.Event()
        self._captured = threading.Event()
        self._deleted = threading.Event()
        self._thread: threading.Thread | None = None
        self._following: Following | None = None
        self._model_missing_since: float | None = None
        self._embedded: int | None = None
        """Version of the database when nothing was left to embed."""
        self._retired_at = 0.0
        self.busy = False
        self.scrubbing = False
        """What was deleted is being taken out of files."""
        self.rate_per_s: float | None = None
        self.on_captured: Callable[[Captured], None] = lambda captured: None
        """Called in the thread that captures, for each transcript in which something was new."""

    def is_at_work(self) -> bool:
        """Whether some process does the background work just now."""
        if self._lock.is_locked:
            return True
        probe = FileLock(self._lock.lock_file, mode=0o600, thread_local=False)
        try:
            with probe.acquire(timeout=0):
                return False
        except Timeout:
            return True

    def start(self) -> None:
        """Do the work in the background, as long as no other process does it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="aiana-indexer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the background work after the batch at hand."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def scrub_soon(self) -> bool:
        """Have the background work take what was deleted out of files; False if there is none.

        If another process does that work, it sees what is noted before long.
        """
        if self._thread is None:
            return False
        self._deleted.set()
        return True

    def index_pending(
        self,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> int:
        """Cut and embed everything that waits; returns how many texts got a vector.

        Returns 0 at once if another process is at it. Raises ModelUnavailable.
        """
        with self._exclusive() as mine:
            if not mine:
                return 0
            if self._qdrant is not None and self._qdrant.outbox.waiting():
                self._qdrant.link.wait(FIRST_ANSWER_S)
            self._scrub(TURN_S)
            done = self._index(progress, cancelled or self._stopped.is_set)
            self._tell_qdrant(cancelled or self._stopped.is_set)
            return done

    def rebuild(
        self,
        targets: Sequence[str],
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reindexed:
        """Rebuild indexes from what is stored.

        Raises ModelUnavailable, Conflict, and TierUnavailable if Qdrant is configured and does not
        answer. Where another process sends to Qdrant, this returns what it has to send.
        """
        result = Reindexed()
        if "fts" in targets:
            result.fts = self._storage.rebuild_text_index()
        if "vectors" in targets:
            with self._exclusive() as mine:
                if not mine:
                    raise Conflict(
                        "Another Aiana process is embedding just now. Wait for it, or close the "
                        "editor that runs it, then try again."
                    )
                self._embedder.load()
                self._storage.chunks.forget_vectors()
                self._storage.chunks.forget_chunks()
                result.vectors = self._index(progress, cancelled or self._stopped.is_set)
        if "qdrant" in targets and self._qdrant is not None:
            with self._exclusive() as mine:
                result.qdrant = (
                    self._qdrant.rebuild(cancelled or self._stopped.is_set, progress)
                    if mine
                    # The process that holds the lock sends them.
                    else self._qdrant.outbox.add_all(self._embedder.model_name)
                )
        return result

    @contextmanager
    def _exclusive(self) -> Iterator[bool]:
        """Hold the lock, if no other process does. Raises StorageUnavailable."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        except OSError as error:
            raise unavailable(Path(self._lock.lock_file), error) from error
        try:
            yield True
        finally:
            self._lock.release()

    def _run(self) -> None:
        """Hold the lock as soon as nobody else does, and work until told to stop."""
        self._keep(self._work, self._rest)

    def _work(self) -> None:
        """Capture what comes, and beside it cut and embed: a backlog, or a model that has to be
        compiled first, takes minutes, and a new session must not wait for that."""
        from aiana.indexing.follower import Follower

        with self._exclusive() as mine:
            if not mine:
                return
            follower = Follower(self._storage, self._stopped, self._tell)
            beside = [
                threading.Thread(target=self._keep, args=work, name=name, daemon=True)
                for name, work in (
                    ("aiana-embedder", (self._embed_round, self._await_capture)),
                    ("aiana-scrubber", (lambda: self._scrub(SCRUB_TURN_S), self._await_deletion)),
                )
            ]
            for thread in beside:
                thread.start()
            try:
                self._keep(lambda: self._capture(follower))
            finally:
                follower.close()
                self._captured.set()
                self._deleted.set()
                for thread in beside:
                    thread.join(LAST_BATCH_S)
                with contextlib.suppress(AianaError):
                    self._storage.captures.note_following(None)

    def _keep(self, work: Callable[[], None], pause: Callable[[], object] = lambda: None) -> None:
        """Work in rounds until told to stop; a failure costs its round."""
        if sys.platform == "linux":
            # Of this thread alone: whoever types or compiles goes first.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        put_off = ""
        while not self._stopped.is_set():
            try:
                work()
                put_off = ""
            except ModelUnavailable as error:
                logger.info("Not embedding: %s", error)
                self._stopped.wait(INTERVAL_S)
            except AianaError as error:
                if str(error) != put_off:  # which may be so for as long as the disk is read-only
                    logger.warning("Background work is put off: %s", error)
                put_off = str(error)
                self._stopped.wait(INTERVAL_S)
            except Exception:
                logger.exception("Background work failed")
                self._stopped.wait(INTERVAL_S)
            pause()

    def _rest(self) -> None:
        self._stopped.wait(INTERVAL_S)

    def _await_capture(self) -> None:
        if self._captured.wait(INTERVAL_S):
            self._stopped.wait(GATHER_S)
        self._captured.clear()

    def _await_deletion(self) -> None:
        """By this process; those of others are looked for now and then."""
        self._deleted.wait(INTERVAL_S)
        self._deleted.clear()

    def _scrub(self, turn_s: float) -> None:
        """Take what was deleted out of all files, as far as that is left to be done."""
        from aiana.storage.forgetting import scrub
        from aiana.storage.pending_scrubs import owed

        database = self._storage.database
        if not owed(database):
            return
        self.scrubbing = True
        try:
            scrub(database, cancelled=self._stopped.is_set, turn_s=turn_s)
        finally:
            self.scrubbing = False

    def _capture(self, follower: Follower) -> None:
        follower.look()  # before that it follows nothing, which would be told
        following = Following(
            process=os.getpid(), folders=follower.folders, why_not_live=follower.why_not_live
        )
        if following != self._following:
            self._storage.captures.note_following(following)
            self._following = following
        follower.step()

    def _tell(self, captured: Captured) -> None:
        self._captured.set()
        self.on_captured(captured)

    def _embed_round(self) -> None:
        version = self._storage.database.data_version()
        try:
            if version != self._embedded:
                # Without a model, too, there is nothing to do again before something changes.
                self._embedded = version
                self._index(None, self._stopped.is_set)
            elif time.monotonic() - self._retired_at > RETIRE_AGAIN_S:
                self._retired_at = time.monotonic()
                self._index(None, self._stopped.is_set)
            elif self._model_missing_since is not None:
                self._try_model_again()
        except ModelUnavailable:
            self._model_missing_since = time.monotonic()
            raise
        except BaseException:
            self._embedded = None
            raise
        finally:
            self._tell_qdrant(self._stopped.is_set)

    def _try_model_again(self) -> None:
        """Somebody may have installed one meanwhile."""
        assert self._model_missing_since is not None
        if time.monotonic() - self._model_missing_since > MODEL_AGAIN_S:
            self._model_missing_since = None
            self._index(None, self._stopped.is_set)

    def _tell_qdrant(self, cancelled: Callable[[], bool]) -> None:
        """Send what has changed, and see now and then whether it arrived."""
        if self._qdrant is not None and self._qdrant.link.is_up:
            self._qdrant.check()
            self._qdrant.drain(cancelled)
            self._qdrant.check()

    def _index(self, progress: Progress | None, cancelled: Callable[[], bool]) -> int:
        chunks, model = self._storage.chunks, self._embedder.model_name
        from aiana.storage.message_files import fill

        self.clean(cancelled)
        self._retire(cancelled)
        fill(self._storage.database, cancelled)
        while chunks.renew(chunks_of) and not cancelled():
            pass
        total = chunks.count_waiting(model)
        if not total:
            return 0
        self._embedder.load()
        if cancelled():
            return 0
        self.busy = True
        done, began = 0, time.monotonic()
        try:
            for step in self.backlog.run(total, cancelled):
                done += step
                if self._qdrant is not None:
                    self._qdrant.drain(cancelled)
                self.rate_per_s = round(done / (time.monotonic() - began), 1)
                if progress is not None:
                    progress(done, max(total, done), "")
        finally:
            self.busy, self.rate_per_s = False, None
        return done

    def _retire(self, cancelled: Callable[[], bool]) -> None:
        """Forget the sessions that were kept for as long as the settings say, a few at a time."""
        from aiana.private import files_in, remove
        from aiana.storage.retention import retention_in_force

        while not cancelled() and (retention := retention_in_force(self._config)).is_on:
            erased = self._storage.eraser.erase_expired(retention, RETIRED)
            self._retired_at = time.monotonic()
            if erased is None:
                return
            for page in files_in(self._config.pages_dir, "*"):
                remove(page)
            if not self.scrub_soon():
                self._scrub(TURN_S)

    def clean(self, cancelled: Callable[[], bool] | None = None) -> int:
        """Take out of what is stored the secrets that older rules let through; returns how many."""
        from aiana.storage.cleaning import clean_store

        return clean_store(
            self._storage.database, cancelled or self._stopped.is_set, self._config.pages_dir
        )
