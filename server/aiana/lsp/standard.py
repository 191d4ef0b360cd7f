"""Standard LSP features, for editors without a plugin; those that could disturb are opt-in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from lsprotocol import types
from msgspec import Struct
from msgspec.structs import replace
from pygls.capabilities import get_capability

from aiana.config import Config, load_config
from aiana.lsp.server import AianaServer, Call
from aiana.protocol.results import ContextResult, Deleted, Link, MemoryAdded, Page, SearchResult
from aiana.render.pages import SCHEME, hits_page, read_page, write_page
from aiana.service import Aiana
from aiana.text import counted

logger = logging.getLogger(__name__)

CODE_ACTION_KIND = "aiana"
SECTION = "aiana"
_NAME_CHARS = 80
_FORGET = "Forget it"

_NEEDED_BY_CODE_ACTIONS = (
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
)

Handler = Callable[[Any], Awaitable[Any]]


class Options(Struct, frozen=True, rename="camel"):
    """What a client may turn on or off."""

    code_actions: bool = False
    """*Remember this selection* and *Add context for this file*; needs documents synchronized."""
    workspace_symbols: bool = False
    """Answer `workspace/symbol` from memory, which reaches tag jumps and symbol lists."""
    notifications: bool = True
    """Send `aiana/didChange` and `aiana/statusChanged`; some clients complain of what is new."""


OWN_SETTINGS = frozenset(field.encode_name for field in msgspec.structs.fields(Options))
"""Keys of a client's settings that are no settings of Aiana."""


