"""The real assistants: how each is told of a model on 127.0.0.1, and asked something.

`AIANA_TEST_ASSISTANTS` names the folders of their programs (`node_modules/.bin` after `npm install`
of them, `bin` of Aider's environment), as PATH does; what is not there is skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from msgspec import Struct

FOLDERS = os.environ.get("AIANA_TEST_ASSISTANTS", "")
WITHIN_S = 240
"""Seconds after which a turn is given up; they take some ten, on an idle machine."""
_KEPT = ("PATH", "LANG", "TERM", "TMPDIR")


class Program(Struct, frozen=True, kw_only=True):
    """One of them; what is called with the model's address gives what that needs."""

    source: str
    executable: str
    first: list[str]
    """Arguments before the first prompt."""
    again: list[str] | None
    """The same for one that goes on; None where that takes a terminal."""
    after: tuple[str, ...] = ()
    environ: Callable[[str], dict[str, str]] = lambda url: {}
    files: Callable[[str], dict[str, str]] = lambda url: {}
    """What stands in the home before."""
    before: Callable[[str], list[str]] | None = None
    """Arguments of a run that makes it ready."""
    thinks: bool = True
    """Whether it stores thoughts."""
    has_tools: bool = True
    history: str | None = None
    """What it writes into the project, where it writes nowhere else."""
    target: str | None = None
    """What `aiana setup` calls it, where that is tried with it."""
    has_hooks: bool = True

    def __str__(self) -> str:
        return self.source

    @property
    def path(self) -> str:
        """Where it is; skips the test if nowhere."""
        found = shutil.which(self.executable, path=FOLDERS) if FOLDERS else None
        if found is None:
            pytest.skip(f"AIANA_TEST_ASSISTANTS names no folder with {self.executable}")
        return found

    def environment(self, url: str, home: Path, **more: str) -> dict[str, str]:
        """Of a run in this home."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        path = os.pathsep.join([FOLDERS, os.environ["PATH"]])
        return {**kept, "PATH": path, "HOME": str(home), **more, **self.environ(url)}

    def prepare(self, url: str, home: Path, project: Path) -> None:
        """Make a home and a project, a repository with one file."""
        project.mkdir()
        (project / "app.py").write_text('print("hello")\n')
        name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        for words in (["init", "-q", "."], ["add", "."], [*name, "commit", "-qm", "Begin"]):
            subprocess.run(["git", *words], cwd=project, check=True)
        home.mkdir(exist_ok=True)
        for file, text in self.files(url).items():
            (home / file).parent.mkdir(parents=True, exist_ok=True)
            (home / file).write_text(text)
        if self.before is not None:
            run([self.path, *self.before(url)], project, self.environment(url, home))

    def ask(
        self, prompt: str, project: Path, environment: Mapping[str, str], goes_on: bool = False
    ) -> None:
        """One turn of it."""
        arguments = (self.again or []) if goes_on else self.first
        run([self.path, *arguments, prompt, *self.after], project, environment)


def run(words: list[str], project: Path, environment: Mapping[str, str]) -> str:
    """What a program printed; it must end well."""
    done = subprocess.run(
        words,
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def end_what_is_left(home: Path, *but: int) -> None:
    """End the servers that a program left behind, known by their home."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid not in but and process.environ().get("HOME") == str(home):
                process.kill()


def _opencode(url: str) -> dict[str, str]:
    model = {"name": "scripted", "tool_call": True, "limit": {"context": 100_000, "output": 4_000}}
    local = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "local",
        "options": {"baseURL": f"{url}/v1", "apiKey": "x"},
        "models": {"scripted": model},
    }
    settings = {
        "model": "local/scripted",
        "share": "disabled",
        "autoupdate": False,
        "permission": {"*": "allow"},
        "provider": {"local": local},
    }
    return {".config/opencode/opencode.json": json.dumps(settings)}


_CODEX = [
    "--skip-git-repo-check",
    "--dangerously-bypass-approvals-and-sandbox",
    "--dangerously-bypass-hook-trust",
]
_GEMINI = ["--yolo", "--skip-trust", "-m", "gemini-2.5-pro"]
_CONTINUE = ["--config", ".continue-config.yaml", "--auto"]
_AIDER = [
    "--model",
    "openai/scripted",
    "--no-show-model-warnings",
    "--yes-always",
    "--no-browser",
    "--no-check-update",
    "--analytics-disable",
    "--no-gitignore",
    "--no-stream",
]

