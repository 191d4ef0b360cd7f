"""Reads what coding assistants leave on disk. One module a source; `sources` lists them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from aiana.errors import NotFound
from aiana.models import CaptureBatch, CapturePosition


class Source(Protocol):
    """An assistant whose sessions can be read from files."""

    name: str
    """Identifier: `claude-code`."""
    title: str
    """Name for people: `Claude Code`."""

    def roots(self) -> list[Path]:
        """Folders in which the assistant keeps its sessions, whether they exist or not."""

    def enters(self, folder: Path) -> bool:
        """Whether a folder below a root may hold transcripts: others are not looked through."""

    def is_transcript(self, path: Path) -> bool:
        """Whether a file with this name may be one of this assistant's; opens nothing."""

    def recognises(self, path: Path) -> bool:
        """Whether the file is one of this assistant's, judged by its content.

        Raises OSError, or UnreadableFile.
        """

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        """Whether there is nothing to read after `position`; costs a look at the file's facts.

        Raises OSError.
        """

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        """What is new in a file since `position`, in steps, each with the position after it.

        Text comes as it stands in the file: whoever stores it redacts it. Raises OSError, or
        UnreadableFile.
        """

    def retention_days(self) -> int | None:
        """After how many days the assistant deletes its own files; None if it never does."""


def sources() -> dict[str, Source]:
    """Every source by its name."""
    from aiana.capture.aider import Aider
    from aiana.capture.amp import Amp
    from aiana.capture.antigravity import Antigravity
    from aiana.capture.chatgpt import ChatGPT
    from aiana.capture.claude_ai import ClaudeAi
    from aiana.capture.claude_code import ClaudeCode
    from aiana.capture.cline import Cline, KiloCode, RooCode
    from aiana.capture.codex import Codex
    from aiana.capture.continue_dev import Continue
    from aiana.capture.copilot_cli import CopilotCli
    from aiana.capture.crush import Crush
    from aiana.capture.cursor import Cursor
    from aiana.capture.droid import Droid
    from aiana.capture.gemini import GeminiCli
    from aiana.capture.goose import Goose
    from aiana.capture.grok import Grok
    from aiana.capture.hermes import Hermes
    from aiana.capture.kimi import Kimi
    from aiana.capture.opencode import OpenCode
    from aiana.capture.pi import OpenClaw, Pi
    from aiana.capture.qwen import QwenCode
    from aiana.capture.specstory import SpecStory
    from aiana.capture.vscode_chat import VSCodeChat
    from aiana.capture.zed import Zed

    known: list[Source] = [
        ClaudeCode(),
        Codex(),
        VSCodeChat(),
        GeminiCli(),
        QwenCode(),
        CopilotCli(),
        Cursor(),
        OpenCode(),
        Cline(),
        RooCode(),
        KiloCode(),
        Continue(),
        Zed(),
        SpecStory(),
        Aider(),
        Droid(),
        Kimi(),
        Grok(),
        OpenClaw(),
        Pi(),
        Antigravity(),
        Hermes(),
        Goose(),
        Crush(),
        Amp(),
        ChatGPT(),
        ClaudeAi(),
    ]
    return {source.name: source for source in known}


def no_source(name: str) -> str:
    """That there is no source of this name, which ones may be meant, and which there are."""
    from difflib import get_close_matches  # only who mistypes pays for it

    known = list(sources())
    near = [each for each in known if name and each.startswith(name)]
    near = near or get_close_matches(name.lower().replace("_", "-"), known, 1)
    meant = f": is {' or '.join(near)} meant?" if near else "."
    return f"There is no source {name!r}{meant} Aiana can read: {', '.join(known)}."


def named_sources(names: Sequence[str]) -> list[Source]:
    """The sources with these names. Raises NotFound."""
    known = sources()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NotFound(no_source(unknown[0]))
    return [known[name] for name in dict.fromkeys(names)]
