"""No statement reads a table that grows from end to end, unless it is known to and why."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aiana.config import Config
from aiana.errors import AianaError
from aiana.hiding import _TABLES
from aiana.hooks import blocks
from aiana.hooks.words import about
from aiana.indexing.chunking import chunks_of
from aiana.models import (
    CaptureBatch,
    CapturePosition,
    Following,
    Message,
    SearchFilter,
    Session,
    Spent,
)
from aiana.search.catalogue import CatalogueReader
from aiana.search.vector_index import VectorIndex
from aiana.service import Aiana, open_aiana
from aiana.storage import AianaStorage
from aiana.storage.cleaned import FACT
from aiana.storage.message_files import fill
from aiana.storage.qdrant.outbox import Change
from aiana.storage.retention import Retention
from aiana.storage.rows import encode_cursor
from aiana.storage.session_writer import _MESSAGE_FIELDS
from tests.integration.drawn import Drawn
from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.servers import until
from tests.integration.statements import Planner, Statements, calls

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
MOMENT = "2026-05-01T00:00:00.000Z"
FILTERS = (
    SearchFilter(),
    SearchFilter(project="shop"),
    SearchFilter(project="/work/shop"),
    SearchFilter(sources=["codex", "claude-code"]),
    SearchFilter(session_id="said"),
    SearchFilter(kinds=["memory"], memory_types=["insight"], after=MOMENT),
    SearchFilter(after=MOMENT, before="2026-12-01T00:00:00.000Z"),
    SearchFilter(roles=["user"]),
    SearchFilter(types=["assistant"]),
    SearchFilter(tools=["bash"], project="shop"),
    SearchFilter(files=["cart.py", "src/till.py", "/work/shop/cart.py"]),
    SearchFilter(errors=["not found", "ENOENT"]),
)


def resumed(folder: Path) -> None:
    """A session that is told again in the file of the one that goes on with it."""
    told = next(folder.rglob("*.jsonl"))
    again = re.sub(r'("sessionId": ?)"[^"]+"', r'\1"resumed"', told.read_text())
    told.with_name("resumed.jsonl").write_text(again)


def exercise(aiana: Aiana, transcripts: Path) -> None:
    """Do everything that there is to do, by every way of asking for it."""
    folder = transcripts / "claude"
    aiana.import_sessions(paths=[str(folder)])
    said(aiana, "said", "first", "second", "third")
    said(aiana, "said", "first", "changed", "third", "fourth")
    for place in ("/work/shop", "/moved/shop"):
        said(aiana, "moved", "first", path=place)
    said(aiana, "gone", "first", project="/gone/shop", path="/gone/shop/src")
    aiana.start_session("begun", "/work/shop")
    aiana.end_session("begun", "what it was about")
    memories = [aiana.add_memory(f"text {n}", project="shop").memory.id for n in range(8)]
    aiana.add_memory("text 0", project="shop", idempotency_key="k")
    aiana.add_memory("other", project="shop", idempotency_key="k")
    aiana.add_memory("another", project="shop", idempotency_key="k")
    aiana.add_preference("Uses uv")
    preference = aiana.add_preference("Works on docs", static=False).dynamic[0].id
    assert aiana.container.qdrant is not None
    link = aiana.container.qdrant.link
    until(lambda: link.is_up)
    aiana.index_pending()
    aiana.container.qdrant.suspect("for the test")
    for _ in range(2):
        aiana.search("first", mode="semantic")
        aiana.delete_memories([memories.pop()])
    aiana.search("first", mode="semantic")
    aiana.container.qdrant._probe()
    aiana.index_pending()
    aiana.update_memory(memories[0], content="new words", tags=["pinned"], project="other")
    aiana.rate_memory(memories[1], "helpful")
    aiana.rate_memory(memories[2], "harmful")
    aiana.index_pending()
    read(aiana, memories[3])
    aiana.status()
    aiana.diagnose(fix=True)
    aiana.capture_sources()
    aiana.capture_sources(files=True)
    touched(aiana)
    traced(aiana)
    fixed(aiana)
    aiana.short_session_ids(["said", "begun"])
    aiana.arrivals(None)
    aiana.arrivals(0)
    aiana.container.storage.captures.note_failure("/x.jsonl", "codex", "why")
    spent = Spent(session_id="said", message_id="said-1", tokens=7)
    position = CapturePosition(path="/y.jsonl", source="codex")
    aiana.container.storage.write_batch(CaptureBatch(spent=[spent], position=position))
    taken_back(aiana)
    aiana.container.storage.captures.note_following(Following(process=1))
    aiana.capture_state()
    aiana.container.storage.captures.note_following(None)
    aiana.container.storage.captures.reached_since(0)
    aiana.changes_since(0)
    aiana.changes_since(None)
    resumed(folder)
    aiana.import_sessions(paths=[str(folder)])
    for _ in range(2):  # written, then looked at
        database, model = aiana.container.storage.database, aiana.container.embedder.model_name
        VectorIndex(database, model, worth_a_file=1).refresh()
        CatalogueReader(database, worth_a_file=1).current()
    deleted = aiana.get_memory(memories[3]).memory
    aiana.delete_memories([deleted.id], dry_run=True)
    aiana.delete_memories([deleted.id])
    aiana.restore_memory(deleted)
    aiana.restore_memory(deleted)
    aiana.delete_memories(filter=SearchFilter(project="other"), dry_run=True)
    aiana.delete_memories(filter=SearchFilter(project="other"), expected=1)
    aiana.remove_preference(preference)
    session = aiana.list_sessions(SearchFilter(sources=["claude-code"])).sessions[0]
    aiana.delete_session(session.id, dry_run=True)
    aiana.delete_session(session.id)
    for path in folder.rglob("*.jsonl"):
        with path.open("a") as file:
            file.write("\n")
    aiana.import_sessions(paths=[str(folder)])
    said(aiana, "deleted", "one", "two", "three")
    aiana.delete_session("deleted")
    for again in ("deleted", "copy"):
        said(aiana, again, "one", "two", "three")
    archive = transcripts / "archive.jsonl"
    lines = "".join(aiana.archive())
    # Of two versions of a memory the later stays.
    archive.write_text(lines.replace('"updatedAt":"20', '"updatedAt":"21'))
    aiana.import_sessions(paths=[str(archive)])
    shared = transcripts / "shared.md"
    shared.write_text(aiana.share(aiana.list_sessions().sessions[0].uri).text)
    aiana.import_sessions(paths=[str(shared)])
    hook(aiana)
    aiana.reindex()
    let_through(aiana)
    assert aiana.container.indexer.clean() > 0
    archived(aiana, transcripts / "archive.jsonl")
    aiana.container.qdrant.outbox.put_off(Change(1, "x"))
    aiana.container.qdrant.outbox.sample(aiana.container.embedder.model_name, 2)
    aiana.search("first", mode="semantic")
    aiana.list_projects()
    for place in ("SHOP", "/work/shop", "/gone/shop/src"):
        aiana.container.storage.list_sessions(place)
    aiana.container.storage.get_messages("said")
    aiana.container.storage.search("first")
    aiana.container.storage.get_stats()
    aiana.container.storage.chunks.forget_vectors("another model")
    excluded(aiana, folder)
    forgotten(aiana)


def said(aiana: Aiana, session: str, *texts: str, project: str = "shop", path: str = "") -> None:
    messages = [
        Message(
            id=f"{session}-{place}",
            session_id=session,
            type="user" if place % 2 == 0 else "assistant",
            role="user" if place % 2 == 0 else "assistant",
            content=f"{text} and more words of it than one",
            timestamp=MOMENT,
            position=place,
        )
        for place, text in enumerate(texts)
    ]
    aiana.record_messages(
        Session(id=session, source="codex", project=project, project_path=path, started_at=MOMENT),
        messages,
    )


def taken_back(aiana: Aiana) -> None:
    """A file tells a conversation anew, without a part of it and with another one."""
    session = Session(id="anew", source="codex", project="shop", started_at=MOMENT)
    for names in ("abcd", "axyd", "axybd"):
        messages = [
            Message(id=name, session_id="anew", type="user", timestamp=MOMENT, position=place)
            for place, name in enumerate(names)
        ]
        batch = CaptureBatch(
            sessions=[session],
            messages=messages,
            before={"anew": ""},
            position=CapturePosition(path="/anew.jsonl", source="codex"),
        )
        aiana.container.storage.write_batch(batch)
    stored = aiana.container.storage.get_messages("anew")
    assert "".join(message.id for message in stored) == "acxybd"


def excluded(aiana: Aiana, folder: Path) -> None:
    """Exclude what is stored, and try to store more of it."""
    storage = aiana.container.storage
    said(aiana, "kept-out", "first", project="secret")
    said(aiana, "late", "first", project="", path="")
    memory = aiana.add_memory("of the secret", project="secret").memory
    aiana.add_memory("of its session", session_id="kept-out")
    aiana.index_pending()
    aiana.exclude("Code", {"excludedProjects": ["secret"]})
    for path in folder.rglob("*.jsonl"):
        with path.open("a") as file:
            file.write("\n")
    aiana.import_sessions(paths=[str(folder)])
    for attempt in (
        lambda: said(aiana, "kept-out", "more", project="secret"),
        lambda: said(aiana, "late", "more", project="secret", path="/work/secret"),
        lambda: aiana.add_memory("more", project="secret"),
        lambda: aiana.add_memory("more", session_id="kept-out"),
        lambda: aiana.restore_memory(memory),
        lambda: aiana.rate_memory(memory.id, "helpful"),
    ):
        with suppress(AianaError):
            attempt()
    batch = CaptureBatch(
        sessions=[Session(id="batch", source="codex", project="secret")],
        position=CapturePosition(path="/secret.jsonl", source="codex"),
    )
    storage.write_batch(batch)
    position = storage.capture_position("/secret.jsonl")
    assert position is not None
    assert storage.captures.is_left_alone(position)
    aiana.capture_sources()
    aiana.status()
    aiana.diagnose()
    assert aiana.container.qdrant is not None
    aiana.container.qdrant.outbox.expected(aiana.container.embedder.model_name)
    aiana.forget(excluded=True, dry_run=True)
    aiana.exclude("Code", {})


def forgotten(aiana: Aiana) -> None:
    """Forget by every restriction."""
    said(aiana, "whole", "goes", "as", "a", "whole", project="letgo")
    said(aiana, "partly", "remains", "quincunx", "rest", project="stays")
    aiana.add_memory("a quincunx", project="letgo")
    aiana.index_pending()
    for wish in (
        {"text": "quincunx"},
        {"filter": SearchFilter(project="letgo", before="2026-12-01T00:00:00.000Z")},
        {"filter": SearchFilter(project="stays")},
    ):
        would = aiana.forget(**wish, dry_run=True)
        aiana.forget(**wish, expected=would.deleted)
    # On some of the pages that hold these, the first word goes and others stay.
    words = [f"q{number:04}" for number in range(3000)]
    half = aiana.add_memory(" ".join(words[::2]), project="letgo").memory
    many = aiana.add_memory(" ".join(words), project="letgo").memory
    aiana.delete_memories([many.id])
    aiana.delete_memories([half.id])
    said(aiana, "old", "first", project="old")
    eraser = aiana.container.storage.eraser
    eraser.due(Retention(1, {"old": 1}))
    eraser.erase_expired(Retention(None, {"old": 1}), 1)


def hook(aiana: Aiana) -> None:
    """Ask as the hooks do, which open the database by themselves."""
    aiana.add_memory("the login test is flaky since the clock moves", project="shop")
    with aiana.container.storage.database.reading() as connection:
        for folder in ("/work/shop", "/nowhere"):
            blocks.projects_of(connection, folder)
        projects = [
            key for (key,) in connection.execute("SELECT key FROM projects WHERE id = 'shop'")
        ]
        blocks.of_project(connection, projects, "none")
        for prompt in ("first and more words of it", "the login test is flaky since the clock"):
            found = about(connection, prompt, projects, "none")
            blocks.of_prompt(connection, found, set())


def archived(aiana: Aiana, path: Path) -> None:
    """Take in an archive of what is stored, of which something is gone."""
    path.write_text("".join(aiana.archive()), encoding="utf-8")
    with closing(sqlite3.connect(aiana.config.database)) as connection, connection:
        for table in ("memories", "preferences"):
            connection.execute(f"DELETE FROM {table} WHERE key = (SELECT max(key) FROM {table})")
    aiana.import_sessions(paths=[str(path)])


def traced(aiana: Aiana) -> None:
    """A line that a session wrote, once that was agreed to."""
    edited = Path(aiana.config.data_dir, "shop", "cart.py")
    (edited.parent / ".git").mkdir(parents=True)
    edited.write_text("retry_limit_of_carts = 7\n")
    written = json.dumps({"file_path": str(edited), "content": edited.read_text()})
    about: dict[str, Any] = {"session_id": "wrote", "role": "assistant", "tool_name": "Write"}
    asked = Message(
        id="asked", session_id="wrote", type="user", content="Do", timestamp="2026-02-01T12:00:00Z"
    )
    aiana.record_messages(Session(id="wrote", source="codex"), [asked])
    for number, failed in enumerate((True, False)):
        about["timestamp"] = f"2026-02-01T12:0{number}:00.000Z"
        about["metadata"] = {"toolCallId": f"w{number}", "isError": failed}
        call = Message(id=f"w{number}", type="tool_use", tool_input=written, **about)
        answer = Message(id=f"w{number}r", type="tool_result", content="rejected", **about)
        aiana.record_messages(Session(id="wrote", source="codex"), [call, answer])
    assert aiana.why(edited, 1, 1).reasons
    assert aiana.has_edits(edited)


def fixed(aiana: Aiana) -> None:
    """An error that went away after an edit."""
    about: dict[str, Any] = {"session_id": "fixed", "timestamp": MOMENT}
    given = '{"command": "make"}', '{"path": "a", "old": "b", "new": "c"}', '{"command": "make"}'
    answers = "fatal: the kestrel is not defined", "ok", "ok"
    for n, (arguments, answer) in enumerate(zip(given, answers, strict=True)):
        call = {"toolCallId": f"f{n}"}
        made = Message(id=f"f{n}", type="tool_use", tool_input=arguments, metadata=call, **about)
        got = Message(id=f"f{n}r", type="tool_result", content=answer, metadata=call, **about)
        aiana.record_messages(Session(id="fixed", source="codex"), [made, got])
    assert aiana.fixes(answers[0]).fixes


def touched(aiana: Aiana) -> None:
    """Tool calls, what they answered, and every question about them."""
    about: dict[str, Any] = {"session_id": "touched", "timestamp": MOMENT}
    calls = [
        ("Edit", '{"file_path": "/work/shop/cart.py", "old_string": "a", "new_string": "b"}', "no"),
        ("Read", '{"file_path": "/work/shop/cart.py"}', "1\ta\n2\tb"),
        ("Write", '{"file_path": "/work/shop/cart.py", "content": "c"}', "yes"),
        ("Bash", '{"command": "git commit -am x"}', "[main 1a2b3c4] x"),
    ]
    for n, (tool, arguments, answer) in enumerate(calls):
        metadata = {"toolCallId": f"c{n}"}
        failed = {"isError": True} if answer == "no" else {}
        call = Message(
            id=f"u{n}",
            type="tool_use",
            tool_name=tool,
            tool_input=arguments,
            metadata=metadata,
            **about,
        )
        result = Message(
            id=f"r{n}", type="tool_result", content=answer, metadata=metadata | failed, **about
        )
        for message in (call, result):
            aiana.record_messages(Session(id="touched", source="codex"), [message])
    storage = aiana.container.storage
    storage.files.of_session("touched", "codex")
    for cursor in (None, encode_cursor("2026", 9)):
        storage.timeline.of("/work/shop/cart.py", "shop", "cart.py", 5, cursor)
    storage.files.refs_of_session("touched", "codex")
    storage.files.sessions_of_commit("1a2b3c4")
    aiana.get_session("touched")
    aiana.session_changes("aiana:///session/touched/codex#u2")
    aiana.read_page("aiana:///session/touched/codex")
    with storage.database.writing() as connection:
        connection.execute("DELETE FROM facts WHERE name = 'message_files'")
    fill(storage.database, lambda: False)


def let_through(aiana: Aiana) -> None:
    """Store secrets as an Aiana did whose rules knew fewer."""
    with closing(sqlite3.connect(aiana.config.database)) as connection, connection:
        for table, column in (("messages", "content"), ("memories", "content")):
            connection.execute(
                f"UPDATE {table} SET {column} = {column} || ? "
                f"WHERE key = (SELECT max(key) FROM {table})",
                (f" the token is ghp_{'aB3dE5fG7h' * 4}",),
            )
        connection.executemany(
            "INSERT INTO preferences (id, text, static, created_at) VALUES (?, ?, 1, ?)",
            [(sign, f"the token is ghp_{f'{sign}B3dE5fG7h' * 4}", MOMENT) for sign in "ab"],
        )
        connection.execute("DELETE FROM facts WHERE name = ?", (FACT,))


def read(aiana: Aiana, memory: str) -> None:
    """Ask for everything, with every kind of filter."""
    for wanted in FILTERS:
        for query in ("first words", '"more words"', "handleLogin -second", "wor", "after:7d"):
            for mode in ("hybrid", "keyword", "semantic"):
                answer = aiana.search(query, filter=wanted, mode=mode, limit=2)
                with suppress(AianaError):
                    aiana.search(
                        query, filter=wanted, mode=mode, limit=2, cursor=answer.next_cursor
                    )
        for listed in (aiana.list_sessions, aiana.list_memories):
            page = listed(wanted, limit=1)
            listed(wanted, limit=1, cursor=page.next_cursor)
    aiana.search("first", group_by_session=True)
    for scope in ("all", "project"):
        aiana.context("first", project="shop", scope=scope)
        aiana.context("first", project="/work/shop", scope=scope)
        aiana.context(None, project="shop", scope=scope)
    aiana.get_memory(memory)
    aiana.get_memory(memory[:6])
    aiana.read_page(aiana.get_memory(memory).memory.uri)
    session = aiana.get_session("said")
    aiana.get_session("sai" + "d", source="codex")
    with suppress(AianaError):
        aiana.get_session("none-such")
    messages = aiana.session_messages("said").messages
    aiana.session_messages("said", around=messages[1].id, limit=2)
    aiana.export_session("said")
    aiana.read_page(session.session.uri, navigation=True)
    aiana.locate(messages[1].uri)
    aiana.container.cache.get_active_session("begun")
    aiana.container.cache.recent_activities()
    aiana.profile()


class Ran(NamedTuple):
    """What was run, and the database that it was run on."""

    statements: Statements
    database: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("plans")
    transcripts = folder / "claude" / "projects" / "-work-shop"
    transcripts.mkdir(parents=True)
    for path in SAMPLE.glob("*.jsonl"):
        shutil.copy(path, transcripts)
    endpoint = QdrantEndpoint()
    endpoint.start()
    statements = Statements()
    with pytest.MonkeyPatch.context() as patch:
        statements.note(patch)
        config = Config(
            data_dir=folder / "home", qdrant_url=endpoint.url, qdrant_api_key=KEY, team=True
        )
        aiana = open_aiana(config)
        aiana.container.embedder = Drawn()
        exercise(aiana, folder)
        aiana.close()
    endpoint.close()
    return Ran(statements, config.database)


ROWS = {
    "sessions": {
        "sessions_by_project": "2500 50 1",
        "sessions_by_start": "2500 2",
        "sessions_by_path": "2500 50",
        "sessions_by_transcript": "2500 1",
        "sessions_by_activity": "2500 1",
        "sqlite_autoindex_sessions_1": "2500 1 1",
    },
    "messages": {
        "messages_by_session": "150000 60 1 1 1 1 1 1",
        "sqlite_autoindex_messages_1": "150000 1 1",
    },
    "memories": {
        "memories_by_change": "10000 1",
        "memories_by_hash": "10000 1",
        "memories_by_project": "10000 200 1",
        "memories_by_rank": "10000 1",
        "sqlite_autoindex_memories_1": "10000 1",
        "sqlite_autoindex_memories_2": "10000 1",
    },
    "chunks": {
        "chunks_by_session": "100000 40",
        "sqlite_autoindex_chunks_1": "100000 1",
    },
    "vectors": {
        "sqlite_autoindex_vectors_1": "110000 1 1",
        "vectors_by_hash": "110000 2 2",
    },
    "outbox": {"sqlite_autoindex_outbox_1": "100000 1", "outbox_by_attempts": "100000 50000"},
    "messages_fts": {"": "160000"},
    "capture_positions": {"sqlite_autoindex_capture_positions_1": "2500 1"},
    "pending_titles": {"sqlite_autoindex_pending_titles_1": "500 1 1"},
    "forgotten": {"forgotten": "50000 1"},
    "tombstones": {"sqlite_autoindex_tombstones_1": "2000 1000 1000 1"},
}


# What a statement begins with, or holds, and why it may read a table whole.
KNOWN = {
    "SELECT m.key, m.id, s.key, s.id, s.source": "the edits of one file are sorted",
    "SELECT m.id, s.id, s.source, s.title, m.timestamp, m.content FROM messages_fts": "few texts "
    "hold all words of a line of code side by side",
    "FROM json_each(?) given JOIN message_files f": "the touches of a page are sorted",
    "FROM message_files f JOIN messages m": "the touches of a session, or of a file, are sorted",
    "SELECT r.kind, r.name FROM message_refs": "the commits and branches of one session are sorted",
    "SELECT s.id, s.source, count(*), substr": "what came since the last look is grouped",
    "SELECT count(*) FROM": "SQLite counts the pages of an index, not its rows",
    "SELECT (SELECT count(*) FROM": "SQLite counts the pages of an index, not its rows",
    "SELECT source, count(*) FROM sessions": "for statistics; sessions are few beside messages",
    "SELECT DISTINCT source FROM sessions": "where one is named that may be none; they are few",
    "SELECT min(started_at), max(coalesce(ended_at": "for statistics; sessions are few",
    "SELECT 1 FROM forgotten LIMIT 1": "one row",
    "SELECT id FROM outbox LIMIT ?": "a thousand rows at most",
    "FROM vectors v WHERE v.key >= ? ORDER BY v.key LIMIT 1": "one row",
    "SELECT sequence, id FROM outbox": "in the order of the index until the batch is full",
    "SELECT count(*) FROM outbox WHERE attempts": "for `status`: an index of what waits",
    "SELECT group_concat(key) FROM vectors": "read when vectors went: which ones is not noted",
    "SELECT path, position FROM capture_positions": "a round of capture looks at every file",
    "DELETE FROM pending_titles WHERE path IN": "a session is deleted; titles that wait are few",
    "SELECT project_key FROM sessions WHERE project_path": "the sessions of one folder are sorted",
    "updated_at FROM memories WHERE project_key = ?": "the memories of one project are sorted",
    "FROM sessions WHERE project_key = ? AND parent_id": "the sessions of one project are sorted",
    "FROM main.sessions s JOIN projects p": "read where something is excluded, when it changes",
    "SELECT m.key, m.session_id, p.id, p.root FROM main.memories": "the same for memories",
    "SELECT path FROM capture_positions WHERE source": "the files of one assistant, for `sources`",
    "WHERE s.key IN (SELECT value FROM json_each(?1)) AND ?2": "what is to be forgotten is sorted",
    "WHERE m.key IN (SELECT value FROM json_each(?1)) AND": "what is to be forgotten is sorted",
    "INSERT OR REPLACE INTO outbox (id) SELECT": "everything is to be sent",
    "DELETE FROM vectors WHERE model !=": "`aiana reindex`",
    "DELETE FROM chunks": "`aiana reindex`",
    "UPDATE sessions SET dirty_from = 0": "`aiana reindex`",
    "NOT EXISTS (SELECT 1 FROM vectors WHERE owner": "each key is looked at once in a backlog",
    "WHERE v.key > ? ORDER BY v.key LIMIT ?": "one row of each place that is drawn",
    "AND v.key > ? ORDER BY v.key": "what came since is read, once",
    "FROM messages NOT INDEXED WHERE key > ?": "what came since is read, once",
    "FROM messages ORDER BY session_key, position": "read once, into a file and memory",
    "SELECT group_concat(key) FROM messages": "read when messages went: which ones is not noted",
    "SELECT group_concat(-key), group_concat(-key)": "read when memories change, into memory",
    "SELECT group_concat(key) FROM (SELECT key FROM sessions": "what a filter lets through",
    "SELECT group_concat(-key) FROM memories WHERE": "what a filter lets through",
    "FROM projects p CROSS JOIN sessions s": "the sessions of all projects are counted",
    "FROM sessions s CROSS JOIN projects p": "by an index until the page is full, or a filter's",
    "FROM memories m CROSS JOIN projects p": "by an index until the page is full, or a filter's",
    "SELECT id, content, memory_type, updated_at FROM memories": "those of one project are sorted",
    "SELECT id, source, coalesce(nullif(summary": "the sessions of one project are sorted",
    "WHERE m.id BETWEEN :first AND :last": "ids that begin alike",
    'SELECT rowid AS "rowid of it", * FROM': "all that older rules let through is looked for once",
}
ELSEWHERE = {
    "capture/": "the databases of assistants",
    "hooks/main.py _hide": "a connection of its own, from which what is excluded is hidden",
    "hooks/words.py _terms": "an index in memory that holds one text",
    "storage/backups.py": "a copy is read whole, to check it",
    "storage/carrying.py": "what a backup holds is looked through when it is put back",
    "storage/forgotten.py take_keys": "when a backup is put back",
    "storage/erasing.py erase_keys": "when a backup is put back",
    "storage/cache.py": "a database of its own; what it holds expires",
    "storage/migrations.py": "run once",
    "storage/guarded.py": "passes on what others run",
    "storage/redis.py": "Redis",
    "search/text_index.py _Tokenizer": "an index in memory that holds one text",
    "storage/text_index_levels.py": "one row by its key",
    "storage/backup_rewriting.py": "backups",
    "storage/pending_scrubs.py settled_in": "backups",
    "storage/text_index_pages.py words_of": "an index in memory that holds these texts",
}
"""Of what is run there, no plan is asked for: it is not run on the database, or not again."""


def is_elsewhere(place: str) -> bool:
    return place.startswith(tuple(ELSEWHERE))


def test_everything_that_is_run_anywhere_is_run_here(ran: Ran) -> None:
    left = [
        f"{call.place.file}:{call.place.line}"
        for call in calls()
        if not is_elsewhere(f"{call.place.file} {call.function}")
        and not call.was_made(ran.statements.places)
    ]
    assert " ".join(left) == "", "exercise() does not run these: no plan is known of them"


def costly(ran: Ran, analysed: bool) -> dict[str, list[str]]:
    """The statements that look at more than they are asked for, and by which steps."""
    planner = Planner(ran.database, ROWS, analysed)
    planner.script(f"CREATE TEMP TABLE IF NOT EXISTS new_messages ({_MESSAGE_FIELDS})")
    for table in _TABLES.strip().splitlines():
        planner.script(table)
    asked = [
        (each.sql, each.parameters)
        for each in ran.statements.run.values()
        if not is_elsewhere(each.place.file)
    ]
    asked += [(trigger, (None,) * trigger.count("?")) for trigger in planner.triggers()]
    assert len(asked) > 150
    found = {" ".join(sql.split()): planner.costly(sql, values) for sql, values in asked}
    planner.close()
    return {sql: steps for sql, steps in found.items() if steps}


@pytest.mark.parametrize("analysed", [False, True], ids=["never analysed", "analysed"])
def test_no_statement_reads_what_grows_from_end_to_end(ran: Ran, analysed: bool) -> None:
    found = costly(ran, analysed)
    assert {sql: found[sql] for sql in found if not any(k in sql for k in KNOWN)} == {}


def test_what_is_known_to_be_costly_is(ran: Ran) -> None:
    """What is on the list for nothing would hide the next one."""
    found = [*costly(ran, False), *costly(ran, True)]
    assert [k for k in KNOWN if not any(k in sql for sql in found)] == []


def test_closing_tells_the_planner_what_there_is(tmp_path: Path) -> None:
    with AianaStorage(tmp_path / "conversations.db") as storage:
        for number in range(50):
            storage.memories.add(f"text {number}")
        storage.chunks.renew(chunks_of)
    with closing(sqlite3.connect(tmp_path / "conversations.db")) as connection:
        tables = {row[0] for row in connection.execute("SELECT tbl FROM sqlite_stat1")}
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    assert "memories" in tables
    assert "sqlite_stat4" not in names
