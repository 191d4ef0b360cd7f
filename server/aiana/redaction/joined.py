"""Texts that code puts together, as they are when it has: `"ghp_…" + "…"`, `f"a" f"b"`, `a\\⏎b`."""

from __future__ import annotations

import re
import string
from collections.abc import Container, Iterable, Iterator

from aiana.pattern import Pattern
from aiana.redaction.names import holds_word
from aiana.redaction.normalise import Edit, Normalised

_COMMENT = r"(?://|#)[^\n\"'`]{0,80}(?=\n)"
# What stands between two literals that are one text: signs of some thirty languages, or nothing.
_SIGNS = rf"(?:\s|\\n|\\|[+.&~|<>]{{1,2}}|_(?=\s{{0,3}}\n)|{_COMMENT}){{0,40}}+"
_APPENDS = r";?\s{0,4}(?:\n|\\n)\s{0,40}[$\w.]{1,60}\s{0,3}(?:\+|\.|\.\.|<)[=<]\s{0,3}"
_CALL = r"\s{0,3}\.concat\(\s{0,3}"
_OPENS = r"(?:[fFrRbBuU]{1,2})?\\{0,4}[\"'`]"
# The sign after the first quote is looked at first: most go on otherwise.
_GLUE = Pattern(
    rf"[\"'`](?=[\s\\+.&~|<>;\"'`#/])(?:{_SIGNS}{_OPENS}|(?:{_APPENDS}|{_CALL}){_OPENS})"
)
# Where that may be: a literal ends that may be a piece, and another begins after signs, or a
# comment does. Told by the classes of characters, of which bytes are searched far faster.
_QUOTE, _SLASH, _EITHER, _PIECE, _EQUALS, _SIGN, _LESS, _HASH, _FOREIGN, _OTHER = b"qbea=s<hu "
_CLASSES = bytes(
    _QUOTE
    if chr(byte) in "\"'`"
    else _SLASH
    if chr(byte) == "\\"
    else _EITHER
    if chr(byte) in "+.~"
    else _EQUALS
    if chr(byte) == "="
    else _PIECE
    if chr(byte) in string.ascii_letters + string.digits + "_-"
    else _LESS
    if chr(byte) == "<"
    else _HASH
    if chr(byte) in "#/"
    else _SIGN
    if chr(byte) in " \t\n\r\f\v&|>;"
    else _FOREIGN
    if chr(byte) == "?"
    else _OTHER
    for byte in range(256)
)
_ENDS = re.compile(rb"q(?=[sqbeh<])(?<=[aehb=q]q)")
_GOES_ON = re.compile(rb"q(?<=[aehb=q]q)(?:[sbeu<]++a{0,3}+){0,41}+[qh]")
# A quote within a word.
_WITHIN = re.compile(rb"q(?<=[a=]q)(?=a)")
# A literal is added to a variable on a line of its own.
_APPENDED = re.compile(rb"=(?<=[e<]=)[su]{0,3}a{0,2}b{0,4}q")
_PUSHED = re.compile(rb"<(?<=[e<]<)[su]{0,3}a{0,2}b{0,4}q")
_COMMA = Pattern(rf"[\"'`]\s{{0,3}},\s{{0,12}}{_OPENS}")
# What joins the literals of a list: before it, or behind.
_JOINS = Pattern(
    r"(?:join|concat|paste0|strcat|format|%\s?)\(\s{0,3}\[?\s{0,12}[fFrRbBuU]{0,2}\\{0,4}[\"'`][^\s\"'`]{0,300}\Z"
)
_IS_JOINED = Pattern(r"[^\]\n]{0,400}\]\s{0,3}\.join\(\s{0,2}(?:''|\"\")?\s{0,2}\)")
_JOINING = Pattern(r"\((?:(?<=join\()|(?<=cat\()|(?<=paste0\()|(?<=% \())")
_INSERTED = Pattern(r"\{(?P<quote>[\"'])[\w.~+/=-]{1,300}+(?P=quote)\}")
_CONTINUED = Pattern(r"\\\n[ \t]{0,40}")
_OF_PIECE = string.ascii_letters + string.digits + "_-.~+/="
_MOST_OF_PIECE, _BEFORE, _AFTER = 300, 80, 400


def joined(
    text: str, plain: str, data: bytes, beginnings: Container[str]
) -> list[tuple[int, Normalised]]:
    """The parts of the text in which literals may be pieces of a secret, put together.

    Each with where it begins in the text. `plain` is the text in ASCII and lower case, `data` in
    ASCII; `beginnings` are the first three characters of tokens.
    """
    edits: list[Edit] = []
    if '"' in text or "'" in text or "`" in text:
        classes = data.translate(_CLASSES)
        edits += _glued(text, plain, _glues(text, classes), beginnings, is_listed=False)
        edits += _quoted_within(text, classes, beginnings)
        if "(" in text and _JOINING.search(plain):
            edits += _glued(text, plain, _COMMA.finditer(text), beginnings, is_listed=True)
        if "{" in text:
            edits += _inserted(text, plain, beginnings)
    for match in _CONTINUED.finditer(text) if "\\\n" in text else ():
        if _is_piece(text, plain, *match.span(), beginnings):
            edits.append(Edit(*match.span(), ""))
    if not edits:
        return []
    parts: list[tuple[int, Normalised]] = []
    group: list[Edit] = []
    for edit in sorted(edits):
        if group and edit.start - group[-1].end > _MOST_OF_PIECE:
            parts.append(_part(text, group))
            group = []
        group.append(edit)
    return [*parts, _part(text, group)] if group else parts


