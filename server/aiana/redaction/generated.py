"""What commands print that make a secret, or show one that they keep under another name.

`$ openssl rand -hex 32⏎…`, `$ pwgen 20 1⏎…`, `>>> secrets.token_hex(32)⏎'…'`, `$ wg genkey⏎…`,
`$ op read op://…⏎…`; and the codes for an account's recovery, which stand in lines of their own.
"""

from __future__ import annotations

import re
from collections.abc import Set

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_random, is_stand_in, is_token

# By the gate of each: what the command has in it.
_MAKES = {
    "openssl rand": ("openssl rand ",),
    "urandom": ("/dev/urandom",),
    "pwgen": ("pwgen",),
    "apg -": ("apg -",),
    "wg gen": ("wg genkey", "wg genpsk"),
    "key:generate": ("key:generate --show",),
    "token": ("token_hex(", "token_urlsafe(", "create token "),
    "randombytes(": ("randombytes(",),
    "generate_key(": ("generate_key(",),
    "secret": ("rails secret", "secret-tool lookup", "rake secret"),
    "bw gen": ("bw generate",),
    "op read ": ("op read ",),
    "with-decryption": ("--with-decryption",),
    "pass": ("$ pass ", "gopass ", "passgen"),
    "diceware": ("diceware",),
}
_CODES = frozenset({"recovery code", "backup code", "scratch code"})
GATES = frozenset({*_MAKES, *_CODES})
_LINE = Pattern(
    r"(?:[ \t]*```\w{0,12}\n)?[ \t>]{0,8}(?P<quote>b?[\"'])?"
    r"(?P<value>[^\s\"'`<>|()]{8,400})(?(quote)[\"'])(?:[ \t]{1,3}-)?[ \t]*(?:\r?\n|\Z)"
)
# A path, a time, a mode, an option.
_NO_SECRET = Pattern(r"\A(?:[-./~$%+]|0x|\d+[-:])|\.[a-z]{1,5}\Z|:\Z")
_CODE = (
    r"(?=[a-z\d-]{0,40}\d)[a-z\d]{4,8}(?:-[a-z\d]{4,8}){1,3}|[A-Z\d]{4,8}(?:-[A-Z\d]{4,8}){1,3}"
    r"|\d{8}|(?=[a-z]{0,11}\d)[a-z\d]{10,12}"
)
_AFTER_CODES = Pattern(r"s?[^\n:.]{0,60}(?::|\bis\b|(?=\n))[ \t*`]{0,4}(?:\n[ \t]*){0,2}")
_CODE_OF_LINE = Pattern(
    rf"[ \t>*`-]*(?:\d{{1,2}}[.):][ \t]{{1,4}})?(?P<value>{_CODE})(?=[\s*`,;.]|\Z)"
)
_BETWEEN = re.compile(r"[*`,;]{0,3}\s{0,12}")
_MOST_LINES, _MOST_CODES = 8, 20


def generated(text: str, lowered: str, gates: Set[str]) -> list[Span]:
    """The secrets below the commands that print them."""
    spans: list[Span] = []
    for gate in gates & _MAKES.keys() if "\n" in text else ():
        for place in places(lowered, *_MAKES[gate]):
            spans += _below(text, place)
    for gate in gates & _CODES:
        for place in places(lowered, gate):
            spans += _codes(text, place + len(gate))
    return spans


def _below(text: str, place: int) -> list[Span]:
    spans: list[Span] = []
    position = text.find("\n", place, place + 300) + 1
    for _ in range(_MOST_LINES if position else 0):
        line = _LINE.match(text, position)
        if line is None:
            break
        value = line["value"]
        if is_code(value) or is_stand_in(value):
            break
        if _NO_SECRET.search(value) and not is_random(value):
            break
        if not (is_token(value.removeprefix("base64:")) or is_told(value)):
            break
        spans.append((*line.span("value"), "secret"))
        position = line.end()
    return spans


def _codes(text: str, place: int) -> list[Span]:
    spans: list[Span] = []
    label = _AFTER_CODES.match(text, place)
    position = label.end() if label else 0
    for _ in range(_MOST_CODES if label else 0):
        code = _CODE_OF_LINE.match(text, position)
        if code is None:
            break
        spans.append((*code.span("value"), "recovery-code"))
        rest = _BETWEEN.match(text, code.end())
        position = rest.end() if rest else code.end()
    return spans
