"""A few lines of ours in a file that is no JSON: TOML, Lua, Lisp."""

from __future__ import annotations

import re
import tomllib

from aiana.errors import InvalidQuery


def put_table(text: str, table: str, lines: list[str]) -> str:
    """TOML with this table as its last one, in place of what it was. Raises InvalidQuery."""
    _check(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    block = newline.join([f"[{table}]", *lines, ""])
    if block in text:
        return text
    kept = drop_table(text, table)
    gap = "" if not kept.strip() else newline if kept.endswith("\n") else newline * 2
    changed = kept + gap + block
    try:
        tomllib.loads(changed)
    except tomllib.TOMLDecodeError as error:
        raise InvalidQuery(f"{table} is written there in another way ({error})") from error
    return changed


def drop_table(text: str, table: str) -> str:
    """TOML without this table, those below it, and the blank line before it."""
    lines = text.splitlines(keepends=True)
    heads = [n for n, line in enumerate(lines) if line.lstrip().startswith("[")]
    ours = [n for n in heads if re.match(rf"\s*\[{re.escape(table)}[\].]", lines[n])]
    for start in reversed(ours):
        end = next((n for n in heads if n > start), len(lines))
        while end < len(lines) and not lines[end - 1].strip():
            end -= 1  # the blank lines before what follows
        if start and not lines[start - 1].strip():
            start -= 1
        del lines[start:end]
    return "".join(lines)


def put_marked(text: str, comment: str, lines: list[str]) -> str:
    """A text with our lines as its last ones, between two marks."""
    newline = "\r\n" if "\r\n" in text else "\n"
    block = newline.join(
        [f"{comment} aiana setup: begin", *lines, f"{comment} aiana setup: end", ""]
    )
    if block in text:
        return text
    kept = drop_marked(text, comment)
    gap = "" if not kept.strip() else newline if kept.endswith("\n") else newline * 2
    return kept + gap + block


def drop_marked(text: str, comment: str) -> str:
    """A text without our lines, and the blank line before them."""
    mark = re.escape(comment)
    return re.sub(
        rf"(?:\r?\n)?^{mark} aiana setup: begin.*?^{mark} aiana setup: end[^\n]*\n?",
        "",
        text,
        flags=re.DOTALL | re.MULTILINE,
    )


def _check(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidQuery(str(error)) from error
