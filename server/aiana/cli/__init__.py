"""The command line. A command's module is imported when the command is used."""

from __future__ import annotations

import importlib
import os
import sys

import click

from aiana import __version__
from aiana.errors import AianaError, InvalidQuery

COMMANDS = {
    "search": "aiana.cli.search:search",
    "context": "aiana.cli.search:context",
    "import": "aiana.cli.capture:import_",
    "remember": "aiana.cli.memories:remember",
    "forget": "aiana.cli.memories:forget",
    "sessions": "aiana.cli.sessions:sessions",
    "prefer": "aiana.cli.preferences:prefer",
    "preferences": "aiana.cli.preferences:preferences",
    "status": "aiana.cli.index:status",
    "doctor": "aiana.cli.doctor:doctor",
    "reindex": "aiana.cli.index:reindex",
    "model": "aiana.cli.model:model",
    "lsp": "aiana.cli.lsp:lsp",
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
      aiana import                         read the sessions of all assistants
      aiana search "torn last line"        find them by words and by meaning
      aiana search 'redis after:30d -jest' narrow it down
      aiana remember "tests need make up"  keep what you learnt
    """


def main() -> None:
    """The `aiana` program: exit status 0 done, 1 failed, 2 wrong use."""
    try:
        # Click returns the status of its own Exit rather than raising it.
        status = aiana(prog_name="aiana", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. What was done so far is kept.", err=True)
        sys.exit(130)
    except AianaError as error:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)
        sys.exit(2 if isinstance(error, InvalidQuery) else 1)
    except BrokenPipeError:
        # The reader has left (`| head`); Python would complain once more while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
