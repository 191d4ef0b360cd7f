"""Aiana without its optional parts: everything but search by meaning works, and says how to get it.

The parts are installed where the tests run, so that they are blocked in the processes tried here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aiana.invocation import EXTRAS

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `aiana` as on a machine without the optional parts."""
    blocked = {"huggingface_hub", "transformers", *(m for extra in EXTRAS.values() for m in extra)}
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(BLOCKER.replace("{BLOCKED!r}", repr(blocked)))

    def run_one(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environ = {
            **os.environ,
            "PYTHONPATH": str(site),
            "AIANA_HOME": str(tmp_path / "aiana"),
            "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
            **settings,
        }
        return subprocess.run(
            [sys.executable, "-m", "aiana", *arguments],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
        )

    return run_one


def test_what_was_said_is_found_by_its_words(run: Run) -> None:
    imported = run("import", str(SAMPLE))
    assert (imported.returncode, "38 messages" in imported.stdout) == (0, True)
    found = json.loads(run("search", "getCartById broken", "--json").stdout)
    assert found["hits"][0]["sessionTitle"] == "Pin the Redis client below 5"
    assert found["modes"] == ["keyword"]
    assert [each["tier"] for each in found["degraded"]] == ["embedder"]
    assert "[semantic]" in found["degraded"][0]["reason"]
    assert run("remember", "tests need make up").returncode == 0
    assert "> tests need make up" in run("context", "make up", "--all").stdout


def test_the_state_says_what_to_install(run: Run) -> None:
    state = json.loads(run("status", "--json").stdout)
    assert (state["health"], state["tiers"]["embedder"]["state"]) == ("warning", "unavailable")
    assert "onnxruntime is not installed. Run `" in state["tiers"]["embedder"]["detail"]
    assert "[semantic]" in state["tiers"]["embedder"]["detail"]
    doctor = run("doctor", "--json")
    findings = {each["subject"]: each for each in json.loads(doctor.stdout)["findings"]}
    assert (doctor.returncode, findings["model"]["state"]) == (0, "warning")
    assert "onnxruntime is not installed" in findings["model"]["detail"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "x", "--mode", "semantic"), "[semantic]"),
        (("reindex", "vectors"), "[semantic]"),
        (("model", "info"), ""),
        (("model", "compile", "--download"), "semantic]"),
    ],
)
def test_what_needs_the_model_says_what_to_install(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = run(*arguments, HF_HOME="/nonexistent", HF_HUB_OFFLINE="0")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert said in done.stderr


def test_servers_without_their_client_library(run: Run) -> None:
    """Servers that are configured are down for want of their client."""
    run("import", "--no-embed", str(SAMPLE))
    servers = {"REDIS_URL": "redis://127.0.0.1:1", "QDRANT_URL": "http://127.0.0.1:1"}
    state = json.loads(run("status", "--json", **servers).stdout)
    for name, package in (("redis", "redis"), ("qdrant", "qdrant-client")):
        assert state["tiers"][name]["state"] == "unavailable"
        assert f"{package} is not installed. Run `" in state["tiers"][name]["detail"]
        assert f"[{name}]" in state["tiers"][name]["detail"]
    found = run("search", "getCartById", "--json", **servers)
    assert (found.returncode, len(json.loads(found.stdout)["hits"]) > 0) == (0, True)
    assert run("remember", "x", **servers).returncode == 0


def test_an_editor_is_served(run: Run) -> None:
    done = run("lsp-check")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
