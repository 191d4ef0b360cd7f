"""A copy of everything while others write, and the way back to it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.errors import Conflict, ModelUnavailable, NotFound, StorageUnavailable
from aiana.service import Aiana, open_aiana
from aiana.storage.backups import backups_in, checked
from aiana.storage.migrations import MIGRATIONS

_WRITER = """
import sys
from pathlib import Path
from aiana.config import Config
from aiana.service import open_aiana
aiana = open_aiana(Config(data_dir=Path(sys.argv[1])))
number = 0
while True:
    text = f"writer {sys.argv[2]} wrote {number}"
    aiana.add_memory(text)
    print(text, flush=True)
    number += 1
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def aiana(home: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=home))
    opened.add_memory("what was known at first")
    yield opened
    opened.close()


def texts(home: Path) -> set[str]:
    aiana = open_aiana(Config(data_dir=home))
    try:
        return {memory.content for memory in aiana.list_memories(limit=100_000).memories}
    finally:
        aiana.close()


def test_backup_is_private_and_whole(aiana: Aiana, home: Path) -> None:
    made = aiana.back_up()
    path = Path(made.path)
    assert (path.parent, made.memories, made.sessions) == (home / "backups", 1, 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as copy, copy:
        assert copy.execute("SELECT content FROM memories").fetchall() == [
            ("what was known at first",)
        ]


def test_backup_keeps_the_newest_ones(aiana: Aiana, home: Path) -> None:
    made = [aiana.back_up(keep=3).path for _ in range(5)]
    assert [str(path) for path in backups_in(home / "backups")] == made[:1:-1]


def test_backup_to_a_file_of_its_own(aiana: Aiana, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "copy.db"
    target.parent.mkdir()
    assert aiana.back_up(target).path == str(target)
    before = target.read_bytes()
    with pytest.raises(Conflict, match="is there already"):
        aiana.back_up(target)
    assert target.read_bytes() == before
    assert aiana.backups() == []


def test_restore_gives_back_what_was_stored(aiana: Aiana, home: Path) -> None:
    made = aiana.back_up()
    aiana.add_memory("what was learnt later")
    aiana.close()
    again = open_aiana(Config(data_dir=home))
    restored = again.restore(Path(made.path))
    assert texts(home) == {"what was known at first"}
    assert restored.replaced is not None
    kept = checked(Path(restored.replaced))
    assert (kept.memories, Path(kept.path).parent) == (2, home / "backups")


def test_restore_where_nothing_is_stored(aiana: Aiana, home: Path, tmp_path: Path) -> None:
    made = aiana.back_up(tmp_path / "copy.db")
    aiana.close()
    shutil.rmtree(home)
    assert open_aiana(Config(data_dir=home)).restore(Path(made.path)).replaced is None
    assert texts(home) == {"what was known at first"}


def test_restore_over_a_damaged_database(aiana: Aiana, home: Path) -> None:
    made = aiana.back_up()
    aiana.close()
    database = home / "conversations.db"
    database.write_bytes(b"damaged" * 1000)
    restored = open_aiana(Config(data_dir=home)).restore(Path(made.path))
    assert texts(home) == {"what was known at first"}
    assert restored.replaced is not None
    assert Path(restored.replaced).read_bytes() == b"damaged" * 1000
    assert restored.forgotten is None


def test_restore_while_in_use(aiana: Aiana, home: Path) -> None:
    made = aiana.back_up()
    aiana.add_memory("later")
    aiana.close()
    other = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(home), "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline()
        with pytest.raises(Conflict, match="close the editors"):
            open_aiana(Config(data_dir=home)).restore(Path(made.path))
        assert not list((home / "backups").glob("replaced-*"))
    finally:
        other.kill()
        other.communicate()
    assert "later" in texts(home)


def test_restore_refuses_what_is_no_whole_backup(aiana: Aiana, home: Path, tmp_path: Path) -> None:
    made = Path(aiana.back_up(tmp_path / "copy.db").path)
    aiana.close()
    cut = tmp_path / "cut.db"
    cut.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    empty = tmp_path / "empty.db"
    empty.touch()
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection, connection:
        connection.execute("CREATE TABLE something (x)")
    newer = tmp_path / "newer.db"
    shutil.copy(made, newer)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    again = open_aiana(Config(data_dir=home))
    for path, reason in (
        (cut, "damaged"),
        (empty, "holds no memory"),
        (foreign, "another program"),
        (newer, "newer Aiana"),
    ):
        with pytest.raises(StorageUnavailable, match=reason):
            again.restore(path)
    with pytest.raises(NotFound, match="is no file"):
        again.restore(tmp_path / "nothing.db")
    assert texts(home) == {"what was known at first"}


def test_restore_of_an_older_version(aiana: Aiana, home: Path) -> None:
    made = Path(aiana.back_up().path)
    aiana.close()
    with closing(sqlite3.connect(made)) as connection, connection:
        connection.execute("PRAGMA user_version = 1")
        assert checked(made).memories == 1


def test_backup_during_writes(aiana: Aiana, home: Path) -> None:
    """Backup during writes holds every memory acknowledged before."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(home), str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    acknowledged: list[str] = []
    started = threading.Barrier(len(writers) + 1, timeout=60)

    def listen(writer: subprocess.Popen[str]) -> None:
        assert writer.stdout is not None
        for number, line in enumerate(writer.stdout):
            acknowledged.append(line.strip())
            if number == 5:
                started.wait()

    threads = [threading.Thread(target=listen, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        started.wait()
        before = set(acknowledged)
        made = aiana.back_up()
    finally:
        for writer in writers:
            writer.kill()
        for writer, thread in zip(writers, threads, strict=True):
            writer.wait()
            thread.join()
            assert writer.stdout is not None
            writer.stdout.close()
    aiana.close()
    open_aiana(Config(data_dir=home)).restore(Path(made.path))
    assert before <= texts(home)
    assert made.memories == len(texts(home))


def test_forget_reaches_backups_and_replaced_stores(aiana: Aiana, home: Path) -> None:
    """What is forgotten is gone from backups and replaced stores."""
    added = aiana.add_memory("the word zanzibarium must go").memory
    made = aiana.back_up()
    aiana.close()
    again = open_aiana(Config(data_dir=home))
    again.restore(Path(made.path))
    receipt = again.delete_memories([added.id]).receipt
    again.close()
    assert receipt is not None
    assert receipt.traces == []
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files if b"zanzibarium" in path.read_bytes()]


def test_what_is_forgotten_while_a_backup_is_made_is_not_in_it(aiana: Aiana, home: Path) -> None:
    added = aiana.add_memory("the word zanzibarium must go").memory
    other = open_aiana(Config(data_dir=home))
    deletion = threading.Thread(target=other.delete_memories, args=([added.id],))

    def forget(done: int, total: int, detail: str) -> None:
        if deletion.ident is None:
            deletion.start()
            while other.list_memories().memories[0].id == added.id:  # until it is deleted
                pass

    made = aiana.back_up(progress=forget)
    deletion.join()
    other.close()
    assert b"zanzibarium" not in Path(made.path).read_bytes()
    assert checked(Path(made.path)).memories == 1


def test_a_backup_that_another_program_reads_is_kept(aiana: Aiana, home: Path) -> None:
    added = aiana.add_memory("the word zanzibarium must go").memory
    made = aiana.back_up()
    deletion = threading.Thread(target=aiana.delete_memories, args=([added.id],))
    with closing(sqlite3.connect(made.path, isolation_level=None)) as reader:
        reader.execute("BEGIN EXCLUSIVE")
        deletion.start()
        deletion.join(6)  # longer than SQLite waits of itself
    deletion.join()
    assert b"zanzibarium" not in Path(made.path).read_bytes()
    assert checked(Path(made.path)).memories == 1


def test_what_a_killed_process_forgot_goes_from_backups_later(aiana: Aiana, home: Path) -> None:
    added = aiana.add_memory("the word zanzibarium must go").memory
    made = Path(aiana.back_up().path)
    killed = f"""
import os
from pathlib import Path
from aiana.config import Config
from aiana.service import open_aiana
from aiana.storage import forgetting
forgetting.rewrite_backups = lambda *given: os._exit(9)
open_aiana(Config(data_dir=Path({str(home)!r}))).delete_memories([{added.id!r}])
"""
    assert subprocess.run([sys.executable, "-c", killed]).returncode == 9
    assert [memory.content for memory in aiana.list_memories().memories] == [
        "what was known at first"
    ]
    assert b"zanzibarium" in made.read_bytes()
    with suppress(ModelUnavailable):
        aiana.index_pending()
    assert checked(made).memories == 1
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files if b"zanzibarium" in path.read_bytes()]
    with aiana.container.storage.database.reading() as connection:
        assert not connection.execute("SELECT * FROM facts WHERE name LIKE 'owed%'").fetchall()


def run(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aiana", *arguments],
        env={**os.environ, "AIANA_HOME": str(home), "NO_COLOR": "1", **more},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (
            "notes.txt/copy.db",
            "there is no folder {folder}/notes.txt. Make it first, or name another file.",
        ),
        (
            "stick/copy.db",
            "there is no folder {folder}/stick. Make it first, or name another file.",
        ),
        ("{long}.db", "File name too long. Name another file."),
    ],
)
def test_a_place_where_no_copy_can_be(tmp_path: Path, output: str, why: str) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    path = tmp_path / output.format(long="x" * 300)
    done = run(tmp_path / "home", "backup", "--output", str(path))
    told = f"error: {path} cannot be written: {why.format(folder=tmp_path)}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)
    assert not (tmp_path / "stick").exists()


def conversation(projects: Path, name: str, *texts: str) -> None:
    """A session of Claude Code."""
    projects.mkdir(parents=True, exist_ok=True)
    with (projects / f"{name}.jsonl").open("w") as file:
        for number, text in enumerate(texts):
            record = {
                "type": "user",
                "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name}{number}{text}")),
                "sessionId": name,
                "timestamp": f"2026-02-01T12:00:{number:02}.000Z",
                "cwd": "/home/u/app",
                "message": {"role": "user", "content": text},
            }
            file.write(json.dumps(record) + "\n")


def everything(home: Path) -> set[str]:
    aiana = open_aiana(Config(data_dir=home))
    try:
        sessions = aiana.list_sessions(limit=100).sessions
        said = [m.content for each in sessions for m in aiana.session_messages(each.id).messages]
        preferred = [preference.text for preference in aiana.profile().static]
        return {*said, *preferred, *(memory.content for memory in aiana.list_memories().memories)}
    finally:
        aiana.close()


def test_what_was_forgotten_since_a_backup_stays_forgotten(
    aiana: Aiana, home: Path, tmp_path: Path
) -> None:
    projects = tmp_path / "claude" / "projects" / "-home-u-app"
    conversation(projects, "whole", "Where does the quinkelberg stand?", "yes")
    conversation(projects, "partly", "The launch code is zanzibarium", "something kept")
    memory = aiana.add_memory("marzipan is in the drawer").memory
    aiana.add_preference("Likes tabs")
    preference = aiana.add_preference("Likes to be called fribbleton").static[-1]
    aiana.close()
    more = {"CLAUDE_CONFIG_DIR": str(tmp_path / "claude"), "AIANA_EMBEDDING_MODEL": "none"}
    backup = tmp_path / "stick" / "aiana.db"
    backup.parent.mkdir()
    for arguments in (
        ("import", "--no-embed"),
        ("backup", "--output", str(backup)),
        ("forget", "--session", "whole"),
        ("forget", "--text", "zanzibarium", "--yes"),
        ("forget", memory.id),
        ("preferences", "--remove", preference.id),
    ):
        done = run(home, *arguments, **more)
        assert done.returncode == 0, done.stderr
    kept = {"what was known at first", "something kept", "Likes tabs"}
    assert everything(home) == kept
    before = backup.read_bytes()
    restored = run(home, "restore", str(backup), "--yes", **more)
    assert restored.returncode == 0, restored.stderr
    assert (
        "What was forgotten since stays forgotten: 1 session, 1 message, 1 memory, "
        "1 preference.\n" in restored.stdout
    )
    assert backup.read_bytes() == before
    assert everything(home) == kept
    for path in home.rglob("*"):
        if path.is_file():
            for word in (b"quinkelberg", b"zanzibarium", b"marzipan", b"fribbleton"):
                assert word not in path.read_bytes(), path
    # Transcripts are looked at again, as far as they had been read when the backup was made, too.
    for transcript in projects.iterdir():
        transcript.touch()
        shutil.copy(transcript, transcript.with_name(f"copy-{transcript.name}"))
    assert run(home, "import", "--no-embed", **more).returncode == 0
    assert everything(home) == kept


def test_a_backup_of_another_store_loses_what_was_forgotten_here(
    aiana: Aiana, home: Path, tmp_path: Path
) -> None:
    """Whose tombstones are made with another key, and stay known as well."""
    text = "a memory of forty characters and of some more"
    other = open_aiana(Config(data_dir=tmp_path / "other"))
    for content in (text, "what stays", "gone there"):
        added = other.add_memory(content).memory
    other.delete_memories([added.id])
    made = Path(other.back_up(tmp_path / "copy.db").path)
    other.close()
    aiana.delete_memories([aiana.add_memory(text).memory.id])
    aiana.close()
    restored = open_aiana(Config(data_dir=home)).restore(made)
    assert restored.forgotten is not None
    assert (restored.forgotten.memories, restored.forgotten.things) == (1, 1)
    assert texts(home) == {"what stays"}
    archive = tmp_path / "archive.jsonl"
    for content in (text, "gone there"):
        elsewhere = open_aiana(Config(data_dir=tmp_path / content))
        elsewhere.add_memory(content)
        archive.write_text("".join(elsewhere.archive()))
        elsewhere.close()
        here = open_aiana(Config(data_dir=home))
        here.import_sessions(paths=[str(archive)])
        here.close()
    assert texts(home) == {"what stays"}


def test_what_was_restored_from_a_backup_of_all_is_not_lost(aiana: Aiana, home: Path) -> None:
    """What is there just as well, or was only not there yet, is not taken for forgotten."""
    aiana.delete_memories([aiana.add_memory("gone before").memory.id])
    aiana.add_memory("in both")
    made = Path(aiana.back_up().path)
    aiana.close()
    restored = open_aiana(Config(data_dir=home)).restore(made)
    assert restored.forgotten is not None
    assert restored.forgotten.things == 0
    assert texts(home) == {"what was known at first", "in both"}


def test_a_clock_that_was_put_back(
    aiana: Aiana, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is made then is the newest all the same, and stays."""
    made = []
    for number, moment in enumerate(("2027-03-01T10:00:00.999Z", "2026-11-27T10:00:00.000Z") * 2):
        monkeypatch.setattr("aiana.storage.backups.now", lambda moment=moment: moment)
        aiana.add_memory(f"number {number}")
        made.append(Path(aiana.back_up(keep=2).path))
        assert [Path(each.path) for each in aiana.backups()] == made[-2:][::-1]
    assert made[1].name == "conversations-2027-03-01T100001.000Z.db"
    assert aiana.backup_at(None).path == str(made[-1])
    monkeypatch.setattr("aiana.storage.backups.now", lambda: "2020-01-01T00:00:00.000Z")
    aiana.close()
    kept = []
    for backup in made[-2:]:
        again = open_aiana(Config(data_dir=home))
        kept.append(again.restore(backup).replaced)
    assert len(set(kept)) == 2
    assert texts(home) == {"what was known at first", *(f"number {number}" for number in range(4))}


def test_what_was_kept_again_after_it_was_forgotten_is_restored(aiana: Aiana, home: Path) -> None:
    memory = aiana.add_memory("kept again").memory
    preference = aiana.add_preference("Likes tabs").static[0]
    made = Path(aiana.back_up(home.parent / "copy.db").path)
    aiana.delete_memories([memory.id])
    aiana.remove_preference(preference.id)
    aiana.add_memory("kept again")
    aiana.add_preference("Likes tabs")
    aiana.close()
    restored = open_aiana(Config(data_dir=home)).restore(made)
    assert restored.forgotten is not None
    assert restored.forgotten.things == 0
    assert everything(home) == {"what was known at first", "kept again", "Likes tabs"}


def test_commands(aiana: Aiana, home: Path) -> None:
    aiana.close()
    assert "There is no backup yet" in run(home, "restore", "--list").stdout
    assert run(home, "restore").returncode == 1
    made = json.loads(run(home, "backup", "--json").stdout)
    assert made["memories"] == 1
    assert run(home, "remember", "later").returncode == 0
    listed = json.loads(run(home, "restore", "--list", "--json").stdout)
    assert listed == {"backups": [made]}
    asked = run(home, "restore")
    assert (asked.returncode, "say --yes" in asked.stderr) == (2, True)
    done = run(home, "restore", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Restored 0 sessions, 0 messages, 1 memory" in done.stdout
    assert "What was stored before is kept: " in done.stdout
    assert texts(home) == {"what was known at first"}
