"""`aiana setup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aiana.cli.output import json_option, print_diff, print_json
from aiana.cli.terminal import Piece, say
from aiana.config import load_config

if TYPE_CHECKING:
    from aiana.setup.writing import Outcome


@click.command()
@click.argument("names", nargs=-1, metavar="[ASSISTANT|EDITOR]...")
@click.option("--remove", is_flag=True, help="Take out what was written.")
@click.option("--dry-run", is_flag=True, help="Show what would be changed, and change nothing.")
@json_option
def setup(names: tuple[str, ...], remove: bool, dry_run: bool, as_json: bool) -> None:
    """Make Aiana known to the assistants and editors on this machine.

    Writes the MCP server and the hooks into their own configuration, and nothing else; comments
    and the order of things stay. Without a name: all that are installed. Assistants: claude-code,
    codex, cursor, gemini, copilot, opencode. Editors: vscode, neovim, emacs, helix, zed.

    \b
    Examples:
      aiana setup --dry-run
      aiana setup claude-code codex
      aiana setup --remove
    """
    from aiana.setup.files import Records
    from aiana.setup.targets import TARGETS
    from aiana.setup.writing import chosen, set_up

    data = load_config().data_dir
    targets = chosen(names)
    if remove and not names:
        written = Records(data).paths()
        targets = [t for t in TARGETS.values() if t in targets or written]
    if as_json:
        outcomes = [set_up(data, target, remove=remove, dry_run=dry_run) for target in targets]
        print_json([_told(outcome) for outcome in outcomes])
        if any(outcome.failed for outcome in outcomes):
            raise SystemExit(1)
        return
    failed = False
    for target in targets:
        outcome = set_up(data, target, remove=remove, dry_run=dry_run)
        failed |= bool(outcome.failed)
        if dry_run:
            for diff in outcome.diffs:
                print_diff(diff.split("\n"))
        for path in outcome.changed if not dry_run else []:
            say(Piece(target.title, "bold"), f": {'restored' if remove else 'wrote'} {path}")
        if not outcome.changed and not outcome.failed and (names or not remove):
            nothing = "has nothing of Aiana's" if remove else "knows Aiana already"
            say(Piece(target.title, "bold"), f": {nothing}")
        elif outcome.changed and not outcome.failed and not (dry_run or remove) and target.then:
            say(f"  {target.then}")
        for reason in outcome.failed:
            say(Piece("failed:", "red"), f" {reason}", err=True)
    if not targets:
        say("No assistant or editor that Aiana knows was found. Name one to set it up.")
    if failed:
        raise SystemExit(1)


def _told(outcome: Outcome) -> dict[str, object]:
    """What was done, or would be, for programs."""
    return {
        "name": outcome.target.name,
        "title": outcome.target.title,
        "changed": [str(path) for path in outcome.changed],
        "diffs": outcome.diffs,
        "failed": outcome.failed,
        "then": outcome.target.then,
    }
