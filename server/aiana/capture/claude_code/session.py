"""Turns the records of one Claude Code transcript into sessions and messages."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from aiana.capture.building import Row, SessionBuilder, SessionReader
from aiana.capture.claude_code.records import (
    SKIPPED,
    SKIPPED_ATTACHMENTS,
    Block,
    Record,
    arguments_of,
    block_text,
    decode_attachment,
    decode_message,
    decode_record,
    text_of,
)
from aiana.capture.claude_code.state import State
from aiana.capture.claude_code.tags import Piece, pieces, without_reminders
from aiana.capture.claude_code.tool_results import whole_output
from aiana.capture.decoding import TOO_DEEP, lenient, loads, whole_number
from aiana.capture.jsonl import UnknownRecord
from aiana.models import MessageType
from aiana.paths import readable
from aiana.redaction.arguments import flatten
from aiana.regular import small_file

SOURCE = "claude-code"
_RECENT = 200
"""Records before a compaction among which its replays are looked for."""
_AI_TITLE, _CUSTOM_TITLE = 1, 2
_TOOL_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_TYPED = frozenset({"typed", "queued", "sdk", "user"})
"""Values of `promptSource` that say that somebody passed the prompt in."""


class TranscriptReader(SessionReader[State]):
    """Parse JSONL records into batches; `state` is that of the position where they begin."""

    replay_ids = True

    def __init__(self, path: Path, mtime: float, state: dict[str, Any]) -> None:
        self._path = path
        super().__init__(_Builder(SOURCE, path, mtime, state), state, State)
        self._lost: str | None = None

    def take(self, line: bytes) -> str | None:
        """Take one record; what was left out of it and why, if anything was.

        Raises ValueError if it is no JSON object, and UnknownRecord if nothing of it can be used.
        """
        self._lost = None
        record = decode_record(line)
        self._take_record(record)
        return self._lost

    def is_record(self, value: Any) -> bool:
        """Whether a JSON value is a record, and no part of one."""
        return isinstance(value, dict) and names_session(lenient(Record, value))

    def _take_record(self, record: Record) -> None:
        match record.type:
            case "user" | "assistant":
                if not self._is_replay(record):
                    self._take_message(record)
            case "system":
                self._take_system(record)
            case "attachment":
                self._take_attachment(record)
            case "queue-operation":
                self._take_queue_operation(record)
            case "summary":
                if record.summary and record.leaf_uuid:
                    self._builder.title_of_message(record.leaf_uuid, record.summary)
            case "custom-title":
                self._take_title(record, record.custom_title, _CUSTOM_TITLE)
            case "ai-title":
                self._take_title(record, record.ai_title, _AI_TITLE)
            case "worktree-state":
                self._take_worktree(record)
            case kind if kind not in SKIPPED:
                self._take_unknown(record)

    def finish(self) -> None:
        """Flush pending prompts at the end of the file."""
        self._store_removed()

    def _is_replay(self, record: Record) -> bool:
        """Whether a compaction wrote this record a second time, under another uuid."""
        state = self._state
        time = self._builder.time(record.timestamp) if record.timestamp is not None else ""
        key = f"{time}/{zlib.crc32(record.message):x}"
        if time < state.compacted_at and key in state.recent:
            return True
        state.recent.append(key)
        if len(state.recent) > 2 * _RECENT:
            del state.recent[:_RECENT]
        return False

    def _take_message(self, record: Record) -> None:
        message = decode_message(record.message)
        if message.content is None:
            raise UnknownRecord(f"Its content cannot be read, though it is of type {record.type}.")
        session_id = self._session_id(record)
        child = _is_side(record)
        blocks = [message.content] if isinstance(message.content, str) else message.content
        if record.type == "user":
            self._add(record, session_id, self._user_rows(record, session_id, blocks, child))
            return
        if self._state.queue.removed:
            self._store_removed()
        metadata: dict[str, Any] = {}
        if message.id:
            metadata["apiMessageId"] = message.id
        if message.model:
            metadata["model"] = message.model
        rows = self._assistant_rows(record, session_id, blocks, metadata)
        self._add(record, session_id, rows, self._new_tokens(message.id, message.usage))

    def _user_rows(
        self, record: Record, session_id: str, blocks: list[Any], child: bool
    ) -> list[Row]:
        rows, said = [], []
        for block in blocks:
            if isinstance(block, Block) and block.type.endswith("tool_result"):
                rows.append(self._result_row(block, session_id))
            else:
                said.append(block)
        text = text_of(said)
        if not text.strip():
            return rows
        if record.is_compact_summary:
            return [*rows, *(Row("summary", p.text, "system") for p in pieces(text, typed=True))]
        spoken = _spoken(text, record.origin, record.prompt_source, bool(record.is_meta))
        queue = self._state.queue
        if spoken and not child and not queue.record(*_as_queued(spoken), attached=False):
            return rows
        return [*rows, *(_row(piece, child) for piece in spoken)]

    def _assistant_rows(
        self, record: Record, session_id: str, blocks: list[Any], metadata: dict[str, Any]
    ) -> list[Row]:
        rows: list[Row] = []
        synthetic = record.is_api_error_message or metadata.get("model") == "<synthetic>"
        said: MessageType = "system" if synthetic else "assistant"
        for block in blocks:
            if isinstance(block, str):
                block = Block(type="text", text=block)
            if block.type in _TOOL_CALLS:
                rows.append(self._call_row(block, metadata))
            elif block.type.endswith("tool_result"):
                rows.append(self._result_row(block, session_id))
            elif (text := block_text(block)).strip():
                kind: MessageType = "thinking" if block.type == "thinking" else said
                role = "assistant" if kind == "thinking" else said
                mark = {"thinking": True} if kind == "thinking" else {}
                rows.append(Row(kind, text, role, metadata=metadata | mark))
        return rows

    def _call_row(self, block: Block, metadata: dict[str, Any]) -> Row:
        value, arguments = arguments_of(block)
        if TOO_DEEP in arguments:
            self._lost = "Arguments of a tool call are nested too deeply and were cut."
        if block.id:
            metadata = metadata | {"toolCallId": block.id}
        self._builder.call(block.id, block.name or "")
        return Row("tool_use", flatten(value), "assistant", block.name, arguments, metadata)

    def _result_row(self, block: Block, session_id: str) -> Row:
        metadata: dict[str, Any] = {"toolCallId": block.tool_use_id} if block.tool_use_id else {}
        if block.is_error:
            metadata["isError"] = True
        content = text_of(block.content) if block.type == "tool_result" else block_text(block)
        content = whole_output(without_reminders(content), self._path, session_id)
        tool = self._builder.tool_of(block.tool_use_id)
        return Row("tool_result", content, "tool", tool, metadata=metadata)

    def _new_tokens(self, api_id: str | None, usage: Any) -> int | None:
        """Tokens that this line adds: all lines of one API answer repeat its count so far."""
        state = self._state
        told = usage.output_tokens if usage is not None else None
        total = whole_number(told)
        if told is not None and total is None:
            self._lost = "A count of tokens is no number that can be stored."
        if not total:
            return None
        if api_id is None or api_id != state.api_message:
            state.api_message, state.api_tokens = api_id or "", 0
        added = max(0, total - state.api_tokens)
        state.api_tokens = max(total, state.api_tokens)
        return added or None

    def _take_system(self, record: Record) -> None:
        if record.subtype == "compact_boundary":
            self._state.compacted_at = self._builder.time(record.timestamp)
        content = text_of(record.content).strip()
        if not content:
            return
        rows = []
        kind: MessageType = "summary" if record.subtype == "away_summary" else "system"
        for piece in pieces(content):
            # A command that ran locally is what the person typed; the rest is the program talking.
            typed = record.subtype == "local_command" and piece.text.startswith("/")
            if piece.type == "user" and not typed:
                rows.append(Row(kind, piece.text, "system", metadata=_system_metadata(record)))
            else:
                rows.append(_row(piece, child=False))
        self._add(record, self._session_id(record), rows)

    def _take_attachment(self, record: Record) -> None:
        attachment = decode_attachment(record.attachment)
        session_id = self._session_id(record)
        if attachment.type != "queued_command":
            if attachment.type not in SKIPPED_ATTACHMENTS:
                text = attachment.text or text_of(attachment.content) or text_of(attachment.prompt)
                self._add(record, session_id, _of_program(text, {"attachment": attachment.type}))
            return
        text = text_of(attachment.prompt).strip()
        program = bool(attachment.is_meta) or attachment.command_mode == "task-notification"
        spoken = _spoken(text, attachment.origin or record.origin, record.prompt_source, program)
        if self._state.queue.record(*_as_queued(spoken), attached=True):
            self._add(record, session_id, [_row(piece, child=False) for piece in spoken])

    def _take_queue_operation(self, record: Record) -> None:
        queue = self._state.queue
        text = text_of(record.content).strip()
        spoken = _spoken(text, record.origin, record.prompt_source, bool(record.is_meta))
        words, typed = _as_queued(spoken)
        match record.operation:
            case "enqueue" if words:
                time = self._builder.time(record.timestamp)
                queue.put(self._session_id(record), time, words, typed)
            case "dequeue":
                # The prompt follows as a record of its own.
                queue.unnamed += 1
            case "popAll":
                queue.take_back()
            case "remove":
                time = self._builder.time(record.timestamp)
                session_id = self._session_id(record)
                place = self._builder.keep_place(session_id)
                queue.remove(session_id, time, words, typed, place)

    def _store_removed(self) -> None:
        """What left the queue without a record is stored all the same."""
        for entry in self._state.queue.take_removed():
            kind: MessageType = "user" if entry.typed else "system"
            row = Row(kind, entry.text, kind)
            self._builder.add(
                entry.session_id, [row], record_id=None, time=entry.time, place=entry.place
            )

    def _take_title(self, record: Record, title: str | None, rank: int) -> None:
        self._builder.title(record.session_id or self._path.stem, title, rank)

    def _take_worktree(self, record: Record) -> None:
        original = (record.worktree_session or {}).get("originalCwd")
        if isinstance(original, str) and original:
            self._builder.moved(record.session_id or self._path.stem, original)

    def _take_unknown(self, record: Record) -> None:
        """A record of a kind that is not known yet: what it says is the program's."""
        if not record.type:
            raise UnknownRecord("It is a JSON object, but no record.")
        message = decode_message(record.message)
        text = text_of(message.content) or text_of(record.content)
        if record.attachment and not text:
            text = text_of(decode_attachment(record.attachment).content)
        if not text.strip() or not names_session(record):
            kind = record.type[:40]
            raise UnknownRecord(f"Records of type {kind!r} are not known, and it holds no text.")
        rows = _of_program(text, {"recordType": record.type})
        self._add(record, self._session_id(record), rows)

    def _add(
        self, record: Record, session_id: str, rows: list[Row], tokens: int | None = None
    ) -> None:
        self._builder.add(
            session_id,
            rows,
            record_id=record.uuid,
            time=self._builder.time(record.timestamp),
            parent=record.parent_uuid or record.logical_parent_uuid,
            tokens=tokens,
        )

    def _session_id(self, record: Record) -> str:
        """The session that a record belongs to; a sub-agent has its own."""
        named = record.session_id or self._path.stem
        parent = None
        session_id = named
        if record.agent_id and _is_side(record):
            session_id = f"agent-{record.agent_id}"
            parent = named if named != session_id else self._parent_folder()
        elif record.is_sidechain:
            session_id, parent = f"{named}:sidechain", named
        metadata = {
            key: value
            for key, value in (
                ("gitBranch", record.git_branch),
                ("version", record.version),
                ("sessionKind", record.session_kind),
                ("team", record.team_name),
                ("agent", record.agent_name),
            )
            if value
        }
        fork = (record.forked_from or {}).get("sessionId")
        if parent is None and isinstance(fork, str):
            parent, metadata["forkedFrom"] = fork, fork
        known = self._builder.parent_of(session_id) is not None
        if parent is None and record.team_name and not known:
            parent = self._team_lead(record.team_name)
        elif parent is not None and not known and "forkedFrom" not in metadata:
            metadata |= self._agent_metadata()
        self._builder.session(session_id, cwd=record.cwd or "", parent=parent, metadata=metadata)
        return session_id

    def _parent_folder(self) -> str | None:
        """The session in whose folder `subagents/` this file lies."""
        parts = self._path.parts
        return parts[parts.index("subagents") - 1] if "subagents" in parts[1:] else None

    def _agent_metadata(self) -> dict[str, str]:
        """What the file beside a sub-agent's transcript says of it."""
        described = _read_object(self._path.with_suffix(".meta.json"))
        wanted = ("agentType", "toolUseId", "description")
        return {k: described[k] for k in wanted if isinstance(described.get(k), str)}

    def _team_lead(self, team: str) -> str | None:
        """The session that leads a team of agents."""
        if "/" in team or "\\" in team or team.startswith("."):
            return None
        for folder in self._path.parents:
            if folder.name == "projects":
                lead = _read_object(folder.parent / "teams" / team / "config.json")
                session = lead.get("leadSessionId")
                return session if isinstance(session, str) else None
        return None


