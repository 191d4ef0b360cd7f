"""The lines of chat files: records, and the log of changes that a chat is replayed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aiana.capture.decoding import object_of, whole_records

_MOST_HOLES = 10_000
"""How far beyond its end a change may write into a list."""


class NoPlace(ValueError):
    """A change of what is not there."""


def records(
    data: bytes, is_record: Callable[[Any], bool], lost: list[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The whole records of a file and the lines they stand on; what is damaged goes to `lost`.

    A last line without its end is being written: it is left for the next reading.
    """
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        line = line.strip(b"\0 \t\r")
        if not line:
            continue
        try:
            yield number, object_of(line)
        except ValueError:
            if number == len(lines):
                return
            found, _ = whole_records(line, is_record)
            for record in found:
                yield number, object_of(record)
            lost.append(f"Line {number} holds a record without its end, or none.")


def is_change(value: Any) -> bool:
    """Whether a JSON object is an entry of a log of changes."""
    kind = value.get("kind")
    is_kind = isinstance(kind, int) and not isinstance(kind, bool)
    return is_kind and (isinstance(value.get("k"), list) or kind == 0)


def replay(data: bytes, lost: list[str]) -> dict[str, Any]:
    """The chat that a log of changes ends with. Raises ValueError if it holds none."""
    chat: Any = None
    for number, entry in records(data, is_change, lost):
        try:
            chat = _changed(chat, entry)
        except NoPlace as error:
            lost.append(f"Line {number} {error}")
    if not isinstance(chat, dict):
        raise ValueError("no line of it holds a whole chat")
    return chat


def _changed(chat: Any, entry: dict[str, Any]) -> Any:
    keys, value = entry.get("k"), entry.get("v")
    if not is_change(entry):
        raise NoPlace("is no change.")
    match entry["kind"]:
        case 0:
            return _whole(value)
        case 1 | 2 | 3 as kind:
            if not keys:
                return _whole(value) if kind == 1 else chat
            place = chat
            for key in keys[:-1]:
                place = _get(place, key)
            if kind == 1:
                _set(place, keys[-1], value)
            elif kind == 2:
                _push(place, keys[-1], value, entry.get("i"))
            else:
                _delete(place, keys[-1])
            return chat
        case kind:
            raise NoPlace(f"is a change of the unknown kind {str(kind)[:20]!r}.")


def _whole(chat: Any) -> Any:
    if not isinstance(chat, dict):
        raise NoPlace("puts what is none in the place of the chat.")
    return chat


def _get(place: Any, key: Any) -> Any:
    if isinstance(place, dict) and isinstance(key, str) and key in place:
        return place[key]
    if isinstance(place, list) and _is_index(key) and key < len(place):
        return place[key]
    raise NoPlace("changes what is not there.")


def _set(place: Any, key: Any, value: Any) -> None:
    if isinstance(place, dict) and isinstance(key, str):
        place[key] = value
    elif isinstance(place, list) and _is_index(key) and key < len(place) + _MOST_HOLES:
        place.extend([None] * (key + 1 - len(place)))
        place[key] = value
    else:
        raise NoPlace("changes what is not there.")


def _push(place: Any, key: Any, values: Any, length: Any) -> None:
    try:
        items = _get(place, key)
    except NoPlace:
        items = None
    if items is None:
        _set(place, key, items := [])
    if not isinstance(items, list):
        raise NoPlace("adds to what is no list.")
    if _is_index(length):
        del items[length:]
    if isinstance(values, list):
        items.extend(values)


def _delete(place: Any, key: Any) -> None:
    """What is deleted from a list leaves a hole: what follows keeps its place."""
    if isinstance(place, dict):
        place.pop(key, None) if isinstance(key, str) else None
    elif isinstance(place, list) and _is_index(key) and key < len(place):
        place[key] = None
    else:
        raise NoPlace("deletes what is not there.")


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
