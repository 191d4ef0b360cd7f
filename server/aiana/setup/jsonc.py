"""JSON with comments as text: what is put in or taken out changes nothing else.

The libraries there are either lose comments or write a document anew, in a layout of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aiana.errors import InvalidQuery

_SPACE = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_REST_OF_LINE = re.compile(r"(?:[ \t]+|/\*[^\n]*?\*/)*(?://[^\n\r]*)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_SCALAR = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_DEEPEST = 200

Path = Sequence[str]


class Broken(InvalidQuery):
    """A document that is no JSON."""


class Node:
    """A value and where it stands."""

    __slots__ = ("end", "items", "keys", "kind", "start")

    def __init__(self, kind: str, start: int) -> None:
        self.kind = kind
        """`object`, `array` or `scalar`."""
        self.start = start
        self.end = start
        self.keys: list[tuple[str, int]] = []
        """Of an object's members, with their places."""
        self.items: list[Node] = []


class Document(NamedTuple):
    """A text, and its one value."""

    text: str
    root: Node

    def at(self, path: Path) -> Node | None:
        """The value under some keys; None if there is none."""
        node = self.root
        for key in path:
            places = [n for n, (name, _) in enumerate(node.keys) if name == key]
            if node.kind != "object" or not places:
                return None
            node = node.items[places[-1]]
        return node

    def value(self, node: Node) -> Any:
        """The value that stands there."""
        if node.kind == "object":
            pairs = zip(node.keys, node.items, strict=True)
            return {key: self.value(item) for (key, _), item in pairs}
        if node.kind == "array":
            return [self.value(item) for item in node.items]
        return json.loads(self.text[node.start : node.end])


def parse(text: str) -> Document:
    """A document, `{}` for one without any value. Raises Broken, with line and column."""
    parser = _Parser(text)
    if parser.skip() == len(text):
        text += "{}"
        parser = _Parser(text)
        parser.skip()
    root = parser.value(0)
    if parser.skip() != len(text):
        parser.fail("something stands after the end")
    return Document(text, root)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def skip(self) -> int:
        match = _SPACE.match(self.text, self.place)
        self.place = match.end() if match else self.place
        return self.place

    def fail(self, why: str) -> None:
        line = self.text.count("\n", 0, self.place) + 1
        column = self.place - self.text.rfind("\n", 0, self.place)
        raise Broken(f"line {line}, column {column}: {why}")

    def value(self, depth: int) -> Node:
        if depth > _DEEPEST:
            self.fail("it is nested too deeply")
        sign = self.text[self.place : self.place + 1]
        if sign in ("{", "["):
            return self._container(sign, depth)
        node = Node("scalar", self.place)
        match = (_STRING if sign == '"' else _SCALAR).match(self.text, self.place)
        if match is None:
            self.fail("a value is missing" if sign else "it ends too early")
        else:
            self.place = node.end = match.end()
            try:
                json.loads(match[0])
            except ValueError:
                self.fail("this is no value")
        return node

    def _container(self, sign: str, depth: int) -> Node:
        node = Node("object" if sign == "{" else "array", self.place)
        closing = "}" if sign == "{" else "]"
        self.place += 1
        self.skip()
        while not self.text.startswith(closing, self.place):
            if node.kind == "object":
                self._key(node)
            node.items.append(self.value(depth + 1))
            self.skip()
            if self.text.startswith(",", self.place):
                self.place += 1
                self.skip()
            elif not self.text.startswith(closing, self.place):
                self.fail(f"a comma or {closing} is missing")
        self.place += 1
        node.end = self.place
        return node

    def _key(self, node: Node) -> None:
        match = _STRING.match(self.text, self.place)
        if match is None:
            self.fail("a name in quotes is missing")
            return
        node.keys.append((json.loads(match[0]), self.place))
        self.place = match.end()
        self.skip()
        if not self.text.startswith(":", self.place):
            self.fail("a colon is missing")
        self.place += 1
        self.skip()


def put(text: str, path: Path, value: Any) -> str:
    """The document with this value under these keys. Raises Broken, InvalidQuery."""
    document = parse(text)
    node = document.at(path)
    if node is not None:
        if document.value(node) == value:
            return text
        base = _indent_at(document.text, node.start)
        written = _written(value, base, document.text)
        return document.text[: node.start] + written + document.text[node.end :]
    *parents, key = path
    if parents and document.at(parents) is None:
        return put(text, parents, {key: value})
    parent = _expect(document, parents, "object")
    return _insert(document, parent, f"{json.dumps(key)}: ", value)


