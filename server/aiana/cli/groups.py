"""Commands that read their arguments in ways of their own."""

from __future__ import annotations

import re
from typing import Any

import click

_LEFT_OUT = re.compile(r'-(?:[^\W\d_]{2}|[^\W\d_]:|")')


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


class QueryCommand(click.Command):
    """`aiana search flaky -jest` leaves `jest` out, as in a query: no `-j -e -s -t` is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        with_value = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        left_out: list[str] = []
        others: list[str] = []
        for before, argument in zip(["", *args], args[:end], strict=False):
            is_word = _LEFT_OUT.match(argument) and before not in with_value
            (left_out if is_word else others).append(argument)
        return super().parse_args(ctx, [*others, "--", *left_out, *args[end + 1 :]])
