"""Write the mirror of the protocol for TypeScript: `python -m aiana.protocol.typescript FILE`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args, get_origin

import msgspec.inspect as mi
from msgspec import Struct, structs

from aiana import models
from aiana.protocol import results
from aiana.protocol.document import all_structs, field_docs, struct_type
from aiana.protocol.methods import DID_CHANGE, METHODS, STATUS_CHANGED, Method

HEAD = """\
/**
 * Every request of the server, with its params and result.
 *
 * Generated from server/aiana/protocol: run `make docs` instead of changing it here.
 */

export interface RequestType<P, R> {
  readonly method: string;
  /** Only for the types; never set. */
  readonly _types?: (params: P) => R;
}

function request<P, R>(method: string): RequestType<P, R> {
  return { method };
}
"""


def typescript() -> str:
    """The whole file."""
    return "\n".join([HEAD, *_types(), *_requests()])


def _types() -> Iterator[str]:
    asked, answered = all_structs()
    names = _names(models) | _names(results)
    for values, name in names.items():
        yield f"export type {name} = {_union(values)};"
    yield ""
    for name, cls in sorted({**asked, **answered}.items()):
        yield from _interface(cls, names, in_answer=name in answered)


def _requests() -> Iterator[str]:
    for method in METHODS:
        yield f"/** {method.summary} */"
        yield (
            f"export const {_constant(method)} = "
            f'request<{method.params.__name__}, {method.result.__name__}>("{method.name}");'
        )
    yield "/** What an `aiana:` URI shows, and where its fragment points. */"
    yield (
        "export const textDocumentContent = "
        'request<{ uri: string }, Page>("workspace/textDocumentContent");'
    )
    yield ""
    yield "/** Notifications, with a `Status` and with `Changes`. */"
    yield f'export const STATUS_CHANGED = "{STATUS_CHANGED}";'
    yield f'export const DID_CHANGE = "{DID_CHANGE}";'
    yield ""


def _interface(
    cls: type[Struct], names: dict[frozenset[str], str], in_answer: bool
) -> Iterator[str]:
    """In an answer a field is there, unless the struct leaves out what is as ever."""
    fields = structs.fields(cls)
    if not fields:
        yield f"export type {cls.__name__} = Record<string, never>;"
        yield ""
        return
    docs = field_docs(cls)
    types = {field.encode_name: field.type for field in struct_type(cls).fields}
    yield f"/** {' '.join((cls.__doc__ or '').split())} */"
    yield f"export interface {cls.__name__} {{"
    for field in fields:
        may_lack = not field.required and (not in_answer or cls.__struct_config__.omit_defaults)
        if text := docs.get(field.name):
            yield f"  /** {text} */"
        mark = "?" if may_lack else ""
        yield f"  {field.encode_name}{mark}: {_type(types[field.encode_name], names)};"
    yield "}"
    yield ""


def _type(info: mi.Type, names: dict[frozenset[str], str]) -> str:
    match info:
        case mi.UnionType(types=options):
            return " | ".join(_type(option, names) for option in options)
        case mi.LiteralType(values=values):
            return names.get(frozenset(map(str, values))) or _union(map(str, values))
        case mi.ListType(item_type=item):
            inner = _type(item, names)
            return f"({inner})[]" if " " in inner and inner[0] not in "{[" else f"{inner}[]"
        case mi.TupleType(item_types=items):
            return f"[{', '.join(_type(item, names) for item in items)}]"
        case mi.DictType(value_type=value):
            return f"Record<string, {_type(value, names)}>"
        case mi.StructType(cls=cls):
            return cls.__name__
    kinds: dict[type[mi.Type], str] = {
        mi.StrType: "string",
        mi.IntType: "number",
        mi.FloatType: "number",
        mi.BoolType: "boolean",
        mi.NoneType: "null",
        mi.AnyType: "unknown",
    }
    return kinds[type(info)]


def _names(module: ModuleType) -> dict[frozenset[str], str]:
    """The names that a module gives to its choices, by what may be chosen."""
    return {
        frozenset(get_args(value)): name
        for name, value in vars(module).items()
        if get_origin(value) is Literal
    }


def _union(values: Iterator[str] | frozenset[str]) -> str:
    return " | ".join(json.dumps(value) for value in sorted(values))


def _constant(method: Method) -> str:
    """`memoryAdd` for `aiana/memory/add`."""
    first, *rest = method.name.removeprefix("aiana/").split("/")
    return first + "".join(part.capitalize() for part in rest)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(typescript(), encoding="utf-8")
