"""Where the messages of a session stand that a file tells anew, among those that it told before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

# A plain join would go through all messages of the session.
_KNOWN = """
SELECT m.id, m.position FROM new_messages i CROSS JOIN messages m
ON m.id = i.id AND m.session_key = ? WHERE i.position IS NOT NULL
"""
_TAKEN = """
SELECT count(*) FROM messages
WHERE session_key = ? AND position IN (SELECT value FROM json_each(?))
"""
_IN_ORDER = "SELECT id, position FROM messages WHERE session_key = ? ORDER BY position, key"
_LAST = "SELECT coalesce(max(position), -1) FROM messages WHERE session_key = ?"


def new_places(
    connection: sqlite3.Connection, session_key: int, told: Mapping[str, int], before: str
) -> dict[str, int]:
    """Other places than those told, for the messages that need them; stored ones included.

    `told` has the place of each message in its file, as `new_messages` does, and `before` names the
    one in front of them; "" is the file's beginning. Where a file takes back what it told, that
    stays, in front of what came in its place.
    """
    (last,) = connection.execute(_LAST, (session_key,)).fetchone()
    if last < 0:
        return {}
    known = dict(connection.execute(_KNOWN, (session_key,)))
    new = [place for name, place in told.items() if name not in known]
    within = [place for place in new if place <= last]
    if all(told[name] == place for name, place in known.items()) and not (
        within and connection.execute(_TAKEN, (session_key, json.dumps(within))).fetchone()[0]
    ):
        return {}
    stored = dict(connection.execute(_IN_ORDER, (session_key,)))
    order = _merged(list(stored), sorted(told, key=told.__getitem__), before)
    places: dict[str, int] = {}
    place = -1
    for name in order:
        # What can stay where it is, stays: each place that changes is written.
        place = max(stored.get(name, 0), place + 1)
        if place != (told[name] if name in told else stored[name]):
            places[name] = place
    return places


def _merged(stored: list[str], told: list[str], before: str) -> list[str]:
    """Both in one order: that of `told`, and each of the others in front of what followed it."""
    start = stored.index(before) + 1 if before in stored else 0
    names = set(told)
    merged = [name for name in stored[:start] if name not in names]
    rest = stored[start:]
    places = {name: place for place, name in enumerate(rest)}
    at = 0
    for name in told:
        stop = places.get(name)
        if stop is None:
            while at < len(rest) and rest[at] not in names:
                merged.append(rest[at])
                at += 1
        elif stop >= at:
            merged += (other for other in rest[at:stop] if other not in names)
            at = stop + 1
        merged.append(name)
    return [*merged, *(other for other in rest[at:] if other not in names)]
