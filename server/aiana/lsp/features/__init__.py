"""Standard LSP features, for editors without a plugin; those that could disturb are opt-in."""

from __future__ import annotations

from aiana.lsp.features.code_actions import CodeActions
from aiana.lsp.features.commands import Commands
from aiana.lsp.features.configuration import Configuration
from aiana.lsp.features.documents import Documents
from aiana.lsp.features.hovers import Hovers
from aiana.lsp.features.symbols import Symbols
from aiana.lsp.server import AianaServer


def add_features(server: AianaServer) -> Configuration:
    """Put every feature on the server; the configuration says which of them are advertised."""
    configuration = Configuration(server)
    documents = Documents(server)
    for feature in (
        documents,
        configuration,
        CodeActions(server, configuration),
        Hovers(server, configuration),
        Symbols(server, configuration, documents),
        Commands(server, documents),
    ):
        feature.register()
    return configuration
