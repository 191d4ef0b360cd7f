"""What a session was about, told without a model from what stands in it."""

from __future__ import annotations

import re
import sqlite3
from typing import Literal

from aiana.protocol.results import Digest, DigestFile
from aiana.storage.database import Database
from aiana.text import one_line
from aiana.titles import title_of

MOST_FILES = 20
_CHARS = 300
_READ_CHARS = 4000
_PROMPTS = 30
_INTERRUPTED = re.compile(
    r"^\[Request interrupted by user|^\s*\[?(?:aborted|cancelled) by (?:the )?user", re.I
)
_STRENGTH = ("deleted", "created", "edited", "read")
Outcome = Literal["committed", "answered", "asked", "failed", "interrupted", "open"]


class Digests:
    """Digests of sessions; each is made when it is asked for, so that it is never out of date."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, session_id: str, source: str) -> Digest:
        """What was asked first and said last, the files that were touched, and how it ended."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT key FROM sessions WHERE id = ? AND source = ?", (session_id, source)
            ).fetchone()
            return _digest(connection, row[0]) if row else Digest(outcome="open")


def _digest(connection: sqlite3.Connection, key: int) -> Digest:
    files = _files(connection, key)
    refs = connection.execute(
        "SELECT kind, name FROM message_refs WHERE session_key = ? ORDER BY message_key, key",
        (key,),
    ).fetchall()
    commits = list(dict.fromkeys(name for kind, name in refs if kind == "commit"))
    last = _last_said(connection, key)
    return Digest(
        asked=_first_asked(connection, key),
        concluded=last or None,
        files=files[:MOST_FILES],
        files_touched=len(files),
        commits=commits,
        branches=list(dict.fromkeys(name for kind, name in refs if kind == "branch")),
        outcome=_outcome(connection, key, commits, last),
    )


def _first_asked(connection: sqlite3.Connection, key: int) -> str | None:
    """The first prompt that says something, whole as far as there is room."""
    prompts = [
        text
        for (text,) in connection.execute(
            "SELECT substr(content, 1, ?) FROM messages WHERE session_key = ? AND type = 'user' "
            "AND coalesce(role, 'user') = 'user' AND content != '' ORDER BY position, key LIMIT ?",
            (_READ_CHARS, key, _PROMPTS),
        )
    ]
    telling = title_of(prompts)
    if telling is None:
        return None
    begin = telling.rstrip("…")[:40]
    whole = next((one_line(text) for text in prompts if begin in one_line(text)), telling)
    return _shortened(whole)


def _last_said(connection: sqlite3.Connection, key: int) -> str:
    """The last answer: its last paragraph that is prose, which is where answers conclude."""
    row = connection.execute(
        "SELECT substr(content, -?1) FROM messages WHERE session_key = ?2 "
        "AND type IN ('assistant', 'summary') AND trim(content) != '' "
        "ORDER BY position DESC, key DESC LIMIT 1",
        (_READ_CHARS, key),
    ).fetchone()
    if row is None:
        return ""
    text = re.sub(r"(?s)```.*?(?:```|\Z)", "", row[0])
    paragraphs = [one_line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]
    prose = [part for part in paragraphs if len(part) > 3 and not part.startswith(("|", "#"))]
    return _shortened((prose or paragraphs or [one_line(row[0])])[-1])


def _files(connection: sqlite3.Connection, key: int) -> list[DigestFile]:
    """Files by the strongest thing that was done to each: changed ones first."""
    touched: dict[str, Literal["read", "edited", "created", "deleted"]] = {}
    for path, touch in connection.execute(
        "SELECT path, touch FROM message_files WHERE session_key = ? AND touch != 'named' "
        "ORDER BY message_key, key",
        (key,),
    ):
        known = touched.get(path)
        if touch == "deleted" or known is None or _STRENGTH.index(touch) < _STRENGTH.index(known):
            touched[path] = touch
    order = sorted(touched.items(), key=lambda item: item[1] == "read")
    return [DigestFile(path=path, touch=touch) for path, touch in order]


def _outcome(connection: sqlite3.Connection, key: int, commits: list[str], last: str) -> Outcome:
    rows = connection.execute(
        "SELECT type, coalesce(role, ''), substr(content, 1, 200), "
        "json_extract(metadata, '$.isError') FROM messages WHERE session_key = ? "
        "AND type NOT IN ('thinking', 'system') ORDER BY position DESC, key DESC LIMIT 1",
        (key,),
    ).fetchone()
    if rows is None:
        return "open"
    kind, role, text, is_error = rows
    if _INTERRUPTED.search(text):
        return "interrupted"
    if kind == "user" and role in ("", "user"):
        return "open"
    if kind == "tool_result" and is_error:
        return "failed"
    if kind in ("tool_use", "tool_result"):
        return "open"
    if last.rstrip("*_ )").endswith(("?", "？")):
        return "asked"
    return "committed" if commits else "answered"


def _shortened(text: str) -> str:
    line = one_line(text)
    if len(line) <= _CHARS:
        return line
    cut = line[: _CHARS - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > _CHARS // 2 else cut).rstrip(" ,;:.-") + "…"
