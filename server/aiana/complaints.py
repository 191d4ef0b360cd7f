"""What a compiler, a test or a program complains of, so that two complaints can be compared.

Compared is what a line says without where and of what: its place, severity and rule are taken off,
and names in quotes, paths, numbers, addresses and hashes are all the same. A line that lacks what
another puts before the message, as the class of an exception, complains of the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from aiana.pattern import Pattern
from aiana.text import clean

GAP = "*"
"""Stands in `Complaint.core` for a name, a path, a number."""
_MOST_LINES = 20_000
_MOST_LINE = 2000
_MOST_ASKED = 8

_GUTTER = Pattern(
    r"(?:E\s{2,}|[>|│┃✖✗✘×●•⨯*-]+\s+|\d+\)\s+"
    r"|\[?\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+\]?\s+|(?i:stdout|stderr|output):\s*|npm (?:ERR!|error)\s+"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?\s+|\d+:\d+\s+|#\d+\s+\d+\.\d+\s+|[\w.-]+\s+\|\s+"
    r"|(?:WARNING|ERROR|CRITICAL):[\w.]+:|##\[\w+\]\s*|::\w+[^:\n]*::\s*"
    r"|\[(?!(?i:errno|winerror))[^\[\]\n]{1,40}\]:?\s+)"
)
_TEST = Pattern(r"(?=[^\s'\"`]*[/\\.])[^\s'\"`]+\s+-\s+")
"""As a summary of tests begins a line: a file or a test, a dash, what it complains of."""
_PLACE = Pattern(
    r"(?:[A-Za-z]:)?[^\s:'\"`()]*[/\\.][^\s:'\"`()]*(?:\(\d+(?:,\d+)?\)|(?::\d+)+)\s*(?::|-)?\s*"
)
_SEVERITY = Pattern(
    r"(?:(?:fatal|critical|error|warning|err|failed|uncaught|unhandled|caused by|php)\b"
    r"(?:\s?\[(\w+)\])?[\s:-]*|exception in thread (?:\"[^\"\n]*\"|\S+)\s+"
    r"|(?:in promise\)|\(in promise\))\s*)",
    2,
)
_CODE = Pattern(r"([A-Z]{1,8}\d{1,5})\b:?\s*(?:\[\*\]\s*)?")
_RULE = Pattern(
    r"(?:\s+\[([\w.-]+)\]|\s+\((report\w+)\)|\s?ts\((\d+)\)|\s{2,}((?:@[\w-]+/)?[a-z]+(?:[/-][\w-]+)*))$"
)
_CLASS = Pattern(
    r"(?:[\w$]+[.:\\]+)*(?:[\w$]*[a-z\d_$][A-Z][\w$]*|[\w$]*(?:[Ee]rror|[Ee]xception))"
)
_HEAD = Pattern(r"([^\s:'\"`(]+(?:::?[^\s:'\"`(]+)*)(?:\s\[\w+\])?:\s+")
"""What a message may lack: the class of an exception, the name of a program or a log."""
_MOST_HEADS = 3
_MOST_HEAD = 200
_QUOTED = Pattern(r"(?<!\w)(?:'([^'\n]*)'|\"([^\"\n]*)\"|`([^`\n]*)`)(?!\w)|[‘“«]([^’”»\n]*)[’”»]")
_PLACES = Pattern(
    r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>)\]]+"
    r"|(?<![\w])(?:[A-Za-z]:)?[\w.~@+-]*(?:[/\\]+[\w.@+=\[\]-]+)+[/\\]?(?:::[\w:\[\]-]+)?(?::\d+)*"
    r"|\b[\w-]+\.[A-Za-z]{1,5}(?::\d+)+"
)
_NUMBERS = Pattern(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b0x[0-9a-f]+\b"
    r"|\b(?=[a-f]*\d)[0-9a-f]{7,64}\b|(?<![\w.-])[+:-]{0,3}\d[\d.,:_]*(?:(?:ms|s|m|h|[kmg]i?b)\b|%)?",
    2,
)
_STATED = Pattern(
    r"\b[\w.$]*(?:Error|Exception)\b|(?i:\b(?:errors?|err!|fatal|fail(?:ed|ure|ures|ing)?|panic"
    r"(?:ked)?|traceback|segmentation fault)\b)|✖|✗|✘"
)
_NOTHING_WRONG = Pattern(
    r"\b(?:0|no|zero|without(?: any)?)\s+(?:\w+\s+)?(?:errors?|fail(?:ed|ing|ures?)|problems?)\b"
    r"|\b(?:errors?|failures?|failed)\b\s*[:=]\s*(?:0\b|none\b|\(none\)|null\b|\(empty\))",
    2,
)
_READS_LIKE_ONE = Pattern(
    r"\b(?:cannot|can't|could not|couldn't|unable to|no such|not found|undefined|undeclared"
    r"|unexpected|unresolved|denied|refused|invalid|missing|unknown|not exist|not assignable"
    r"|no attribute|no \w+ named|mismatched|incompatible|not defined|not supported|not a|must be"
    r"|expected|core dumped|timed out|already in use|unused|deprecated|never used)\b",
    2,
)
_FRAME = Pattern(r"(?:Traceback \(|at\s+\S+.*[(:]\S*:?\d|File \"|\.{3} \d+ more|#\d+\s|\d+: 0x)")
_WORDS = Pattern(r"[^\W\d_]{2,}")
_SAYS_NOTHING = frozenset(
    """
    an as at be by do he if in is it me my no of on or so to up us we all and any are but did
    does due for from has have into its more not one out the this that too was were will with
    you your see aborting actual assert assertion assertionerror build check checked checks
    code command compilation could err error errors exception exit exited exitcode expected
    fail failed failing failure failures fatal file files found got job line lines make
    makefile none null previous problem problems process received recipe return returned run
    running script source sources status step suite suites target task test tests value values
    warning warnings
    """.split()  # noqa: SIM905
)


class Complaint(Struct, frozen=True):
    """What one line complains of."""

    line: str
    """As it was written."""
    core: str
    """What is compared, in small letters."""
    names: tuple[str, ...]
    """What stood in quotes."""
    rule: str
    """The code or the rule that it names: `TS2304`, `no-unused-vars`; empty where it names none."""
    tails: tuple[str, ...] = ()
    """The core without what may stand before the message; only what says enough by itself."""

    def is_telling(self) -> bool:
        """Whether it says enough to be told from others."""
        words = _telling_words(self.core)
        return words + bool(self.rule) > 1 and bool(words)

    def message(self) -> str:
        """The part of the core that stands in whatever complains of the same."""
        return self.tails[-1] if self.tails else self.core

    def is_like(self, other: Complaint) -> bool:
        """Whether both complain of the same, whatever the names, places and numbers."""
        if not (
            _is_same(self.core, other.core)
            or any(_is_same(self.core, tail) for tail in other.tails)
            or any(_is_same(tail, other.core) for tail in self.tails)
        ):
            return False
        if not self.rule or not other.rule:
            return True
        one, two = self.rule.lower(), other.rule.lower()
        # An editor gives the number alone, a compiler `TS2304`.
        short, long = sorted((one, two), key=len)
        return one == two or (
            short.isdigit() and long.lstrip("abcdefghijklmnopqrstuvwxyz") == short
        )

    def has_names_of(self, other: Complaint) -> bool:
        """Whether one that is like this one speaks of the same names."""
        if len(self.names) == len(other.names):
            return self.names == other.names
        # In one of them they stand without quotes.
        return self._has_all(other.names) and other._has_all(self.names)

    def phrases(self) -> list[str]:
        """What must stand in a text that complains of the same, piece by piece."""
        return [piece for part in self.message().split(GAP) if _has_word(piece := part.strip())]

    def _has_all(self, names: Iterable[str]) -> bool:
        words = self.core.split()
        return all(name in self.names or name.lower() in words for name in names)


def complaint(line: str, rule: str = "") -> Complaint:
    """What a line complains of; `rule` where it is known already."""
    text = whole = clean(line[:_MOST_LINE]).strip()
    before = None
    while before != text:
        before = text
        for prefix in (_GUTTER, _PLACE, _TEST, _SEVERITY, _CODE):
            if (found := prefix.match(text)) and found.end() < len(text):
                if found.re.groups and found[1]:
                    rule = rule or found[1]
                text = text[found.end() :]
    if found := _RULE.search(text):
        rule = rule or next(filter(None, found.groups()), "")
        text = text[: found.start()]
    names = tuple(next(filter(None, each.groups()), "") for each in _QUOTED.finditer(text))
    for pattern in (_QUOTED, _PLACES, _NUMBERS):
        text = pattern.sub(GAP, text)
    return Complaint(whole, _core(text), names, rule, tuple(_tails(text)))


def complaints(text: str) -> list[Complaint]:
    """What a pasted message, a stack trace or a command's output complains of.

    A text of one line is taken at its word; of several those lines are taken that read like it.
    """
    lines = [line for line in clean(text).splitlines()[:_MOST_LINES] if line.strip()]
    if len(lines) > 1:
        lines = [line for line in lines if _reads_like_one(line)]
    found: dict[tuple[str, str], Complaint] = {}
    for line in lines:
        each = complaint(line)
        if each.is_telling():
            found.setdefault((each.core, each.rule), each)
    every = list(found.values())
    if len(every) > _MOST_ASKED:
        # The cause stands first or last, by the language.
        every = every[: _MOST_ASKED // 2] + every[-_MOST_ASKED // 2 :]
    return every


def states_an_error(text: str) -> bool:
    """Whether a program's output speaks of errors, other than to say that there are none."""
    return _STATED.search(_NOTHING_WRONG.sub("", clean(text))) is not None


