"""What a scripted model does, and how a program's own tools do it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias


class Thinks(NamedTuple):
    text: str


class Says(NamedTuple):
    text: str


class Runs(NamedTuple):
    command: str


class Writes(NamedTuple):
    path: Path
    text: str


class Reads(NamedTuple):
    path: Path


class Edits(NamedTuple):
    path: Path
    before: str
    after: str


class Calls(NamedTuple):
    """A tool by its name, or the end of it: each assistant puts its own before those of others."""

    name: str
    arguments: Mapping[str, Any]


Step: TypeAlias = Thinks | Says | Runs | Writes | Reads | Edits | Calls


class Tool(NamedTuple):
    """A tool that a program offers."""

    name: str
    schema: Any
    namespace: str | None = None
    is_custom: bool = False

    @property
    def properties(self) -> dict[str, Any]:
        return {
            name: each or {} for name, each in ((self.schema or {}).get("properties") or {}).items()
        }


class Script:
    """Turns of steps; a turn begins with each new text of a person, a step is one answer."""

    def __init__(self, turns: Sequence[Sequence[Step]]) -> None:
        self._turns, self._at, self._step, self._prompts = turns, -1, 0, 0
        self._lock = threading.Lock()

    def next(self, prompts: int) -> list[Step]:
        """What is thought and said until the next call, and that, after so many texts."""
        with self._lock:
            if prompts > self._prompts:
                self._prompts, self._at, self._step = prompts, self._at + 1, 0
            steps = self._turns[self._at] if 0 <= self._at < len(self._turns) else []
            found: list[Step] = []
            while self._step < len(steps):
                found.append(steps[self._step])
                self._step += 1
                if not isinstance(found[-1], (Thinks, Says)):
                    break
            return found

    def as_text(self, prompts: int) -> str:
        """A whole turn as text, for a program that takes files out of what is said."""
        texts = []
        while steps := self.next(prompts):
            texts += [step.text for step in steps if isinstance(step, Says)]
            if isinstance(steps[-1], Writes):
                texts.append(f"{steps[-1].path.name}\n```\n{steps[-1].text}```")
        return "\n\n".join(texts) or "Done."


_SHELLS = [
    "bash",
    "shell",
    "shell_command",
    "local_shell",
    "exec_command",
    "run_shell_command",
    "run_terminal_command",
    "run_commands",
    "execute_command",
    "Bash",
]
_WRITERS = ["write", "create", "write_file", "write_to_file", "create_new_file", "Write", "editor"]
_READERS = ["read", "view", "read_file", "Read", "read_files"]
_EDITORS = [
    "edit",
    "replace",
    "replace_in_file",
    "Edit",
    "apply_patch",
    "edit_existing_file",
    "single_find_and_replace",
    "editor",
]
_NAMES = {
    "command": r"command|cmd|commands|script",
    "path": r"(?:file|absolute|target)?_?path|target_?file|file|files",
    "text": r"contents?|file_?text|new_?content|text",
    "before": r"old_?(?:string|str|text)|search",
    "after": r"new_?(?:string|str|text)|replace|replacement",
    "why": r"description|explanation|instruction",
}


def call_of(step: Step, tools: Sequence[Tool]) -> tuple[Tool, dict[str, Any]] | None:
    """The tool that does it, with its arguments; None if none does."""
    if isinstance(step, Calls):
        found = [tool for tool in tools if tool.name.endswith(step.name)]
        return (found[0], dict(step.arguments)) if found else None
    shell = _first(_SHELLS, tools)
    if isinstance(step, Runs):
        return shell and (shell, _filled(shell, {"command": step.command}))
    if isinstance(step, Writes):
        tool = _first(_WRITERS, tools)
        known = {"path": str(step.path), "text": step.text, "after": step.text}
        lines = [f"*** Add File: {step.path}", *(f"+{line}" for line in step.text.splitlines())]
    elif isinstance(step, Edits):
        tool = _first(_EDITORS, tools)
        known = {"path": str(step.path), "before": step.before, "after": step.after}
        lines = [f"*** Update File: {step.path}", "@@", f"-{step.before}", f"+{step.after}"]
    else:
        assert isinstance(step, Reads)
        tool, known, lines = _first(_READERS, tools), {"path": str(step.path)}, []
    patch = "\n".join(["*** Begin Patch", *lines, "*** End Patch"])
    if tool is None:
        # Codex has its shell for everything, and reads patches out of it.
        command = f"apply_patch <<'EOF'\n{patch}\nEOF\n" if lines else f"cat {known['path']}"
        return shell and (shell, _filled(shell, {"command": command}))
    if tool.name == "apply_patch":
        return tool, dict.fromkeys(tool.properties or ["input"], patch)
    return tool, _filled(tool, known)


def _first(names: Sequence[str], tools: Sequence[Tool]) -> Tool | None:
    return next((tool for name in names for tool in tools if tool.name == name), None)


def _filled(tool: Tool, known: Mapping[str, str]) -> dict[str, Any]:
    """Arguments from what is known, by the names that the schema uses."""
    arguments: dict[str, Any] = {}
    for name, schema in tool.properties.items():
        meant = next(
            (key for key, names in _NAMES.items() if re.fullmatch(names, name.lower())), ""
        )
        value: Any = {**known, "why": "as asked"}.get(meant)
        if value is None:
            continue
        if str(schema.get("type")).lower() == "array":
            kind = str((schema.get("items") or {}).get("type", "string")).lower()
            is_object = meant == "path" and kind != "string"
            value = [{"path": value}] if is_object else [value]
            if tool.name == "shell":
                value = ["bash", "-lc", known["command"]]
        arguments[name] = value
    return arguments
