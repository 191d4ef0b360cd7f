"""Why a line is so, where the mouse rests or `K` is pressed; for those who turn it on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lsprotocol import types

from aiana.errors import InvalidQuery, NotFound
from aiana.lsp.call import Call
from aiana.lsp.features.configuration import Configuration
from aiana.lsp.server import AianaServer
from aiana.lsp.uris import open_document, path_of
from aiana.protocol.results import Reason, Why
from aiana.service import Aiana
from aiana.text import one_line
from aiana.times import local

_MOST_REASONS = 3
_MOST_ASKED = 160


class Hovers:
    """The turns that wrote the line, in plain text: nothing that is stored is rendered.

    Nothing for a line that is not surely known, and for a file that no session changed.
    """

    def __init__(self, server: AianaServer, configuration: Configuration) -> None:
        self._server = server
        self._configuration = configuration

    def register(self) -> None:
        self._server.add_feature(types.TEXT_DOCUMENT_HOVER, self.hover)

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """Who wrote the line, and what was asked."""
        uri = params.text_document.uri
        path = path_of(uri)
        if not self._configuration.options.hover or path is None:
            return None
        document = open_document(self._server.workspace, uri)
        text = None if document is None else document.source
        line = params.position.line + 1

        def asked(aiana: Aiana, path: Path, call: Call) -> Why | None:
            # Most files are none of ours, and the mouse rests on many.
            if not aiana.has_edits(path):
                return None
            # It lies on no disk any more, is too large, or ends before that line.
            with suppress(NotFound, InvalidQuery):
                return aiana.why(path, line, line, text=text, cancelled=call.cancelled)
            return None

        why: Why | None = await self._server.run("read", asked, path)
        if why is None:
            return None
        told = [each for each in why.reasons if each.kind != "discussed"]
        if not told:
            return None
        words = "\n".join(_words(reason) for reason in told[:_MOST_REASONS])
        return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, words))


def _words(reason: Reason) -> str:
    facts = [
        f"Aiana: {one_line(reason.how)}",
        reason.source,
        local(reason.timestamp),
        f"{len(reason.rejected)} refused before" if reason.rejected else None,
    ]
    first = " · ".join(fact for fact in facts if fact)
    about = one_line(reason.asked.text if reason.asked else reason.session_title or "")
    if len(about) > _MOST_ASKED:
        about = about[: _MOST_ASKED - 1].rstrip() + "…"
    return f"{first}\n{about}" if about else first
