"""What a query asks of the index: its terms, pairs and phrases. Pure; the tokenizer is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from aiana.search.query import Query
from aiana.search.stop_words import STOP_WORDS
from aiana.storage.identifiers import compounds, identifier_parts
from aiana.storage.letters import Run, query_pieces

Tokens = list[str]
Tokenize = Callable[[Sequence[str]], list[Tokens]]
"""Texts to their terms as the index keeps them: lower case, without accents, stemmed."""

_WORD = re.compile(r"[^\W_]+")
MAX_CHARS = 3_000
"""Of a query, beyond which no term would count."""
MAX_TERMS = 24
MAX_PHRASE_TOKENS = 6
"""A longer query is a question, of which no text repeats every word in order."""


class Pair(Struct, frozen=True):
    """Two terms that stand `gap` tokens apart in the query."""

    first: str
    second: str
    gap: int


class Phrase(Struct, frozen=True):
    """Words whose meeting in order counts: an identifier, a path, or the query as a whole."""

    text: str
    tokens: int
    share: float
    """Part of the query's tokens that it makes up, 0..1."""
    literal: bool
    """It is one identifier or path, of which the exact spelling counts too."""


class Plan(Struct, frozen=True, kw_only=True):
    """A query taken apart."""

    terms: dict[str, str]
    """The terms, and a word that has each as its stem."""
    signs: list[str]
    """Single signs of scripts without blanks, which stand for all words that hold them."""
    parts: Tokens
    """Parts of the query's identifiers that are not terms themselves."""
    pairs: list[Pair]
    phrases: list[Phrase]
    required: list[str]
    excluded: list[str]
    only_names: bool
    """Nothing but identifiers and paths is asked for: texts that hold them come first."""
    foreign: float
    """Share of the terms that are written in a script without blanks, 0..1."""
    has_words: bool
    """Something telling is asked for beside what is in quotes."""
    last_word: str
    """What may be the beginning of a word that is still being typed."""


def plan(query: Query, tokenize: Tokenize) -> Plan:
    """Take a query apart. Stop words count only where there is nothing else, or in a phrase."""
    pieces = query_pieces(query.text[:MAX_CHARS])
    runs = [piece for piece in pieces if isinstance(piece, Run)]
    signs = list(dict.fromkeys(run.signs for run in runs if len(run.signs) == 1))
    text = " ".join(
        piece if isinstance(piece, str) else " ".join(piece.pairs)
        for piece in pieces
        if isinstance(piece, str) or piece.signs not in signs
    )
    found = compounds(" ".join(piece for piece in pieces if isinstance(piece, str)))
    words = _WORD.findall(text)
    parts, *stems = tokenize([identifier_parts(text), *words, *found])
    stems, compound_tokens = stems[: len(words)], stems[len(words) :]
    tokens = [token for word_tokens in stems for token in word_tokens]
    spelt = {
        token: word
        for word, word_tokens in zip(words, stems, strict=True)
        for token in word_tokens
        if len(word_tokens) == 1
    }
    weak = {token for token, word in spelt.items() if word.lower() in STOP_WORDS}
    kept = [(place, token) for place, token in enumerate(tokens) if token not in weak]
    kept = kept or list(enumerate(tokens))
    terms = list(dict.fromkeys(token for _, token in kept))[:MAX_TERMS]
    phrases = [
        Phrase(name, len(own), min(1.0, len(own) / len(tokens)), True)
        for name, own in zip(found, compound_tokens, strict=True)
        if own
    ]
    phrases += [
        Phrase(run.signs, len(run.pairs), min(1.0, len(run.pairs) / len(tokens)), False)
        for run in runs
        if len(run.signs) > 1
    ]
    if 1 < len(tokens) <= MAX_PHRASE_TOKENS and text not in found and not runs:
        phrases.append(Phrase(text, len(tokens), 1.0, False))
    return Plan(
        terms={term: spelt.get(term, term) for term in terms},
        signs=signs,
        parts=[part for part in dict.fromkeys(parts) if part not in terms][:MAX_TERMS],
        pairs=list(
            dict.fromkeys(
                Pair(first, second, after - before)
                for (before, first), (after, second) in pairwise(kept)
            )
        )[:MAX_TERMS],
        phrases=phrases,
        required=list(query.phrases),
        excluded=[*query.excluded_words, *query.excluded_phrases],
        only_names=bool(found) and not runs and _names_all(text, found),
        foreign=sum(len(run.pairs) for run in runs) / max(1, len(tokens) + len(signs)),
        has_words=any(_tells(word) for word in query.words),
        last_word=query.words[-1] if query.words and not query.phrases else "",
    )


def _names_all(text: str, names: Sequence[str]) -> bool:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    return all(word.lower() in STOP_WORDS for word in _WORD.findall(text))


def _tells(word: str) -> bool:
    is_text = not word.isascii() or any(map(str.isalnum, word))
    return is_text and word.lower() not in STOP_WORDS
