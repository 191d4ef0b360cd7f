"""The chats of VS Code and of the editors made from it."""

from aiana.capture.vscode_chat.source import VSCodeChat

__all__ = ["VSCodeChat"]