def complaining_lines(text: str, sought: Complaint) -> Iterator[Complaint]:
    """The lines of a text that complain of the same."""
    longest = max(_WORDS.findall(sought.message()), key=len, default="")
    for line in _lines_with(text, longest) if longest else ():
        if longest in line[:_MOST_LINE].lower():
            each = complaint(line)
            if each.is_like(sought):
                yield each


def _core(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .:;,!-")


def _tails(text: str) -> Iterator[str]:
    """What is left of a message when what may stand before it is taken off, piece by piece."""
    for _ in range(_MOST_HEADS):
        head = _HEAD.match(text)
        if head is None or len(head[1]) > _MOST_HEAD:
            return
        text = text[head.end() :]
        tail = _core(text)
        words = _telling_words(tail)
        # Behind the name of a program many say the same in few words: `Permission denied`.
        if words > 1 if _CLASS.fullmatch(head[1]) else words + (GAP in tail) > 2:
            yield tail


def _telling_words(core: str) -> int:
    return len(set(_WORDS.findall(core)) - _SAYS_NOTHING)


def _is_same(one: str, two: str) -> bool:
    """Whether two cores are the same; a name may stand in quotes in only one of them."""
    if one == two:
        return True
    ours, theirs = one.split(), two.split()
    agreed = " ".join(our for our, their in zip(ours, theirs, strict=False) if our == their)
    return len(ours) == len(theirs) and all(map(_fits, ours, theirs)) and _telling_words(agreed) > 1


def _fits(one: str, two: str) -> bool:
    if one == two:
        return True
    if (GAP in one) == (GAP in two):
        return False
    gapped, word = (one, two) if GAP in one else (two, one)
    before, _, after = gapped.partition(GAP)
    return len(word) >= len(gapped) and word.startswith(before) and word.endswith(after)


def _lines_with(text: str, word: str) -> Iterator[str]:
    """The lines in which a word stands, and maybe others; it is given in small letters."""
    small = text.lower()
    place = small.find(word)
    if len(small) != len(text):  # a letter of which the small one is two
        yield from text.splitlines() if place >= 0 else ()
        return
    while place >= 0:
        begin, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
        end = len(text) if end < 0 else end
        yield from text[begin:end].splitlines()
        place = small.find(word, end)


def _reads_like_one(line: str) -> bool:
    if _FRAME.match(line.strip()):
        return False
    return states_an_error(line) or _READS_LIKE_ONE.search(line) is not None


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))
