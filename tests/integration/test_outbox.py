"""Qdrant as a tier of the store: nothing is lost on the way, whatever happens to it."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing

import numpy as np
import pytest

from aiana.embeddings import Embedder
from aiana.models import Message, SearchFilter, Session
from aiana.search.qdrant_index import QdrantIndex
from aiana.search.text_index import TextIndex
from aiana.search.vector_index import VectorIndex
from aiana.storage.database import Database
from aiana.storage.qdrant.points import PointFilter
from tests.integration.qdrant_endpoint import QdrantEndpoint
from tests.integration.qdrant_store import MODEL, Store, cosines


class TestOutbox:
    """What is noted, when."""

    def test_nothing_is_noted_before_qdrant_is_used(self, store: Store) -> None:
        store.add("one")
        assert store.outbox.waiting() == 0
        store.outbox.enable(MODEL)
        assert store.outbox.waiting() == 1

    def test_outbox_notes_changes(self, store: Store) -> None:
        store.outbox.enable(MODEL)
        memory = store.add("one")
        store.storage.memories.feedback(memory, "helpful")
        store.storage.memories.update(memory, content="two")
        store.embed()
        assert [change.id for change in store.outbox.batch(10)] == [memory]
        store.outbox.done(store.outbox.batch(10))
        store.storage.memories.delete([memory])
        assert [change.id for change in store.outbox.batch(10)] == [memory]
        store.outbox.done(store.outbox.batch(10))

        def fail() -> None:
            with store.storage.database.writing():
                store.storage.memories.add("never stored")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert store.outbox.waiting() == 0

    def test_outbox_notes_chunks(self, store: Store) -> None:
        store.outbox.enable(MODEL)
        session = Session(id="s", source="test", project="p", started_at="2026-01-01T00:00:00.000Z")
        message = Message(
            id="m", session_id="s", type="user", content="hello", timestamp=session.started_at
        )
        store.storage.sessions.record(session, [message])
        store.embed()
        (added,) = store.outbox.batch(10)
        point = store.outbox.points([added.id], MODEL, "x")[added.id]
        assert str(uuid.UUID(point.id)) == point.id
        assert point.payload["project"] == "p"
        assert point.payload["session_id"] == "s"
        assert point.payload["source"] == "test"
        store.outbox.done([added])
        moved = Session(id="s", source="test", project="q", started_at=session.started_at)
        store.storage.sessions.record(moved, [])
        (moved_change,) = store.outbox.batch(10)
        assert store.outbox.points([added.id], MODEL, "x")[added.id].payload["project"] == "q"
        store.outbox.done([moved_change])
        store.storage.sessions.delete("s")
        assert [change.id for change in store.outbox.batch(10)] == [added.id]
        assert store.outbox.points([added.id], MODEL, "x") == {}

    def test_outbox_redacts_old_texts(self, store: Store) -> None:
        store.outbox.enable(MODEL)
        memory = store.add("one")
        assert store.outbox.points([memory], MODEL, "x")[memory].is_clean
        secret = f"ghp_{'aB3dE5fG7h' * 4}"
        with closing(sqlite3.connect(store.storage.database.path)) as connection, connection:
            connection.execute("UPDATE memories SET metadata = ?", (f'{{"token": "{secret}"}}',))
            connection.execute("DELETE FROM facts WHERE name = 'redaction'")
        assert not store.outbox.points([memory], MODEL, "x")[memory].is_clean
        tier = store.open_tier()
        store.sync(tier)
        payload = tier._qdrant.get(memory, PointFilter())
        assert payload is not None
        assert secret not in str(payload)
        assert payload["metadata"].keys() == {"token"}
        tier.close()

    def test_change_during_sending_is_sent_again(self, store: Store) -> None:
        store.outbox.enable(MODEL)
        memory = store.add("one")
        being_sent = store.outbox.batch(10)
        store.storage.memories.delete([memory])
        store.outbox.done(being_sent)
        assert [change.id for change in store.outbox.batch(10)] == [memory]


class TestTier:
    """Qdrant is kept in step, and answers as the embedded index does."""

    def test_adds_updates_and_deletes_arrive(self, store: Store) -> None:
        tier = store.open_tier()
        memories = [store.add(f"text {number}") for number in range(5)]
        assert store.sync(tier) == 5
        store.storage.memories.update(memories[0], content="changed")
        store.storage.memories.delete(memories[1:3])
        store.embed()
        assert store.sync(tier) == 3
        assert store.held(tier) == store.wanted()
        assert set(store.held(tier)) == {memories[0], *memories[3:]}
        assert tier.behind is None
        tier.close()

    def test_results_are_those_of_the_embedded_index(self, store: Store) -> None:
        tier = store.open_tier(answer_s=20)
        for number in range(200):
            store.storage.memories.add(f"text {number}", project=f"p{number % 2}")
        store.embed()
        store.sync(tier)
        text_index = TextIndex(store.storage.database)
        catalogue = text_index.catalogue()
        embedded = VectorIndex(store.storage.database, MODEL)
        agreeing = 0
        for _ in range(20):
            query = store.vector()
            exact = embedded.cosines(query, catalogue)
            remote = QdrantIndex(tier, embedded, SearchFilter())
            found = cosines(remote, query, catalogue)
            assert remote.degraded is None
            np.testing.assert_allclose(found, exact, atol=0.003)
            agreeing += len({*np.argsort(-found)[:10]} & {*np.argsort(-exact)[:10]})
        within = QdrantIndex(tier, embedded, SearchFilter(project="p1"))
        assert np.count_nonzero(~np.isnan(cosines(within, store.vector(), catalogue))) == 200
        assert within.degraded is None
        assert agreeing >= 0.99 * 200
        tier.close()

    def test_database_that_cannot_be_written_is_searched(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.add("one")
        monkeypatch.setattr(Database, "read_only", True)
        tier = store.open_tier()
        catalogue = TextIndex(store.storage.database).catalogue()
        index = QdrantIndex(tier, VectorIndex(store.storage.database, MODEL), SearchFilter())
        assert np.count_nonzero(~np.isnan(cosines(index, store.vector(), catalogue))) == 1
        tier.close()

    def test_no_vector_is_held_while_qdrant_answers(
        self, store: Store, endpoint: QdrantEndpoint
    ) -> None:
        tier = store.open_tier(answer_s=20)
        for number in range(50):
            store.storage.memories.add(f"text {number}")
        store.embed()
        store.sync(tier)
        catalogue = TextIndex(store.storage.database).catalogue()
        embedded = VectorIndex(store.storage.database, MODEL)
        query = store.vector()
        exact = embedded.cosines(query, catalogue)
        assert len(embedded) == 50
        index = QdrantIndex(tier, embedded, SearchFilter())
        np.testing.assert_allclose(cosines(index, query, catalogue), exact, atol=0.003)
        assert len(embedded) == 0
        endpoint.stop()
        index = QdrantIndex(tier, embedded, SearchFilter())
        np.testing.assert_array_equal(cosines(index, query, catalogue), exact)
        assert len(embedded) == 50
        tier.close()

    def test_what_changed_since_is_as_it_is_now(self, store: Store) -> None:
        tier = store.open_tier(answer_s=20)
        changed, *_ = [store.add(f"text {number}") for number in range(20)]
        store.sync(tier)
        store.storage.memories.update(changed, content="other words")
        store.embed()
        assert tier.changed() == [changed]
        catalogue = TextIndex(store.storage.database).catalogue()
        embedded = VectorIndex(store.storage.database, MODEL)
        query = store.vector()
        exact = embedded.cosines(query, catalogue)
        index = QdrantIndex(tier, embedded, SearchFilter(), nearest=5)
        np.testing.assert_allclose(cosines(index, query, catalogue), exact, atol=0.003)
        assert len(embedded) == 0
        tier.close()

    def test_what_is_not_sent_yet_is_found(self, store: Store) -> None:
        tier = store.open_tier()
        store.add("one")
        store.sync(tier)
        store.add("two")
        assert tier.behind == "1 text still to be sent"
        catalogue = TextIndex(store.storage.database).catalogue()
        index = QdrantIndex(tier, VectorIndex(store.storage.database, MODEL), SearchFilter())
        assert np.count_nonzero(~np.isnan(cosines(index, store.vector(), catalogue))) == 2
        assert index.degraded is None
        tier.close()

    def test_rebuild_needs_no_model_and_removes_strays(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tier = store.open_tier()
        memory = store.add("one")
        stray = tier._qdrant.add_memory("left over", memory_id=str(uuid.uuid4()))
        point = store.outbox.points([memory], MODEL, tier._store)[memory]
        from msgspec.structs import replace

        tier._qdrant.put([replace(point, id=stray)])
        monkeypatch.setattr(Embedder, "load", lambda self: pytest.fail("the model was loaded"))
        assert tier.rebuild() == 1
        assert store.held(tier) == store.wanted()
        tier.close()
