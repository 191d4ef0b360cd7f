"""Secrets in the assistants' own files: told without their values, and taken out."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import scrubbing
from aiana.capture.leaks import without_secrets
from aiana.capture.running import running
from aiana.capture.scrubbing import Scrubbed
from aiana.config import Config
from aiana.container import Container
from aiana.features.leaks import Leaking, Leaks
from aiana.service import Aiana
from tests.unit.sources import CASES, Changes, damaged, damages

TOKEN = "ghp_" + secrets.token_hex(18)
WHEN = "2026-02-01T12:00:00.000Z"


@pytest.fixture
def aiana(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aiana]:
    # Whatever assistants run on the machine of the tests, none has these files.
    monkeypatch.setattr(scrubbing, "running", lambda source: None)
    service = Aiana(Container(Config(data_dir=tmp_path / "home")))
    yield service
    service.close()


def old(path: Path, *records: Any, text: str = "") -> Path:
    """A file that nobody has written to for an hour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or "".join(json.dumps(r) + "\n" for r in records))
    os.utime(path, (time.time() - 3600, time.time() - 3600))
    return path


def pi(words: str, name: str = "e1") -> dict[str, Any]:
    return {"type": "message", "id": name, "timestamp": WHEN,
            "message": {"role": "user", "content": words}}  # fmt: skip


HEADER = {"type": "session", "version": 3, "id": "s1", "timestamp": WHEN, "cwd": "/gone/app"}


def found(aiana: Aiana, *paths: Path) -> Leaks:
    return aiana.find_secrets(None, [str(path) for path in paths])


def scrubbed(aiana: Aiana, *paths: Path) -> Scrubbed:
    (result,) = aiana.take_out_secrets(found(aiana, *paths).leaks)
    return result


def stored(aiana: Aiana) -> list[tuple[str, str]]:
    query = "SELECT id, content FROM messages ORDER BY key"
    database = aiana.config.database
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_secrets_are_told_by_kind_file_line_and_age(aiana: Aiana, tmp_path: Path) -> None:
    path = old(tmp_path / "p" / "s1.jsonl", HEADER, pi("hello"), pi(f"use {TOKEN} now", "e2"))
    result = found(aiana, tmp_path / "p")
    (leak,) = result.leaks
    assert (leak.source, leak.kind, leak.path) == ("pi", "github-token", str(path))
    assert (leak.line, leak.since, result.files) == (3, WHEN, 1)
    assert TOKEN not in repr(result)


def test_a_file_is_scrubbed_and_says_the_same(aiana: Aiana, tmp_path: Path) -> None:
    path = old(tmp_path / "s1.jsonl", HEADER, pi(f"use {TOKEN} now"), pi("thanks", "e2"))
    path.chmod(0o640)
    before, data = path.stat(), path.read_bytes()
    result = scrubbed(aiana, path)
    assert (result.secrets, result.refused) == (1, None)
    assert path.read_bytes() == data.replace(TOKEN.encode(), b"[redacted:github-token]")
    after = path.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    copy = Path(result.backup or "")
    assert copy.read_bytes() == data
    assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["s1.jsonl"]
    assert found(aiana, path).leaks == []
    # It was captured before, and what is new in it is nothing.
    kept = stored(aiana)
    assert [content for _, content in kept] == ["use [redacted:github-token] now", "thanks"]
    assert aiana.import_sessions(paths=[str(path)]).sources["pi"].skipped == 1
    assert stored(aiana) == kept


def test_scrub_with_derived_ids(aiana: Aiana, tmp_path: Path) -> None:
    """Grok gives its messages no ids: without the secret each would have another one."""
    path = old(
        tmp_path / "s1" / "chat_history.jsonl",
        {"type": "user", "content": f"use {TOKEN} now", "prompt_index": 0},
    )
    assert scrubbed(aiana, path).refused is None
    aiana.import_sessions(paths=[str(path)])
    assert len(stored(aiana)) == 1
    with path.open("a") as file:
        file.write(json.dumps({"type": "user", "content": "go on", "prompt_index": 1}) + "\n")
    aiana.import_sessions(paths=[str(path)])
    assert [content for _, content in stored(aiana)][1:] == ["go on"]


def test_documents_and_texts_keep_their_form(aiana: Aiana, tmp_path: Path) -> None:
    document = {"session_id": "h1", "session_start": WHEN, "size": 1.5, "messages": [
        {"role": "user", "content": f"é {TOKEN}"}]}  # fmt: skip
    path = old(
        tmp_path / "sessions" / "session_h1.json",
        text=json.dumps(document, indent=2, ensure_ascii=False) + "\n",
    )
    assert scrubbed(aiana, path).secrets == 1
    document["messages"] = [{"role": "user", "content": "é [redacted:github-token]"}]
    assert path.read_text() == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    chat = f"# aider chat started at 2026-01-01 10:00:00\n\n#### use {TOKEN}  \n\nDone.\n"
    path = old(tmp_path / ".aider.chat.history.md", text=chat)
    (leak,) = found(aiana, path).leaks
    assert leak.line == 3
    assert scrubbed(aiana, path).secrets == 1
    assert path.read_text() == chat.replace(TOKEN, "[redacted:github-token]")


