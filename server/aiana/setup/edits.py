"""What is to be written into one file, and how it is taken out again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from aiana.setup import blocks, jsonc

_OWN = re.compile(r"aiana.* hook (?:session-start|prompt|stop|compact)\b")


class Edit(Protocol):
    """A change of one file, from text to text. Both raise InvalidQuery."""

    path: Path

    def add(self, text: str) -> str:
        """The text with what is ours."""

    def remove(self, text: str, before: str | None) -> str:
        """The text without what is ours; groups that stood in `before` stay, though empty."""


class JsonEdit:
    """Values under keys, and items of lists, in JSON with or without comments."""

    def __init__(
        self,
        path: Path,
        values: Sequence[tuple[tuple[str, ...], Any]] = (),
        items: Sequence[tuple[tuple[str, ...], Any]] = (),
        needed: Sequence[tuple[str, Any]] = (),
    ) -> None:
        self.path = path
        self._values = values
        self._items = items
        self._needed = needed
        """Members that the file cannot be without, such as a version."""

    def add(self, text: str) -> str:
        for key, value in self._needed:
            if jsonc.parse(text).at([key]) is None:
                text = jsonc.put(text, [key], value)
        for path, value in self._values:
            text = jsonc.put(text, path, value)
        for path, value in self._items:
            text = jsonc.append(text, path, value, is_own)
        return text

    def remove(self, text: str, before: str | None) -> str:
        given, old = text, None if before is None else jsonc.parse(before)
        for path, _ in self._values:
            text = self._without_empty(jsonc.drop(text, path), text, path[:-1], old)
        for path, _ in self._items:
            text = self._without_empty(jsonc.drop_items(text, path, is_own), text, path, old)
        if text == given:
            return text
        left = jsonc.parse(text)
        for key, value in self._needed:
            node = left.at([key])
            alone = left.root.kind == "object" and len(left.root.items) == 1
            if alone and node is not None and left.value(node) == value and before is None:
                text = jsonc.drop(text, [key])
        return text

    @staticmethod
    def _without_empty(
        text: str, given: str, path: Sequence[str], old: jsonc.Document | None
    ) -> str:
        """Without the groups on the way that are empty now, but for those that were before."""
        while path and text != given:
            document = jsonc.parse(text)
            node = document.at(path)
            if node is None or node.kind == "scalar" or node.items:
                break
            if old is not None and old.at(path) is not None:
                break
            text = jsonc.drop(text, path)
            path = path[:-1]
        return text


class TomlTable:
    """A table of TOML."""

    def __init__(self, path: Path, table: str, lines: list[str]) -> None:
        self.path = path
        self._table = table
        self._lines = lines

    def add(self, text: str) -> str:
        return blocks.put_table(text, self._table, self._lines)

    def remove(self, text: str, before: str | None) -> str:
        return blocks.drop_table(text, self._table)


class Marked:
    """Lines between two marks."""

    def __init__(self, path: Path, comment: str, lines: list[str]) -> None:
        self.path = path
        self._comment = comment
        self._lines = lines

    def add(self, text: str) -> str:
        return blocks.put_marked(text, self._comment, self._lines)

    def remove(self, text: str, before: str | None) -> str:
        return blocks.drop_marked(text, self._comment)


def is_own(item: Any) -> bool:
    """Whether an entry of a list of hooks is one of ours, told by its subcommand."""
    if isinstance(item, dict):
        return any(is_own(value) for value in item.values())
    if isinstance(item, list):
        return bool(item) and all(is_own(each) for each in item)
    return isinstance(item, str) and _OWN.search(item) is not None
