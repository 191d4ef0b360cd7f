"""In which order transcripts are read: what is new can be found first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import inf

from aiana.capture.files import TranscriptFile
from aiana.errors import UnreadableFile
from aiana.regular import open_regular

_HEAD = 16 << 10
_ID = re.compile(
    rb'"(?:(?:uuid|session_?id|sessionId|forked_from_id|messageId)":\s*"([^"\\]{1,80})"'
    rb'|id":\s*"([^"\\]{16,80})")'
)
_DATE = re.compile(rb'"(\d{4}-\d\d-\d\d)T\d\d:\d\d')
_FORK = re.compile(rb'"fork\w*":\s*["{]')
_DAY_S = 86_400.0


def newest_first(waiting: Iterable[tuple[TranscriptFile, bool]]) -> Iterator[TranscriptFile]:
    """Files by their last change, newest first; each with whether it was never read before.

    A resumed conversation repeats its beginning, which belongs to the file that told it first:
    files that begin alike stay together, oldest first. Heads are read only as far back as the
    next file needs it: whoever wants the first one does not wait for those of all.
    """
    families: dict[int, _Family] = {}
    """Those that may still grow, in the order of their newest files."""
    family_of: dict[bytes, int] = {}
    ordered = sorted(waiting, key=lambda each: _age(each[0]), reverse=True)
    for number, (file, is_new) in enumerate(ordered):
        while families and file.mtime < next(iter(families.values())).since:
            yield from families.pop(next(iter(families))).oldest_first()
        ids, since = _head(file) if is_new else (set[bytes](), inf)
        alike = sorted({family_of[id] for id in ids if family_of.get(id) in families})
        first, *others = alike or [number]
        family = families.setdefault(first, _Family())
        family.add([file], ids, since)
        for other in map(families.pop, others):
            family.add(other.files, other.ids, other.since)
            family_of.update(dict.fromkeys(other.ids, first))
        family_of.update(dict.fromkeys(ids, first))
    for family in families.values():
        yield from family.oldest_first()


class _Family:
    """Files that share an id, and all their ids."""

    def __init__(self) -> None:
        self.files: list[TranscriptFile] = []
        self.ids: set[bytes] = set()
        self.since = inf
        """No file that was last written before shares an id with them."""

    def add(self, files: Iterable[TranscriptFile], ids: set[bytes], since: float) -> None:
        self.files += files
        self.ids |= ids
        self.since = min(self.since, since)

    def oldest_first(self) -> list[TranscriptFile]:
        return sorted(self.files, key=_age)


def _age(file: TranscriptFile) -> tuple[float, str]:
    return file.mtime, str(file.path)


def _head(file: TranscriptFile) -> tuple[set[bytes], float]:
    """Ids near the beginning of a file of lines, and since when another may have told them.

    That one was written when the first of them was said, or later: a day of grace is for clocks.
    """
    if file.path.suffix != ".jsonl":
        return set(), inf
    try:
        with open_regular(file.path) as opened:
            head = opened.read(_HEAD)
    except (OSError, UnreadableFile):
        return set(), inf
    ids = {one or other for one, other in _ID.findall(head)}
    return ids, _since(head, file.mtime) if ids else inf


def _since(head: bytes, mtime: float) -> float:
    dates = _DATE.findall(head)
    # A fork names a session that may be older than all that it repeats.
    if not dates or _FORK.search(head):
        return -inf
    try:
        said = datetime.strptime(min(dates).decode(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return -inf
    # The times of files that are older than what they hold tell nothing.
    return said.timestamp() - _DAY_S if said.timestamp() <= mtime + _DAY_S else -inf
