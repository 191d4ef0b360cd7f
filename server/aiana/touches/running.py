"""What a call runs, so that the same can be told again; whether it only shows, or installs."""

from __future__ import annotations

import json

from msgspec import Struct

from aiana.pattern import Pattern
from aiana.touches.calls import command_of, plain, verb

_READING_TOOL = Pattern(
    r"read|view|open|search|grep|glob|find|list|^ls$|fetch|browse|web|ask|recall"
)
_READING = Pattern(
    r"\s*(?:sudo\s+|time\s+|command\s+|\w+=\S*\s+)*(?:\S*/)?(?:"
    r"(?:cat|bat|head|tail|less|more|nl|tac|wc|grep|egrep|fgrep|rg|ag|ack|find|fd|ls|tree|awk|cut"
    r"|sort|uniq|jq|yq|diff|echo|printf|cd|pwd|sleep|true|which|type|file|stat|strings|curl|wget|gh"
    r"|man|tee|test|xargs|set|export|aiana)\b"
    r"|sed\s+(?!-i)|git\s+(?:log|diff|show|blame|status|grep|branch)\b|\[|$)"
)
_JOINTS = Pattern(r"&&|\|\||[;|&\n]")
_MANAGERS = (
    r"npm|pnpm|yarn|bun|deno|pip3?|uv|poetry|pipenv|pdm|cargo|rustup|go|gem|bundle|composer|apt|apt-get"
    r"|brew|dnf|yum|apk|pacman|conda|mamba|dotnet|nvm|pyenv|terraform|alembic|prisma"
)
_INSTALLS = (
    r"install|i|add|ci|sync|update|upgrade|get|tidy|remove|uninstall|restore|generate|use|download"
    r"|init|link|migrate|dedupe|rebuild|lock"
)
_CHANGES = Pattern(
    rf"\s*(?:sudo\s+|\w+=\S*\s+)*(?:(?:python3?\s+-m\s+)?(?:{_MANAGERS})\s+(?:[^\s]+\s+)*?"
    rf"(?:{_INSTALLS})\b|(?:rm|mv|cp|mkdir|touch|chmod|chown|ln|kill|pkill|killall|patch|systemctl"
    r"|service|createdb|export)\s|sed\s+-i|git\s+(?:checkout|restore|stash|pull|reset|apply"
    r"|submodule|switch|merge|revert|rm|mv|clean|config|lfs)\b"
    r"|docker(?:-compose)?\s+(?:compose\s+)?(?:up|start|restart|run|pull)\b)"
)
_WORDS = Pattern(r"(?<![\\\w-])[A-Za-z0-9_-]+(?![\w-])")
"""Spelled alike in every JSON, as a part of a text and as a text of its own."""
_MOST_CHARS = 20_000


class Run(Struct, frozen=True):
    """What a call ran: of two that are equal the answers can be compared."""

    tool: str
    command: str
    """The command line; of a tool that runs none, its arguments."""
    is_shell: bool

    def only_shows(self) -> bool:
        """Whether it shows what is written somewhere, which may speak of any error."""
        if not self.is_shell:
            return verb(self.tool) == "read" or _READING_TOOL.search(self.tool) is not None
        parts = _JOINTS.sub("\0", self.command[:_MOST_CHARS]).split("\0")
        return all(_READING.match(part) for part in parts)

    def telling_word(self) -> str:
        """A word that stands in the arguments of whatever runs the same; "" if there is none."""
        return max(_WORDS.findall(self.command[:_MOST_CHARS]), key=len, default="")

    def changes_something(self) -> bool:
        """Whether it is a command that installs, moves, starts or stops something."""
        parts = _JOINTS.sub("\0", self.command[:_MOST_CHARS]).split("\0")
        return self.is_shell and any(_CHANGES.match(part) for part in parts)


def run_of_call(tool: str, arguments: str | None) -> Run:
    """What a call runs; `arguments` is JSON."""
    if command := command_of(arguments).strip():
        return Run(plain(tool), command, True)
    try:
        told = json.dumps(json.loads(arguments or "null"), sort_keys=True)
    except (ValueError, RecursionError):
        told = (arguments or "").strip()
    return Run(plain(tool), told, False)
