"""Groups of commands of which one is meant where none is named."""

from __future__ import annotations

from typing import Any

import click


class DefaultGroup(click.Group):
    """`aiana memories --json` is `aiana memories list --json`."""

    def __init__(self, *arguments: Any, default: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_option = bool(args) and args[0].startswith("-")
        if not args or (is_option and args[0] not in ctx.help_option_names):
            args = [self._default, *args]
        return super().parse_args(ctx, args)
