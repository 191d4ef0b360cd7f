"""What is well, what is not, and what fixes it: the checks behind `aiana doctor`."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aiana.container import FIRST_ANSWERS_S, Container
from aiana.errors import AianaError
from aiana.invocation import command, quoted
from aiana.paths import SETTINGS_FILE
from aiana.protocol.results import Diagnosis, Finding
from aiana.text import counted, size_of

if TYPE_CHECKING:
    from aiana.storage.link import ServerLink

LOW_DISK, FULL_DISK = 1_000_000_000, 100_000_000
TESTED_QDRANT = "1.18"
"""Other versions may do as well; nobody has looked."""
OLDEST_REDIS = 6
"""The first that speaks RESP3."""
_PRIVATE_FOLDERS = ("backups", "pages")
_OTHERS, _WRITE, _ENTER = 0o077, 0o022, 0o011
"""Permissions of the group and of everybody: any, to write, to go through a folder."""


class Checked(NamedTuple):
    """A finding, and what `--fix` does about it."""

    finding: Finding
    fix: Callable[[], object] | None = None


Check = Callable[[Container], Iterator[Checked]]


def diagnose(aiana: Container, fix: bool) -> Diagnosis:
    """What is found, with `fix` after repairing what can be. Never raises AianaError."""
    checked = _examined(aiana)
    fixed = []
    for finding, repair in checked if fix else []:
        if repair is not None:
            with suppress(AianaError, OSError):  # What could not be repaired is found again.
                repair()
                fixed.append(finding.subject)
    if fixed:
        checked = _examined(aiana)
    return Diagnosis(findings=[each.finding for each in checked], fixed=fixed)


def _examined(aiana: Container) -> list[Checked]:
    """Every check, in the order in which a person would go through them."""
    checked: list[Checked] = []
    for check in (_settings, _folder, _disk, _model, _assistants, _database):
        checked += _attempted(check, aiana)
    if not any(f.subject == "database" and f.state == "error" for f, _ in checked):
        aiana.wait_for_servers()
        for check in (
            _secrets,
            _forgotten,
            _excluded,
            _files,
            _waiting,
            _redis,
            _qdrant,
            _team,
            _sources,
        ):
            checked += _attempted(check, aiana)
    return checked


def _attempted(check: Check, aiana: Container) -> Iterator[Checked]:
    try:
        yield from check(aiana)
    except AianaError as error:
        yield _error(check.__name__.strip("_"), str(error), _first_command(str(error)))


def _settings(aiana: Container) -> Iterator[Checked]:
    for problem in aiana.config.problems:
        line = f", line {problem.line}" if problem.line else ""
        fix = f"edit {problem.file}{line}" if problem.file else f"correct {problem.setting}"
        yield _warning("settings", problem.message, fix)
    if not aiana.config.problems:
        yield _ok("settings", f"data in {aiana.config.data_dir}")


def _folder(aiana: Container) -> Iterator[Checked]:
    folder = aiana.config.data_dir
    if not folder.is_dir():
        yield _ok("permissions", f"{folder} does not exist yet: `{command('import')}` makes it")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield _error("permissions", f"{folder} cannot be written", _opening(folder))
        return
    open_ones = _too_open(folder) if os.name == "posix" else []
    if not open_ones:
        yield _ok("permissions", f"{folder} is yours alone")
        return

    def close() -> None:
        for path in open_ones:
            path.chmod(0o700 if path.is_dir() else 0o600)

    others = f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
    detail = f"Other users of this machine can open {open_ones[0]}{others}"
    make = _error if any(map(_is_grave, open_ones)) else _warning
    yield Checked(make("permissions", detail, command("doctor", "--fix")).finding, close)


def _too_open(folder: Path) -> list[Path]:
    """The folders and files that others can open: it takes every folder above them, too."""
    if not all(_mode(above) & _ENTER for above in folder.resolve().parents):
        return []
    found = [folder] if _mode(folder) & _OTHERS else []
    inside = [folder, *(folder / name for name in _PRIVATE_FOLDERS)]
    for place in inside if _mode(folder) & _ENTER else ():
        if place.is_dir() and (place == folder or not place.is_symlink()):
            below = list(place.iterdir()) if _mode(place) & _ENTER else []
            found += [place] if place != folder and _mode(place) & _OTHERS else []
            found += [p for p in below if not p.is_symlink() and p.is_file() and _mode(p) & _OTHERS]
    return found


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _is_grave(path: Path) -> bool:
    """Whether others read what was said, or a secret, or can put something in its place."""
    if _mode(path) & _WRITE:
        return True
    if path.name != SETTINGS_FILE:
        return path.is_file()
    from aiana.redaction.redact import redact

    try:
        return bool(redact(path.read_text("utf-8", "replace"))[1])
    except OSError:
        return True


def _disk(aiana: Container) -> Iterator[Checked]:
    place = next(p for p in (aiana.config.data_dir, *aiana.config.data_dir.parents) if p.exists())
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:,.1f} GB are free at {place}"
    fix = "free some space, or set AIANA_HOME to a folder on another disk"
    if free < FULL_DISK:
        yield _error("disk", detail, fix)
    elif free < LOW_DISK:
        yield _warning("disk", detail, fix)
    else:
        yield _ok("disk", detail)


def _database(aiana: Container) -> Iterator[Checked]:
    from aiana.storage.sqlite_errors import restoring

    path = aiana.config.database
    with aiana.storage.database.reading_everything() as connection:
        found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        yield _error(
            "database", f"{path} is damaged: {'; '.join(found)}", _first_command(restoring(path))
        )
        return
    if aiana.storage.database.read_only:
        closed = path.parent if os.access(path, os.W_OK) else path
        yield _error("database", f"{path} is read-only", _opening(closed))
        return
    yield _ok("database", f"{path}, {size_of(path.stat().st_size)}")
    if aiana.storage.text_index_fits():
        yield _ok("full text", "every text is found by its words")
    else:
        detail = "The full-text index does not fit the texts: searches miss some"
        finding = _error("full text", detail, command("reindex", "fts")).finding
        yield Checked(finding, aiana.storage.rebuild_text_index)


def _opening(path: Path) -> str:
    """What makes a file or folder writable."""
    place = next(above for above in (path, *path.parents) if os.path.ismount(above))
    if hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY:
        return (
            f"sudo mount -o remount,rw {quoted(str(place))}, or set AIANA_HOME to a folder on "
            "another disk"
        )
    mode = "u+rwx" if path.is_dir() else "u+rw"
    if hasattr(os, "geteuid") and path.stat().st_uid != os.geteuid():
        return f"sudo chown {os.geteuid()} {quoted(str(path))}"
    return f"chmod {mode} {quoted(str(path))}"


def _model(aiana: Container) -> Iterator[Checked]:
    from aiana.embeddings import model_info

    config = aiana.config
    info = model_info(config.embedding_model, config.models_dir)
    if info.state == "unavailable":
        reason = info.reason or "There is none"
        yield _warning("model", reason, _first_command(reason) or command("model", "compile"))
    elif info.state == "uncompiled":
        detail = f"{info.name}: its first use prepares it for this machine, some seconds, once"
        yield _warning("model", detail, command("model", "compile"))
    else:
        yield _ok("model", f"{info.name} on {info.device}")


def _secrets(aiana: Container) -> Iterator[Checked]:
    reached = aiana.storage.redaction()
    taken = f"{counted(reached.removed, 'secret')} taken out of what was stored before"
    if reached.is_done:
        yield _ok("secrets", taken if reached.removed else "none is stored that the rules know")
        return
    detail = "What an older Aiana stored may hold secrets that it did not know"
    if reached.removed:
        detail += f"; {taken} so far"
    finding = _warning("secrets", detail, command("doctor", "--fix")).finding
    yield Checked(finding, aiana.indexer.clean)


def _forgotten(aiana: Container) -> Iterator[Checked]:
    """Whether files still hold what was deleted."""
    from aiana.storage.forgetting import scrub

    if left := aiana.storage.pending_scrubs():
        detail = f"{counted(left, 'deletion')} not yet taken out of all files: an editor does it"
        finding = _warning("forgotten", detail, command("doctor", "--fix")).finding
        yield Checked(finding, lambda: scrub(aiana.storage.database))


def _excluded(aiana: Container) -> Iterator[Checked]:
    """What is not remembered, and how much of it is stored from before."""
    from aiana.capture import sources
    from aiana.diagnostics.status import excluded_now
    from aiana.exclusions import ASSISTANTS, Exclusions

    found = excluded_now(aiana)
    if found is None:
        return
    for name in found.assistants:
        if not any(Exclusions({ASSISTANTS: [name]}).assistant(known) for known in sources()):
            detail = f"{name} in {ASSISTANTS} is no assistant: there are {', '.join(sources())}"
            yield _warning("excluded", detail, f"correct {ASSISTANTS}")
    entries = [*found.assistants, *found.projects, *found.paths]
    detail = f"not remembered: {', '.join(entries)}"
    if found.sessions or found.memories:
        stored = f"{counted(found.sessions, 'session')} and "
        stored += counted(found.memories, "memory", "memories")
        detail += f"; {stored} from before are stored and hidden"
        yield _warning("excluded", detail, command("forget", "--excluded"))
    else:
        yield _ok("excluded", detail)


def _assistants(aiana: Container) -> Iterator[Checked]:
    """What `aiana setup` wrote: whether it still stands there and starts this Aiana."""
    from aiana.setup.targets import TARGETS
    from aiana.setup.writing import findings, set_up

    data = aiana.config.data_dir
    for state, detail, name in findings(data):
        if state == "ok":
            yield _ok("setup", detail)
        elif state == "error":
            yield _error("setup", detail, command("setup", name))
        else:
            finding = _warning("setup", detail, command("setup", name)).finding
            target = TARGETS[name]
            yield Checked(finding, lambda target=target: set_up(data, target))  # type: ignore[misc]


def _files(aiana: Container) -> Iterator[Checked]:
    """Whether it is known which files all messages touched."""
    from aiana.search.notes import of_unread_files
    from aiana.storage.message_files import fill

    database = aiana.storage.database
    for detail in of_unread_files(aiana.storage.files.unread()):
        finding = _warning("files", detail, command("doctor", "--fix")).finding
        yield Checked(finding, lambda: fill(database, lambda: False))


def _waiting(aiana: Container) -> Iterator[Checked]:
    counts, indexing = aiana.storage.counts(aiana.config.embedding_model)
    if indexing.pending:
        have = "" if counts.vectors else " and none has one: search by meaning finds nothing yet"
        waiting = counted(indexing.pending, "text")
        verb = "waits" if indexing.pending == 1 else "wait"
        detail = f"{waiting} {verb} for a vector{have}"
        fix = command("import")
        yield _warning("vectors", f"{detail}; an editor, or an import, gets on with it", fix)
    elif counts.vectors:
        yield _ok("vectors", f"none is missing: {counted(counts.vectors, 'vector')}")
    else:
        yield _ok("vectors", "no text needs one yet")


def _first_command(advice: str) -> str | None:
    """The command that a sentence names first."""
    named = re.search(r"`([^`]+)`", advice)
    return named[1] if named else None


def _redis(aiana: Container) -> Iterator[Checked]:
    from aiana.storage.redis import RedisCache

    config, link = aiana.config, aiana.cache.link
    if config.redis_url is None or link is None:
        yield _ok("redis", "not configured; SQLite serves the cache")
    elif not link.is_up:
        yield _error("redis", _why_down(link), "start the server, or correct REDIS_URL")
    else:
        # Somebody is waiting for this answer alone: it may take longer than in a request.
        redis = RedisCache(
            config.redis_url, config.user, timeout_s=FIRST_ANSWERS_S, ca_file=config.ca_file
        )
        version = redis.version()
        redis.close()
        detail = f"Redis {version} at {aiana.cache.address}"
        if int(version.partition(".")[0]) < OLDEST_REDIS:
            yield _warning("redis", f"{detail} is old", f"upgrade it to {OLDEST_REDIS}.0 or later")
        else:
            yield _ok("redis", detail)


def _qdrant(aiana: Container) -> Iterator[Checked]:
    tier = aiana.qdrant
    if tier is None:
        yield _ok("qdrant", "not configured; the embedded vector index serves")
        return
    if not tier.link.is_up:
        fix = "start the server, or correct QDRANT_URL and QDRANT_API_KEY"
        yield _error("qdrant", _why_down(tier.link), fix)
        return
    version = tier.version()
    detail = f"Qdrant {version} at {tier.address}, collection fits the model"
    if version.startswith(f"{TESTED_QDRANT}."):
        yield _ok("qdrant", detail)
    else:
        fix = f"run Qdrant {TESTED_QDRANT} if anything seems wrong"
        yield _warning("qdrant", f"{detail}; Aiana is tested with {TESTED_QDRANT}", fix)
    waiting, refused = tier.outbox.waiting(), tier.outbox.refused()
    drift = None if waiting or refused else tier.drift()

    def wrong(state: str, detail: str) -> Checked:
        make = _error if state == "error" else _warning
        finding = make("outbox", detail, command("reindex", "qdrant")).finding
        return Checked(finding, lambda: aiana.indexer.rebuild(["qdrant"]))

    if refused:
        yield wrong("error", f"{counted(refused, 'text')} refused by Qdrant")
    elif waiting and tier.forbidden:
        fix = "set QDRANT_API_KEY to a key that may write"
        yield _error("outbox", f"{counted(waiting, 'text')} cannot be sent. {tier.forbidden}", fix)
    elif waiting:
        texts = counted(waiting, "text")
        yield wrong("warning", f"{texts} still to be sent; an editor gets on with it")
    elif drift:
        yield wrong("error", f"Qdrant is not what SQLite is: {drift}")
    else:
        yield _ok("outbox", "Qdrant knows all that SQLite knows")


def _team(aiana: Container) -> Iterator[Checked]:
    config = aiana.config
    if config.team and config.qdrant_url is None:
        yield _warning("team", "A team shares a Qdrant, and none is configured", "set QDRANT_URL")
    elif config.team and config.user == "default":
        detail = "Nobody in the team can tell whose your memories are, and 'default' may be several"
        yield _warning("team", detail, "set AIANA_USER")


def _sources(aiana: Container) -> Iterator[Checked]:
    from aiana.capture.access import how_to_open, is_container, no_transcripts, why_closed
    from aiana.capture.inventory import capture_sources

    found = [each for each in capture_sources(aiana.storage) if each.on_disk or each.stored]
    for source in found:
        detail = f"{source.title}: {counted(source.stored, 'transcript')} stored"
        closed = _closed(source.name) if source.missing or source.failed else []
        if closed:
            fix = how_to_open(closed[0])
            yield _error("capture", f"{detail}, {why_closed(closed)}", _first_command(fix))
        elif source.missing:
            soon = f", {source.expiring_soon:,} soon deleted" if source.expiring_soon else ""
            yield _warning("capture", f"{detail}, {source.missing:,} not{soon}", command("import"))
        else:
            yield _ok("capture", detail)
    if not found and is_container():
        yield _error("capture", no_transcripts(), "docker compose up --wait")
    elif not found:
        yield _warning(
            "capture", "No sessions of any assistant were found", command("import", "PATH")
        )


def _closed(source: str) -> list[str]:
    """The transcripts of a source that may not be read."""
    from aiana.capture import sources as known_sources
    from aiana.capture.access import is_closed_to_us
    from aiana.capture.files import files_on_disk

    found = files_on_disk([known_sources()[source]])
    paths = [str(path) for path in found.files]
    paths += [failure.path for failed in found.failed.values() for failure in failed]
    return [path for path in paths if is_closed_to_us(path)]


def _why_down(link: ServerLink) -> str:
    return link.down.reason if link.down else f"no answer within {FIRST_ANSWERS_S:.0f} s"


def _ok(subject: str, detail: str) -> Checked:
    return Checked(Finding(subject=subject, state="ok", detail=detail))


def _warning(subject: str, detail: str, fix: str | None = None) -> Checked:
    return Checked(Finding(subject=subject, state="warning", detail=detail, fix=fix))


def _error(subject: str, detail: str, fix: str | None = None) -> Checked:
    return Checked(Finding(subject=subject, state="error", detail=detail, fix=fix))
