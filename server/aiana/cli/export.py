"""`aiana export`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import click

from aiana.cli.naming import uri_of
from aiana.cli.output import (
    not_written,
    opened,
    print_document,
    refuse_own,
    safe_json,
    write_document,
)
from aiana.cli.terminal import outlet, say
from aiana.garbage import collect_as_usual
from aiana.text import clean, counted, one_line


@click.command()
@click.argument("what", required=False, metavar="[SESSION|MEMORY]")
@click.option("--all", "everything", is_flag=True, help="Everything that is kept, as an archive.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
    help="Markdown is for people, JSON is whole; `aiana import` reads both.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path))
def export(
    what: str | None, everything: bool, format_: Literal["markdown", "json"], output: Path | None
) -> None:
    """Write one session or memory to be given to somebody, or everything that is kept.

    A session goes with its sub-agents and without the paths of this machine. `aiana import` reads
    an archive back: what is there already is not stored twice.

    \b
    Examples:
      aiana export 5f0c9d3e -o login-bug.md
      aiana export 5f0c9d3e --format json -o login-bug.jsonl
      aiana export --all -o aiana.jsonl
    """
    if everything == (what is not None):
        raise click.UsageError("Give either the id of a session or memory, or --all.")
    with opened() as aiana:
        refuse_own(output, aiana)
        if what is None:
            collect_as_usual()
            _write(output, aiana.archive())
            return
        shared = aiana.share(uri_of(aiana, what), format_)
        kinds = ", ".join(f"{kind} {count}" for kind, count in shared.taken_out.items())
        secrets = counted(sum(shared.taken_out.values()), "secret")
        taken = f", {secrets} taken out ({kinds})" if kinds else ""
        size = f"{counted(shared.messages, 'message')}" if shared.messages else "a memory"
        if format_ == "json":
            _write(output, [shared.text])
        elif output is not None:
            write_document(output, clean(shared.text))
        else:
            print_document(shared.text)
        outlet().flush()  # what cannot be written fails here, before it is said to be
        say(f"{one_line(shared.title)}: {size}{taken}. Look at it before you share it.", err=True)


def _write(output: Path | None, lines: Iterable[str]) -> None:
    """An archive; a file for the owner's eyes alone, since it may hold everything."""
    if output is None:
        for line in lines:
            outlet().put(safe_json(line))
        return
    try:
        with suppress(FileExistsError):
            output.touch(0o600, exist_ok=False)
        with output.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
    except OSError as error:
        raise not_written(output, error) from error
