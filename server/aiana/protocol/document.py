"""Write the method pages of `docs/protocol.md`: `python -m aiana.protocol.document FILE`."""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec.inspect as mi
from msgspec import NODEFAULT, Struct, structs

from aiana.protocol import results
from aiana.protocol.methods import METHODS, Method

BEGIN = "<!-- generated from aiana/protocol: `make docs` -->"


def document(head: str) -> str:
    """The whole page: its hand-written head as it is, then every method and every type."""
    return head.partition(BEGIN)[0] + BEGIN + "\n\n" + "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield "## Requests"
    yield ""
    shared: dict[str, type[Struct]] = {}
    for method in METHODS:
        yield from _method(method)
        for cls in (method.params, method.result):
            collect(cls, shared)
    for method in METHODS:
        shared.pop(method.params.__name__, None)
    collect(results.Changes, shared)  # of a notification
    yield "## Types"
    yield ""
    for name in sorted(shared):
        yield f"### `{name}`"
        yield ""
        yield inspect.cleandoc(shared[name].__doc__ or "")
        yield ""
        yield from _fields(shared[name], with_defaults=False)


def _method(method: Method) -> Iterator[str]:
    yield f"### `{method.name}`"
    yield ""
    yield method.summary
    yield ""
    yield f"- Result: [`{method.result.__name__}`](#{method.result.__name__.lower()})."
    if method.errors:
        kinds = ", ".join(f"`{kind}`" for kind in method.errors)
        yield f"- Errors (`data.kind` with -32803): {kinds}."
    yield f"- Command: `{method.command}`."
    yield ""
    if structs.fields(method.params):
        yield from _fields(method.params, with_defaults=True)
    yield "```json"
    yield json.dumps({"method": method.name, "params": method.example}, ensure_ascii=False)
    yield "```"
    yield ""


def _fields(cls: type[Struct], with_defaults: bool) -> Iterator[str]:
    docs = field_docs(cls)
    types = {field.encode_name: field.type for field in struct_type(cls).fields}
    yield "| field | type | default | |" if with_defaults else "| field | type | |"
    yield "|---|---|---|---|" if with_defaults else "|---|---|---|"
    for field in structs.fields(cls):
        cells = [f"`{field.encode_name}`", _type(types[field.encode_name])]
        if not with_defaults and _is_nullable(types[field.encode_name]):
            cells[1] += " or absent" if cls.__struct_config__.omit_defaults else " or null"
        if with_defaults:
            cells.append(_default(field))
        yield f"| {' | '.join([*cells, docs.get(field.name, '')])} |"
    yield ""


def _is_nullable(info: mi.Type) -> bool:
    options = info.types if isinstance(info, mi.UnionType) else (info,)
    return any(isinstance(option, mi.NoneType) for option in options)


def _default(field: structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not NODEFAULT else field.default_factory()
    if value is None or isinstance(value, Struct):
        return ""
    return f"`{json.dumps(value)}`"


def _type(info: mi.Type) -> str:
    match info:
        case mi.UnionType(types=options):
            return " or ".join(_type(o) for o in options if not isinstance(o, mi.NoneType))
        case mi.LiteralType(values=values):
            return " or ".join(f"`{json.dumps(value)}`" for value in values)
        case mi.ListType(item_type=item):
            return f"list of {_type(item)}"
        case mi.TupleType(item_types=items):
            return f"[{', '.join(_type(item) for item in items)}]"
        case mi.DictType(value_type=value):
            return f"object of {_type(value)}" if not isinstance(value, mi.AnyType) else "object"
        case mi.StructType(cls=cls):
            return f"[`{cls.__name__}`](#{cls.__name__.lower()})"
        case mi.IntType(ge=low, le=high) if low is not None:
            return f"integer, {low} to {high:,}"
        case mi.StrType(min_length=1):
            return "string, not empty"
    names = {mi.StrType: "string", mi.IntType: "integer", mi.FloatType: "number"}
    names |= {mi.BoolType: "boolean", mi.AnyType: "anything"}
    return names[type(info)]


def struct_type(cls: type[Struct]) -> mi.StructType:
    info = mi.type_info(cls)
    assert isinstance(info, mi.StructType)
    return info


def collect(cls: type[Struct], found: dict[str, type[Struct]]) -> None:
    """`cls` and every struct that its fields mention."""
    if cls.__name__ in found:
        return
    found[cls.__name__] = cls
    waiting: list[Any] = [field.type for field in struct_type(cls).fields]
    while waiting:
        info = waiting.pop()
        match info:
            case mi.StructType(cls=inner):
                collect(inner, found)
            case mi.UnionType(types=options):
                waiting += options
            case mi.ListType(item_type=item):
                waiting.append(item)
            case mi.DictType(value_type=value):
                waiting.append(value)


def all_structs() -> tuple[dict[str, type[Struct]], dict[str, type[Struct]]]:
    """Every struct of the protocol by its name: those of questions, and those of answers."""
    asked: dict[str, type[Struct]] = {}
    answered: dict[str, type[Struct]] = {}
    for method in METHODS:
        collect(method.params, asked)
        collect(method.result, answered)
    collect(results.Changes, answered)
    collect(results.Page, answered)
    return asked, answered


def field_docs(cls: type[Struct]) -> dict[str, str]:
    """The string below each field in the source of `cls` and its bases."""
    docs: dict[str, str] = {}
    for base in reversed([c for c in cls.__mro__ if issubclass(c, Struct) and c is not Struct]):
        tree = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(tree, ast.ClassDef)
        for field, text in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                assert isinstance(field.target, ast.Name)
                assert isinstance(text.value, ast.Constant)
                docs[field.target.id] = " ".join(str(text.value.value).split())
    return docs


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(document(page.read_text(encoding="utf-8")), encoding="utf-8")
