"""lsprotocol's classes without the methods that cost the time of making them."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import attrs
define = attrs.define
from aiana.lsp.quick_types import import_types
import_types()
assert attrs.define is define
from lsprotocol import converters, types
assert "__eq__" not in vars(types.Hover) and "__repr__" not in vars(types.Hover)
assert types.Position(1, 2) == types.Position(1, 2) < types.Position(2, 0)
hover = types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "*text*"))
converter = converters.get_converter()
plain = {"contents": {"kind": "markdown", "value": "*text*"}}
assert converter.unstructure(hover) == plain
assert converter.structure(plain, types.Hover).contents.value == "*text*"
"""


def test_classes_are_made_without_what_nobody_asks_for() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
