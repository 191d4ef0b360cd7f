"""The client's settings: at the start, pulled, and pushed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from lsprotocol import types
from msgspec import Struct

from aiana.config import load_config
from aiana.errors import AianaError
from aiana.lsp.call import Call
from aiana.lsp.server import AianaServer
from aiana.models import SettingProblem
from aiana.protocol.uris import SCHEME
from aiana.service import Aiana

logger = logging.getLogger(__name__)

CODE_ACTION_KIND = "aiana"
SECTION = "aiana"
_OPEN_FILE = "Open File"

_FOLLOWING_EDITS = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
)


class Options(Struct, frozen=True, rename="camel"):
    """What a client may turn on or off."""

    code_actions: bool = False
    """*Remember this selection*, *Add context for this file*, *Why is this line so?* and *What
    fixed this error?*; needs documents synchronized."""
    hover: bool = False
    """Tell who wrote a line, and what was asked; needs documents synchronized."""
    workspace_symbols: bool = False
    """Answer `workspace/symbol` from memory, which reaches tag jumps and symbol lists."""
    notifications: bool = True
    """Send `aiana/didChange` and `aiana/statusChanged`; some clients complain of what is new."""


OWN_SETTINGS = frozenset(field.encode_name for field in msgspec.structs.fields(Options))
"""Keys of a client's settings that are no settings of Aiana."""


