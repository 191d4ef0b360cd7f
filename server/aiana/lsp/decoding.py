"""What a client sends as lsprotocol's types: exact where it matters, lenient where it does not."""

from __future__ import annotations

import copy
import posixpath
from typing import Any
from urllib.parse import unquote, urlsplit

from cattrs import AttributeValidationNote, IterableValidationNote
from lsprotocol import types
from lsprotocol.converters import get_converter

Path = tuple[str | int, ...]
_MOST_PRUNED = 500


class Undecodable(ValueError):
    """Params that a method cannot be called with; `errors` lists `path: reason`."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


def converter() -> Any:
    """lsprotocol's converter, but params of methods it does not know stay as they came."""
    from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCRequestMessage

    made = get_converter()

    def raw(message: dict[str, Any], cls: type[Any]) -> Any:
        known = {key: message[key] for key in ("id", "method", "jsonrpc") if key in message}
        return cls(**known, params=message.get("params"))

    made.register_structure_hook(JsonRPCRequestMessage, raw)
    made.register_structure_hook(JsonRPCNotification, raw)
    return made


def structure(converter: Any, given: dict[str, Any], cls: type[Any]) -> Any:
    """A message as `cls`. Raises Undecodable.

    Of a request, what is optional and not understood is left out: a client of tomorrow may offer
    what nobody knows today. A notification changes documents, so it is taken whole or not at all.
    """
    message = _with_usable_folders(given)
    first: list[str] = []
    for _ in range(_MOST_PRUNED):
        try:
            return converter.structure(message, cls)
        except Exception as error:
            found = list(_leaves(error, ()))
            first = first or [f"{_shown(path)}: {reason}" for path, reason in found]
            pruned = _pruned(message, [path for path, _ in found]) if "id" in given else None
            if pruned is None:
                raise Undecodable(first) from error
            message = pruned
    raise Undecodable(first)


def _leaves(error: BaseException, path: Path) -> list[tuple[Path, str]]:
    """Where the parts of a message are that do not fit, and why; paths are those of the wire."""
    children = getattr(error, "exceptions", None)
    if children is None:
        return [(path, _reason(error))]
    found: list[tuple[Path, str]] = []
    for child in children:
        step: Path = ()
        for note in getattr(child, "__notes__", ()):
            if isinstance(note, AttributeValidationNote):
                step = (_on_the_wire(note.name),)
            elif isinstance(note, IterableValidationNote) and isinstance(note.index, int):
                step = (note.index,)
        found += _leaves(child, (*path, *step))
    return found


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return "this is required"
    if isinstance(error, TypeError | AttributeError):
        return "this has another type"
    # A reason may quote what was sent, which can be of any length.
    return str(error)[:200]


def _on_the_wire(attribute: str) -> str:
    head, *rest = attribute.strip("_").split("_")
    return head + "".join(word.capitalize() for word in rest)


def _shown(path: Path) -> str:
    shown = "$"
    for step in path[1:] if path[:1] == ("params",) else path:
        shown += f"[{step}]" if isinstance(step, int) else f".{step}"
    return shown


def _pruned(message: dict[str, Any], paths: list[Path]) -> dict[str, Any] | None:
    """A copy without the parts at these paths; None if one of them is not optional."""
    parts = {_part(message, path) for path in paths}
    if None in parts:
        return None
    copied = copy.deepcopy(message)
    outermost = [p for p in parts if p and not any(p[:n] in parts for n in range(1, len(p)))]
    # From the end, so that places in a list stay what they are.
    for *owners, last in sorted(outermost, key=_place, reverse=True):
        node: Any = copied
        for step in owners:
            node = node[step]
        del node[last]
    return copied


def _part(message: dict[str, Any], path: Path) -> Path | None:
    """What goes for the sake of this path: the part that is there, or that lacks what is required.

    None for `params` themselves and the client's capabilities as a whole.
    """
    node: Any = message
    there = 0
    for step in path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
        there += 1
    part = path[: there if there == len(path) else min(there, len(path) - 1)]
    return None if len(part) < 2 or part == ("params", "capabilities") else part


def _place(path: Path) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (0, step) for step in path]


def _with_usable_folders(message: dict[str, Any]) -> dict[str, Any]:
    """Folders without a name are called by the end of their URI; what is no URI is no folder."""
    params = message.get("params")
    if not isinstance(params, dict):
        return message
    if message["method"] == types.INITIALIZE:
        roots = {name: params[name] for name in ("rootUri", "rootPath") if name in params}
        usable = {name: root if _is_uri(root) else None for name, root in roots.items()}
        folders = _named(params.get("workspaceFolders"))
        return {**message, "params": {**params, **usable, "workspaceFolders": folders}}
    event = params.get("event")
    if message["method"] == types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS and isinstance(
        event, dict
    ):
        changes = {name: _named(event.get(name) or []) for name in ("added", "removed")}
        return {**message, "params": {**params, "event": {**event, **changes}}}
    return message


def _named(folders: Any) -> Any:
    if not isinstance(folders, list):
        return folders
    known = [folder for folder in folders if isinstance(folder, dict)]
    return [
        {"name": posixpath.basename(unquote(folder["uri"]).rstrip("/")), **folder}
        for folder in known
        if _is_uri(folder.get("uri"))
    ]


def _is_uri(text: Any) -> bool:
    try:
        # A path of two slashes and nothing else is what pygls stumbles over.
        return isinstance(text, str) and text.strip("/") != "" and bool(urlsplit(text))
    except ValueError:
        return False
