"""What is not to be remembered, as the settings say it: the one place that decides.

Hooks ask here too, so that nothing heavy is imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fnmatch import translate
from pathlib import Path
from urllib.parse import urlsplit

from aiana.errors import UnreadableFile
from aiana.paths import SETTINGS_FILE, expanded
from aiana.projects import folders_of, identity_of, is_path, normalise_folder, remote_identity
from aiana.regular import text_of

ASSISTANTS, PROJECTS, PATHS = "excludedAssistants", "excludedProjects", "excludedPaths"
_FIELDS = {
    ASSISTANTS: "excluded_assistants",
    PROJECTS: "excluded_projects",
    PATHS: "excluded_paths",
}
_GLOB = re.compile(r"[*?\[]")
_MOST_REMEMBERED = 20_000

Wanted = Mapping[str, Iterable[str]]
"""What to exclude, by the key of the setting."""


class Exclusions:
    """Which assistants, projects and folders are not remembered. Safe to share between threads.

    The questions answer with the key of the setting that excludes something, "" for none.
    """

    def __init__(self, wanted: Wanted | None = None) -> None:
        given = {key: _stripped((wanted or {}).get(key, ())) for key in _FIELDS}
        self.assistants, self.projects, self.paths = given.values()
        told = json.dumps(list(given.values()))
        self.fingerprint = (
            hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16] if self else ""
        )
        """Tells these rules from others; empty where nothing is excluded."""
        self._assistants = _any(translate(_folded(name)) for name in self.assistants)
        folders = [name for name in self.projects if _is_folder(name)]
        names = [name for name in self.projects if not _is_folder(name)]
        names = [remote_identity(name) or name.rstrip("/") for name in names]
        # A folder within a repository means itself alone, and the repository's the whole of it.
        roots = [expanded(f) for f in folders if (expanded(f) / ".git").exists()]
        alone = [identity_of(str(root))[0] for root in roots]
        self._projects = _any(
            [*(rf"(?:.*/)?{translate(name)}" for name in names), *map(re.escape, alone)]
        )
        self._project_folders = _any(p for name in folders for p in _path_patterns(name))
        self._paths = _any(p for path in self.paths for p in _path_patterns(path))
        self._known: dict[tuple[str, ...], str] = {}

    def __bool__(self) -> bool:
        return bool(self.assistants or self.projects or self.paths)

    def assistant(self, source: str) -> str:
        """Whether nothing of an assistant is remembered."""
        return ASSISTANTS if self._assistants.fullmatch(_folded(source)) else ""

    def session(self, source: str, project: str, folder: str, transcript: str = "") -> str:
        """Whether a session is not remembered, by the folder that it ran in or is kept in."""
        asked = (source, project, folder, transcript)
        if not self:
            return ""
        found = self._known.get(asked)
        if found is None:
            found = self._decided(*asked)
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[asked] = found
        return found

    def memory(self, project: str, root: str = "") -> str:
        """Whether memories of a project are not kept; `root` is its folder, where it is known."""
        return self.session("", project, root)

    def _decided(self, source: str, project: str, folder: str, transcript: str) -> str:
        if source and (found := self.assistant(source)):
            return found
        places = [place for path in (folder, project) if is_path(path) for place in _places(path)]
        if (project and self._projects.fullmatch(project)) or any(
            map(self._project_folders.fullmatch, places)
        ):
            return PROJECTS
        if transcript:
            places += _places(transcript)
        return PATHS if any(map(self._paths.fullmatch, places)) else ""


class Wishes:
    """The exclusions in force: those of `config.toml` as it is now, and others beside it.

    A file that cannot be read just now, since somebody is writing it, changes nothing; of one that
    could not be read since the start, what can be told counts.
    """

    def __init__(self, folder: Path, beside: Wanted | None = None) -> None:
        self._file = folder / SETTINGS_FILE
        self._beside: tuple[Wanted, ...] = (beside or {},)
        self._lock = threading.Lock()
        self._facts: tuple[int, int, int] | None = None
        self._of_file: Wanted | None = None
        self._told: tuple[str, ...] = ()
        self._now = Exclusions(beside)

    def say(self, *beside: Wanted) -> None:
        """Settings other than those of the file, in place of those that were said before."""
        with self._lock:
            self._beside = beside
            self._join()

    def now(self, told: tuple[str, ...] = ()) -> Exclusions:
        """The exclusions; `told` are those of editors, as the database keeps them."""
        facts = _facts(self._file)
        if facts == self._facts and told == self._told:
            return self._now
        with self._lock:
            if facts != self._facts:
                found = of_file(self._file) if facts is not None else {}
                if found is None and self._of_file is None:
                    found = of_broken_file(self._file)
                if found is not None:
                    self._of_file = found
                self._facts = facts
            self._told = told
            self._join()
            return self._now

    def _join(self) -> None:
        layers = [self._of_file or {}, *self._beside, *map(_decoded, self._told)]
        joined = {
            key: _stripped(e for layer in layers for e in layer.get(key, ())) for key in _FIELDS
        }
        self._now = Exclusions({key: sorted(entries) for key, entries in joined.items()})


def of_file(path: Path) -> Wanted | None:
    """What a `config.toml` excludes; None if it cannot be read."""
    import tomllib

    try:
        values = tomllib.loads(text_of(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError, UnreadableFile):
        return None
    return wanted_of({key: values.get(key, values.get(field)) for key, field in _FIELDS.items()})


def of_broken_file(path: Path) -> Wanted:
    """What a `config.toml` that is no TOML seems to exclude: what stands in quotes there."""
    with suppress(OSError, ValueError, UnreadableFile):
        text = text_of(path, "replace")
        parts = re.split(r"(?m)^[ \t]*(?:([\w-]+)[ \t]*=|\[[\w.\"' -]+\][ \t]*$)", text)
        given: dict[str, list[str]] = {}
        for name, value in zip(parts[1::2], parts[2::2], strict=True):
            quoted = re.findall(r"\"([^\"\n]+)\"|'([^'\n]+)'", value)
            given.setdefault(name or "", []).extend(one or other for one, other in quoted)
        return wanted_of({key: given.get(key, given.get(of)) for key, of in _FIELDS.items()})
    return {}


def of_environment(environ: Mapping[str, str] = os.environ) -> Wanted:
    """What the environment excludes."""
    return wanted_of({key: environ.get(f"AIANA_{field.upper()}") for key, field in _FIELDS.items()})


def entries_of(value: object) -> list[str]:
    """The texts of a list, or of one text with commas between them."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list | tuple):
        return [part for part in value if isinstance(part, str) and part.strip()]
    return []


