"""The schema of the database, as the steps that lead to it. Steps are only ever added."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from aiana.errors import StorageUnavailable
from aiana.private import make_own_folder
from aiana.storage.copying import beside, copy_into, flush
from aiana.storage.identifiers import derived_words
from aiana.storage.overwriting import note_overwritten
from aiana.text import TOKENIZER

Migration = Callable[[sqlite3.Connection], None]
THOUGHT = "type = 'thinking'"
"""Of the table `messages`: whether it was thought and not said."""
ACTIVITY = "coalesce(ended_at, started_at)"
"""Of the table `sessions`: when something happened last."""
RANK = "((instr(tags, '\"pinned\"') > 0) || created_at)"
"""Of the table `memories`: pinned ones first, then the newest; tags are stored as JSON."""
MIGRATIONS: list[Migration] = []
migration = MIGRATIONS.append


def migrate(connection: sqlite3.Connection, backups: Path | None) -> None:
    """Bring the database to the newest version, in one transaction: nobody sees half of it.

    What it was before is kept as a backup.

    Raises StorageUnavailable if a newer Aiana wrote the database, or if an older one did and it
    cannot be written, which is what `backups` being None means.
    """
    if _version(connection) == len(MIGRATIONS):
        return
    if backups is None:
        raise StorageUnavailable(
            "The database was written by an older Aiana, and it cannot be brought up to date "
            "since it is read-only. Make it writable, then try again."
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        version = _version(connection)
        if 0 < version < len(MIGRATIONS):
            _backup(connection, backups / f"conversations-v{version}.db")
        for step in MIGRATIONS[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has done it already after some errors, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def refuse_a_foreign_one(connection: sqlite3.Connection) -> None:
    """Raises StorageUnavailable if another program made this database."""
    # In one statement: another process may be making the tables just now.
    tables = dict(
        connection.execute("SELECT name, user_version FROM sqlite_schema, pragma_user_version")
    )
    if tables and not (
        all(tables.values()) and {"sessions", "messages", "memories"} <= set(tables)
    ):
        raise StorageUnavailable(
            "The database belongs to another program: it was left as it is. Move it aside, or set "
            "AIANA_HOME to another folder."
        )


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StorageUnavailable(
            f"The database has version {version}, this Aiana knows versions up to "
            f"{len(MIGRATIONS)}: a newer Aiana wrote it. Upgrade with `pip install -U aiana`."
        )
    return version


def _backup(connection: sqlite3.Connection, path: Path) -> None:
    make_own_folder(path.parent)
    (database,) = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'")
    # SQLite copies nothing for a connection that writes; another one sees what was before.
    with beside(path) as part, contextlib.closing(sqlite3.connect(database[0])) as source:
        copy_into(source, part)
        flush(part)
        part.replace(path)


@migration
def m001_initial(connection: sqlite3.Connection) -> None:
    """Sessions, messages, memories, preferences, their index, and the books that capture keeps."""
    for statement in _INITIAL.replace("$TOKENIZER", TOKENIZER).split(";;"):
        connection.execute(statement)


@migration
def m002_outbox(connection: sqlite3.Connection) -> None:
    """Changes to send to Qdrant: written by triggers, in the transaction of each."""
    for statement in _OUTBOX.split(";;"):
        connection.execute(statement)


@migration
def m003_order(connection: sqlite3.Connection) -> None:
    """Messages have a place in their session, chunks name the messages that they speak for."""
    for statement in _ORDER.split(";;"):
        connection.execute(statement)


@migration
def m004_words_of_every_script(connection: sqlite3.Connection) -> None:
    """Texts in scripts without blanks, with emoji or letters of other forms, are found by words."""
    for table, kind in (("messages", "type"), ("memories", "'memory'")):
        rows = connection.execute(
            f"SELECT key, {kind}, content, identifiers FROM {table} "
            "WHERE length(CAST(content AS BLOB)) > length(content)"
        )
        changed = []
        for key, kind_of_text, content, known in rows:
            words = derived_words(content, parts=kind_of_text != "tool_result")
            if words != known:
                changed.append((words, key))
        connection.executemany(f"UPDATE {table} SET identifiers = ? WHERE key = ?", changed)


@migration
def m005_whose_words(connection: sqlite3.Connection) -> None:
    """Thinking has a type of its own, machines are no persons, and titles tell sessions apart."""
    from aiana.storage.session_writer import derive_title

    for statement in _WHOSE_WORDS.split(";;"):
        connection.execute(statement)
    for (key,) in connection.execute("SELECT key FROM sessions").fetchall():
        derive_title(connection, key)


@migration
def m006_forgetting(connection: sqlite3.Connection) -> None:
    """What was deleted, by hash; and which transcript gave a title that waits for its session."""
    connection.execute("CREATE TABLE forgotten (hash BLOB PRIMARY KEY) WITHOUT ROWID")
    connection.execute("CREATE INDEX memories_by_change ON memories (updated_at)")
    connection.execute("ALTER TABLE pending_titles ADD COLUMN path TEXT NOT NULL DEFAULT ''")


@migration
def m007_thinking(connection: sqlite3.Connection) -> None:
    """What an assistant thought is told apart from what it said without reading every message."""
    thought = "json_extract(metadata, '$.thinking')"
    connection.execute(f"CREATE INDEX messages_thought ON messages (key) WHERE {thought}")


@migration
def m008_redaction(connection: sqlite3.Connection) -> None:
    """A database that is made now needs no look for what older rules let through."""
    from aiana.redaction.redact import RULES
    from aiana.storage.cleaned import Cleaned, note_cleaned

    (texts,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM sessions) + EXISTS (SELECT 1 FROM memories) "
        "+ EXISTS (SELECT 1 FROM preferences) + EXISTS (SELECT 1 FROM capture_positions)"
    ).fetchone()
    if not texts:
        note_cleaned(connection, Cleaned(rules=RULES, table=None))


@migration
def m009_level_costs(connection: sqlite3.Connection) -> None:
    """What the background work and the lists ask for has an index; vectors are counted."""
    for statement in _LEVEL_COSTS.split(";;"):
        connection.execute(statement)


@migration
def m010_thinking_by_type(connection: sqlite3.Connection) -> None:
    """What was thought is a type of its own, whatever else a source notes of it."""
    connection.execute("DROP INDEX messages_thought")
    connection.execute(f"CREATE INDEX messages_thought ON messages (key) WHERE {THOUGHT}")


@migration
def m011_turns(connection: sqlite3.Connection) -> None:
    """Which chunks speak for a message can be looked up."""
    for statement in _TURNS.split(";;"):
        connection.execute(statement)


@migration
def m012_message_files(connection: sqlite3.Connection) -> None:
    """Which files each message touched, and which commits and branches it made.

    Of messages that are stored already it is told in the background.
    """
    from aiana.storage.session_writer import derive_title

    for statement in _MESSAGE_FILES.split(";;"):
        connection.execute(statement)
    unnamed = connection.execute("SELECT key FROM sessions WHERE title IS NULL").fetchall()
    for (key,) in unnamed:
        derive_title(connection, key)


@migration
def m013_keyed_tombstones(connection: sqlite3.Connection) -> None:
    """A key, without which nobody can guess from the hashes of it what was forgotten."""
    connection.execute("INSERT INTO facts VALUES ('forgotten key', lower(hex(randomblob(32))))")
    connection.execute("ALTER TABLE forgotten ADD COLUMN at TEXT NOT NULL DEFAULT ''")
    connection.execute("CREATE INDEX sessions_by_transcript ON sessions (transcript_path)")
    (some,) = connection.execute("SELECT EXISTS (SELECT 1 FROM forgotten)").fetchone()
    if some:
        connection.execute("INSERT INTO facts VALUES ('forgotten unkeyed', '')")


@migration
def m014_files_in_time(connection: sqlite3.Connection) -> None:
    """The touches of a file can be walked through by time, newest first."""
    for statement in _FILES_IN_TIME.split(";;"):
        connection.execute(statement)


@migration
def m015_files_of_older_messages(connection: sqlite3.Connection) -> None:
    """A database that is made now needs no look at what its messages touched."""
    from aiana.storage.message_files_progress import begin

    begin(connection)


@migration
def m016_changed_messages(connection: sqlite3.Connection) -> None:
    """Who holds columns of messages can ask which of those have changed."""
    for statement in _CHANGED_MESSAGES.split(";;"):
        connection.execute(statement)


@migration
def m017_overwritten(connection: sqlite3.Connection) -> None:
    """Of a database that is made now, nothing that goes stays in a free part of the file."""
    (texts,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM sessions) + EXISTS (SELECT 1 FROM memories) "
        "+ EXISTS (SELECT 1 FROM preferences) + EXISTS (SELECT 1 FROM tombstones)"
    ).fetchone()
    if not texts:
        note_overwritten(connection)


# Triggers hold semicolons, so statements are divided by two. A document is a message (rowid = key)
# or a memory (rowid = -key): one full-text table gives both the same word statistics. The index
# messages_by_session holds all that ranking and filters read of a message.
_INITIAL = """
CREATE TABLE projects (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    root TEXT NOT NULL DEFAULT ''
);;
CREATE TABLE sessions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    project_key INTEGER NOT NULL REFERENCES projects(key),
    project_path TEXT NOT NULL,
    transcript_path TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    title TEXT,
    title_rank INTEGER NOT NULL DEFAULT 0,
    summary TEXT,
    parent_id TEXT,
    message_count INTEGER NOT NULL DEFAULT 0,
    token_count INTEGER NOT NULL DEFAULT 0,
    dirty_from INTEGER,
    metadata TEXT NOT NULL DEFAULT '{}',
    UNIQUE (id, source)
);;
CREATE INDEX sessions_by_project ON sessions (project_key, started_at);;
CREATE INDEX sessions_by_start ON sessions (started_at);;
CREATE INDEX sessions_dirty ON sessions (dirty_from) WHERE dirty_from IS NOT NULL;;
CREATE TABLE messages (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    session_key INTEGER NOT NULL REFERENCES sessions(key),
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    role TEXT,
    tool_name TEXT,
    timestamp TIMESTAMP NOT NULL,
    parent_id TEXT,
    tokens INTEGER,
    content TEXT NOT NULL,
    identifiers TEXT NOT NULL DEFAULT '',
    tool_input TEXT,
    metadata TEXT NOT NULL DEFAULT '{}',
    size INTEGER GENERATED ALWAYS AS (length(content)) VIRTUAL,
    UNIQUE (id, session_key)
);;
CREATE INDEX messages_by_session
    ON messages (session_key, timestamp, type, role, tool_name, size);;
