"""Follows the folders of the assistants: what is written there is known within a moment.

The system tells what changes. On Linux it is asked about each folder that may hold transcripts,
since a root may hold many others; elsewhere about whole roots, which costs the same there.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aiana.capture import Source
from aiana.capture.files import TranscriptFile, transcript_file
from aiana.paths import is_folder

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

STEP_MS = 200
"""What happens within one step is told together; a step without anything ends a wait."""
MOST_STEPS_MS = 600
ROOTS_S = 1.0
"""How often roots that are missing are looked for."""
STIRRED_S = 2.0
"""A folder that was changed so lately may have been changed again within one tick of its clock."""
_DATABASE_LOGS = ("-wal", "-journal")
_BY_FOLDER = sys.platform.startswith("linux")
_DELETED = 3


class _Entries(NamedTuple):
    """What tells whether anything came or went in a folder, or whether one may now look inside."""

    identity: tuple[int, int]
    times: tuple[int, int]


class Watcher:
    """Tells which transcripts are written, by whichever source; used by one thread.

    `why_not` says why the system cannot tell, where it cannot: whoever asks has to look.
    """

    def __init__(self, sources: Sequence[Source], stopped: threading.Event) -> None:
        self._sources = sources
        self._stopped = stopped
        self._roots: list[tuple[str, Source]] = []
        self._real: dict[str, str] = {}
        """Where a root really is, for systems that name what changed by that."""
        self._given: dict[str, Source] = {}
        """Transcripts that lie elsewhere."""
        self._standing: dict[str, tuple[int, int] | None] = {}
        """Device and number of each root; None for one that does not exist."""
        self._around: dict[str, _Entries | None] = {}
        """What tells whether anything came or went in the folders where missing roots would."""
        self._folders: set[str] = set()
        self._notify: RustNotify | None = None
        self._roots_at = 0.0
        self.why_not: str | None = None

    @property
    def folders(self) -> int:
        """How many folders are followed."""
        return len(self._folders)

    def open(self, given: Mapping[Path, Source]) -> None:
        """Follow what exists now, and what will; whoever calls looks through it afterwards.

        `given` are transcripts outside of all roots: on Linux their folders are followed, too.
        To be called again now and then: it finds what was missed, and tries what failed.
        """
        if self.why_not is not None:
            self._folders = set()
        self._roots = [(str(root), source) for source in self._sources for root in source.roots()]
        self._stand([root for root, _ in self._roots])
        real = {root: os.path.realpath(root) for root in self._standing}
        self._real = {there: root for root, there in real.items() if there != root}
        self._given = {str(path): source for path, source in given.items()}
        self._follow([(root, source) for root, source in self._roots if self._standing[root]])

    def close(self) -> None:
        """End it."""
        if self._notify is not None:
            notify, self._notify = self._notify, None
            notify.close()

    def wait(self, seconds: float) -> list[TranscriptFile]:
        """Wait until something is written, at most so long; then what was, in no order."""
        changed = self._changes(seconds) if self._notify is not None else self._rest(seconds)
        return [*self._transcripts(changed), *self._new_roots()]

    def poll(self) -> list[TranscriptFile]:
        """What was written since the last time."""
        if self._notify is None:
            return self._new_roots()
        return [*self._transcripts(self._changes(0)), *self._new_roots()]

    def _rest(self, seconds: float) -> set[tuple[int, str]]:
        self._stopped.wait(min(seconds, ROOTS_S))
        return set()

    def _changes(self, seconds: float) -> set[tuple[int, str]]:
        assert self._notify is not None
        step, most = (STEP_MS, MOST_STEPS_MS) if seconds else (1, 1)
        timeout = max(1, round(min(seconds, ROOTS_S) * 1000))
        try:
            found = self._notify.watch(most, step, timeout, self._stopped)
        except (OSError, RuntimeError) as error:
            self._give_up(error)
            return set()
        return set() if isinstance(found, str) else found

    def _transcripts(self, changed: set[tuple[int, str]]) -> list[TranscriptFile]:
        """The transcripts among what changed, and those in folders that are new."""
        files: dict[Path, TranscriptFile] = {}
        while changed:
            for folder in {self._as_named(path) for kind, path in changed if kind == _DELETED}:
                self._leave(folder)
            new: list[tuple[str, Source]] = []
            for path in {self._as_named(path) for _, path in changed}:
                for source in self._sources_of(path):
                    if is_folder(path):
                        if path not in self._folders:
                            new.append((path, source))
                    elif (file := transcript_file(source, Path(_database_of(path)))) is not None:
                        files.setdefault(file.path, file)
            changed = self._follow(new)
            files.update(_files_below(new))
        return list(files.values())

    def _new_roots(self) -> list[TranscriptFile]:
        """Files below roots that came, or were replaced, since the last look."""
        now = time.monotonic()
        if now - self._roots_at < ROOTS_S:
            return []
        self._roots_at = now
        if not self._stirred():
            return []
        before = self._standing
        self._stand(before)
        new: list[tuple[str, Source]] = []
        for root, source in self._roots:
            if self._standing[root] != before[root]:
                self._leave(root)
                if self._standing[root] is not None:
                    new.append((root, source))
        if not new:
            return []
        files = self._transcripts(self._follow(new))
        return [*files, *dict(_files_below(new)).values()]

    def _stirred(self) -> bool:
        """Whether a root may have come, gone or been replaced: the system is asked about few
        folders, since a missing root can only come where the folder around it changes."""
        lately = time.time_ns() - STIRRED_S * 1e9
        return any(
            was is not None and _identity(root) != was for root, was in self._standing.items()
        ) or any(
            was is None or max(was.times) > lately or _entries(folder) != was
            for folder, was in self._around.items()
        )

    def _stand(self, roots: Iterable[str]) -> None:
        """See which roots exist; what comes meanwhile is seen next time."""
        self._standing, self._around = {root: _identity(root) for root in roots}, {}
        for root, identity in self._standing.items():
            folder = os.path.dirname(root)  # noqa: PTH120
            while identity is None and folder not in self._around:
                facts, above = _entries(folder), os.path.dirname(folder)  # noqa: PTH120
                if facts is not None or above == folder:
                    self._around[folder] = facts
                    break
                folder = above

    def _leave(self, folder: str) -> None:
        if folder in self._folders:
            inside = folder + os.sep
            self._folders -= {f for f in self._folders if f == folder or f.startswith(inside)}

    def _follow(self, places: Sequence[tuple[str, Source]]) -> set[tuple[int, str]]:
        """Follow these folders, too; returns what changed in the others until then.

        Whoever calls looks through them afterwards: what is written before the system is asked
        about them it does not tell.
        """
        told: set[tuple[int, str]] = set()
        while True:
            found = {folder for place, source in places for folder in _folders_below(place, source)}
            if _BY_FOLDER:
                around = {Path(path).parent for path in self._given}
                found |= {str(folder) for folder in around if is_folder(folder)}
            if found <= self._folders:
                return told
            self._folders |= found
            old, self._notify = self._notify, None
            self._notify = self._asked()
            if old is not None:
                told |= _last_of(old)
            if self._notify is None:
                return told

    def _asked(self) -> RustNotify | None:
        """What tells about the folders of now; None if nothing does, or there are none."""
        self.why_not = None
        try:
            from watchfiles._rust_notify import RustNotify
        except ImportError:
            self.why_not = "watchfiles is not installed"
            return None
        while self._folders:
            known = {root for root, _ in self._roots if self._standing[root] is not None}
            asked = sorted(self._folders if _BY_FOLDER else known)
            try:
                return RustNotify(asked, False, False, 0, not _BY_FOLDER, True)
            except FileNotFoundError:
                there = {folder for folder in self._folders if is_folder(folder)}
                if there == self._folders:
                    break  # it comes and goes; the next look finds it
                self._folders = there
            except (OSError, RuntimeError) as error:
                self._give_up(error)
                break
        return None

    def _give_up(self, error: Exception) -> None:
        """Say why the system cannot tell."""
        self.close()
        reason = str(error)
        if "limit" in reason or "space" in reason or "too many" in reason.lower():
            reason = (
                f"the system follows no more folders for you ({len(self._folders):,} are needed); "
                "raise fs.inotify.max_user_watches and max_user_instances"
            )
        self.why_not = reason

    def _as_named(self, path: str) -> str:
        """A path below the root as its source names it."""
        for real, root in self._real.items():
            if path == real or path.startswith(real + os.sep):
                return root + path[len(real) :]
        return path

    def _sources_of(self, path: str) -> Iterator[Source]:
        """The sources that would look at this path."""
        if (source_given := self._given.get(_database_of(path))) is not None:
            yield source_given
        for root, source in self._roots:
            if path.startswith(root + os.sep):
                folders = Path(path).relative_to(root).parts
                place = Path(root)
                for name in folders[:-1]:
                    place /= name
                    if not source.enters(place):
                        break
                else:
                    if not is_folder(path) or source.enters(Path(path)):
                        yield source


def _last_of(notify: RustNotify) -> set[tuple[int, str]]:
    """End it; returns what it still had to tell."""
    try:
        told = notify.watch(1, 1, 1, None)
        notify.close()
    except (OSError, RuntimeError):
        return set()
    return set() if isinstance(told, str) else told


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 (many roots, every second: no Path for each)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _entries(folder: str) -> _Entries | None:
    try:
        status = os.stat(folder)  # noqa: PTH116
    except OSError:
        return None
    return _Entries((status.st_dev, status.st_ino), (status.st_mtime_ns, status.st_ctime_ns))


def _database_of(path: str) -> str:
    """What is written to a database's log is written to the database."""
    for end in _DATABASE_LOGS:
        if path.endswith(end):
            return path.removesuffix(end)
    return path


def _walk(folder: str, source: Source) -> Iterator[tuple[str, list[str]]]:
    """The folders that the source looks through, from this one on, and the files in each."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if source.enters(Path(place, name))]
        yield place, files


def _folders_below(folder: str, source: Source) -> Iterator[str]:
    return (place for place, _ in _walk(folder, source))


def _files_below(
    places: Iterable[tuple[str, Source]],
) -> Iterator[tuple[Path, TranscriptFile]]:
    for folder, source in places:
        for place, names in _walk(folder, source):
            for name in names:
                if (file := transcript_file(source, Path(place, name))) is not None:
                    yield file.path, file
