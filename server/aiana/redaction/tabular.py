"""Secrets in tables, below their names: CSV, Markdown, results of queries, HTML, SQL, JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from aiana.pattern import Pattern
from aiana.redaction.given import is_given
from aiana.redaction.names import Name, name_of
from aiana.redaction.pins import is_pin
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_stand_in, is_token


class Cell(NamedTuple):
    """Where the text of a cell begins, and the text."""

    start: int
    text: str


_HEADER = Pattern(r"[\w \t.,;|│#/()\"'`*+:-]{5,400}\Z")
_TITLE = Pattern(r"[A-Za-z_#][\w .#/()-]{0,40}\Z")
_RULE = Pattern(r"[\s|+:=│┼├┤─━┃╋┌┐└┘┬┴-]+\Z")
_AROUND = " \t\r\"'`*"
_ENDS_OF_CELL = "|│;,"
_COLUMNS = Pattern(r"\S+(?: \S+)*")
# Whose secrets they are, as another column says.
_WHO = Pattern(
    r"(?i)(?:user|login|mail|e-mail|host|account|server|service|site|url|role|owner|person|domain|database|db|system|machine|env)"
    r"|(?:.*[\W_])?name\Z"
)
_INSERT = Pattern(
    r"\b(?P<how>insert\s+(?:ignore\s+)?into|replace\s+into|copy)\s+\S{1,80}\s*\((?P<before>[^()]{0,400})\Z",
    re.IGNORECASE,
)
_VALUES = Pattern(
    r"[^()]{0,400}\)\s{0,40}(?:(?P<rows>values)\s{0,40}|from\s+stdin[^\n]{0,80}\n)", re.IGNORECASE
)
_FIELD = Pattern(
    r"\s{0,40}(?P<q>[eEnN]?['\"])?(?P<value>(?(q)[^'\"\n]{0,300}|[^,()'\"\n]{0,100}))(?(q)['\"])\s{0,10}(?P<then>[,)])"
)
_CALL = Pattern(r"\s{0,40}\w{1,30}\([^()]{0,200}\)\s{0,10}(?P<then>[,)])")
_NEXT_ROW = Pattern(r"\s{0,40},?\s{0,40}\(")
_ROW = Pattern(r"<tr[^<>]{0,100}>")
_DATA = Pattern(r"<t[dh][^<>]{0,100}>\s{0,40}(?:<\w{1,10}>)?(?P<value>[^<>]{0,200})")
_JSON_CELL = Pattern(
    r"\s{0,20}(?:\\?\"(?P<text>[^\"\\]{0,300})\\?\"|(?P<bare>[\w.+-]{1,40}))\s{0,20}(?P<then>[,\]])"
)
_JSON_ROWS = Pattern(
    r"(?:\s{0,20},\s{0,20}|(?:[^\[\]]{1,120}\[[^\[\]]{0,300}\]){0,3}?[^\[\]]{1,120}\[\s{0,20})(?=\[)"
)
_JSON_NEXT = Pattern(r"\s{0,20},\s{0,20}(?=\[)")
_MOST_CELLS = 100
_MOST_ROWS, _MOST_OF_LINE, _BACK = 300, 400, 500


def tabular(text: str, name: Name) -> list[Span]:
    """The secrets in the column that the name heads."""
    begin = name.start - len(name.head)
    end = name.start + len(name.word) + len(name.rest)
    if name.is_about or text[end : end + 1] not in _SIGNS:
        return []
    before = text[max(0, begin - _BACK) : begin]
    opened = before.rfind("(")
    if (
        opened >= 0
        and before.find(")", opened) < 0
        and ("into" in (lowered := before[:opened].lower()) or "copy" in lowered)
        and (insert := _INSERT.search(before))
    ):
        return _inserted(text, name, end, insert)
    if before.endswith('"') and before.rfind("[") > max(before.rfind("]"), before.rfind("{")):
        return _in_json(text, begin - len(before) + before.rfind("["), begin)
    if before.endswith(">") and (row := before.rfind("<tr")) >= 0:
        return _in_html(text, name, end, before[row:])
    return _in_lines(text, name, begin, end)


def titles_in(value: dict[Any, Any]) -> list[Any] | None:
    """The titles of the columns whose rows an object holds beside them."""
    for key in ("columns", "header", "headers", "fields", "titles", "names"):
        titles = value.get(key)
        if isinstance(titles, list) and titles:
            return [title.get("name") if isinstance(title, dict) else title for title in titles]
    return None


def kinds_in_rows(
    rows: list[Any] | tuple[Any, ...], titles: list[Any] | None
) -> dict[int, dict[int, str]]:
    """Of the rows of a JSON value, by their places, which cells are secrets.

    Their titles are given, or are the first row.
    """
    if not rows or not isinstance(rows[0], list | tuple):
        return {}
    first = 0 if titles else 1  # a title is no value of its own column
    titles = titles or list(rows[0])
    columns = [n for n, title in enumerate(titles) if isinstance(title, str) and _names(title)]
    if not columns or not all(isinstance(t, str) and _TITLE.match(t) for t in titles):
        return {}
    told = any(_WHO.match(title) for title in titles)
    found: dict[int, dict[int, str]] = {}
    for n, row in enumerate(rows[first:], first):
        if not isinstance(row, list | tuple) or len(row) != len(titles):
            continue
        for column in columns:
            value = row[column]
            if isinstance(value, str | int) and not isinstance(value, bool):
                kind = _kind(titles[column], str(value), is_told_whose=told)
                if kind:
                    found.setdefault(n, {})[column] = kind
    return found


def _names(title: str) -> bool:
    return is_pin(title, "0000") or name_of(title) is not None


def _kind(title: str, value: str, *, is_told_whose: bool) -> str | None:
    if is_pin(title, value):
        return "pin"
    known = name_of(title)
    if known is None or not (known.password or is_token(value)):
        return None
    if (
        is_stand_in(value)
        or is_code(value)
        or not (
            is_told(value)
            or is_token(value)
            or (is_told_whose and value != title and " " not in value)
        )
    ):
        return None
    return is_given(title, value)


def _in_lines(text: str, name: Name, begin: int, end: int) -> list[Span]:
    start = text.rfind("\n", max(0, begin - _MOST_OF_LINE), begin) + 1
    stop = text.find("\n", end, end + _MOST_OF_LINE)
    if stop < 0 or not _ends_cell(text[end:stop]) or not _HEADER.match(text, start, stop):
        return []
    line = text[start:stop]
    for sign in ("|", "│", "\t", ";", ",", "  "):
        if sign in line:
            break
    else:
        return []
    titles = _cells(line, 0, sign)
    column = next(
        (n for n, title in enumerate(titles) if title.text == name.whole.strip("-")), None
    )
    named = [title.text for title in titles if title.text]
    if column is None or len(named) < 2 or not all(map(_TITLE.match, named)):
        return []
    if (sign == "," and ", " in line) or (sign not in "|│" and len(named) < len(titles)):
        return []
    told = any(_WHO.match(title.text) for n, title in enumerate(titles) if n != column)
    found: list[Span] = []
    for row in _rows(text, stop + 1, sign, titles):
        cell = row[column]
        if cell.text == titles[column].text:
            break  # the head of another, or of the same again
        if kind := _kind(name.whole, cell.text, is_told_whose=told):
            found.append((cell.start, cell.start + len(cell.text), kind))
    return found


def _ends_cell(rest: str) -> bool:
    """Whether a cell ends where this rest of its line begins."""
    after = rest.lstrip(_AROUND)
    gap = rest[: len(rest) - len(after)]
    return after[:1] in _ENDS_OF_CELL or "  " in gap or "\t" in gap


def _rows(text: str, place: int, sign: str, titles: list[Cell]) -> Iterator[list[Cell]]:
    for _ in range(_MOST_ROWS):
        stop = text.find("\n", place, place + 2 * _MOST_OF_LINE)
        stop = stop if stop >= 0 else min(len(text), place + 2 * _MOST_OF_LINE)
        line = text[place:stop]
        if not line.strip():
            return
        if not _RULE.match(line):
            cells = _cells(line, place, sign)
            if sign == "  ":  # what stands below a title belongs to it
                starts = [title.start for title in titles]
                if [cell.start - place for cell in cells] != starts:
                    return
            if len(cells) != len(titles):
                return
            yield cells
        place = stop + 1


def _cells(line: str, start: int, sign: str) -> list[Cell]:
    if sign == "  ":
        return [Cell(start + match.start(), match[0]) for match in _COLUMNS.finditer(line)]
    cells = []
    for part in line.split(sign):
        word = part.lstrip(_AROUND)
        cells.append(Cell(start + len(part) - len(word), word.rstrip(_AROUND)))
        start += len(part) + len(sign)
    return cells


def _inserted(text: str, name: Name, end: int, insert: re.Match[str]) -> list[Span]:
    """`INSERT INTO users (name, password) VALUES (…)`."""
    values = _VALUES.match(text, end)
    if values is None:
        return []
    column, place = insert["before"].count(","), values.end()
    found: list[Span] = []
    if not values["rows"]:
        for row in _rows(text, place, "\t", [Cell(0, "")] * (column + 1 + values[0].count(","))):
            if kind := _kind(name.whole, row[column].text, is_told_whose=True):
                found.append((row[column].start, row[column].start + len(row[column].text), kind))
        return found
    for _ in range(_MOST_ROWS):
        opened = _NEXT_ROW.match(text, place)
        if opened is None:
            break
        place = opened.end()
        for n in range(100):
            field = _FIELD.match(text, place) or _CALL.match(text, place)
            if field is None:
                return found
            if n == column and "value" in field.groupdict():
                value = field["value"].strip()
                if kind := _kind(name.whole, value, is_told_whose=field["q"] is not None):
                    found.append((field.start("value"), field.start("value") + len(value), kind))
            place = field.end()
            if field["then"] == ")":
                break
    return found


def _in_json(text: str, opened: int, begin: int) -> list[Span]:
    """`{"columns": ["user", "password"], "rows": [["ada", "…"]]}`; the titles may be the first row.

    `opened` is where the list of titles begins, `begin` the title itself.
    """
    titles = _json_row(text, opened)
    column = next((n for n, title in enumerate(titles) if title.start == begin), None)
    if column is None or len(titles) < 2 or not all(_TITLE.match(t.text) for t in titles):
        return []
    told = any(_WHO.match(title.text) for n, title in enumerate(titles) if n != column)
    following, place = _JSON_ROWS, text.find("]", titles[-1].start) + 1
    found: list[Span] = []
    while (row := following.match(text, place)) and len(found) < _MOST_ROWS:
        cells = _json_row(text, row.end())
        if len(cells) != len(titles):
            break
        cell = cells[column]
        if kind := _kind(titles[column].text, cell.text, is_told_whose=told):
            found.append((cell.start, cell.start + len(cell.text), kind))
        following, place = _JSON_NEXT, text.find("]", cells[-1].start) + 1
    return found


def _json_row(text: str, opened: int) -> list[Cell]:
    """The texts and numbers of a list of nothing else."""
    cells: list[Cell] = []
    place = opened + 1
    while len(cells) < _MOST_CELLS and (item := _JSON_CELL.match(text, place)):
        group = "text" if item["text"] is not None else "bare"
        cells.append(Cell(item.start(group), item[group]))
        place = item.end()
        if item["then"] == "]":
            return cells
    return []


def _in_html(text: str, name: Name, end: int, row: str) -> list[Span]:
    titles = [t["value"].strip() for t in _DATA.finditer(row + name.whole)]
    column = len(titles) - 1
    if not text.startswith("</t", end) or titles[-1:] != [name.whole]:
        return []
    rest, _, _ = text[end : end + _BACK].partition("</tr")
    titles += [title["value"].strip() for title in _DATA.finditer(rest)]
    told = any(map(_WHO.match, titles))
    found: list[Span] = []
    rows = list(_ROW.finditer(text, end, end + 20 * _BACK))
    for n, begins in enumerate(rows[:_MOST_ROWS]):
        stop = rows[n + 1].start() if n + 1 < len(rows) else begins.end() + _BACK
        cells = list(_DATA.finditer(text, begins.end(), stop))
        if len(cells) == len(titles):
            value = cells[column]["value"].rstrip()
            if "&" not in value and (kind := _kind(name.whole, value, is_told_whose=told)):
                start = cells[column].start("value")
                found.append((start, start + len(value), kind))
    return found


_SIGNS = ("|", "│", "\t", ";", ",", " ", "\n", "\r", '"', "'", "`", "*", "<", ")", "\\")
