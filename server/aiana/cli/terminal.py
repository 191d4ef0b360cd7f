"""The program's standard streams: they bear any encoding, and carry nothing a terminal acts on.

From `take_over` on `sys.stdout` and `sys.stderr` are outlets, so that nobody prints around them:
what is written loses its escapes, controls and invisible characters. Colours come in by `say`
alone, which cleans each piece before it colours it.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TextIO, cast

from aiana.text import clean

STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "match": "1;33",
    "error": "1;31",
}
_SUBSTITUTE = "aiana.substitute"
_PARTS = re.compile(r"\s+|\S+")
_ASCII = {"·": "-", "…": "...", "→": "->", "↑": "^", "↓": "v", "└": "`-", "–": "-", "—": "-"}
_ASCII |= {"‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "×": "x"}


class OutputFailed(Exception):
    """Standard output takes nothing any more; `error` says why."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.error = error

    @property
    def is_left(self) -> bool:
        """Nobody reads it any more (`| head`), which is no failure. Windows says it its own way."""
        windows = sys.platform == "win32" and self.error.errno == 22
        return isinstance(self.error, BrokenPipeError) or windows


class Piece(NamedTuple):
    """A part of a line in one of STYLES."""

    text: str
    style: str = ""


class Outlet(io.TextIOBase):
    """A standard stream. Raises OutputFailed, or if it is for errors loses what it cannot write."""

    def __init__(self, file: TextIO, for_errors: bool) -> None:
        self.file = file
        self._for_errors = for_errors
        self._failure: OutputFailed | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.file.encoding or "ascii"

    @property
    def has_colours(self) -> bool:
        terminal = self.isatty() and os.environ.get("TERM") != "dumb"
        return terminal and not os.environ.get("NO_COLOR")

    def isatty(self) -> bool:
        return self.file.isatty()

    def fileno(self) -> int:
        return self.file.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.put(clean(text))
        return len(text)

    def put(self, text: str) -> None:
        """Write what was cleaned already."""
        if text:
            self._attempt(lambda: self.file.write(text))

    def flush(self) -> None:
        self._attempt(self.file.flush)

    def _attempt(self, work: Any) -> None:
        try:
            work()
        except OSError as error:
            self._failure = OutputFailed(error)
            # What is still buffered would be tried once more at the end of the process.
            _redirect_to_nothing(self.file)
        if self._failure is not None and not self._for_errors:
            raise self._failure


def take_over() -> None:
    """Put outlets in the place of the standard streams, and open those that are closed."""
    codecs.register_error(_SUBSTITUTE, _substitute)
    # Whatever is opened later must not get the number of a standard stream.
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if sys.platform == "win32":
        from colorama import just_fix_windows_console

        just_fix_windows_console()
    stdin = cast(io.TextIOWrapper, sys.stdin or os.fdopen(0, closefd=False))
    stdin.reconfigure(errors="replace")
    sys.stdin = stdin
    sys.stdout = cast(TextIO, _outlet(sys.stdout, 1))
    sys.stderr = cast(TextIO, _outlet(sys.stderr, 2))


def outlet(err: bool = False) -> Outlet:
    """Standard output, or standard error."""
    stream: Any = sys.stderr if err else sys.stdout
    return stream if isinstance(stream, Outlet) else Outlet(stream, err)


def width(err: bool = False) -> int | None:
    """Columns of the terminal, or COLUMNS of them; None where it is none: nothing is cut."""
    if not outlet(err).isatty():
        return None
    from shutil import get_terminal_size  # brings every way of compressing along

    return max(20, get_terminal_size().columns)


def cells(text: str) -> int:
    """How many columns a text takes: signs of Chinese and emoji take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def say(*parts: str | Piece, err: bool = False, hang: int | None = None) -> None:
    """One line of parts, each cleaned; a line break in one of them is a space.

    In a terminal it is broken between words where it is too long, and goes on below its column
    `hang`: by default below its first word.
    """
    out = outlet(err)
    pieces = [_cleaned(part) for part in parts]
    columns = width(err)
    for line in [pieces] if columns is None else _broken(pieces, columns, hang):
        out.put("".join(_styled(piece, out.has_colours) for piece in line) + "\n")


def say_whole(*parts: str | Piece, err: bool = False) -> None:
    """One line that is laid out already, and never broken: of a table, a diff, a command."""
    out = outlet(err)
    out.put("".join(_styled(_cleaned(part), out.has_colours) for part in parts) + "\n")


def text_argument(text: str) -> str:
    """An argument of the command line as text, where the locale could not decode it, too."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text).decode("utf-8", "replace")
    return text


def _cleaned(part: str | Piece) -> Piece:
    text, style = part if isinstance(part, Piece) else (part, "")
    return Piece(clean(text).replace("\n", " "), style)


def _broken(pieces: Iterable[Piece], columns: int, hang: int | None) -> Iterator[list[Piece]]:
    """The pieces in lines of so many columns; what has no blank, as an address, stays whole."""
    line: list[Piece] = []
    used = 0
    is_empty = True
    for blanks, word in _words(pieces):
        before, room = cells(_text(blanks)), cells(_text(word))
        if is_empty and hang is None:
            hang = before
        if not is_empty and word and used + before + room > columns:
            yield line
            blanks, before = [Piece(" " * (hang or 0))], hang or 0
            line, used = [], 0
        line += [*blanks, *word]
        used += before + room
        is_empty = False
    yield line


def _words(pieces: Iterable[Piece]) -> Iterator[tuple[list[Piece], list[Piece]]]:
    """The words with the blanks before them; either may be of several styles."""
    blanks: list[Piece] = []
    word: list[Piece] = []
    for text, style in pieces:
        for part in _PARTS.findall(text):
            if not part.isspace():
                word.append(Piece(part, style))
                continue
            if word:
                yield blanks, word
                blanks, word = [], []
            blanks.append(Piece(part, style))
    if blanks or word:
        yield blanks, word


def _text(pieces: Iterable[Piece]) -> str:
    return "".join(text for text, _ in pieces)


def _styled(piece: Piece, coloured: bool) -> str:
    text, style = piece
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style and coloured and text else text


def _outlet(stream: Any, number: int) -> Outlet:
    if isinstance(stream, Outlet):
        return stream
    if stream is None:  # it was closed when Python started
        stream = os.fdopen(number, "w", encoding="utf-8", closefd=False)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_SUBSTITUTE)
    return Outlet(stream, for_errors=number == 2)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, by something like it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    base = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _ASCII.get(character) or base or "?"


def _redirect_to_nothing(file: TextIO) -> None:
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, file.fileno())
        os.close(nothing)
    except OSError:  # no descriptor is left, or it is no file
        pass
