"""What OpenCode tells of a session: messages of parts, or (since 2.0) entries of a log.

The same session may stand in files, in tables and in the log; its ids are the same in all.
"""

from __future__ import annotations

import re
from typing import Any

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import find_text, loads, text_of_parts, whole_number, words_in

_UNNAMED = re.compile(r"(?:New|Child) session - \d{4}-")
_SILENT = frozenset(
    {"step-start", "step-finish", "snapshot", "patch", "compaction", "agent", "retry"}
)
_SWITCHES = frozenset({"agent-switched", "model-switched"})
_QUOTED = re.compile(r'(?s)"([^"]*\s[^"]*)"')
"""How `opencode run "two words"` passes on what it was given."""


class Conversation:
    """Gives a builder the messages of one session, in their order."""

    def __init__(self, builder: SessionBuilder, session: dict[str, Any], name: str) -> None:
        told = session.get("id")
        self.id = told if isinstance(told, str) and told else name
        self._builder = builder
        self._told: set[str] = set()
        """Ids of messages."""
        self._prompts: set[str] = set()
        parent = session.get("parent_id") or session.get("parentID")
        fork = session.get("fork_session_id")
        self._is_agent = isinstance(parent, str) and bool(parent)
        self._begin(session, parent, fork)

    def _begin(self, session: dict[str, Any], parent: Any, fork: Any) -> None:
        times = session.get("time")
        times = times if isinstance(times, dict) else {}
        self._builder.time(session.get("time_created") or times.get("created"))
        facts = {"version": session.get("version"), "agent": session.get("agent")}
        facts |= {} if self._is_agent else {"forkedFrom": fork}
        folder = session.get("directory")
        above = next((v for v in (parent, fork) if isinstance(v, str) and v), None)
        self._builder.session(
            self.id,
            cwd=folder if isinstance(folder, str) else "",
            parent=above,
            metadata={key: fact for key, fact in facts.items() if isinstance(fact, str) and fact},
        )
        title = session.get("title")
        if isinstance(title, str) and not _UNNAMED.match(title):
            self._builder.title(self.id, title)

    def message(self, name: str, info: dict[str, Any], parts: list[dict[str, Any]]) -> list[str]:
        """Take a message and its parts; what was left out of it and why."""
        self._told.add(name)
        times = info.get("time")
        time = self._builder.time(
            times.get("created") if isinstance(times, dict) else info.get("time_created")
        )
        if info.get("role") == "user":
            return self._asked(name, info, parts, time)
        return self._answered(name, info, parts, time)

    def entry(self, name: str, kind: str, data: dict[str, Any], time: Any) -> list[str]:
        """Take an entry of the log; what was left out of it and why."""
        if name in self._told or kind in _SWITCHES:
            return []
        at = self._builder.time(time)
        match kind:
            case "user":
                text = _typed(text_of_parts(data.get("text")))
                if text in self._prompts:
                    return []  # a message that stands in the tables of before, too
                self._prompt(name, text, _names(data.get("files")), at)
            case "assistant":
                return self._content(name, data, at)
            case "shell":
                row = self._builder.call_row(name, "shell", {"command": data.get("command") or ""})
                self._add(name, row, at)
                output = text_of_parts(data.get("output"))
                result = self._builder.result_row(name, output, "shell", data.get("exit"))
                self._add(f"{name}/result", result, at)
            case "compaction":
                text = text_of_parts(data.get("summary"))
                self._add(name, Row("summary", text, "system"), at)
            case "synthetic" | "system" | "skill":
                self._add(name, Row("system", text_of_parts(data.get("text")), "system"), at)
            case _:
                return self._unknown(name, kind, data, at)
        return []

    def _asked(
        self, name: str, info: dict[str, Any], parts: list[dict[str, Any]], time: str
    ) -> list[str]:
        lost: list[str] = []
        typed: list[tuple[str, str]] = []
        for number, part in enumerate(parts):
            part_id = _id(part, f"{name}/{number}")
            kind = str(part.get("type"))
            match kind:
                case "text" if part.get("synthetic") is True or part.get("ignored") is True:
                    row = Row("system", text_of_parts(part.get("text")), "system")
                    self._add(part_id, row, time)
                case "text":
                    typed.append((part_id, _typed(text_of_parts(part.get("text")))))
                case "file":
                    pass
                case "subtask":
                    row = Row("system", text_of_parts(part.get("prompt")), "system")
                    self._add(part_id, row, time)
                case _ if kind not in _SILENT:
                    lost += self._unknown(part_id, kind, part, time)
        files = _names([part for part in parts if part.get("type") == "file"])
        if not typed:
            summary = info.get("summary")
            told = summary if isinstance(summary, dict) else {}
            # Until 2025 what was asked stood here alone.
            typed = [(name, text_of_parts(told.get("body") or told.get("title")))]
        for part_id, text in typed:
            self._prompt(part_id, text, files, time)
            files = []
        return lost

    def _prompt(self, name: str, text: str, files: list[str], time: str) -> None:
        said = text or "\n".join(f"[{file}]" for file in files)
        self._prompts.add(text)
        facts = {"attachments": files} if files else {}
        role = "assistant" if self._is_agent else "user"
        self._add(name, Row("user", said, role, metadata=facts), time)

    def _answered(
        self, name: str, info: dict[str, Any], parts: list[dict[str, Any]], time: str
    ) -> list[str]:
        lost: list[str] = []
        facts = _model(info)
        tokens = _tokens(info)
        for number, part in enumerate(parts):
            part_id = _id(part, f"{name}/{number}")
            kind = str(part.get("type"))
            started = _started(part)
            at = self._builder.time(started) if started else time
            match kind:
                case "text" if part.get("synthetic") is True:
                    row = Row("system", text_of_parts(part.get("text")), "system")
                    self._add(part_id, row, at)
                case "text" if info.get("summary") is True:
                    self._add(
                        part_id, Row("summary", text_of_parts(part.get("text")), "system"), at
                    )
                case "text":
                    row = Row("assistant", text_of_parts(part.get("text")), "assistant")
                    row.metadata |= facts
                    if self._add(part_id, row, at, tokens):
                        tokens = None
                case "reasoning":
                    self._think(part_id, part.get("text"), facts, at)
                case "tool":
                    self._tool(part_id, part.get("callID"), part.get("tool"), part, at, tokens)
                    tokens = None
                case "file":
                    pass
                case _ if kind not in _SILENT:
                    lost += self._unknown(part_id, kind, part, at)
        self._failed(name, info.get("error"), time)
        return lost

    def _content(self, name: str, data: dict[str, Any], time: str) -> list[str]:
        """What an assistant said in one step of the log."""
        lost: list[str] = []
        facts = _model(data)
        tokens = _tokens(data)
        content = data.get("content")
        counts = {"text": 0, "reasoning": 0}
        for number, part in enumerate(content if isinstance(content, list) else []):
            if not isinstance(part, dict):
                lost.append("A part of an answer is no JSON object.")
                continue
            kind = str(part.get("type"))
            if kind in counts:
                counts[kind] += 1
            part_id = f"{name}/{kind}-{counts.get(kind, number)}"
            match kind:
                case "text":
                    row = Row("assistant", text_of_parts(part.get("text")), "assistant")
                    row.metadata |= facts
                    if self._add(part_id, row, time, tokens):
                        tokens = None
                case "reasoning":
                    self._think(part_id, part.get("text"), facts, time)
                case "tool":
                    call = part.get("id")
                    named = f"{name}/{call}" if isinstance(call, str) and call else part_id
                    self._tool(named, call, part.get("name"), part, time, tokens)
                    tokens = None
                case _:
                    lost += self._unknown(part_id, kind, part, time)
        self._failed(name, data.get("error"), time)
        return lost

    def _think(self, name: str, text: Any, facts: dict[str, Any], time: str) -> None:
        row = Row(
            "thinking", text_of_parts(text), "assistant", metadata={**facts, "thinking": True}
        )
        self._add(name, row, time)

    def _tool(
        self, name: str, call: Any, tool: Any, part: dict[str, Any], time: str, tokens: int | None
    ) -> None:
        state = part.get("state")
        state = state if isinstance(state, dict) else {}
        call_id = call if isinstance(call, str) and call else None
        given = state.get("input")
        row = self._builder.call_row(
            call_id,
            tool if isinstance(tool, str) and tool else "tool",
            {} if given is None else given,
        )
        self._add(name, row, time, tokens)
        status = state.get("status")
        if status in ("pending", "running", "streaming"):
            return
        metadata = state.get("metadata") or state.get("structured")
        metadata = metadata if isinstance(metadata, dict) else {}
        result = self._builder.result_row(
            call_id, _output(state, metadata), row.tool_name, metadata.get("exit")
        )
        if status in ("error", "failed"):
            result.metadata["isError"] = True
        self._add(f"{name}/result", result, time)

    def _failed(self, name: str, error: Any, time: str) -> None:
        if error and (words := words_in(error)):
            row = Row("system", "\n".join(words), "system", metadata={"isError": True})
            self._add(f"{name}/error", row, time)

    def _unknown(self, name: str, kind: str, told: dict[str, Any], time: str) -> list[str]:
        words = words_in({key: value for key, value in told.items() if key != "type"})
        if not words:
            return [f"Parts of type {kind[:40]!r} are not known, and hold no text."]
        row = Row("system", "\n".join(words), "system", metadata={"recordType": kind})
        self._add(name, row, time)
        return []

    def _add(self, name: str, row: Row, time: str, tokens: int | None = None) -> bool:
        """Store a row that says something; whether it did."""
        if not row.content.strip() and row.type not in ("tool_use", "tool_result"):
            return False
        self._builder.add(self.id, [row], record_id=name, time=time, tokens=tokens)
        return True