CREATE TABLE memories (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project_key INTEGER NOT NULL REFERENCES projects(key),
    session_id TEXT,
    memory_type TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    helpful INTEGER NOT NULL DEFAULT 0,
    unhelpful INTEGER NOT NULL DEFAULT 0,
    harmful INTEGER NOT NULL DEFAULT 0,
    content_hash BLOB NOT NULL,
    idempotency_key TEXT UNIQUE,
    content TEXT NOT NULL,
    identifiers TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    metadata TEXT NOT NULL DEFAULT '{}'
);;
CREATE INDEX memories_by_project ON memories (project_key, created_at);;
CREATE INDEX memories_by_hash ON memories (content_hash);;
CREATE TABLE preferences (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    static INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (text, static)
);;
CREATE VIEW documents AS
    SELECT key, content, identifiers FROM messages
    UNION ALL SELECT -key, content, identifiers FROM memories;;
CREATE VIRTUAL TABLE messages_fts USING fts5(
    content, identifiers,
    content='documents', content_rowid='key',
    tokenize='$TOKENIZER'
);;
CREATE VIRTUAL TABLE messages_terms USING fts5vocab('messages_fts', 'row');;
CREATE VIRTUAL TABLE messages_places USING fts5vocab('messages_fts', 'instance');;
CREATE TRIGGER messages_insert AFTER INSERT ON messages BEGIN
    INSERT INTO messages_fts(rowid, content, identifiers)
        VALUES (new.key, new.content, new.identifiers);
