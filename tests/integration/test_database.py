"""What is acknowledged is in the file that stands at the path, whatever happens to it meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.errors import AianaError, NotFound, ReadOnly, StorageUnavailable
from aiana.service import open_aiana
from aiana.storage import AianaStorage
from aiana.storage import database as database_module
from tests.integration.opened_at_once import PROCESSES
from tests.lsp.client import Client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "conversations.db"


@pytest.fixture
def storage(path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(path) as opened:
        opened.memories.add("at first")
        yield opened


def texts(storage: AianaStorage) -> set[str]:
    return {memory.content for memory in storage.memories.page()[0]}


def kept(path: Path) -> set[str]:
    """What a process that starts now finds."""
    with AianaStorage(path) as opened:
        return texts(opened)


def log_of(path: Path) -> Path:
    return path.with_name("conversations.db-wal")


def deleted(path: Path) -> None:
    path.unlink()


def deleted_with_log(path: Path) -> None:
    for file in list(path.parent.iterdir()):
        file.unlink()


def folder_deleted(path: Path) -> None:
    shutil.rmtree(path.parent)


def moved(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def log_deleted(path: Path) -> None:
    log_of(path).unlink()


def replaced(path: Path) -> None:
    other = path.parent.with_name("other")
    with AianaStorage(other / "conversations.db") as storage:
        storage.memories.add("of another")
    (other / "conversations.db").replace(path)


@pytest.mark.parametrize(
    ("happens", "known"),
    [
        (deleted, set()),
        (deleted_with_log, set()),
        (folder_deleted, set()),
        (moved, set()),
        (folder_moved, set()),
        (log_deleted, {"at first"}),
        (replaced, {"of another"}),
    ],
)
def test_a_write_is_in_the_file_that_stands_there(
    storage: AianaStorage, path: Path, happens: Callable[[Path], None], known: set[str]
) -> None:
    happens(path)
    storage.memories.add("afterwards")
    assert texts(storage) == known | {"afterwards"}
    assert kept(path) == known | {"afterwards"}
    assert storage.search("afterwards")[0].content is not None
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize("happens", [deleted, moved, replaced, folder_moved])
def test_readers_see_the_file_that_stands_there(
    storage: AianaStorage, path: Path, happens: Callable[[Path], None]
) -> None:
    assert [hit.content for hit in storage.search("first")] == ["at first"]
    happens(path)
    assert storage.search("first") == []
    assert texts(storage) == ({"of another"} if happens is replaced else set())


def test_a_moved_file_has_all_that_was_written_to_it(storage: AianaStorage, path: Path) -> None:
    storage.memories.add("shortly before")
    moved(path)
    storage.memories.add("afterwards")
    assert kept(path.with_name("moved.db")) == {"at first", "shortly before"}


def test_write_into_a_removed_file(storage: AianaStorage, path: Path) -> None:
    def write() -> None:
        with storage.database.writing() as connection:
            connection.execute("DELETE FROM memories")
            replaced(path)

    with pytest.raises(StorageUnavailable, match="was moved or replaced"):
        write()
    assert texts(storage) == {"of another"}


def test_a_foreign_file_in_its_place_is_left_alone(storage: AianaStorage, path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    for use in (lambda: storage.memories.add("x"), lambda: storage.memories.page()) * 2:
        with pytest.raises(StorageUnavailable, match="belongs to another program"):
            use()
    path.unlink()
    storage.memories.add("again")
    assert kept(path) == {"again"}


def test_a_server_notices_before_it_acknowledges(path: Path) -> None:
    environ = {
        **os.environ,
        "AIANA_HOME": str(path.parent),
        "CLAUDE_CONFIG_DIR": str(path.parent / "none"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
    }
    with Client(environ) as client:
        client.initialize()
        client.request("aiana/memory/add", {"content": "at first"})
        path.unlink()
        client.request("aiana/memory/add", {"content": "afterwards"})
        assert kept(path) == {"afterwards"}
        listed = client.request("aiana/memory/list", {})["memories"]
        assert [memory["content"] for memory in listed] == ["afterwards"]


def test_a_failed_commit_keeps_no_transaction_open(storage: AianaStorage, path: Path) -> None:
    with storage.database.writing() as connection:
        connection.execute("CREATE TABLE a (x PRIMARY KEY)")
        connection.execute("CREATE TABLE b (x REFERENCES a(x) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), storage.database.writing() as connection:
        connection.execute("INSERT INTO b VALUES (1)")
    storage.memories.add("afterwards")
    assert kept(path) == {"at first", "afterwards"}


def test_a_clean_exit_leaves_one_file_that_is_a_backup(path: Path, tmp_path: Path) -> None:
    with AianaStorage(path) as opened:
        for number in range(50):
            opened.memories.add(f"memory {number}")
        thread = threading.Thread(target=texts, args=(opened,))
        thread.start()
        thread.join()
        texts(opened)
    assert [file.name for file in path.parent.glob("*.db*")] == ["conversations.db"]
    shutil.copy(path, tmp_path / "copy.db")
    assert len(kept(tmp_path / "copy.db")) == 50


def test_checkpoint_by_the_last_process(path: Path) -> None:
    first, second = AianaStorage(path), AianaStorage(path)
    first.memories.add("of the first")
    second.memories.add("of the second")
    texts(second)
    first.close()
    second.close()
    assert [file.name for file in path.parent.glob("*.db*")] == ["conversations.db"]
    assert kept(path) == {"of the first", "of the second"}


def test_wal_size_under_readers(
    storage: AianaStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "MOST_WAL_BYTES", 1 << 20)
    monkeypatch.setattr(database_module, "CHECKPOINT_WAIT_MS", 20_000)
    begun, done = [threading.Event(), threading.Event()], threading.Event()

    def reads(mine: int) -> None:
        # One of the two is always in the middle of reading.
        while not done.is_set():
            with storage.database.reading() as connection:
                connection.execute("SELECT count(*) FROM memories").fetchone()
                begun[mine].set()
                begun[1 - mine].wait(0.2)
                begun[1 - mine].clear()

    threads = [threading.Thread(target=reads, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    largest = 0
    for number in range(60):
        storage.memories.add(f"{number} " + os.urandom(50_000).hex())
        largest = max(largest, log_of(path).stat().st_size)
    done.set()
    for thread in threads:
        thread.join()
    assert largest < 2 << 20


def test_old_read_only_database(path: Path, tmp_path: Path) -> None:
    with AianaStorage(path) as storage, storage.database.writing() as connection:
        connection.execute("PRAGMA user_version = 1")
    with ReadOnlyFolder(path.parent), pytest.raises(StorageUnavailable, match="an older Aiana"):
        AianaStorage(path)


class ReadOnlyFolder:
    """A folder that cannot be written: a file system mounted so, or by its permissions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mounted = False

    def __enter__(self) -> None:
        if os.geteuid() == 0:
            for options in (["--bind"], ["-o", "remount,ro,bind"]):
                command = ["mount", *options, str(self._folder), str(self._folder)]
                if subprocess.run(command, capture_output=True, check=False).returncode:
                    self.__exit__()
                    pytest.skip("nothing can be mounted here, and root may write everywhere")
                self._mounted = True
        else:
            for path in (*self._folder.iterdir(), self._folder):
                path.chmod(path.stat().st_mode & ~0o222)

    def __exit__(self, *_: object) -> None:
        if self._mounted:
            command = ["umount", "--lazy", str(self._folder)]
            subprocess.run(command, capture_output=True, check=False)
        elif os.geteuid():
            for path in (self._folder, *self._folder.iterdir()):
                path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_what_cannot_be_written_is_read_and_heals(path: Path) -> None:
    with AianaStorage(path) as storage:
        storage.memories.add("before")
    with ReadOnlyFolder(path.parent):
        storage = AianaStorage(path)
        assert storage.database.read_only
        assert texts(storage) == {"before"}
        assert [hit.content for hit in storage.search("before")] == ["before"]
        with pytest.raises(ReadOnly, match="read-only"):
            storage.memories.add("too early")
        aiana = open_aiana(Config(data_dir=path.parent))
        assert aiana.list_memories().memories[0].content == "before"
        state = aiana.status()
        assert (state.tiers.sqlite.state, state.health) == ("ok", "warning")
        assert "read-only: it is searched" in state.tiers.sqlite.detail
        assert state.message.endswith("; the database is read-only: nothing new is kept")
        with pytest.raises(ReadOnly):
            aiana.add_memory("too early")
    storage.memories.add("afterwards")
    assert not storage.database.read_only
    aiana.add_memory("later")
    assert texts(storage) == {"before", "afterwards", "later"}
    aiana.close()
    storage.close()
    assert kept(path) == {"before", "afterwards", "later"}


