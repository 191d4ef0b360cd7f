"""Write the mirror of the protocol for LuaCATS: `python -m aiana.protocol.lua FILE`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec.inspect as mi
from msgspec import Struct, structs

from aiana.protocol.document import all_structs, field_docs, struct_type

HEAD = """\
---@meta

-- What the server is asked and answers.
-- Generated from server/aiana/protocol: run `make docs` instead of changing it here.
"""


def lua() -> str:
    """The whole file."""
    asked, answered = all_structs()
    classes = sorted({**asked, **answered}.items())
    return "\n".join([HEAD, *(line for name, cls in classes for line in _class(cls, answered))])


def _class(cls: type[Struct], answered: dict[str, type[Struct]]) -> Iterator[str]:
    """In an answer a field is there, unless the struct leaves out what is as ever."""
    docs = field_docs(cls)
    types = {field.encode_name: field.type for field in struct_type(cls).fields}
    always = cls.__name__ in answered and not cls.__struct_config__.omit_defaults
    yield f"---@class aiana.{cls.__name__} {' '.join((cls.__doc__ or '').split())}"
    for field in structs.fields(cls):
        info = types[field.encode_name]
        mark = "?" if _is_nullable(info) or not (field.required or always) else ""
        text = docs.get(field.name, "")
        yield f"---@field {field.encode_name}{mark} {_type(info)} {text}".rstrip()
    yield ""


def _is_nullable(info: mi.Type) -> bool:
    options = info.types if isinstance(info, mi.UnionType) else (info,)
    return any(isinstance(option, mi.NoneType) for option in options)


def _type(info: mi.Type) -> str:
    match info:
        case mi.UnionType(types=options):
            return "|".join(_type(o) for o in options if not isinstance(o, mi.NoneType))
        case mi.LiteralType(values=values):
            return "|".join(json.dumps(value).replace('"', "'") for value in values)
        case mi.ListType(item_type=item):
            inner = _type(item)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case mi.TupleType(item_types=items):
            return f"[{', '.join(_type(item) for item in items)}]"
        case mi.DictType(value_type=value):
            return f"table<string, {_type(value)}>"
        case mi.StructType(cls=cls):
            return f"aiana.{cls.__name__}"
    names = {mi.StrType: "string", mi.IntType: "integer", mi.FloatType: "number"}
    names |= {mi.BoolType: "boolean", mi.AnyType: "any"}
    return names[type(info)]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(lua(), encoding="utf-8")
