"""Text that is fit to show: what other programs wrote without its tricks, and numbers of things."""

from __future__ import annotations

import re

from aiana.pattern import Pattern

# CSI (`ESC [ ... m`), OSC (`ESC ] ... BEL`) and two-character escapes, ECMA-48; runs are bounded.
_ANSI = Pattern(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?"
    r"|(?:\x1b[\]PX^_]|\x9d)[^\x07\x1b\x9c\n]{0,2000}(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]{0,4}[0-~]?"
)
_LINE_BREAK = Pattern(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters; soft hyphens, zero-width spaces and marks; bidirectional controls; tag
# characters and the second block of variation selectors, which can carry invisible text.
_INVISIBLE = Pattern(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
_ACTING = Pattern("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_ASCII = bytes(range(128))
_SURROGATE = Pattern("[\ud800-\udfff]")

_ESCAPED = Pattern(r"\\([0-3][0-7]{2}|.)")
_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""How FTS5 makes terms: of the texts in the index, and of what is looked up in it."""


def clean(text: str) -> str:
    """`text` without escapes and invisible characters; every line break becomes a newline.

    Joiners stay, since emoji and several scripts need them; lone surrogates become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAK.sub("\n", _ANSI.sub("", text))
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))


def signs_beyond_ascii(text: str) -> set[str]:
    """The characters of a text that are not in ASCII; far faster than to look for one of them."""
    if text.isascii():
        return set()
    return set(
        text.encode("utf-8", "surrogatepass")
        .translate(None, _ASCII)
        .decode("utf-8", "surrogatepass")
    )


def clean_patch(text: str) -> str:
    """A patch without what a terminal acts on; its characters and line ends stay as they are."""
    return _SURROGATE.sub("\ufffd", _ACTING.sub("", _ANSI.sub("", text)))


def unquoted(name: str) -> str:
    """A file's name as git writes it where it is odd: `"a\\"b\\n.py"`."""
    if len(name) < 2 or not name.startswith('"') or not name.endswith('"'):
        return name
    return _ESCAPED.sub(_meant, name[1:-1])


def _meant(escaped: re.Match[str]) -> str:
    sign = escaped[1]
    return chr(int(sign, 8)) if sign.isdigit() else _ESCAPES.get(sign, sign)


def one_line(text: str) -> str:
    """`text` cleaned, with every run of white space as one space."""
    return " ".join(clean(text).split())


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 memory`, `1,200 memories`; several are `things`, by default the one with an s."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def size_of(count: int) -> str:
    """A number of bytes as people write it: `38.4 MB`."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.1f} kB"
