"""Takes secrets out of text before it is stored: `[redacted:<kind>]` stands in their place.

Tokens are known by their form (`rules`), other secrets by the name that they are given (`names`)
or by their place (`commands`); what counts as a value is told in `values`. Where something hides in
a text, the rules look at what a reader sees (`normalise`). Deterministic and idempotent; time
grows linearly with the text.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections import Counter
from collections.abc import Set
from typing import Any, NamedTuple

import msgspec

from aiana.redaction.apart import apart
from aiana.redaction.below import below
from aiana.redaction.commands import arguments, flags_in
from aiana.redaction.commented import commented
from aiana.redaction.fields import kinds_in, kinds_in_list
from aiana.redaction.gates import gates_of
from aiana.redaction.given import given
from aiana.redaction.joined import joined
from aiana.redaction.known import Known
from aiana.redaction.labelled import SIGNS_BEFORE as SIGNS_OF_LABELS
from aiana.redaction.labelled import is_labelled
from aiana.redaction.lines import alone
from aiana.redaction.listed import listed, of_items, program_in
from aiana.redaction.names import WORDS, Name, find_by_name, find_by_word
from aiana.redaction.normalise import normalised
from aiana.redaction.paired import paired
from aiana.redaction.pins import names_pin, pin_options
from aiana.redaction.placed import placed_secrets
from aiana.redaction.plain import MIN_CHARS
from aiana.redaction.rules import PHRASE_RULES, TOKEN_RULES, WHOLE_TOKENS, Rule
from aiana.redaction.several import several
from aiana.redaction.spans import Span
from aiana.redaction.tabular import kinds_in_rows, tabular, titles_in
from aiana.redaction.told import told
from aiana.redaction.values import DIGIT, is_made, is_scattered
from aiana.redaction.vendors import SIGNS_BEFORE, belongs_to_vendor, has_digits

RULES = 15
"""The version of all rules together; when it grows, what is stored already is looked at anew."""
_MARK = "[redacted:"
_MARKS = re.compile(r"\[redacted:[\w-]{1,40}\]")
_MOST_PASSES = 4
# How far around what hides in a text it is looked at anew.
_BEFORE, _AFTER = 300, 1500

# Classes of characters, as letters: those of tokens, line ends, and signs of control.
_OF_TOKEN, _NEWLINE, _CONTROL, _OTHER = b"anc "
_CLASSES = bytes(
    _OF_TOKEN
    if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "_-.~")
    else _NEWLINE
    if chr(byte) == "\n"
    else _CONTROL
    if byte in (*range(9), *range(14, 32), 127)
    else _OTHER
    for byte in range(256)
)
# A token is at least this long; every run of its characters that is as long is looked at.
_LONG_RUN = b"a" * 20
_RUN = re.compile(b"a+")
_LINE_ENDS_IN_RUN = re.compile(rb"n(?<=aaaaan)(?= {0,40}+aaaa)")
# What base64 has besides.
_WHOLE = re.compile(r"[A-Za-z0-9+/=_-]{0,400}+")
_ESCAPED_LETTER = re.compile(r"\\u00[4-7]")
_MOST_OF_JWT = 4100
# Names in programs come again and again.
_harmless: set[str] = set()
_MOST_HARMLESS = 20_000
_MOST_ON_LINE = 300
# A line of words, paths and times, or an object of such: of the signs in it, none that a rule needs
# but words do.
_FEW_SIGNS = re.compile(
    r"(?:[A-Za-z0-9_./ ,;:=!?*#@+}]|\((?!.*\")|\)|(?<=[\w./])-|(?<![\w.~+/=-])\{"
    r"|(?<=[ ,:{])\"|\"(?=[:,}]))*+"
)
_MOST_OF_FEW = 200
_MOST_COLONS = 3
# Values that are looked for in the rest of a text, and how long one is at most.
_MOST_VALUES, _MOST_AGAIN = 100, 400
# Most texts that are one word are ids; of all rules only those of tokens apply to them.
_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_MOST_OF_WORD = 64
_SEGMENT = re.compile(r"[A-Za-z0-9]+")
_BEGINNINGS = re.compile(r"(?=(...))[A-Za-z0-9]+")
# What continues a token on the next line, after the marks of a quotation, a listing or a comment.
_NEXT_LINE = re.compile(r"\n(?:[ \t]|[>|+*#│]|//){0,40}([A-Za-z0-9_.-]{4,300})")
_MOST_LINES = 8
_OF_TOKENS = string.ascii_letters + string.digits + "_-.~"
_BY_START: dict[str, list[Rule]] = {}
for _rule in TOKEN_RULES:
    for _start in _rule.starts:
        for _beginning in [_start[:3]] if len(_start) > 2 else map(_start.__add__, _OF_TOKENS):
            _BY_START.setdefault(_beginning, []).append(_rule)
_BY_START = {start: list(dict.fromkeys(rules)) for start, rules in _BY_START.items()}
_FIRST_THREE = frozenset(_BY_START)
_OF_PHRASES = frozenset(PHRASE_RULES)


def marks_in(text: str) -> dict[str, int]:
    """Of each kind of secret, in how many places of a stored text one stood; the most first."""
    kinds = (mark[len(_MARK) : -1] for mark in _MARKS.findall(text))
    return dict(Counter(kinds).most_common())


_OF_KEYS = (*WORDS, "pin", '"kty"')
"""Words of which one stands in every key that marks its value."""
_clean = Known()
_clean_json = Known()
# What is stored passes twice, at the door and at the connection behind it, and names, times and
# what tools read come many times.


def redact(text: str) -> tuple[str, int]:
    """`text` without its secrets, and how many were taken out."""
    if len(text) < MIN_CHARS or text in _clean:
        return text, 0
    total = 0
    for _ in range(_MOST_PASSES):
        spans = _secrets(text)
        text, n = _replace(text, spans) if spans else (text, 0)
        if not n:
            _clean.add(text)
            break
        total += n
    return text, total


def forget_known() -> None:
    """Makes the next texts be looked at, whether or not they were before."""
    _clean.clear()
    _clean_json.clear()


class _Around(NamedTuple):
    """What stands around a JSON value."""

    owner: Any = None
    """The key that it stands under."""
    program: str = ""
    """That whose arguments it may be."""
    titles: list[Any] | None = None
    """Those of its columns."""


_NOTHING = _Around()
_LISTS = (list, tuple)


def redact_tree(value: Any) -> tuple[Any, int]:
    """The same for every string in a JSON value; a key such as `password` marks its value."""
    return _redact_tree(value, _NOTHING)


def _redact_tree(value: Any, around: _Around) -> tuple[Any, int]:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return _redact_fields(value, around.owner)
    if not isinstance(value, _LISTS):
        return value, 0
    if not around.program and all(type(item) is int and -100 < item < 1000 for item in value):
        return list(value), 0  # too short for any secret
    marked = {n: f"{_MARK}{kind}]" for n, kind in kinds_in_list(value, around.owner).items()}
    marked = of_items(value, _of_command_line, around.program) | marked
    rows = kinds_in_rows(value, around.titles)
    items = []
    for n, item in enumerate(value):
        if n in rows:
            item = [f"{_MARK}{rows[n][m]}]" if m in rows[n] else of for m, of in enumerate(item)]
        items.append((marked[n], 1) if n in marked else _redact_tree(item, _NOTHING))
    return [item for item, _ in items], sum(n for _, n in items) + sum(map(len, rows.values()))


def _redact_fields(value: dict[Any, Any], owner: Any) -> tuple[dict[Any, Any], int]:
    kinds = kinds_in(value, owner)
    program, titles = program_in(value), titles_in(value)
    result, total = {}, 0
    for key, item in value.items():
        name, in_key = redact(key) if isinstance(key, str) else (key, 0)
        if kind := kinds.get(key):
            result[name], n = f"{_MARK}{kind}]", 1
        elif isinstance(item, str):
            result[name], n = redact(item)
        else:
            result[name], n = _redact_tree(item, _Around(key, program, titles))
        total += n + in_key
    return result, total


def redact_json(text: str) -> tuple[str, int]:
    """The same for JSON text; text that is no JSON is redacted as it stands."""
    if text in _clean_json:
        return text, 0
    result, n = _redact_json(text)
    if not n:
        _clean_json.add(text)
    return result, n


def _redact_json(text: str) -> tuple[str, int]:
    is_spelt_out = text.isascii() and _ESCAPED_LETTER.search(text) is None
    if is_spelt_out and not redact(text)[1] and not _holds_key(text.lower()):
        return text, 0
    try:
        value, n = redact_tree(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError):
        return redact(text)
    result = msgspec.json.encode(value).decode() if n else text
    # What only the name before a value tells, as in a header, the text shows and its parts do not.
    seen, m = redact(result)
    return (seen, n + m) if m and _is_json(seen) else (result, n)


def _holds_key(plain: str) -> bool:
    """Whether a word that marks values stands in a text as rules want it."""
    return any(word in plain for word in _OF_KEYS) and not gates_of(plain).isdisjoint(_OF_KEYS)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _secrets(text: str) -> list[Span]:
    if len(text) <= _MOST_OF_WORD and _WORD.fullmatch(text):
        if len(text) < len(_LONG_RUN):
            return []
        return (_tokens_in(text, 0, len(text)) if _may_begin(text) else []) or _whole(text, 0)
    data = text.encode("ascii", "replace")  # as long as the text, and searched faster
    plain = text.lower() if text.isascii() else data.lower().decode("ascii")
    gates = gates_of(plain)
    classes = data.translate(_CLASSES)
    if not gates and len(text) <= _MOST_OF_FEW and _is_simple(text, plain):
        return _tokens(text, plain, classes) if _LONG_RUN in classes else []
    spans = _found(text, plain, classes, gates)
    seen = normalised(text, has_controls=_CONTROL in classes)
    if seen is not None:
        for begin, stop in seen.windows(_BEFORE, _AFTER):
            for start, end, kind in _found_in(seen.text[begin:stop]):
                spans.append((*seen.span(begin + start, begin + end), kind))
    for begin, whole in joined(text, plain, data, _FIRST_THREE):
        for start, end, kind in _found_in(whole.text):
            start, end = whole.span(start, end)
            spans.append((begin + start, begin + end, kind))
    for begin, whole in listed(text, plain, gates):
        for start, end, kind in _of_command_line(whole.text):
            start, end = whole.span(start, end)
            spans.append((begin + start, begin + end, kind))
    spans += _again(text, spans)
    if spans and _MARK in text:  # what was taken out before is no secret, nor part of one
        marks = [mark.span() for mark in _MARKS.finditer(text)]
        starts = [start for start, _ in marks]
        spans = [span for span in spans if not _overlaps(marks, starts, span)]
    return spans


def _again(text: str, spans: list[Span]) -> list[Span]:
    """The other places where a random value stands that was found in one."""
    kinds: dict[str, str] = {}
    for start, end, kind in spans:
        if len(_LONG_RUN) <= end - start <= _MOST_AGAIN and len(kinds) < _MOST_VALUES:
            kinds.setdefault(text[start:end], kind)
    found = [
        (*match.span(), kind)
        for value, kind in kinds.items()
        if text.count(value) > 1 and is_scattered(value)
        for match in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", text)
    ]
    if not found:
        return found
    known = sorted((start, end) for start, end, _ in spans)
    starts = [start for start, _ in known]
    return [span for span in found if not _overlaps(known, starts, span)]


def _is_simple(text: str, plain: str) -> bool:
    """Whether rules that begin at no word can find nothing but tokens in a text."""
    return (
        _FEW_SIGNS.fullmatch(text) is not None
        and text.count(":") <= _MOST_COLONS
        and "login" not in plain
    )


def _overlaps(marks: list[tuple[int, int]], starts: list[int], span: Span) -> bool:
    last = bisect_left(starts, span[1]) - 1
    return last >= 0 and marks[last][1] > span[0]


def _found_in(text: str) -> list[Span]:
    data = text.encode("ascii", "replace")
    plain = data.lower().decode("ascii")
    return _found(text, plain, data.translate(_CLASSES), gates_of(plain))


def _found(text: str, plain: str, classes: bytes, gates: Set[str]) -> list[Span]:
    spans = _tokens(text, plain, classes) + _wrapped_tokens(text, classes)
    spans += placed_secrets(text, plain, gates)
    if gates:
        spans += _phrases(text, gates)
    if "pin" in gates:
        spans += find_by_word(text, plain, "pin", True, _by_name_of_pin)
    if gates or not text.isascii():
        spans += find_by_name(text, plain, gates, _by_name)
    return spans


def _of_command_line(text: str) -> list[Span]:
    """The secrets among the arguments of commands, by their place or the name of an option."""
    plain = text.encode("ascii", "replace").lower().decode("ascii")
    gates = gates_of(plain)
    spans = arguments(text, plain, flags_in(plain), gates) + pin_options(text)
    if gates:
        spans += find_by_name(text, plain, gates, _of_option)
    return spans


def _of_option(text: str, name: Name) -> list[Span]:
    span = given(text, name) if name.is_option else None
    return [span] if span else []


def _by_name(text: str, name: Name) -> list[Span]:
    span = given(text, name) or alone(text, name) or told(text, name)
    span = span or paired(text, name) or apart(text, name)
    span = span or below(text, name) or commented(text, name)
    return [span] if span else several(text, name) or tabular(text, name)


def _by_name_of_pin(text: str, name: Name) -> list[Span]:
    if not names_pin(name.whole.rstrip("s")):
        return []
    span = paired(text, name) or apart(text, name)
    return [span] if span else several(text, name) or tabular(text, name)


def _replace(text: str, spans: list[Span]) -> tuple[str, int]:
    if not spans:
        return text, 0
    parts: list[str] = []
    position = n = 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= position and end > start:
            parts += text[position:start], f"{_MARK}{kind}]"
            position, n = end, n + 1
        elif end > position and position:  # the rest of one that overlaps goes with it
            position = end
    return "".join(parts) + text[position:], n


def _tokens(text: str, plain: str, classes: bytes) -> list[Span]:
    spans: list[Span] = []
    find, end_of = classes.find, _RUN.match
    # One byte a character: ordinary `find` then jumps from one long run to the next.
    start = find(_LONG_RUN)
    while start >= 0:
        end = end_of(classes, start).end()  # type: ignore[union-attr]
        value = text[start:end]
        # After a backslash, its first letter may be that of an escape such as `\n`.
        before = text[start - 1] if start else ""
        is_escaped = before == "\\"
        if value in _harmless and not is_escaped:
            start = find(_LONG_RUN, end)
            continue
        begins = not _is_words(value) and (is_escaped or _may_begin(value))
        found = _tokens_in(text, start, end) if begins else []
        if not begins and not has_digits(value):
            _remember_harmless(value)
        elif not found and before in SIGNS_BEFORE and belongs_to_vendor(text, plain, start, value):
            found = [(start, start + len(value.rstrip(".")), "secret")]
        elif not found and (whole := _whole(value, start)):
            found = whole
        elif not found and before in SIGNS_OF_LABELS and is_labelled(text, plain, start, value):
            is_in_address = before in "/=:" and "://" in text[max(0, start - _MOST_ON_LINE) : start]
            end = end if is_in_address else _WHOLE.match(text, end).end()  # type: ignore[union-attr]
            found = [(start, end, "secret")]
        spans += found
        start = find(_LONG_RUN, end)
    return spans


def _whole(run: str, start: int) -> list[Span]:
    """The token that such a run of characters at `start` is from its first to its last."""
    match = WHOLE_TOKENS.fullmatch(run.rstrip("."))
    return [(start, start + match.end(), str(match.lastgroup).replace("_", "-"))] if match else []


def _remember_harmless(run: str) -> None:
    """Neither a token begins in such a run of characters nor an issuer gave it."""
    if len(_harmless) >= _MOST_HARMLESS:
        _harmless.clear()
    _harmless.add(run)


def _is_words(run: str) -> bool:
    """As in a name."""
    return run.islower() and not DIGIT.search(run)


def _may_begin(run: str) -> bool:
    """Whether one of the words in a run of a token's characters begins as tokens do."""
    if run.isalnum():
        return run[:3] in _FIRST_THREE
    return not _FIRST_THREE.isdisjoint(_BEGINNINGS.findall(run))


