"""The table is the protocol: handlers, examples and the page agree with it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aiana.lsp.main import make_server
from aiana.lsp.methods import Methods
from aiana.protocol.document import document
from aiana.protocol.lua import lua
from aiana.protocol.methods import METHODS, Method
from aiana.protocol.typescript import typescript

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "protocol.md"
MIRROR = ROOT / "vscode-extension" / "src" / "protocol.ts"
LUA = ROOT / "editors" / "nvim" / "lua" / "aiana" / "protocol.lua"


def test_every_method_has_a_handler() -> None:
    assert list(Methods(make_server()).table()) == [method.name for method in METHODS]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_examples_are_valid(method: Method) -> None:
    params = msgspec.convert(method.example, method.params)
    known = {field.encode_name for field in msgspec.structs.fields(type(params))}
    assert method.example.keys() <= known


def test_the_page_is_written_from_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert document(page) == page, "run `make docs`"


def test_typescript_mirror() -> None:
    assert MIRROR.read_text(encoding="utf-8") == typescript(), "run `make docs`"


def test_the_mirror_for_lua_is_written_from_the_table() -> None:
    assert LUA.read_text(encoding="utf-8") == lua(), "run `make docs`"
