"""*Remember this selection* and the like, for a person who asks for actions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types

from aiana.lsp.call import Call
from aiana.lsp.features.configuration import CODE_ACTION_KIND, Configuration
from aiana.lsp.server import AianaServer
from aiana.lsp.uris import open_document, path_of
from aiana.service import Aiana

_MOST_DIAGNOSTICS = 3
"""Of those at a place that are looked up."""


class CodeActions:
    """Actions for a person who asks; an editor that looks by itself gets none."""

    def __init__(self, server: AianaServer, configuration: Configuration) -> None:
        self._server = server
        self._configuration = configuration

    def register(self) -> None:
        self._server.add_feature(types.TEXT_DOCUMENT_CODE_ACTION, self.actions)

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """What can be done with a document and a selection of it."""
        by_itself = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
        wanted = _is_wanted(CODE_ACTION_KIND, params.context.only)
        if not self._configuration.options.code_actions or by_itself or not wanted:
            return []
        uri = params.text_document.uri
        about: dict[str, Any] = {"textDocument": {"uri": uri}}
        actions = [_action("Add context for this file", "aiana.showContext", about)]
        if await self._has_edits(uri):
            place = {**about, "range": _plain(params.range)}
            actions.append(_action("Why is this line so?", "aiana.showWhy", place))
        if told := await self._with_a_fix(params.context.diagnostics):
            actions.append(_action("What fixed this error?", "aiana.showFixes", told))
        selection = self._selected(uri, params.range)
        if selection.strip():
            about["selection"] = selection
            origin = {"uri": uri, "range": _plain(params.range)}
            actions.insert(
                0,
                _action(
                    "Remember this selection",
                    "aiana.remember",
                    {"content": selection, "origin": origin},
                ),
            )
        return actions

    async def _has_edits(self, uri: str) -> bool:
        """Whether a session changed the file, so that there may be an answer."""

        def asked(aiana: Aiana, path: Path, call: Call) -> bool:
            return aiana.has_edits(path)

        path = path_of(uri)
        return path is not None and bool(await self._server.run("read", asked, path))

    async def _with_a_fix(self, diagnostics: Sequence[types.Diagnostic]) -> dict[str, Any] | None:
        """The first of some diagnostics that went away in a session, as `aiana/fixes` takes it."""

        def asked(aiana: Aiana, told: tuple[str, str], call: Call) -> bool:
            return bool(aiana.fixes(*told, cancelled=call.cancelled, limit=1).fixes)

        for each in diagnostics[:_MOST_DIAGNOSTICS]:
            code = "" if each.code is None else str(each.code)
            if await self._server.run("read", asked, (each.message, code)):
                return {"diagnostic": {"message": each.message, "code": each.code}}
        return None

    def _selected(self, uri: str, range_: types.Range) -> str:
        document = open_document(self._server.workspace, uri)
        if document is None:
            return ""
        first = document.offset_at_position(range_.start)
        last = document.offset_at_position(range_.end)
        return str(document.source[first:last])


def _is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a kind is, or belongs to, one that is asked for: `source` means `source.x` as well.

    The empty kind means all of them.
    """
    if only is None:
        return True
    return any(not asked or kind == asked or kind.startswith(f"{asked}.") for asked in only)


def _plain(range_: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": range_.start.line, "character": range_.start.character},
        "end": {"line": range_.end.line, "character": range_.end.character},
    }


def _action(title: str, command: str, argument: dict[str, Any]) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=CODE_ACTION_KIND,
        command=types.Command(title=title, command=command, arguments=[argument]),
    )
