"""Forgetting for good: not a word of what was deleted stays in a file of the data folder.

Deleting a row leaves its words in the full-text index, in the log and in backups. Taking them out
costs with what was deleted and not with what is stored, but for databases and copies of an Aiana
that did not have SQLite overwrite what is gone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from aiana.errors import AianaError
from aiana.models import Progress
from aiana.private import files_in, remove
from aiana.protocol.results import PendingPart
from aiana.storage.backup_rewriting import backups_of, forget_rows, rewrite_backups
from aiana.storage.backups import TURN_S
from aiana.storage.database import INDEX, Database
from aiana.storage.overwriting import is_overwritten, note_overwritten
from aiana.storage.pending_scrubs import Owed, note, owed
from aiana.storage.text_index_levels import lower_levels
from aiana.storage.text_index_pages import take_out
from aiana.storage.traces import files_of, holding

logger = logging.getLogger(__name__)

MOST_PROBES = 3
"""Words that are looked for in the files."""
_FIRST_WORDS, _MOST_WORDS = 20, 1_000
"""Taken out of the index in one step: as many as take about `_STEP_S`."""
_STEP_S = 0.05
"""What others that want to write wait for a step."""
_MERGE_PAGES = 500
"""Of the index, merged in one step."""
_OTHERS_S = 0.005
"""Left to others between two steps."""
_LOG_WAIT_S = 2.0
"""What emptying the log waits for those who read just now."""
_MOST_VACUUMED = 256 << 20
"""Bytes of a database that is written anew for what one search was for: nobody writes meanwhile."""


class Scrubbed(Struct, kw_only=True):
    """What came of it."""

    traces: list[Path] = []
    """Files that still hold some words, since something that is kept says them, too."""
    pending: list[PendingPart] = []
    """What could not be done now, and is noted."""


def scrub(
    database: Database,
    names: Sequence[str] | None = None,
    report: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    turn_s: float = TURN_S,
) -> Scrubbed:
    """Take out of all files what deletions left there: those of these names, or all.

    What cannot be done just now, as where others read the log or make backups for `turn_s`, is
    done later, since the deletion is.
    """
    result = Scrubbed()
    try:
        records = owed(database, names)
        if records:
            result = _scrubbed(database, records, report or _nobody, cancelled, turn_s)
    except AianaError as error:
        logger.warning("What was forgotten is taken out of all files later: %s", error)
        result.pending = ["index", "backups", "log"]
    return result


def pending_of(database: Database, names: Sequence[str]) -> list[PendingPart]:
    """What is still to be done of these deletions."""
    left = {part for record in owed(database, names) for part in record.left}
    if not backups_of(database):
        left.discard("backups")
    return sorted(left)


def purge(database: Database, words: Sequence[str]) -> None:
    """Take words out of the files but backups that no text holds any more, since many changed."""
    _merge_text_index(database, _nobody, lambda: False)
    _wipe_index_files(database)
    _empty_log(database)
    _traces(database, words, whole=True, report=_nobody)


def _nobody(done: int, total: int, detail: str) -> None:
    """Progress that nobody sees."""


def _scrubbed(
    database: Database,
    records: Sequence[Owed],
    report: Progress,
    cancelled: Callable[[], bool],
    turn_s: float,
) -> Scrubbed:
    # Found out before they are gone from what names them.
    looked_for = _own(database, (word for record in records for word in record.looked_for))
    telling = _own(database, (word for record in records for word in record.telling))
    copied = [record for record in records if "backups" in record.left]
    change = partial(forget_rows, owed=copied)
    if copied and rewrite_backups(database, change, turn_s, report):
        _done(copied, "backups")
    indexed = [record for record in records if "index" in record.left]
    if indexed and _clear_index(database, indexed, report, cancelled):
        _done(indexed, "index")
    vectors = _wipe_index_files(database)
    for record in records:
        if "index" not in record.left:
            # The note must not be what holds them.
            record.words, record.telling, record.looked_for = [], [], []
    note(database, records)
    logged = [record for record in records if "log" in record.left]
    if _empty_log(database):
        _done([record for record in logged if "index" not in record.left], "log")
    traces = _traces(database, [*looked_for, *telling], whole=bool(looked_for), report=report)
    note(database, records)
    left = {part for record in records for part in record.left}
    return Scrubbed(traces=[*traces, *vectors], pending=sorted(left))


def _done(records: Sequence[Owed], part: PendingPart) -> None:
    for record in records:
        record.left = [each for each in record.left if each != part]


def _clear_index(
    database: Database,
    records: Sequence[Owed],
    report: Progress,
    cancelled: Callable[[], bool],
) -> bool:
    """Take the words out of the full-text index that no text has any more."""
    known = [record.words for record in records if record.words is not None]
    words = sorted({word for each in known for word in each})
    if len(known) < len(records):
        return _merge_text_index(database, report, cancelled)
    start, step = 0, _FIRST_WORDS
    while start < len(words):
        if cancelled():
            return False
        began = time.monotonic()
        with database.writing() as connection:
            connection.execute("SAVEPOINT words")
            done = take_out(connection, words[start : start + step])
            connection.execute("RELEASE words" if done else "ROLLBACK TO words")
        if not done:
            return _merge_text_index(database, report, cancelled)
        start += step
        report(min(start, len(words)), len(words), "")
        took = max(time.monotonic() - began, 0.001)
        step = max(_FIRST_WORDS, min(int(step * _STEP_S / took), 2 * step, _MOST_WORDS))
        time.sleep(_OTHERS_S)
    return True


def _merge_text_index(database: Database, report: Progress, cancelled: Callable[[], bool]) -> bool:
    """Merge its segments into one: then the words are gone that no text has any more."""
    pages = -_MERGE_PAGES  # Below zero begins with all segments.
    while not cancelled():
        with database.writing() as connection:
            before = connection.total_changes
            connection.execute(
                "INSERT INTO messages_fts(messages_fts, rank) VALUES ('merge', ?)", (pages,)
            )
            if connection.total_changes - before < 2:
                lower_levels(connection)
                return True
        pages = _MERGE_PAGES
        time.sleep(_OTHERS_S)
    return False


def _wipe_index_files(database: Database) -> list[Path]:
    """Take what is gone out of the files that are made from the database."""
    # numpy takes as long to import as all the rest of forgetting a memory.
    if not files_in(database.path.parent / INDEX, "*"):
        return []
    from aiana.storage.index_files import wipe

    return wipe(database)


def _empty_log(database: Database) -> bool:
    deadline = time.monotonic() + _LOG_WAIT_S
    while not database.empty_log():
        if time.monotonic() > deadline:
            return False
        time.sleep(_OTHERS_S)
    return True


def _traces(database: Database, words: Sequence[str], whole: bool, report: Progress) -> list[Path]:
    """Files in which one of the first of these words still stands.

    SQLite overwrites what goes from a database, so that one is looked through only for what may be
    in other texts than those that are searched, or if it is older than that.
    """
    probes = _telling(database, words)
    with database.reading_everything() as connection:
        old = not is_overwritten(connection)
    files = files_of(database.path.parent)
    log = database.path.with_name(database.path.name + "-wal")
    if not whole:
        left_out = {log, *backups_of(database), *(() if old else (database.path,))}
        files = [path for path in files if path not in left_out]

    def told(done: int, total: int) -> None:
        report(done, total, "")

    found = holding(files, probes, told)
    if database.path in found and (old or database.path.stat().st_size <= _MOST_VACUUMED):
        _write_anew(database)
        found = holding(files, probes, told)
    for path in [path for path in found if path.suffix == ".log"]:
        remove(path)
        found.remove(path)
    return found


def _write_anew(database: Database) -> None:
    """Leave nothing in pages that were freed before Aiana had them overwritten."""
    with database.maintaining() as connection:
        connection.execute("PRAGMA temp_store = FILE")
        try:
            connection.execute("VACUUM")
        finally:
            connection.execute("PRAGMA temp_store = MEMORY")
    with database.writing() as connection:
        note_overwritten(connection)
    _empty_log(database)


def _telling(database: Database, words: Sequence[str]) -> list[str]:
    """Words that would prove something: those of the schema stand anywhere."""
    with database.reading() as connection:
        (schema,) = connection.execute("SELECT group_concat(sql) FROM sqlite_schema").fetchone()
    schema = schema.lower()
    return [word for word in dict.fromkeys(words) if word.lower() not in schema][:MOST_PROBES]


def _own(database: Database, words: Iterator[str]) -> list[str]:
    """The words that no text has any more, the longest first."""
    own = []
    with database.reading_everything() as connection:
        for word in sorted(set(words), key=lambda word: (-len(word), word)):
            known = connection.execute(
                "SELECT 1 FROM messages_fts WHERE messages_fts MATCH ? LIMIT 1", (f'"{word}"',)
            ).fetchone()
            if known is None:
                own.append(word)
            if len(own) == MOST_PROBES:
                break
    return own
