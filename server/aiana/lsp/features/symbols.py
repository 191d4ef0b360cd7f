"""`workspace/symbol` from memory."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from aiana.lsp.features.configuration import Configuration
from aiana.lsp.features.documents import Documents
from aiana.lsp.server import AianaServer
from aiana.models import SearchHit
from aiana.protocol.results import SearchResult
from aiana.text import one_line

_NAME_CHARS = 80


class Symbols:
    """What a search finds, as places to go to; where exactly is looked up when one is chosen."""

    def __init__(
        self, server: AianaServer, configuration: Configuration, documents: Documents
    ) -> None:
        self._server = server
        self._configuration = configuration
        self._documents = documents

    def register(self) -> None:
        self._server.add_feature(types.WORKSPACE_SYMBOL, self.symbols)
        self._server.add_feature(types.WORKSPACE_SYMBOL_RESOLVE, self.resolve)

    async def symbols(self, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        """What a search for the query finds."""
        if not self._configuration.options.workspace_symbols or not params.query.strip():
            return []
        found: SearchResult = await self._server.methods["aiana/search"]({"query": params.query})
        if self._resolves:
            return [
                _symbol(hit, types.LocationUriOnly(self._documents.uri(hit.uri)))
                for hit in found.hits
            ]
        return [_symbol(hit, await self._documents.location(hit.uri)) for hit in found.hits]

    async def resolve(self, params: types.WorkspaceSymbol) -> types.WorkspaceSymbol:
        """The same with its line; a file that it lies in is written now."""
        if isinstance(params.data, str):
            params.location = await self._documents.location(params.data)
        return params

    @property
    def _resolves(self) -> bool:
        found: Any = get_capability(
            self._server.client_capabilities, "workspace.symbol.resolve_support.properties"
        )
        return "location.range" in (found or ())


def _symbol(
    hit: SearchHit, location: types.Location | types.LocationUriOnly
) -> types.WorkspaceSymbol:
    return types.WorkspaceSymbol(
        name=one_line(hit.snippet)[:_NAME_CHARS],
        kind=types.SymbolKind.String,
        location=location,
        container_name=one_line(hit.session_title or hit.memory_type or hit.source),
        data=hit.uri,
    )
