"""A store that an older Aiana wrote, with secrets in clear, ends without them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.errors import ModelUnavailable
from aiana.service import open_aiana
from aiana.storage.migrations import MIGRATIONS
from tests.integration.test_secrets_at_rest import ALL, TOKEN, clear_in
from tests.noise import noise

MOMENT = "2026-02-01T12:00:00.000Z"
PROJECT = f"/work/deploy-{TOKEN}"
NESTED = json.dumps({"note": ALL, "password": "swordfishzz", "list": [ALL]})
LOOKED_FOR = "correcthorse7battery"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with closing(sqlite3.connect(home / "conversations.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for step in MIGRATIONS[:7]:
            step(connection)
        connection.execute("PRAGMA user_version = 7")
        fill(connection)
        connection.commit()
    (home / "conversations.db").chmod(0o600)
    assert len(clear_in((home / "conversations.db").read_bytes())) > 50
    return home


def fill(connection: sqlite3.Connection) -> None:
    """As the versions before did: what is given goes in as it is."""
    rows = connection.execute
    rows(
        "INSERT INTO projects (key, id, name, root) VALUES (1, ?, ?, ?)", (PROJECT, TOKEN, PROJECT)
    )
    rows(
        "INSERT INTO sessions (key, id, source, project_key, project_path, transcript_path, "
        "started_at, title, summary, metadata) VALUES (1, ?, 'claude-code', 1, ?, ?, ?, ?, ?, ?)",
        (TOKEN, PROJECT, f"/t/{TOKEN}.jsonl", MOMENT, ALL, ALL, NESTED),
    )
    for n, (kind, content) in enumerate(
        [("user", f"{LOOKED_FOR} {ALL}"), ("tool_use", "swordfishzz"), ("user", "plain words")]
    ):
        rows(
            "INSERT INTO messages (session_key, id, type, timestamp, content, identifiers, "
            "tool_input, metadata, position) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
            (f"m{n}-{TOKEN}", kind, MOMENT, content, ALL, NESTED if n == 1 else None, NESTED, n),
        )
    rows(
        "INSERT INTO memories (id, project_key, memory_type, created_at, updated_at, content_hash, "
        "content, identifiers, tags, metadata) VALUES ('m', 1, 'insight', ?, ?, x'00', ?, ?, ?, ?)",
        (MOMENT, MOMENT, f"remember {ALL}", ALL, json.dumps([ALL]), NESTED),
    )
    rows(
        "INSERT INTO preferences (id, text, static, created_at) VALUES ('p', ?, 1, ?)",
        (ALL, MOMENT),
    )
    position = {"path": f"/t/{TOKEN}", "source": "codex", "state": {"queued": ALL}}
    rows(
        "INSERT INTO capture_positions VALUES (?, 'codex', ?, ?)",
        (position["path"], MOMENT, json.dumps(position)),
    )
    rows("INSERT INTO pending_titles VALUES ('x', 'codex', ?, ?)", (ALL, f"/t/{TOKEN}"))
    rows(
        "INSERT INTO chunks (key, id, session_key, content_hash, content) "
        "VALUES (1, 'c', 1, x'00', ?)",
        (ALL,),
    )
    rows("INSERT INTO vectors (owner, model, content_hash, vector) VALUES (1, 'm', x'00', x'00')")
    rows("INSERT INTO vectors (owner, model, content_hash, vector) VALUES (-1, 'm', x'00', x'00')")


def clear_files(home: Path) -> dict[str, list[str]]:
    files = [path for path in home.rglob("*") if path.is_file()]
    return {path.name: found for path in files if (found := clear_in(path.read_bytes()))}


def test_nothing_is_left_in_any_file(home: Path) -> None:
    with closing(open_aiana(Config(data_dir=home))) as aiana:
        assert aiana.status().redacted == 0
        before = {f.subject: f.state for f in aiana.diagnose().findings}
        assert before["secrets"] == "warning"
        assert "secrets" in aiana.diagnose(fix=True).fixed
        assert clear_files(home) == {}
        after = {f.subject: f for f in aiana.diagnose().findings}
        removed = aiana.status().redacted
        assert removed > 500
        assert after["secrets"].state == "ok"
        assert f"{removed:,} secrets" in after["secrets"].detail
        assert after["full text"].state == "ok"
        assert [hit.type for hit in aiana.search(LOOKED_FOR).hits] == ["user"]
        assert aiana.search("swordfishzz").hits == []
        assert len(aiana.list_memories().memories) == len(aiana.profile().static) == 1
        (session,) = aiana.list_sessions().sessions
        assert "plain words" in aiana.export_session(session.id).text
        with aiana.container.storage.database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (0,)
            assert connection.execute("SELECT dirty_from FROM sessions").fetchone() == (0,)
    assert clear_files(home) == {}
    assert [path.name for path in (home / "backups").iterdir()] == ["conversations-v7.db"]


def test_it_is_gone_on_with_where_it_was_left(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiana.storage.cleaning.BATCH_ROWS", 1)
    looks = iter([False, False, False, True])
    with closing(open_aiana(Config(data_dir=home))) as aiana:
        first = aiana.container.indexer.clean(lambda: next(looks))
        reached = aiana.container.storage.redaction()
        assert (reached.is_done, reached.removed) == (False, first)
        second = aiana.container.indexer.clean()
        assert first > 0
        assert second > 0
        reached = aiana.container.storage.redaction()
        assert (reached.is_done, reached.removed) == (True, first + second)
        assert aiana.container.indexer.clean() == 0
    assert clear_files(home) == {}


def test_the_background_work_begins_with_it(home: Path) -> None:
    with closing(open_aiana(Config(data_dir=home, embedding_model="/no/such/model"))) as aiana:
        with pytest.raises(ModelUnavailable):
            aiana.index_pending()
        assert aiana.container.storage.redaction().is_done
        with aiana.container.storage.database.reading() as connection:
            chunks = connection.execute("SELECT content FROM chunks").fetchall()
    assert clear_in(str(chunks).encode()) == []
    assert LOOKED_FOR in str(chunks)


def test_cleaning_of_colliding_names(home: Path) -> None:
    other = "ghp_" + noise(36)[::-1]
    with closing(sqlite3.connect(home / "conversations.db")) as connection:
        connection.execute(
            "INSERT INTO projects (id, name) VALUES (?, '')", (f"/work/deploy-{other}",)
        )
        connection.commit()
    with closing(open_aiana(Config(data_dir=home))) as aiana:
        aiana.container.indexer.clean()
        assert aiana.container.storage.redaction().is_done
        with aiana.container.storage.database.reading() as connection:
            ids = [id for (id,) in connection.execute("SELECT id FROM projects ORDER BY key")]
    assert len(set(ids)) == len(ids) >= 2
    assert not any("ghp_" in id for id in ids)


def test_better_rules_look_once_more(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_aiana(Config(data_dir=home))) as aiana:
        aiana.container.indexer.clean()
        with aiana.container.storage.database.maintaining() as connection:
            raw = sqlite3.Connection.execute
            raw(
                connection,
                "UPDATE messages SET content = ? WHERE content = 'plain words'",
                (TOKEN,),
            )
        assert aiana.container.indexer.clean() == 0
        monkeypatch.setattr("aiana.storage.cleaned.RULES", 99)
        monkeypatch.setattr("aiana.storage.cleaning.RULES", 99)
        assert not aiana.container.storage.redaction().is_done
        assert aiana.container.indexer.clean() == 1
        assert aiana.container.indexer.clean() == 0


def test_a_new_store_needs_no_look(tmp_path: Path) -> None:
    with closing(open_aiana(Config(data_dir=tmp_path))) as aiana:
        assert aiana.container.storage.redaction().is_done
