"""`aiana status` and `aiana reindex`."""

from __future__ import annotations

from contextlib import suppress

import click
from msgspec.structs import asdict

from aiana.cli.output import json_option, opened, print_json, progress_bar
from aiana.errors import AianaError

_COLOURS = {
    "ok": "green",
    "warning": "yellow",
    "error": "red",
    "off": "bright_black",
    "loading": "yellow",
    "unavailable": "red",
}
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
    with opened() as aiana:
        with suppress(AianaError):  # What is wrong with the store is in the status.
            aiana.wait_for_servers()
        state = aiana.status()
        captured = aiana.capture_sources().sources if state.health != "error" else []
    if as_json:
        print_json(state)
    else:
        click.echo(f"{click.style(state.health, fg=_COLOURS[state.health])}  {state.message}")
        click.echo(f"aiana {state.version}, {state.data_dir}\n")
        for name, tier in asdict(state.tiers).items():
            mark = click.style(f"{tier.state:<12}", fg=_COLOURS[tier.state])
            click.echo(f"  {name:<9} {mark} {tier.detail}")
        click.echo("")
        for name, count in asdict(state.counts).items():
            click.echo(f"  {name:<12} {count:>10,}")
        for source in captured:
            if source.on_disk or source.stored:
                click.echo(
                    f"\n  {source.title}: {source.stored} transcripts stored, {source.missing} to "
                    f"import, {source.vanished} kept though gone from disk"
                )
            if source.expiring_soon:
                click.secho(
                    f"  {source.expiring_soon} files will be deleted by {source.title} within a "
                    "week; what is imported stays",
                    fg="yellow",
                )
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
            click.echo(f"{name}: {count:,} items")
