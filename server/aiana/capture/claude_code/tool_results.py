"""Tool output that was too large for the transcript and was saved beside it."""

from __future__ import annotations

import re
from pathlib import Path

from aiana.errors import UnreadableFile
from aiana.regular import open_regular

HEAD, TAIL = 768 << 10, 256 << 10
"""Bytes of a saved output that are kept: from its beginning, and from its end."""
_WRAPPING = re.compile(r"\s*<persisted-output>(.*?)</persisted-output>\s*", re.DOTALL)
_SAVED = re.compile(
    r"saved (?:to|at|in):?\s+([^\n]{0,4000}?[/\\]tool-results[/\\]([^\s/\\\"'<>]+))"
)
_NAME = re.compile(r"\w[\w.-]{0,200}")
_PREVIEW = re.compile(r"\n\s*Preview \([^)\n]{0,80}\):\n")
_LONGEST_LINE = 16 << 10
"""Bytes of a line that is left out as a whole where the output is cut within it."""
_PLACE = 4000
"""Characters at the beginning of an output among which the place of the whole is looked for."""


def whole_output(text: str, transcript: Path, session_id: str) -> str:
    """A tool's output as it was, if `text` only says where it lies; else `text`.

    Nothing is read but files in the session's own folder.
    """
    wrapping = _WRAPPING.fullmatch(text)
    shown = wrapping[1] if wrapping else text
    place = _SAVED.search(shown[:_PLACE])
    if wrapping is None and place is None:
        return text
    whole = _saved(place[2], transcript, session_id) if place else None
    if whole is not None:
        return whole
    if wrapping is None:
        return text
    preview = _PREVIEW.split(shown, maxsplit=1)[-1].strip().removesuffix("...").rstrip()
    return f"{preview}\n[the rest of the output is no longer there]"


def _saved(name: str, transcript: Path, session_id: str) -> str | None:
    """The saved output with this name; None if there is none in the session's folder."""
    for session in _folders(transcript, session_id):
        try:
            path = (session / "tool-results" / name).resolve(strict=True)
            if not path.is_relative_to(session):
                continue
            with open_regular(path) as file:
                size = path.stat().st_size
                if size <= HEAD + TAIL:
                    return file.read(HEAD + TAIL).decode("utf-8", "replace")
                head = file.read(HEAD)
                file.seek(size - TAIL)
                tail = file.read(TAIL)
        except (OSError, ValueError, UnreadableFile):
            continue
        # Whole lines: of half a token nobody could tell that it is one.
        head = head[: head.rfind(b"\n", -_LONGEST_LINE) + 1] or head
        tail = tail[tail.find(b"\n", 0, _LONGEST_LINE) + 1 :]
        begin, end = (part.decode("utf-8", "replace") for part in (head, tail))
        gap = f"[{size - len(head) - len(tail):,} bytes are left out here]\n"
        return (begin if begin.endswith("\n") else begin + "\n") + gap + end
    return None


def _folders(transcript: Path, session_id: str) -> list[Path]:
    """The folder of the session, without following a link in its place."""
    parts = transcript.parts
    if "subagents" in parts[1:]:
        owner = Path(*parts[: parts.index("subagents")])
        candidates = [owner]
    else:
        candidates = [transcript.with_suffix("")]
        if _NAME.fullmatch(session_id):
            candidates.append(transcript.with_name(session_id))
    return [folder.parent.resolve() / folder.name for folder in dict.fromkeys(candidates)]
