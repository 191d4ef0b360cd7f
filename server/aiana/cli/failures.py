"""What nobody expected, in one sentence; the details go where they can be read again."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from aiana.config import data_dir
from aiana.errors import AianaError
from aiana.text import clean
from aiana.times import now

FILE = "errors.log"
MOST_BYTES = 1_000_000


def explained(error: Exception) -> str:
    """What to tell the person at the terminal."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename} cannot be used: {error.strerror}."
    reason = _redacted(" ".join(f"{type(error).__name__}: {error}".split()))[:200]
    path = _written("".join(traceback.format_exception(error)))
    where = f"The details are in {path}; please report them." if path else "Please report it."
    return f"Aiana failed unexpectedly ({reason}). {where}"


def _written(details: str) -> Path | None:
    """The file that holds the details; None if there is no place for them."""
    text = f"{now()}\n{_redacted(clean(details))}\n"
    try:
        folder = data_dir()
        path = folder / FILE
        if folder.is_dir():
            _append(path, text)
            return path
    except (AianaError, OSError):
        pass
    try:
        number, name = tempfile.mkstemp(prefix="aiana-error-", suffix=".log")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        return Path(name)
    except OSError:
        return None


def _append(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    if path.exists() and path.stat().st_size > MOST_BYTES:
        flags |= os.O_TRUNC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _redacted(text: str) -> str:
    """Without secrets that an error quotes from what it was about."""
    try:
        from aiana.redaction.redact import redact

        return redact(text)[0]
    except Exception:  # the very thing may be broken
        return "(The details could not be redacted, so that they are left out.)"
