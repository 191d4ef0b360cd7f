"""From a ranking to hits: a page of it, near-duplicates folded, with snippets."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from aiana.errors import InvalidQuery
from aiana.models import Newer, SearchHit
from aiana.search.duplicates import collapse
from aiana.search.engine import Ranking
from aiana.search.query import Query
from aiana.search.ranked import Ranked
from aiana.search.snippets import snippet
from aiana.search.superseding import newer_texts
from aiana.storage.database import Database
from aiana.storage.documents import Document, fetch_documents
from aiana.storage.rows import content_hash, decode_cursor, encode_cursor
from aiana.times import LOCAL, format_time, normalise_time, to_datetime

MAX_CONTENT_CHARS = 20_000
"""A longer text is not sent with its hit: `aiana/session/messages` reads it."""

SPARE = 10
"""Documents that are read beyond a page, since some will be folded."""


class HitPage:
    """One page of a search, from the place on that `cursor` names.

    Cursors carry `reference`, the moment from which the search counted `yesterday` and `7d`, so
    that all its pages count from the same: see `reference_of`.

    With `by_session` a session is shown by its best hit alone. Raises InvalidQuery for a cursor
    that belongs to another search.
    """

    def __init__(
        self,
        database: Database,
        query: Query,
        by_session: bool = False,
        cursor: str | None = None,
        reference: datetime | None = None,
    ) -> None:
        self._database = database
        self._query = query
        self._by_session = by_session
        self._signature = content_hash(repr(query)).hex()
        self._reference = None if reference is None else format_time(reference)
        self._start = 0 if cursor is None else _start(cursor, self._signature)

    def of(self, ranking: Ranking, limit: int) -> tuple[list[SearchHit], str | None]:
        """`limit` hits, near-duplicates folded, and the cursor of the next page."""
        kept: list[tuple[int, Ranked, Document]] = []
        sessions: set[tuple[str, str]] = set()
        taken = self._start
        while taken < len(ranking.hits) and len(kept) <= limit:
            step = ranking.hits[taken : taken + limit + SPARE]
            documents = fetch_documents(self._database, [hit.key for hit in step])
            fresh = []
            for place, hit in enumerate(step, taken):
                document = documents.get(hit.key)
                if document is not None and self._admits(document, sessions):
                    fresh.append((place, hit, document))
            wanted = limit + 1
            folded = collapse(kept + fresh, _content, wanted, self._query.words)
            kept = [item for item, _ in folded]
            taken += len(step)
        more = kept[limit][0] if len(kept) > limit else None
        superseded = newer_texts([document for _, _, document in kept], self._query.text)
        hits = [
            self._hit(hit, document, superseded.get(document.key))
            for _, hit, document in _newest_first(kept[:limit], superseded)
        ]
        if more is None:
            return hits, None
        return hits, encode_cursor([more, self._reference], self._signature)

    def _admits(self, document: Document, sessions: set[tuple[str, str]]) -> bool:
        """Whether a document may be shown: one of each session, where that is asked for."""
        if not self._by_session or document.kind == "memory" or document.session_id is None:
            return True
        session = (document.source, document.session_id)
        if session in sessions:
            return False
        sessions.add(session)
        return True

    def _hit(self, ranked: Ranked, document: Document, later: Document | None) -> SearchHit:
        query = self._query
        text, highlights = snippet(document.content, query.words, query.phrases)
        return SearchHit(
            id=document.id,
            kind=document.kind,
            uri=document.uri,
            snippet=text,
            highlights=highlights,
            content=document.content if len(document.content) <= MAX_CONTENT_CHARS else None,
            score=round(ranked.score, 4),
            scores=ranked.scores,
            project=document.project,
            source=document.source,
            timestamp=document.timestamp,
            lanes=ranked.lanes,
            role=document.role,
            type=document.type,
            tool_name=document.tool_name,
            memory_type=document.memory_type,
            session_id=document.session_id,
            session_title=document.session_title,
            message_id=document.id if document.kind == "message" else None,
            speaker=document.speaker,
            newer=Newer(uri=later.uri, timestamp=later.timestamp) if later else None,
            reasons=ranked.why,
        )


def _newest_first(
    items: list[tuple[int, Ranked, Document]], superseded: dict[int, Document]
) -> list[tuple[int, Ranked, Document]]:
    """The items in their order, but for those that supersede one: each stands before the first."""
    order = {item[2].key: item for item in items}
    keys = list(order)
    for _, older, document in items:
        later = superseded.get(document.key)
        if later is None or later.key not in order:
            continue
        at, place = keys.index(later.key), keys.index(document.key)
        if at > place:
            keys.insert(place, keys.pop(at))
            there, moved, text = order[later.key]
            order[later.key] = (there, _raised(moved, older.score), text)
    return [order[key] for key in keys]


def _raised(hit: Ranked, least: float) -> Ranked:
    """A hit with at least this score, of which its reasons tell."""
    gain = least - hit.score
    if gain <= 0:
        return hit
    why = hit.why
    if why is not None:
        parts = {**why.parts, "newer": round(why.parts.get("newer", 0.0) + gain, 4)}
        why = replace(why, parts=parts)
    return replace(hit, score=least, why=why)


def _content(item: tuple[int, Ranked, Document]) -> str:
    return item[2].content


def reference_of(cursor: str | None) -> datetime:
    """The moment from which the search of a cursor counts back; now for none.

    Raises InvalidQuery.
    """
    reference = None if cursor is None else _parts(cursor)[1]
    now = datetime.now(LOCAL)
    return now if reference is None else to_datetime(reference).astimezone(LOCAL)


def _start(cursor: str, signature: str) -> int:
    start, _, of = _parts(cursor)
    if of != signature:
        raise InvalidQuery("This cursor belongs to another search: leave it out to start over.")
    return start


def _parts(cursor: str) -> tuple[int, str | None, str]:
    """Where the page begins, the moment counted from, and which search it is."""
    match decode_cursor(cursor):
        case [[int(start), None], str(of)] if start >= 0:
            return start, None, of
        case [[int(start), str(moment)], str(of)] if start >= 0 and normalise_time(moment):
            return start, moment, of
    raise InvalidQuery("This cursor is none of ours: leave it out to start over.")
