"""No secret reaches a file or a server of Aiana's, through whichever field it comes."""

from __future__ import annotations

import json
import logging
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from aiana.config import Config
from aiana.errors import AianaError
from aiana.lsp.log import SafeFormatter
from aiana.models import Memory, Message, Session
from aiana.render.pages import write_page
from aiana.service import Aiana, open_aiana
from tests.integration.servers import RedisServer, until
from tests.noise import noise
from tests.unit.test_redaction_kinds import FORMS, WORD


def _own(n: int, secret: str) -> str:
    """The secret of form `n`, so that it is seen which one got through."""
    letters = ascii_lowercase[n // 26] + ascii_lowercase[n % 26]
    return secret + letters if secret in (WORD, "swordfish", "hunter2", "letmein") else secret


OWN = [(form, _own(n, secret)) for n, (form, secret) in enumerate(FORMS)]
NAMED = "swordfishnamed"
"""A secret for its name alone."""
SECRETS = sorted({NAMED, *(secret for _, secret in OWN)})
ALL = "\n".join(form.format(secret) for form, secret in OWN)
"""Sixty kinds of them, one a line."""
TOKEN = "ghp_" + noise(36)
PROJECT = f"/work/deploy-{TOKEN}"
NESTED = {"note": ALL, "password": "swordfish", "list": [ALL, {"apiKey": noise(32)}], ALL: "x"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    return tmp_path


def records() -> list[dict[str, Any]]:
    """A record of each kind that is read, with secrets wherever text can stand."""
    common = {"sessionId": "s1", "cwd": PROJECT, "gitBranch": TOKEN, "version": TOKEN}
    moment = (f"2026-02-01T12:00:{n:02d}.000Z" for n in range(60))

    def record(type: str, **fields: Any) -> dict[str, Any]:
        time = next(moment)
        return {"type": type, "uuid": f"u{time[17:19]}", "timestamp": time, **common, **fields}

    def said(role: str, content: Any, **fields: Any) -> dict[str, Any]:
        return record(role, message={"role": role, "content": content, "model": TOKEN}, **fields)

    call = {"type": "tool_use", "id": "t1", "name": TOKEN, "input": NESTED}
    result = {
        "type": "tool_result",
        "tool_use_id": "t1",
        "content": [{"type": "text", "text": ALL}],
    }
    return [
        record("queue-operation", operation="enqueue", content=ALL),
        said("user", ALL),
        said("user", f"<command-name>/login</command-name><command-args>{ALL}</command-args>"),
        said(
            "assistant",
            [{"type": "text", "text": ALL}, call, {"type": "thinking", "thinking": ALL}],
        ),
        said("user", [result], toolUseResult={"stdout": ALL}),
        said(
            "assistant", [{"type": "an_unknown_block", "text": ALL, "given": {"password": NAMED}}]
        ),
        said("user", f'<param name="password">{NAMED}</param>'),
        said("user", [result | {"content": [{"type": "json", "json": {"password": NAMED}}]}]),
        record("system", subtype="informational", content=ALL),
        record("queue-operation", operation="remove"),
        record("attachment", attachment={"type": "queued_command", "prompt": ALL + " too"}),
        record("summary", summary=ALL, leafUuid="u99"),
        record("custom-title", customTitle=ALL),
        record("ai-title", aiTitle=ALL),
        said("user", ALL, isSidechain=True, agentId="a1"),
        record("queue-operation", operation="enqueue", content=f"later {ALL}"),
    ]


def everything(aiana: Aiana) -> None:
    """Write secrets through every way in."""
    aiana.import_sessions()
    added = aiana.add_memory(
        ALL, project=PROJECT, session_id=TOKEN, tags=[ALL, TOKEN], metadata=NESTED,
        idempotency_key=ALL,
    )  # fmt: skip
    aiana.update_memory(added.memory.id, content=f"new {ALL}", tags=[TOKEN], metadata=NESTED)
    aiana.restore_memory(
        Memory(
            id=str(uuid.uuid4()), content=f"old {ALL}", project=PROJECT, tags=[ALL],
            metadata=NESTED, session_id=TOKEN, created_at="2026-02-01", updated_at="2026-02-01",
        )
    )  # fmt: skip
    aiana.add_preference(ALL)
    aiana.add_preference(f"dynamic {ALL}", static=False)
    aiana.start_session(TOKEN, PROJECT, metadata=NESTED)
    assert aiana.container.cache.get_active_session(TOKEN) is not None
    aiana.end_session(TOKEN, summary=ALL)
    aiana.start_session("open", PROJECT, metadata=NESTED)
    session = Session(
        id=f"r-{TOKEN}", source="aiana", project=PROJECT, project_path=PROJECT, title=ALL,
        summary=ALL, transcript_path=PROJECT, parent_id=TOKEN, metadata=NESTED,
    )  # fmt: skip
    message = Message(
        id=TOKEN, session_id=f"r-{TOKEN}", type="user", role=TOKEN, content=ALL, tool_name=TOKEN,
        tool_input=json.dumps(NESTED), parent_id=TOKEN, timestamp="2026-02-01T12:00:00.000Z",
        metadata=NESTED,
    )  # fmt: skip
    assert aiana.record_messages(session, [message]) == 1
    assert aiana.record_messages(session, [message]) == 0  # the same ids become the same ids
    aiana.context(query="deploy", project=PROJECT)
    stored = aiana.list_sessions().sessions
    for found in stored:
        text = aiana.export_session(found.id).text
        write_page(aiana.config.pages_dir, f"aiana:///session/{found.id}", text)


def clear_in(data: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in data]


def write_transcripts(folder: Path) -> Path:
    project = folder / "claude" / "projects" / "-work"
    project.mkdir(parents=True)
    path = project / "s1.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records()))
    assert len(clear_in(path.read_bytes())) > 50  # the test would see them
    return path


def test_no_file_holds_a_secret(folder: Path) -> None:
    write_transcripts(folder)
    home = folder / "home"
    with closing(open_aiana(Config(data_dir=home))) as aiana:
        everything(aiana)
        copy = sqlite3.connect(home / "conversations.db")
        dump = "\n".join(copy.iterdump())
        copy.close()
        open_files = [p.read_bytes() for p in home.rglob("*") if p.is_file()]
    closed_files = [p.read_bytes() for p in home.rglob("*") if p.is_file()]
    assert len(open_files) > 4
    assert [clear_in(data) for data in (dump.encode(), *open_files, *closed_files)] == [
        [] for _ in range(1 + len(open_files) + len(closed_files))
    ]


def test_what_was_read_before_is_known_again(folder: Path) -> None:
    path = write_transcripts(folder)
    with closing(open_aiana(Config(data_dir=folder / "home"))) as aiana:
        aiana.import_sessions()
        before = aiana.container.storage.get_stats()
        counts = aiana.import_sessions().sources["claude-code"]
        assert (counts.skipped, counts.messages) == (counts.found, 0)
        with path.open("a") as file:  # the queued prompt comes out, once
            for operation in ("remove",):
                record = records()[-1] | {"operation": operation, "content": f"later {ALL}"}
                file.write(json.dumps(record) + "\n")
        aiana.import_sessions()
        after = aiana.container.storage.get_stats()
        assert after.messages == before.messages + 1
        assert after.projects == before.projects


def test_redis_holds_no_secret(folder: Path) -> None:
    write_transcripts(folder)
    server = RedisServer(folder)
    server.start()
    try:
        with closing(open_aiana(Config(data_dir=folder / "home", redis_url=server.url))) as aiana:
            assert aiana.container.cache.link is not None
            link = aiana.container.cache.link
            until(lambda: link.is_up)
            everything(aiana)
            from redis import Redis

            client = Redis.from_url(server.url)
            held = list(client.scan_iter(count=1000))
            assert len(held) >= 3
            assert [clear_in(key + (client.dump(key) or b"")) for key in held] == [[] for _ in held]
            client.config_set("rdbcompression", "no")
            values = str([_value(client, key) for key in held])
            assert clear_in(values.encode()) == []
            client.close()
    finally:
        server.stop()


def _value(client: Any, key: bytes) -> Any:
    match client.type(key):
        case b"hash":
            return client.hgetall(key)
        case b"list":
            return client.lrange(key, 0, -1)
    return client.get(key)


def test_logs_hold_no_secret(folder: Path) -> None:
    handler = logging.FileHandler(folder / "log", encoding="utf-8")
    handler.setFormatter(SafeFormatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("aiana.test")
    logger.addHandler(handler)
    try:
        raise AianaError(ALL)
    except AianaError:
        logger.exception("failed with %s", ALL)
    logger.removeHandler(handler)
    handler.close()
    assert "failed with" in (folder / "log").read_text()
    assert clear_in((folder / "log").read_bytes()) == []
