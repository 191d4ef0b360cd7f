"""Takes our own blocks out of captured text, so that memory never quotes itself."""

from __future__ import annotations

import re
from itertools import chain

from aiana.pattern import Pattern

TAG = "aiana-context"

# `<` and `>` as they are, as JSON escapes at any depth, or as entities; all runs are bounded.
_LESS = r"(?:<|\\{1,16}u003[cC]|&lt;)"
_GREATER = r"(?:>|\\{1,16}u003[eE]|&gt;)"
# A tag in backticks is somebody writing about the block.
_MARK = Pattern(
    rf"(?<!`)(?P<less>{_LESS})(?P<close>\s{{0,4}}/\s{{0,4}})?{TAG}"
    rf"(?:\s(?:(?!{_GREATER})[^<\n]){{0,200}})?(?:{_GREATER}|\Z)"
)
# What can follow in a block that was cut off: blank lines, quotations, headings, citations.
_BLOCK_LINE = Pattern(r"[ \t]*(?:$|[>#]|-[ \t]|\[\d|Quoted history|end [0-9a-f]{8}$)")
_QUOTE = Pattern(r'(?<!\\)(\\{0,16})"')
_BACKSLASHES = Pattern(r"\\+")


def strip_blocks(text: str) -> str:
    """`text` without any `<aiana-context>` block: nested, quoted, JSON-escaped or cut off.

    A block that is cut off ends with the last line that can belong to it, or with the JSON string
    that holds it. A tag inside backticks is prose about the block and stays. Linear in the text.
    """
    if TAG not in text:
        return text
    kept: list[str] = []
    position = 0
    for start, end in _blocks(text):
        if start < position:
            continue
        kept.append(text[position:start])
        position = _past_blank_lines(text, start, end)
    if not kept:
        return text
    result = "".join(kept) + text[position:]
    return result.rstrip() if position >= len(text) else result


def _blocks(text: str) -> list[tuple[int, int]]:
    """The [start, end) of each block, outermost first where they nest."""
    spans: list[tuple[int, int]] = []
    opened: dict[str, list[re.Match[str]]] = {}
    for mark in _MARK.finditer(text):
        # Only a tag that is written the same way closes: what a block quotes is escaped once more.
        stack = opened.setdefault(mark["less"].lower(), [])
        if not mark["close"]:
            stack.append(mark)
        elif stack:
            spans.append((_start(text, stack.pop()), mark.end()))
    end = 0
    for mark in sorted(chain.from_iterable(opened.values()), key=re.Match.start):
        if mark.start() >= end:  # else it lies within the fragment before it
            end = _end_of_fragment(text, mark)
            spans.append((_start(text, mark), end))
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _start(text: str, mark: re.Match[str]) -> int:
    """Where the block of an opening tag starts: the `> ` of a quotation belongs to it."""
    start = mark.start()
    while start and text[start - 1] in "> \t":
        start -= 1
    return start if start == 0 or text[start - 1] == "\n" else mark.start()


def _end_of_fragment(text: str, mark: re.Match[str]) -> int:
    """Where a block without a closing tag ends."""
    after = _BACKSLASHES.match(text, mark.end())
    escapes = _BACKSLASHES.findall(mark[0]) + ([after[0]] if after else [])
    if escapes:
        # The quote that ends the string carries fewer backslashes than anything inside it.
        depth = len(max(escapes))
        quotes = _QUOTE.finditer(text, mark.end())
        return next((quote.start() for quote in quotes if len(quote[1]) < depth), len(text))
    end = _line_end(text, mark.end())
    while end < len(text) and _BLOCK_LINE.match(text, end + 1, _line_end(text, end + 1)):
        end = _line_end(text, end + 1)
    return end


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end == -1 else end


def _past_blank_lines(text: str, start: int, end: int) -> int:
    """Where to go on, so that a block on lines of its own leaves no hole."""
    if start and text[start - 1] != "\n":
        return end
    while end < len(text) and text[end] in " \t\r\n":
        end += 1
    return end
