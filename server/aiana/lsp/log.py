"""The log: what happened and where, without the texts that people wrote."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

_Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


_MOST_FRAMES = 20


class SafeFormatter(logging.Formatter):
    """Takes secrets out of what is logged, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        from aiana.redaction.redact import redact

        return redact(super().format(record))[0]


class DiscreetFormatter(SafeFormatter):
    """Tells of an exception its kind and its place alone: its message may quote what is stored."""

    def formatException(self, ei: _Failure) -> str:
        shown = []
        error = ei[1]
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
            places = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
            shown.append(f"  {type(error).__name__} at {places or 'no place'}")
            error = error.__cause__ or error.__context__
        return "\n".join(shown)


def configure_logging(log_file: Path | None, level: str) -> None:
    """Log to a file or to standard error; messages of exceptions at the level `debug` alone."""
    handler: logging.Handler
    if log_file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        os.close(os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        handler = logging.FileHandler(log_file, encoding="utf-8")
    formatter = SafeFormatter if level == "debug" else DiscreetFormatter
    handler.setFormatter(formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.captureWarnings(True)
    # pygls logs bodies, which hold what people wrote, and each expected error with a traceback.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