class Standard:
    """The features, and which of them this client wants."""

    def __init__(self, server: AianaServer) -> None:
        self._server = server
        self._options = Options()
        self._initial: dict[str, Any] = {}
        self._registered: set[str] = set()

    def register(self) -> None:
        """Put every feature on the server; `announce` says which of them are advertised."""
        server = self._server
        server.announce = self.announce
        features: dict[str, Handler] = {
            types.TEXT_DOCUMENT_CODE_ACTION: self.code_actions,
            types.WORKSPACE_SYMBOL: self.symbols,
            types.WORKSPACE_TEXT_DOCUMENT_CONTENT: self.content,
            types.TEXT_DOCUMENT_DOCUMENT_LINK: self.links,
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: self.configuration_changed,
        }
        commands: dict[str, tuple[Handler, str]] = {
            "aiana.show": (self.show, "uri"),
            "aiana.showSearch": (self.show_search, "query"),
            "aiana.showContext": (self.show_context, "query"),
            "aiana.remember": (self.remember, "content"),
            "aiana.forget": (self.forget, "id"),
        }
        for name, method in features.items():
            server.feature(name)(_function(method))
        for name, (method, field) in commands.items():
            server.command(name)(_command(method, field))

    @property
    def notifies(self) -> bool:
        """Does the client want to be told what changes?"""
        return self._options.notifications

    def announce(self, capabilities: types.ServerCapabilities, options: Any) -> None:
        """Advertise what `initializationOptions` turn on and nothing that could disturb."""
        self._initial = _object(options)
        self._options = _options(self._initial)
        if self._options.code_actions:
            capabilities.code_action_provider = types.CodeActionOptions([CODE_ACTION_KIND])
        else:
            capabilities.code_action_provider = None
            # Documents are not needed then: attaching to a buffer and typing cost nothing.
            capabilities.text_document_sync = types.TextDocumentSyncOptions(
                open_close=False, change=types.TextDocumentSyncKind.None_
            )
        if not self._options.workspace_symbols:
            capabilities.workspace_symbol_provider = None
        # Registered for `aiana:` documents alone, where the client can be told so.
        capabilities.document_link_provider = None
        workspace = capabilities.workspace or types.WorkspaceOptions()
        workspace.text_document_content = types.TextDocumentContentOptions([SCHEME])
        capabilities.workspace = workspace

    async def configure(self) -> None:
        """Ask for the client's settings, and to be told when they change."""
        if self._can("workspace.did_change_configuration.dynamic_registration"):
            await self._register_capability(types.WORKSPACE_DID_CHANGE_CONFIGURATION, None)
        if self._follows_links():
            ours = types.TextDocumentFilterScheme(scheme=SCHEME)
            await self._register_capability(
                types.TEXT_DOCUMENT_DOCUMENT_LINK, types.DocumentLinkRegistrationOptions([ours])
            )
        await self._pull()

    async def configuration_changed(self, params: types.DidChangeConfigurationParams) -> None:
        """Settings were pushed; where the client can be asked, they are only a hint to do so."""
        if not await self._pull() and isinstance(params.settings, dict):
            await self._apply(params.settings.get(SECTION))

    async def _pull(self) -> bool:
        if not self._can("workspace.configuration"):
            return False
        item = types.ConfigurationItem(section=SECTION)
        answer = await self._server.workspace_configuration_async(types.ConfigurationParams([item]))
        await self._apply(answer[0] if answer else None)
        return True

    async def _apply(self, settings: Any) -> None:
        """Settings of a running server: the budget and the features; the rest is read at start."""
        if not isinstance(settings, dict):
            return
        # Editors answer with {} where nothing is set: what was said at the start still holds.
        settings = {**self._initial, **settings}
        self._options = _options(settings)
        config = load_config(settings, others=OWN_SETTINGS)
        for problem in config.problems:
            logger.warning("%s", problem.message)
        if self._server.service is not None and "contextMaxTokens" in settings:
            self._server.service.config = replace(
                self._server.service.config, context_max_tokens=config.context_max_tokens
            )
        everything = types.TextDocumentRegistrationOptions(document_selector=None)
        change = types.TextDocumentChangeRegistrationOptions(
            sync_kind=types.TextDocumentSyncKind.Incremental, document_selector=None
        )
        if (
            self._options.code_actions
            and self._can("text_document.synchronization.dynamic_registration")
            and self._can("text_document.code_action.dynamic_registration")
        ):
            await self._register_capability(types.TEXT_DOCUMENT_DID_OPEN, everything)
            await self._register_capability(types.TEXT_DOCUMENT_DID_CHANGE, change)
            await self._register_capability(types.TEXT_DOCUMENT_DID_CLOSE, everything)
            await self._register_capability(
                types.TEXT_DOCUMENT_CODE_ACTION,
                types.CodeActionRegistrationOptions(code_action_kinds=[CODE_ACTION_KIND]),
            )
        if self._options.workspace_symbols and self._can("workspace.symbol.dynamic_registration"):
            await self._register_capability(
                types.WORKSPACE_SYMBOL, types.WorkspaceSymbolRegistrationOptions()
            )

    async def _register_capability(self, method: str, options: Any) -> None:
        static = self._server.server_capabilities
        if (
            method in self._registered
            or (method == types.WORKSPACE_SYMBOL and static.workspace_symbol_provider)
            or (method in _NEEDED_BY_CODE_ACTIONS and static.code_action_provider)
        ):
            return
        self._registered.add(method)
        registration = types.Registration(f"aiana:{method}", method, options)
        await self._server.client_register_capability_async(
            types.RegistrationParams([registration])
        )

    async def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """Actions for a person who asks; an editor that looks by itself is told nothing."""
        asked = params.context.only
        by_itself = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
        if not self._options.code_actions or by_itself:
            return []
        if asked is not None and CODE_ACTION_KIND not in asked:
            return []
        uri = params.text_document.uri
        selection = self._selected(uri, params.range)
        about: dict[str, Any] = {"textDocument": {"uri": uri}}
        actions = [_action("Add context for this file", "aiana.showContext", about)]
        if selection.strip():
            about["selection"] = selection
            origin = {"uri": uri, "range": msgspec.to_builtins(_range(params.range))}
            actions.insert(
                0,
                _action(
                    "Remember this selection",
                    "aiana.remember",
                    {"content": selection, "origin": origin},
                ),
            )
        return actions

    def _selected(self, uri: str, range_: types.Range) -> str:
        documents = self._server.workspace.text_documents
        if uri not in documents:
            return ""
        document = documents[uri]
        first = document.offset_at_position(range_.start)
        last = document.offset_at_position(range_.end)
        return str(document.source[first:last])

    async def symbols(self, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        """What a search for the query finds, as places to go to."""
        if not self._options.workspace_symbols or not params.query.strip():
            return []
        found: SearchResult = await self._call("aiana/search", {"query": params.query})
        symbols = []
        for hit in found.hits:
            location = await self._location(hit.uri)
            symbols.append(
                types.WorkspaceSymbol(
                    name=" ".join(hit.snippet.split())[:_NAME_CHARS],
                    kind=types.SymbolKind.String,
                    location=location,
                    container_name=hit.session_title or hit.memory_type or hit.source,
                )
            )
        return symbols

    async def content(self, params: types.TextDocumentContentParams) -> Page:
        """The text of an `aiana:` document."""
        return await self._page(params.uri)

    async def links(self, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        """Where an `aiana:` document leads: files, conversations, neighbouring turns."""
        uri = params.text_document.uri
        if urlsplit(uri).scheme != SCHEME:
            return []
        return [_document_link(link) for link in (await self._page(uri)).links]

    async def show(self, given: dict[str, Any]) -> None:
        """`{uri}`: open a session or memory in the editor."""
        await self._open(await self._location(str(given.get("uri", ""))))

    async def show_search(self, given: dict[str, Any]) -> None:
        """The params of `aiana/search`: open what it finds as one document."""
        found: SearchResult = await self._call("aiana/search", given)
        await self._open_text("search", hits_page(str(given["query"]), found.hits))

    async def show_context(self, given: dict[str, Any]) -> None:
        """The params of `aiana/context`: open the block as a file, to attach to a chat."""
        context: ContextResult = await self._call("aiana/context", given)
        if context.context:
            await self._open_text("context", context.context + "\n")
        else:
            self._say("There is nothing worth quoting for this.")

    async def remember(self, given: dict[str, Any]) -> MemoryAdded:
        """The params of `aiana/memory/add`: keep a text and say so."""
        added: MemoryAdded = await self._call("aiana/memory/add", given)
        hidden = f" {counted(added.redactions, 'secret')} taken out." if added.redactions else ""
        self._say("This was known already." if added.duplicate_of else f"Remembered.{hidden}")
        return added

    async def forget(self, given: dict[str, Any]) -> Deleted | None:
        """`{id}`: delete a memory once the user has confirmed it."""
        memory = (await self._call("aiana/memory/get", given)).memory
        shown = " ".join(memory.content.split())[:_NAME_CHARS]
        chosen = await self._server.window_show_message_request_async(
            types.ShowMessageRequestParams(
                types.MessageType.Warning,
                f"Forget this for good? {shown}",
                [types.MessageActionItem(_FORGET), types.MessageActionItem("Keep it")],
            )
        )
        if chosen is None or chosen.title != _FORGET:
            return None
        deleted: Deleted = await self._call("aiana/memory/delete", {"ids": [memory.id]})
        self._say("Forgotten.")
        return deleted

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        return await self._server.methods[method](params)

    async def _page(self, uri: str) -> Page:
        def read(aiana: Aiana, uri: str, call: Call) -> Page:
            return read_page(aiana, uri, navigation=self._follows_links())

        page = await self._server.run("read", read, uri)
        assert isinstance(page, Page)
        return page

    async def _location(self, uri: str) -> types.Location:
        """Where the client finds this document: under its own URI, or in a file made for it."""
        page = await self._page(uri)
        start = types.Position(page.line, 0)
        if not self._reads_documents():
            uri = write_page(self._folder, uri, page.text).as_uri()
        return types.Location(uri, types.Range(start, start))

    async def _open_text(self, name: str, text: str) -> None:
        uri = write_page(self._folder, f"{SCHEME}:///{name}", text).as_uri()
        start = types.Position(0, 0)
        await self._open(types.Location(uri, types.Range(start, start)))

    async def _open(self, location: types.Location) -> None:
        if not self._can("window.show_document.support"):
            self._say(f"Written to {location.uri}, line {location.range.start.line + 1}.")
            return
        await self._server.window_show_document_async(
            types.ShowDocumentParams(location.uri, take_focus=True, selection=location.range)
        )

    def _reads_documents(self) -> bool:
        """Does the client open `aiana:` URIs: natively, or by a plugin that says so?"""
        ours = get_capability(self._server.client_capabilities, "experimental")
        by_plugin = isinstance(ours, dict) and "aianaDocuments" in ours
        return by_plugin or self._can("workspace.text_document_content")

    def _follows_links(self) -> bool:
        return self._can("text_document.document_link.dynamic_registration")

    def _can(self, capability: str) -> bool:
        return bool(get_capability(self._server.client_capabilities, capability))

    def _say(self, message: str) -> None:
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))

    @property
    def _folder(self) -> Path:
        config: Config = self._server.service.config
        return config.pages_dir


