"""`aiana fixes`."""

from __future__ import annotations

import sys

import click

from aiana.cli.layout import fit, joined, when
from aiana.cli.output import json_option, opened, print_json, tell
from aiana.cli.terminal import Piece, say, text_argument, width
from aiana.protocol.results import Fix
from aiana.text import counted, one_line


@click.command()
@click.argument("text", nargs=-1, type=text_argument)
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
def fixes(text: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Tell what made an error go away: TEXT is a message, a stack trace or a command's output.

    Without TEXT, or with `-`, it is read from standard input. A session is named if what was run
    when the error stood there ran again without it, or if the person said so next, and if
    something was changed in between. Into a pipe it is a line for each, with tabs between time,
    how it is known, number of edits, files, assistant, message, and address.

    \b
    Examples:
      aiana fixes "No module named 'yaml'"
      npm test 2>&1 | aiana fixes
    """
    asked = sys.stdin.read() if text in ((), ("-",)) else " ".join(text)
    with opened() as aiana:
        answer = aiana.fixes(asked, limit=limit)
        short = aiana.short_session_ids(fix.session_id for fix in answer.fixes)
    if as_json:
        print_json(answer)
        return
    columns = width()
    for fix in answer.fixes:
        _print(fix, short[fix.session_id], columns)
    if not answer.sought:
        tell("note", "This says too little to be told from other errors.")
    elif not answer.fixes:
        tell("note", "No session is surely known in which this error went away.")


def _print(fix: Fix, short_id: str, columns: int | None) -> None:
    files = ",".join(fix.files)
    if columns is None:
        row = [fix.timestamp, fix.how, str(fix.edits), files, fix.source, fix.message, fix.uri]
        say("\t".join(one_line(value) for value in row))
        return
    say(Piece(fit(fix.message, columns), "bold"))
    ran = f"ran again: {fix.command}" if fix.command else "ran again"
    how = "the person said so" if fix.how == "said" else ran
    say(Piece("  " + fit(how, columns - 2), "cyan"))
    if fix.edits:
        names = counted(len(fix.files), "file")
        say("  " + fit(f"{counted(fix.edits, 'edit')} in {names}: {files}", columns - 2))
    for each in fix.commands:
        say("  " + fit(f"$ {each.text}", columns - 2))
    title = fix.session_title or "(without a title)"
    where = [when(fix.timestamp), fix.source, short_id, title]
    say(Piece("  " + joined(where, columns - 2), "dim"))
