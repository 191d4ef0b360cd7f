"""What the commands share: the service, JSON, colours, ages and progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

from aiana.config import load_config
from aiana.service import Aiana
from aiana.times import to_datetime

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, as on the wire.")

_AGES = ((365 * 86400, "y"), (30 * 86400, "mo"), (7 * 86400, "w"), (86400, "d"), (3600, "h"))


@contextmanager
def opened() -> Iterator[Aiana]:
    """The service with the settings in force; what is wrong with them goes to stderr."""
    config = load_config()
    for problem in config.problems:
        click.echo(f"{click.style('warning:', fg='yellow')} {problem.message}", err=True)
    aiana = Aiana(config)
    try:
        yield aiana
    finally:
        aiana.close()


def console() -> Console:
    """Standard output for people: colours on a terminal only, NO_COLOR obeyed."""
    return Console(highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def age(timestamp: str) -> str:
    """How long ago, in two or three characters: `3d`."""
    seconds = (datetime.now(UTC) - to_datetime(timestamp)).total_seconds()
    for span, unit in _AGES:
        if seconds >= span:
            return f"{int(seconds // span)}{unit}"
    return f"{max(0, int(seconds // 60))}m"


def size_of(count: int) -> str:
    """A number of bytes as people write it: `38.4 MB`."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.1f} kB"


def highlighted(text: str, ranges: list[tuple[int, int]]) -> Text:
    """`text` with UTF-16 ranges of it in colour."""
    styled = Text(text)
    offsets = _from_utf16(text)
    for start, end in ranges:
        styled.stylize("bold yellow", offsets[start], offsets[end])
    return styled


def _from_utf16(text: str) -> list[int]:
    """Code point offset of each UTF-16 offset, the end included."""
    offsets = []
    for index, character in enumerate(text):
        offsets += [index] * (2 if ord(character) > 0xFFFF else 1)
    return [*offsets, len(text)]


@contextmanager
def progress_bar(title: str, unit: str = "") -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error, where that is a terminal; called with done, total and a detail."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    error = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
    )
    with Progress(*columns, console=error, transient=True, disable=not error.is_terminal) as bar:
        task = bar.add_task(title, total=None, detail="")

        def report(done: int, total: int, detail: str = "") -> None:
            bar.update(task, completed=done, total=total, detail=detail[-40:] or unit)

        yield report