END;;
CREATE TRIGGER messages_update AFTER UPDATE OF content, identifiers ON messages BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, content, identifiers)
        VALUES ('delete', old.key, old.content, old.identifiers);
    INSERT INTO messages_fts(rowid, content, identifiers)
        VALUES (new.key, new.content, new.identifiers);
END;;
CREATE TRIGGER messages_delete AFTER DELETE ON messages BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, content, identifiers)
        VALUES ('delete', old.key, old.content, old.identifiers);
END;;
CREATE TRIGGER memories_insert AFTER INSERT ON memories BEGIN
    INSERT INTO messages_fts(rowid, content, identifiers)
        VALUES (-new.key, new.content, new.identifiers);
END;;
CREATE TRIGGER memories_update AFTER UPDATE OF content, identifiers ON memories BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, content, identifiers)
        VALUES ('delete', -old.key, old.content, old.identifiers);
    INSERT INTO messages_fts(rowid, content, identifiers)
        VALUES (-new.key, new.content, new.identifiers);
    DELETE FROM vectors WHERE owner = -old.key;
END;;
CREATE TRIGGER memories_delete AFTER DELETE ON memories BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, content, identifiers)
        VALUES ('delete', -old.key, old.content, old.identifiers);
    DELETE FROM vectors WHERE owner = -old.key;
