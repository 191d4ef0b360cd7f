"""Cursor: the editor's conversations, and those of its command line."""

from aiana.capture.cursor.source import Cursor

__all__ = ["Cursor"]
