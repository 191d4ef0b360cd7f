"""`aiana doctor`."""

from __future__ import annotations

import click

from aiana.cli.output import json_option, opened, print_json

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended without losing anything.")
@json_option
def doctor(fix: bool, as_json: bool) -> None:
    """Check everything, and name the command that mends what is wrong.

    `--fix` corrects permissions, rebuilds the full-text index, and sends to Qdrant what it lacks.
    The exit status is 1 if an error is left.

    \b
    Examples:
      aiana doctor
      aiana doctor --fix
      aiana doctor --json | jq '.findings[] | select(.state != "ok")'
    """
    with opened() as aiana:
        result = aiana.diagnose(fix=fix)
    if as_json:
        print_json(result)
    else:
        for finding in result.findings:
            state = click.style(f"{finding.state:<8}", fg=_COLOURS[finding.state])
            fixed = click.style(" (fixed)", fg="green") if finding.subject in result.fixed else ""
            click.echo(f"{state} {finding.subject:<12} {finding.detail}{fixed}")
            if finding.mend:
                click.echo(f"{'':<22}{click.style('→', bold=True)} {finding.mend}")
    if any(finding.state == "error" for finding in result.findings):
        raise SystemExit(1)
