"""`aiana import`."""

from __future__ import annotations

import os

import click

from aiana.capture import sources as known_sources
from aiana.capture.access import (
    how_to_open,
    is_closed_to_us,
    is_container,
    no_transcripts,
    why_closed,
)
from aiana.cli.output import json_option, opened, print_json, progress_bar, tell
from aiana.cli.terminal import Piece, say
from aiana.errors import NotFound
from aiana.invocation import command
from aiana.paths import expanded
from aiana.protocol.results import Failure, ImportCounts
from aiana.service import Aiana
from aiana.text import counted, size_of

SHOWN = 5
"""Lines that were left out and are named in what people read."""


@click.command("import")
@click.argument("what", nargs=-1, metavar="[SOURCE|PATH]...")
@click.option("--since", help="Only files changed since a date, or within 7d.")
@click.option("--no-embed", is_flag=True, help="Leave semantic search to a later `aiana reindex`.")
@json_option
def import_(what: tuple[str, ...], since: str | None, no_embed: bool, as_json: bool) -> None:
    """Read what is new in the sessions on this machine, or in the given files and folders.

    Importing twice changes nothing; a file that has grown costs what it has grown. Interrupting
    loses nothing: the next import goes on where this one stopped. `aiana watch` goes on by itself.

    \b
    Examples:
      aiana import
      aiana import claude-code --since 30d
      aiana import ~/backup/.claude/projects session.jsonl
    """
    names = [word for word in what if word in known_sources()]
    paths = [_existing(word) for word in what if word not in names]
    with opened() as aiana:
        with progress_bar("Importing") as report:
            result = aiana.import_sessions(
                names or None, paths or None, since=since, progress=report
            )
        if as_json:
            print_json(result)
        else:
            _summarise_all(result.sources, names)
            _report(result.failed)
        if is_container() and not any(counts.found for counts in result.sources.values()):
            tell("warning", no_transcripts())
        if not no_embed:
            _embed(aiana)
    if result.failed or any(counts.failed for counts in result.sources.values()):
        raise SystemExit(1)


def _existing(word: str) -> str:
    """A path that was given, where `~` is a home. Raises NotFound."""
    path = expanded(word)
    if not word or not os.path.lexists(path):
        known, what = ", ".join(sorted(known_sources())), path if word else "without a name"
        raise NotFound(f"There is no file or folder {what}, and no source of that name ({known}).")
    return str(path)


def _summarise_all(sources: dict[str, ImportCounts], named: list[str]) -> None:
    """What came of each assistant; those of which there is nothing share a line."""
    told = [name for name, counts in sources.items() if counts.found or counts.failed]
    told = [name for name in sources if name in told or name in named]
    if not told:  # nothing at all: say where the first was looked for
        told = list(sources)[:1]
    for name in told:
        _summarise(name, sources[name])
    others = [name for name in sources if name not in told]
    if others:
        say(
            f"nothing of {', '.join(others)} "
            f"(`{command('import', 'NAME')}` says where it was looked)"
        )


def _summarise(name: str, counts: ImportCounts) -> None:
    say(
        Piece(name, "bold"),
        f": {counted(counts.found, 'file')} ({counts.imported:,} new, {counts.updated:,} grown, "
        f"{counts.skipped:,} unchanged), {counted(counts.messages, 'message')}, "
        + (f"{counted(counts.memories, 'memory', 'memories')}, " if counts.memories else "")
        + f"{size_of(counts.bytes)} read",
    )
    if counts.redactions:
        say(f"  {counted(counts.redactions, 'secret')} taken out before anything was stored")
    if not counts.found:
        looked = [str(root) for root in known_sources()[name].roots()]
        more = f" and {len(looked) - SHOWN} more" if len(looked) > SHOWN else ""
        say(f"  looked in {', '.join(looked[:SHOWN])}{more}")
    if counts.skipped_lines:
        say(f"  {counted(counts.skipped_lines, 'line')} left out, wholly or in part:")
        for line in counts.left_out[:SHOWN]:
            place = f"{line.path}:{line.line}" if line.line else line.path  # 0: of a whole document
            say(f"    {place}: {line.reason}")
        if counts.skipped_lines > SHOWN:
            say(f"    and {counts.skipped_lines - SHOWN:,} more (`--json` names up to 100)")
    _report(counts.failed)


def _report(failed: list[Failure]) -> None:
    closed = [failure for failure in failed if is_closed_to_us(failure.path)]
    others = [failure for failure in failed if failure not in closed]
    for failure in others[:SHOWN]:
        say("  ", Piece("failed:", "red"), f" {failure.path}: {failure.reason}")
    if len(others) > SHOWN:
        say(f"    and {counted(len(others) - SHOWN, 'more file')} (`--json` names all)")
    if closed:
        say("  ", Piece("failed:", "red"), f" {why_closed([each.path for each in closed])}.")
        say(f"    {how_to_open(closed[0].path)}")


def lacks_a_model(aiana: Aiana) -> bool:
    """Whether nothing can be embedded, which is said."""
    tier = aiana.status().tiers.embedder
    if tier.state not in ("off", "unavailable"):
        return False
    tell("note", tier.detail)
    return True


def _embed(aiana: Aiana) -> None:
    """Give every new text its vector, with a bar; the bar may be interrupted at any time."""
    if lacks_a_model(aiana):
        return
    with progress_bar("Embedding (Ctrl-C leaves the rest for later)") as report:
        done = aiana.index_pending(progress=report)
    if done:
        say(f"{counted(done, 'text')} can now be found by meaning.", err=True)
