"""Zed: the threads of its own agent, in one database, each a document that may be compressed."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aiana.capture.building import FirstSeen, Row, SessionBuilder
from aiana.capture.compressed import is_readable, unpacked
from aiana.capture.databases import ConversationDatabase, columns_of, opened, value_of
from aiana.capture.decoding import find_text, object_of, text_of_parts, whole_number, words_in
from aiana.capture.turns import Turns
from aiana.errors import UnreadableFile
from aiana.paths import expanded

_FACTS = ("summary", "updated_at", "created_at", "parent_id", "folder_paths", "data_type")


class Zed(ConversationDatabase):
    """Reads `threads.db` below the folder in which Zed keeps data."""

    name = "zed"
    title = "Zed"

    @property
    def version(self) -> int:  # type: ignore[override]
        """What could not be unpacked is read again once there is something to do it with."""
        return 1 + is_readable()

    def roots(self) -> list[Path]:
        return [data / "threads" for data in _data_folders()]

    def is_transcript(self, path: Path) -> bool:
        return path.name == "threads.db"

    def recognises(self, path: Path) -> bool:
        if path.suffix != ".db":
            return False
        try:
            with opened(path) as connection:
                return {"id", "data_type", "data"} <= columns_of(connection, "threads")
        except (sqlite3.Error, UnreadableFile):
            return False

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        rows = connection.execute(
            "SELECT id, updated_at, length(data) FROM threads ORDER BY updated_at DESC"
        )
        for name, updated, size in rows.fetchall():
            yield str(name), f"{updated} {size}"

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        columns = [name for name in _FACTS if name in columns_of(connection, "threads")]
        row = connection.execute(
            f"SELECT {', '.join(columns)} FROM threads WHERE id = ?", (key,)
        ).fetchone()
        facts = dict(zip(columns, row, strict=True)) if row else {}
        data = value_of(connection, "threads", key, ("id", "data"))
        if data is None:
            raise ValueError("there is nothing in it")
        try:
            thread = object_of(unpacked(data) if facts.get("data_type") == "zstd" else data)
        except UnreadableFile as error:
            lost.append(f"Thread {key[:60]}: {error}")
            return
        yield from _Thread(builder, key, facts, thread, lost).read()


class _Thread:
    """Gives a builder one thread."""

    def __init__(
        self,
        builder: SessionBuilder,
        name: str,
        facts: dict[str, Any],
        thread: dict[str, Any],
        lost: list[str],
    ) -> None:
        self._builder = builder
        self._lost = lost
        self._messages = thread.get("messages")
        self._turns = Turns(builder, name)
        began = builder.time(facts.get("created_at") or facts.get("updated_at"))
        self._seen = FirstSeen(builder, name, builder.time(facts.get("updated_at")))
        self._time = began
        self._model = _model(thread.get("model"))
        context = thread.get("subagent_context")
        parent = facts.get("parent_id") or find_text(
            context if isinstance(context, dict) else {}, "parent_thread_id"
        )
        self._is_agent = isinstance(parent, str) and bool(parent)
        repository = _repository(thread)
        branch = find_text(repository, "current_branch")
        builder.session(
            name,
            cwd=_folder(facts.get("folder_paths")) or find_text(repository, "worktree_path") or "",
            remote=find_text(repository, "remote_url") or "",
            parent=parent if self._is_agent else None,
            metadata={"gitBranch": branch} if branch else {},
        )
        title = thread.get("title") or thread.get("summary") or facts.get("summary")
        told = title if isinstance(title, str) else find_text({"": title}, "text") or ""
        builder.title(name, told if told not in ("New Thread", "New Agent Thread") else None)
        usage = thread.get("request_token_usage")
        self._usage: dict[str, Any] = usage if isinstance(usage, dict) else {}
        self._tokens: int | None = None

    def read(self) -> Iterator[None]:
        """All messages; yields after each."""
        if not isinstance(self._messages, list):
            raise ValueError("it has no messages")
        is_first = True
        for message in self._messages:
            time = self._seen.next()
            self._time = self._time if is_first else self._builder.time(time)
            is_first = False
            if isinstance(message, dict):
                self._take(message)
            elif message != "Resume":
                self._lost.append("A message of a thread is none that is known.")
            yield
        self._seen.finish()

    def _take(self, message: dict[str, Any]) -> None:
        asked, answered = message.get("User"), message.get("Agent")
        if isinstance(asked, dict):
            self._asked(_blocks(asked.get("content")), asked.get("id"))
        elif isinstance(answered, dict):
            results = answered.get("tool_results")
            self._answered(
                _blocks(answered.get("content")), results if isinstance(results, dict) else {}
            )
        elif message.get("role") == "user":
            self._asked(_segments(message), message.get("id"))
        elif message.get("role") == "assistant":
            results = message.get("tool_results")
            calls = message.get("tool_uses")
            blocks = _segments(message)
            blocks += [("ToolUse", call) for call in (calls if isinstance(calls, list) else [])]
            listed = results if isinstance(results, list) else []
            self._answered(
                blocks, {str(r.get("tool_use_id")): r for r in listed if isinstance(r, dict)}
            )
        elif message.get("role") != "system":
            self._lost.append("A message of a thread is none that is known.")

    def _asked(self, blocks: list[tuple[str, Any]], name: Any) -> None:
        texts: list[str] = []
        attached: list[str] = []
        for kind, value in blocks:
            if kind == "Text":
                texts.append(text_of_parts(value))
            elif kind == "Mention":
                attached.append(_mentioned(value))
            elif kind == "Image":
                attached.append("image")
            else:
                self._unknown(kind, value)
        text = "\n".join(text for text in texts if text.strip()).strip()
        if not text and not attached:
            return
        text = text or "\n".join(f"[{name}]" for name in attached)
        self._turns.begin(text, name[:8] if isinstance(name, str) else None)
        facts = {"attachments": attached} if attached else {}
        role = "assistant" if self._is_agent else "user"
        self._turns.prompt(Row("user", text, role, metadata=facts), self._time)
        usage = self._usage.get(name) if isinstance(name, str) else None
        self._tokens = whole_number(usage.get("output_tokens")) if isinstance(usage, dict) else None

    def _answered(self, blocks: list[tuple[str, Any]], results: dict[str, Any]) -> None:
        facts = {"model": self._model} if self._model else {}
        for kind, value in blocks:
            match kind:
                case "Text":
                    if (text := text_of_parts(value)).strip():
                        row = Row("assistant", text.strip(), "assistant", metadata=dict(facts))
                        self._turns.add("said", row, self._time, tokens=self._tokens)
                        self._tokens = None
                case "Thinking":
                    told = value.get("text") if isinstance(value, dict) else value
                    if isinstance(told, str) and told.strip():
                        metadata = {**facts, "thinking": True}
                        row = Row("thinking", told.strip(), "assistant", metadata=metadata)
                        self._turns.add("thought", row, self._time)
                case "ToolUse":
                    self._call(value if isinstance(value, dict) else {}, results)
                case "RedactedThinking" | "Image":
                    pass
                case _:
                    self._unknown(kind, value)

    def _call(self, call: dict[str, Any], results: dict[str, Any]) -> None:
        told = call.get("id")
        call_id = told if isinstance(told, str) and told else None
        name = call.get("name")
        given = call.get("input")
        row = self._builder.call_row(
            call_id,
            name if isinstance(name, str) and name else "tool",
            call.get("raw_input") if given is None else given,
        )
        message_id = self._turns.add("call", row, self._time)
        result = results.get(call_id or "")
        if isinstance(result, dict):
            text = _result_text(result.get("content")) or _result_text(result.get("output"))
            answer = self._builder.result_row(call_id, text, row.tool_name)
            answer.metadata |= {"isError": True} if result.get("is_error") is True else {}
            self._turns.result(message_id, answer, self._time)

    def _unknown(self, kind: str, value: Any) -> None:
        if words := words_in({kind: value}):
            row = Row("system", "\n".join(words), "system", metadata={"recordType": kind})
            self._turns.add("note", row, self._time)
        else:
            self._lost.append(f"Parts of type {kind[:40]!r} are not known, and hold no text.")


def _blocks(content: Any) -> list[tuple[str, Any]]:
    """The parts of a message, each with its kind."""
    found: list[tuple[str, Any]] = []
    for part in content if isinstance(content, list) else []:
        if isinstance(part, dict):
            found += part.items()
        elif isinstance(part, str):
            found.append(("Text", part))
    return found


def _segments(message: dict[str, Any]) -> list[tuple[str, Any]]:
    """The parts of a message as they were called until 2025."""
    names = {"text": "Text", "thinking": "Thinking", "redacted_thinking": "RedactedThinking"}
    segments = message.get("segments")
    return [
        (names.get(str(part.get("type")), str(part.get("type"))), part.get("text", part))
        for part in (segments if isinstance(segments, list) else [])
        if isinstance(part, dict)
    ]


def _result_text(value: Any) -> str:
    """The text of what a tool gave back."""
    if isinstance(value, dict):
        if "Image" in value:
            return "[image]"
        value = value.get("Text", value)
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else []
    texts = [part["Text"] if isinstance(part, dict) and "Text" in part else part for part in parts]
    return text_of_parts(texts) or "\n".join(dict.fromkeys(words_in(value)))


def _mentioned(value: Any) -> str:
    """What was put beside a prompt, by its name."""
    uri = value.get("uri") if isinstance(value, dict) else None
    for key in ("abs_path", "path", "name", "url"):
        if isinstance(uri, dict) and (name := find_text(uri, key)):
            return name
    return uri if isinstance(uri, str) else "mention"


def _model(told: Any) -> str:
    name = told.get("model") if isinstance(told, dict) else None
    return name if isinstance(name, str) else ""


def _repository(thread: dict[str, Any]) -> dict[str, Any]:
    """What the thread says of the folder and repository in which it began."""
    snapshot = thread.get("initial_project_snapshot")
    worktrees = snapshot.get("worktree_snapshots") if isinstance(snapshot, dict) else None
    first = worktrees[0] if isinstance(worktrees, list) and worktrees else None
    return first if isinstance(first, dict) else {}


def _folder(paths: Any) -> str:
    return paths.split("\n")[0] if isinstance(paths, str) else ""


def _data_folders() -> list[Path]:
    if sys.platform == "darwin":
        return [Path.home() / "Library" / "Application Support" / "Zed"]
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return [(Path(local) if local else Path.home() / "AppData" / "Local") / "Zed"]
    named = [os.environ.get(name) for name in ("FLATPAK_XDG_DATA_HOME", "XDG_DATA_HOME")]
    folders = [expanded(name) / "zed" for name in named if name] or [
        Path.home() / ".local" / "share" / "zed"
    ]
    return [*folders, Path.home() / ".var/app/dev.zed.Zed/data/zed"]
