"""`store.db`, one for each conversation of the command line, which is made of blobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiana.capture.building import SessionBuilder
from aiana.capture.cursor import composers
from aiana.capture.cursor.blobs import Graph, message_of
from aiana.capture.cursor.messages import MessageReader
from aiana.capture.cursor.values import NAME, TITLE, digest_of, json_of
from aiana.capture.databases import ConversationDatabase, has_table, opened, value_of
from aiana.capture.decoding import loads
from aiana.errors import UnreadableFile
from aiana.projects import normalise_folder
from aiana.regular import small_file


class CommandLineStores(ConversationDatabase):
    """`store.db` of the command line: one conversation, in blobs."""

    name = NAME
    title = TITLE

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        if has_table(connection, "blobs"):
            count = connection.execute("SELECT count(*) FROM blobs").fetchone()[0]
            yield path.parent.name, f"{digest_of(repr(meta_of(connection)).encode())} {count}"

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        meta = _beside(builder.path) | meta_of(connection)
        told = meta.get("agentId")
        session_id = told if isinstance(told, str) and told else key
        builder.time(meta.get("createdAt") or meta.get("createdAtMs"))
        parent = composers.parent_of(meta)
        cwd = meta.get("cwd")
        facts = {"mode": meta.get("mode"), "model": meta.get("lastUsedModel")}
        builder.session(
            session_id,
            cwd=cwd if isinstance(cwd, str) else "",
            parent=parent,
            metadata={name: fact for name, fact in facts.items() if isinstance(fact, str)},
        )
        title = meta.get("title") or meta.get("name")
        builder.title(
            session_id, title if isinstance(title, str) and title != "New Agent" else None
        )

        def fetch(hash_: str) -> bytes | None:
            return value_of(connection, "blobs", hash_, ("id", "data"))

        is_agent = parent is not None or meta.get("isSubagent") is True
        reader = MessageReader(builder, session_id, is_agent)
        reader.model(meta.get("lastUsedModel"))
        root = fetch(str(meta.get("latestRootBlobId") or ""))
        if root is not None:
            graph = Graph(root, fetch)
            yield from graph.read(reader, lost)
            for folder in graph.folders():
                builder.session(session_id, cwd=normalise_folder(folder))
            return
        for (name,) in connection.execute("SELECT id FROM blobs ORDER BY rowid").fetchall():
            data = fetch(name)
            if data and (message := message_of(data)) and (why := reader.take(message)):
                lost.append(why)
            yield


def is_conversation(path: Path) -> bool:
    try:
        with opened(path) as connection:
            return has_table(connection, "blobs") and "agentId" in meta_of(connection)
    except (sqlite3.Error, UnreadableFile):
        return False


def meta_of(connection: sqlite3.Connection) -> dict[str, Any]:
    """What a store says of its conversation: a JSON text, as hexadecimal digits or plain."""
    if not has_table(connection, "meta"):
        return {}
    row = connection.execute("SELECT value FROM meta WHERE key = '0'").fetchone()
    value = row[0] if row else None
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if not isinstance(data, bytes):
        return {}
    with suppress(ValueError):
        data = bytes.fromhex(data.decode("ascii"))
    told = json_of(data)
    told = told if isinstance(told, dict) else {}
    told.pop("blobEncryptionKey", None)
    return told


def _beside(store: Path) -> dict[str, Any]:
    """What the file beside a store says of it."""
    try:
        told = loads(small_file(store.parent / "meta.json"))
    except ValueError:
        return {}
    told = told if isinstance(told, dict) else {}
    told.pop("blobEncryptionKey", None)
    return told
