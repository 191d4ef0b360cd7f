"""Asking before something is changed that was not named in full."""

from __future__ import annotations

import sys

import click

yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def confirm(question: str, yes: bool) -> None:
    """Go on if `yes`, or if the person at the terminal says so. Raises Abort or UsageError."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody is there to answer: say --yes if you mean it.")
    click.confirm(question, abort=True, err=True)