def _function(method: Handler) -> Callable[..., Awaitable[Any]]:
    """A method as a function, since pygls puts attributes on what it is given."""

    async def handler(params: Any = None) -> Any:
        return await method(params)

    return handler


def _command(method: Handler, field: str) -> Callable[..., Awaitable[Any]]:
    """A command; a plain text, which people type and editors can fill in, stands for `field`."""

    async def handler(argument: Any = None) -> Any:
        return await method({field: argument} if isinstance(argument, str) else _object(argument))

    return handler


def _options(settings: dict[str, Any]) -> Options:
    try:
        return msgspec.convert(settings, Options)
    except msgspec.ValidationError as error:
        logger.warning("The editor's settings are ignored: %s", error)
        return Options()


def _object(params: Any) -> dict[str, Any]:
    return params if isinstance(params, dict) else {}


def _range(range_: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": range_.start.line, "character": range_.start.character},
        "end": {"line": range_.end.line, "character": range_.end.character},
    }


def _document_link(link: Link) -> types.DocumentLink:
    start, end = types.Position(link.line, link.start), types.Position(link.line, link.end)
    return types.DocumentLink(types.Range(start, end), link.target)


def _action(title: str, command: str, argument: dict[str, Any]) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=CODE_ACTION_KIND,
        command=types.Command(title=title, command=command, arguments=[argument]),
    )
