"""Which earlier texts of a project a prompt is about, told by words alone in milliseconds.

This reads the index that `aiana.search` ranks by, without numpy and the model, which take longer
to load than a person should wait: what is rare decides, and where too little of a prompt is found
together, nothing is.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from json import dumps
from math import log
from typing import NamedTuple

from aiana.search.stop_words import STOP_WORDS
from aiana.text import TOKENIZER

MOST_CHARS = 2_000
"""Of a prompt: a pasted log says what it is about before."""
MOST_TERMS = 24
MOST_ROWS = 6_000
"""Places in the index that are looked at, rarest terms first."""
MOST_CANDIDATES = 1_200
LEAST_SHARE = 0.6
"""Of what the words of a prompt weigh, in one text and its session, below which one is unsure."""
LEAST_TERMS = 2
SESSION_WEIGHT = 0.4
MOST_QUOTED = 3
LEAST_OF_BEST = 0.7
_WORD = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_NAME = re.compile(r"[a-z][A-Z]|_|[a-zA-Z][0-9]")
"""Of a name in code: one alone says what a prompt is about."""
_SPOKEN = ("user", "assistant", "summary")


class Found(NamedTuple):
    """A text that a prompt is about."""

    key: int
    """Of a message, or of a memory below zero."""
    score: float
    words: list[str]
    """Of the prompt, that it holds."""


def about(
    connection: sqlite3.Connection, prompt: str, projects: list[int], session: str
) -> list[Found]:
    """The best texts, one of a session, best first; none unless one is sure."""
    terms = _terms(prompt[:MOST_CHARS])
    if not terms:
        return []
    (last,) = connection.execute("SELECT coalesce(max(key), 0) FROM messages").fetchone()
    counts = {}
    for term in terms:
        row = connection.execute("SELECT doc FROM messages_terms WHERE term = ?", (term,))
        counts[term] = (row.fetchone() or (0,))[0]
    texts = max(last, 20)
    weights = {term: log(1 + texts / (1 + count)) for term, count in counts.items()}
    total = sum(weights.values())
    scores: dict[int, float] = defaultdict(float)
    holds: dict[int, list[str]] = defaultdict(list)
    left = MOST_ROWS
    for term in sorted(terms, key=lambda term: counts[term]):
        if not counts[term]:
            continue
        left -= counts[term]
        if left < 0:
            break
        match = '"' + terms[term].replace('"', '""') + '"'
        for (key,) in connection.execute(
            "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ?", (match,)
        ):
            scores[key] += weights[term]
            holds[key].append(term)
    best = sorted(scores, key=lambda key: -scores[key])[:MOST_CANDIDATES]
    grouped: dict[int, list[int]] = defaultdict(list)
    for key, group in _sessions(connection, best, projects, session):
        grouped[group].append(key)
    ranked = []
    for keys in grouped.values():
        top = max(keys, key=lambda key: scores[key])
        around = sum(weights[term] for term in {term for key in keys for term in holds[key]})
        score = (scores[top] + SESSION_WEIGHT * around) / (total * (1 + SESSION_WEIGHT))
        words = [terms[term] for term in holds[top]]
        if (len(words) >= LEAST_TERMS or _NAME.search(words[0])) and score >= LEAST_SHARE:
            ranked.append(Found(top, score, words))
    ranked.sort(key=lambda found: -found.score)
    return [f for f in ranked[:MOST_QUOTED] if f.score >= LEAST_OF_BEST * ranked[0].score]


def _terms(prompt: str) -> dict[str, str]:
    """Terms as the index keeps them, and a word of the prompt for each."""
    words = [w for w in _WORD.findall(prompt) if len(w) > 1 and w.lower() not in STOP_WORDS]
    own = sqlite3.connect(":memory:", isolation_level=None)
    try:
        own.execute(f"CREATE VIRTUAL TABLE t USING fts5(x, content='', tokenize='{TOKENIZER}')")
        own.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        own.executemany("INSERT INTO t(rowid, x) VALUES (?, ?)", list(enumerate(words)))
        found: dict[str, str] = {}
        for term, doc in own.execute("SELECT term, doc FROM v ORDER BY doc, offset"):
            if len(term) > 1:
                found.setdefault(term, _spelt(words[doc], term))
    finally:
        own.close()
    return dict(list(found.items())[:MOST_TERMS])


def _spelt(word: str, term: str) -> str:
    """The piece of a word that a term stands for: `tests` of `login-tests`."""
    pieces = re.findall(r"[^\W_]+", word)
    return next((p for p in pieces if p.lower()[:3] == term[:3]), word)


def _sessions(
    connection: sqlite3.Connection, keys: list[int], projects: list[int], session: str
) -> list[tuple[int, int]]:
    """Key and group of those that may be quoted; a memory is a group of its own."""
    rows = connection.execute(
        "SELECT m.key, m.session_key FROM messages m JOIN sessions s ON s.key = m.session_key "
        "WHERE m.key IN (SELECT value FROM json_each(?1)) AND s.id != ?2 "
        "AND coalesce(s.parent_id, '') != ?2 "
        "AND s.project_key IN (SELECT value FROM json_each(?3)) "
        f"AND m.type IN {_SPOKEN}",
        (dumps([key for key in keys if key > 0]), session, dumps(projects)),
    ).fetchall()
    return (
        rows
        + connection.execute(
            "SELECT -key, -key FROM memories WHERE key IN (SELECT value FROM json_each(?)) "
            "AND harmful = 0 AND project_key IN (SELECT value FROM json_each(?))",
            (dumps([-key for key in keys if key < 0]), dumps(projects)),
        ).fetchall()
    )


def passage(text: str, words: list[str], longest: int) -> str:
    """The piece of a text in which most of the words stand, whole words at its ends."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    lower = text.lower()
    places = sorted(place for word in words if (place := lower.find(word.lower()[:12])) >= 0) or [0]
    start = max(places, key=lambda p: sum(p <= other < p + longest - 40 for other in places))
    start = max(0, min(start - 40, len(text) - longest))
    if start:
        start = text.find(" ", start) + 1 or start
    end = start + longest
    piece = text[start:end]
    if end < len(text):
        piece = piece[: piece.rfind(" ") if " " in piece else None] + " …"
    return ("… " if start else "") + piece
