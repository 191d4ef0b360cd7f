"""Files of other programs: read as they are, written in one step, given back to the byte."""

from __future__ import annotations

import base64
import contextlib
import difflib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aiana.errors import AianaError, InvalidQuery
from aiana.private import make_own_folder, write_text
from aiana.setup.edits import Edit

BOM = b"\xef\xbb\xbf"


class Change(NamedTuple):
    """What a file would become; None where there is none."""

    path: Path
    before: bytes | None
    after: bytes | None

    def diff(self) -> Iterator[str]:
        """The change as people read it."""
        old, new = (_lines(data) for data in (self.before, self.after))
        name, none = str(self.path), "/dev/null"
        was, is_ = (none if data is None else name for data in (self.before, self.after))
        yield from difflib.unified_diff(old, new, was, is_, lineterm="")


class Records:
    """What was written where, and what stood there before. Kept in the data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "setup"
        self._path = self._folder / "written.json"
        try:
            known = json.loads(self._path.read_text("utf-8"))
            self._known: dict[str, dict[str, Any]] = dict(known["files"])
            self._folders: list[str] = list(known["folders"])
        except (OSError, ValueError, KeyError, TypeError):
            self._known, self._folders = {}, []

    def before(self, path: Path) -> bytes | None:
        """What stood there before Aiana wrote; None if nothing did, or nobody knows."""
        text = self._known.get(str(path), {}).get("before")
        return None if text is None else base64.b64decode(text)

    def is_untouched(self, path: Path, now: bytes) -> bool:
        """Whether nobody has changed the file since."""
        return self._known.get(str(path), {}).get("after") == _hash(now)

    def note(self, change: Change, made: list[Path]) -> None:
        """Keep what stood there before, and which folders were made for it."""
        kept = None if change.before is None else base64.b64encode(change.before).decode()
        self._known[str(change.path)] = {"before": kept, "after": _hash(change.after or b"")}
        self._folders += map(str, made)
        self._write()

    def forget(self, path: Path) -> None:
        """What was written there is taken out; folders that were made and are empty go, too."""
        self._known.pop(str(path), None)
        for folder in sorted(self._folders, key=len, reverse=True):
            with contextlib.suppress(OSError):  # something stands in it
                Path(folder).rmdir()
                self._folders.remove(folder)
        self._write()

    def paths(self) -> list[Path]:
        return list(map(Path, self._known))

    def _write(self) -> None:
        if not self._known:
            self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._folder.rmdir()
            return
        make_own_folder(self._folder)
        known = {"files": self._known, "folders": self._folders}
        write_text(self._path, json.dumps(known, indent=1))


def adding(edit: Edit, records: Records) -> Change | None:
    """What writing ours changes; None if it stands there. Raises InvalidQuery, OSError."""
    path = real(edit.path)
    now = _read(path)
    text, bom = _decoded(path, now)
    after = _encoded(_tried(path, lambda: edit.add(text)), bom)
    return None if after == now else Change(path, now, after)


def removing(edit: Edit, records: Records) -> Change | None:
    """What taking ours out changes; None if it is not there. Raises InvalidQuery, OSError."""
    path = real(edit.path)
    now = _read(path)
    if now is None:
        return None
    if records.is_untouched(path, now):
        return Change(path, now, records.before(path))
    before = records.before(path)
    old = None if before is None else _decoded(path, before)[0]
    text, bom = _decoded(path, now)
    left = _tried(path, lambda: edit.remove(text, old))
    if left == text:
        return None
    ours = before is None and left.strip() in ("", "{}")
    return Change(path, now, None if ours else _encoded(left, bom))


def without(edit: Edit, data: bytes) -> bytes:
    """A file without an entry of ours that an earlier set-up may have left in it."""
    bom = data.startswith(BOM)
    text = data[len(BOM) * bom :].decode("utf-8")
    return _encoded(edit.remove(text, text), bom)


def write(change: Change) -> list[Path]:
    """Make it so, in one step; returns the folders that were made for it. Raises InvalidQuery."""
    made: list[Path] = []
    try:
        if change.after is None:
            change.path.unlink(missing_ok=True)
            return []
        folder = change.path.parent
        while not folder.exists():
            made.append(folder)
            folder = folder.parent
        for each in reversed(made):
            each.mkdir(mode=0o700)
        if change.before is not None and not os.access(change.path, os.W_OK):
            raise InvalidQuery(f"{change.path} is read-only: make it writable, then try again.")
        mode = change.path.stat().st_mode & 0o777 if change.before is not None else 0o600
        beside = change.path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(beside, flags, mode), "wb") as file:
                file.write(change.after)
            beside.chmod(mode)
            beside.replace(change.path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise InvalidQuery(f"{change.path} cannot be written: {why}.") from error
    return made


def real(path: Path) -> Path:
    """The file itself, where links lead to it: dotfiles often are links."""
    return Path(os.path.realpath(path))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InvalidQuery(f"{path} cannot be read: {error.strerror or error}.") from error


def _decoded(path: Path, data: bytes | None) -> tuple[str, bool]:
    bom = data is not None and data.startswith(BOM)
    try:
        return (data or b"")[len(BOM) * bom :].decode("utf-8"), bom
    except UnicodeDecodeError:
        raise InvalidQuery(f"{path} is not in UTF-8, and was left as it is.") from None


def _encoded(text: str, bom: bool) -> bytes:
    return BOM * bom + text.encode("utf-8")


def _tried(path: Path, work: Any) -> str:
    try:
        return str(work())
    except AianaError as error:
        raise InvalidQuery(f"{path} was left as it is: {error}.") from error


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines()