@pytest.mark.parametrize("left", [True, False], ids=["a log is left", "all is in one file"])
def test_it_heals_while_other_threads_have_read_it(path: Path, left: bool) -> None:
    """What they have open to read keeps nobody from writing."""
    program = "import os; storage.memories.add('before'); " + "os._exit(0)" * left
    opened = "import sys; from pathlib import Path; from aiana.storage import AianaStorage"
    command = f"{opened}\nwith AianaStorage(Path(sys.argv[1])) as storage: {program}"
    subprocess.run([sys.executable, "-c", command, path], check=True)
    assert path.with_name(path.name + "-wal").exists() is left
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as other:
        with ReadOnlyFolder(path.parent):
            storage = stack.enter_context(AianaStorage(path))
            assert storage.database.read_only
            assert other.submit(texts, storage).result() == {"before"}
        storage.memories.add("afterwards")
        assert other.submit(texts, storage).result() == {"before", "afterwards"}
    assert kept(path) == {"before", "afterwards"}


def test_a_home_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with ReadOnlyFolder(tmp_path), pytest.raises(ReadOnly, match="cannot be used"):
        AianaStorage(tmp_path / "home" / "conversations.db")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_that_may_not_be_entered_says_so(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ENTERS_NOT, str(path.parent)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if done.returncode == 77:
        pytest.skip("root cannot become somebody else here")
    assert done.stdout.strip() == "ReadOnly", done.stderr


_ENTERS_NOT = """
import os, sys, tempfile
from pathlib import Path
from aiana.errors import AianaError
from aiana.storage import AianaStorage
import aiana.search.engine
home = Path(tempfile.mkdtemp()) / "home"
os.chmod(home.parent, 0o777)
home.mkdir(mode=0o000)
if os.geteuid() == 0:
    try:
        os.setgid(65534)
        os.setuid(65534)
    except OSError:
        sys.exit(77)
try:
    AianaStorage(home / "conversations.db")
except AianaError as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("home", "words"),
    [("a" * 300, "its name is too long"), ("x/" * 3000 + "y", "its name is too long")],
)
def test_a_path_that_is_too_long_says_so(tmp_path: Path, home: str, words: str) -> None:
    with pytest.raises(StorageUnavailable, match=words):
        AianaStorage(tmp_path / home / "conversations.db")


def test_a_file_where_a_folder_should_be_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in ("file", "file/below"):
        with pytest.raises(StorageUnavailable):
            AianaStorage(tmp_path / home / "conversations.db")


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_no_file_left_to_open_says_so(storage: AianaStorage) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    problems: list[AianaError] = []

    def reads() -> None:
        try:
            texts(storage)
        except AianaError as error:
            problems.append(error)

    used = os.open(os.devnull, os.O_RDONLY)
    os.close(used)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
        thread = threading.Thread(target=reads)
        thread.start()
        thread.join()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "this process has too many files open" in str(problems[0])
    assert texts(storage) == {"at first"}


def test_a_full_disk_at_the_first_start_says_so(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(StorageUnavailable) as error:
            AianaStorage(disk / "conversations.db")
        assert "full" in str(error.value)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        with AianaStorage(disk / "conversations.db") as storage:
            storage.memories.add("room")
            assert texts(storage) == {"room"}
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    for version in (0, 1, 9):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS recipes (name)")
            connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        before = path.read_bytes()
        with pytest.raises(StorageUnavailable, match="belongs to another program"):
            AianaStorage(path)
        assert path.read_bytes() == before


def test_damaged_pages_say_so(path: Path) -> None:
    with AianaStorage(path) as storage:
        for number in range(200):
            storage.memories.add(f"memory {number} " + "x" * 500)
    data = bytearray(path.read_bytes())
    for page in range(len(data) // 8192, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(data)
    with AianaStorage(path) as storage:
        for use in (
            lambda: storage.memories.page(limit=1000),
            lambda: storage.memories.add("memory 7 " + "x" * 500),
            lambda: storage.rebuild_text_index(),
        ):
            with pytest.raises(StorageUnavailable, match="damaged"):
                use()


def test_lone_surrogates_in_ids(storage: AianaStorage) -> None:
    half = "\ud83d"
    for use in (
        lambda: storage.memories.get(half),
        lambda: storage.sessions.get(half * 4),
        lambda: storage.memories.delete([half]),
        lambda: storage.sessions.delete(half),
        lambda: storage.preferences.remove(half),
    ):
        with pytest.raises(NotFound):
            use()
    assert storage.list_sessions(half) == []
    storage.memories.add(f"x{half}", project=half, session_id=half, tags=[half])
    assert texts(storage) == {"at first", "x?"}


def test_what_the_file_system_says_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", fails)
    with pytest.raises(ReadOnly, match="the file system is read-only"):
        AianaStorage(tmp_path / "home" / "conversations.db")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin at one moment")
@pytest.mark.parametrize("version", [0, 1, 12])
def test_processes_that_open_a_new_or_an_old_one_at_once_all_can(
    tmp_path: Path, version: int
) -> None:
    rounds = 10
    command = [sys.executable, "-m", "tests.integration.opened_at_once"]
    done = subprocess.run(
        [*command, str(tmp_path), str(version), str(rounds)], capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["opened"] * rounds * PROCESSES
    for folder in tmp_path.iterdir():
        path = folder / "conversations.db"
        assert len(kept(path)) == PROCESSES
        copies = [folder / "backups" / f"conversations-v{version}.db"] if version else []
        assert list(folder.glob("backups/*")) == copies
        for copy in copies:
            with contextlib.closing(sqlite3.connect(copy)) as connection:
                assert connection.execute("PRAGMA user_version").fetchone() == (version,)
                assert connection.execute("SELECT text FROM preferences").fetchall() == [
                    ("Uses uv",)
                ]


def test_one_process_at_a_time_writes_or_puts_the_log_into_the_database(path: Path) -> None:
    first, second = AianaStorage(path), AianaStorage(path)
    done: list[str] = []

    def write() -> None:
        second.memories.add("of the second")
        done.append("written")
        second.database.checkpoint()
        done.append("emptied")

    other = threading.Thread(target=write)
    with first.database.maintaining():  # no transaction, so that SQLite keeps nobody out
        other.start()
        other.join(0.3)
        done.append("first")
    other.join()
    assert done == ["first", "written", "emptied"]
    first.close()
    second.close()


def test_who_waits_too_long_for_a_turn_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiana.storage.write_turn.WAIT_S", 0.05)
    with AianaStorage(path) as first, AianaStorage(path) as second:
        with first.database.writing(), pytest.raises(StorageUnavailable, match="has been locked"):
            second.memories.add("of the second")
        second.memories.add("of the second")
        assert texts(first) == {"of the second"}


def test_closing_leaves_a_thread_that_reads_its_connection_until_it_is_done(path: Path) -> None:
    # Closed under another thread's statement, a connection takes the whole process with it.
    storage = AianaStorage(path)
    storage.memories.add("at first")
    reads, closed = threading.Event(), threading.Event()
    found: list[object] = []

    def read() -> None:
        with storage.database.reading() as connection:
            reads.set()
            closed.wait(60)
            found.extend(connection.execute("SELECT content FROM memories").fetchall())
        with contextlib.suppress(StorageUnavailable):
            found.extend(texts(storage))

    thread = threading.Thread(target=read)
    thread.start()
    assert reads.wait(60)
    storage.close()
    closed.set()
    thread.join()
    assert found == [("at first",)]
    assert kept(path) == {"at first"}
