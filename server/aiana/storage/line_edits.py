"""The edits of a file by all sessions, what was asked before each, and who quotes a line."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from aiana.protocol.results import Quoted
from aiana.protocol.uris import session_uri
from aiana.storage.database import Database
from aiana.storage.file_history import IS_THE_FILE, TOUCHES_JOINED, Name, names_of
from aiana.storage.touching import absolute
from aiana.text import one_line
from aiana.touches.edits import Edit, edits_of_call

_MOST_EDITS = 1000
"""Of a file that are looked at, the newest."""
_MOST_QUOTES = 200
_READ_CHARS = 4000
_SHOWN_CHARS = 300
_MOST_REJECTED = 5
_REFUSED = re.compile(
    r"reject|declin|denied|refus|not approved|disallow|(?:doesn't|does not|didn't) want", re.I
)
_REPLACES_ALL = re.compile(
    r'"(?:replace_?all|allow_?multiple|(?:expected_?)?replacements|count)"\s*:\s*(?:true|[2-9])',
    re.I,
)
_NOTHING_SAID = re.compile(r"\s*(?:\[Request interrupted|<command-|/\w+\s*$|$)")

_EDITS = f"""
SELECT m.key, m.id, s.key, s.id, s.source, s.title, s.project_path, f.timestamp, m.position, f.path,
    coalesce(m.tool_name, ''), coalesce(m.tool_input, m.content)
FROM {TOUCHES_JOINED} JOIN messages m ON m.key = f.message_key
WHERE {IS_THE_FILE} AND f.touch IN ('edited', 'created')
ORDER BY f.timestamp DESC, f.key DESC LIMIT {_MOST_EDITS}
"""
_ASKED = """
SELECT id, substr(content, 1, ?1) FROM messages
WHERE session_key = ?2 AND position <= ?3 AND type = 'user' AND coalesce(role, 'user') = 'user'
ORDER BY position DESC LIMIT 10
"""
# Calls for the file whose results say that they failed, between two places of a session.
_FAILED = """
SELECT f.message_key, m.id, m.position, coalesce(m.tool_name, ''),
    coalesce(m.tool_input, m.content), r.content, f.path
FROM message_files f JOIN messages m ON m.key = f.message_key
JOIN messages r ON r.session_key = m.session_key AND r.position BETWEEN m.position AND ?3
    AND r.type = 'tool_result' AND json_extract(r.metadata, '$.isError')
    AND json_extract(r.metadata, '$.toolCallId') = json_extract(m.metadata, '$.toolCallId')