class Configuration:
    """Which features this client wants, and the settings that may change while the server runs."""

    def __init__(self, server: AianaServer) -> None:
        self._server = server
        self.options = Options()
        self._wrong_options: list[SettingProblem] = []
        self._reported: set[str] = set()
        self._offers: set[asyncio.Future[None]] = set()
        self._initial: dict[str, Any] = {}
        self._registered: set[str] = set()

    def register(self) -> None:
        self._server.announce = self.announce
        self._server.add_feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION, self.changed)

    @property
    def notifies(self) -> bool:
        """Does the client want to be told what changes?"""
        return self.options.notifications

    def announce(self, capabilities: types.ServerCapabilities, options: Any) -> None:
        """Advertise what `initializationOptions` turn on and nothing that could disturb."""
        self._initial = options if isinstance(options, dict) else {}
        self.options = self._options(self._initial)
        ours = types.CodeActionOptions([CODE_ACTION_KIND])
        capabilities.code_action_provider = ours if self.options.code_actions else None
        capabilities.hover_provider = True if self.options.hover else None
        if not self.options.code_actions and not self.options.hover:
            # Documents are not needed then: attaching to a buffer and typing cost nothing.
            capabilities.text_document_sync = types.TextDocumentSyncOptions(
                open_close=False, change=types.TextDocumentSyncKind.None_
            )
        if not self.options.workspace_symbols:
            capabilities.workspace_symbol_provider = None
        # Registered for `aiana:` documents alone, where the client can be told so.
        capabilities.document_link_provider = None
        workspace = capabilities.workspace or types.WorkspaceOptions()
        workspace.text_document_content = types.TextDocumentContentOptions([SCHEME])
        capabilities.workspace = workspace

    async def begin(self) -> None:
        """Ask for the client's settings, and to be told when they change."""
        if self._can("workspace.did_change_configuration.dynamic_registration"):
            self._register(types.WORKSPACE_DID_CHANGE_CONFIGURATION, None)
        if self._server.editor.follows_links:
            ours = types.TextDocumentFilterScheme(scheme=SCHEME)
            self._register(
                types.TEXT_DOCUMENT_DOCUMENT_LINK, types.DocumentLinkRegistrationOptions([ours])
            )
        self._report(self._server.service.config.problems)
        if not await self._pull():
            await self._exclude(self._initial)

    async def changed(self, params: types.DidChangeConfigurationParams) -> None:
        """Settings were pushed; where the client can be asked, they are only a hint to do so."""
        if not await self._pull() and isinstance(params.settings, dict):
            await self._apply(params.settings.get(SECTION))

    async def _pull(self) -> bool:
        if not self._can("workspace.configuration"):
            return False
        params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        answer = await self._server.editor.ask(types.WORKSPACE_CONFIGURATION, params)
        if answer.refused:
            return False
        found = answer.result
        await self._apply(found[0] if isinstance(found, list) and found else found)
        return True

    async def _exclude(self, settings: dict[str, Any]) -> None:
        """What the client excludes holds for hooks, commands and other editors as well."""
        with suppress(AianaError):  # it holds here all the same
            await self._server.run("write", _exclude, (self._server.editor.name, settings))

    async def _apply(self, settings: Any) -> None:
        """Settings of a running server: budget, features, exclusions; the rest is read at start."""
        if not isinstance(settings, dict):
            return
        # Editors answer with {} where nothing is set: what was said at the start still holds.
        settings = {**self._initial, **settings}
        self.options = self._options(settings)
        config = load_config(settings, others=OWN_SETTINGS)
        if "contextMaxTokens" in settings:
            self._server.context_max_tokens = config.context_max_tokens
        self._register_features()
        self._report(config.problems)
        await self._exclude(settings)

    def _register_features(self) -> None:
        everything = types.TextDocumentRegistrationOptions(document_selector=None)
        change = types.TextDocumentChangeRegistrationOptions(
            sync_kind=types.TextDocumentSyncKind.Incremental, document_selector=None
        )
        can_follow = self._is_offered(types.TEXT_DOCUMENT_DID_CHANGE) or self._can(
            "text_document.synchronization.dynamic_registration"
        )
        actions = types.CodeActionRegistrationOptions(code_action_kinds=[CODE_ACTION_KIND])
        for wanted, capability, method, options in (
            (self.options.code_actions, "code_action", types.TEXT_DOCUMENT_CODE_ACTION, actions),
            (self.options.hover, "hover", types.TEXT_DOCUMENT_HOVER, everything),
        ):
            dynamic = f"text_document.{capability}.dynamic_registration"
            if wanted and can_follow and self._can(dynamic):
                self._register(types.TEXT_DOCUMENT_DID_OPEN, everything)
                self._register(types.TEXT_DOCUMENT_DID_CHANGE, change)
                self._register(types.TEXT_DOCUMENT_DID_CLOSE, everything)
                self._register(method, options)
        if self.options.workspace_symbols and self._can("workspace.symbol.dynamic_registration"):
            self._register(
                types.WORKSPACE_SYMBOL,
                types.WorkspaceSymbolRegistrationOptions(resolve_provider=True),
            )

    def _register(self, method: str, options: Any) -> None:
        """Register a capability once; nothing depends on whether the client takes it."""
        if method in self._registered or self._is_offered(method):
            return
        self._registered.add(method)
        registration = types.Registration(f"aiana:{method}", method, options)
        self._server.editor.tell_request(
            types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration])
        )

    def _is_offered(self, method: str) -> bool:
        """Whether it was offered when the server started."""
        static = self._server.server_capabilities
        if method in _FOLLOWING_EDITS:
            return bool(static.code_action_provider or static.hover_provider)
        offered = {
            types.WORKSPACE_SYMBOL: static.workspace_symbol_provider,
            types.TEXT_DOCUMENT_CODE_ACTION: static.code_action_provider,
            types.TEXT_DOCUMENT_HOVER: static.hover_provider,
        }
        return bool(offered.get(method))

    def _options(self, settings: dict[str, Any]) -> Options:
        """The options among the settings; one that is wrong is left out and reported."""
        kept = {}
        for name in OWN_SETTINGS & settings.keys():
            if isinstance(settings[name], bool):
                kept[name] = settings[name]
            elif settings[name] is not None:
                message = f"{name} in the editor's settings is left out: it takes true or false."
                self._wrong_options.append(SettingProblem(setting=name, message=message))
        return msgspec.convert(kept, Options)

    def _report(self, problems: Sequence[SettingProblem]) -> None:
        """Say once what is wrong with the settings, and offer the file in which that stands."""
        found = {problem.message: problem for problem in (*problems, *self._wrong_options)}
        self._wrong_options.clear()
        new = [problem for message, problem in found.items() if message not in self._reported]
        self._reported.update(found)
        if not new:
            return
        for problem in new:
            logger.warning("%s", problem.message)
        editor = self._server.editor
        message = " ".join(problem.message for problem in new)
        in_file = next((problem for problem in new if problem.file is not None), None)
        if in_file is None or not editor.shows_documents:
            editor.say(message, types.MessageType.Warning)
            return
        offer = asyncio.ensure_future(self._offer_file(message, in_file))
        self._offers.add(offer)
        offer.add_done_callback(self._offers.discard)

    async def _offer_file(self, message: str, problem: SettingProblem) -> None:
        editor = self._server.editor
        answer = await editor.ask(
            types.WINDOW_SHOW_MESSAGE_REQUEST,
            types.ShowMessageRequestParams(
                types.MessageType.Warning, message, [types.MessageActionItem(_OPEN_FILE)]
            ),
        )
        if isinstance(answer.result, dict) and answer.result.get("title") == _OPEN_FILE:
            start = types.Position((problem.line or 1) - 1, 0)
            params = types.ShowDocumentParams(
                Path(str(problem.file)).as_uri(),
                take_focus=True,
                selection=types.Range(start, start),
            )
            await editor.ask(types.WINDOW_SHOW_DOCUMENT, params)

    def _can(self, capability: str) -> bool:
        return self._server.editor.can(capability)


def _exclude(aiana: Aiana, told: tuple[str, dict[str, Any]], call: Call) -> None:
    aiana.exclude(*told)
