"""What a compiler, a test or a program complains of, so that two complaints can be compared.

Compared is what a line says without where and of what: its place, severity and rule are taken off,
and names in quotes, paths, numbers, addresses and hashes are all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    r"|\d+:\d+\s+)"
)
_PLACE = Pattern(
    r"(?:[A-Za-z]:)?[^\s:'\"`()]*[/\\.][^\s:'\"`()]*(?:\(\d+(?:,\d+)?\)|(?::\d+)+)\s*(?::|-)?\s*"
)
_SEVERITY = Pattern(
    r"(?:(?:fatal|error|warning|err|failed|uncaught|unhandled|exception in thread \S+)\b"
    r"(?:\[(\w+)\])?[\s:-]*|(?:in promise\)|\(in promise\))\s*)",
    2,
)
_CODE = Pattern(r"([A-Z]{1,8}\d{1,5})\b:?\s*(?:\[\*\]\s*)?")
_RULE = Pattern(
    r"(?:\s+\[([\w.-]+)\]|\s+\((report\w+)\)|\s?ts\((\d+)\)|\s{2,}((?:@[\w-]+/)?[a-z]+(?:[/-][\w-]+)*))$"
)
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
    r"|no attribute|mismatched|incompatible|not defined|not supported|not a|must be|expected"
    r"|core dumped|timed out|already in use|unused|deprecated|never used)\b",
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

    def is_telling(self) -> bool:
        """Whether it says enough to be told from others."""
        words = set(_WORDS.findall(self.core)) - _SAYS_NOTHING
        return len(words) + bool(self.rule) > 1 and bool(words)

    def is_like(self, other: Complaint) -> bool:
        """Whether both complain of the same, whatever the names, places and numbers."""
        if self.core != other.core:
            return False
        if not self.rule or not other.rule:
            return True
        one, two = self.rule.lower(), other.rule.lower()
        # An editor gives the number alone, a compiler `TS2304`.
        short, long = sorted((one, two), key=len)
        return one == two or (
            short.isdigit() and long.lstrip("abcdefghijklmnopqrstuvwxyz") == short
        )

    def phrases(self) -> list[str]:
        """What must stand in a text that complains of the same, piece by piece."""
        return [piece for part in self.core.split(GAP) if _has_word(piece := part.strip())]


def complaint(line: str, rule: str = "") -> Complaint:
    """What a line complains of; `rule` where it is known already."""
    text = whole = clean(line[:_MOST_LINE]).strip()
    before = None
    while before != text:
        before = text
        for prefix in (_GUTTER, _PLACE, _SEVERITY, _CODE):
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
    core = " ".join(text.lower().split()).strip(" .:;,!-")
    return Complaint(whole, core, names, rule)


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
    longest = max(_WORDS.findall(sought.core), key=len, default="")
    for line in _lines_with(text, longest) if longest else ():
        if longest in line[:_MOST_LINE].lower():
            each = complaint(line)
            if each.is_like(sought):
                yield each


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
