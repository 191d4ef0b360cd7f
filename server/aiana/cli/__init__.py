"""The command line. A command's module is imported when the command is used."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import NoReturn

import click

from aiana import __version__
from aiana.cli import terminal
from aiana.cli.terminal import OutputFailed, Piece, say, say_whole
from aiana.errors import AianaError, InvalidQuery

COMMANDS = {
    "search": "aiana.cli.search:search",
    "context": "aiana.cli.search:context",
    "import": "aiana.cli.capture:import_",
    "watch": "aiana.cli.watch:watch",
    "sources": "aiana.cli.sources:sources",
    "remember": "aiana.cli.remembering:remember",
    "forget": "aiana.cli.remembering:forget",
    "memories": "aiana.cli.memories:memories",
    "sessions": "aiana.cli.sessions:sessions",
    "history": "aiana.cli.history:history",
    "why": "aiana.cli.why:why",
    "fixes": "aiana.cli.fixes:fixes",
    "resume": "aiana.cli.resuming:resume",
    "handover": "aiana.cli.resuming:handover",
    "prefer": "aiana.cli.preferences:prefer",
    "preferences": "aiana.cli.preferences:preferences",
    "status": "aiana.cli.index:status",
    "doctor": "aiana.cli.doctor:doctor",
    "backup": "aiana.cli.backups:backup",
    "restore": "aiana.cli.backups:restore",
    "export": "aiana.cli.export:export",
    "secrets": "aiana.cli.secrets:secrets",
    "reindex": "aiana.cli.index:reindex",
    "model": "aiana.cli.model:model",
    "lsp": "aiana.cli.lsp:lsp",
    "mcp": "aiana.cli.mcp:mcp",
    "hook": "aiana.cli.hook:hook",
    "setup": "aiana.cli.setup:setup",
    "lsp-check": "aiana.cli.lsp_check:lsp_check",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aiana")
def aiana() -> None:
    """The memory of every coding assistant on this machine.

    \b
    Examples:
      aiana import                    read all sessions
      aiana search "torn last line"   by words and meaning
      aiana search 'redis after:30d'  narrow it down
      aiana remember "run make up"    keep what you learnt
    """


def main() -> NoReturn:
    """The `aiana` program: exit status 0 done, 1 failed, 2 wrong use."""
    terminal.take_over()
    status = _status(_run)
    try:
        sys.stdout.flush()
    except OutputFailed as error:
        status = status or _lost(error)
    sys.stderr.flush()
    # All is closed and written. To take modules and arrays down one by one would take as long
    # again as a search.
    os._exit(status)


def _run() -> int:
    # Click returns the status of its own Exit rather than raising it.
    result = aiana(prog_name="aiana", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _status(work: Callable[[], int]) -> int:
    """The exit status of some work, after saying in a sentence why it failed."""
    try:
        return work()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except click.UsageError as error:
        if error.ctx is not None:
            for line in error.ctx.get_usage().splitlines():
                say_whole(line, err=True)
            say(f"Try '{error.ctx.command_path} --help' for help.", err=True)
        return _failed(error.format_message(), error.exit_code)
    except click.ClickException as error:
        return _failed(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted. What was done so far is kept.", err=True)
        return 130
    except OutputFailed as error:
        return _lost(error)
    except AianaError as error:
        return _failed(str(error), 2 if isinstance(error, InvalidQuery) else 1)
    except Exception as error:
        from aiana.cli.failures import explained

        return _failed(explained(error))


def _lost(error: OutputFailed) -> int:
    """The exit status when output cannot be written; that a reader has left is no failure."""
    return 0 if error.is_left else _failed(f"Standard output cannot be written: {error}.")


def _failed(message: str, status: int = 1) -> int:
    say(Piece("error:", "error"), f" {message}", err=True)
    return status


if __name__ == "__main__":
    main()
