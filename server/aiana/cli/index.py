"""`aiana status` and `aiana reindex`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import click
from msgspec.structs import asdict

from aiana.cli.output import json_option, opened, print_json, progress_bar, quiet_logs
from aiana.cli.reconciled import print_table
from aiana.cli.terminal import Piece, say, width
from aiana.errors import AianaError
from aiana.invocation import command
from aiana.protocol.results import SourceStatus, Status
from aiana.text import counted

_COLOURS = {
    "ok": "green",
    "warning": "yellow",
    "error": "red",
    "off": "dim",
    "loading": "yellow",
    "unavailable": "red",
}
_WIDE = 60
"""Columns of a terminal in which what is told of a tier stands beside it."""
_TARGETS = ("fts", "vectors", "qdrant")


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show the state of everything: tiers, counts, and what is left to do.

    \b
    Examples:
      aiana status
      aiana status --json | jq .counts
    """
    with quiet_logs(), opened() as aiana:
        with suppress(AianaError):  # What is wrong with the store is in the status.
            aiana.wait_for_servers()
        state = aiana.status()
        captured = aiana.capture_sources().sources if state.health != "error" else []
    if as_json:
        print_json(state)
    else:
        _print_status(state, captured)
    if state.health == "error":
        raise SystemExit(1)


@click.command()
@click.argument("targets", nargs=-1, type=click.Choice(_TARGETS))
@json_option
def reindex(targets: tuple[str, ...], as_json: bool) -> None:
    """Rebuild indexes from what is stored; all of them unless TARGETS are given.

    \b
    Examples:
      aiana reindex
      aiana reindex fts
    """
    with opened() as aiana, progress_bar("Indexing") as report:
        result = aiana.reindex(targets or _TARGETS, progress=report)
    if as_json:
        print_json(result)
        return
    for name, count in asdict(result).items():
        if count is not None:
            say(f"{name}: {counted(count, 'item')}")


def _print_status(state: Status, captured: Sequence[SourceStatus]) -> None:
    say(
        Piece(state.health, _COLOURS[state.health]),
        f"  {state.message}",
        hang=len(state.health) + 2,
    )
    say(Piece(f"aiana {state.version}, {state.data_dir}", "dim"))
    say()
    for name, tier in asdict(state.tiers).items():
        _print_tier(name, tier.state, _COLOURS[tier.state], tier.detail)
    colour = {"live": "green", "polling": "yellow", "off": "dim"}[state.capture.state]
    _print_tier("capture", state.capture.state, colour, state.capture.detail)
    if state.retention is not None:
        days = counted(state.retention.days, "day") if state.retention.days else "for ever"
        detail = f"sessions are kept {days}"
        if state.retention.projects:
            own = [f"{p} {d or 'for ever'}" for p, d in state.retention.projects.items()]
            detail += f" ({', '.join(own)})"
        detail += f"; {counted(state.retention.due, 'session')} to be forgotten"
        _print_tier("retention", "on", "dim", detail)
    if state.excluded is not None:
        entries = [*state.excluded.assistants, *state.excluded.projects, *state.excluded.paths]
        hidden = counted(state.excluded.sessions, "session")
        memories = counted(state.excluded.memories, "memory", "memories")
        detail = f"{', '.join(entries)}; stored from before, and hidden: {hidden}, {memories}"
        _print_tier("excluded", "on", "dim", detail)
    say()
    for name, count in asdict(state.counts).items():
        say(f"  {name:<12} {count:>10,}")
    if any(source.on_disk or source.stored for source in captured):
        say()
        print_table(captured)
        say(Piece(f"  `{command('sources', '--files')}` names the files", "dim"))


def _print_tier(name: str, state: str, colour: str, detail: str) -> None:
    """A row of three columns; in a narrow terminal the last stands below the others."""
    row = f"  {name:<9} ", Piece(f"{state:<12}", colour)
    if (width() or _WIDE) >= _WIDE:
        say(*row, f" {detail}", hang=25)
    else:
        say(*row)
        say(f"    {detail}")
