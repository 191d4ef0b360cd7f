"""Search over a real database: a small golden set, filters, and what a user may type."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aiana.embeddings import Embedder
from aiana.indexing.chunking import chunks_of
from aiana.models import Message, Mode, SearchFilter, Session
from aiana.search.engine import Ranking, Request, search
from aiana.search.query import parse
from aiana.search.ranked import Ranked
from aiana.search.ranking import LEAST_MEANING
from aiana.search.text_index import TextIndex
from aiana.search.vector_index import VectorIndex
from aiana.storage import AianaStorage
from aiana.storage.migrations import MIGRATIONS
from aiana.storage.packing import pack

CORPUS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "retrieval" / "corpus.json").read_text("utf-8")
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
MODEL = "all-MiniLM-L6-v2"


class Library:
    """The golden corpus in a database, and searches in it that answer with names."""

    def __init__(self, path: Path, empty: bool = False) -> None:
        self.storage = AianaStorage(path)
        self.text_index = TextIndex(self.storage.database)
        self.vector_index = VectorIndex(self.storage.database, MODEL)
        self.embedder: Embedder | None = None
        self.names: dict[int, str] = {}
        if empty:
            return
        for number, session in enumerate(CORPUS["sessions"]):
            self.add_session(number, **session)
        for memory in CORPUS["memories"]:
            stored, _ = self.storage.memories.add(
                memory["text"], memory["type"], project=memory["project"]
            )
            self.names[-self.key("memories", stored.id)] = f"memory/{memory['name']}"

    def add_session(
        self, day: int, id: str, project: str, source: str, turns: list[tuple[str, str]]
    ) -> None:
        times = [f"2026-05-{day + 1:02}T10:{minute:02}:00.000Z" for minute in range(len(turns))]
        self.storage.sessions.record(
            Session(id=id, source=source, project=project, started_at=times[0]),
            [
                Message(
                    id=f"{id}-{place}",
                    session_id=id,
                    type="user" if role == "user" else "assistant",
                    role=role,
                    content=text,
                    timestamp=moment,
                )
                for place, ((role, text), moment) in enumerate(zip(turns, times, strict=True))
            ],
        )
        for place in range(len(turns)):
            self.names[self.key("messages", f"{id}-{place}")] = f"{id}/{place}"

    def add_output(self, session: str, text: str) -> None:
        output = Message(
            id="output",
            session_id=session,
            type="tool_result",
            role="tool",
            content=text,
            timestamp="2026-05-01T11:00:00.000Z",
        )
        self.storage.sessions.record(self.storage.sessions.get(session), [output])
        self.names[self.key("messages", "output")] = f"{session}/output"

    def key(self, table: str, id: str) -> int:
        with self.storage.database.reading() as connection:
            (key,) = connection.execute(f"SELECT key FROM {table} WHERE id = ?", (id,)).fetchone()
        return int(key)

    def embed(self, embedder: Embedder) -> None:
        self.embedder = embedder
        while self.storage.chunks.renew(chunks_of):
            pass
        waiting = self.storage.chunks.waiting(MODEL, 1000)
        vectors = embedder.batch_embed([text.content for text in waiting])
        self.storage.chunks.put_vectors(
            MODEL, [(text, pack(row)) for text, row in zip(waiting, vectors, strict=True)]
        )

    def ranking(
        self,
        text: str,
        mode: Mode = "keyword",
        restriction: SearchFilter | None = None,
        explain: bool = False,
        english_only: bool = True,
    ) -> Ranking:
        query = parse(text, NOW)
        return search(
            Request(
                query=query,
                filter=restriction or query.filter,
                mode=mode,
                reads_english_only=english_only,
                now=NOW,
                explain=explain,
            ),
            self.text_index,
            self.vector_index,
            self.embedder.embed if self.embedder else None,
        )

    def found(
        self, text: str, mode: Mode = "keyword", restriction: SearchFilter | None = None
    ) -> list[str]:
        return [self.names[hit.key] for hit in self.ranking(text, mode, restriction).hits]


@contextmanager
def library_of(folder: Path, texts: list[str]) -> Iterator[Library]:
    """A library of one session with these turns, `s/0` by a user, `s/1` by an assistant, ..."""
    library = Library(folder / "conversations.db", empty=True)
    turns = [(("user", "assistant")[place % 2], text) for place, text in enumerate(texts)]
    library.add_session(0, "s", "shop", "test", turns)
    yield library
    library.storage.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    library = Library(tmp_path_factory.mktemp("library") / "conversations.db")
    yield library
    library.storage.close()


@pytest.fixture(scope="module")
def embedded(
    tmp_path_factory: pytest.TempPathFactory, compiled_model_home: Path
) -> Iterator[Library]:
    library = Library(tmp_path_factory.mktemp("embedded") / "conversations.db")
    library.embed(Embedder(device="cpu", models_dir=compiled_model_home / "models"))
    yield library
    library.storage.close()


def expected(query: dict[str, Any]) -> list[str]:
    first = query["first"]
    return first if isinstance(first, list) else [first]


@pytest.mark.parametrize(
    "query", [q for q in CORPUS["queries"] if q.get("mode") != "hybrid"], ids=lambda q: q["text"]
)
def test_the_first_hit_by_words(library: Library, query: dict[str, Any]) -> None:
    assert library.found(query["text"])[0] in expected(query)


@pytest.mark.parametrize(
    "query", [q for q in CORPUS["queries"] if q.get("mode") != "keyword"], ids=lambda q: q["text"]
)
def test_the_first_hit_by_words_and_meaning(embedded: Library, query: dict[str, Any]) -> None:
    assert embedded.found(query["text"], "hybrid")[0] in expected(query)


def test_hits_say_which_lanes_found_them(embedded: Library) -> None:
    ranking = embedded.ranking("food intolerance", "hybrid")
    assert ranking.lanes == ["keyword", "semantic"]
    assert ranking.hits[0].lanes == ["semantic"]
    both = embedded.ranking("rollback of a release", "hybrid").hits[0]
    assert both.lanes == ["keyword", "semantic"]
    assert set(both.scores) == {"keyword", "semantic", "recency"}


def test_without_vectors_words_alone_answer(library: Library) -> None:
    ranking = library.ranking("getUserById", "hybrid")
    assert ranking.lanes == ["keyword"]
    assert library.names[ranking.hits[0].key] == "users/0"


def test_scores_fall_and_lie_between_nothing_and_one(embedded: Library) -> None:
    scores = [hit.score for hit in embedded.ranking("the slow database test", "hybrid").hits]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1


def test_some_of_the_hits_are_those_of_all(library: Library) -> None:
    hits = library.ranking("connection test the").hits
    everything = list(hits)
    assert len(everything) == len(hits) > 3
    assert hits[1:3] == everything[1:3]
    assert (hits[-1], hits[2:]) == (everything[-1], everything[2:])


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("fooBar", [1, 0]),  # as it is typed before another case
        ("foo_bar", [2]),
        ("fooBär", [3]),
    ],
)
def test_a_name_is_found_as_it_is_spelt(tmp_path: Path, text: str, order: list[int]) -> None:
    texts = [
        "the FOOBAR of xfooBar",
        "call fooBar, not fooBarBaz",
        "a foo_bar and xfoo_bar",
        "the FOOBÄR is no fooBärchen, and fooBär is one",
    ]
    with library_of(tmp_path, texts) as library:
        assert library.found(text)[: len(order)] == [f"s/{place}" for place in order]


def test_all_words_outrank_any_word(library: Library) -> None:
    found = library.found("connection nginx")
    assert found[0] == "words/1"
    assert "words/0" in found


@pytest.mark.parametrize(
    ("restriction", "sessions"),
    [
        (SearchFilter(project="example.com/engine"), {"cpp", "parser", "memory"}),
        (SearchFilter(project="recipes"), {"kitchen"}),
        (SearchFilter(project="example.com/unknown"), set()),
        (SearchFilter(sources=["codex"], kinds=["message"]), {"cache", "kitchen", "cpp"}),
        (SearchFilter(session_id="login"), {"login"}),
        (SearchFilter(kinds=["memory"]), {"memory"}),
        (SearchFilter(after="2026-05-07T00:00:00.000Z", kinds=["message"]), {"cpp", "parser"}),
        (SearchFilter(before="2026-05-02T00:00:00.000Z"), {"login"}),
    ],
)
@pytest.mark.parametrize("mode", ["keyword", "hybrid", "semantic"])
def test_filters_hold_in_every_lane(
    embedded: Library, restriction: SearchFilter, sessions: set[str], mode: Mode
) -> None:
    text = "login users catalogue release connection nuts physics file seed"
    found = {name.split("/")[0] for name in embedded.found(text, mode, restriction)}
    assert found == sessions if mode != "semantic" else found <= sessions


def test_roles_leave_memories_out(library: Library) -> None:
    found = library.found("seed file", restriction=SearchFilter(roles=["user"]))
    assert set(found) == {"parser/0", "parser/2"}


def test_a_query_of_filters_alone_gives_the_newest(library: Library) -> None:
    assert library.found("source:claude-code type:message")[:2] == ["parser/3", "parser/2"]
    assert len(library.found("type:conversation")) == 34


def test_a_memory_that_was_changed_is_the_newest(tmp_path: Path) -> None:
    library = Library(tmp_path / "conversations.db")
    memories = {name: key for key, name in library.names.items() if key < 0}
    newest = library.found("type:memory")
    oldest = library.storage.memories.page()[0][-1]
    assert memories[newest[-1]] == -library.key("memories", oldest.id)
    with library.storage.database.writing() as connection:  # as if it were made long ago
        connection.execute("UPDATE memories SET updated_at = '2026-01-01T00:00:00.000Z'")
    library.storage.memories.update(oldest.id, content="quaternion")
    assert library.found("type:memory")[0] == newest[-1]
    assert library.found("quaternion") == [newest[-1]]
    library.storage.close()


def test_an_empty_query_finds_nothing(library: Library) -> None:
    ranking = library.ranking("  ")
    assert list(ranking.hits) == []
    assert (ranking.messages, ranking.memories) == (34, 3)


def test_exclusions_hold_in_the_semantic_lane_too(embedded: Library) -> None:
    assert {"kitchen/0", "kitchen/1"} <= set(embedded.found("food intolerance", "hybrid"))
    found = embedded.found("food intolerance -allergies -allergens", "hybrid")
    assert not {"kitchen/0", "kitchen/1"} & set(found)
    assert "kitchen/3" in found


def test_required_phrase_semantic(embedded: Library) -> None:
    assert embedded.found('pictures "connection reset by peer"', "hybrid") == ["words/0"]


def test_what_is_in_quotes_is_found_as_it_is_spelt(tmp_path: Path) -> None:
    texts = [
        "we fix tests today",
        "the fixed testing went well",
        "fix\n  tests, said Bob",
        "it fix testsuite",
    ]
    with library_of(tmp_path, texts) as library:
        assert set(library.found('"Fix Tests"')) == {"s/0", "s/2"}
        assert library.found('"connection reset"') == []
        (note,) = library.ranking('"connection reset"').notes
        assert note.startswith('"connection reset" stands in no text')


def test_phrase_that_stands_nowhere(tmp_path: Path) -> None:
    """A quote that stands nowhere leaves the rest of the question."""
    with library_of(tmp_path, ["the login broke", "all is well"]) as library:
        ranking = library.ranking('why "connection reset" at login')
        assert [library.names[hit.key] for hit in ranking.hits] == ["s/0"]
        assert ranking.notes == [
            '"connection reset" stands in no text: its words count all the same.'
        ]


def test_phrase_outside_restriction(tmp_path: Path) -> None:
    with library_of(tmp_path, ["connection reset by peer", "the login broke"]) as library:
        restriction = SearchFilter(after="2026-05-01T10:01:00.000Z")
        ranking = library.ranking('login "connection reset"', restriction=restriction)
        assert [library.names[hit.key] for hit in ranking.hits] == ["s/1"]
        assert "though in 1 outside them" in ranking.notes[0]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("login -role:user", {"s/1"}),
        ("login -role:assistant", {"s/0"}),
        ("login -project:shop", set()),
        ("login -project:other", {"s/0", "s/1"}),
        ("login -after:2020", set()),
        ("-role:user", {"s/1"}),
    ],
)
def test_a_filter_turned_round(tmp_path: Path, query: str, left: set[str]) -> None:
    with library_of(tmp_path, ["login broke", "login mended"]) as library:
        assert set(library.found(query)) == left


def test_an_empty_answer_counts_what_lies_outside(tmp_path: Path) -> None:
    with library_of(tmp_path, ["login broke", "login mended", "all is well"]) as library:
        ranking = library.ranking("login after:2027")
        assert (list(ranking.hits), ranking.messages, ranking.total) == ([], 0, 0)
        assert (ranking.outside.messages, ranking.outside.matches) == (3, 2)
        assert library.ranking("login").total == 2


WITHOUT_BLANKS = [
    "下周的架构评审会议改到周四，议题是灰度发布和回滚预案",
    "ログイン画面で認証エラーが発生するので再試行の処理を直す",
    "ระบบเข้าสู่ระบบล้มเหลวหลังจากรีสตาร์ทเซิร์ฟเวอร์",
    "로그인 화면에서 인증을 처리하지 못합니다",
    "Wir haben in Łódź die Straße erneuert",
    "Το πρόβλημα στην είσοδο ΧΡΗΣΤΗ",
    "Починили тёмную тему",
    "Kapı ışığı açık",
    "我们用Redis缓存会话",
    "released 🚀 at last",
    "ＡＰＩ の ﾃｽﾄ",
    "हिन्दी में लिखा",
]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("会议", 0), ("周四 会议", 0), ("回滚预案 周四", 0), ("議題 认证 灰度", 0), ("滚", 0),
        ("認証", 1), ("認証エラー", 1), ("再試行", 1), ("エラー 認証", 1),
        ("เซิร์ฟเวอร์", 2), ("ล้มเหลว", 2),
        ("인증", 3), ("로그인", 3),
        ("lodz", 4), ("ŁÓDŹ", 4), ("strasse", 4), ("STRASSE", 4),
        ("χρήστη", 5), ("εισοδο", 5),
        ("темную", 6), ("ТЁМНУЮ", 6),
        ("isigi", 7), ("IŞIĞI", 7), ("kapi", 7),
        ("redis", 8), ("缓存", 8), ('"Redis缓存"', 8), ('"用Redis"', 8),
        ("🚀", 9),
        ("api", 10), ("API", 10), ("テスト", 10), ("ａｐｉ", 10),
        ("हिन्दी", 11),
    ],
)  # fmt: skip
def test_words_of_every_script(tmp_path: Path, query: str, place: int) -> None:
    with library_of(tmp_path, WITHOUT_BLANKS) as library:
        assert library.found(query)[:1] == [f"s/{place}"]


def test_no_hits_without_blanks(tmp_path: Path) -> None:
    with library_of(tmp_path, WITHOUT_BLANKS) as library:
        assert library.found("猫") == []
        assert library.found('"会周"') == []
        assert "s/0" not in library.found("用 -会议 周四")


def test_old_store_every_script(tmp_path: Path) -> None:
    with library_of(tmp_path, ["認証エラーが発生", "plain"]) as library:
        library.storage.memories.add("缓存失效", "insight")
        with library.storage.database.writing() as connection:
            connection.execute("UPDATE messages SET identifiers = ''")
            connection.execute("UPDATE memories SET identifiers = ''")
            for step in MIGRATIONS:
                if "words_of_every_script" in step.__name__:
                    step(connection)
        assert library.found("エラー") == ["s/0"]
        assert len(library.ranking("缓存").hits) == 1


def test_nothing_that_is_typed_is_an_error(library: Library) -> None:
    chance = random.Random(1)
    pieces = [
        *"\"'()*:^-+{}[]<>|&~!?.,;%$#@\\/",
        "AND", "OR", "NOT", "NEAR(", "NEAR/3", "content:", "identifiers:", "getUser", "\x00",
        "\ud800", "é", "日本", "🦀", " ", "''", '""', "-", "a:b", "C++",
    ]  # fmt: skip
    for _ in range(400):
        text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 12)))
        library.ranking(text)


def test_search_by_prefix(tmp_path: Path) -> None:
    library = Library(tmp_path / "conversations.db")
    turns = [("user", "quaternion drift"), ("user", "camera drift"), ("user", "camera quality")]
    library.add_session(9, "new", "example.com/shop", "codex", turns)
    assert {"new/0", "new/2"} <= set(library.found("qu"))
    assert library.found("quat") == ["new/0"]
    assert library.found("camera quat")[0] == "new/0"
    # Two letters say nothing beside a whole word.
    assert set(library.found("camera qu")) == {"new/1", "new/2"}
    library.storage.close()


def test_an_old_exact_hit_stays_above_new_vague_ones(tmp_path: Path) -> None:
    library = Library(tmp_path / "conversations.db")
    library.add_session(
        27, "new", "example.com/shop", "codex", [("user", f"token number {n}") for n in range(9)]
    )
    assert library.found("TOKEN_TTL expires")[0] == "login/2"
    library.storage.close()


def test_of_two_equal_texts_the_newer_comes_first(tmp_path: Path) -> None:
    library = Library(tmp_path / "conversations.db")
    turns = [("user", "quaternion drift in the camera")]
    library.add_session(9, "older", "example.com/shop", "codex", turns)
    library.add_session(27, "newer", "example.com/shop", "codex", turns)
    assert library.found("quaternion drift")[:2] == ["newer/0", "older/0"]
    library.storage.close()


def test_search_sees_changes(tmp_path: Path) -> None:
    library = Library(tmp_path / "conversations.db")
    assert library.found("quaternion") == []
    library.add_session(
        9, "login", "example.com/shop", "claude-code", [("user", "quaternion"), ("user", "x")]
    )
    assert library.found("quaternion") == ["login/0"]
    library.storage.sessions.delete("login")
    assert library.found("quaternion") == []
    assert library.found("TOKEN_TTL") == []
    library.storage.close()


def test_tool_traffic_ranks_lower(tmp_path: Path) -> None:
    library = Library(tmp_path / "conversations.db")
    session = Session(id="tools", source="codex", project="", started_at="2026-05-01T00:00:00.000Z")
    library.storage.sessions.record(
        session,
        [
            Message(
                id=kind,
                session_id="tools",
                type=kind,
                content="zsh: command not found: kubectl",
                timestamp="2026-05-01T00:00:00.000Z",
            )
            for kind in ("tool_result", "user")
        ],
    )
    keys = {library.key("messages", kind): kind for kind in ("tool_result", "user")}
    hits: Sequence[Ranked] = library.ranking("kubectl").hits
    assert [keys[hit.key] for hit in hits] == ["user", "tool_result"]
    library.storage.close()


@pytest.mark.parametrize(
    "query",
    [
        *("lgtm", "7", "nope", "asdf", "猫"),
        *("qwxzv blorf zint", "asdf jkl qwer", "zxcv bnm", "the sdkfj of xkcdq", "fghj 4711 trew"),
        *("ывапр олджэ", "9f8e7d 3c2b1a"),
    ],
)
def test_words_that_nobody_wrote_find_nothing(embedded: Library, query: str) -> None:
    assert embedded.found(query) == []
    assert embedded.found(query, "hybrid") == []


@pytest.mark.parametrize("query", ["Anmeldung kaputt", "asdf jkl qwer"])
def test_a_model_of_many_languages_judges_itself(embedded: Library, query: str) -> None:
    """That words are not English says nothing of a query to it."""
    by_meaning = {hit.key for hit in embedded.ranking(query, "semantic").hits}
    assert by_meaning
    other = embedded.ranking(query, "hybrid", english_only=False)
    assert {hit.key for hit in other.hits} == by_meaning


NAMED = [
    "the session and its ref, the ref of a session, session ref",
    "session ref: which session, which ref, session after session, ref after ref",
    "prefixed_session_ref_old is another one, of a session with a ref",
    "SESSION_REF in capitals",
    "we pass session_ref along with plenty of other words that make this text much longer",
    "lets us get the current branch: resumeFromCurrentBranch gets a branch, the current branch",
    "and then branch := env.GetCurrentBranch(), with plenty of words around it that say little",
    "getcurrentbranch in small letters",
]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("session_ref", ["s/4", "s/3"]),
        ("SESSION_REF", ["s/3", "s/4"]),
        ("where is session_ref", ["s/4", "s/3"]),
        ("GetCurrentBranch", ["s/6", "s/7"]),
        ("getcurrentbranch()", ["s/7", "s/6"]),
    ],
)
def test_whole_identifiers_come_before_their_parts(
    tmp_path: Path, query: str, first: list[str]
) -> None:
    with library_of(tmp_path, NAMED) as library:
        assert library.found(query)[:2] == first


def test_identifier_ranks_before_parts(tmp_path: Path) -> None:
    """An identifier in the output of a tool comes before its parts."""
    with library_of(tmp_path, NAMED[:2]) as library:
        library.add_output("s", "1:\n2: new = session_ref\n" + "filler code line\n" * 200)
        assert library.found("session_ref")[0] == "s/output"


def test_lanes_without_vectors(tmp_path: Path, compiled_model_home: Path) -> None:
    with library_of(tmp_path, ["the login broke"]) as library:
        library.embedder = Embedder(device="cpu", models_dir=compiled_model_home / "models")
        assert library.ranking("login", "hybrid").lanes == ["keyword"]


def test_what_was_thought_stands_behind_what_was_said(tmp_path: Path) -> None:
    with library_of(tmp_path, ["the token store leaks", "something else"]) as library:
        session = library.storage.sessions.get("s")
        thought = Message(
            id="thought",
            session_id="s",
            type="thinking",
            role="assistant",
            content="token store leaks",
            timestamp="2026-05-01T10:30:00.000Z",
        )
        library.storage.sessions.record(session, [thought])
        library.names[library.key("messages", "thought")] = "s/thought"
        assert library.found("token store leaks") == ["s/0", "s/thought"]


def test_an_explained_ranking_adds_up(embedded: Library) -> None:
    plain = embedded.ranking("the flaky login test", "hybrid")
    ranking = embedded.ranking("the flaky login test", "hybrid", explain=True)
    assert ranking.reasons is not None
    assert [hit.key for hit in ranking.hits] == [hit.key for hit in plain.hits]
    assert plain.hits[0].why is None
    assert set(ranking.reasons.words) == {"flaky", "login", "test"}
    assert set(ranking.reasons.weights) == {"keyword", "session", "semantic"}
    for lane in ("keyword", "semantic"):
        places = [hit.why.ranks[lane] for hit in ranking.hits if hit.why and lane in hit.lanes]
        assert sorted(places)[0] == 1
    for hit in ranking.hits:
        assert hit.why is not None
        assert set(hit.why.ranks) == set(hit.lanes)
        assert hit.score == pytest.approx(sum(hit.why.parts.values()), abs=5e-4)
        assert {*hit.why.words, *hit.why.missing} == {"flaky", "login", "test"}


class Likeness(Embedder):
    """Of texts about gardens that they are little alike to all others, which are the same."""

    def batch_embed(self, texts: Sequence[str], batch_size: int = 32) -> NDArray[np.float32]:
        return np.array([(0.2, 0.96**0.5) if "garden" in text else (1, 0) for text in texts], "f")


def test_what_a_score_lost_is_a_part_of_it(tmp_path: Path) -> None:
    library = Library(tmp_path / "conversations.db", empty=True)
    for place, text in enumerate(["a login test", "the login test again", "a garden in spring"]):
        library.add_session(place, f"s{place}", "shop", "test", [("user", text)])
    library.embed(Likeness())
    *_, last = library.ranking("login test", "hybrid", explain=True).hits
    library.storage.close()
    assert (library.names[last.key], last.score, last.lanes) == ("s2/0", 0, ["semantic"])
    assert last.why is not None
    assert last.why.parts["semantic"] < 0
    assert sum(last.why.parts.values()) == pytest.approx(0, abs=5e-4)
    assert last.why.parts["cut"] == -last.why.parts["semantic"]


def test_a_thought_is_explained_with_what_it_counts_less(tmp_path: Path) -> None:
    with library_of(tmp_path, ["say the word marmalade", "marmalade it is"]) as library:
        library.storage.sessions.record(
            library.storage.sessions.get("s"),
            [
                Message(
                    id="thought",
                    session_id="s",
                    type="thinking",
                    role="assistant",
                    content="they want marmalade",
                    timestamp="2026-05-01T11:00:00.000Z",
                )
            ],
        )
        library.names[library.key("messages", "thought")] = "thought"
        hits = library.ranking("marmalade", explain=True).hits
        why = {library.names[hit.key]: hit.why for hit in hits}
        assert [name for name, each in why.items() if each and "thought" in each.parts] == [
            "thought"
        ]
        for hit in hits:
            assert hit.why is not None
            assert hit.score == pytest.approx(sum(hit.why.parts.values()), abs=5e-4)


def test_words_decide_where_the_query_stands_as_it_was_typed(
    embedded: Library, tmp_path: Path
) -> None:
    topics = ("bread", "stars", "a river", "taxes", "chess", "an old piano", "rain", "whales")
    turns = [
        f"Pool {number} has lost its connection. " + f"Then we spoke about {topic}. " * 15
        for number, topic in enumerate(topics * 2)
    ]
    with library_of(tmp_path, [*turns, "The connection pool leaks."]) as library:
        assert embedded.embedder is not None
        library.embed(embedded.embedder)

        def weight(query: str) -> float:
            reasons = library.ranking(query, "hybrid", explain=True).reasons
            assert reasons is not None
            return reasons.weights["semantic"]

        assert weight("connection pool") == LEAST_MEANING
        assert weight("pool connection") > 2 * LEAST_MEANING
        assert weight("lost its connection") == LEAST_MEANING
        library.add_session(2, "more", "shop", "codex", [("user", turn) for turn in turns])
        library.embed(embedded.embedder)
        assert weight("lost its connection") > 2 * LEAST_MEANING


def test_an_explanation_names_what_holds_an_identifier(tmp_path: Path) -> None:
    with library_of(tmp_path, NAMED) as library:
        hits = library.ranking("session_ref", explain=True).hits
        why = {library.names[hit.key]: hit.why for hit in hits}
        for hit in hits:
            assert hit.why is not None
            assert hit.score == pytest.approx(sum(hit.why.parts.values()), abs=5e-4)
        named = {name: each.named for name, each in why.items() if each and each.named}
        assert named == {"s/4": "exactly", "s/3": "in another case"}


def test_an_explanation_of_meaning_alone(embedded: Library) -> None:
    ranking = embedded.ranking("the flaky login test", "semantic", explain=True)
    assert ranking.reasons is not None
    assert ranking.reasons.weights == {"semantic": 1.0}
    for hit in ranking.hits:
        assert hit.why is not None
        assert set(hit.why.parts) - {"recency"} == {"semantic"}
        assert hit.score == pytest.approx(sum(hit.why.parts.values()), abs=5e-4)
