"""What later texts say of earlier ones: that a decision was changed, reversed, or named anew.

A text supersedes an older one where one of its sentences speaks of a change (`switched`,
`renamed`, `no longer`, `went back to`, `is now`) and what it says was changed stands in a sentence
of the older one; where it denies what the older one says; or where it says the same with another
value. It is better to miss a change than to call something outdated that holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.search.restating import Statement, is_of_an_event, restates, statements
from aiana.search.stems import is_name, stem
from aiana.search.stop_words import STOP_WORDS
from aiana.storage.documents import Document

MOST_COMPARED = 20
"""Of the first hits: what comes after is too little about the same."""
_MOST_CHARS = 1_200
"""Of a text: a decision is said in few words, and long reports hold a change in every line."""
_MOST_STATED_CHARS = 600
"""Of a text whose sentences count where they speak of no change: a rule is not part of a report."""
_MOST_SENTENCES = 12
_MOST_OF_SENTENCE = 300
_FEW_SENTENCES = 3
"""So few are all about what was asked for, whatever words they use."""
_FEWEST_WORDS = 2
_SHORTEST = 3
_SPOKEN = ("user", "assistant", "summary", "memory")
_LEAST_COVERED = 0.75
"""Share of what is said to have changed that must stand in the older sentence."""
_LEAST_OF_FIGURE = 0.5
"""The same where the older one holds the figure that was: `raised from 60 to 120`."""
_LEAST_SHARED = 0.5
"""Share of the older sentence that one must repeat which says little of what changed."""
_LEAST_IN_COMMON = 0.34
"""Share of the older sentence that any other change must repeat."""
_LEAST_FRAME = 0.6
"""Share of the words of two sentences that are the same, where a figure is `now` another."""
_LEAST_DENIED = 0.6
"""Share of the older sentence that one must repeat which says that it is not so."""

_CHANGE = Pattern(
    r"""(?P<who> ^\W*(?:\w+[ ])? | \b(?:we|i|you|they|have|has|had|was|were|is|are|been|be|to|and
          |please|let's|also|now|then)[ ]
          (?:just[ ]|now[ ]|also[ ])? | \b(?=\w+[ ](?:to|from|by|back)\b) )
    (?:
      (?P<turn> (?:switch|migrat|upgrad|downgrad|bump|rais|lower|increas|decreas|extend|shorten)
              (?:e|ed)? | swap(?:ped)? )
    | (?P<name> renam(?:e|ed) | replac(?:e|ed) )
    | (?P<weak> (?:chang|mov|port|convert)(?:e|ed)? )
    | (?P<end> revert(?:ed)?|roll(?:ed)?[ ]back|drop(?:ped)?|remov(?:e|ed)|abandon(?:ed)?
              | deprecat(?:e|ed)|undo|undid|undone|scrap(?:ped)?
              | decid(?:e|ed)[ ]against | g(?:i|a)ve[ ]up[ ]on
              | mov(?:e|ed|ing)[ ](?:off|away[ ]from) )
    )\b
    | \b(?:is|are|was|were|has[ ]been|have[ ]been)[ ]
      (?P<over> gone|out|dead|deprecated|obsolete|history|retired )\b(?![ ]of\b)
    | \b(?P<back> (?:went|go|gone|switched|moved|reverted|are|came)[ ]back[ ]to )\b
    | \b(?P<not> no[ ](?:longer|more) | stop(?:ped)?[ ](?:using|doing)
              | (?:not|\w+n't)\b[^.]{1,60}?\bany[ ]?(?:longer|more) )\b
    | \b(?P<never> never | (?:must|may|shall|should|can|do|does|is|are)
              (?:[ ]not|n't) | cannot )\b
    | \b(?P<instead> instead[ ]of | rather[ ]than )\b
    | \b(?P<now> now | from[ ]now[ ]on | as[ ]of[ ]today | these[ ]days )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CUES = (
    *("switch", "migrat", "grad", "bump", "rais", "lower", "creas", "extend", "shorten", "swap"),
    *("renam", "replac", "chang", "mov", "port", "convert", "revert", "roll", "drop", "abandon"),
    *("deprecat", "undo", "undid", "scrap", "back to", "no longer", "more", "stop", "instead"),
    *("rather", "now", "as of", "these days", "against", "up on", " off", "away from", "longer"),
    *("gone", " out", "dead", "obsolete", "history", "retired", "never", " not", "n't", "cannot"),
)
"""One of these stands in whatever `_CHANGE` finds."""
_UNTRUE = Pattern(
    r"\b(?:if|should (?:we|i)|could (?:we|i)|can (?:we|you)|maybe|might|whether|would|consider"
    r"(?:ed|ing)?|never|(?:do|did|does|was|were|is|are)(?: not|n't) \w+|don't|didn't|wasn't)\b|\?",
    re.IGNORECASE,
)
_SENTENCE = Pattern(r"[^\n.!?;]+(?:[.](?=\S)[^\n.!?;]+)*[?]?")
_TOWARDS = re.compile(r"\b(?:to|with|by|into|in favou?r of|for)\b", re.IGNORECASE)
_CLAUSE = Pattern(r"[,:;()]|\b(?:because|since|so that|so|and|but|which|after|until)\b", re.I)
_ABOUT = re.compile(r"\b(?:for|in|on)\b", re.IGNORECASE)
_FROM = Pattern(r"\bfrom\b", re.IGNORECASE)
_NONE: frozenset[str] = frozenset()
_WORD = Pattern(r"[^\W_](?:[\w./-]*\w)?")
_NUMBER = Pattern(r"v?\d[\d.]*\w{0,2}")
_SAY_NOTHING = STOP_WORDS | frozenset(
    """
    again agreed all also any anymore back cannot decided decision doesn don everything
    everywhere finally get got here instead it's just let let's lets longer made make may more
    must mustn n new no now old one only over rather should shouldn still t that's today too use
    used uses using very we're we've
    """.split()  # noqa: SIM905
)


def newer_texts(documents: Sequence[Document], query: str) -> dict[int, Document]:
    """By the key of a document the newest of the others that supersedes it; `documents` best first.

    Only what was said or kept counts, of one project, in sentences that hold a word of `query`, and
    never what the same session says.
    """
    asked = _asked(query)
    if asked is None:
        return {}
    said = [
        each
        for each in documents[:MOST_COMPARED]
        if each.type in _SPOKEN and len(each.content) <= _MOST_CHARS
    ]
    texts = [_Text.read(each, asked) for each in said]
    superseded: dict[int, Document] = {}
    for later in sorted(texts, key=lambda text: text.document.timestamp, reverse=True):
        for older in texts:
            if older.document.key not in superseded and later.supersedes(older):
                superseded[older.document.key] = later.document
    return superseded


class _Text(NamedTuple):
    """A document, and what its sentences say that may be changed or change something."""

    document: Document
    sentences: list[str]
    changes: list[_Change]
    statements: list[Statement]

    @classmethod
    def read(cls, document: Document, asked: re.Pattern[str]) -> _Text:
        sentences = _sentences(document.content, asked)
        stated = sentences if len(document.content) <= _MOST_STATED_CHARS else []
        said = [s for each in stated if not _UNTRUE.search(each) for s in statements(each)]
        return cls(document, sentences, [*_changes(sentences)], said)

    def supersedes(self, older: _Text) -> bool:
        it, other = self.document, older.document
        return (
            other.timestamp < it.timestamp
            and other.project == it.project
            and (other.session_id is None or other.session_id != it.session_id)
            and (
                any(_is_about(change, each) for change in self.changes for each in older.sentences)
                or any(restates(new, old) for new in self.statements for old in older.statements)
            )
        )


def _has_cue(text: str) -> bool:
    small = text.lower()
    return any(cue in small for cue in _CUES)


def _asked(query: str) -> re.Pattern[str] | None:
    """What finds a word of a query in a sentence, whatever its ending."""
    words = sorted(word for word in _words(query) if len(word) >= _SHORTEST)
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None


class _Change(NamedTuple):
    """A sentence that says that something changed."""

    kind: str
    old: frozenset[str]
    """What changed; empty where only a figure is another."""
    new: frozenset[str]
    """What it changed to, where that is a figure of something: `Python 3.12`."""
    words: frozenset[str]
    figures: frozenset[str]


def _changes(sentences: Sequence[str]) -> Iterator[_Change]:
    for sentence in filter(_has_cue, sentences):
        for cue in _CHANGE.finditer(sentence):
            if _kind(cue) in ("not", "never") or not _UNTRUE.search(sentence):
                yield from _changed(sentence, cue)


def _kind(cue: re.Match[str]) -> str:
    return next(name for name, said in cue.groupdict().items() if said and name != "who")


def _changed(sentence: str, cue: re.Match[str]) -> Iterator[_Change]:
    before, after = sentence[: cue.start()], sentence[cue.end() :]
    subject, rest = _CLAUSE.compiled.split(before)[-1], _CLAUSE.compiled.split(after)[0]
    kind = _kind(cue)
    new = _NONE
    if kind == "now":
        old = _NONE
    elif kind == "back":
        about = _ABOUT.split(rest, maxsplit=1)
        old = _words(subject).union(*map(_words, about[1:]))
    elif kind == "instead":
        old = _words(rest)
        if not old - _figures(rest):
            return
    elif kind == "never":
        old = _words(subject + rest)
    elif kind == "over":
        old = _words(subject)
    elif kind == "not":
        is_before = " any" in cue[0]  # `we do not use it any more`
        old = _words(cue[0]) | _words(before if is_before else rest)
    else:
        said, *towards = _TOWARDS.split(rest, maxsplit=1)
        old = _words(said.replace(" from ", " "))
        figures = _figures(towards[0]) if towards else _NONE
        if kind == "weak" and not (figures or _FROM.search(said)):
            return  # `moved it into a module of its own`, `changed it to say so`
        if not old or said.startswith(" from "):  # `the store was moved to Postgres`
            old |= _words(subject)
        new = _words(towards[0]) - figures if figures else _NONE
    if old or kind == "now":
        yield _Change(kind, old, new, _words(sentence), _figures(sentence))


def _is_about(change: _Change, sentence: str) -> bool:
    """Whether an older sentence speaks of what was changed, as it was."""
    if change.kind == "never":
        return _is_denied(change, sentence)
    return _is_changed(change, sentence) if change.old else _is_another(change, sentence)


def _is_changed(change: _Change, sentence: str) -> bool:
    words, figures = _words(sentence), _figures(sentence)
    held, shared = change.old & words, change.words & words
    if (
        len(words) < _FEWEST_WORDS
        or len(held) < (_LEAST_OF_FIGURE if held & figures else _LEAST_COVERED) * len(change.old)
        or (change.new and not change.new & words)
    ):
        return False
    if words == change.words and _CHANGE.search(sentence):
        return False  # it says the same
    if change.kind == "name" and any(map(is_name, held)):
        return True
    other_figure = bool(figures and change.figures and not figures >= change.figures)
    little = change.kind in ("end", "over", "instead") or len(change.old) < _FEWEST_WORDS
    least = _LEAST_SHARED if little else _LEAST_IN_COMMON
    return len(shared) > 1 - other_figure and len(shared) >= least * len(words)


def _is_denied(change: _Change, sentence: str) -> bool:
    """Whether a change says that something is not so which an older sentence says is."""
    words = _words(sentence)
    shared = change.words & words
    return (
        len(shared) >= max(_FEWEST_WORDS, _LEAST_DENIED * max(len(words), len(change.words)))
        and not is_of_an_event(shared)
        and not _UNTRUE.search(sentence)
    )


def _is_another(change: _Change, sentence: str) -> bool:
    """Whether the same is said with another figure."""
    figures = _figures(sentence)
    if not figures or not change.figures or figures & change.figures:
        return False
    frame, other = _words(sentence) - figures, change.words - change.figures
    common = len(frame & other)
    return common > 1 and 2 * common >= _LEAST_FRAME * (len(frame) + len(other))


def _sentences(text: str, asked: re.Pattern[str]) -> list[str]:
    """Those of a text that say something of what was asked for; of a short one all."""
    found = [each for each in _SENTENCE.findall(text) if len(each) <= _MOST_OF_SENTENCE]
    if len(found) <= _FEW_SENTENCES:
        return found
    return [each for each in found if asked.search(each)][:_MOST_SENTENCES]


def _figures(sentence: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(sentence.lower()))


@lru_cache(maxsize=2048)
def _words(text: str) -> frozenset[str]:
    """What a sentence is about: its words without endings, and none that say nothing."""
    telling = (word for word in _WORD.findall(text) if word.lower() not in _SAY_NOTHING)
    return frozenset(word if is_name(word) else stem(word.lower()) for word in telling)
