"""`aiana prefer` and `aiana preferences`."""

from __future__ import annotations

import click

from aiana.cli.output import json_option, opened, print_json
from aiana.protocol.results import Profile


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--for-now", is_flag=True, help="Holds these days rather than always.")
@json_option
def prefer(text: tuple[str, ...], for_now: bool, as_json: bool) -> None:
    """Keep a preference, which every context block carries.

    \b
    Examples:
      aiana prefer "Uses uv for Python dependencies"
      aiana prefer --for-now "Working on the docs"
    """
    with opened() as aiana:
        _show(aiana.add_preference(" ".join(text), static=not for_now), as_json)


@click.command()
@click.option("--remove", metavar="ID", help="Delete the preference with this id.")
@json_option
def preferences(remove: str | None, as_json: bool) -> None:
    """List the preferences, or remove one.

    \b
    Examples:
      aiana preferences
      aiana preferences --remove 0b8c11aa
    """
    with opened() as aiana:
        _show(aiana.remove_preference(remove) if remove else aiana.profile(), as_json)


def _show(profile: Profile, as_json: bool) -> None:
    if as_json:
        print_json(profile)
        return
    for title, kept in (("Always", profile.static), ("For now", profile.dynamic)):
        if kept:
            click.secho(title, bold=True)
        for preference in kept:
            click.echo(f"  {click.style(preference.id[:8], dim=True)}  {preference.text}")
    if not profile.static and not profile.dynamic:
        click.echo('None yet. For example: aiana prefer "Uses uv for Python dependencies"')
