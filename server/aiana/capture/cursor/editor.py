"""`state.vscdb`, in which the editor keeps everything, and much that is no conversation."""

from __future__ import annotations

import re
import sqlite3
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aiana.capture.building import SessionBuilder
from aiana.capture.cursor import composers, places
from aiana.capture.cursor.blobs import Graph
from aiana.capture.cursor.messages import MessageReader
from aiana.capture.cursor.values import (
    BLOB,
    BUBBLE,
    DOCUMENT,
    NAME,
    TITLE,
    digest_of,
    json_of,
    key_range,
)
from aiana.capture.databases import ConversationDatabase, has_table, opened, value_of
from aiana.capture.decoding import object_of
from aiana.errors import UnreadableFile
from aiana.projects import normalise_folder

_OLD_ENTRIES = (
    "workbench.panel.aichat.view.aichat.chatdata",
    "composer.composerData",
)
"""Where a workspace's database keeps conversations whole."""
_NAMES_CHILDREN = re.compile(rb'"sub(?:C|agentC)omposerIds":\s*\["')
_UNDER = " < "
_WHOLE = frozenset({"text", "rawText", "richText", "thinking", "toolFormerData"})
"""Fields of a bubble that is no mere name of one."""


class EditorDatabases(ConversationDatabase):
    """`state.vscdb`, which holds everything of the editor: read by ranges of keys."""

    name = NAME
    title = TITLE

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        if has_table(connection, "cursorDiskKV"):
            # A value that is replaced gets a higher row number.
            keys = connection.execute(
                "SELECT key FROM cursorDiskKV WHERE key >= ? AND key < ? ORDER BY rowid DESC",
                key_range(DOCUMENT),
            ).fetchall()
            marks: dict[str, str] = {}
            parents: dict[str, str] = {}
            for (key,) in keys:
                name = str(key).removeprefix(DOCUMENT)
                data = value_of(connection, "cursorDiskKV", key)
                bubbles = connection.execute(
                    "SELECT count(*), total(rowid), max(rowid) FROM cursorDiskKV "
                    "WHERE key >= ? AND key < ?",
                    key_range(f"{BUBBLE}{name}:"),
                ).fetchone()
                marks[name] = f"{digest_of(data)} {bubbles[0]} {bubbles[1]:.0f} {bubbles[2]}"
                if data and _NAMES_CHILDREN.search(data):
                    parents |= dict.fromkeys(composers.children_of(json_of(data)), name)
            for name, mark in marks.items():
                # A parent that shows up later makes it another key: it is read again.
                parent = parents.get(name)
                yield f"{parent}{_UNDER}{name}" if parent else name, mark
        if has_table(connection, "ItemTable"):
            for entry in _OLD_ENTRIES:
                value = value_of(connection, "ItemTable", entry)
                for name, tab in composers.tabs_in(json_of(value)):
                    yield f"{entry}/{name}", digest_of(repr(tab).encode("utf-8", "replace"))

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        entry = next((entry for entry in _OLD_ENTRIES if key.startswith(f"{entry}/")), "")
        parent, _, name = key.removeprefix(f"{entry}/").rpartition(_UNDER)
        folder = places.folder_of_workspace(builder.path)
        if entry:
            tabs = dict(composers.tabs_in(json_of(value_of(connection, "ItemTable", entry))))
            composer = tabs.get(name, {})
        else:
            data = value_of(connection, "cursorDiskKV", DOCUMENT + name)
            if data is None:
                return
            composer = object_of(data)
        headers = composers.headers_of(composer)
        if not headers and not composer.get("conversationState"):
            return
        header = _header(connection, name)
        folder = (
            composers.folder_of(header) or _folder_of_workspace(builder.path, composer) or folder
        )
        composers.begin(builder, name, composer)
        parent = composers.parent_of(header) or parent
        if parent:
            composer.setdefault("parentComposerId", parent)
            builder.session(name, parent=parent)

        def lookup(content: str) -> Any:
            value = value_of(connection, "cursorDiskKV", content)
            return None if value is None else value.decode("utf-8", "replace")

        reader = composers.BubbleReader(builder, composer, name, lookup)
        gone = read = 0
        for told in headers:
            bubble = told
            if isinstance(bubble_id := told.get("bubbleId"), str) and not entry:
                value = value_of(connection, "cursorDiskKV", f"{BUBBLE}{name}:{bubble_id}")
                if value is None and not told.keys() & _WHOLE:
                    gone += 1
                    continue
                try:
                    bubble = object_of(value) if value is not None else told
                except ValueError:
                    lost.append(f"A bubble of conversation {name[:60]} is no JSON object.")
                    continue
            builder.session(name, cwd=composers.folder_of(bubble))
            if why := reader.take(bubble, told):
                lost.append(why)
            read += 1
            yield
        builder.session(name, cwd=folder)
        if not read and composer.get("conversationState"):
            yield from self._blobs(connection, composer, name, builder, lost)
        elif gone:
            lost.append(f"{gone} bubbles of conversation {name[:60]} are no longer there.")

    def _blobs(
        self,
        connection: sqlite3.Connection,
        composer: dict[str, Any],
        name: str,
        builder: SessionBuilder,
        lost: list[str],
    ) -> Iterator[None]:
        """A conversation whose bubbles are blobs."""
        state = composer.get("conversationState")
        if not isinstance(state, str):
            return
        try:
            root = b64decode(state.removeprefix("~") + "==")
        except ValueError:
            lost.append(f"Conversation {name[:60]} names no root of its blobs.")
            return

        def fetch(hash_: str) -> bytes | None:
            return value_of(connection, "cursorDiskKV", BLOB + hash_)

        graph = Graph(root, fetch)
        reader = MessageReader(builder, name, composers.parent_of(composer) is not None)
        config = composer.get("modelConfig")
        reader.model(config.get("modelName") if isinstance(config, dict) else None)
        yield from graph.read(reader, lost)
        for folder in graph.folders():
            builder.session(name, cwd=normalise_folder(folder))


def holds_conversations(path: Path) -> bool:
    try:
        with opened(path) as connection:
            if has_table(connection, "cursorDiskKV"):
                first = "SELECT 1 FROM cursorDiskKV WHERE key >= ? AND key < ? LIMIT 1"
                if connection.execute(first, key_range(DOCUMENT)).fetchone():
                    return True
            return has_table(connection, "ItemTable") and any(
                next(composers.tabs_in(json_of(value_of(connection, "ItemTable", entry))), None)
                for entry in _OLD_ENTRIES
            )
    except (sqlite3.Error, UnreadableFile):
        return False


def _header(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    """What the list of conversations says of one."""
    if not has_table(connection, "composerHeaders"):
        return {}
    found = json_of(value_of(connection, "composerHeaders", name, ("composerId", "value")))
    return found if isinstance(found, dict) else {}


def _folder_of_workspace(database: Path, composer: dict[str, Any]) -> str:
    """The folder of the workspace that a conversation names by its hash."""
    name = composers.workspace_of(composer)
    if not name or name != Path(name).name:
        return ""
    user = database.parent.parent
    return places.folder_of_workspace(user / "workspaceStorage" / name / "state.vscdb")