END;;
CREATE TABLE chunks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    session_key INTEGER NOT NULL REFERENCES sessions(key),
    first_message_key INTEGER NOT NULL,
    last_message_key INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    content TEXT NOT NULL
);;
CREATE INDEX chunks_by_session ON chunks (session_key, first_message_key);;
CREATE TABLE vectors (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL,
    model TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (owner, model)
);;
CREATE INDEX vectors_by_hash ON vectors (content_hash, model);;
CREATE INDEX vectors_by_model ON vectors (model);;
CREATE TRIGGER chunks_delete AFTER DELETE ON chunks BEGIN
    DELETE FROM vectors WHERE owner = old.key;
END;;
CREATE TABLE capture_positions (
    path TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    imported_at TIMESTAMP NOT NULL,
    position TEXT NOT NULL
);;
CREATE TABLE pending_titles (
    message_id TEXT NOT NULL,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (message_id, source)
);;
CREATE TABLE tombstones (
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    deleted_at TIMESTAMP NOT NULL,
    PRIMARY KEY (kind, source, id)
);;
CREATE TABLE outbox (
    memory_id TEXT PRIMARY KEY,
    operation TEXT NOT NULL CHECK (operation IN ('upsert', 'delete')),
    created_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);;
CREATE TABLE revisions (
    kind TEXT NOT NULL,
    project_key INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (kind, project_key)
)
"""

# A row says that something with this id changed, not what it became: whoever drains it looks, so
# the order of changes cannot be got wrong. Nothing is noted before Qdrant was used for the first
# time (the fact `qdrant`). Old vectors go when a text changes, as do those of another model.
_OUTBOX = """
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);;
INSERT INTO facts VALUES ('store', lower(hex(randomblob(16))));;
DROP TABLE outbox;;
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    attempts INTEGER NOT NULL DEFAULT 0
);;
CREATE TRIGGER outbox_vector_insert AFTER INSERT ON vectors
WHEN EXISTS (SELECT 1 FROM facts WHERE name = 'qdrant') BEGIN
    INSERT OR REPLACE INTO outbox (id)
        SELECT id FROM memories WHERE key = -new.owner
        UNION ALL SELECT id FROM chunks WHERE key = new.owner;
END;;
CREATE TRIGGER outbox_vector_delete AFTER DELETE ON vectors
WHEN EXISTS (SELECT 1 FROM facts WHERE name = 'qdrant') BEGIN
    INSERT OR REPLACE INTO outbox (id)
        SELECT id FROM memories WHERE key = -old.owner
        UNION ALL SELECT id FROM chunks WHERE key = old.owner;
END;;
CREATE TRIGGER outbox_memory_update AFTER UPDATE ON memories
WHEN EXISTS (SELECT 1 FROM facts WHERE name = 'qdrant') BEGIN
    INSERT OR REPLACE INTO outbox (id) VALUES (new.id);
