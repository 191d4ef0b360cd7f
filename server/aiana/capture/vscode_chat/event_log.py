"""The log of a chat that the Copilot extension keeps beside the editor's own file."""

from __future__ import annotations

import re
from typing import Any

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import find_text, text_of_parts
from aiana.capture.turns import Turns
from aiana.capture.vscode_chat.lines import records
from aiana.capture.vscode_chat.places import path_of
from aiana.capture.vscode_chat.texts import prompt_text, text_of

_SILENT = re.compile(r"session\.\w+|assistant\.turn_\w+|hook\.\w+|subagent\.\w+|abort")


def is_event(value: Any) -> bool:
    """Whether a JSON object is an entry of such a log."""
    return isinstance(value.get("type"), str) and isinstance(value.get("data"), dict)


def begins_log(value: dict[str, Any]) -> bool:
    """Whether an entry is the first of such a log; Copilot's command line writes similar ones."""
    return (
        value.get("type") == "session.start"
        and isinstance(data := value.get("data"), dict)
        and data.get("producer") == "copilot-agent"
        and "vscodeVersion" in data
    )


def prompts_in(data: bytes) -> int:
    """How many turns a log has."""
    return sum(event.get("type") == "user.message" for _, event in records(data, is_event, []))


class EventLogReader:
    """Gives a builder what a log says."""

    def __init__(self, builder: SessionBuilder, folder: str) -> None:
        self._builder = builder
        self._folder = folder
        self._calls: dict[str, str] = {}
        self._time = ""
        self.lost: list[str] = []

    def take(self, data: bytes, name: str) -> None:
        """Take a whole log; `name` is the chat's id where it says none.

        Raises ValueError if nothing of it is such a log.
        """
        understood = False
        session_id = name
        turns: Turns | None = None
        for number, event in records(data, is_event, self.lost):
            if not is_event(event):
                self.lost.append(f"Line {number} is a JSON object, but no event.")
                continue
            understood = True
            if event["type"] == "session.start" and turns is None:
                session_id = find_text(event["data"], "sessionId") or name
                self._begin(session_id, event["data"])
            if turns is None:
                self._builder.session(session_id, cwd=self._folder)
                turns = Turns(self._builder, session_id)
            self._time = self._builder.time(event.get("timestamp"))
            if lost := self._event(turns, event["type"], event["data"], event.get("id")):
                self.lost.append(f"Line {number}: {lost}")
        if not understood:
            raise ValueError("no line of it is an event")

    def _begin(self, session_id: str, start: dict[str, Any]) -> None:
        context = start.get("context")
        context = context if isinstance(context, dict) else {}
        facts = {
            "version": start.get("copilotVersion"),
            "editorVersion": start.get("vscodeVersion"),
            "gitBranch": context.get("branch"),
        }
        self._builder.session(
            session_id,
            cwd=path_of(context.get("cwd")) or self._folder,
            metadata={key: fact for key, fact in facts.items() if isinstance(fact, str)},
        )

    def _event(self, turns: Turns, kind: str, data: dict[str, Any], name: Any) -> str | None:
        match kind:
            case "user.message":
                text = text_of_parts(data.get("content"))
                turns.begin(text, name if isinstance(name, str) else None)
                if text.strip():
                    turns.prompt(Row("user", text, "user"), self._time)
            case "assistant.message":
                self._said(turns, data)
            case "tool.execution_start":
                self._call(turns, data.get("toolCallId"), data.get("toolName"), data)
            case "tool.execution_complete":
                self._result(turns, data)
            case _ if not _SILENT.fullmatch(kind):
                text = next(
                    (t for key in ("message", "content", "text") if (t := text_of(data.get(key)))),
                    "",
                )
                if not text.strip():
                    return f"Events of type {kind[:40]!r} are not known, and hold no text."
                row = Row("system", text, "system", metadata={"recordType": kind})
                turns.add("note", row, self._time)
        return None

    def _said(self, turns: Turns, data: dict[str, Any]) -> None:
        model = data.get("model")
        facts = {"model": model} if isinstance(model, str) and model else {}
        if (thought := text_of(data.get("reasoningText"))).strip():
            row = Row(
                "thinking", thought.strip(), "assistant", metadata={**facts, "thinking": True}
            )
            turns.add("thought", row, self._time)
        if (text := text_of_parts(data.get("content"))).strip():
            turns.add(
                "said", Row("assistant", text.strip(), "assistant", metadata=facts), self._time
            )
        requests = data.get("toolRequests")
        for request in requests if isinstance(requests, list) else []:
            if isinstance(request, dict):
                self._call(turns, request.get("toolCallId"), request.get("name"), request)

    def _call(self, turns: Turns, call: Any, name: Any, told: dict[str, Any]) -> None:
        """A call is told when it is wanted, and again when it begins."""
        call_id = call if isinstance(call, str) else None
        if call_id in self._calls:
            return
        tool = name if isinstance(name, str) and name else "tool"
        row = self._builder.call_row(call_id, tool, told.get("arguments") or {})
        message_id = turns.add("call", row, self._time)
        if call_id:
            self._calls[call_id] = message_id

    def _result(self, turns: Turns, data: dict[str, Any]) -> None:
        call = data.get("toolCallId")
        call_id = call if isinstance(call, str) else None
        output = prompt_text(data.get("result")) or text_of(data.get("error"))
        if not output and isinstance(error := data.get("error"), dict):
            output = text_of(error.get("message"))
        failed = 1 if data.get("success") is False else None
        if output.strip() or failed:
            row = self._builder.result_row(call_id, output, None, failed)
            turns.result(self._calls.get(call_id or ""), row, self._time)
