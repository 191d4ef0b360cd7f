"""`aiana secrets`."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import click

from aiana.capture import sources as known_sources
from aiana.cli.confirm import confirm, yes_option
from aiana.cli.layout import age
from aiana.cli.output import json_option, opened, print_json, progress_bar
from aiana.cli.terminal import Piece, say, width
from aiana.errors import NotFound
from aiana.invocation import command
from aiana.paths import expanded
from aiana.text import counted, one_line

if TYPE_CHECKING:
    from aiana.capture.leaks import Leak
    from aiana.capture.scrubbing import Scrubbed
    from aiana.features.leaks import Leaks

SHOWN = 50
"""Secrets that are listed for people; pipes and `--json` have all."""


@click.command()
@click.argument("what", nargs=-1, metavar="[SOURCE|PATH]...")
@click.option("--scrub", is_flag=True, help="Take them out of the files, each of which is copied.")
@yes_option
@json_option
def secrets(what: tuple[str, ...], scrub: bool, yes: bool, as_json: bool) -> None:
    """Report secrets in the assistants' own files: kind, file, line and age, never the value.

    What Aiana stores has none of them. A secret that was in a transcript should be replaced where
    it was issued; --scrub then takes it out of the file, if its assistant does not run and the file
    still says the same to its reader. Status 1 says that secrets are left. Into a pipe each is a
    line with tabs between kind, file, line and the time since which it stands there.

    \b
    Examples:
      aiana secrets
      aiana secrets claude-code
      aiana secrets --scrub ~/.codex/sessions
    """
    names = [word for word in what if word in known_sources()]
    paths = [_existing(word) for word in what if word not in names]
    scrubbed: list[Scrubbed] = []
    with opened() as aiana:
        with progress_bar("Looking for secrets") as report:
            found = aiana.find_secrets(names or None, paths or None, report)
        if scrub and found.leaks:
            if not as_json:
                _list(found)
            files = len({leak.path for leak in found.leaks})
            confirm(
                f"Take {counted(len(found.leaks), 'secret')} out of {counted(files, 'file')}?", yes
            )
            with progress_bar("Taking secrets out") as report:
                scrubbed = aiana.take_out_secrets(found.leaks, report)
    if as_json:
        print_json({"found": found, "scrubbed": scrubbed} if scrub else found)
    elif scrubbed:
        _tell(scrubbed)
    else:
        _list(found)
        if found.leaks and not scrub:
            advice = f"Replace them where they were issued, then `{command('secrets', '--scrub')}`."
            say(advice, err=width() is None)
    if found.failed or (found.leaks and not scrub) or any(one.refused for one in scrubbed):
        raise SystemExit(1)


def _existing(word: str) -> str:
    """A path that was given, where `~` is a home. Raises NotFound."""
    path = expanded(word)
    if not os.path.lexists(path):
        known = ", ".join(sorted(known_sources()))
        raise NotFound(f"There is no file or folder {path}, and no source of that name ({known}).")
    return str(path)


def _list(found: Leaks) -> None:
    if width() is None:
        for leak in found.leaks:
            row = [leak.kind, leak.path, str(leak.line or ""), leak.since]
            say("\t".join(one_line(value) for value in row))
    else:
        _list_for_people(found)
    for failure in found.failed:
        say(Piece("failed:", "red"), f" {failure.path}: {failure.reason}", err=True)
    files = len({leak.path for leak in found.leaks})
    held = f" in {counted(files, 'file')}" if files else ""
    say(
        f"{counted(len(found.leaks), 'secret')}{held}; "
        f"{counted(found.files, 'file')} looked through.",
        err=width() is None,
    )


def _list_for_people(found: Leaks) -> None:
    for (kind, path, line, since), count in Counter(map(_place, found.leaks[:SHOWN])).items():
        place = f"{path}:{line}" if line else path
        often = f" ({count} times)" if count > 1 else ""
        say(Piece(kind, "bold"), f"{often} {place}", Piece(f" {age(since)}", "dim"))
    if len(found.leaks) > SHOWN:
        say(f"and {len(found.leaks) - SHOWN:,} more (`--json` has all)")


def _place(leak: Leak) -> tuple[str, str, int, str]:
    return leak.kind, leak.path, leak.line, leak.since


def _tell(scrubbed: list[Scrubbed]) -> None:
    for one in scrubbed:
        if one.refused:
            say(Piece("not changed:", "red"), f" {one.path}: {one.refused}")
        else:
            say(f"{one.path}: {counted(one.secrets, 'secret')} taken out; before: {one.backup}")
    if any(one.backup for one in scrubbed):
        say("The copies hold the secrets: remove them once the assistants find their sessions.")
