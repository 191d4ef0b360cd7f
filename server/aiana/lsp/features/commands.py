"""Commands that show what they find, since editors without a plugin throw results away."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from aiana.lsp.features.documents import Documents
from aiana.lsp.server import AianaServer
from aiana.protocol.results import ContextResult, Deleted, Fixes, MemoryAdded, SearchResult, Why
from aiana.render.pages import fixes_page, hits_page, why_page
from aiana.text import counted, one_line

_SHOWN_CHARS = 80
_FORGET = "Forget it"


class Commands:
    """The server's own commands; each takes the params of the request that it shows."""

    def __init__(self, server: AianaServer, documents: Documents) -> None:
        self._server = server
        self._documents = documents

    def register(self) -> None:
        add = self._server.add_command
        add("aiana.show", self.show, "uri")
        add("aiana.showSearch", self.show_search, "query")
        add("aiana.showContext", self.show_context, "query")
        add("aiana.showWhy", self.show_why, "path")
        add("aiana.showFixes", self.show_fixes, "text")
        add("aiana.remember", self.remember, "content")
        add("aiana.forget", self.forget, "id")

    async def show(self, given: dict[str, Any]) -> None:
        """`{uri}`: open a session or memory in the editor."""
        await self._documents.open(str(given.get("uri", "")))

    async def show_search(self, given: dict[str, Any]) -> None:
        """The params of `aiana/search`: open what it finds as one document."""
        found: SearchResult = await self._call("aiana/search", given)
        await self._documents.open_text("search", hits_page(str(given["query"]), found.hits))

    async def show_context(self, given: dict[str, Any]) -> None:
        """The params of `aiana/context`: open the block as a file, to attach to a chat."""
        context: ContextResult = await self._call("aiana/context", given)
        if context.context:
            await self._documents.open_text("context", context.context + "\n")
        else:
            self._server.editor.say("There is nothing worth quoting for this.")

    async def show_why(self, given: dict[str, Any]) -> None:
        """The params of `aiana/why`: open the turns behind some lines as a document."""
        why: Why = await self._call("aiana/why", given)
        if why.reasons:
            await self._documents.open_text("why", why_page(why))
        else:
            self._server.editor.say("No session is surely known to have written this.")

    async def show_fixes(self, given: dict[str, Any]) -> None:
        """The params of `aiana/fixes`: open what made an error go away as a document."""
        fixes: Fixes = await self._call("aiana/fixes", given)
        if fixes.fixes:
            await self._documents.open_text("fixes", fixes_page(fixes))
        else:
            self._server.editor.say("No session is surely known in which this error went away.")

    async def remember(self, given: dict[str, Any]) -> MemoryAdded:
        """The params of `aiana/memory/add`: keep a text and say so."""
        added: MemoryAdded = await self._call("aiana/memory/add", given)
        hidden = f" {counted(added.redactions, 'secret')} taken out." if added.redactions else ""
        known = "This was known already."
        self._server.editor.say(known if added.duplicate_of else f"Remembered.{hidden}")
        return added

    async def forget(self, given: dict[str, Any]) -> Deleted | None:
        """`{id}`: delete a memory once the user has confirmed it."""
        memory = (await self._call("aiana/memory/get", given)).memory
        shown = one_line(memory.content)[:_SHOWN_CHARS]
        answer = await self._server.editor.ask(
            types.WINDOW_SHOW_MESSAGE_REQUEST,
            types.ShowMessageRequestParams(
                types.MessageType.Warning,
                f"Forget this for good? {shown}",
                [types.MessageActionItem(_FORGET), types.MessageActionItem("Keep it")],
            ),
        )
        if not isinstance(answer.result, dict) or answer.result.get("title") != _FORGET:
            return None
        deleted: Deleted = await self._call("aiana/memory/delete", {"ids": [memory.id]})
        self._server.editor.say("Forgotten.")
        return deleted

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        return await self._server.methods[method](params)
