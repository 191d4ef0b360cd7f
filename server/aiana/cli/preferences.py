"""`aiana prefer` and `aiana preferences`."""

from __future__ import annotations

import click

from aiana.cli.confirm import confirm, yes_option
from aiana.cli.output import json_option, opened, print_json
from aiana.cli.terminal import Piece, say, text_argument
from aiana.errors import NotFound
from aiana.invocation import command
from aiana.models import Preference
from aiana.protocol.results import Profile
from aiana.text import one_line


@click.command()
@click.argument("text", nargs=-1, required=True, type=text_argument)
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
@yes_option
@json_option
def preferences(remove: str | None, yes: bool, as_json: bool) -> None:
    """List the preferences, or remove one; confirm it if you give the beginning of an id.

    \b
    Examples:
      aiana preferences
      aiana preferences --remove 0b8c11aa
    """
    with opened() as aiana:
        profile = aiana.profile()
        if remove is not None:
            preference = _meant(profile, remove)
            if preference.id != remove:
                say(f"{preference.id}  {one_line(preference.text)}", err=True)
                confirm("Remove this preference?", yes)
            profile = aiana.remove_preference(preference.id)
        _show(profile, as_json)


def _meant(profile: Profile, beginning: str) -> Preference:
    """The preference that an id or the beginning of one means. Raises NotFound."""
    known = [*profile.static, *profile.dynamic]
    begun = [p for p in known if p.id == beginning] or [
        p for p in known if beginning and p.id.startswith(beginning)
    ]
    if len(begun) != 1:
        raise NotFound(
            f"{'Several preferences begin' if begun else 'No preference begins'} with "
            f"{beginning!r}. `{command('preferences')}` shows them."
        )
    return begun[0]


def _show(profile: Profile, as_json: bool) -> None:
    if as_json:
        print_json(profile)
        return
    for title, kept in (("Always", profile.static), ("For now", profile.dynamic)):
        if kept:
            say(Piece(title, "bold"))
        for preference in kept:
            say("  ", Piece(preference.id[:8], "dim"), f"  {preference.text}", hang=12)
    if not profile.static and not profile.dynamic:
        say(f'None yet. For example: {command("prefer")} "Uses uv for Python dependencies"')