def _typed(text: str) -> str:
    quoted = _QUOTED.fullmatch(text.strip())
    return (quoted[1] if quoted else text).strip()


def _id(part: dict[str, Any], otherwise: str) -> str:
    name = part.get("id")
    return name if isinstance(name, str) and name else otherwise


def _started(part: dict[str, Any]) -> Any:
    """When a part began."""
    state = part.get("state")
    for place in (part, state if isinstance(state, dict) else {}):
        times = place.get("time")
        if isinstance(times, dict) and (time := times.get("start")):
            return time
    return None


def _model(info: dict[str, Any]) -> dict[str, Any]:
    model = info.get("model")
    if isinstance(model, str) and model.startswith("{"):
        try:
            model = loads(model.encode("utf-8", "replace"))
        except ValueError:
            model = None
    told = model if isinstance(model, dict) else {}
    name = info.get("modelID") or told.get("modelID") or told.get("id")
    return {"model": name} if isinstance(name, str) and name else {}


def _tokens(info: dict[str, Any]) -> int | None:
    tokens = info.get("tokens")
    return whole_number(tokens.get("output")) if isinstance(tokens, dict) else None


def _names(files: Any) -> list[str]:
    """What was put beside a prompt, by name."""
    names = []
    for file in files if isinstance(files, list) else []:
        if isinstance(file, dict):
            told = (file.get(key) for key in ("filename", "name", "path", "uri"))
            names.append(next((name for name in told if isinstance(name, str) and name), "file"))
    return names


def _output(state: dict[str, Any], metadata: dict[str, Any]) -> str:
    """What a tool gave back, as it was before it was wrapped for the model."""
    display = metadata.get("display")
    if isinstance(display, dict) and isinstance(text := display.get("text"), str) and text:
        return text
    for key in ("output", "content", "result"):
        if text := text_of_parts(state.get(key)):
            return text
    error = state.get("error")
    if isinstance(error, dict):
        return find_text(error, "message") or "\n".join(words_in(error))
    return text_of_parts(error)
