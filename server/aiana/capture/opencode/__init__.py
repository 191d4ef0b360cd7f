"""OpenCode: its databases, and the JSON files of before."""

from aiana.capture.opencode.source import OpenCode

__all__ = ["OpenCode"]
