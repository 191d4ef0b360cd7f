"""`aiana sources`."""

from __future__ import annotations

import click

from aiana.cli.output import json_option, opened, print_json
from aiana.cli.reconciled import print_table
from aiana.cli.terminal import Piece, say, width
from aiana.protocol.results import SourceFile, SourceStatus
from aiana.text import counted
from aiana.times import readable

_STATES = ("stored", "waiting", "skipped", "recovered")
_COLOURS = {
    "stored": "green",
    "waiting": "yellow",
    "skipped": "red",
    "recovered": "cyan",
}


@click.command()
@click.argument("names", nargs=-1, metavar="[ASSISTANT]...")
@click.option("--files", is_flag=True, help="Name each file, and what of it was not understood.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES), help="Only files like this."
)
@json_option
def sources(names: tuple[str, ...], files: bool, states: tuple[str, ...], as_json: bool) -> None:
    """Reconcile what each assistant keeps on this machine with what is stored of it.

    A file is stored; waiting, as long as something in it was not read; skipped, if it cannot be
    read; or recovered: the assistant has it no more, and what it held is kept. The table counts
    files; those that expire are deleted by their assistant within a week, and what is stored stays.

    \b
    Examples:
      aiana sources
      aiana sources claude-code --state recovered
      aiana sources --files --json | jq '.sources[].files[]'
    """
    with opened() as aiana:
        found = aiana.capture_sources(list(names) or None, files or bool(states))
    for source in found.sources:
        source.files = [file for file in source.files if not states or file.state in states]
        if states and "skipped" not in states:
            source.failed = []
    if as_json:
        print_json(found)
        return
    print_table([s for s in found.sources if names or s.on_disk or s.stored], everything=True)
    for source in found.sources:
        if names or source.on_disk or source.stored or source.excluded:
            _print(source, listed=files or bool(states))
    absent = [s.title for s in found.sources if not (names or s.on_disk or s.stored or s.excluded)]
    if absent:
        say(Piece(f"Nothing found of: {', '.join(absent)}", "dim"), err=width() is None)


def _print(source: SourceStatus, listed: bool) -> None:
    """What the numbers of the table stand for, where there is more to say."""
    named = {file.path for file in source.files}
    failed = [failure for failure in source.failed if failure.path not in named]
    if not (source.skipped_lines or failed or source.files or source.excluded):
        return
    say()
    say(Piece(source.title, "bold"), f" ({source.name})")
    if source.excluded:
        say(f"  {counted(source.excluded, 'file')} left out, as the settings say")
    if source.skipped_lines:
        say(f"  {counted(source.skipped_lines, 'line')} not understood, wholly or in part")
    for failure in failed:
        say("  ", Piece("skipped:", "red"), f" {failure.path}: {failure.reason}")
    for file in source.files:
        _print_file(file)


def _print_file(file: SourceFile) -> None:
    about = [file.reason or ""]
    if file.expires and file.state != "recovered":
        about.append(f"kept by the assistant until {readable(file.expires)}")
    told = "  ".join(part for part in about if part)
    say(
        "  ", Piece(f"{file.state:<10}", _COLOURS[file.state]), f"{file.path}  ", Piece(told, "dim")
    )
    for line in file.lines:
        place = f"line {line.line}: " if line.line else ""
        say(f"    {place}{line.reason}")