WHERE f.session_key = ?1 AND f.path = ?4 AND f.touch = 'named' AND m.position BETWEEN ?2 AND ?3
ORDER BY m.position
"""
_SEEN = """
SELECT 1 FROM messages WHERE session_key = ? AND position < ? AND type = 'tool_result'
AND instr(content, ?) LIMIT 1
"""
_QUOTES = f"""
SELECT m.id, s.id, s.source, s.title, m.timestamp, m.content FROM messages_fts t
JOIN messages m ON m.key = t.rowid JOIN sessions s ON s.key = m.session_key
WHERE messages_fts MATCH ?1 AND m.type IN ('user', 'assistant')
AND s.key IN (SELECT value FROM json_each(?2)) ORDER BY m.timestamp DESC LIMIT {_MOST_QUOTES}
"""
_SESSIONS = f"SELECT DISTINCT f.session_key FROM {TOUCHES_JOINED} WHERE {IS_THE_FILE}"


class StoredEdit(Struct, frozen=True, kw_only=True):
    """A call that changed a file."""

    key: int
    message_id: str
    session_key: int
    session_id: str
    source: str
    title: str | None
    folder: str
    timestamp: str
    position: int
    path: str
    tool: str
    arguments: str

    @property
    def uri(self) -> str:
        return session_uri(self.source, self.session_id, self.message_id)

    def replaces_all(self) -> bool:
        """Whether the call said that it replaces a text wherever it stands."""
        return _REPLACES_ALL.search(self.arguments) is not None

    def edits(self) -> list[Edit]:
        """What the call replaced in this file."""
        found = edits_of_call(self.tool, self.arguments)
        return [e for e in found if not e.path or absolute(e.path, self.folder) == self.path]


class Quote(Struct, frozen=True, kw_only=True):
    """A message that may quote a line."""

    message_id: str
    session_id: str
    source: str
    title: str | None
    timestamp: str
    content: str


class LineEdits:
    """What can be asked of the edits of a file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, names: Sequence[Name], project: str) -> list[StoredEdit]:
        """The calls that changed a file under any of its names, oldest first."""
        found: dict[int, StoredEdit] = {}
        with self._database.reading() as connection:
            for named in names_of(connection, names, project):
                for row in connection.execute(_EDITS, named.values):
                    fields = StoredEdit.__struct_fields__
                    found[row[0]] = StoredEdit(**dict(zip(fields, row, strict=True)))
        order = sorted(found.values(), key=lambda edit: (edit.timestamp, edit.key))
        return order[-_MOST_EDITS:]

    def has_any(self, names: Sequence[Name], project: str) -> bool:
        """Whether any call changed a file."""
        with self._database.reading() as connection:
            return any(
                connection.execute(f"{_EDITS.split('ORDER')[0]} LIMIT 1", named.values).fetchone()
                for named in names_of(connection, names, project)
            )

    def began(self, project: str) -> str | None:
        """When the first session of a project began; None without any."""
        with self._database.reading() as connection:
            first: str | None = connection.execute(
                "SELECT min(s.started_at) FROM projects p JOIN sessions s ON s.project_key = p.key "
                "WHERE p.id = ?",
                (project,),
            ).fetchone()[0]
        return first

    def was_seen(self, edit: StoredEdit, line: str) -> bool:
        """Whether a tool had shown a line in the session before this edit."""
        with self._database.reading() as connection:
            values = (edit.session_key, edit.position, line)
            return connection.execute(_SEEN, values).fetchone() is not None

    def asked(self, edit: StoredEdit) -> tuple[Quoted | None, list[Quoted]]:
        """The person's prompt before an edit; and edits of the file that were refused since it."""
        with self._database.reading() as connection:
            rows = connection.execute(
                _ASKED, (_READ_CHARS, edit.session_key, edit.position)
            ).fetchall()
            said = next(((id, text) for id, text in rows if not _NOTHING_SAID.match(text)), None)
            refused = _refused(connection, edit, said[0] if said else None)
        prompt = None
        if said is not None:
            prompt = Quoted(uri=_uri(edit, said[0]), text=_shortened(said[1]))
        return prompt, refused

    def quoting(self, names: Sequence[Name], project: str, line: str) -> list[Quote]:
        """What people and assistants wrote with the words of a line, in sessions with the file."""
        words = re.findall(r"\w+", line)
        if not words:
            return []
        phrase = '"' + " ".join(words) + '"'
        with self._database.reading() as connection:
            sessions = [
                key
                for named in names_of(connection, names, project)
                for (key,) in connection.execute(_SESSIONS, named.values)
            ]
            rows = connection.execute(_QUOTES, (phrase, json.dumps(sessions))).fetchall()
        return [Quote(**dict(zip(Quote.__struct_fields__, row, strict=True))) for row in rows]


def _refused(connection: sqlite3.Connection, edit: StoredEdit, prompt: str | None) -> list[Quoted]:
    first = 0
    if prompt is not None:
        (first,) = connection.execute(
            "SELECT position FROM messages WHERE session_key = ? AND id = ?",
            (edit.session_key, prompt),
        ).fetchone()
    # What was said no to comes before what was agreed to.
    values = (edit.session_key, first, edit.position, edit.path)
    found: dict[str, Quoted] = {}
    for _, id, _, tool, arguments, answer, _ in connection.execute(_FAILED, values):
        if _REFUSED.search(answer[:_READ_CHARS]):
            texts = [each.new for each in edits_of_call(tool, arguments)]
            found[id] = Quoted(uri=_uri(edit, id), text=_shortened("\n".join(texts)))
    return list(found.values())[-_MOST_REJECTED:]


def _uri(edit: StoredEdit, message: str) -> str:
    return session_uri(edit.source, edit.session_id, message)


def _shortened(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1].rstrip() + "…"
