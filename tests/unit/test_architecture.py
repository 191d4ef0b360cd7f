"""Imports flow one way, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "aiana"
# From the values upwards; a package may import itself and what stands in an earlier line.
ORDER = (
    {"__init__"},
    {"errors", "models", "text", "times", "lazy", "invocation", "paths"},
    {"private", "titles"},
    {"config"},
    {"protocol"},
    {"redaction", "embeddings", "projects", "pipes", "failures"},
    {"storage"},
    {"search"},
    {"context"},
    {"capture", "render"},
    {"indexing"},
    {"validation", "container"},
    {"diagnostics"},
    {"features"},
    {"service"},
    {"lsp"},
    {"mcp"},
    {"cli"},
    {"__main__"},
)
# What is promised in one place and served in another, imported where it is called.
EXCEPTIONS = {
    # `AianaStorage.search` is promised beside the storage; searching knows the storage.
    ("storage/sqlite.py", "search"),
}


def imported(path: Path) -> set[str]:
    """First components below `aiana` that a file imports, at run time or for its types."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            if node.module == "aiana":
                found |= {alias.name for alias in node.names if not alias.name.startswith("_")}
            elif (node.module or "").startswith("aiana."):
                found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("aiana.")}
    return found


def test_every_package_has_a_place_in_the_order() -> None:
    names = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert names == set().union(*ORDER)


def test_imports_flow_one_way() -> None:
    places = {name: place for place, names in enumerate(ORDER) for name in names}
    wrong = set()
    for path in PACKAGE.rglob("*.py"):
        where = path.relative_to(PACKAGE)
        own = where.parts[0].removesuffix(".py")
        for name in imported(path) - {own}:
            upwards = places[name] >= places[own]
            if upwards and (where.as_posix(), name) not in EXCEPTIONS:
                wrong.add((where.as_posix(), name))
    assert wrong == set()


def modules_after(statement: str) -> set[str]:
    """Top-level modules in a fresh process after a statement."""
    code = f"{statement}; import json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import aiana.service", "pygls redis qdrant_client torch numpy onnxruntime sqlite3"),
        ("import aiana.lsp.main", "redis qdrant_client torch numpy onnxruntime tokenizers rich"),
        ("import aiana.mcp.main", "pygls asyncio msgspec sqlite3 numpy tokenizers rich click"),
        ("import aiana.cli", "pygls redis qdrant_client torch numpy onnxruntime rich"),
        ("import aiana.embeddings", "torch numpy onnxruntime tokenizers"),
        ("import aiana.storage", "redis qdrant_client torch numpy onnxruntime pygls"),
    ],
)
def test_heavy_imports_wait_until_they_are_needed(statement: str, absent: str) -> None:
    assert modules_after(statement) & set(absent.split()) == set()


def test_advice_names_the_program_as_it_was_started() -> None:
    """`aiana` is not on everybody's PATH: what is said at run time asks `aiana.invocation`."""
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        notes |= {
            id(k.value)
            for n in ast.walk(tree)
            if isinstance(n, ast.Call)
            for k in n.keywords
            if k.arg == "help"
        }
        wrong += [
            f"{path.relative_to(PACKAGE)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"(?:^|`)aiana [a-z]", node.value)
            and id(node) not in notes
        ]
    assert wrong == []
