"""`aiana doctor`."""

from __future__ import annotations

import click

from aiana.cli.layout import pad
from aiana.cli.output import json_option, opened, print_json, quiet_logs
from aiana.cli.terminal import Piece, cells, say
from aiana.garbage import collect_as_usual

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@click.option("--fix", is_flag=True, help="Fix what can be fixed without losing anything.")
@json_option
def doctor(fix: bool, as_json: bool) -> None:
    """Check everything, and name the command that fixes what is wrong.

    `--fix` corrects permissions, rebuilds the full-text index, reads which files older sessions
    touched, and sends to Qdrant what it lacks. The exit status is 1 if an error is left.

    \b
    Examples:
      aiana doctor
      aiana doctor --fix
      aiana doctor --json | jq '.findings[].detail'
    """
    if fix:
        collect_as_usual()
    with quiet_logs(), opened() as aiana:
        result = aiana.diagnose(fix=fix)
    if as_json:
        print_json(result)
    else:
        columns = max(cells(finding.subject) for finding in result.findings)
        for finding in result.findings:
            fixed = " (fixed)" if finding.state == "ok" and finding.subject in result.fixed else ""
            say(
                Piece(f"{finding.state:<8}", _COLOURS[finding.state]),
                Piece(f" {pad(finding.subject, columns)}  ", "bold"),
                finding.detail,
                Piece(fixed, "green"),
                hang=columns + 11,
            )
            if finding.fix:
                say(" " * (columns + 11), Piece("→ ", "bold"), finding.fix, hang=columns + 13)
    if any(finding.state == "error" for finding in result.findings):
        raise SystemExit(1)
