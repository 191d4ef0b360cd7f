"""The messages of one task, as they went to the model, or as the panel showed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiana.capture.building import Occurrences, Row, SessionBuilder
from aiana.capture.cline.texts import answer_in, asked_in, named_edits, said_in
from aiana.capture.decoding import loads, text_of_parts, whole_number, words_in

_TO_A_PERSON = {
    "attempt_completion": "result",
    "ask_followup_question": "question",
    "plan_mode_respond": "response",
    "plan_mode_response": "response",
    "followup_question": "question",
}
"""Tools with which an assistant says something, and the argument that it says."""


class TaskReader:
    """Gives a builder the messages of one task, in their order."""

    def __init__(
        self, builder: SessionBuilder, session_id: str, is_agent: bool, clock: Callable[[], str]
    ) -> None:
        self._builder = builder
        self._session_id = session_id
        self._is_agent = is_agent
        """Whether another agent asks first."""
        self._clock = clock
        self._ids = Occurrences()
        self._calls: dict[str, str] = {}
        self._pending = ""
        """The tool whose result the next text is."""

    def message(self, message: dict[str, Any], time: Any, tokens: int | None) -> list[str]:
        """Take a message that went to or came from the model; what was left out and why."""
        at = self._builder.time(time) if time else self._clock()
        lost: list[str] = []
        rows: list[Row] = []
        for kind in ("reasoning_content", "reasoning"):
            if isinstance(text := message.get(kind), str):
                rows += _thought(text)
        content = message.get("content")
        blocks = content if isinstance(content, list) else [content]
        if message.get("type") == "reasoning":
            rows += _thought(text_of_parts(message.get("summary") or message.get("text")))
        elif message.get("isSummary") is True:
            rows.append(Row("summary", text_of_parts(content), "system"))
        elif message.get("role") == "user":
            rows += self._asked(blocks, lost)
        elif message.get("role") == "assistant":
            rows += self._answered(blocks, lost)
        else:
            lost.append("A message has no role that is known.")
        facts = _model(message)
        for row in rows:
            if row.type in ("assistant", "thinking"):
                row.metadata |= facts
        rows = [
            row for row in rows if row.content.strip() or row.type in ("tool_use", "tool_result")
        ]
        name = message.get("id")
        if isinstance(name, str) and name:
            self._add(rows, at, tokens, name)
        else:
            self._add(rows, at, tokens)
        return lost

    def _add(
        self, rows: list[Row], at: str, tokens: int | None = None, name: str | None = None
    ) -> None:
        if name is not None:
            self._builder.add(self._session_id, rows, record_id=name, time=at, tokens=tokens)
            return
        for row in rows:
            self._builder.add(
                self._session_id, [row], record_id=self._ids.id(row), time=at, tokens=tokens
            )
            tokens = None

    def _asked(self, blocks: list[Any], lost: list[str]) -> list[Row]:
        rows: list[Row] = []
        images: list[str] = []
        has_results = any(isinstance(b, dict) and b.get("type") == "tool_result" for b in blocks)
        for block in blocks:
            kind = block.get("type") if isinstance(block, dict) else None
            if isinstance(block, str) or kind == "text":
                rows += self._text(text_of_parts([block]), has_results)
            elif kind == "tool_result":
                rows += self._result(block)
            elif kind in ("image", "image_url", "document", "file"):
                name = block.get("filename") or block.get("name") or block.get("title")
                images.append(name if isinstance(name, str) and name else str(kind))
            elif block is not None:
                rows += _unknown(block, lost)
        self._pending = ""
        if images:
            typed = next((row for row in rows if row.type == "user"), None)
            if typed is None:
                rows.append(typed := self._prompt("\n".join(f"[{name}]" for name in images)))
            typed.metadata["attachments"] = images
        return rows

    def _text(self, text: str, has_results: bool) -> list[Row]:
        asked = asked_in(text, self._pending)
        if asked.folder:
            self._builder.session(self._session_id, cwd=asked.folder)
        rows = []
        if asked.tool:
            self._pending = "" if asked.rest or asked.typed else asked.tool
            if asked.rest and asked.tool not in _TO_A_PERSON:
                rows.append(self._builder.result_row(None, asked.rest, asked.tool))
        elif asked.rest and (asked.is_notice or has_results):
            rows.append(Row("system", asked.rest, "system"))
        elif asked.rest:
            asked.typed.append(asked.rest)
        return [*(self._prompt(typed) for typed in asked.typed), *rows]

    def _prompt(self, text: str) -> Row:
        role = "assistant" if self._is_agent else "user"
        self._is_agent = False
        return Row("user", text, role)

    def _result(self, block: dict[str, Any]) -> list[Row]:
        call = block.get("tool_use_id")
        call_id = call if isinstance(call, str) and call else None
        text, failed = _outcome(block.get("content"))
        name = block.get("name")
        row = self._builder.result_row(call_id, text, name if isinstance(name, str) else None)
        if failed or block.get("is_error") is True:
            row.metadata["isError"] = True
        if answer := answer_in(text):
            return [self._prompt(answer)]
        return [] if row.tool_name in _TO_A_PERSON else [row]

    def _answered(self, blocks: list[Any], lost: list[str]) -> list[Row]:
        rows: list[Row] = []
        for block in blocks:
            kind = block.get("type") if isinstance(block, dict) else None
            match kind:
                case None if isinstance(block, str):
                    rows += self._said(block)
                case "text":
                    rows += self._said(text_of_parts([block]))
                case "thinking" | "reasoning":
                    rows += _thought(
                        text_of_parts(
                            block.get("thinking") or block.get("text") or block.get("summary")
                        )
                    )
                case "tool_use":
                    call = block.get("id")
                    name = block.get("name")
                    rows.append(
                        self._call(
                            call if isinstance(call, str) and call else None,
                            name if isinstance(name, str) and name else "tool",
                            block.get("input"),
                        )
                    )
                case "redacted_thinking" | "image":
                    pass
                case _ if block is not None:
                    rows += _unknown(block, lost)
        return rows

    def _said(self, text: str) -> list[Row]:
        rows: list[Row] = []
        for kind, said, given in said_in(text):
            if kind == "call":
                rows.append(self._call(None, said, given))
            else:
                rows += (
                    _thought(said) if kind == "thought" else [Row("assistant", said, "assistant")]
                )
        return rows

    def _call(self, call_id: str | None, name: str, arguments: Any) -> Row:
        given = {} if arguments is None else arguments
        text = given.get(_TO_A_PERSON.get(name, "")) if isinstance(given, dict) else None
        if isinstance(text, str) and text.strip():
            self._builder.call(call_id, name)
            return Row("assistant", text.strip(), "assistant", metadata={"tool": name})
        return self._builder.call_row(call_id, name, named_edits(given))

    def shown(self, message: dict[str, Any], is_first: bool) -> list[str]:
        """Take a message of the panel, where what went to the model is not there."""
        at = self._builder.time(message.get("ts"))
        text = text_of_parts(message.get("text")).strip()
        kind = str(message.get(str(message.get("type"))))
        if message.get("partial") is True and not text:
            return []
        if isinstance(thought := message.get("reasoning"), str):
            self._add(_thought(thought), at)
        row: Row | None = None
        match kind:
            case "text" | "task" if is_first:
                row = self._prompt(text)
            case "user_feedback" | "user_feedback_diff":
                row = self._prompt(text)
            case "text" | "completion_result" | "followup" | "plan_mode_respond":
                row = Row("assistant", _question_in(text), "assistant")
            case "reasoning":
                row = next(iter(_thought(text)), None)
            case "command" if text:
                row = self._builder.call_row(None, "execute_command", {"command": text})
            case "command_output" if text:
                row = self._builder.result_row(None, text, "execute_command")
            case "tool" | "use_mcp_server" if text:
                given = _value(text)
                told = (
                    given.get("tool") or given.get("toolName") if isinstance(given, dict) else None
                )
                name = told if isinstance(told, str) and told else kind
                row = self._builder.call_row(None, name, named_edits(given))
            case "mcp_server_response" if text:
                row = self._builder.result_row(None, text, "use_mcp_server")
            case "error" | "diff_error" | "condense_context_error" if text:
                row = Row("system", text, "system", metadata={"isError": True})
        if row is not None and (row.content.strip() or row.type == "tool_use"):
            self._add([row], at)
        return []


def _thought(text: str) -> list[Row]:
    if not text.strip():
        return []
    return [Row("thinking", text.strip(), "assistant", metadata={"thinking": True})]


def _unknown(block: Any, lost: list[str]) -> list[Row]:
    if not isinstance(block, dict):
        lost.append("A part of a message is no JSON object.")
        return []
    kind = str(block.get("type"))
    words = words_in({key: value for key, value in block.items() if key != "type"})
    if not words:
        lost.append(f"Parts of type {kind[:40]!r} are not known, and hold no text.")
        return []
    return [Row("system", "\n".join(words), "system", metadata={"recordType": kind})]


def _outcome(content: Any) -> tuple[str, bool]:
    """The text of what a tool gave back, and whether it failed."""
    told = content
    if isinstance(content, str) and content.startswith(("{", "[")):
        told = _value(content)
    results = told if isinstance(told, list) else [told]
    if results and all(isinstance(item, dict) and "success" in item for item in results):
        texts = [
            text_of_parts(item.get("result")) or text_of_parts(item.get("error"))
            for item in results
        ]
        return "\n".join(texts), any(item["success"] is False for item in results)
    if isinstance(content, list) and (images := [b for b in content if _is_image(b)]):
        marks = "\n".join("[image]" for _ in images)
        return "\n".join(text for text in (text_of_parts(content), marks) if text), False
    return text_of_parts(content), False


def _is_image(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") in ("image", "image_url")


def _model(message: dict[str, Any]) -> dict[str, str]:
    info = message.get("modelInfo")
    told = info if isinstance(info, dict) else {}
    name = told.get("id") or told.get("modelId")
    return {"model": name} if isinstance(name, str) and name else {}


def tokens_of(message: dict[str, Any]) -> int | None:
    """How many tokens an answer took, where the message says so."""
    metrics = message.get("metrics")
    told = metrics if isinstance(metrics, dict) else {}
    tokens = told.get("tokens")
    completion = tokens.get("completion") if isinstance(tokens, dict) else None
    return whole_number(told.get("outputTokens", completion))


def _value(text: str) -> Any:
    try:
        return loads(text.encode("utf-8", "replace"))
    except ValueError:
        return {"input": text}


def _question_in(text: str) -> str:
    """The words of a question, which the panel keeps with the answers to choose from."""
    if text.startswith("{"):
        told = _value(text)
        for key in ("question", "response"):
            if isinstance(told, dict) and isinstance(said := told.get(key), str):
                return said
    return text
