"""Filters as SQL: which sessions, messages and memories one lets through."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from aiana.models import OWN_SOURCE, SearchFilter
from aiana.storage.letters import match_expression
from aiana.storage.touching import path_condition

_FAILED = (
    "SELECT m.session_key FROM messages_fts t JOIN messages m ON m.key = t.rowid "
    "WHERE messages_fts MATCH ? AND m.type = 'tool_result' "
    "AND json_extract(m.metadata, '$.isError') = 1"
)
Condition = tuple[str, list[object]]
"""SQL that can stand after WHERE, and its parameters."""


def admits_messages(restriction: SearchFilter) -> bool:
    """Whether any message can pass; a field about one kind leaves out the other."""
    if restriction.kinds and "message" not in restriction.kinds:
        return False
    if restriction.roles or restriction.types or restriction.tools:
        return True
    # What was said in sessions is what memories of type `conversation` are made of.
    return not restriction.memory_types or "conversation" in restriction.memory_types


def admits_memories(restriction: SearchFilter) -> bool:
    """Whether any memory can pass; a field about one kind leaves out the other."""
    if restriction.kinds and "memory" not in restriction.kinds:
        return False
    if restriction.sources and OWN_SOURCE not in restriction.sources:
        return False
    if restriction.memory_types or "memory" in restriction.kinds:
        return True
    return not (restriction.roles or restriction.types or restriction.tools)


def session_condition(restriction: SearchFilter, projects: list[int] | None) -> Condition:
    """Of the table `sessions`; `projects` are keys, None for all."""
    conditions, values = ["1"], list[object]()
    if projects is not None:
        conditions.append(f"project_key IN ({marks(projects)})")
        values += projects
    if restriction.sources:
        conditions.append(f"source IN ({marks(restriction.sources)})")
        values += restriction.sources
    if restriction.session_id is not None:
        conditions.append("id = ?")
        values.append(restriction.session_id)
    for chosen, parameters in _sessions(restriction):
        conditions.append(f"key IN ({chosen})")
        values += parameters
    return " AND ".join(conditions), values


def _sessions(restriction: SearchFilter) -> Iterator[Condition]:
    """Of each thing that must have happened in a session: the keys of those in which it did."""
    yield from map(_touching, restriction.files)
    for phrase in restriction.errors:
        yield _FAILED, ["{content} : (" + match_expression(phrase) + ")"]


def _touching(path: str) -> Condition:
    """The keys of the sessions that touched a file."""
    touched, paths = path_condition(path)
    return f"SELECT session_key FROM message_files WHERE {touched}", list(paths)


def message_condition(restriction: SearchFilter) -> Condition:
    """Of the table `messages`, beyond what is said of their sessions."""
    conditions, values = ["1"], list[object]()
    for column, wanted in (
        ("role", restriction.roles),
        ("type", restriction.types),
        ("tool_name COLLATE NOCASE", restriction.tools),
    ):
        if wanted:
            conditions.append(f"{column} IN ({marks(wanted)})")
            values += wanted
    return _between("timestamp", restriction, conditions, values)


def memory_condition(restriction: SearchFilter, projects: list[int] | None) -> Condition:
    """Of the table `memories`; `projects` are keys, None for all."""
    if not admits_memories(restriction):
        return "0", []
    conditions, values = ["1"], list[object]()
    if projects is not None:
        conditions.append(f"project_key IN ({marks(projects)})")
        values += projects
    if restriction.memory_types:
        conditions.append(f"memory_type IN ({marks(restriction.memory_types)})")
        values += restriction.memory_types
    if restriction.session_id is not None:
        conditions.append("session_id = ?")
        values.append(restriction.session_id)
    for chosen, parameters in _sessions(restriction):
        conditions.append(f"session_id IN (SELECT id FROM sessions WHERE key IN ({chosen}))")
        values += parameters
    return _between("created_at", restriction, conditions, values)


def _between(
    column: str, restriction: SearchFilter, conditions: list[str], values: list[object]
) -> Condition:
    for sign, moment in ((">=", restriction.after), ("<", restriction.before)):
        if moment is not None:
            conditions.append(f"{column} {sign} ?")
            values.append(moment)
    return " AND ".join(conditions), values


def listed_condition(restriction: SearchFilter, projects: list[int] | None) -> Condition:
    """Of the table `sessions`: those of which a search with this filter could find something.

    A session without any message counts by its own time.
    """
    if not admits_messages(restriction):
        return "0", []
    condition, values = session_condition(restriction, projects)
    own, own_values = message_condition(restriction)
    if not own_values:
        return condition, values
    said = f"EXISTS (SELECT 1 FROM messages WHERE session_key = sessions.key AND {own})"
    if not (restriction.roles or restriction.types or restriction.tools):
        begun, _ = _between("started_at", restriction, ["message_count = 0"], [])
        said = f"({said} OR {begun})"
        own_values = own_values * 2
    return f"{condition} AND {said}", [*values, *own_values]


def is_empty(restriction: SearchFilter) -> bool:
    """Whether the filter lets everything through."""
    nothing = SearchFilter()
    return all(
        getattr(restriction, name) == getattr(nothing, name)
        for name in SearchFilter.__struct_fields__
    )


def marks(values: Sized) -> str:
    """As many question marks as there are values."""
    return ",".join("?" * len(values))
