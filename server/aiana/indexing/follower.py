"""Brings in what the assistants write while they write it, and before that what lies there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aiana.capture import Source
from aiana.capture import sources as all_sources
from aiana.capture.files import TranscriptFile, files_on_disk, read_elsewhere
from aiana.capture.importer import import_file, waiting_files
from aiana.capture.order import newest_first
from aiana.capture.read_ahead import Read, ReadAhead, read_here
from aiana.capture.watching import Watcher
from aiana.errors import StorageUnavailable
from aiana.paths import readable
from aiana.protocol.results import ImportCounts

if TYPE_CHECKING:
    from aiana.storage import AianaStorage

CHECK_S = 2.0
"""How often it is seen what other processes changed: the store, the settings, what is followed."""
LOOK_S, LOOK_SHARE = 60.0, 2000
"""Everything is looked at so often, or more rarely where a look would take more than this part of
the time: what the system does not tell is found as well."""
POLL_S, POLL_SHARE = 5.0, 20
"""The same where the system tells nothing."""
REST_SHARE = 4
"""A file that took a while to read is left alone for so many times as long."""
PAUSE_S = 0.3
"""How long a long file is read before a look at what was written meanwhile."""

Facts = tuple[int, int, int] | None


class Captured(Struct, frozen=True):
    """A transcript that was read, and what came of it."""

    source: str
    path: str
    counts: ImportCounts


class Follower:
    """Imports what is new, newest first, and what is written meanwhile before the rest.

    `tell` is called in the thread that runs it, after each file in which there was something.
    """

    def __init__(
        self,
        storage: AianaStorage,
        stopped: threading.Event,
        tell: Callable[[Captured], None] = lambda captured: None,
    ) -> None:
        self._storage = storage
        self._stopped = stopped
        self._tell = tell
        self._sources = list(all_sources().values())
        self._watcher = Watcher(self._sources, stopped)
        self._generation = storage.database.generation
        self._excluded = storage.database.excluded().fingerprint
        self._known: dict[Path, tuple[Facts, Facts]] = {}
        """What each file was when there was nothing to read in it."""
        self._backlog = ReadAhead((), (), 0)
        self._written: dict[Path, TranscriptFile] = {}
        self._not_before: dict[Path, float] = {}
        self._reading: Path | None = None
        self._check_at = self._look_at = self._polled_at = 0.0
        self._given: dict[Path, Source] = {}
        """What lies outside of all folders of the assistants, and was imported from there once."""
        self._reached = 0
        self._asked: int | None = None
        """Version of the database when it was asked for them."""

    @property
    def why_not_live(self) -> str | None:
        """Why the files are only looked at now and then; None if the system tells of changes."""
        return self._watcher.why_not

    @property
    def folders(self) -> int:
        """How many folders are followed."""
        return self._watcher.folders

    def close(self) -> None:
        """Follow nothing any more."""
        self._watcher.close()
        self._backlog.close()

    def look(self) -> None:
        """See what others changed and what there is, if that is due. Raises StorageUnavailable."""
        if time.monotonic() >= self._check_at:
            self._check()
        if time.monotonic() >= self._look_at:
            self._look()

    def step(self) -> None:
        """Read the next file, or wait until there is one. Raises StorageUnavailable."""
        self.look()
        if self._read_written():
            self._poll()
        elif (file := next(self._backlog, None)) is not None:
            self._read(file, self._backlog.read)
        else:
            self._note(self._watcher.wait(self._patience()))

    def _check(self) -> None:
        """See what other processes changed."""
        if self._storage.database.generation != self._generation:
            self._generation = self._storage.database.generation
            self._known.clear()
            self._given.clear()
            self._reached, self._asked = 0, None
            self._look_at = 0.0
        self._storage.note_exclusions()
        if (fingerprint := self._storage.database.excluded().fingerprint) != self._excluded:
            self._excluded = fingerprint
            self._known.clear()
            self._look_at = 0.0
        if self._find_given():
            self._look_at = 0.0
        self._check_at = time.monotonic() + CHECK_S

    def _find_given(self) -> bool:
        """Learn what was imported from elsewhere meanwhile; whether anything was."""
        version = self._storage.database.data_version()
        if version == self._asked:
            return False
        self._asked = version
        reached, self._reached = self._storage.captures.reached_since(self._reached)
        known = len(self._given)
        self._given |= read_elsewhere(reached, self._sources)
        return len(self._given) > known

    def _look(self) -> None:
        """Find everything in which there is something new."""
        began = time.thread_time()
        self._find_given()
        self._watcher.open(self._given)
        changed = []
        found = files_on_disk(self._sources)
        for path, source in self._given.items():
            found.add(source, path)
        for file in found.files.values():
            facts = _facts(file.path)
            if self._known.get(file.path) != facts:
                self._known[file.path] = facts
                changed.append(file)
        waiting = waiting_files(self._storage, changed) if changed else []
        for file, _ in waiting:
            self._known.pop(file.path, None)
        self._backlog.close()
        new = [file for file, is_new in waiting if is_new]
        self._backlog = ReadAhead(newest_first(waiting), new, 1, is_awaited=False)
        live = self._watcher.why_not is None
        least, share = (LOOK_S, LOOK_SHARE) if live else (POLL_S, POLL_SHARE)
        self._look_at = time.monotonic() + max(least, share * (time.thread_time() - began))

    def _note(self, files: Iterable[TranscriptFile]) -> None:
        self._polled_at = time.monotonic()
        for file in files:
            self._written[file.path] = file

    def _poll(self) -> None:
        """See now and then what was written while something else is read."""
        if time.monotonic() - self._polled_at > PAUSE_S:
            self._note(self._watcher.poll())

    def _patience(self) -> float:
        """For how long nothing is to be done, in seconds, if nobody writes anything."""
        due = [self._not_before.get(path, 0.0) for path in self._written]
        return max(0.01, min([self._check_at, self._look_at, *due]) - time.monotonic())

    def _read_written(self) -> bool:
        """Read one of the files that were written; whether there was one to be read now."""
        now = time.monotonic()
        self._not_before = {path: at for path, at in self._not_before.items() if at > now}
        for path in self._written:
            if path not in self._not_before and path != self._reading:
                self._read(self._written.pop(path))
                return True
        return False

    def _read(self, file: TranscriptFile, read: Read = read_here) -> None:
        outer, self._reading = self._reading, file.path
        began = time.monotonic()
        counts = ImportCounts(found=1)
        facts = _facts(file.path)
        try:
            for _ in import_file(self._storage, file, counts, read):
                if self._stopped.is_set():
                    return
                if outer is None:
                    self._poll()
                    while self._read_written():
                        pass
        except StorageUnavailable:
            self._look_at = 0.0  # nothing may be missed of what could not be stored
            raise
        finally:
            self._reading = outer
        self._known[file.path] = facts
        self._not_before[file.path] = time.monotonic() + REST_SHARE * (time.monotonic() - began)
        if counts.imported or counts.updated or counts.failed or counts.skipped_lines:
            self._tell(Captured(file.source.name, readable(file.path), counts))


def _facts(path: Path) -> tuple[Facts, Facts]:
    """What tells whether a file was changed: of itself, and of a database's log."""
    is_database = path.suffix in (".db", ".vscdb", ".sqlite", ".sqlite3")
    return _facts_of(path), _facts_of(Path(f"{path}-wal")) if is_database else None


def _facts_of(path: Path) -> Facts:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
