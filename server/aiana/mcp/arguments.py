"""The arguments of a tool: checked, and what is wrong with them in words that a model acts on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from msgspec import inspect

from aiana.context.quote import sentence
from aiana.errors import InvalidParams
from aiana.mcp.definitions import TOOLS
from aiana.protocol.params import Params
from aiana.validation import P, checked_params

_ASIDE = frozenset({"textDocument", "workDoneToken", "partialResultToken"})
"""What only an editor sends."""
_MISSING = re.compile(r"Object missing required field (`.+`)")
_EMPTY = re.compile(r"Expected `str` of length >= 1")
_OTHER_TYPE = re.compile(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`")
_BOUND = re.compile(r"Expected `int` ([<>]= \d+)")
_CHOICE = re.compile(r"Invalid enum value ('.*')", re.S)
_NAMES = {"str": "text", "int": "a number", "bool": "true or false", "array": "a list"} | {
    "float": "a number",
    "object": "an object",
}
_PATH_BEGINS = re.compile(r"^\$\.?")
_TOP = re.compile(r"[.\[]")
_MOST_NAMED = 5
_LONGEST_NAME = 60


def checked_arguments(name: str, given: Any, shape: type[P]) -> tuple[P, list[str]]:
    """What a model sent as params of a method, and the names in it that mean nothing.

    Raises InvalidParams, whose text says what the tool takes.
    """
    if isinstance(given, dict):
        # Models write null for what they leave out.
        given = {key: value for key, value in given.items() if value is not None}
    unknown = list(_unknown(given, shape)) if isinstance(given, dict) else []
    try:
        return checked_params(given, shape, strict=False), unknown
    except InvalidParams as error:
        wrong = [_in_words(each) for each in error.errors]
        if unknown:
            wrong.append(f"there is no argument {_listed(unknown)}")
        named = [_PATH_BEGINS.sub("", each.partition(": ")[0]) for each in error.errors]
        said = f"{'; '.join(wrong)}. {_shape_of(name, shape, [*named, *unknown])}"
        raise InvalidParams([said]) from error


def unknown_told(name: str, shape: type[Params], unknown: list[str]) -> str:
    """That there are no such arguments, and which there are."""
    return f"There is no argument {_listed(unknown)}. {_shape_of(name, shape, unknown)}"


def _listed(unknown: list[str]) -> str:
    return ", ".join(f"`{sentence(each)[:_LONGEST_NAME]}`" for each in unknown[:_MOST_NAMED])


def _shape_of(name: str, shape: type[Params], paths: list[str]) -> str:
    """In words, what a tool takes: what its definition tells, and of the rest what `paths` name.

    Where one names nothing that it takes, all of it is told.
    """
    schema = next(tool["inputSchema"] for tool in TOOLS if tool["name"] == name)
    fields = {field.encode_name: field.type for field in _fields(shape)}
    named = {top for path in paths if (top := _TOP.split(path, maxsplit=1)[0])}
    told = named | set(schema.get("properties", {})) if named <= set(fields) else set(fields)
    takes = [f"`{each}` ({_takes(of)})" for each, of in fields.items() if each in told]
    return f"It takes {', '.join(takes)}." if takes else "It needs no arguments."


def _in_words(error: str) -> str:
    """One error of msgspec, as a model reads it; its path begins with `$` for the whole."""
    path, _, reason = error.partition(": ")
    path = _PATH_BEGINS.sub("", path)
    what = f"`{path}`" if path else "`arguments`"
    if missing := _MISSING.fullmatch(reason):
        return f"{missing[1]} is missing" + (f" in `{path}`" if path else "")
    if _EMPTY.fullmatch(reason):
        return f"{what} is empty"
    if other := _OTHER_TYPE.fullmatch(reason):
        wanted, given = (_NAMES.get(each, each) for each in other.groups())
        return f"{what} takes {wanted}, not {given}"
    if bound := _BOUND.fullmatch(reason):
        return f"{what} must be {bound[1]}"
    if choice := _CHOICE.fullmatch(reason):
        return f"{what} cannot be {choice[1]}"
    return f"{what}: {reason}"


def _unknown(given: Mapping[str, Any], shape: type, path: str = "") -> Iterator[str]:
    """Names that mean nothing, in objects of objects too."""
    known = {field.encode_name: field.type for field in msgspec.structs.fields(shape)}
    for name, value in given.items():
        if name not in known:
            yield f"{path}{name}"
        elif isinstance(value, dict):
            for of in (known[name], *get_args(known[name])):
                if isinstance(of, type) and issubclass(of, msgspec.Struct):
                    yield from _unknown(value, of, f"{path}{name}.")


def _fields(shape: type) -> list[inspect.Field]:
    info = inspect.type_info(shape)
    assert isinstance(info, inspect.StructType)
    return [field for field in info.fields if field.encode_name not in _ASIDE]


def _takes(of: inspect.Type) -> str:
    """A type as a model reads it."""
    match of:
        case inspect.LiteralType():
            return " | ".join(map(str, of.values))
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.BoolType():
            return "true | false"
        case inspect.ListType():
            return f"list of {_takes(of.item_type)}"
        case inspect.UnionType():
            return " | ".join(_takes(t) for t in of.types if not isinstance(t, inspect.NoneType))
        case inspect.StructType():
            return f"object: {', '.join(field.encode_name for field in of.fields)}"
        case inspect.DictType():
            return "object"
    return "text"