class _Builder(SessionBuilder):
    def transcript_of(self, session_id: str) -> str:
        """This file, unless it only replays a session that has a file of its own."""
        if self.parent_of(session_id) is not None or session_id == self.path.stem:
            return readable(self.path)
        try:
            replayed = self.path.with_name(f"{session_id}.jsonl").exists()
        except (ValueError, OSError):
            replayed = False
        return "" if replayed else readable(self.path)


def names_session(record: Record) -> bool:
    """Whether a record says which conversation it is of."""
    return bool(record.type and (record.session_id or record.leaf_uuid or record.message_id))


def _is_side(record: Record) -> bool:
    """Whether a record is a sub-agent's."""
    return bool(record.is_sidechain or (record.agent_id and record.is_sidechain is None))


def _spoken(
    text: str, origin: dict[str, Any] | None, prompt_source: str | None, program: bool
) -> list[Piece]:
    """The parts of a prompt, by what its record says of who wrote it."""
    kind = (origin or {}).get("kind")
    by_person = kind == "human" or (kind is None and prompt_source in _TYPED)
    program = program or (not by_person and (kind is not None or prompt_source is not None))
    found = pieces(text, typed=by_person and prompt_source != "sdk")
    if program:
        about = {"origin": kind} if isinstance(kind, str) else {"meta": True}
        for piece in found:
            if piece.type == "user" and piece.role == "user":
                piece.type, piece.role, piece.metadata = "system", "system", about
    return found


