"""`aiana mcp`."""

from __future__ import annotations

import click


@click.command()
@click.option("--stdio", is_flag=True, help="Accepted, since clients pass it; there is no other.")
def mcp(stdio: bool) -> None:
    """Serve an assistant over standard input and output, by the Model Context Protocol.

    \b
    Examples:
      aiana mcp
      aiana setup claude-code   let it be started by itself
    """
    from aiana.mcp.main import main

    main()
