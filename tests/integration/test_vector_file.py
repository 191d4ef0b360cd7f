"""The file of vectors that processes share: derived, checked, and never more than the database."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aiana.config import Config
from aiana.search.catalogue import CatalogueReader
from aiana.search.vector_index import VectorIndex
from aiana.service import open_aiana
from aiana.storage import AianaStorage, array_file, index_files
from aiana.storage.forgetting import scrub
from aiana.storage.vector_file import Vectors
from tests.integration.test_vectors import MODEL, embed, record, unit

WORTH = 8
QUERY = unit(1, seed=99)[0]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "conversations.db") as storage:
        record(storage, "kept", 12)
        record(storage, "gone", 12)
        embed(storage, seed=1)
        yield storage


def file_of(storage: AianaStorage) -> Path | None:
    files = list((storage.database.path.parent / "index").glob("*.bin"))
    assert len(files) < 2
    return files[0] if files else None


def opened(storage: AianaStorage) -> VectorIndex:
    """An index as another process begins with it."""
    index = VectorIndex(storage.database, MODEL, worth_a_file=WORTH)
    index.refresh()
    return index


def cosines(storage: AianaStorage, index: VectorIndex) -> NDArray[np.float32]:
    return index.cosines(QUERY, CatalogueReader(storage.database).current())


def in_memory(storage: AianaStorage) -> NDArray[np.float32]:
    """What an index says that has no file."""
    return cosines(storage, VectorIndex(storage.database, MODEL, worth_a_file=10**9))


def is_as_stored(storage: AianaStorage) -> bool:
    found = cosines(storage, opened(storage))
    return np.array_equal(found, in_memory(storage), equal_nan=True)


def reads_from_database(storage: AianaStorage) -> int:
    """Vectors that an index which begins now reads one by one."""
    return len(opened(storage)._rows.read.keys)


def test_it_is_for_its_owner_and_answers_as_the_database_does(storage: AianaStorage) -> None:
    assert file_of(storage) is None
    assert is_as_stored(storage)
    path = file_of(storage)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert reads_from_database(storage) == 0
    assert is_as_stored(storage)


def test_what_is_new_is_read_beside_it_until_it_is_much(storage: AianaStorage) -> None:
    opened(storage)
    path = file_of(storage)
    assert path is not None
    first = path.stat().st_ino
    record(storage, "more", 3)
    embed(storage, seed=2)
    assert reads_from_database(storage) == 3
    assert is_as_stored(storage)
    assert path.stat().st_ino == first
    record(storage, "much more", 8)
    embed(storage, seed=3)
    assert reads_from_database(storage) == 0
    assert is_as_stored(storage)


def test_what_is_hidden_gives_its_cosines_to_nothing_else(storage: AianaStorage) -> None:
    record(storage, "short", 12, length=40)  # of which one chunk holds several
    record(storage, "hidden", 12, project="q")
    embed(storage, seed=2)
    index = opened(storage)

    def by_document() -> dict[int, float]:
        catalogue = CatalogueReader(storage.database).current()
        found = index.cosines(QUERY, catalogue)
        return dict(zip(catalogue.keys.tolist(), found.tolist(), strict=True))

    before = by_document()
    (storage.database.path.parent / "config.toml").write_text('excludedProjects = ["q"]')
    index = opened(storage)
    after = by_document()
    assert (len(before), len(after)) == (48, 36)
    assert after == {key: before[key] for key in after}
    assert reads_from_database(storage) == 0
    assert is_as_stored(storage)


def test_few_vectors_need_no_file(storage: AianaStorage) -> None:
    VectorIndex(storage.database, MODEL, worth_a_file=25).refresh()
    assert not (storage.database.path.parent / "index").exists()


def flipped(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(bytes(data))


def of_version_1(path: Path) -> None:
    data = path.read_bytes()
    described = array_file._described(data[:4096])
    described["version"] = 1
    path.write_bytes(array_file._header(described) + data[4096:])


def of_another_store(path: Path) -> None:
    home = path.parent.parent / "other"
    with AianaStorage(home / "conversations.db") as other:
        record(other, "theirs", 24)
        embed(other, seed=5)
        opened(other)
        theirs = file_of(other)
        assert theirs is not None
        path.write_bytes(theirs.read_bytes())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\0" * path.stat().st_size),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: flipped(path, 0),
        lambda path: flipped(path, 20),
        lambda path: flipped(path, 4096),
        lambda path: flipped(path, path.stat().st_size - 300),
        lambda path: flipped(path, path.stat().st_size - 1),
        of_version_1,
        of_another_store,
        lambda path: path.unlink(),
    ],
    ids=[
        *("empty", "zeros", "cut", "longer", "magic", "head", "component", "column", "scale"),
        *("version", "store", "missing"),
    ],
)
def test_what_does_not_fit_is_made_anew(storage: AianaStorage, spoil: object) -> None:
    opened(storage)
    path = file_of(storage)
    assert path is not None
    assert callable(spoil)
    spoil(path)
    assert is_as_stored(storage)
    assert reads_from_database(storage) == 0
    assert is_as_stored(storage)


def test_an_older_state_that_was_put_back_is_not_taken_for_the_newer(
    storage: AianaStorage,
) -> None:
    opened(storage)
    with storage.database.writing() as connection:
        connection.execute("DELETE FROM vectors WHERE key > 12")
        connection.execute("UPDATE sqlite_sequence SET seq = 12 WHERE name = 'vectors'")
    embed(storage, seed=7)  # other vectors, which are given the same keys
    assert is_as_stored(storage)


def test_what_is_forgotten_leaves_no_bytes(storage: AianaStorage) -> None:
    others = opened(storage)
    path = file_of(storage)
    assert path is not None
    with storage.database.reading() as connection:
        rows = connection.execute(
            "SELECT v.key, c.message_keys, v.vector, s.id FROM vectors v JOIN chunks c "
            "ON c.key = v.owner JOIN sessions s ON s.key = c.session_key"
        ).fetchall()
    bytes_of = {row[0]: Vectors.of([row[:3]]).components.tobytes() for row in rows}
    forgotten = {row[0] for row in rows if row[3] == "gone"}
    assert len(forgotten) == 12
    assert all(each in path.read_bytes() for each in bytes_of.values())
    _, deleted = storage.sessions.delete("gone")
    assert path not in scrub(storage.database, deleted.forgotten.owed).traces
    held = path.read_bytes()
    assert {key for key, each in bytes_of.items() if each in held} == set(bytes_of) - forgotten
    assert is_as_stored(storage)
    assert np.array_equal(cosines(storage, others), in_memory(storage), equal_nan=True)
    assert len(others) == 12


def test_a_file_of_a_process_that_was_killed_is_swept_up(storage: AianaStorage) -> None:
    opened(storage)
    left = storage.database.path.parent / "index" / ".0123.tmp"
    left.write_bytes(b"half")
    assert index_files.wipe(storage.database) == []
    assert not left.exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_where_it_cannot_be_written_memory_serves(
    storage: AianaStorage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refused)
    index = opened(storage)
    assert np.array_equal(cosines(storage, index), in_memory(storage), equal_nan=True)
    assert index.problem is not None
    assert os.strerror(code) in index.problem
    assert list((storage.database.path.parent / "index").glob("*[!k]")) == []


def test_status_says_where_there_can_be_no_file(storage: AianaStorage) -> None:
    home = storage.database.path.parent
    (home / "index").write_text("in the way")
    aiana = open_aiana(Config(data_dir=home))
    aiana.container.searcher._vector_index = VectorIndex(storage.database, MODEL, WORTH)
    assert "by itself" not in (aiana.status().tiers.sqlite.detail or "")
    aiana.container.searcher._vector_index.refresh()
    sqlite = aiana.status().tiers.sqlite
    assert sqlite.state == "ok"
    assert "each process holds all vectors by itself" in (sqlite.detail or "")
    aiana.close()


def test_processes_that_begin_at_once_agree(storage: AianaStorage) -> None:
    program = (
        "import sys, hashlib\n"
        "from pathlib import Path\n"
        "from aiana.storage import AianaStorage\n"
        "from tests.integration.test_vector_file import cosines, opened\n"
        "with AianaStorage(Path(sys.argv[1])) as storage:\n"
        "    for _ in range(5):\n"
        "        print(hashlib.sha256(cosines(storage, opened(storage)).tobytes()).hexdigest())\n"
    )
    command = [sys.executable, "-c", program, str(storage.database.path)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for _ in range(3)
    ]
    said = [process.communicate(timeout=300)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len({each for lines in said for each in lines}) == 1
    assert [len(lines) for lines in said] == [5, 5, 5]
    assert is_as_stored(storage)
