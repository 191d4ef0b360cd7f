"""What a session changed, as texts side by side and as a unified diff."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import unified_diff
from typing import Literal

from aiana.protocol.results import ChangedFile, ChangedPart
from aiana.render.blocks import split_lines
from aiana.touches.replay import FileChanges, Part

GAP = "⋯"
"""The line that stands for what no call shows, between two parts of a file."""
_MOST_COMPARED = 4000
"""Lines; comparing may take the square of them."""
_MOST_UNREADABLE = 20
"""Of so many characters of a text at most one is none that could be read."""
_NO_TEXT = frozenset(
    {
        *("png", "jpg", "jpeg", "gif", "webp", "bmp", "ico", "icns", "tif", "tiff", "avif", "heic"),
        *("psd", "pdf", "docx", "xlsx", "pptx", "zip", "gz", "tgz", "bz2", "xz", "zst", "7z"),
        *("rar", "tar", "jar", "war", "whl", "so", "dylib", "dll", "exe", "class", "pyc", "wasm"),
        *("woff", "woff2", "ttf", "otf", "eot", "mp3", "m4a", "wav", "ogg", "flac", "mp4", "m4v"),
        *("webm", "mov", "avi", "mkv", "sqlite", "sqlite3", "pkl", "npy", "npz", "parquet"),
        *("onnx", "safetensors"),
    }
)
"""What the names of files end in that are no text, whatever a call says of them."""
_ODD = re.compile(r'[\x00-\x1f\x7f"\\]')


def changed_file(file: FileChanges) -> ChangedFile:
    """The changes of a file as texts side by side; of parts, a line `⋯` stands between two."""
    shown = [part for part in file.parts if part.before is not None or part.after is not None]
    if _is_binary(file.path, shown):
        return ChangedFile(
            path=file.path,
            kind=_kind(file),
            old_path=file.old_path,
            binary=True,
            turns=file.turns,
        )
    before = _joined(part.before for part in shown)
    after = _joined(part.after for part in shown)
    return ChangedFile(
        path=file.path,
        kind=_kind(file),
        old_path=file.old_path,
        before="" if not file.was_there else before,
        after=after if file.is_there else "",
        whole=file.whole,
        turns=file.turns,
        parts=_places(shown) if file.is_there else [],
    )


def unified(files: Sequence[ChangedFile]) -> str:
    """The changes as one text, in the form of `diff -u`; parts stand below each other."""
    return "".join(_diff(file) for file in files)


def _kind(file: FileChanges) -> Literal["edited", "created", "deleted", "moved"]:
    if not file.is_there:
        return "deleted"
    if not file.was_there:
        return "created"
    return "edited" if file.old_path is None else "moved"


def _is_binary(path: str, parts: Sequence[Part]) -> bool:
    """Whether a file is no text, by its name or by what calls put into it."""
    texts = [text for part in parts for text in (part.before, part.after) if text]
    return path.rpartition(".")[2].lower() in _NO_TEXT or any(
        "\0" in text or text.count("\ufffd") * _MOST_UNREADABLE > len(text) for text in texts
    )


def _joined(texts: Iterable[str | None]) -> str | None:
    """Parts as one text; None if one of them is not known."""
    lines: list[str] = []
    for number, text in enumerate(texts):
        if text is None:
            return None
        lines += [GAP] * (number > 0) + [text.removesuffix("\n") if number else text]
    if not lines:
        return None
    return (
        lines[0] if len(lines) == 1 else "\n".join([lines[0].removesuffix("\n"), *lines[1:]]) + "\n"
    )


def _places(parts: Sequence[Part]) -> list[ChangedPart]:
    """On which line of the joined text after the change each part begins."""
    found = []
    line = 0
    for part in parts:
        found.append(ChangedPart(line=line, turns=part.turns))
        line += len(split_lines((part.after or "").removesuffix("\n"))) + 1
    return found


def _diff(file: ChangedFile) -> str:
    old = "/dev/null" if file.kind == "created" else _named(file.old_path or file.path)
    new = "/dev/null" if file.kind == "deleted" else _named(file.path)
    if file.binary:
        return f"Binary files {old} and {new} differ\n"
    head = f"--- {old}\n+++ {new}\n"
    if file.kind == "moved" and file.before is None and file.after is None:
        return f"{head}@@ moved; what stands in it is not told @@\n"
    if file.before is None or file.after is None:
        text = file.after if file.before is None else file.before
        if not text:
            return f"{head}@@ what stood there is not told @@\n"
        sign = "+" if file.before is None else "-"
        return head + "@@ what stood there before is not told @@\n" + _signed(sign, text)
    before, after = _lines(file.before), _lines(file.after)
    if len(before) + len(after) > _MOST_COMPARED:
        sizes = f"-{_span(before)} +{_span(after)}" if file.whole else ""
        hunks = [f"@@ {sizes} @@\n" if sizes else "@@\n"]
        hunks += [f"{sign}{line}" for sign, text in (("-", before), ("+", after)) for line in text]
    else:
        hunks = list(unified_diff(before, after, n=3))[2:]
    if not file.whole:
        # Numbers of lines would be those of the parts, not of the file.
        hunks = ["@@\n" if line.startswith("@@") else line for line in hunks]
    return head + "".join(_ended(line, file.whole) for line in hunks)


def _named(path: str) -> str:
    """A path as git writes it in a patch."""
    if _ODD.search(path):
        return '"' + _ODD.sub(lambda sign: f"\\{ord(sign[0]):03o}", path) + '"'
    return f"{path}\t" if " " in path else path


def _lines(text: str) -> list[str]:
    """The lines of a file as patches count them, each with its end."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + [last] * bool(last)


def _span(lines: Sequence[str]) -> str:
    return f"1,{len(lines)}" if lines else "0,0"


def _ended(line: str, is_of_file: bool) -> str:
    if line.endswith("\n"):
        return line
    # The end of a part is not that of the file.
    return f"{line}\n\\ No newline at end of file\n" if is_of_file else f"{line}\n"


def _signed(sign: str, text: str) -> str:
    return "".join(_ended(f"{sign}{line}", False) for line in _lines(text))
