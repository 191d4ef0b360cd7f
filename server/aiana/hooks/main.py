"""`aiana hook EVENT`: whatever happens, the assistant goes on at once."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.hooks.capturing import INSIDE
from aiana.paths import expanded

if TYPE_CHECKING:
    import sqlite3

    from aiana.hooks.asked import Asked

WITHIN_S = 1.0
"""What is not known by then is not told."""


def main(event: str) -> None:
    """Run one hook on standard input and output; ends the process with status 0."""
    # An interpreter that complains would be heard by the assistant.
    try:
        text = run(event, sys.stdin.buffer.read)
        if text:
            os.write(1, text.encode() + b"\n")
    except BaseException:
        pass
    os._exit(0)


def run(event: str, read_input: Callable[[int], bytes]) -> str:
    """What the host is answered; "" for nothing. May raise anything."""
    deadline = time.monotonic() + WITHIN_S
    data = expanded(os.environ.get("AIANA_HOME") or "~/.aiana")
    if os.environ.get(INSIDE) or not data.is_absolute() or not (data / "conversations.db").exists():
        return ""
    from aiana.hooks import asked as host

    given = read_input(host.MOST_BYTES + 1)
    known = next((each for each in host.EVENTS if each == event), None)
    if known is None or len(given) > host.MOST_BYTES:
        return ""
    asked = host.read(known, given.decode("utf-8", "replace"))
    if asked is None:
        return ""
    if event in ("stop", "compact"):
        from aiana.hooks.capturing import capture

        capture(data, asked.transcript)
        return ""
    if not asked.session or not asked.folder or not asked.takes_context:
        return ""
    text = _context(asked, data, deadline)
    if text and event == "session-start":
        from contextlib import suppress

        from aiana.hooks.capturing import capture

        # What the last session left when it ended is there for the next one.
        with suppress(OSError):
            capture(data, "")
    return text


def _hide(connection: sqlite3.Connection, data: Path) -> None:
    """Nothing that is excluded is told."""
    from aiana.exclusions import Wishes, of_environment
    from aiana.hiding import hide, prepare, told_by_editors

    exclusions = Wishes(data, of_environment()).now(told_by_editors(connection))
    if exclusions:
        connection.execute("PRAGMA temp_store = MEMORY")
        prepare(connection)
        hide(connection, exclusions, reads=True)


def _context(asked: Asked, data: Path, deadline: float) -> str:
    import sqlite3
    from contextlib import closing

    from aiana.hooks import asked as host
    from aiana.hooks import blocks
    from aiana.hooks.told import Told
    from aiana.hooks.words import about

    told = Told(data, asked.session)
    path = (data / "conversations.db").as_uri()
    with closing(sqlite3.connect(f"{path}?mode=ro", uri=True, timeout=0.2)) as connection:
        _hide(connection, data)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        projects = blocks.projects_of(connection, asked.folder)
        if asked.event == "session-start":
            if not told.first("start"):
                return ""
            told.tidy()
            block, uris = blocks.of_project(connection, projects, asked.session)
        else:
            if not asked.prompt or not projects or not told.first(asked.prompt):
                return ""
            found = about(connection, asked.prompt, projects, asked.session)
            block, uris = blocks.of_prompt(connection, found, told.uris())
    if not block:
        return ""
    told.add(uris)
    return host.answer(asked, block)
