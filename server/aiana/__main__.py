"""The `aiana` program, and `python -m aiana`.

Assistants start `aiana mcp` and `aiana hook` all the time, and people wait for both: these two
begin without the command line's own imports.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that was given; exit status 0 done, 1 failed, 2 wrong use."""
    match sys.argv[1:]:
        case ["mcp"] | ["mcp", "--stdio"]:
            from aiana.mcp.main import main as serve

            serve()
        case ["hook", event] if not event.startswith("-"):
            from aiana.hooks.main import main as hook

            hook(event)
        case _:
            from aiana.garbage import collect_rarely

            collect_rarely()
            from aiana.cli import main as run

            run()


if __name__ == "__main__":
    main()
