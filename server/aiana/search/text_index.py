"""The full-text index as ranking uses it: where terms stand, and which texts hold a phrase."""

from __future__ import annotations

import re
import sqlite3
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aiana.models import SearchFilter
from aiana.search.catalogue import Catalogue, CatalogueReader
from aiana.search.query_cache import QueryCache, T
from aiana.search.ranking import PLACE_BITS
from aiana.storage.array_file import Ints
from aiana.storage.database import Database
from aiana.storage.filters import (
    admits_memories,
    admits_messages,
    marks,
    memory_condition,
    message_condition,
    session_condition,
)
from aiana.storage.guarded import Admitted
from aiana.storage.identifiers import derived_words
from aiana.storage.letters import match_expression
from aiana.storage.migrations import THOUGHT
from aiana.storage.packing import numbers
from aiana.storage.rows import matching_projects
from aiana.text import TOKENIZER

_TEXTS = 500
_NAME = re.compile(r'"[A-Za-z_./-]*"')
"""One identifier or path without figures. It is no secret that rules know, though it may seem to be
one at a glance; and to import the rules takes as long as the search."""


class TextIndex:
    """Reads `messages_fts`. Safe to share between threads; nothing a user types is an error."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._catalogue = CatalogueReader(database)
        self._tokenizer = _Tokenizer()
        self._answers = QueryCache(database)

    def catalogue(self) -> Catalogue:
        """All documents as columns."""
        return self._catalogue.current()

    def remembered(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question of this state of the database, asked once."""
        return self._answers.get(question, ask)

    def tokenize(self, texts: Sequence[str]) -> list[list[str]]:
        """The terms of each text, in order, as the index keeps them."""
        return self._tokenizer.tokenize(texts)

    def frequencies(self, terms: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Documents and places of each term that occurs."""
        asked = "SELECT doc, cnt FROM messages_terms WHERE term = ?"
        found: dict[str, tuple[int, int]] = {}
        for term in terms:
            row = self._answers.get(("frequency", term), partial(self._of_term, asked, term))
            if row:
                found[term] = row[0]
        return found

    def terms_like(self, term: str, slips: int) -> list[tuple[str, int]]:
        """Terms that begin with the same letter and are about as long, and their documents."""
        asked = (
            "SELECT term, doc FROM messages_terms WHERE term >= ?1 AND term < ?2 "
            "AND length(term) BETWEEN ?3 AND ?4"
        )
        first, after = term[0], chr(ord(term[0]) + 1)
        with self.database.reading() as connection:
            return connection.execute(
                asked, (first, after, len(term) - slips, len(term) + slips)
            ).fetchall()

    def places(self, term: str) -> Ints:
        """Every place of a term, ascending."""
        asked = (
            f"SELECT group_concat((doc * 2 + (col = 'identifiers')) * {1 << PLACE_BITS} + offset) "
            "FROM messages_places WHERE term = ?"
        )
        return self._answers.get(
            ("places", term), lambda: numbers(self._of_term(asked, term)[0][0])
        )

    def documents_with(self, phrase: str, prefix: bool = False) -> Ints:
        """Keys of the documents that hold these words in this order; a prefix may go on.

        Of scripts without blanks every run is a phrase of its own, and so is what stands beside it.
        """
        query = match_expression(phrase, prefix)
        if _NAME.fullmatch(query):
            query = Admitted(query)
        asked = "SELECT group_concat(rowid) FROM messages_fts WHERE messages_fts MATCH ?"
        return self._answers.get(("match", query), lambda: numbers(self._rows(asked, query)[0][0]))

    def matching(self, texts: Sequence[str], phrase: str) -> list[int]:
        """Places of those of some texts, stored or not, that `documents_with` would find."""
        return self._tokenizer.matching(texts, match_expression(phrase, prefix=False))

    def _of_term(self, query: str, term: str) -> list[tuple[Any, ...]]:
        """Rows of the index's own lists, in which no secret stands that a term could name."""
        return self._rows(query, Admitted(term))

    def _rows(self, query: str, parameter: str) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return connection.execute(query, (parameter,)).fetchall()

    def thoughts(self) -> Ints:
        """Keys of messages that an assistant thought and did not say."""
        asked = f"SELECT group_concat(key) FROM messages WHERE {THOUGHT}"

        def found() -> Ints:
            with self.database.reading() as connection:
                return numbers(connection.execute(asked).fetchone()[0])

        return self._answers.get("thoughts", found)

    def texts(self, keys: Ints) -> Iterator[tuple[int, str]]:
        """Key and text of documents, a few at a time."""
        with self.database.reading() as connection:
            for start in range(0, len(keys), _TEXTS):
                some = keys[start : start + _TEXTS].tolist()
                for table, sign in (("messages", 1), ("memories", -1)):
                    own = [sign * key for key in some if sign * key > 0]
                    if own:
                        query = f"SELECT key, content FROM {table} WHERE key IN ({marks(own)})"
                        yield from (
                            (sign * key, text) for key, text in connection.execute(query, own)
                        )

    def admitted(self, restriction: SearchFilter, catalogue: Catalogue) -> NDArray[np.bool_]:
        """Which rows of the catalogue a filter lets through."""
        if restriction == SearchFilter():
            return np.ones(len(catalogue), bool)
        rows = np.zeros(len(catalogue), bool)
        with self.database.reading() as connection:
            projects = (
                None
                if restriction.project is None
                else matching_projects(connection, restriction.project)
            )
            if admits_messages(restriction):
                rows |= self._messages(connection, restriction, projects, catalogue)
            if admits_memories(restriction):
                condition, values = memory_condition(restriction, projects)
                (text,) = connection.execute(
                    f"SELECT group_concat(-key) FROM memories WHERE {condition}", values
                ).fetchone()
                rows[catalogue.present(numbers(text))] = True
        return rows

    @staticmethod
    def _messages(
        connection: sqlite3.Connection,
        restriction: SearchFilter,
        projects: list[int] | None,
        catalogue: Catalogue,
    ) -> NDArray[np.bool_]:
        condition, values = session_condition(restriction, projects)
        sessions = f"SELECT key FROM sessions WHERE {condition}"
        (text,) = connection.execute(
            f"SELECT group_concat(key) FROM ({sessions})", values
        ).fetchone()
        rows = catalogue.of_sessions(numbers(text))
        own, own_values = message_condition(restriction)
        if own_values:
            (text,) = connection.execute(
                "SELECT group_concat(key) FROM messages "
                f"WHERE session_key IN ({sessions}) AND {own}",
                (*values, *own_values),
            ).fetchone()
            fits = np.zeros(len(catalogue), bool)
            fits[catalogue.present(numbers(text))] = True
            rows &= fits
        return rows


class _Tokenizer:
    """The tokenizer of the index, reached through an index in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            ":memory:", check_same_thread=False, isolation_level=None
        )
        weakref.finalize(self, self._connection.close)
        self._connection.execute(
            f"CREATE VIRTUAL TABLE texts USING fts5(text, content='', tokenize='{TOKENIZER}')"
        )
        self._connection.execute("CREATE VIRTUAL TABLE places USING fts5vocab(texts, 'instance')")
        self._connection.execute(
            "CREATE VIRTUAL TABLE documents USING fts5(content, identifiers, content='', "
            f"tokenize='{TOKENIZER}')"
        )

    def tokenize(self, texts: Sequence[str]) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in texts]
        with self._lock:
            self._connection.executemany(
                "INSERT INTO texts(rowid, text) VALUES (?, ?)", enumerate(texts, 1)
            )
            for term, number in self._connection.execute(
                "SELECT term, doc FROM places ORDER BY doc, offset"
            ):
                found[number - 1].append(term)
            self._connection.execute("INSERT INTO texts(texts) VALUES ('delete-all')")
        return found

    def matching(self, texts: Sequence[str], expression: str) -> list[int]:
        rows = [(place, text, derived_words(text)) for place, text in enumerate(texts)]
        with self._lock:
            self._connection.executemany(
                "INSERT INTO documents(rowid, content, identifiers) VALUES (?, ?, ?)", rows
            )
            asked = "SELECT rowid FROM documents WHERE documents MATCH ?"
            found = [row[0] for row in self._connection.execute(asked, (expression,))]
            self._connection.execute("INSERT INTO documents(documents) VALUES ('delete-all')")
        return found
