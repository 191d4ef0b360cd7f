"""The statements that Aiana runs, noted where they are run, and what SQLite plans for each."""

from __future__ import annotations

import ast
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

import aiana
from aiana.storage.guarded import GuardedCursor

PACKAGE = Path(aiana.__file__).parent
_GUARD = str(PACKAGE / "storage" / "guarded.py")
_PLANNED = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b", re.I)


class Place(Struct, frozen=True, order=True):
    """Where in the package something is run."""

    file: str
    line: int


class Statement(Struct, frozen=True):
    """A statement as it was run first."""

    sql: str
    parameters: Any
    place: Place


class Statements:
    """What was run on connections to the database, and from where."""

    def __init__(self) -> None:
        self.run: dict[str, Statement] = {}
        self.places: set[Place] = set()

    def note(self, patch: pytest.MonkeyPatch) -> None:
        """Note all that is run from now on."""
        execute, executemany = GuardedCursor.execute, GuardedCursor.executemany

        def one(cursor: GuardedCursor, sql: str, parameters: Any = (), /) -> GuardedCursor:
            self._add(sql, parameters)
            return execute(cursor, sql, parameters)

        def many(cursor: GuardedCursor, sql: str, rows: Iterable[Any], /) -> GuardedCursor:
            rows = list(rows)
            self._add(sql, rows[0] if rows else None)
            return executemany(cursor, sql, rows)

        patch.setattr(GuardedCursor, "execute", one)
        patch.setattr(GuardedCursor, "executemany", many)

    def _add(self, sql: str, parameters: Any) -> None:
        frame = sys._getframe(2)
        while frame.f_code.co_filename == _GUARD and frame.f_back is not None:
            frame = frame.f_back
        path = Path(frame.f_code.co_filename)
        if PACKAGE not in path.parents:
            return
        place = Place(path.relative_to(PACKAGE).as_posix(), frame.f_lineno)
        self.places.add(place)
        if _PLANNED.match(sql) and parameters is not None:
            self.run.setdefault(sql, Statement(sql, parameters, place))


class Call(Struct, frozen=True):
    """A call in the package that runs a statement."""

    place: Place
    last_line: int
    function: str
    """The one that it stands in, with its class."""

    def was_made(self, places: set[Place]) -> bool:
        return any(
            place.file == self.place.file and self.place.line <= place.line <= self.last_line
            for place in places
        )


def calls() -> Iterator[Call]:
    """Every call in the package that runs a statement for which SQLite makes a plan."""
    for path in sorted(PACKAGE.rglob("*.py")):
        file = path.relative_to(PACKAGE).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from _calls_in(tree, file, "")


def _calls_in(node: ast.AST, file: str, within: str) -> Iterator[Call]:
    for child in ast.iter_child_nodes(node):
        name = within
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            name = f"{within}.{child.name}".lstrip(".")
        elif isinstance(child, ast.Call) and _runs_a_planned_one(child):
            yield Call(Place(file, child.lineno), child.end_lineno or child.lineno, name)
        yield from _calls_in(child, file, name)


def _runs_a_planned_one(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return False
    if call.func.attr not in ("execute", "executemany"):
        return False
    first = call.args[0]
    if isinstance(first, ast.JoinedStr):
        first = first.values[0]
    return not isinstance(first, ast.Constant) or bool(_PLANNED.match(str(first.value)))


class Planner:
    """Plans of statements over a database whose tables hold what `rows` says.

    `rows` has, of each index, the rows of its table and how many of them share a value of its first
    column, of its first two columns, and so on: `sqlite_stat1`. Without, nothing was ever analysed.
    """

    def __init__(self, path: Path, rows: dict[str, dict[str, str]], analysed: bool) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._rows = rows
        self._connection.execute("ANALYZE sqlite_schema")
        self._connection.execute("DELETE FROM sqlite_stat1")
        if analysed:
            self._connection.executemany(
                "INSERT INTO sqlite_stat1 VALUES (?, ?, ?)",
                [(table, index, text) for table in rows for index, text in rows[table].items()],
            )
        self._connection.execute("ANALYZE sqlite_schema")

    def close(self) -> None:
        self._connection.close()

    def script(self, sql: str) -> None:
        """Make what statements need that is no part of the database."""
        self._connection.execute(sql)

    @cached_property
    def _partial(self) -> set[str]:
        """Indexes that hold some rows only: those that are asked for."""
        rows = self._connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%) WHERE %'"
        )
        return {name for (name,) in rows}

    def triggers(self) -> Iterator[str]:
        """The statements of all triggers, what they are told of a row as parameters."""
        for (sql,) in self._connection.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            body = sql[sql.rindex("BEGIN") + len("BEGIN") : sql.rindex("END")]
            for statement in body.split(";"):
                if statement.strip():
                    yield re.sub(r"\b(?:new|old)\.\w+", "?", statement).strip()

    def costly(self, sql: str, parameters: Any) -> list[str]:
        """The steps that look at more rows of a table that grows than somebody asked for."""
        plan = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        return [detail for *_, detail in plan if self._is_costly(sql, detail)]

    def _is_costly(self, sql: str, detail: str) -> bool:
        if detail.startswith("USE TEMP B-TREE FOR"):
            grows = any(re.search(rf"\b(FROM|JOIN|UPDATE) {table}\b", sql) for table in self._rows)
            return grows and detail.endswith("FOR ORDER BY")
        match = re.match(
            r"(SCAN|SEARCH) (\w+)(?: USING (.*?))?(?: (VIRTUAL TABLE INDEX .*?))?(?: LEFT-JOIN)?$",
            detail,
        )
        if match is None:
            return False
        kind, name, using, virtual = match.groups()
        table = self._table(sql, name)
        if table is None:
            return False
        if virtual is not None:
            # Which way into the table is used; the full-text index without any is read whole.
            return virtual.endswith(" 0:")
        index = re.search(r"INDEX (\w+)", using or "")
        if index and index[1] in self._partial:
            return False
        if kind == "SCAN":
            return True
        # Without a condition it is the first or the last entry of an index.
        terms = re.search(r"\((.*)\)$", using or "")
        return terms is not None and self._shared(table, index, terms[1]) > MOST_SHARED

    def _table(self, sql: str, name: str) -> str | None:
        """The table that a name in a statement stands for; None for one that does not grow."""
        if name in self._rows:
            return name
        for table in self._rows:
            if re.search(rf"\b{table}(?: AS)? {name}\b", sql):
                return table
        return None

    def _shared(self, table: str, index: re.Match[str] | None, terms: str) -> int:
        """Rows that a lookup finds, by what its index is known to hold."""
        rows = self._rows[table]
        total = int(next(iter(rows.values()), "0").split()[0])
        equal = terms.count("=?") - terms.count(">=?") - terms.count("<=?")
        if not equal:
            return total
        if index is None or index[1] == "PRIMARY":
            return 1
        shares = [int(number) for number in rows[index[1]].split()]
        return shares[equal] if equal < len(shares) else 1


MOST_SHARED = 5_000
"""Rows that a lookup may find: those of the longest sessions."""
