"""A server answers a deletion at once, and what files still hold of it goes in the background."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.models import Message, Session
from aiana.service import Aiana, open_aiana
from aiana.storage.backups import checked
from aiana.storage.forgetting import scrub
from tests.integration.servers import until
from tests.lsp.client import Client

WORD = "zanzibarium"
HOLD = """
import sys
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print(flush=True)
sys.stdin.read()
"""
KILLED = """
import os, sys
from pathlib import Path
from aiana.config import Config
from aiana.features import memories
from aiana.service import open_aiana
memories.receipt_of = lambda *given, **more: os._exit(9)
open_aiana(Config(data_dir=Path(sys.argv[1]))).delete_memories([sys.argv[2]])
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def aiana(home: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=home))
    opened.add_memory("what is kept")
    yield opened
    opened.close()


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "no-sessions"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
        "NO_COLOR": "1",
    }


def holders(home: Path) -> list[str]:
    files = [path for path in home.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if WORD.encode() in path.read_bytes())


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Another process holds a lock."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        yield
    finally:
        holder.communicate()


def test_a_server_answers_first_and_says_when_all_is_done(
    aiana: Aiana, home: Path, environ: dict[str, str]
) -> None:
    memory = aiana.add_memory(f"the word {WORD} must go").memory
    session = Session(id="s", source="claude-code", started_at="2026-02-01T12:00:00.000Z")
    message = Message(
        id="m", session_id="s", type="user", content=f"Of {WORD}", timestamp=session.started_at
    )
    aiana.record_messages(session, [message])
    aiana.back_up()
    aiana.close()
    with Client(environ) as client, held(home / "backups.lock"):
        client.initialize()
        until(lambda: client.request("aiana/status")["capture"]["state"] != "off")
        receipt = client.request("aiana/memory/delete", {"ids": [memory.id]})["receipt"]
        # A part may be done by the time that it answers; this one cannot be.
        assert "backups" in receipt["pending"]
        assert (
            "backups" in client.request("aiana/session/delete", {"id": "s"})["receipt"]["pending"]
        )
        assert client.request("aiana/search", {"query": WORD})["hits"] == []
        assert client.request("aiana/status")["pendingDeletions"] == 2
    with Client(environ) as client:
        client.initialize()
        until(lambda: client.request("aiana/status")["pendingDeletions"] == 0)
        assert holders(home) == []


def test_a_backup_that_takes_longer_is_looked_at_later(aiana: Aiana, home: Path) -> None:
    memory = aiana.add_memory(f"the word {WORD} must go").memory
    made = Path(aiana.back_up().path)
    deleted = aiana.container.storage.memories.delete([memory.id]).forgotten
    with held(home / "backups.lock"):
        done = scrub(aiana.container.storage.database, deleted.owed, turn_s=0)
    assert done.pending == ["backups"]
    assert holders(home) == [made.name]
    assert aiana.status().pending_deletions == 1
    (found,) = [each for each in aiana.diagnose().findings if each.subject == "forgotten"]
    assert (found.state, found.detail) == (
        "warning",
        "1 deletion not yet taken out of all files: an editor does it",
    )
    assert "forgotten" in aiana.diagnose(fix=True).fixed
    assert holders(home) == []
    assert checked(made).memories == 1
    assert aiana.status().pending_deletions == 0


def test_a_backup_of_what_is_not_yet_taken_out_is_cleaned_too(aiana: Aiana, home: Path) -> None:
    """A copy that was made after the deletion has the row no more, but its words."""
    memory = aiana.add_memory(f"the word {WORD} must go").memory
    deleted = aiana.container.storage.memories.delete([memory.id]).forgotten
    made = Path(aiana.back_up().path)
    assert made.name in holders(home)
    assert scrub(aiana.container.storage.database, deleted.owed).pending == []
    assert holders(home) == []


def test_what_a_killed_process_deleted_is_taken_out_by_the_next(aiana: Aiana, home: Path) -> None:
    memory = aiana.add_memory(f"the word {WORD} must go").memory
    killed = subprocess.run([sys.executable, "-c", KILLED, str(home), memory.id])
    assert killed.returncode == 9
    assert [each.content for each in aiana.list_memories().memories] == ["what is kept"]
    assert holders(home) != []
    assert aiana.status().pending_deletions == 1
    scrub(aiana.container.storage.database)
    assert holders(home) == []
    assert aiana.status().pending_deletions == 0


def test_a_command_returns_when_all_is_done_also_beside_a_server(
    aiana: Aiana, home: Path, environ: dict[str, str]
) -> None:
    memory = aiana.add_memory(f"the word {WORD} must go").memory
    aiana.close()
    with Client(environ) as client:
        client.initialize()
        done = subprocess.run(
            [sys.executable, "-m", "aiana", "forget", memory.id],
            env=environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.stdout.startswith("1 memory forgotten.\n"), done.stderr
        if "not yet" not in done.stdout:  # of the log, if the server read it all the while
            assert set(holders(home)) <= {"conversations.db-wal"}
        until(lambda: client.request("aiana/status")["pendingDeletions"] == 0)
        assert holders(home) == []
