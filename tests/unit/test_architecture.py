"""Imports flow one way, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "aiana"
# What each layer may import of Aiana, besides itself and the values.
VALUES = {"errors", "models", "results", "text", "times", "config", "lazy"}
LAYERS = {
    "retrieval": VALUES | {"retrieval"},
    "context": VALUES | {"retrieval"},
    "embeddings": VALUES,
    "storage": VALUES | {"retrieval", "embeddings"},
    "capture": VALUES | {"context"},
}
FRONT_ENDS = {"lsp", "cli", "mcp", "service"}


def imported(path: Path) -> set[str]:
    """First components below `aiana` that a file imports at run time."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.ImportFrom) and (child.module or "").startswith("aiana."):
                found.add((child.module or "").split(".")[1])
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_downwards_only(layer: str) -> None:
    for path in (PACKAGE / layer).rglob("*.py"):
        assert imported(path) <= LAYERS[layer] | {layer}, path.name


def test_nothing_below_imports_a_front_end() -> None:
    for path in PACKAGE.glob("*.py"):
        if path.stem not in FRONT_ENDS | {"__main__"}:
            assert not imported(path) & {"lsp", "cli", "mcp"}, path.name


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
        ("import aiana.cli", "pygls redis qdrant_client torch numpy onnxruntime rich"),
        ("import aiana.embeddings", "torch numpy onnxruntime tokenizers"),
        ("import aiana.storage", "redis qdrant_client torch numpy onnxruntime pygls"),
    ],
)
def test_heavy_imports_wait_until_they_are_needed(statement: str, absent: str) -> None:
    assert modules_after(statement) & set(absent.split()) == set()
