"""The contexts that hooks hand over: small, quoted, cited."""

from __future__ import annotations

import os
import sqlite3

from aiana.context.quote import address, fenced, field, quotable, quote
from aiana.hooks.words import Found, passage
from aiana.projects import folders_of, identity_of
from aiana.protocol.uris import memory_uri, session_uri

START_CHARS = 2_000
PASSAGE_CHARS = 320
_PREFERENCES, _MEMORIES, _SESSIONS = 8, 5, 5
_LINE_CHARS = 200

Context = tuple[str, list[str]]
"""A block, "" for none, and the URIs of what it quotes."""


def projects_of(connection: sqlite3.Connection, folder: str) -> list[int]:
    """Key of the stored project that a folder belongs to: at most one."""
    for path in folders_of(folder):
        for query, value in (
            ("SELECT key FROM projects WHERE id = ?", identity_of(path)[0]),
            (
                "SELECT project_key FROM sessions WHERE project_path = ? "
                "ORDER BY started_at DESC LIMIT 1",
                path,
            ),
        ):
            if row := connection.execute(query, (value,)).fetchone():
                return [row[0]]
    return []


def of_project(connection: sqlite3.Connection, projects: list[int], session: str) -> Context:
    """Preferences, then what was kept of the project, then what it was about lately."""
    lines: list[str] = []
    uris: list[str] = []
    left = START_CHARS

    def add(heading: str, items: list[tuple[str, str, str]]) -> None:
        """Items are a citation, a text and a URI."""
        nonlocal left
        begun = False
        for citation, text, uri in items:
            said = quote(quotable(passage(text, [], _LINE_CHARS)))
            more = [*([] if begun else ["", heading]), *([citation] if citation else []), said]
            cost = sum(len(line) + 1 for line in more)
            if not text.strip() or cost > left:
                continue
            lines.extend(more)
            left -= cost
            begun = True
            if uri:
                uris.append(uri)

    add(
        "## Preferences",
        [
            ("", text, "")
            for (text,) in connection.execute(
                "SELECT text FROM preferences ORDER BY static DESC, created_at DESC LIMIT ?",
                (_PREFERENCES,),
            )
        ],
    )
    if projects:
        memories = connection.execute(
            "SELECT id, content, memory_type, updated_at FROM memories WHERE project_key = ? "
            "AND harmful = 0 ORDER BY tags LIKE '%\"pinned\"%' DESC, "
            "helpful - unhelpful DESC, updated_at DESC LIMIT ?",
            (projects[0], _MEMORIES),
        ).fetchall()
        add(
            "## Kept",
            [
                (_citation(kind, when, memory_uri(id)), text, memory_uri(id))
                for id, text, kind, when in memories
            ],
        )
        sessions = connection.execute(
            "SELECT id, source, coalesce(nullif(summary, ''), title), "
            "coalesce(ended_at, started_at) AS at FROM sessions WHERE project_key = ? "
            "AND parent_id IS NULL AND id != ? AND title IS NOT NULL "
            "AND title NOT LIKE '/%' ORDER BY at DESC LIMIT ?",
            (projects[0], session, _SESSIONS),
        ).fetchall()
        add(
            "## Recent sessions",
            [
                (_citation(source, when, session_uri(source, id)), text, session_uri(source, id))
                for id, source, text, when in sessions
            ],
        )
    return (fenced(lines, os.urandom(4).hex()), uris) if lines else ("", [])


def of_prompt(connection: sqlite3.Connection, found: list[Found], told: set[str]) -> Context:
    """The passages that a prompt is about, without those that the session was told before."""
    lines: list[str] = []
    uris: list[str] = []
    for each in found:
        if each.key > 0:
            id, source, message, role, text, when = connection.execute(
                "SELECT s.id, s.source, m.id, m.role, m.content, m.timestamp FROM messages m "
                "JOIN sessions s ON s.key = m.session_key WHERE m.key = ?",
                (each.key,),
            ).fetchone()
            uri, who = session_uri(source, id, message), f"{role} · {source}"
        else:
            id, kind, text, when = connection.execute(
                "SELECT id, memory_type, content, updated_at FROM memories WHERE key = ?",
                (-each.key,),
            ).fetchone()
            uri, who = memory_uri(id), str(kind)
        if uri in told:
            continue
        uris.append(uri)
        lines += ["", _citation(who, when, uri)]
        lines.append(quote(quotable(passage(text, each.words, PASSAGE_CHARS))))
    return (fenced(lines, os.urandom(4).hex()), uris) if lines else ("", [])


def _citation(who: str, when: str, uri: str) -> str:
    return f"- {field(who)} · {field(when[:10])} · {address(uri)}"
