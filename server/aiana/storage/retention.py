"""Which sessions have been kept for as long as the settings say. Memories are kept for ever."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from aiana.config import Config, settings_of_file
from aiana.storage.migrations import ACTIVITY
from aiana.storage.rows import STANDS_ALONE, matching_projects
from aiana.times import format_time

_MOST_DAYS = 700_000
"""Some 1,900 years: a time of before the calendar begins can be written by nobody."""


class Retention(Struct, frozen=True):
    """For how many days sessions are kept after their last message; for ever, where none is."""

    days: int | None = None
    projects: dict[str, int] = {}
    """Of projects with days of their own; 0 is for ever."""

    @property
    def is_on(self) -> bool:
        return self.days is not None or any(self.projects.values())


def retention_of(days: int | None, projects: Sequence[str]) -> Retention:
    """What the settings say; `projects` are texts such as `shop=30`, of which the last counts."""
    pairs = [each.rpartition("=") for each in projects]
    return Retention(days, {project.strip(): int(number) for project, _, number in pairs})


def retention_in_force(config: Config) -> Retention:
    """What the settings say just now; `config.toml` may have been changed since they were read.

    What is set elsewhere, by an editor or in the environment, stays.
    """
    file = settings_of_file(config.data_dir)
    known = config.of_file.get("retention_projects", ())
    beside = config.retention_projects[len(known) :]
    days = config.retention_days
    if file is not None and config.retention_days_of_file == days:
        days = file.retention_days
    projects = (*(known if file is None else file.retention_projects), *beside)
    return retention_of(days, projects)


def expired(connection: sqlite3.Connection, retention: Retention, most: int) -> list[int]:
    """Keys of the sessions that are due, the oldest first; below zero, all of them.

    Sub-agents stay as long as their session, and a session as long as any of them.
    """
    found: list[int] = []
    own: dict[int, int] = {}
    for project, days in retention.projects.items():
        own |= dict.fromkeys(matching_projects(connection, project), days)
    groups = [(days, "IN", [key]) for key, days in own.items() if days]
    if retention.days is not None:
        groups.append((retention.days, "NOT IN", [*own]))
    for days, among, keys in groups:
        moment = format_time(datetime.now(UTC) - timedelta(days=min(days, _MOST_DAYS)))
        rows = connection.execute(
            f"SELECT s.key FROM sessions s WHERE {ACTIVITY} < ?1 AND {STANDS_ALONE} "
            f"AND s.project_key {among} (SELECT value FROM json_each(?2)) "
            "AND NOT EXISTS (SELECT 1 FROM sessions a WHERE a.parent_id = s.id "
            "AND a.source = s.source AND coalesce(a.ended_at, a.started_at) >= ?1) "
            f"ORDER BY {ACTIVITY} LIMIT ?3",
            (moment, json.dumps(keys), most),
        )
        found += [key for (key,) in rows]
    return found if most < 0 else found[:most]
