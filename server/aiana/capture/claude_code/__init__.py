"""Claude Code: a folder of JSON line files for each project."""

from aiana.capture.claude_code.source import ClaudeCode

__all__ = ["ClaudeCode"]