def _as_queued(spoken: list[Piece]) -> tuple[str, bool]:
    """The text by which a prompt is known again, and whether a person typed it."""
    typed = [piece.text for piece in spoken if piece.type == "user" and piece.role == "user"]
    return "\n".join(typed or [piece.text for piece in spoken]), bool(typed)


def _row(piece: Piece, child: bool) -> Row:
    role = "assistant" if child and piece.role == "user" else piece.role
    return Row(piece.type, piece.text, role, piece.tool, metadata=piece.metadata)


def _of_program(text: str, metadata: dict[str, Any]) -> list[Row]:
    return [
        Row("system" if p.type == "user" else p.type, p.text, "system", p.tool, metadata=metadata)
        for p in pieces(text)
    ]


def _system_metadata(record: Record) -> dict[str, Any]:
    metadata: dict[str, Any] = {"subtype": record.subtype} if record.subtype else {}
    details = record.compact_metadata or {}
    wanted = ("trigger", "preTokens", "postTokens", "durationMs")
    return metadata | {k: details[k] for k in wanted if isinstance(details.get(k), (str, int))}


def _read_object(path: Path) -> dict[str, Any]:
    """A small JSON object that Claude Code keeps in a file; empty if it is none."""
    try:
        value = loads(small_file(path))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