def _wrapped_tokens(text: str, classes: bytes) -> list[Span]:
    spans: list[Span] = []
    for line_end in _LINE_ENDS_IN_RUN.finditer(classes):
        newline = line_end.start()
        line = classes[newline - _MOST_ON_LINE if newline > _MOST_ON_LINE else 0 : newline]
        begin = newline - len(line) + len(line.rstrip(b"a"))
        if text[begin : begin + 3] in _FIRST_THREE:
            spans += _wrapped(text, begin, newline)
    return spans


def _phrases(text: str, gates: Set[str]) -> list[Span]:
    spans: list[Span] = []
    if _OF_PHRASES.isdisjoint(gates):
        return spans
    for gate, rules in PHRASE_RULES.items():
        if gate not in gates:
            continue
        for rule in rules:
            for literal in rule.starts:
                position = text.find(literal)
                while position >= 0:
                    match = rule.pattern.match(text, max(0, position - rule.back))
                    if match and is_made(match[0]):
                        spans.append((*match.span(match.lastindex or 0), rule.kind))
                    position = text.find(literal, position + len(literal))
    return spans


def _tokens_in(text: str, start: int, end: int) -> list[Span]:
    """Tokens that begin where a word of a long run does."""
    spans: list[Span] = []
    position = start
    for segment in _SEGMENT.finditer(text, start, end):
        begin = segment.start()
        if begin < position:
            continue
        if begin and text[begin - 1] == "\\" and begin == start:
            begin += 1  # the letter of an escape such as `\n`
        for rule in _BY_START.get(text[begin : begin + 3], ()):
            if not text.startswith(rule.starts, begin):
                continue
            if rule.kind == "jwt" and text.find(".", begin, min(end, begin + _MOST_OF_JWT)) < 0:
                continue
            if match := rule.pattern.match(text, begin):
                position = match.end()
                if is_made(match[0]):
                    # What hangs on to a token goes with it: it may be where the next one begins.
                    position = max(position, begin + len(text[begin:end].rstrip("-._")))
                    spans.append((begin, position, rule.kind))
                break
    return spans


def _wrapped(text: str, begin: int, newline: int) -> list[Span]:
    """A token that line ends cut in two or more; its lines may be indented or quoted."""
    rules = _BY_START.get(text[begin : begin + 3], ())
    for rule in rules:
        if not text.startswith(rule.starts, begin) or rule.pattern.match(text, begin):
            continue
        joined, end = text[begin:newline], newline
        for _ in range(_MOST_LINES):
            if not (line := _NEXT_LINE.match(text, end)):
                break
            joined, end = joined + line[1], line.end()
            match = rule.pattern.match(joined)
            if match and match.end() == len(joined) and is_made(joined):
                return [(begin, end, rule.kind)]
    return []
