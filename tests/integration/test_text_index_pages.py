"""Words go from the full-text index where they stand, and what else it holds is found as before."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aiana.storage import AianaStorage
from aiana.storage.text_index_levels import segments_of, structure_of
from aiana.storage.text_index_pages import take_out, words_of

LETTERS = "abcxyzäß認"
CHECK = "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The index of a real database, without what guards that."""
    AianaStorage(tmp_path / "conversations.db").close()
    with closing(sqlite3.connect(tmp_path / "conversations.db", isolation_level=None)) as opened:
        yield opened


def add(connection: sqlite3.Connection, text: str) -> int:
    (number,) = connection.execute("SELECT count(*) FROM memories").fetchone()
    key = connection.execute(
        "INSERT INTO memories (id, project_key, memory_type, created_at, updated_at, content_hash, "
        "content) VALUES (?, 1, 'insight', '', '', x'00', ?) RETURNING key",
        (f"m{number} {random.random()}", text),
    ).fetchone()[0]
    return int(key)


def delete(connection: sqlite3.Connection, keys: Iterable[int]) -> list[str]:
    """Delete some at once; returns their words as the index holds them."""
    texts = []
    connection.execute("BEGIN")
    for key in keys:
        query = "DELETE FROM memories WHERE key = ? RETURNING content"
        texts += [text for (text,) in connection.execute(query, (key,)).fetchall()]
    connection.execute("COMMIT")
    return words_of(texts)


def taken_out(connection: sqlite3.Connection, words: list[str]) -> bool:
    connection.execute("BEGIN")
    done = take_out(connection, words)
    connection.execute("COMMIT" if done else "ROLLBACK")
    return done


def pages(connection: sqlite3.Connection) -> dict[int, bytes]:
    return dict(connection.execute("SELECT id, block FROM messages_fts_data WHERE id > 10"))


def stands_in(connection: sqlite3.Connection, word: str) -> bool:
    """Whether a page or the index of pages holds the end of a word, which no other word has."""
    bounds = [bytes(term) for (term,) in connection.execute("SELECT term FROM messages_fts_idx")]
    return any(word.encode()[-5:] in each for each in (*pages(connection).values(), *bounds))


def found(connection: sqlite3.Connection, expression: str) -> set[int]:
    rows = connection.execute(
        "SELECT -rowid FROM messages_fts WHERE messages_fts MATCH ?", (expression,)
    )
    return {key for (key,) in rows}


def test_a_word_goes_from_a_great_index_by_a_few_pages(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO projects (key, id, name) VALUES (1, 'p', 'p')")
    connection.execute("BEGIN")
    kept = [add(connection, f"kept {' '.join(f'w{n}x{m}' for m in range(60))}") for n in range(300)]
    secret = add(connection, "kept quinkelberg w7x7")
    connection.execute("COMMIT")
    connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('optimize')")
    before = pages(connection)
    assert len(before) > 30
    words = delete(connection, [secret])
    assert stands_in(connection, "quinkelberg")
    assert taken_out(connection, words)
    assert not stands_in(connection, "quinkelberg")
    after = pages(connection)
    assert len([id for id in before if after[id] != before[id]]) == 1
    connection.execute(CHECK)
    assert found(connection, "w7x7") == {kept[7]}
    assert found(connection, "kept") == set(kept)


def test_what_another_text_says_stays(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO projects (key, id, name) VALUES (1, 'p', 'p')")
    stays = add(connection, "zebrafinch")
    words = delete(connection, [add(connection, "zebrafinch quinkelberg")])
    assert taken_out(connection, words)
    assert found(connection, "zebrafinch") == {stays}
    assert not stands_in(connection, "quinkelberg")


def test_a_page_of_another_form_is_left_alone(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO projects (key, id, name) VALUES (1, 'p', 'p')")
    words = delete(connection, [add(connection, "zebrafinch quinkelberg")])
    connection.execute(
        "UPDATE messages_fts_data SET block = CAST(block || x'00' AS BLOB) WHERE id > 10"
    )
    before = pages(connection)
    assert not taken_out(connection, words)
    assert pages(connection) == before


@pytest.mark.parametrize("seed", range(6))
def test_whatever_goes_the_index_fits_what_stays(connection: sqlite3.Connection, seed: int) -> None:
    """Small pages and merges at any moment, so that words and documents span pages."""
    chance = random.Random(seed)
    connection.execute("INSERT INTO projects (key, id, name) VALUES (1, 'p', 'p')")
    for option, values in (("pgsz", (32, 64, 200, 1000)), ("automerge", (0, 2, 4, 8))):
        connection.execute(
            "INSERT INTO messages_fts(messages_fts, rank) VALUES (?, ?)",
            (option, chance.choice(values)),
        )
    vocabulary = [
        "".join(chance.choice(LETTERS) for _ in range(chance.randint(1, 12)))
        for _ in range(chance.choice([30, 300, 2000]))
    ]
    held: dict[int, set[str]] = {}
    done = 0
    for _step in range(60):
        for _new in range(chance.choice([1, 1, 5])):
            some = vocabulary[: 1 + int(len(vocabulary) * chance.random() ** 2)]
            text = " ".join(chance.choices(some, k=chance.choice([1, 3, 20, 200, 2000])))
            held[add(connection, text)] = set(words_of([text]))
        if chance.random() < 0.2:
            connection.execute(
                "INSERT INTO messages_fts(messages_fts, rank) VALUES ('merge', ?)",
                (chance.choice([-10, -2, 3, 10]),),
            )
        if chance.random() < 0.5:
            gone = chance.sample(sorted(held), min(len(held), chance.choice([1, 1, 3, 10])))
            words = delete(connection, gone)
            for key in gone:
                del held[key]
            if taken_out(connection, words):
                done += 1
                left = set().union(*held.values())
                assert not {word for word in words if word not in left} & names(connection)
            connection.execute(CHECK)
    assert done > 10
    for word in chance.sample(sorted(set().union(*held.values())), 20):
        assert found(connection, f'"{word}"') >= {key for key, has in held.items() if word in has}
    connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('optimize')")
    connection.execute(CHECK)


def names(connection: sqlite3.Connection) -> set[str]:
    """The words that the pages name, also for documents that do not have them."""
    from aiana.storage.text_index_pages import _page_of

    held = pages(connection)
    return {
        entry.word[1:].decode("utf-8", "replace")
        for segment in segments_of(structure_of(connection))
        for id, block in held.items()
        if segment.number << 37 | segment.first <= id <= segment.number << 37 | segment.last
        for entry in _page_of(bytes(block)).entries
    }