def wanted_of(values: Mapping[str, object]) -> Wanted:
    """What settings exclude; of other settings nothing."""
    return {key: entries_of(values.get(key)) for key in _FIELDS}


def _decoded(text: str) -> Wanted:
    with suppress(ValueError):
        given = json.loads(text)
        if isinstance(given, dict):
            return wanted_of(given)
    return {}


def _stripped(entries: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def _folded(name: str) -> str:
    """A name of an assistant as everybody may write it: `Claude Code` is `claude-code`."""
    return re.sub(r"[^a-z0-9*?]", "", name.lower())


def _is_folder(name: str) -> bool:
    return is_path(name) and remote_identity(name) is None


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    """A pattern that fits what any of them does; none fits nothing."""
    return re.compile("|".join(f"(?:{p})" for p in patterns) or r"(?!)", re.IGNORECASE)


def _places(path: str) -> list[str]:
    """A path as it is named and as it really is; of a remote one what it is there, too."""
    if "://" in path:
        with suppress(ValueError):
            return [normalise_folder(path), urlsplit(path).path.rstrip("/")]
    return folders_of(path) if not Path(path).suffix else [normalise_folder(path), *_real(path)]


def _real(path: str) -> list[str]:
    with suppress(OSError, ValueError):
        if Path(path).is_absolute():
            return [normalise_folder(os.path.realpath(path))]
    return []


def _path_patterns(path: str) -> list[str]:
    """A glob as patterns of the paths that it means: folders, and all that lies in them."""
    named = normalise_folder(str(expanded(path.removeprefix("./"))))
    while named.endswith(("/**", "/*")):
        named = named.rpartition("/")[0]
    patterns = [named]
    fixed = _GLOB.split(named)[0].rpartition("/")[0] if _GLOB.search(named) else named
    for real in _real(fixed) if fixed else []:
        if real != fixed:
            patterns.append(real + named[len(fixed) :])
    return [f"{_glob(each)}(?:/.*)?" for each in patterns]


def _glob(path: str) -> str:
    """A glob as a pattern: `*` within a name, `**` across folders; a name alone at any depth."""
    found = "" if is_path(path) or path.startswith("**") else "(?:.*/)?"
    place = 0
    while place < len(path):
        sign = path[place]
        end = path.find("]", place + 2) if sign == "[" else -1
        if path.startswith("**/", place):
            found, place = f"{found}(?:.*/)?", place + 3
        elif path.startswith("**", place):
            found, place = f"{found}.*", place + 2
        elif end > 0 and (signs := _signs(path[place + 1 : end])):
            found, place = found + signs, end + 1
        else:
            found += {"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign))
            place += 1
    return found


def _signs(inside: str) -> str:
    """One of several signs, as a pattern; "" for what is none."""
    inside = inside.replace("\\", r"\\")
    pattern = f"[{'^' + inside[1:] if inside[0] == '!' else inside}]"
    try:
        re.compile(pattern)
    except re.error:
        return ""
    return pattern


def _facts(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