def _part(text: str, edits: list[Edit]) -> tuple[int, Normalised]:
    begin = max(0, edits[0].start - _MOST_OF_PIECE - _BEFORE)
    part = text[begin : edits[-1].end + _AFTER]
    return begin, Normalised(
        part, [Edit(edit.start - begin, edit.end - begin, edit.text) for edit in edits]
    )


def _glues(text: str, classes: bytes) -> Iterator[re.Match[str]]:
    """What stands between two literals that are one text."""
    position = 0
    ends = _GOES_ON
    if _APPENDED.search(classes) or _PUSHED.search(classes) or ".concat(" in text:
        ends = _ENDS
    for end in ends.finditer(classes):
        if end.start() >= position and (match := _GLUE.match(text, end.start())):
            position = match.end()
            yield match


def _glued(
    text: str,
    plain: str,
    matches: Iterable[re.Match[str]],
    beginnings: Container[str],
    *,
    is_listed: bool,
) -> list[Edit]:
    edits: list[Edit] = []
    for match in matches:
        start, end = match.span()
        while start and text[start - 1] == "\\":
            start -= 1
        follows = bool(edits) and not text[edits[-1].end : start].strip(_OF_PIECE)
        if not follows:
            if not _is_piece(text, plain, start, end, beginnings):
                continue
            if is_listed and not (
                _JOINS.search(text, max(0, start - _MOST_OF_PIECE), start)
                or _IS_JOINED.match(text, end)
            ):
                continue
        edits.append(Edit(start, end, ""))
    return edits


def _quoted_within(text: str, classes: bytes, beginnings: Container[str]) -> list[Edit]:
    """`ghp_ab'c'def`, `"ghp_"abc`, `PASSWORD=tul'ip'`: a shell joins what stands side by side."""
    edits: list[Edit] = []
    for match in _WITHIN.finditer(classes):
        start, end = match.span()
        follows = bool(edits) and not text[edits[-1].end : start].strip(_OF_PIECE)
        edits += [Edit(start, end, "")] if follows else _of_shell(text, start, end, beginnings)
    return edits


def _of_shell(text: str, start: int, end: int, beginnings: Container[str]) -> list[Edit]:
    """The quote from `start` to `end`, and the one that it closes, if they stand within a token or
    the value of a name."""
    piece = text[max(0, start - _MOST_OF_PIECE) : start]
    piece = piece[len(piece.rstrip(_OF_PIECE)) :]
    begin = start - len(piece)
    if "=" not in piece and "=" not in text[max(0, begin - 2) : begin]:
        # An apostrophe, most of the time.
        return [Edit(start, end, "")] if (piece[:3] + text[end : end + 3])[:3] in beginnings else []
    quote = Edit(start, end, "")
    name, _, value = piece.rpartition("=")
    if (value[:3] + text[end : end + 3])[:3] in beginnings:
        return [quote]
    edits = [quote]
    if begin > 1 and text[begin - 2] == "=" and text[begin - 1] == text[start]:
        name = text[max(0, begin - _BEFORE) : begin - 2]
        edits = [Edit(begin - 1, begin, ""), quote]
    return edits if value and holds_word(name.lower()) else []


def _inserted(text: str, plain: str, beginnings: Container[str]) -> list[Edit]:
    """`f"ghp_{'…'}"`, `` `ghp_${"…"}` ``."""
    edits: list[Edit] = []
    for match in _INSERTED.finditer(text):
        opened = match.end("quote")
        start = match.start() - text.endswith("$", 0, match.start())
        if _is_piece(text, plain, start, opened, beginnings):
            edits.append(Edit(start, opened, ""))
            closed = match[0].rindex(match["quote"]) + match.start()
            edits.append(Edit(closed, match.end(), ""))
    return edits


def _is_piece(text: str, plain: str, start: int, end: int, beginnings: Container[str]) -> bool:
    """Whether a token, or the value of a name, may go on from `start` to `end`."""
    if text[end : end + 1] not in _OF_PIECE:
        return False
    before = text[max(0, start - _MOST_OF_PIECE) : start]
    piece = before[len(before.rstrip(_OF_PIECE)) :]
    if not piece:
        return False
    if (piece[:3] + text[end : end + 3])[:3] in beginnings:
        return True
    begin = start - len(piece)
    name = plain[max(0, begin - _BEFORE) : begin]
    return holds_word(name)
