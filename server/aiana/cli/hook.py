"""`aiana hook`."""

from __future__ import annotations

import click

from aiana.hooks.asked import EVENTS


@click.command()
@click.argument("event", type=click.Choice(EVENTS))
def hook(event: str) -> None:
    """Serve an assistant's hook: its event on standard input, a context on standard output.

    `aiana setup` writes the hooks. Whatever goes wrong, the answer is empty and the status 0.

    \b
    Examples:
      aiana hook session-start
      aiana hook prompt
    """
    from aiana.hooks.main import main

    main(event)
