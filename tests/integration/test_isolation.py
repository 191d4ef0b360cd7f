"""No project is shown another's texts, whatever the projects are called and whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aiana.config import Config
from aiana.models import Message, SearchFilter, Session
from aiana.service import Aiana, open_aiana
from tests.hostile import ATTACKS, WHEN

PIECES = ("shop", "Shop", "s", "a", "b", "..", ".", "%", "_", "*", "?", "[a]", "'", '"', "\\", "C:")
NAMES = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("/".join),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(
        lambda each: "/" + "/".join(each)
    ),
    st.sampled_from(["github.com/a/shop", "github.com/b/shop", "github.com/a/shop.git", "a/shop"]),
    st.sampled_from([attack.encode("utf-8", "replace").decode() for attack in ATTACKS]),
    st.text(min_size=1, max_size=8).map(lambda text: text.encode("utf-8", "replace").decode()),
)
QUERIES = ("kestrel", "secret", "project:shop kestrel", "secret -project:shop", 'kestrel "secret')


class Projects:
    """A store of projects, each with a session and a memory that hold the project's own word."""

    def __init__(self, aiana: Aiana) -> None:
        self.aiana = aiana
        self.words: dict[str, str] = {}
        """By the project's identity."""
        self._known: dict[str, str] = {}

    def keep(self, name: str) -> str:
        """The identity of a project of that name."""
        if name in self._known:
            return self._known[name]
        number = len(self._known)
        word = f"secret{''.join(chr(ord('g') + int(digit)) for digit in str(number))}word"
        memory = self.aiana.add_memory(f"a memory of the secret kestrel {word}", project=name)
        identity = memory.memory.project
        session = Session(
            id=f"s{number}",
            source="codex",
            project=identity,
            project_path=f"/work/{number}",
            title=f"kestrel {word}",
            started_at=WHEN,
        )
        text = f"the kestrel keeps a secret: {word}"
        message = Message(
            id="m", session_id=session.id, type="user", role="user", content=text, timestamp=WHEN
        )
        self.aiana.record_messages(session, [message])
        self._known[name] = identity
        # Names that are spelled differently and mean one project share their words.
        self.words[identity] = f"{self.words.get(identity, '')} {word}".strip()
        return identity


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Projects]:
    home = tmp_path_factory.mktemp("isolation")
    aiana = open_aiana(Config(data_dir=home, embedding_model="no-such-model"))
    yield Projects(aiana)
    aiana.close()


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(QUERIES))
@example(["github.com/a/shop", "github.com/b/shop", "shop", "/work/shop"], "kestrel")
@example(["/work/shop", "/work/shop/inner", "/work/sho", "/work"], "kestrel")
@example(["a%", "a_", "ab", "a*"], "secret")
@example(["Shop", "shop", "SHOP", "shop "], "kestrel")
def test_no_project_sees_another(projects: Projects, names: list[str], query: str) -> None:
    for project in {projects.keep(name) for name in names} - {""}:
        others = {
            word
            for identity, words in projects.words.items()
            if identity != project
            for word in words.split()
        }
        if not query.startswith("project:"):  # who types that looks elsewhere on purpose
            found = projects.aiana.search(query, limit=100, filter=SearchFilter(project=project))
            assert {hit.project for hit in found.hits} <= {project}
        block = projects.aiana.context(query, project=project, max_tokens=4000)
        bare = projects.aiana.context(None, project=project, max_tokens=4000)
        told = block.context + bare.context + "".join(item.content for item in block.items)
        assert [word for word in others if word in told] == [], project
        if query == "kestrel":
            assert projects.words[project].split()[-1] in told


def test_no_operator_in_a_pasted_text_leads_a_context_elsewhere(projects: Projects) -> None:
    here, other = projects.keep("/work/here"), projects.keep("/work/elsewhere")
    context = projects.aiana.context
    told = context(f"kestrel project:{other}", project=here, max_tokens=4000).context
    assert projects.words[here] in told
    assert projects.words[other] not in told
    asked = context(f"kestrel project:{other}", project=here, scope="all", max_tokens=4000).context
    assert projects.words[other] in asked
