"""From a question or a project to the block that stands before a chat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiana.config import Config
from aiana.context.block import ContextItem, build, new_nonce
from aiana.context.tokens import TokenCounter
from aiana.embeddings import model_info
from aiana.models import Scope, SearchFilter, SearchHit
from aiana.protocol.results import ContextEntry, ContextResult
from aiana.search.query import Query, parse
from aiana.search.searcher import Searcher
from aiana.search.snippets import snippet

if TYPE_CHECKING:
    from aiana.storage import AianaStorage

CONTEXT_HITS = 20
LEAST_SHARE = 0.5
"""Of the best hit's score: what is less relevant is not worth its tokens in a context."""
RECENT_SESSIONS = 5
PASSAGE_CHARS = 800
"""Of a longer text the context quotes the passage that answers the query."""


class ContextBuilder:
    """Builds context blocks from what a search finds. Safe to share between threads."""

    def __init__(self, config: Config, storage: AianaStorage, searcher: Searcher) -> None:
        self._config = config
        self._storage = storage
        self._searcher = searcher
        self._tokens = TokenCounter(self._find_tokenizer)

    def _find_tokenizer(self) -> Path | None:
        config = self._config
        info = model_info(config.embedding_model, config.embedding_device, config.models_dir)
        path = Path(info.path) / "tokenizer.json"
        return path if path.exists() else None

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
                types=["user", "assistant", "summary"],
            ),
            wait_for_model=wait_for_model,
        )
        preferences = self._storage.preferences.all()
        block = build(
            self._relevant(found.hits, query),
            [p for p in preferences if p.static],
            [p for p in preferences if not p.static],
            self._recent(within),
            project or "",
            budget=max_tokens,
            count_tokens=self._tokens.count,
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

    def _relevant(self, hits: list[SearchHit], query: Query) -> list[ContextItem]:
        """Hits as quotations; what somebody called harmful is never quoted."""
        harmful = self._storage.memories.harmful([h.id for h in hits if h.kind == "memory"])
        least = LEAST_SHARE * hits[0].score if hits else 0
        items = []
        for hit in hits:
            # What colleagues wrote is not put before a chat: nobody here has looked at it.
            if hit.score < least or hit.id in harmful or hit.user is not None:
                continue
            content = hit.content or hit.snippet
            if len(content) > PASSAGE_CHARS:
                content, _ = snippet(content, query.words, query.phrases, PASSAGE_CHARS)
            items.append(
                ContextItem(
                    id=hit.id,
                    uri=hit.uri,
                    content=content,
                    score=hit.score,
                    timestamp=hit.timestamp,
                    source=hit.source,
                    kind=hit.kind,
                    role=hit.role,
                )
            )
        return items

    def _recent(self, project: str | None) -> list[ContextItem]:
        sessions, _ = self._storage.sessions.page(SearchFilter(project=project), RECENT_SESSIONS)
        return [
            ContextItem(
                id=session.id,
                uri=f"aiana:///session/{session.id}",
                content=session.summary or session.title or "",
                timestamp=session.ended_at or session.started_at,
                source=session.source,
            )
            for session in sessions
        ]
