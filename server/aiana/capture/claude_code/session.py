"""Turns the records of one Claude Code transcript into sessions and messages."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from aiana.capture.claude_code.records import (
    SKIPPED,
    Block,
    Record,
    arguments_of,
    block_text,
    decode_attachment,
    decode_message,
    decode_record,
    text_of,
)
from aiana.capture.claude_code.state import Known, State
from aiana.capture.claude_code.tags import Piece, pieces, without_reminders
from aiana.models import CaptureBatch, CapturePosition, Message, MessageType, Session
from aiana.projects import project_of
from aiana.redaction.arguments import flatten
from aiana.times import normalise_time

SOURCE = "claude-code"
_RECENT = 400
"""Records before a compaction among which its replays are looked for."""
_AI_TITLE, _CUSTOM_TITLE = 1, 2
_TOOL_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


class TranscriptReader:
    """Takes lines, gives batches. `state` is that of the position where the lines begin."""

    def __init__(self, path: Path, mtime: float, state: dict[str, Any]) -> None:
        self._path = path
        self._mtime = mtime
        self._state = msgspec.convert(state, State)
        self._messages: list[Message] = []
        self._sessions: dict[str, Session] = {}
        self._titles: dict[str, str] = {}

    def take(self, line: bytes) -> bool:
        """Take one line; False if it could not be understood."""
        try:
            return self._take_record(decode_record(line))
        except ValueError:
            return False

    def _take_record(self, record: Record) -> bool:
        match record.type:
            case "user" | "assistant":
                return self._is_replay(record) or self._take_message(record)
            case "system":
                return self._take_system(record)
            case "attachment":
                return self._take_attachment(record)
            case "queue-operation":
                return self._take_queue_operation(record)
            case "summary":
                if record.summary and record.leaf_uuid:
                    self._titles[record.leaf_uuid] = record.summary
                return True
            case "custom-title":
                return self._take_title(record, record.custom_title, _CUSTOM_TITLE)
            case "ai-title":
                return self._take_title(record, record.ai_title, _AI_TITLE)
        return record.type in SKIPPED

    def batch(self, position: CapturePosition, bytes_read: int) -> CaptureBatch:
        """What was taken since the last batch."""
        batch = CaptureBatch(
            sessions=list(self._sessions.values()),
            messages=self._messages,
            titles=self._titles,
            replay_ids=True,
            bytes_read=bytes_read,
            position=position,
        )
        self._messages, self._sessions, self._titles = [], {}, {}
        return batch

    def finish(self) -> None:
        """The end of the file: what waited for a later record waits no longer."""
        self._store_removed()

    def state(self) -> dict[str, Any]:
        """What to give to the reader of the lines that follow."""
        state: dict[str, Any] = msgspec.to_builtins(self._state)
        return state

    def _is_replay(self, record: Record) -> bool:
        """Whether a compaction wrote this record a second time, under another uuid."""
        state = self._state
        time = normalise_time(record.timestamp) or ""
        key = f"{time}/{zlib.crc32(record.message):x}"
        if time < state.compacted_at and key in state.recent:
            return True
        state.recent.append(key)
        if len(state.recent) > 2 * _RECENT:
            del state.recent[:_RECENT]
        return False

    def _take_message(self, record: Record) -> bool:
        message = decode_message(record.message)
        if message.content is None:
            return False
        session_id = self._session_id(record)
        child = self._state.sessions[session_id].parent is not None
        blocks = [message.content] if isinstance(message.content, str) else message.content
        if record.type == "user":
            self._add(record, session_id, self._user_rows(record, blocks, child))
            return True
        if self._state.queue.removed:
            self._store_removed()
        metadata: dict[str, Any] = {}
        if message.id:
            metadata["apiMessageId"] = message.id
        if message.model:
            metadata["model"] = message.model
        rows = self._assistant_rows(record, blocks, metadata)
        self._add(record, session_id, rows, self._new_tokens(message.id, message.usage))
        return True

    def _user_rows(self, record: Record, blocks: list[Any], child: bool) -> list[dict[str, Any]]:
        rows, said = [], []
        for block in blocks:
            if isinstance(block, Block) and block.type == "tool_result":
                rows.append(self._result_row(block))
            else:
                said.append(block)
        for piece in pieces(text_of(said)):
            row = _piece_row(piece, "assistant" if child else "user")
            if record.is_compact_summary:
                row |= {"type": "summary", "role": "system"}
            elif piece.type == "user" and _is_from_program(record):
                row |= {"type": "system", "role": "system", "metadata": {"meta": True}}
            rows.append(row)
        return rows

    def _assistant_rows(
        self, record: Record, blocks: list[Any], metadata: dict[str, Any]
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        synthetic = record.is_api_error_message or metadata.get("model") == "<synthetic>"
        said: MessageType = "system" if synthetic else "assistant"
        for block in blocks:
            if isinstance(block, str):
                block = Block(type="text", text=block)
            if block.type in _TOOL_CALLS:
                rows.append(self._call_row(block, metadata))
            elif block.type.endswith("tool_result"):
                rows.append(self._result_row(block))
            elif block.type == "thinking" and block.thinking and block.thinking.strip():
                row = {"type": "assistant", "role": "assistant", "content": block.thinking}
                rows.append(row | {"metadata": metadata | {"thinking": True}})
            elif (text := block_text(block)).strip():
                row = {"type": said, "role": said, "content": text}
                rows.append(row | {"metadata": metadata})
        return rows

    def _call_row(self, block: Block, metadata: dict[str, Any]) -> dict[str, Any]:
        value, arguments = arguments_of(block)
        if block.id:
            metadata = metadata | {"toolCallId": block.id}
            self._state.tools[block.id] = block.name or ""
        return {
            "type": "tool_use",
            "role": "assistant",
            "content": flatten(value),
            "tool_name": block.name,
            "tool_input": arguments,
            "metadata": metadata,
        }

    def _result_row(self, block: Block) -> dict[str, Any]:
        metadata: dict[str, Any] = {"toolCallId": block.tool_use_id} if block.tool_use_id else {}
        if block.is_error:
            metadata["isError"] = True
        return {
            "type": "tool_result",
            "role": "tool",
            "content": without_reminders(text_of(block.content)),
            "tool_name": self._state.tools.pop(block.tool_use_id or "", None) or None,
            "metadata": metadata,
        }

    def _new_tokens(self, api_id: str | None, usage: Any) -> int | None:
        """Tokens that this line adds: all lines of one API answer repeat its count so far."""
        state = self._state
        total = usage.output_tokens if usage is not None else None
        if not total:
            return None
        if api_id is None or api_id != state.api_message:
            state.api_message, state.api_tokens = api_id or "", 0
        added = max(0, total - state.api_tokens)
        state.api_tokens = max(total, state.api_tokens)
        return added or None

    def _take_system(self, record: Record) -> bool:
        if record.subtype == "compact_boundary":
            self._state.compacted_at = self._time(record)
        content = (record.content or "").strip()
        if not content:
            return True
        rows = []
        for piece in pieces(content):
            kind: MessageType = "summary" if record.subtype == "away_summary" else "system"
            row = _piece_row(piece, "system")
            # A command that ran locally is what the person typed; the rest is the program talking.
            if piece.type == "user" and not (
                record.subtype == "local_command" and piece.text.startswith("/")
            ):
                row |= {"type": kind, "metadata": _system_metadata(record)}
            elif piece.type == "user":
                row |= {"role": "user"}
            rows.append(row)
        self._add(record, self._session_id(record), rows)
        return True

    def _take_attachment(self, record: Record) -> bool:
        attachment = decode_attachment(record.attachment)
        if attachment.type != "queued_command":
            return True
        text = text_of(attachment.prompt).strip()
        if self._state.queue.attach(text):
            session_id = self._session_id(record)
            self._add(record, session_id, [_piece_row(piece, "user") for piece in pieces(text)])
        return True

    def _take_queue_operation(self, record: Record) -> bool:
        queue = self._state.queue
        text = (record.content or "").strip()
        match record.operation:
            case "enqueue" if text:
                queue.put(text)
            case "dequeue":
                # The prompt follows as a record of its own.
                queue.waiting = queue.waiting[1:]
            case "popAll":
                queue.waiting = []
            case "remove":
                queue.remove(self._session_id(record), self._time(record), text)
        return True

    def _store_removed(self) -> None:
        """Steering prompts whose attachment did not come: store what left the queue."""
        for session_id, time, text in self._state.queue.take_removed():
            record = Record(session_id=session_id, timestamp=time)
            self._add(record, session_id, [_piece_row(piece, "user") for piece in pieces(text)])

    def _take_title(self, record: Record, title: str | None, rank: int) -> bool:
        session_id = record.session_id or self._path.stem
        known = self._state.sessions.setdefault(session_id, Known())
        if title and rank >= known.title_rank:
            known.title, known.title_rank = title, rank
            if session := self._sessions.get(session_id):
                self._sessions[session_id] = msgspec.structs.replace(session, title=title)
            elif known.cwd or self._state.time:
                self._touch(session_id, Record(), self._state.time or self._time(record))
        return True

    def _add(
        self,
        record: Record,
        session_id: str,
        rows: Iterable[dict[str, Any]],
        tokens: int | None = None,
    ) -> None:
        """Store rows of one record; the first gets its tokens."""
        time = self._time(record)
        parent = record.parent_uuid or record.logical_parent_uuid
        for n, row in enumerate(rows):
            base = record.uuid or _made_up_id(session_id, time, row)
            self._messages.append(
                Message(
                    id=base if n == 0 or not record.uuid else f"{base}#{n}",
                    session_id=session_id,
                    timestamp=time,
                    parent_id=parent,
                    tokens=tokens if n == 0 else None,
                    **row,
                )
            )
            if n == 0:
                self._touch(session_id, record, time)

    def _touch(self, session_id: str, record: Record, time: str) -> None:
        """Keep the session up to date with one of its records."""
        known = self._state.sessions[session_id]
        session = self._sessions.get(session_id)
        if session is None:
            project = project_of(known.cwd)
            session = Session(
                id=session_id,
                source=SOURCE,
                project=project.id,
                project_path=known.cwd,
                transcript_path=self._transcript_path(session_id, known),
                started_at=time,
                ended_at=time,
                title=known.title,
                parent_id=known.parent,
                metadata=self._session_metadata(record, known),
            )
        elif time > (session.ended_at or "") or time < session.started_at:
            session = msgspec.structs.replace(
                session,
                started_at=min(session.started_at, time),
                ended_at=max(session.ended_at or "", time),
            )
        self._sessions[session_id] = session

    def _session_id(self, record: Record) -> str:
        """The session that a record belongs to; a sub-agent has its own."""
        named = record.session_id or self._path.stem
        parent = None
        session_id = named
        if record.agent_id and record.is_sidechain is not False:
            session_id = f"agent-{record.agent_id}"
            parent = named if named != session_id else self._parent_folder()
        elif record.is_sidechain:
            session_id, parent = f"{named}:sidechain", named
        known = self._state.sessions.setdefault(session_id, Known())
        known.cwd = known.cwd or record.cwd or ""
        known.parent = known.parent or parent
        return session_id

    def _parent_folder(self) -> str | None:
        """The session in whose folder `subagents/` this file lies."""
        parts = self._path.parts
        return parts[parts.index("subagents") - 1] if "subagents" in parts[1:] else None

    def _transcript_path(self, session_id: str, known: Known) -> str:
        """This file, unless it only replays a session that has a file of its own."""
        own = self._path.with_name(f"{session_id}.jsonl")
        replayed = own != self._path and known.parent is None and own.exists()
        return "" if replayed else str(self._path)

    def _session_metadata(self, record: Record, known: Known) -> dict[str, Any]:
        metadata: dict[str, Any] = {}
        if record.git_branch:
            metadata["gitBranch"] = record.git_branch
        if record.version:
            metadata["version"] = record.version
        if known.parent is not None:
            metadata |= self._agent_metadata()
        return metadata

    def _agent_metadata(self) -> dict[str, str]:
        """What the file beside a sub-agent's transcript says of it."""
        try:
            described = json.loads(self._path.with_suffix(".meta.json").read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(described, dict):
            return {}
        wanted = ("agentType", "toolUseId", "description")
        return {k: described[k] for k in wanted if isinstance(described.get(k), str)}

    def _time(self, record: Record) -> str:
        """When the record was written; like the one before it, or the file, if it does not say."""
        time = normalise_time(record.timestamp)
        if time is None:
            return self._state.time or normalise_time(self._mtime) or ""
        self._state.time = time
        return time


def _piece_row(piece: Piece, speaker: str) -> dict[str, Any]:
    role = {"user": speaker, "tool_result": "tool"}.get(piece.type, "system")
    return {
        "type": piece.type,
        "role": role,
        "content": piece.text,
        "tool_name": piece.tool,
        "metadata": {},
    }


def _is_from_program(record: Record) -> bool:
    kind = (record.origin or {}).get("kind")
    return bool(record.is_meta) or kind == "task-notification"


def _system_metadata(record: Record) -> dict[str, Any]:
    metadata: dict[str, Any] = {"subtype": record.subtype} if record.subtype else {}
    details = record.compact_metadata or {}
    wanted = ("trigger", "preTokens", "postTokens", "durationMs")
    return metadata | {k: details[k] for k in wanted if isinstance(details.get(k), (str, int))}


def _made_up_id(session_id: str, time: str, row: dict[str, Any]) -> str:
    text = "\0".join((session_id, time, row["type"], row["content"]))
    return "h-" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
