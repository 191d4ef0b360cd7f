"""From a question or a project to the block that stands before a chat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiana.context.block import ContextItem, build, new_nonce
from aiana.context.tokens import TokenCounter
from aiana.models import Scope, SearchFilter, SearchHit
from aiana.protocol.results import ContextEntry, ContextResult
from aiana.search.query import Query, parse
from aiana.search.searcher import Searcher
from aiana.search.snippets import snippet
from aiana.storage.documents import Document, answers_to
from aiana.storage.letters import folded

if TYPE_CHECKING:
    from aiana.storage import AianaStorage

CONTEXT_HITS = 20
LEAST_SHARE = 0.5
"""Of the best hit's score: what is less relevant is not worth its tokens in a context."""
RECENT_SESSIONS = 5
SPARE = 4
"""Times as many sessions are looked at, since some have a title that says nothing."""
LEAST_PASSAGE_CHARS, PASSAGE_CHARS = 160, 800
"""Of a longer text the context quotes the passage that answers the query."""


class ContextBuilder:
    """Builds context blocks from what a search finds. Safe to share between threads."""

    def __init__(self, storage: AianaStorage, searcher: Searcher, tokens: TokenCounter) -> None:
        self._storage = storage
        self._searcher = searcher
        self._tokens = tokens

    def count_tokens(self, text: str) -> int:
        """What a text costs the chat that reads it."""
        return self._tokens.count(text)

    def build(
        self,
        text: str | None,
        *,
        project: str | None,
        scope: Scope,
        max_tokens: int,
        wait_for_model: bool = False,
    ) -> ContextResult:
        """See `Aiana.context`."""
        within = None if scope == "all" else project or ""
        query = parse(text or "")
        found = self._searcher.search(
            text or "",
            limit=CONTEXT_HITS,
            cursor=None,
            mode="hybrid",
            filter=SearchFilter(
                project=within,
                kinds=["memory"] if text is None else ["message", "memory"],
                types=["user", "assistant", "thinking", "summary"],
            ),
            wait_for_model=wait_for_model,
            stays=within is not None,
        )
        preferences = self._storage.preferences.all()
        block = build(
            self._relevant(found.hits, query, max_tokens),
            [p for p in preferences if p.static],
            [p for p in preferences if not p.static],
            self._recent(within),
            within or "",
            budget=max_tokens,
            count_tokens=self.count_tokens,
            nonce=new_nonce(),
            query=query.words,
        )
        return ContextResult(
            context=block.text,
            items=[
                ContextEntry(
                    id=item.id,
                    uri=item.uri,
                    content=item.content,
                    reason=item.reason,
                    score=round(item.score, 4),
                    tokens=item.tokens,
                    stale=item.stale,
                )
                for item in block.items
            ],
            tokens=block.tokens,
            degraded=found.degraded,
        )

    def _relevant(self, hits: list[SearchHit], query: Query, budget: int) -> list[ContextItem]:
        """What is worth quoting of the hits, and the answers to those that ask: what tells first.

        What somebody called harmful is never quoted, nor what colleagues wrote: nobody here has
        looked at it.
        """
        harmful = self._storage.memories.harmful([h.id for h in hits if h.kind == "memory"])
        least = LEAST_SHARE * hits[0].score if hits else 0
        worth = {hit.uri for hit in hits if hit.score >= least}
        worth |= {hit.newer.uri for hit in hits if hit.newer and hit.uri in worth}
        chosen = [
            hit for hit in hits if hit.uri in worth and hit.id not in harmful and hit.user is None
        ]
        found = {(hit.source, hit.session_id, hit.id) for hit in chosen}
        telling: list[ContextItem] = []
        asking: list[ContextItem] = []
        passage = max(LEAST_PASSAGE_CHARS, min(PASSAGE_CHARS, budget))
        for hit in chosen:
            item = _item(hit, query, passage)
            if hit.role != "user":
                (asking if hit.type == "thinking" else telling).append(item)
                continue
            answers = answers_to(self._storage.database, hit)
            if not any((hit.source, hit.session_id, each.id) in found for each in answers):
                telling += [_answer(answers, item, query, passage)] if answers else []
            asks = "?" in hit.snippet or "？" in hit.snippet or bool(answers)
            (asking if asks else telling).append(item)
        newer = [hit.newer.uri for hit in chosen if hit.newer]
        return _newest_first(telling + asking, set(newer))

    def _recent(self, project: str | None) -> list[ContextItem]:
        restriction = SearchFilter(project=project)
        sessions, _ = self._storage.sessions.page(restriction, SPARE * RECENT_SESSIONS)
        telling = [each for each in sessions if _says_something(each.summary or each.title or "")]
        return [
            ContextItem(
                id=session.id,
                uri=session.uri,
                content=session.summary or session.title or "",
                timestamp=session.ended_at or session.started_at,
                source=session.source,
            )
            for session in telling[:RECENT_SESSIONS]
        ]


def _newest_first(items: list[ContextItem], newer: set[str]) -> list[ContextItem]:
    """The items, those that supersede another before everything else, the newest of them first."""
    superseding = [item for item in items if item.uri in newer]
    superseding.sort(key=lambda item: item.timestamp, reverse=True)
    return superseding + [item for item in items if item.uri not in newer]


def _item(hit: SearchHit, query: Query, passage: int) -> ContextItem:
    return ContextItem(
        id=hit.id,
        uri=hit.uri,
        content=_passage(hit.content or hit.snippet, query, passage),
        score=hit.score,
        timestamp=hit.timestamp,
        source=hit.source,
        kind=hit.kind,
        speaker=hit.speaker if hit.kind == "message" else "",
        stale=f"newer: {hit.newer.timestamp[:10]}" if hit.newer else None,
    )


def _answer(
    answers: list[Document], question: ContextItem, query: Query, passage: int
) -> ContextItem:
    """Of the turns that answered a question the one that holds most of the words asked for."""
    asked = {folded(word) for word in query.text.split()}
    best = max(
        reversed(answers), key=lambda each: sum(word in folded(each.content) for word in asked)
    )
    return ContextItem(
        id=best.id,
        uri=best.uri,
        content=_passage(best.content, query, passage),
        score=question.score,
        timestamp=best.timestamp,
        source=best.source,
        speaker=best.speaker,
    )


def _passage(text: str, query: Query, longest: int) -> str:
    if len(text) <= longest:
        return text
    return snippet(text, query.words, query.phrases, longest)[0]


def _says_something(title: str) -> bool:
    """Whether a title is more than a command: `/clear` tells nothing of a session."""
    return re.fullmatch(r"\s*(?:[/!]\S*)?\s*", title) is None
