"""`aiana backup` and `aiana restore`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiana.cli.confirm import confirm, yes_option
from aiana.cli.layout import when
from aiana.cli.output import json_option, opened, print_json, progress_bar
from aiana.cli.terminal import Piece, say, say_whole
from aiana.invocation import command
from aiana.storage.backups import KEPT, Backup
from aiana.text import counted, size_of
from aiana.times import format_time

if TYPE_CHECKING:
    from aiana.storage.carrying import Carried

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("-o", "--output", type=_FILE, help="A file to make, in place of one in `backups`.")
@click.option("--keep", default=KEPT, show_default=True, type=click.IntRange(1))
@json_option
def backup(output: Path | None, keep: int, as_json: bool) -> None:
    """Copy everything that is kept into one file, and check that the copy is whole.

    Editors and imports may go on meanwhile. Copies go to `backups` in the data folder, where the
    newest ones stay.

    \b
    Examples:
      aiana backup
      aiana backup --output /media/stick/aiana.db
    """
    with opened() as aiana, progress_bar("Copying") as report:
        made = aiana.back_up(output, keep, report)
    if as_json:
        print_json(made)
    else:
        say(f"{made.path}: {_content(made)}. The copy was checked.")


@click.command()
@click.argument("backup", required=False, type=_FILE)
@click.option("--list", "as_list", is_flag=True, help="Only list the backups in the data folder.")
@yes_option
@json_option
def restore(backup: Path | None, as_list: bool, yes: bool, as_json: bool) -> None:
    """Put BACKUP, or the newest one, in place of what is stored now, which is kept aside.

    What was forgotten since it was made stays forgotten, and no import brings it back. Nothing else
    of Aiana may run meanwhile: close the editors first.

    \b
    Examples:
      aiana restore --list
      aiana restore
      aiana restore /media/stick/aiana.db
    """
    with opened() as aiana:
        if as_list:
            _list(aiana.backups(), as_json)
            return
        chosen = aiana.backup_at(backup)
        say(f"{chosen.path}: {_content(chosen)}.", err=True)
        confirm("Put it in place of what is stored now?", yes)
        with progress_bar("Copying") as report:
            restored = aiana.restore(Path(chosen.path), report)
    if as_json:
        print_json(restored)
        return
    say(f"Restored {_content(chosen)}.")
    if restored.forgotten is None:
        say("What was forgotten since may be back: what was stored before is too damaged to tell.")
    elif restored.forgotten.things:
        say(f"What was forgotten since stays forgotten: {_stays(restored.forgotten)}.")
    if restored.replaced is not None:
        say(f"What was stored before is kept: {restored.replaced}")
    if restored.servers:
        say(f"Run `{command('reindex qdrant')}` to bring Qdrant up to date.")


def _list(backups: list[Backup], as_json: bool) -> None:
    if as_json:
        print_json({"backups": backups})
        return
    for each in backups:
        made = datetime.fromtimestamp(Path(each.path).stat().st_mtime).astimezone()
        say_whole(each.path)
        say(Piece(f"  {when(format_time(made))}  {_content(each)}", "dim"))
    if not backups:
        say(f"There is no backup yet: `{command('backup')}` makes one.")


def _stays(carried: Carried) -> str:
    parts = [
        counted(carried.sessions, "session") if carried.sessions else "",
        counted(carried.messages, "message") if carried.messages else "",
        counted(carried.memories, "memory", "memories") if carried.memories else "",
        counted(carried.preferences, "preference") if carried.preferences else "",
    ]
    return ", ".join(part for part in parts if part)


def _content(backup: Backup) -> str:
    return (
        f"{counted(backup.sessions, 'session')}, {counted(backup.messages, 'message')}, "
        f"{counted(backup.memories, 'memory', 'memories')}, {size_of(backup.bytes)}"
    )
