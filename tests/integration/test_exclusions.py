"""What the settings exclude is neither stored nor reached by anything that reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from aiana.config import Config, load_config
from aiana.container import Container
from aiana.errors import AianaError, Excluded
from aiana.exclusions import ASSISTANTS, PATHS, PROJECTS, Exclusions
from aiana.indexing.chunking import chunks_of
from aiana.lsp.methods import Methods
from aiana.mcp.call import Call as ToolCall
from aiana.mcp.desk import Desk
from aiana.mcp.tools import SERVED, call_tool
from aiana.models import Message, SearchFilter, Session
from aiana.protocol.methods import METHODS
from aiana.service import Aiana, open_aiana
from aiana.storage import AianaStorage

T = "2026-02-01T12:00:{:02d}.000Z"
SECRET = "quinceword"
OPEN = "apricot"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Claude Code would keep its sessions."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    for name in ("AIANA_EXCLUDED_PROJECTS", "AIANA_EXCLUDED_PATHS", "AIANA_EXCLUDED_ASSISTANTS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("hidden", "open"):
        (tmp_path / "work" / name).mkdir(parents=True)
    (tmp_path / "claude" / "projects" / "-work").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.fixture
def aiana(folders: Path) -> Iterator[Aiana]:
    service = open_aiana(Config(data_dir=folders / "home"))
    yield service
    service.close()


def exclude(folders: Path, **settings: list[str]) -> None:
    """Write the settings, as a person does while Aiana runs."""
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in settings.items()]
    (folders / "home" / "config.toml").write_text("".join(lines))


def write(folders: Path, session: str, place: str, *texts: str, **more: Any) -> Path:
    path = folders / "claude" / "projects" / "-work" / f"{session}.jsonl"
    with path.open("a") as file:
        for text in texts:
            n = path.stat().st_size
            record = {
                "type": "user",
                "uuid": f"{session}-0000-0000-{n:012d}",
                "sessionId": session,
                "timestamp": T.format(n % 60),
                "cwd": str(folders / "work" / place) if place else None,
                "message": {"role": "user", "content": text},
                **more,
            }
            file.write(json.dumps({k: v for k, v in record.items() if v is not None}) + "\n")
            file.flush()
    return path


def both(aiana: Aiana, folders: Path) -> None:
    """A session and a memory of either folder, and one of another assistant."""
    write(folders, "s-hidden", "hidden", f"Where does the {SECRET} go?")
    write(folders, "s-open", "open", f"Where does the {OPEN} go?")
    aiana.import_sessions(["claude-code"])
    said = Message(
        id="m-codex",
        session_id="s-codex",
        type="user",
        content=f"codex {OPEN}",
        timestamp=T.format(1),
    )
    place = str(folders / "work" / "open")
    aiana.record_messages(
        Session(id="s-codex", source="codex", project=place, project_path=place), [said]
    )
    for name, word in (("hidden", SECRET), ("open", OPEN)):
        aiana.add_memory(f"The {word} is kept", project=str(folders / "work" / name))


def ids(aiana: Aiana) -> set[str]:
    return {session.id for session in aiana.list_sessions(include_children=True).sessions}


RULES = {
    "a folder": {PATHS: ["{work}/hidden"]},
    "a glob": {PATHS: ["{work}/hid*"]},
    "a name at any depth": {PATHS: ["hidden"]},
    "a project by its folder": {PROJECTS: ["{work}/hidden"]},
    "a project by its name": {PROJECTS: ["HIDDEN"]},
    "a project by its identity": {PROJECTS: ["{work}/hidden"]},
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_what_is_stored_is_hidden_at_once_and_shown_again(
    aiana: Aiana, folders: Path, rules: dict[str, list[str]]
) -> None:
    both(aiana, folders)
    assert aiana.search(SECRET).hits
    work = str(folders / "work")
    exclude(folders, **{key: [each.format(work=work) for each in of] for key, of in rules.items()})
    assert ids(aiana) == {"s-open", "s-codex"}
    assert aiana.search(SECRET).hits == []
    assert [memory.content for memory in aiana.list_memories().memories] == [f"The {OPEN} is kept"]
    state = aiana.status().excluded
    assert state is not None
    assert (state.sessions, state.memories) == (1, 1)
    exclude(folders, excluded_projects=["*"], excluded_assistants=["*"])
    but = "but what the settings exclude: `aiana status` tells how much that is."
    assert aiana.search(SECRET, mode="keyword").notes == [f"Nothing is stored {but}"]
    assert aiana.list_sessions().notes == [
        "There are no sessions but those that the settings exclude: "
        "`aiana status` tells how much that is."
    ]
    assert aiana.status().message == f"Nothing is stored {but}"
    (folders / "home" / "config.toml").unlink()
    assert ids(aiana) == {"s-open", "s-hidden", "s-codex"}
    assert aiana.search(SECRET).hits
    assert aiana.status().excluded is None


def test_what_is_counted_is_what_is_shown(aiana: Aiana, folders: Path) -> None:
    """Projects and vectors, too; what is hidden waits for no vector."""
    both(aiana, folders)
    database = folders / "home" / "conversations.db"
    with AianaStorage(database) as storage:
        while storage.chunks.renew(chunks_of):
            pass
        every = storage.chunks.waiting("model", 99)
        storage.chunks.put_vectors("model", [(each, bytes(1536)) for each in every[:-1]])
    for excluded, sizes in ((False, (3, 2, 2, 3, 4, 1)), (True, (2, 1, 1, 2, 2, 1))):
        exclude(folders, **({PROJECTS: ["hidden"]} if excluded else {}))
        with AianaStorage(database) as storage:
            counts, indexing = storage.counts("model")
            assert storage.get_stats().vectors == counts.vectors
        found = (counts.sessions, counts.memories, counts.projects, counts.chunks, counts.vectors)
        assert (*found, indexing.pending) == sizes, excluded


def test_an_assistant_is_left_alone(aiana: Aiana, folders: Path) -> None:
    both(aiana, folders)
    exclude(folders, excludedAssistants=["Claude Code"])
    assert ids(aiana) == {"s-codex"}
    write(folders, "s-new", "open", "More of it")
    counts = aiana.import_sessions(["claude-code"]).sources["claude-code"]
    assert (counts.excluded, counts.messages, counts.bytes) == (3, 0, 0)
    [source] = aiana.capture_sources(["claude-code"]).sources
    assert (source.excluded, source.missing) == (3, 0)
    exclude(folders, excludedAssistants=["codex"])
    with pytest.raises(Excluded, match="excludedAssistants"):
        aiana.record_messages(Session(id="s-2", source="codex"), [])
    aiana.import_sessions(["claude-code"])
    assert ids(aiana) == {"s-open", "s-hidden", "s-new"}


def test_nothing_is_stored_until_the_rule_goes(aiana: Aiana, folders: Path) -> None:
    """The agent of an excluded session is in another folder; what is added later is, too."""
    exclude(folders, excludedPaths=[str(folders / "work" / "hidden")])
    write(folders, "s-hidden", "hidden", f"Where does the {SECRET} go?")
    aiana.import_sessions(["claude-code"])
    write(folders, "s-hidden", "", f"And this {SECRET} without a folder?")
    side = folders / "claude" / "projects" / "-work" / "s-hidden" / "subagents"
    side.mkdir(parents=True)
    written = write(folders, "agent", "open", f"Look for {SECRET}", isSidechain=True, agentId="a1")
    agent = json.loads(written.read_text()) | {"sessionId": "s-hidden"}
    written.unlink()
    (side / "agent-a1.jsonl").write_text(json.dumps(agent) + "\n")
    for _ in range(2):
        aiana.import_sessions(["claude-code"])
    assert ids(aiana) == set()
    for path in (folders / "home").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    (folders / "home" / "config.toml").unlink()
    aiana.import_sessions(["claude-code"])
    assert len(aiana.search(SECRET).hits) == 3


def test_what_was_stored_before_its_folder_was_told_is_hidden(aiana: Aiana, folders: Path) -> None:
    exclude(folders, excludedPaths=["hidden"])
    path = write(folders, "s-hidden", "", f"A {SECRET} without a folder")
    aiana.import_sessions(["claude-code"])
    write(folders, "s-hidden", "hidden", "Now it has one")
    aiana.import_sessions(["claude-code"])
    assert path.exists()
    assert ids(aiana) == set()
    assert aiana.search(SECRET).hits == []


def test_no_memory_is_kept(aiana: Aiana, folders: Path) -> None:
    both(aiana, folders)
    known = {m.content: m for m in aiana.list_memories().memories}
    exclude(folders, excludedPaths=[str(folders / "work" / "hidden")])
    place = str(folders / "work" / "hidden")
    with pytest.raises(Excluded, match="excludedPaths"):
        aiana.add_memory("one more", project=place)
    with pytest.raises(Excluded):
        aiana.add_memory("from there", session_id="s-hidden")
    with pytest.raises(Excluded):
        aiana.update_memory(known[f"The {OPEN} is kept"].id, project=place)
    with pytest.raises(Excluded):
        aiana.restore_memory(known[f"The {SECRET} is kept"])
    with pytest.raises(Excluded):
        aiana.start_session("begun", place)
    desk = Desk(aiana.container)
    desk.roots = [place]
    told = call_tool(desk, "memory_add", {"content": "x"}, ToolCall(lambda _: None, None))
    assert told["isError"]
    assert "excludedPaths" in told["content"][0]["text"]


def reached(value: Any) -> bool:
    return SECRET in json.dumps(value, default=str) or "s-hidden" in json.dumps(value, default=str)


def test_no_method_of_the_table_reaches_it(aiana: Aiana, folders: Path) -> None:
    """Every method is asked for it by every name that it has; none tells a word of it."""
    both(aiana, folders)
    memory = next(m for m in aiana.list_memories().memories if SECRET in m.content)
    message = aiana.session_messages("s-hidden").messages[0]
    place = str(folders / "work" / "hidden")
    exclude(folders, excludedPaths=[place])
    names: dict[str, list[Any]] = {
        "id": ["s-hidden", "s-hid", memory.id, memory.id[:8]],
        "uri": [memory.uri, message.uri, "aiana:///session/s-hidden/claude-code"],
        "query": [SECRET, f'"{SECRET}"', "", f"project:{place}"],
        "project": [place],
        "path": [place],
        "text": [SECRET],
        "ids": [[memory.id]],
        "texts": [[{"uri": memory.uri}], [{"uri": message.uri}]],
        "filter": [{}, {"project": place}, {"sessionId": "s-hidden"}, {"files": ["x.py"]}],
        "around": [message.id],
        "content": ["a text"],
        "dryRun": [True],
        "pinned": [True],
        "rating": ["helpful"],
        "scope": ["all"],
        "mode": ["keyword"],
        "files": [True],
    }
    left_out = {"aiana/reindex", "aiana/capture/import", "aiana/preference/add"}
    workspace = SimpleNamespace(folders={}, root_uri=None)
    editor = SimpleNamespace(follows_links=False)
    server: Any = SimpleNamespace(editor=editor, context_max_tokens=None, workspace=workspace)
    call: Any = SimpleNamespace(wants_partial=False, progress=None, cancelled=lambda: False)
    handlers = Methods(server).table()
    answers = 0
    for method in METHODS:
        if method.name in left_out or method.name not in handlers:
            continue
        fields = msgspec.structs.fields(method.params)
        keys = [f.encode_name for f in fields if f.encode_name in names]
        asked: list[dict[str, Any]] = [{}]
        for key in keys:
            asked = [{**one, key: value} for one in asked for value in names[key]]
        for params in asked:
            if {"ids", "filter"} <= params.keys():
                params = {k: v for k, v in params.items() if k != "filter"}
            try:
                given = msgspec.convert(params, method.params)
                result = handlers[method.name](aiana, given, call)
            except (AianaError, msgspec.ValidationError):
                continue
            answers += 1
            told = msgspec.to_builtins(result)
            told.pop("notes", None)
            assert not reached(told), (method.name, params)
    assert answers > 30
    assert not reached("".join(aiana.archive()))
    assert not reached([a.text for a in aiana.arrivals(0)[0]])
    assert SERVED
    exclude(folders)
    assert aiana.get_memory(memory.id).memory == memory
    assert len(aiana.session_messages("s-hidden").messages) == 1


def hook(folders: Path, event: str, **asked: str) -> str:
    environ = {**os.environ, "AIANA_HOME": str(folders / "home")}
    given = {"session_id": "now", "cwd": str(folders / "work" / "hidden"), **asked}
    ran = subprocess.run(
        [sys.executable, "-m", "aiana", "hook", event],
        input=json.dumps(given),
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return ran.stdout


def test_hooks_tell_nothing_of_it(aiana: Aiana, folders: Path) -> None:
    both(aiana, folders)
    exclude(folders, excludedPaths=["hidden"])
    prompt = f"Where does the {SECRET} go?"
    assert hook(folders, "prompt", prompt=prompt) == ""
    assert hook(folders, "session-start", session_id="b") == ""
    exclude(folders)
    assert SECRET in hook(folders, "prompt", prompt=prompt, session_id="c")
    assert SECRET in hook(folders, "session-start", session_id="d")


def test_an_editors_settings_hold_for_hooks_and_commands(aiana: Aiana, folders: Path) -> None:
    both(aiana, folders)
    aiana.exclude("Code", {"excludedPaths": ["hidden"], "contextMaxTokens": 5})
    assert ids(aiana) == {"s-open", "s-codex"}
    assert hook(folders, "prompt", prompt=f"Where does the {SECRET} go?") == ""
    with_own = open_aiana(Config(data_dir=folders / "home", excluded_assistants=("codex",)))
    assert ids(with_own) == {"s-open"}
    with_own.close()
    aiana.exclude("Code", {})
    assert ids(aiana) == {"s-open", "s-hidden", "s-codex"}


def test_settings_add_up(folders: Path) -> None:
    exclude(folders, excludedPaths=["/a,b"], excludedProjects=["x"])
    environ = {"AIANA_HOME": str(folders / "home"), "AIANA_EXCLUDED_PATHS": "/c, /d"}
    config = load_config({"excludedPaths": ["/e"]}, environ)
    assert config.excluded_paths == ("/a,b", "/c", "/d", "/e")
    assert config.excluded_beside_file[PATHS] == ("/c", "/d", "/e")
    container = Container(config)
    assert sorted(container.storage.database.excluded().paths) == ["/a,b", "/c", "/d", "/e"]
    exclude(folders)
    assert sorted(container.storage.database.excluded().paths) == ["/c", "/d", "/e"]
    (folders / "home" / "config.toml").write_text("excludedPaths = [")
    assert sorted(container.storage.database.excluded().paths) == ["/c", "/d", "/e"]
    container.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
@pytest.mark.timeout(60)
def test_a_pipe_in_the_place_of_the_settings_is_not_waited_for(folders: Path) -> None:
    os.mkfifo(folders / "home" / "config.toml")
    config = load_config(environ={"AIANA_HOME": str(folders / "home")})
    assert [problem.message.partition(" is ")[2] for problem in config.problems] == [
        "left out: it cannot be read (Is no file)."
    ]
    with closing(Container(config)) as container:
        assert not container.storage.database.excluded()


@pytest.mark.parametrize(
    "text",
    [
        'excludedProjects = ["hidden"\nretentionDays = 30',
        'name = = 1\n  excludedProjects = [\n  "hidden", # and\n]\n[embedding]\nx = "open"',
        "excluded_projects = ['hidden']\nexcludedPaths =\n\x00",
    ],
)
def test_of_a_broken_file_counts_what_can_be_told(folders: Path, text: str) -> None:
    (folders / "home" / "config.toml").write_text(text)
    with closing(Container(Config(data_dir=folders / "home"))) as container:
        shown = container.storage.database.excluded()
        assert (list(shown.projects), list(shown.paths), list(shown.assistants)) == (
            ["hidden"],
            [],
            [],
        )


@pytest.mark.parametrize(
    ("rules", "source", "project", "folder", "found"),
    [
        ({ASSISTANTS: ["Codex"]}, "codex", "", "", ASSISTANTS),
        ({ASSISTANTS: ["cursor*"]}, "cursor-cli", "", "", ASSISTANTS),
        ({ASSISTANTS: ["claude"]}, "claude-code", "", "", ""),
        ({PROJECTS: ["shop"]}, "x", "github.com/ada/shop", "/q", PROJECTS),
        ({PROJECTS: ["shop"]}, "x", "github.com/ada/workshop", "/q", ""),
        ({PROJECTS: ["github.com/ada/*"]}, "x", "github.com/ada/shop", "", PROJECTS),
        ({PROJECTS: ["git@github.com:Ada/Shop.git"]}, "x", "github.com/ada/shop", "", PROJECTS),
        ({PROJECTS: ["~/clients/*"]}, "x", "", "{home}/clients/a/b", PROJECTS),
        ({PATHS: ["~/private/"]}, "x", "", "{home}/private", PATHS),
        ({PATHS: ["~/private"]}, "x", "", "{home}/privateer", ""),
        ({PATHS: ["/w/*/x"]}, "x", "", "/w/1/x/below", PATHS),
        ({PATHS: ["/w/*/x"]}, "x", "", "/w/1/2/x", ""),
        ({PATHS: ["/w/**/x"]}, "x", "", "/w/1/2/x", PATHS),
        ({PATHS: ["/w/**"]}, "x", "", "/w", PATHS),
        ({PATHS: ["secret-[ab]"]}, "x", "", "/1/secret-b/c", PATHS),
        ({PATHS: ["/bad/[z-a]"]}, "x", "", "/bad/[z-a]", PATHS),
        ({PATHS: ["/w"]}, "x", "/w/repository", "/elsewhere", PATHS),
        ({PATHS: ["C:\\Work"]}, "x", "", "c:/work/shop", PATHS),
        ({PATHS: ["/w"]}, "x", "", "vscode-remote://ssh/w/shop", PATHS),
        ({PATHS: ["", " "]}, "x", "", "/w", ""),
    ],
)
def test_what_a_rule_means(
    rules: dict[str, list[str]], source: str, project: str, folder: str, found: str
) -> None:
    place = folder.format(home=Path.home())
    assert Exclusions(rules).session(source, project, place) == found


def test_a_link_is_the_folder_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for rule, place in (("link", "real/below"), ("real", "link/below"), ("li*", "link")):
        rules = Exclusions({PATHS: [str(tmp_path / rule)]})
        assert rules.session("x", "", str(tmp_path / place)) == PATHS


def test_what_is_hidden_can_be_forgotten(aiana: Aiana, folders: Path) -> None:
    both(aiana, folders)
    exclude(folders, excludedPaths=["hidden"])
    found = aiana.forget(excluded=True, dry_run=True)
    assert (found.sessions, found.messages, found.memories, found.hidden) == (1, 1, 1, 2)
    assert found.first == []
    by_project = aiana.forget(SearchFilter(project=str(folders / "work" / "hidden")), dry_run=True)
    assert (by_project.deleted, by_project.hidden, by_project.first) == (3, 2, [])
    done = aiana.forget(excluded=True, expected=found.deleted)
    assert done.receipt is not None
    assert (done.receipt.sqlite, done.receipt.fts) == (2, 2)
    exclude(folders)
    assert ids(aiana) == {"s-open", "s-codex"}
