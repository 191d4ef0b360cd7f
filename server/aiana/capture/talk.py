"""What readers of lines have in common whose assistants keep one conversation in a file."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from aiana.capture.blocks import Block
from aiana.capture.building import Occurrences, Row, SessionBuilder, SessionReader, Told
from aiana.capture.claude_code.tags import pieces
from aiana.capture.decoding import text_of_parts, whole_number
from aiana.capture.jsonl import UnknownRecord
from aiana.models import MessageType


class Talk(Struct):
    """What must be remembered between two readings of a file."""

    session_id: str = ""
    model: str = ""
    told: Told = field(default_factory=Told)
    said: Occurrences = field(default_factory=Occurrences)


class TalkReader(SessionReader[Talk]):
    """Takes lines, gives batches. A record's rows have its id, or one that follows from them."""

    tells_calls_once = False
    """Whether a file never repeats a call, though it may use a call's id again."""

    def __init__(
        self, builder: SessionBuilder, state: dict[str, Any] | None = None, fallback: str = ""
    ) -> None:
        super().__init__(builder, state or {}, Talk)
        self._fallback = fallback or builder.path.stem
        self.record_id: str | None = None
        self.parent: str | None = None
        self.time = builder.time(None)
        self.tokens: int | None = None

    @property
    def session_id(self) -> str:
        """The session that the file holds."""
        return self._state.session_id or self._fallback

    def begin(self, record: dict[str, Any], *, time: Any, record_id: Any = None) -> None:
        """A record; its parent is known by id where assistants tell it."""
        self.time = self._builder.time(time)
        self.record_id = record_id if isinstance(record_id, str) and record_id else None
        parent = record.get("parentId")
        self.parent = parent if isinstance(parent, str) and parent else None
        self.tokens = None

    def use_model(self, model: Any) -> None:
        """The model that answers from here on, if it is told."""
        if isinstance(model, str) and model:
            self._state.model = model

    def prompt(self, text: str) -> None:
        """What stands in a person's place: their words, and what the program put around them."""
        for piece in pieces(text):
            row = Row(piece.type, piece.text, piece.role, piece.tool)
            row.metadata = dict(piece.metadata)
            self.add(row)

    def asked(self, text: str) -> None:
        """What another agent asks, and what the program put around it."""
        for piece in pieces(text):
            is_asked = piece.type == "user"
            self.add(Row(piece.type, piece.text, "assistant" if is_asked else piece.role))

    def say(self, kind: MessageType, role: str, text: str, **facts: Any) -> None:
        """A text, if it says anything."""
        if not text.strip():
            return
        if role == "assistant" and kind != "user" and self._state.model:
            facts["model"] = self._state.model
        if kind == "thinking":
            facts["thinking"] = True
        self.add(Row(kind, text, role, metadata=facts))

    def call(self, block: Block) -> None:
        """A tool call, once."""
        if self._is_new("call", block.id):
            row = self._builder.call_row(block.id, block.name or "tool", block.arguments)
            if self._state.model:
                row.metadata["model"] = self._state.model
            self.add(row)

    def result(self, block: Block, code: Any = None) -> None:
        """What a tool answered, once."""
        if self._is_new("result", block.id):
            row = self._builder.result_row(block.id, block.text, block.name, code)
            if block.is_error:
                row.metadata["isError"] = True
            self.add(row)

    def _is_new(self, kind: str, call_id: str | None) -> bool:
        if call_id is None or self.tells_calls_once:
            return True
        return self._state.told.once(kind, call_id)

    def unknown(self, kind: str, record: dict[str, Any]) -> None:
        """A record of a kind that nobody knows: kept as the program's, or counted."""
        for key in ("message", "content", "text", "summary", "note"):
            if (text := text_of_parts(record.get(key))).strip():
                self.say("system", "system", text, recordType=kind[:80])
                return
        raise UnknownRecord(f"Records of type {kind[:40]!r} are not known, and hold no text.")

    def count(self, value: Any) -> None:
        """How many tokens the next row took."""
        self.tokens = whole_number(value)

    def add(self, row: Row) -> None:
        """Store a row of this record, unless the record told it before."""
        record_id: str | None
        if self.record_id is not None:
            record_id = self._state.told.row_id(self.record_id, row)
        else:
            record_id = self._state.said.id(row)
        if record_id is None:
            return
        tokens, self.tokens = self.tokens, None
        self._builder.add(
            self.session_id,
            [row],
            record_id=record_id,
            time=self.time,
            parent=self.parent,
            tokens=tokens,
        )
