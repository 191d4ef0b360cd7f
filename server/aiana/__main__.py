"""The `aiana` program, and `python -m aiana`.

Assistants start `aiana mcp` and `aiana hook` all the time, and people wait for both: these two
begin without the command line's own imports.
"""

from __future__ import annotations

import gc
import sys

OBJECTS_BEFORE_COLLECTING = 100_000
"""Many more than by default: a command makes mostly what it keeps, modules first of all."""


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
            gc.set_threshold(OBJECTS_BEFORE_COLLECTING)
            from aiana.cli import main as run

            run()


if __name__ == "__main__":
    main()
