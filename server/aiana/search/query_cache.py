"""Answers that are kept until the database changes: who types asks for most words again."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sized
from typing import Any, TypeVar

from aiana.storage.database import Database

T = TypeVar("T", bound=Sized)

MOST_ITEMS = 500_000
"""Items of all answers together: 4 MB of keys."""


class QueryCache:
    """The answers asked for last, of one state of the database. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._revision = (-1, -1, 0)
        self._seen = threading.local()
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._items = 0

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question, as the reader's transaction sees the database."""
        with self._database.reading() as connection:
            revision = self._state(connection)
            with self._lock:
                if self._revision != revision:
                    self._answers.clear()
                    self._revision, self._items = revision, 0
                elif question in self._answers:
                    self._answers.move_to_end(question)
                    known: T = self._answers[question]
                    return known
            answer = ask()
        with self._lock:
            if self._revision == revision and question not in self._answers:
                self._answers[question] = answer
                self._items += len(answer)
                while self._items > MOST_ITEMS:
                    self._items -= len(self._answers.popitem(last=False)[1])
        return answer

    def _state(self, connection: sqlite3.Connection) -> tuple[int, int, int]:
        """What this thread's transaction sees, which is asked once in each."""
        view = self._database.view
        if getattr(self._seen, "view", None) != view:
            (latest,) = connection.execute(
                "SELECT coalesce(max(revision), 0) FROM revisions"
            ).fetchone()
            revision = (self._database.generation, latest, self._database.hidden)
            self._seen.view, self._seen.revision = view, revision
        known: tuple[int, int, int] = self._seen.revision
        return known
