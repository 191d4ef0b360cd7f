"""A chat as the editor keeps it: requests, each with the parts of its response."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Literal

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import find_text, whole_number, words_in
from aiana.capture.turns import Turns
from aiana.capture.vscode_chat.places import path_of
from aiana.capture.vscode_chat.texts import edit_of, name_of_reference, text_of
from aiana.capture.vscode_chat.tools import KeptCalls, arguments_of, outcome_of
from aiana.redaction.fields import shown

_CALLS = frozenset({"toolInvocationSerialized", "toolInvocation", "externalToolInvocationUpdate"})
_EDITS = frozenset(
    {"textEditGroup", "textEdit", "notebookEditGroup", "notebookEdit", "workspaceEdit"}
)
# Parts that say nothing, or repeat what stands beside them, or what the program does meanwhile.
_SILENT = re.compile(
    r"codeblockUri|undoStop|mcpServersStarting\w*|progress\w*|prepareToolInvocation|command\w*|"
    r"autoModeResolution|agentDetection|usedContext|references?|contentReference|codeCitation|"
    r"move|clearToPreviousToolInvocation|followups?|vulnerabilit\w+|disabledClaudeHooks"
)

# What is left of a code block whose code is an edit of a file.
_ONLY_FENCES = re.compile(r"(?:\s*`{3,}[\w.+-]*\s*)+")


class ChatReader:
    """Gives a builder what the chats of one file say."""

    def __init__(self, builder: SessionBuilder, folder: str) -> None:
        self._builder = builder
        self._folder = folder
        self.lost: list[str] = []

    def take(self, chat: dict[str, Any], name: str) -> None:
        """Take one chat; `name` is its id where it has none. Raises ValueError if it is none."""
        requests = chat.get("requests")
        if not isinstance(requests, list):
            raise ValueError("it has no requests")
        told = chat.get("sessionId")
        session_id = told if isinstance(told, str) and told.strip() else name
        requests = [request for request in requests if request is not None]
        if not requests:
            return
        self._begin(session_id, chat)
        turns = Turns(self._builder, session_id)
        for number, request in enumerate(requests, 1):
            if not isinstance(request, dict):
                self.lost.append(f"Request {number} of a chat is no JSON object.")
            elif request.get("isHidden") is not True:
                self._request(turns, request)

    def _begin(self, session_id: str, chat: dict[str, Any]) -> None:
        repository = chat.get("repoData")
        repository = repository if isinstance(repository, dict) else {}
        facts = {
            "participant": chat.get("responderUsername"),
            "gitBranch": find_text(repository, "localBranch"),
        }
        self._builder.session(
            session_id,
            cwd=path_of(chat.get("workingDirectory")) or self._folder,
            remote=find_text(repository, "remoteUrl") or "",
            metadata={key: fact for key, fact in facts.items() if isinstance(fact, str) and fact},
        )
        for rank, key in enumerate(("computedTitle", "customTitle")):
            title = chat.get(key)
            self._builder.title(session_id, title if isinstance(title, str) else None, rank)

    def _request(self, turns: Turns, request: dict[str, Any]) -> None:
        asked = self._builder.time(request.get("timestamp"))
        text = _prompt_of(request.get("message"))
        request_id = request.get("requestId")
        turns.begin(text, request_id if isinstance(request_id, str) else None)
        if text.strip():
            by_program = any(
                request.get(key) is True for key in ("isSystemInitiated", "hiddenFromTranscript")
            )
            who: Literal["system", "user"] = "system" if by_program else "user"
            turns.prompt(Row(who, text, who, metadata=_facts_of_prompt(request)), asked)
        answered = self._builder.time(request.get("responseTimestamp"))
        for row in _pasted(request):
            turns.add("note", row, asked)
        result = request.get("result")
        result = result if isinstance(result, dict) else {}
        response = _Response(turns, self._builder, request, result, answered)
        self.lost += response.take(request.get("response"))
        error = result.get("errorDetails")
        if isinstance(error, dict) and (said := text_of(error.get("message"))):
            turns.add("note", Row("system", said, "system", metadata={"isError": True}), answered)


class _Response:
    """The parts of one response, in their order."""

    def __init__(
        self,
        turns: Turns,
        builder: SessionBuilder,
        request: dict[str, Any],
        result: dict[str, Any],
        time: str,
    ) -> None:
        self._turns = turns
        self._builder = builder
        self._time = time
        self._metadata = result.get("metadata")
        self._tokens = _tokens_of(request, result)
        self._facts = _facts_of_answer(request)
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._thought = ""
        self._said = False

    def take(self, response: Any) -> list[str]:
        """Take all parts; what was left out of them and why."""
        if isinstance(response, (str, dict)):
            response = [response]
        parts = _last_of_each_call(response if isinstance(response, list) else [])
        shown = [part for part in parts if isinstance(part, dict) and _kind(part) in _CALLS]
        self._calls = KeptCalls(self._metadata, shown)
        lost = [reason for part in parts if (reason := self._part(part))]
        self._flush()
        for call in self._calls.unshown():
            self._call(call.id, call.name, call.arguments or {}, self._calls.result(call), None)
        if not self._said:
            # What an agent says between its calls stands with them too.
            for step in self._calls.rounds:
                self._text.append(step.said)
                self._flush()
        return lost

    def _part(self, part: Any) -> str | None:
        if isinstance(part, str):
            self._add_text(text_of(part))
            return None
        if not isinstance(part, dict):
            return None if part is None else "A part of a response is no JSON object."
        kind = _kind(part)
        match kind:
            case "" | "markdownContent" | "markdownVuln":
                self._add_text(text_of(part.get("content")) or text_of(part.get("value")))
            case "inlineReference":
                self._add_text(name_of_reference(part))
            case "thinking":
                self._think(part)
            case _ if kind in _CALLS:
                self._flush()
                self._show_call(part)
            case _ if kind in _EDITS:
                self._flush()
                row = self._builder.call_row(None, "edit", edit_of(part))
                self._turns.add("edit", row, self._time)
            case _ if _SILENT.fullmatch(kind):
                pass
            case _:
                return self._other(kind, part)
        return None

    def _other(self, kind: str, part: dict[str, Any]) -> str | None:
        """What the editor shows besides: questions, warnings, and what nobody knows yet."""
        told = {key: value for key, value in part.items() if key not in ("kind", "uri")}
        if not (words := words_in(told)):
            return f"Parts of kind {kind[:40]!r} are not known, and hold no text."
        self._flush()
        row = Row("system", "\n".join(words), "system", metadata={"recordType": kind})
        self._turns.add("note", row, self._time)
        return None

    def _add_text(self, text: str) -> None:
        if self._thoughts:
            self._flush()
        self._text.append(text)

    def _think(self, part: dict[str, Any]) -> None:
        """Thoughts come in pieces, those of one under one id."""
        if self._text:
            self._flush()
        name = part.get("id")
        if isinstance(name, str) and name != self._thought:
            self._thoughts += ["\n\n"] if self._thoughts else []
            self._thought = name
        self._thoughts.append(text_of(part.get("value")))

    def _flush(self) -> None:
        """What was said so far, or thought, is a message."""
        thought, text = "".join(self._thoughts).strip(), "".join(self._text).strip()
        self._thoughts, self._text, self._thought = [], [], ""
        if thought:
            row = Row("thinking", thought, "assistant", metadata={**self._facts, "thinking": True})
            self._turns.add("thought", row, self._time)
        if text and not _ONLY_FENCES.fullmatch(text):
            row = Row("assistant", text, "assistant", metadata=dict(self._facts))
            self._turns.add("said", row, self._time, tokens=None if self._said else self._tokens)
            self._said = True

    def _show_call(self, part: dict[str, Any]) -> None:
        kept = self._calls.of(part)
        name = kept.name if kept else part.get("toolId") or part.get("toolName")
        call_id = kept.id if kept else part.get("toolCallId")
        output, code = outcome_of(part, self._calls.result(kept))
        self._call(
            call_id if isinstance(call_id, str) else None,
            name if isinstance(name, str) and name else "tool",
            arguments_of(part, kept),
            output,
            code,
        )

    def _call(
        self, call_id: str | None, name: str, arguments: Any, output: str, code: int | None
    ) -> None:
        row = self._builder.call_row(call_id, name, arguments)
        call = self._turns.add("call", row, self._time)
        result = self._builder.result_row(call_id, output, name, code)
        if output.strip() or code:
            self._turns.result(call, result, self._time)


def _kind(part: dict[str, Any]) -> str:
    """The kind of a part; Markdown has none."""
    kind = part.get("kind")
    return "" if kind is None else kind if isinstance(kind, str) else "other"


def _last_of_each_call(parts: list[Any]) -> list[Any]:
    """The parts, with each call once: where it came first, as it was told last."""
    places: dict[str, int] = {}
    kept: list[Any] = []
    for part in parts:
        if isinstance(part, dict) and _kind(part) in _CALLS:
            name = part.get("toolCallId")
            if isinstance(name, str) and name in places:
                kept[places[name]] = part
                continue
            if isinstance(name, str):
                places[name] = len(kept)
        kept.append(part)
    return kept


def _prompt_of(message: Any) -> str:
    """What was typed."""
    if isinstance(message, dict) and not isinstance(message.get("text"), str):
        parts = message.get("parts")
        return "".join(text_of(part) for part in (parts if isinstance(parts, list) else []))
    return text_of(message)


def _participant(request: dict[str, Any]) -> str | None:
    """Who was asked: an extension's name for what answers."""
    agent = request.get("agent")
    if not isinstance(agent, dict):
        return None
    told = (agent.get(key) for key in ("fullName", "name", "id"))
    return next((name for name in told if isinstance(name, str) and name), None)