PROGRAMS = [
    Program(
        source="claude-code",
        executable="claude",
        first=["-p"],
        again=["-c", "-p"],
        after=("--allowedTools", "Bash", "Write", "Edit", "Read", "mcp__aiana"),
        environ=lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "sk-ant-scripted",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        thinks=False,
        target="claude-code",
    ),
    Program(
        source="codex",
        executable="codex",
        first=["exec", *_CODEX],
        again=["exec", "resume", "--last", *_CODEX],
        files=lambda url: {
            ".codex/config.toml": 'model = "gpt-5.1-codex"\nmodel_provider = "local"\n'
            "check_for_update_on_startup = false\n[analytics]\nenabled = false\n"
            f'[model_providers.local]\nname = "local"\nbase_url = "{url}/v1"\n'
            'wire_api = "responses"\n'
        },
        target="codex",
    ),
    Program(
        source="gemini",
        executable="gemini",
        first=[*_GEMINI, "-p"],
        again=[*_GEMINI, "--resume", "latest", "-p"],
        environ=lambda url: {"GEMINI_API_KEY": "x", "GOOGLE_GEMINI_BASE_URL": url},
        files=lambda url: {
            ".gemini/settings.json": '{"privacy":{"usageStatisticsEnabled":false},'
            '"telemetry":{"enabled":false},"general":{"enableAutoUpdate":false},'
            '"security":{"auth":{"selectedType":"gemini-api-key"}}}'
        },
        target="gemini",
    ),
    Program(
        source="copilot-cli",
        executable="copilot",
        first=["--allow-all-tools", "-p"],
        again=["--allow-all-tools", "--continue", "-p"],
        environ=lambda url: {
            "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
            "COPILOT_PROVIDER_API_KEY": "x",
            "COPILOT_MODEL": "scripted",
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
        },
        target="copilot",
    ),
    Program(
        source="opencode",
        executable="opencode",
        first=["run"],
        again=["run", "-c"],
        environ=lambda url: {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        },
        files=_opencode,
        target="opencode",
        has_hooks=False,
    ),
    Program(
        source="qwen",
        executable="qwen",
        first=["--yolo", "-p"],
        again=["--yolo", "--continue", "-p"],
        environ=lambda url: {
            "OPENAI_API_KEY": "x",
            "OPENAI_BASE_URL": f"{url}/v1",
            "OPENAI_MODEL": "scripted",
        },
        files=lambda url: {
            ".qwen/settings.json": '{"privacy":{"usageStatisticsEnabled":false},'
            '"security":{"auth":{"selectedType":"openai"}}}'
        },
    ),
    Program(
        source="continue",
        executable="cn",
        first=[*_CONTINUE, "-p"],
        again=[*_CONTINUE, "--resume", "-p"],
        environ=lambda url: {"CONTINUE_TELEMETRY_ENABLED": "0", "CONTINUE_METRICS_ENABLED": "0"},
        files=lambda url: {
            "../project/.continue-config.yaml": "name: local\nversion: 0.0.1\nschema: v1\nmodels:\n"
            "  - {name: scripted, provider: openai, model: scripted, apiKey: x, "
            f'apiBase: "{url}/v1", roles: [chat, edit, apply], capabilities: [tool_use]}}\n'
        },
        thinks=False,
    ),
    Program(
        source="cline",
        executable="cline",
        first=["-P", "openai", "-m", "scripted"],
        again=None,
        before=lambda url: f"auth -p openai -k x -b {url}/v1 -m scripted".split(),
    ),
    Program(
        source="aider",
        executable="aider",
        first=[*_AIDER, "--message"],
        again=[*_AIDER, "--restore-chat-history", "--message"],
        environ=lambda url: {
            "OPENAI_API_KEY": "x",
            "OPENAI_API_BASE": f"{url}/v1",
            "AIDER_ANALYTICS": "false",
            "AIDER_CHECK_UPDATE": "false",
        },
        thinks=False,
        has_tools=False,
        history=".aider.chat.history.md",
    ),
]
