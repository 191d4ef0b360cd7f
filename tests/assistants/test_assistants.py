"""The real assistants: `aiana setup` in a fresh home, a session, and `--remove`.

`AIANA_TEST_ASSISTANTS` names the folder of their programs (`node_modules/.bin` after `npm install`
of them); without it these tests are skipped. A scripted model on 127.0.0.1 stands in for the real
ones: it calls `memory_search` once, and keeps everything that it was sent.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aiana.config import Config
from aiana.models import Message, Session
from aiana.service import open_aiana
from tests.assistants.model import Model

PROGRAMS = os.environ.get("AIANA_TEST_ASSISTANTS", "")
ASK = "Why is the login test so flaky?"
SAID = "The login test was flaky since two workers shared one port."
KEPT = "Ports come from a pool"
WITHIN_S = 240


class Assistant(NamedTuple):
    target: str
    program: str
    arguments: list[str]
    environ: Callable[[str], dict[str, str]]
    """By the model's address."""
    files: Callable[[str], dict[str, str]]
    """What stands in the home before."""
    has_hooks: bool = True


ASSISTANTS = [
    Assistant(
        "claude-code",
        "claude",
        ["-p", ASK, "--allowedTools", "mcp__aiana"],
        lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "sk-ant-scripted",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        lambda url: {},
    ),
    Assistant(
        "codex",
        "codex",
        [
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--dangerously-bypass-hook-trust",
            ASK,
        ],
        lambda url: {},
        lambda url: {
            ".codex/config.toml": 'model = "gpt-5.1-codex"\nmodel_provider = "local"\n'
            "check_for_update_on_startup = false\n[analytics]\nenabled = false\n"
            f'[model_providers.local]\nname = "local"\nbase_url = "{url}/v1"\n'
            'wire_api = "responses"\n'
        },
    ),
    Assistant(
        "gemini",
        "gemini",
        ["--yolo", "--skip-trust", "-m", "gemini-2.5-pro", "-p", ASK],
        lambda url: {"GEMINI_API_KEY": "x", "GOOGLE_GEMINI_BASE_URL": url},
        lambda url: {
            ".gemini/settings.json": '{"privacy":{"usageStatisticsEnabled":false},'
            '"telemetry":{"enabled":false},"general":{"enableAutoUpdate":false},'
            '"security":{"auth":{"selectedType":"gemini-api-key"}}}'
        },
    ),
    Assistant(
        "copilot",
        "copilot",
        ["-p", ASK, "--allow-all-tools"],
        lambda url: {
            "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
            "COPILOT_PROVIDER_API_KEY": "x",
            "COPILOT_MODEL": "scripted",
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
        },
        lambda url: {},
    ),
    Assistant(
        "opencode",
        "opencode",
        ["run", ASK],
        lambda url: {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        },
        lambda url: {
            ".config/opencode/opencode.json": json.dumps(
                {
                    "model": "local/scripted",
                    "share": "disabled",
                    "permission": {"*": "allow"},
                    "provider": {
                        "local": {
                            "npm": "@ai-sdk/openai-compatible",
                            "name": "local",
                            "options": {"baseURL": f"{url}/v1", "apiKey": "x"},
                            "models": {"scripted": {"name": "scripted", "tool_call": True}},
                        }
                    },
                }
            )
        },
        has_hooks=False,
    ),
]


@pytest.fixture
def model() -> Iterator[Model]:
    running = Model()
    yield running
    running.close()


def remembered(home: Path, project: Path) -> None:
    """Yesterday's session in this project, and something that was kept."""
    aiana = open_aiana(Config(data_dir=home / ".aiana"))
    identity = aiana.project_of(project)
    session = Session(
        id="yesterday",
        source="codex",
        project=identity,
        project_path=str(project),
        started_at="2026-02-01T12:00:00.000Z",
        title="Ports of the tests",
    )
    message = Message(
        id="yesterday-1",
        session_id="yesterday",
        type="assistant",
        role="assistant",
        content=SAID,
        timestamp="2026-02-01T12:00:00.000Z",
    )
    aiana.record_messages(session, [message])
    aiana.add_memory(KEPT, project=identity)
    aiana.close()


def configuration(home: Path) -> dict[str, bytes]:
    """Every file of a home but Aiana's own."""
    paths = [path for path in home.rglob("*") if path.is_file() and ".aiana" not in path.parts]
    return {str(path.relative_to(home)): path.read_bytes() for path in paths}


@pytest.mark.skipif(not PROGRAMS, reason="AIANA_TEST_ASSISTANTS names no folder of programs")
@pytest.mark.timeout(2 * WITHIN_S)
@pytest.mark.parametrize("assistant", ASSISTANTS, ids=lambda each: each.target)
def test_a_real_assistant_has_its_memory(
    assistant: Assistant, tmp_path: Path, model: Model
) -> None:
    program = Path(PROGRAMS) / assistant.program
    if not program.exists():
        pytest.skip(f"{assistant.program} is not installed")
    home, project = tmp_path / "home", tmp_path / "project"
    project.mkdir()
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    for name, text in assistant.files(model.url).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    remembered(home, project)
    kept = ("PATH", "LANG", "TERM", "TMPDIR")
    environ = {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": os.pathsep.join([PROGRAMS, os.environ["PATH"]]),
        "HOME": str(home),
        "AIANA_EMBEDDING_MODEL": "none",
        **assistant.environ(model.url),
    }

    def run(*words: str) -> str:
        done = subprocess.run(
            words,
            cwd=project,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    before = configuration(home)
    aiana = [sys.executable, "-m", "aiana"]
    run(*aiana, "setup", assistant.target)
    written = configuration(home)
    assert written != before
    run(*aiana, "setup", assistant.target, "--remove")
    assert configuration(home) == before

    run(*aiana, "setup", assistant.target)
    run(str(program), *assistant.arguments)
    asked = [plain(each) for each in model.asked]
    assert any(f"> {SAID}" in each and "memory_search" in each for each in asked), "by the tool"
    if assistant.has_hooks:
        first = next(each for each in asked if ASK in each)
        assert f"> {KEPT}" in first, "at the start of the session"
        assert f"> {SAID}" in first, "with the prompt"

    run(*aiana, "import", "--no-embed")
    told = json.loads(run(*aiana, "search", "--json", "--mode", "keyword", f'"{SAID}"'))
    assert {hit["sessionId"] for hit in told["hits"]} == {"yesterday"}, "never captured again"
    listed = json.loads(run(*aiana, "sessions", "list", "--json"))["sessions"]
    assert len(listed) == 2, "the session that was captured, and yesterday's"

    run(*aiana, "setup", assistant.target, "--remove")
    after = configuration(home)
    for name in written:
        assert after.get(name) == before.get(name) or not re.search(rb"aiana", after[name])


def plain(body: str) -> str:
    """A request with the escapes of what it holds undone, however deep."""
    unescaped: Any = body.replace("\\\\", "\\").replace('\\"', '"')
    return str(unescaped).replace("\\u003e", ">").replace("&gt;", ">")
