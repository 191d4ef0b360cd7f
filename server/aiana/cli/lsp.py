"""`aiana lsp`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from aiana.garbage import collect_as_usual


@click.command()
@click.option("--stdio", is_flag=True, help="Accepted, since editors pass it; there is no other.")
@click.option("--log-file", type=click.Path(dir_okay=False, path_type=Path), help="Default: stderr")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
)
def lsp(stdio: bool, log_file: Path | None, log_level: str) -> None:
    """Serve an editor over standard input and output.

    \b
    Examples:
      aiana lsp
      aiana lsp --log-file ~/aiana.log --log-level info
    """
    from aiana.lsp.quick_types import import_types

    import_types()  # before pygls does
    from aiana.lsp.main import run

    collect_as_usual()
    exit_status = run(log_file, log_level)
    sys.stderr.flush()
    # The thread that reads stdin cannot be interrupted and would hold the process up.
    os._exit(exit_status)
