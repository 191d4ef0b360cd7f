"""Imports flow one way, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "aiana"
# From the values upwards; a package may import itself and what stands in an earlier line.
ORDER = (
    {"__init__"},
    {"pattern", "child", "garbage"},
    {"errors", "models", "text", "times", "lazy", "invocation", "paths", "arrays"},
    {"complaints", "git", "regular"},
    {"private", "titles", "touches"},
    {"config"},
    {"protocol"},
    {"redaction", "embeddings", "projects", "pipes", "failures"},
    {"exclusions"},
    {"hiding"},
    {"storage"},
    {"search"},
    {"context"},
    {"capture", "render", "setup"},
    {"indexing"},
    {"validation", "container"},
    {"diagnostics"},
    {"features"},
    {"service"},
    {"lsp"},
    {"mcp", "hooks"},
    {"cli"},
    {"__main__"},
)
# `AianaStorage.search` is promised beside the storage: imported where it is called, or for types.
EXCEPTIONS = {("storage/sqlite.py", "search")}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(("aiana", *parts)).removesuffix(".__init__")


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def imported(source: str) -> dict[str, bool]:
    """Modules of Aiana that a source imports in any way, and whether already when it is imported.

    Imports for types and in functions count, and so do modules that are only named in a string.
    """
    tree = ast.parse(source)
    later = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for inner in ast.walk(node)
    }
    found: dict[str, bool] = {}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else str(node.module) for name in whole]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant) and node.value in MODULES and "." in node.value:
            names = [node.value]
        for name in names:
            if name in MODULES:
                found[name] = found.get(name, False) or id(node) not in later
    return found


IMPORTS = {
    name: {
        other: at_once
        for other, at_once in imported(path.read_text(encoding="utf-8")).items()
        if other != name  # said of itself, to be started as a program
    }
    for name, path in MODULES.items()
}


def package(module: str) -> str:
    """First component below `aiana`; of `aiana` itself, which holds the version, its file."""
    return module.split(".")[1] if "." in module else "__init__"


def against_the_flow(imports: dict[str, dict[str, bool]]) -> set[tuple[str, str]]:
    """Files that import what stands in their own line of the order or later, and what that is."""
    places = {name: place for place, names in enumerate(ORDER) for name in names}
    wrong = set()
    for module, names in imports.items():
        own = package(module)
        where = MODULES[module].relative_to(PACKAGE).as_posix()
        for name, at_once in names.items():
            other = package(name)
            allowed = (where, other) in EXCEPTIONS and not at_once
            if other != own and places[other] >= places[own] and not allowed:
                wrong.add((where, other))
    return wrong


def circles(imports: dict[str, dict[str, bool]]) -> list[str]:
    """Modules that import themselves, directly or by way of others."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(imports[start])
        while waiting:
            if (name := waiting.pop()) not in seen:
                seen.add(name)
                waiting += imports[name]
        return seen

    return sorted(name for name in imports if name in reached(name))


def test_every_package_has_a_place_in_the_order() -> None:
    names = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert names == set().union(*ORDER)
    assert len(names) == sum(map(len, ORDER))


def test_imports_flow_one_way() -> None:
    assert against_the_flow(IMPORTS) == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles(IMPORTS) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import aiana.service",
        "import aiana.service as front",
        "from aiana import service",
        "from aiana.service import Aiana",
        "from aiana.features import memories",
        "if TYPE_CHECKING:\n    from aiana.service import Aiana",
        "def f() -> None:\n    from aiana import service",
        "importlib.import_module('aiana.service')",
    ],
)
def test_forbidden_import_is_seen(statement: str) -> None:
    imports = {**IMPORTS, "aiana.storage.rows": imported(statement)}
    assert len(against_the_flow(imports)) == 1
    assert "aiana.storage.rows" in circles(imports)


def test_an_exception_holds_for_late_imports_alone() -> None:
    own = "aiana.storage.sqlite"
    imports = {**IMPORTS, own: {**IMPORTS[own], **imported("from aiana.search import engine")}}
    assert against_the_flow(imports) == {("storage/sqlite.py", "search")}


def modules_after(statement: str) -> set[str]:
    """Modules in a fresh process after a statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "import aiana.service",
            "pygls redis qdrant_client torch numpy onnxruntime sqlite3 tomllib aiana.capture",
        ),
        (
            "import aiana.cli.search, aiana.search.searcher",
            "onnxruntime tokenizers socket concurrent subprocess shutil aiana.capture "
            "aiana.storage.qdrant aiana.storage.redis aiana.storage.captures "
            "aiana.redaction.redact",
        ),
        ("import aiana.lsp.main", "redis qdrant_client torch numpy onnxruntime tokenizers rich"),
        (
            "import aiana.hooks.main, aiana.hooks.blocks, aiana.hooks.words, aiana.hooks.asked",
            "msgspec click pygls asyncio logging numpy subprocess tokenizers rich",
        ),
        ("import aiana.mcp.main", "pygls asyncio msgspec sqlite3 numpy tokenizers rich click"),
        ("import aiana.cli", "pygls redis qdrant_client torch numpy onnxruntime rich"),
        ("import aiana.embeddings", "torch numpy onnxruntime tokenizers"),
        ("import aiana.storage", "redis qdrant_client torch numpy onnxruntime pygls"),
    ],
)
def test_heavy_imports_wait_until_they_are_needed(statement: str, absent: str) -> None:
    assert modules_after(statement) & set(absent.split()) == set()