def append(text: str, path: Path, value: Any, own: Callable[[Any], bool]) -> str:
    """The document with `value` in the list under these keys, in place of our `own` items there.

    Raises Broken, InvalidQuery.
    """
    document = parse(text)
    if document.at(path) is None:
        return put(text, path, [value])
    array = _expect(document, path, "array")
    ours = [item for item in array.items if own(document.value(item))]
    if [document.value(item) for item in ours] == [value]:
        return text
    if ours:
        text = drop_items(document.text, path, own)
        document = parse(text)
        array = _expect(document, path, "array")
    return _insert(document, array, "", value)


def drop(text: str, path: Path) -> str:
    """The document without what stands under these keys. Raises Broken."""
    document = parse(text)
    parent = document.at(path[:-1])
    if parent is None or parent.kind != "object":
        return text
    places = [n for n, (name, _) in enumerate(parent.keys) if name == path[-1]]
    return _remove(document, parent, places[-1]) if places else text


def drop_items(text: str, path: Path, own: Callable[[Any], bool]) -> str:
    """The document without our items in the list under these keys. Raises Broken."""
    while True:
        document = parse(text)
        array = document.at(path)
        if array is None or array.kind != "array":
            return text
        ours = [n for n, item in enumerate(array.items) if own(document.value(item))]
        if not ours:
            return text
        text = _remove(document, array, ours[-1])


def _expect(document: Document, path: Path, kind: str) -> Node:
    node = document.at(path)
    if node is None or node.kind != kind:
        what = {"object": "no group of settings", "array": "no list"}[kind]
        raise InvalidQuery(f"{'.'.join(path) or 'the whole of it'} is {what}")
    return node


def _insert(document: Document, parent: Node, name: str, value: Any) -> str:
    text = document.text
    newline = _newline(text)
    base = _indent_at(text, parent.start)
    inner = base + _unit(text)
    if not parent.items:
        inside = text[parent.start + 1 : parent.end - 1]
        written = f"{newline}{inner}{name}{_written(value, inner, text)}{newline}{base}"
        kept = inside.rstrip() if inside.strip() else ""  # a comment
        return text[: parent.start + 1] + kept + written + text[parent.end - 1 :]
    last = parent.items[-1].end
    if "\n" not in text[parent.start : parent.end]:
        return f"{text[:last]}, {name}{json.dumps(value)}{text[last:]}"
    inner = _indent_at(text, parent.keys[-1][1] if parent.keys else parent.items[-1].start)
    written = f"{newline}{inner}{name}{_written(value, inner, text)}"
    after = _SPACE.match(text, last)
    has_comma = after is not None and text.startswith(",", after.end())
    end = after.end() + 1 if has_comma and after is not None else last
    rest = _REST_OF_LINE.match(text, end)
    line_end = rest.end() if rest is not None else end
    if text[line_end : line_end + 1] not in ("\r", "\n"):
        line_end = end  # the container closes on this line
    comma = "" if has_comma else ","
    trailing = "," if has_comma else ""
    return text[:last] + comma + text[last:line_end] + written + trailing + text[line_end:]


def _remove(document: Document, parent: Node, place: int) -> str:
    text = document.text
    if len(parent.items) == 1 and _is_bare(text, parent):
        return text[: parent.start + 1] + text[parent.end - 1 :]
    start = parent.keys[place][1] if parent.keys else parent.items[place].start
    end = parent.items[place].end
    after = _SPACE.match(text, end)
    follows = after is not None and text.startswith(",", after.end())
    if follows and after is not None:
        end = after.end() + 1
    head = text[:start]
    line = head.rstrip(" \t")
    if line.endswith("\n") and re.match(r"[ \t]*(?:\r?\n|$)", text[end:]):
        # It has its lines for itself: they go whole, with the break before them.
        head = line[:-1].removesuffix("\r")
    elif follows:
        end += len(text[end:]) - len(text[end:].lstrip(" \t"))
    if not follows and place:
        before = parent.items[place - 1].end
        comma = text.find(",", before, start)
        if 0 <= comma < len(head):
            head = head[:comma] + head[comma + 1 :]
            head = head if "\n" in head[before:] else head.rstrip(" \t")
    return head + text[end:]


def _is_bare(text: str, parent: Node) -> bool:
    """Whether nothing but its one item stands in a container: no comment."""
    start = parent.keys[0][1] if parent.keys else parent.items[0].start
    around = text[parent.start + 1 : start] + text[parent.items[0].end : parent.end - 1]
    return not around.replace(",", "").strip()


def _written(value: Any, base: str, text: str) -> str:
    lines = json.dumps(value, indent=_unit(text), ensure_ascii=False).split("\n")
    return (_newline(text) + base).join(lines)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _unit(text: str) -> str:
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return found[1] if found else "  "


def _indent_at(text: str, place: int) -> str:
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip(" \t"))]
