"""The tool calls of one request: what the editor shows of them, and what the extension kept."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from aiana.capture.vscode_chat.texts import output_of, prompt_text, text_of

_NO_LETTERS = re.compile(r"[^a-z0-9]")


class Kept(Struct):
    """A call as the extension sent it."""

    id: str
    name: str
    arguments: Any


class Round(Struct):
    """A step of an agent: what it said, and what it called."""

    said: str
    calls: list[Kept]


class KeptCalls:
    """What the extension kept of a request's calls; each is taken once.

    The editor gives a call an id and a name of its own, so that where neither agrees, all that
    tells which is which is their order, and that only if there are as many of both.
    """

    def __init__(self, metadata: Any, shown: list[dict[str, Any]]) -> None:
        told = metadata if isinstance(metadata, dict) else {}
        self.rounds = list(_rounds(told.get("toolCallRounds")))
        results = told.get("toolCallResults")
        self._results: dict[str, Any] = results if isinstance(results, dict) else {}
        self._left = [call for step in self.rounds for call in step.calls]
        self._of: dict[int, Kept] = {}
        for agree in (_same_id, _same_name):
            for part in shown:
                if id(part) not in self._of:
                    found = next((call for call in self._left if agree(part, call)), None)
                    if found:
                        self._take(part, found)
        rest = [part for part in shown if id(part) not in self._of]
        if len(rest) == len(self._left):
            for part, call in zip(rest, list(self._left), strict=True):
                self._take(part, call)

    def _take(self, part: dict[str, Any], call: Kept) -> None:
        self._of[id(part)] = call
        self._left.remove(call)

    def of(self, part: dict[str, Any]) -> Kept | None:
        """The call that a part shows."""
        return self._of.get(id(part))

    def unshown(self) -> list[Kept]:
        """Calls that the editor shows nothing of."""
        return self._left

    def result(self, call: Kept | None) -> str:
        """What a call gave back."""
        return prompt_text(self._results.get(call.id)).strip("\n") if call else ""


def arguments_of(part: dict[str, Any], call: Kept | None) -> Any:
    """What a tool was called with; what the editor says of it where nobody kept more."""
    if call and call.arguments:
        return call.arguments
    data = part.get("toolSpecificData")
    if isinstance(data, dict):
        command = data.get("commandLine", data.get("command"))
        if isinstance(command, dict):
            told = (command.get(key) for key in ("userEdited", "toolEdited", "original"))
            command = next((text for text in told if isinstance(text, str) and text), None)
        if isinstance(command, str) and command:
            return {"command": text_of(command)}
        if data.get("rawInput"):
            return data["rawInput"]
        given = {
            key: data[key]
            for key in ("agentName", "description", "prompt", "input", "todoList", "code")
            if data.get(key)
        }
        if given:
            return given
    details = part.get("resultDetails")
    if isinstance(details, dict) and details.get("input"):
        return details["input"]
    said = text_of(part.get("pastTenseMessage")) or text_of(part.get("invocationMessage"))
    return {"message": said} if said else {}


def outcome_of(part: dict[str, Any], kept: str) -> tuple[str, int | None]:
    """What a tool gave back, and its exit code if it failed."""
    data, details = part.get("toolSpecificData"), part.get("resultDetails")
    code = None
    if isinstance(details, dict) and details.get("isError") is True:
        code = 1
    if isinstance(data, dict):
        state, output = data.get("terminalCommandState"), data.get("terminalCommandOutput")
        if isinstance(state, dict) and isinstance(state.get("exitCode"), int):
            code = state["exitCode"]
        shown = text_of(output) or text_of(data.get("result")) or text_of(data.get("output"))
        if shown and not kept:
            return shown, code
    return kept or output_of(details), code


def _rounds(value: Any) -> list[Round]:
    rounds = []
    for step in value if isinstance(value, list) else []:
        if isinstance(step, dict):
            calls = step.get("toolCalls")
            kept = [
                Kept(call["id"], call["name"], call.get("arguments"))
                for call in (calls if isinstance(calls, list) else [])
                if isinstance(call, dict)
                and isinstance(call.get("id"), str)
                and isinstance(call.get("name"), str)
            ]
            rounds.append(Round(text_of(step.get("response")), kept))
    return rounds


def _same_id(part: dict[str, Any], call: Kept) -> bool:
    return part.get("toolCallId") == call.id


def _same_name(part: dict[str, Any], call: Kept) -> bool:
    name = part.get("toolId")
    return isinstance(name, str) and _plain(name) == _plain(call.name)


def _plain(name: str) -> str:
    return _NO_LETTERS.sub("", name.lower()).removeprefix("copilot")