END;;
CREATE TRIGGER outbox_memory_delete AFTER DELETE ON memories
WHEN EXISTS (SELECT 1 FROM facts WHERE name = 'qdrant') BEGIN
    INSERT OR REPLACE INTO outbox (id) VALUES (old.id);
END;;
CREATE TRIGGER outbox_chunk_delete AFTER DELETE ON chunks
WHEN EXISTS (SELECT 1 FROM facts WHERE name = 'qdrant') BEGIN
    INSERT OR REPLACE INTO outbox (id) VALUES (old.id);
END;;
CREATE TRIGGER outbox_session_moved AFTER UPDATE OF project_key ON sessions
WHEN old.project_key != new.project_key
    AND EXISTS (SELECT 1 FROM facts WHERE name = 'qdrant') BEGIN
    INSERT OR REPLACE INTO outbox (id) SELECT id FROM chunks WHERE session_key = new.key;
END
"""

# What is stored keeps the order in which it was shown: by time, then as it came in.
_ORDER = """
ALTER TABLE messages ADD COLUMN position INTEGER NOT NULL DEFAULT 0;;
UPDATE messages SET position = place.number FROM (
    SELECT key, row_number() OVER (PARTITION BY session_key ORDER BY timestamp, key) AS number
    FROM messages
) AS place WHERE place.key = messages.key;;
DROP INDEX messages_by_session;;
CREATE INDEX messages_by_session
    ON messages (session_key, position, type, role, tool_name, timestamp, size);;
ALTER TABLE chunks ADD COLUMN message_keys TEXT NOT NULL DEFAULT '[]';;
UPDATE chunks SET message_keys = (
    SELECT '[' || coalesce(group_concat(key, ', '), '') || ']' FROM (
        SELECT m.key FROM messages m WHERE m.session_key = chunks.session_key
            AND m.type IN ('user', 'assistant', 'summary') AND trim(m.content) != ''
            AND m.position BETWEEN
                (SELECT position FROM messages WHERE key = chunks.first_message_key)
                AND (SELECT position FROM messages WHERE key = chunks.last_message_key)
        ORDER BY m.position
    )
);;
DROP INDEX chunks_by_session;;
ALTER TABLE chunks DROP COLUMN first_message_key;;
ALTER TABLE chunks DROP COLUMN last_message_key;;
CREATE INDEX chunks_by_session ON chunks (session_key)
"""

# Of transcripts that are still there more is read again; this is for those that are gone.
_WHOSE_WORDS = """
CREATE INDEX sessions_by_path ON sessions (project_path);;
UPDATE messages SET type = 'thinking'
    WHERE type = 'assistant' AND json_extract(metadata, '$.thinking');;
UPDATE messages SET type = 'system', role = 'system'
    WHERE type = 'user' AND role = 'user' AND content LIKE '{"task_id":%}';;
UPDATE messages SET role = 'assistant'
    WHERE type = 'user' AND role = 'user' AND content LIKE '<teammate-message %';;
UPDATE sessions SET dirty_from = 0
    WHERE key IN (SELECT session_key FROM messages WHERE type = 'thinking')
"""

# One model has all vectors: an index of it makes SQLite walk through all of them for any few. Where
# a vector replaces another, no trigger sees that one go.
_LEVEL_COSTS = f"""
DROP INDEX sessions_dirty;;
CREATE INDEX sessions_dirty ON sessions (started_at) WHERE dirty_from IS NOT NULL;;
CREATE INDEX sessions_by_activity ON sessions ({ACTIVITY});;
CREATE INDEX memories_by_rank ON memories ({RANK});;
CREATE INDEX outbox_by_attempts ON outbox (attempts);;
DROP INDEX vectors_by_model;;
CREATE TABLE embedded (
    model TEXT PRIMARY KEY,
    vectors INTEGER NOT NULL
) WITHOUT ROWID;;
INSERT INTO embedded SELECT model, count(*) FROM vectors GROUP BY model;;
CREATE TRIGGER embedded_insert BEFORE INSERT ON vectors
WHEN NOT EXISTS (SELECT 1 FROM vectors WHERE owner = new.owner AND model = new.model) BEGIN
    INSERT INTO embedded VALUES (new.model, 1)
        ON CONFLICT (model) DO UPDATE SET vectors = vectors + 1;