def test_a_file_that_would_say_something_else_stays(aiana: Aiana, tmp_path: Path) -> None:
    path = old(tmp_path / "s1.jsonl", HEADER | {"id": TOKEN}, pi("hello"))
    data = path.read_bytes()
    result = scrubbed(aiana, path)
    assert "something else to its reader" in (result.refused or "")
    assert path.read_bytes() == data


def test_a_file_in_use_a_link_or_a_database_stays(aiana: Aiana, tmp_path: Path) -> None:
    path = old(tmp_path / "s1.jsonl", HEADER, pi(TOKEN))
    leaks = found(aiana, path).leaks
    os.utime(path)
    (result,) = aiana.take_out_secrets(leaks)
    assert "may be using it" in (result.refused or "")
    old(path, HEADER, pi(TOKEN))
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    assert "a link" in (scrubbed(aiana, link).refused or "")
    database = tmp_path / "crush.db"
    with closing(sqlite3.connect(database)) as made:
        made.execute("CREATE TABLE sessions (id, parent_session_id, title)")
        made.execute("CREATE TABLE messages (id, session_id, role, parts, model, created_at, "
                     "updated_at)")  # fmt: skip
        parts = json.dumps([{"type": "text", "data": {"text": TOKEN}}])
        made.execute("INSERT INTO sessions VALUES ('s', NULL, 'x')")
        made.execute("INSERT INTO messages VALUES ('m', 's', 'user', ?, NULL, 1, 1)", (parts,))
        made.commit()
    (leak,) = found(aiana, database).leaks
    assert (leak.kind, leak.line) == ("github-token", 0)
    assert "cannot be taken out safely" in (scrubbed(aiana, database).refused or "")
    assert not list((tmp_path / "home" / "scrubbed").iterdir())


def test_scrub_while_assistant_starts(
    aiana: Aiana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(tmp_path / "s1.jsonl", HEADER, pi(TOKEN))
    data = path.read_bytes()
    leaks = found(aiana, path).leaks
    told = iter((None, 4711))
    monkeypatch.setattr(scrubbing, "running", lambda source: next(told))
    (result,) = aiana.take_out_secrets(leaks)
    assert "runs (process 4711): end it first" in (result.refused or "")
    assert path.read_bytes() == data
    assert [each.name for each in tmp_path.glob("*s1*")] == ["s1.jsonl"]


@pytest.mark.skipif(sys.platform == "win32", reason="programs are no copies of others there")
def test_whether_an_assistant_runs(tmp_path: Path) -> None:
    name = f"crush-{uuid.uuid4().hex}"  # that no other program of this machine has
    assert running(name) is None
    program = tmp_path / name
    shutil.copy(shutil.which("cat") or "/bin/cat", program)
    script = tmp_path / "node_modules" / "@ada" / name / "cli.py"
    script.parent.mkdir(parents=True)
    script.write_text("import sys; print(sys.stdin.readline(), flush=True); sys.stdin.read()")
    ways: list[tuple[Path | str, list[Path | str]]] = [
        (program, [program]),
        (sys.executable, [sys.executable, script]),
    ]
    if sys.platform.startswith("linux"):
        ways.append((program, [""]))  # as one that is just starting: it was given nothing yet
    for executable, arguments in ways:
        with subprocess.Popen(
            arguments, executable=executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()  # it runs
            assert running(name) == process.pid
            assert running(f"{name}-cli") is None
            process.communicate()


def test_the_command_prints_no_value(tmp_path: Path) -> None:
    old(tmp_path / "p" / "s1.jsonl", HEADER, pi(f"use {TOKEN} now"))
    environment = os.environ | {"AIANA_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "aiana", "secrets", str(tmp_path / "p"), *arguments],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    told = run()
    assert (told.returncode, "github-token" in told.stdout) == (1, True)
    [row] = [line.split("\t") for line in told.stdout.splitlines()]
    assert row[:3] == ["github-token", str(tmp_path / "p" / "s1.jsonl"), "2"]
    assert told.stderr.startswith("1 secret in 1 file; 1 file looked through.\nReplace them")
    as_json = run("--json")
    assert json.loads(as_json.stdout)["leaks"][0]["line"] == 2
    # Nobody is asked, so nothing is done.
    refused = run("--scrub")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    done = run("--scrub", "--yes")
    assert (done.returncode, "1 secret taken out" in done.stdout) == (0, True)
    assert run().returncode == 0
    assert not any(TOKEN in text for r in (told, as_json, refused, done)
                   for text in (r.stdout, r.stderr))  # fmt: skip


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_what_is_json_stays_json(changes: Changes) -> None:
    line = damaged(json.dumps(pi(f'say "{TOKEN}" \\ é') | {"n": [1, 2.5, None]}).encode(), changes)
    clean, kinds = without_secrets(line)
    assert (clean == line) == (kinds == [])
    assert without_secrets(clean) == (clean, [])
    try:
        json.loads(line)
    except ValueError:
        return
    json.loads(clean)


def test_unknown_names_are_told(aiana: Aiana) -> None:
    from aiana.errors import NotFound

    with pytest.raises(NotFound):
        Leaking(aiana.container).find(["nobody"])
