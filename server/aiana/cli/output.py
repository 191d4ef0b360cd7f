"""What the commands share: the service, notes, documents, JSON and progress bars."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from aiana.cli.terminal import Piece, outlet, say, say_whole
from aiana.config import load_config
from aiana.errors import AianaError, NotFound
from aiana.garbage import collect_as_usual
from aiana.service import Aiana, open_aiana
from aiana.text import clean, clean_patch

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, as on the wire.")

_KINDS = {"note": "yellow", "warning": "yellow", "error": "error"}
_DIFF = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))
# JSON may hold these as they are, and a terminal would act on them.
_ACTIVE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e01ef]"
)
_LINE_SIGNS = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
_BEYOND_ASCII = re.compile("[^\x00-\x7e]")


@contextmanager
def opened() -> Iterator[Aiana]:
    """The service with the settings in force; what is wrong with them goes to stderr."""
    config = load_config()
    for problem in config.problems:
        tell("warning", problem.message)
    aiana = open_aiana(config, on_compile=_tell_of_compiling)
    try:
        yield aiana
    finally:
        aiana.close()


@contextmanager
def quiet_logs() -> Iterator[None]:
    """For a command whose answer says all that would be logged on the terminal."""
    logger, quiet = logging.getLogger("aiana"), logging.NullHandler()
    logger.addHandler(quiet)
    try:
        yield
    finally:
        logger.removeHandler(quiet)


def chosen_project(aiana: Aiana, name: str | None) -> str | None:
    """The project that a person names; `.` is that of the current folder."""
    return aiana.project_of(Path.cwd()) if name == "." else name


def chosen_sources(aiana: Aiana, names: Sequence[str]) -> list[str]:
    """The sources that a person names. Raises NotFound for one that is none."""
    if unknown := aiana.unknown_source(names):
        raise NotFound(unknown)
    return list(names)


def tell(kind: str, message: str) -> None:
    """A note, a warning or an error on standard error."""
    say(Piece(f"{kind}:", _KINDS[kind]), f" {message}", err=True)


def tell_of_more() -> None:
    """That a list goes on, and how; on standard error, where programs do not take it for a row."""
    say(Piece("There are more: -n shows up to 1,000, --json and --cursor page.", "dim"), err=True)


def _tell_of_compiling() -> None:
    tell("note", "The embedding model is being prepared for this machine: some seconds, once.")


def print_json(value: Any, on_one_line: bool = False) -> None:
    """A value as one JSON document on standard output."""
    indent = -1 if on_one_line else 2
    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()
    except UnicodeEncodeError:  # half a character, such as in the name of a file
        text = json.dumps(msgspec.to_builtins(value), indent=None if on_one_line else 2)
    print_json_text(text)


def print_json_text(text: str) -> None:
    """JSON on standard output, in ASCII where that is no UTF-8."""
    out = outlet()
    out.put(safe_json(text.rstrip("\n"), ascii_only=not _is_utf8(out.encoding)) + "\n")


def safe_json(text: str, ascii_only: bool = False) -> str:
    """JSON with the same content, and nothing in it that a terminal acts on."""
    return (_BEYOND_ASCII if ascii_only else _ACTIVE).sub(_escaped, text)


def print_document(text: str) -> None:
    """A text of several lines on standard output, by pages where that is a terminal."""
    text = clean(text)
    if outlet().isatty() and sys.stdin.isatty() and text.count("\n") > 20:
        click.echo_via_pager(text)
    else:
        outlet().put(text)


def print_patch(text: str) -> None:
    """A patch on standard output: to be read on a terminal, else as it is to be applied."""
    if outlet().isatty():
        print_document(_LINE_SIGNS.sub(lambda sign: ascii(sign[0])[1:-1], text))
        return
    patch = clean_patch(text)
    outlet().put(patch)
    if patch != text:
        tell("note", "Control characters were left out of the patch; `--json` has them.")


def print_diff(lines: Iterable[str]) -> None:
    """A unified diff on standard output: its lines as they are, in the colours of diffs."""
    for line in lines:
        say_whole(Piece(line, next((s for start, s in _DIFF if line.startswith(start)), "")))


def refuse_own(path: Path | None, aiana: Aiana) -> None:
    """Raises AianaError for a file of the data folder: what is kept must not be written over."""
    folder = os.path.realpath(aiana.config.data_dir)
    if path is not None and Path(os.path.realpath(path)).is_relative_to(folder):
        raise AianaError(f"{path} lies in Aiana's own folder, {folder}. Name a file elsewhere.")


def write_document(path: Path, text: str) -> None:
    """A text into a file. Raises AianaError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise not_written(path, error) from error


def not_written(path: Path, error: OSError) -> AianaError:
    """That a file which somebody named cannot be written, and what to do."""
    remedy = "Name another file."
    if isinstance(error, FileNotFoundError):
        remedy = f"Make the folder {path.parent} first, or name another file."
    return AianaError(f"{path} cannot be written: {error.strerror or error}. {remedy}")


@contextmanager
def progress_bar(title: str, unit: str = "") -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error, where that is a terminal; called with done, total and a detail.

    What shows one works for long.
    """
    collect_as_usual()
    error = outlet(err=True)
    if not error.isatty():
        yield _ignored
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
    )
    console = Console(file=error.file, no_color=not error.has_colours)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None, detail="")

        def report(done: int, total: int, detail: str = "") -> None:
            name = clean(Path(detail).name).replace("\n", " ")
            bar.update(task, completed=done, total=total, detail=name[-40:] or unit)

        yield report


def _ignored(done: int, total: int, detail: str = "") -> None:
    """Progress that nobody sees."""


def _is_utf8(encoding: str) -> bool:
    return encoding.replace("-", "").replace("_", "").lower() in ("utf8", "utf8sig")


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