END;;
CREATE TRIGGER embedded_delete AFTER DELETE ON vectors BEGIN
    UPDATE embedded SET vectors = vectors - 1 WHERE model = old.model;
END
"""

_CHANGED_MESSAGES = """
UPDATE revisions SET kind = 'messages' WHERE kind = 'order';;
ALTER TABLE messages ADD COLUMN changed INTEGER;;
CREATE INDEX messages_changed ON messages (changed) WHERE changed IS NOT NULL;;
CREATE TRIGGER messages_change
AFTER UPDATE OF session_key, type, timestamp, content, position ON messages
WHEN (old.session_key, old.type, old.timestamp, old.size, old.position)
    != (new.session_key, new.type, new.timestamp, new.size, new.position) BEGIN
    INSERT INTO revisions (kind, project_key, revision)
        VALUES ('messages', 0, (SELECT coalesce(max(revision), 0) + 1 FROM revisions))
        ON CONFLICT (kind, project_key) DO UPDATE SET revision = excluded.revision;
    UPDATE messages SET changed =
        (SELECT revision FROM revisions WHERE kind = 'messages' AND project_key = 0)
        WHERE key = new.key;
END
"""

_TURNS = """
CREATE TABLE chunk_turns (
    message_key INTEGER NOT NULL,
    chunk_key INTEGER NOT NULL,
    PRIMARY KEY (message_key, chunk_key)
) WITHOUT ROWID;;
INSERT OR IGNORE INTO chunk_turns SELECT turn.value, c.key
    FROM chunks c, json_each(c.message_keys) turn;;
CREATE TRIGGER chunk_turns_insert AFTER INSERT ON chunks BEGIN
    INSERT OR IGNORE INTO chunk_turns SELECT value, new.key FROM json_each(new.message_keys);
END;;
CREATE TRIGGER chunk_turns_delete AFTER DELETE ON chunks BEGIN
    DELETE FROM chunk_turns WHERE chunk_key = old.key
        AND message_key IN (SELECT value FROM json_each(old.message_keys));
END
"""

_MESSAGE_FILES = """
CREATE TABLE message_files (
    key INTEGER PRIMARY KEY,
    message_key INTEGER NOT NULL,
    session_key INTEGER NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    touch TEXT NOT NULL,
    first_line INTEGER,
    last_line INTEGER
);;
CREATE INDEX message_files_by_message ON message_files (message_key);;
CREATE INDEX message_files_by_session ON message_files (session_key, path);;
CREATE INDEX message_files_by_name ON message_files (name, path, session_key);;
CREATE TABLE message_refs (
    key INTEGER PRIMARY KEY,
    message_key INTEGER NOT NULL,
    session_key INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL
);;
CREATE INDEX message_refs_by_message ON message_refs (message_key);;
CREATE INDEX message_refs_by_session ON message_refs (session_key);;
CREATE INDEX message_refs_by_commit ON message_refs (substr(name, 1, 7)) WHERE kind = 'commit';;
CREATE INDEX sessions_by_parent ON sessions (parent_id, source) WHERE parent_id IS NOT NULL;;
CREATE TRIGGER messages_delete_files AFTER DELETE ON messages BEGIN
    DELETE FROM message_files WHERE message_key = old.key;
    DELETE FROM message_refs WHERE message_key = old.key;
END
"""

# What a file's history asks of each touch stands in the index, in the order in which it is told.
_FILES_IN_TIME = """
ALTER TABLE message_files ADD COLUMN timestamp TEXT NOT NULL DEFAULT '';;
UPDATE message_files SET timestamp = m.timestamp
    FROM messages m WHERE m.key = message_files.message_key;;
DROP INDEX message_files_by_name;;
CREATE INDEX message_files_by_name
    ON message_files (name, path, timestamp, touch, session_key);;
DROP INDEX message_files_by_session;;
CREATE INDEX message_files_by_session ON message_files (session_key, path, touch)
"""
