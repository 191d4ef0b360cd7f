"""How an assistant goes on with one of its old sessions, as its own program offers it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from aiana.capture import sources
from aiana.models import Session
from aiana.paths import is_folder
from aiana.protocol.results import Resumption


class _Program(Struct, frozen=True):
    """The command of an assistant: how it begins a session, and how it resumes one."""

    begin: tuple[str, ...]
    resume: tuple[str, ...]
    """Followed by the id."""
    uri: str | None = None
    """What the assistant's own extension opens in VS Code, followed by the id."""


# Each as `--help` says it: claude 2.1, codex 0.171, copilot 1.0, gemini 0.61, qwen 0.15, opencode
# 1.18, cline 3.0; of Cursor's and Antigravity's as their documentation does.
_PROGRAMS = {
    "claude-code": _Program(
        ("claude",), ("claude", "--resume"), "vscode://anthropic.claude-code/open?session="
    ),
    "codex": _Program(("codex",), ("codex", "resume")),
    "copilot-cli": _Program(("copilot",), ("copilot", "--resume")),
    "gemini": _Program(("gemini",), ("gemini", "--resume")),
    "qwen": _Program(("qwen",), ("qwen", "--resume")),
    "opencode": _Program(("opencode",), ("opencode", "--session")),
    "cursor": _Program(("cursor-agent",), ("cursor-agent", "--resume")),
    "cline": _Program(("cline",), ("cline", "--id")),
    "antigravity": _Program(("agy",), ("agy", "--conversation")),
}


def resumption(session: Session, mode: Literal["resume", "new"] = "resume") -> Resumption:
    """The command that goes on with a session, or begins a new one with the same assistant.

    Nothing is run. Where that cannot work, `unavailable` says why.
    """
    known = sources().get(session.source)
    title = known.title if known is not None else session.source
    program = _PROGRAMS.get(session.source)
    label = f"Resume in {title}" if mode == "resume" else f"New session in {title}"
    if program is None:
        return Resumption(label=label, unavailable=f"{title} has no command for it.")
    is_resumed = mode == "resume"
    argv = [*program.resume, session.id] if is_resumed else list(program.begin)
    obstacle = _obstacle(session, title, is_resumed)
    opens = program.uri if is_resumed and obstacle is None else None
    if obstacle is None and shutil.which(argv[0]) is None:
        obstacle = f"`{argv[0]}` is not on the PATH."
    return Resumption(
        argv=argv,
        cwd=session.project_path,
        uri=opens and opens + quote(session.id, safe=""),
        label=label,
        unavailable=obstacle,
    )


def _obstacle(session: Session, title: str, is_resumed: bool) -> str | None:
    """Why no program could go on with it."""
    if is_resumed and session.parent_id is not None and "forkedFrom" not in session.metadata:
        return f"It is a sub-agent's: resume its session {session.parent_id}."
    if session.id.startswith("-"):
        return "Its id would be taken for an option of the program."
    if not session.project_path:
        return "It is not known in which folder it took place."
    if not is_folder(session.project_path):
        return f"The folder {session.project_path} is gone."
    if is_resumed and session.transcript_path and not Path(session.transcript_path).exists():
        return f"{title} has not kept it: {session.transcript_path} is gone."
    return None