def _facts_of_prompt(request: dict[str, Any]) -> dict[str, Any]:
    command = request.get("slashCommand")
    facts: dict[str, Any] = {
        "participant": _participant(request),
        "slashCommand": find_text(command, "name") if isinstance(command, dict) else None,
        "attachments": [
            path_of(place) or variable.get("name")
            for variable in _variables(request)
            if (place := _place(variable.get("value"))) or isinstance(variable.get("name"), str)
        ],
    }
    return {key: fact for key, fact in facts.items() if fact}


def _place(value: Any) -> Any:
    """The file of an attachment; of a selection the file that it is in."""
    if not isinstance(value, dict):
        return None
    return value.get("uri") or (value if "path" in value or "external" in value else None)


def _facts_of_answer(request: dict[str, Any]) -> dict[str, Any]:
    agent = request.get("agent")
    extension = agent.get("extensionId") if isinstance(agent, dict) else None
    facts = {
        "model": request.get("modelId"),
        "participant": _participant(request),
        "extension": extension.get("value") if isinstance(extension, dict) else extension,
    }
    return {key: fact for key, fact in facts.items() if isinstance(fact, str) and fact}


def _pasted(request: dict[str, Any]) -> list[Row]:
    """Texts that were put beside a prompt: pasted code, a terminal's output."""
    rows = []
    for variable in _variables(request):
        text = text_of(variable.get("code")) or shown(variable, "value")
        kind = variable.get("kind")
        is_text = kind in ("paste", "terminalCommand", "debugVariable") or "code" in variable
        if is_text and isinstance(text, str) and text.strip():
            name = variable.get("name")
            facts = {"attachment": PurePosixPath(name).name} if isinstance(name, str) else {}
            rows.append(Row("system", text_of(text), "system", metadata=facts))
    return rows


def _variables(request: dict[str, Any]) -> list[dict[str, Any]]:
    data = request.get("variableData")
    variables = data.get("variables") if isinstance(data, dict) else None
    found = variables if isinstance(variables, list) else []
    return [variable for variable in found if isinstance(variable, dict)]


def _tokens_of(request: dict[str, Any], result: dict[str, Any]) -> int | None:
    """How many tokens the answer took, where anybody says so."""
    for place in (request, result, result.get("usage"), result.get("metadata")):
        if isinstance(place, dict):
            for key in ("completionTokens", "outputTokens"):
                if (count := whole_number(place.get(key))) is not None:
                    return count
    return None
