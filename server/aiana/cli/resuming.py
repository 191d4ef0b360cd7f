"""`aiana resume` and `aiana handover`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from aiana.cli.naming import session_uri_of
from aiana.cli.output import json_option, opened, print_json, refuse_own, write_document
from aiana.cli.terminal import outlet, say, say_whole
from aiana.errors import AianaError, NotFound
from aiana.invocation import command, quoted
from aiana.protocol.results import Resumption
from aiana.text import clean


@click.command()
@click.argument("session")
@click.option("--new", is_flag=True, help="Begin a new session there instead.")
@click.option("--print", "only_print", is_flag=True, help="Print the command, and run nothing.")
@json_option
def resume(session: str, new: bool, only_print: bool, as_json: bool) -> None:
    """Go on with a SESSION, in its own assistant and in the folder where it took place.

    \b
    Examples:
      aiana resume 5f0c9d3e
      aiana resume 5f0c9d3e --print
    """
    with opened() as aiana:
        way = aiana.resume(session_uri_of(aiana, session), "new" if new else "resume")
    if as_json:
        print_json(way)
        return
    if only_print and way.argv:
        say_whole(f"cd {quoted(way.cwd)} && {' '.join(map(quoted, way.argv))}")
    if way.unavailable is not None:
        raise NotFound(
            f"{way.unavailable} `{command('handover')} {session}` tells a new session of it."
        )
    if not only_print:
        _run(way)


@click.command()
@click.argument("session")
@click.option("--max-tokens", default=2000, show_default=True, type=click.IntRange(50, 100_000))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def handover(session: str, max_tokens: int, output: Path | None, as_json: bool) -> None:
    """Print an account of a SESSION, to be put into a new chat of any assistant.

    It quotes what was asked, done, said last and left open, says where each stands, and is fenced
    as data, so that no assistant takes it for instructions.

    \b
    Examples:
      aiana handover 5f0c9d3e
      claude "$(aiana handover 5f0c9d3e) Go on with this."
    """
    with opened() as aiana:
        refuse_own(output, aiana)
        account = aiana.hand_over(session_uri_of(aiana, session), max_tokens)
    if as_json:
        print_json(account)
        return
    if not account.items:
        raise AianaError("Nothing of this session fits: it is empty, or --max-tokens is too small.")
    if output is not None:
        write_document(output, clean(account.context) + "\n")
    else:
        outlet().put(clean(account.context) + "\n")


def _run(way: Resumption) -> None:
    """Become the assistant's program. Raises AianaError if it cannot be started."""
    say(f"{way.label}: {way.cwd}", err=True)
    sys.stdout.flush()
    try:
        os.chdir(way.cwd)
        if os.name == "nt":  # where exec gives the terminal back at once
            raise SystemExit(subprocess.run(way.argv, check=False).returncode)
        os.execvp(way.argv[0], way.argv)
    except OSError as error:
        raise AianaError(f"{way.argv[0]} cannot be started: {error.strerror or error}.") from error
