"""Sessions and memories as documents: read under their own URI, or as files made for the client."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from aiana.lsp.call import Call
from aiana.lsp.server import AianaServer
from aiana.protocol.results import Link, Located, Page
from aiana.protocol.uris import SCHEME
from aiana.render.pages import page_file, write_page
from aiana.service import Aiana


class Documents:
    """The text of `aiana:` documents, where they lead, and how they are opened."""

    def __init__(self, server: AianaServer) -> None:
        self._server = server

    def register(self) -> None:
        self._server.add_feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT, self.content)
        self._server.add_feature(types.TEXT_DOCUMENT_DOCUMENT_LINK, self.links)

    async def content(self, params: types.TextDocumentContentParams) -> Page:
        """The text of an `aiana:` document."""
        return await self._page(params.uri)

    async def links(self, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        """Where an `aiana:` document leads: files, conversations, neighbouring turns."""
        uri = params.text_document.uri
        if uri.partition(":")[0].lower() != SCHEME:
            return []
        return [_document_link(link) for link in (await self._page(uri)).links]

    def uri(self, uri: str) -> str:
        """Under which URI the client will find this document, which may be still to be written."""
        if self._server.editor.reads_documents:
            return uri
        return page_file(self._folder, uri).as_uri()

    async def location(self, uri: str) -> types.Location:
        """Where the client finds this document: under its own URI, or in a file made for it."""
        reads = self._server.editor.reads_documents
        found: Located = await self._server.methods["aiana/locate"](
            {"uri": uri, "asFile": not reads}
        )
        return _location(uri if reads else found.uri, found.line)

    async def open(self, uri: str) -> None:
        """Show a document in the editor."""
        await self._show(await self.location(uri))

    async def open_text(self, name: str, text: str) -> None:
        """Show a text of this kind, which is no document, as a file."""
        await self._show(_location(await self._write(f"{SCHEME}:///{name}", text), 0))

    async def _show(self, location: types.Location) -> None:
        editor = self._server.editor
        if editor.shows_documents:
            params = types.ShowDocumentParams(
                location.uri, take_focus=True, selection=location.range
            )
            answer = await editor.ask(types.WINDOW_SHOW_DOCUMENT, params)
            shown = isinstance(answer.result, dict) and answer.result.get("success") is not False
            if shown:
                return
        if location.uri.startswith("file:"):
            editor.say(f"Written to {location.uri}, line {location.range.start.line + 1}.")
        else:
            editor.say(f"Open {location.uri} to read it.")

    async def _page(self, uri: str) -> Page:
        follows = self._server.editor.follows_links

        def read(aiana: Aiana, uri: str, call: Call) -> Page:
            return aiana.read_page(uri, navigation=follows)

        page = await self._server.run("read", read, uri)
        assert isinstance(page, Page)
        return page

    async def _write(self, uri: str, text: str) -> str:
        def write(aiana: Aiana, text: str, call: Call) -> str:
            return write_page(aiana.config.pages_dir, uri, text).as_uri()

        return str(await self._server.run("read", write, text))

    @property
    def _folder(self) -> Path:
        return self._server.service.config.pages_dir


def _location(uri: str, line: int) -> types.Location:
    start = types.Position(line, 0)
    return types.Location(uri, types.Range(start, start))


def _document_link(link: Link) -> types.DocumentLink:
    start, end = types.Position(link.line, link.start), types.Position(link.line, link.end)
    return types.DocumentLink(types.Range(start, end), link.target)
