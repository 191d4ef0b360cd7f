"""Secrets that only their place tells: a command's argument, a header, a line of a known file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from aiana.pattern import Pattern
from aiana.redaction.calls import GATES as OF_CALLS
from aiana.redaction.calls import calls
from aiana.redaction.commands import arguments, flags_in
from aiana.redaction.directives import DIRECTIVES, Forms, directives
from aiana.redaction.generated import GATES as OF_GENERATED
from aiana.redaction.generated import generated
from aiana.redaction.headers import (
    LOOSE_COOKIES,
    authorizations,
    cookies,
    logins,
    loose_cookies,
    oracle_urls,
    places,
    urls,
)
from aiana.redaction.lines import netrc, pgpass
from aiana.redaction.pins import pins
from aiana.redaction.sentences import SENTENCES
from aiana.redaction.spans import Span
from aiana.redaction.stdin import here_strings, of_accounts, piped
from aiana.redaction.values import is_code, is_stand_in
from aiana.redaction.verbs import VERBS

_KEY_DATA = Pattern(
    r"(?:key-data|tls\.key|\.dockerconfigjson|\.dockercfg|ssh-privatekey)[\"']?:\s{0,3}[|>]?-?\s{0,12}[\"']?([\w+/=-]{16,20000})"
)
_KEY_NAMES = ("key-data", "tls.key", ".dockerc", "ssh-privatekey")
_END_OF_KEY = Pattern(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_LINE_OF_KEY = Pattern(
    r"(?:\A|\n|\\n|[\"'\s>|+→])(?P<data>[A-Za-z0-9+/=]{1,80})[\"',\\]{0,3}(?:\r?\n|\\r?\\n|\\n)(?:[ \t\"'>|+-]|\d{1,6}→){0,20}\Z"
)
_MOST_LINES_OF_KEY, _LEAST_OF_KEY = 120, 20
_SECRET_DATA = Pattern(r"kind[\"']?:\s{0,3}[\"']?(?:Sealed)?Secret\b", re.IGNORECASE)
_DATA = Pattern(
    r"(?:^|\n|\\n|[{,])(?P<in>[ \t]*)[\"']?(?P<field>data|stringData)[\"']?:\s*(?P<brace>\{)?"
)
_DATUM = Pattern(
    r"[\"']?[\w.-]{1,100}[\"']?:\s{0,3}(?:[|>]-?\s{0,40})?[\"']?([A-Za-z0-9+/]{8,20000}={0,2})(?![\w+/=:.-])"
)
_STRING = Pattern(
    r"[\"']?[\w.-]{1,100}[\"']?:[ \t]{0,3}[\"']?([^\s\"'|>{}&*][^\s\"'{}]{2,400})(?=[\"']?[ \t]{0,3}(?:\n|\\n|,|\}|\Z))"
)
_STATEMENT = Pattern(
    r"(?:identified\s{1,3}(?:with\s{1,3}['\"`]?\w{1,40}['\"`]?\s{1,3})?(?:by|as)\s{1,3}(?:(?:password|values)\s{1,3})?|"
    r"ConvertTo-SecureString\s{1,3}(?:-(?:String|AsPlainText|Force)\s{1,3}){0,3})['\"]([^'\"\n]{3,200})['\"]"
    r"|(?-i:IDENTIFIED\s{1,3}BY)\s{1,3}(?!PASSWORD|VALUES)([^\s'\"`,;()|$-][^\s'\"`,;()|$]{2,100})(?=\s{0,3}(?:;|\n|\Z))"
    r"|ConvertTo-SecureString\s{1,3}(?:-(?:String|AsPlainText|Force)\s{1,3}){0,3}([^\s'\"`,;()|$-][^\s'\"`,;()|$]{2,100})(?=\s{1,3}-|\s{0,3}(?:\)|\n|\Z))"
    r"|\bnet\s{1,3}use\s[^\n\"']{0,100}?\\[^\s\"']{1,80}\s{1,3}(?!/)([^\s/*'\"]{4,100})"
    r"|\bnet\s{1,3}use\s[^\n\"']{1,100}?/user:\S{1,80}\s{1,3}(?!/)([^\s/*'\"]{4,100})"
    r"|\bnet\s{1,3}user\s{1,3}[\w.$-]{1,40}\s{1,3}([^\s/*'\"]{4,100})",
    re.IGNORECASE,
)
_MNEMONIC = Pattern(
    r"(?:mnemonic|(?:seed|recovery|backup)[ _-]?phrase)[\w\"'`]{0,20}\s{0,3}(?:[:=]|is)\s{0,3}[\"'`]?((?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})",
    re.IGNORECASE,
)
_JWK = Pattern(r"\"(?:d|p|q|dp|dq|qi|k)\"\s{0,3}:\s{0,3}\"([\w-]{40,2000})\"")

_FORMS = Forms((*DIRECTIVES, *VERBS, *SENTENCES))


def placed_secrets(text: str, lowered: str, gates: Set[str]) -> list[Span]:
    """What commands, headers, URLs and known files tell to be secret.

    `lowered` is the text in lower case, `gates` are the words that it holds.
    """
    flags = flags_in(lowered) if " -" in lowered else []
    is_piped = "|" in text and ("echo" in lowered or "printf" in lowered)
    spans = pgpass(text, lowered)
    if not (gates or flags or is_piped or "<<<" in text):
        return spans
    if not gates.isdisjoint(("auth", "pass", "bearer", "cred")):
        spans += authorizations(text, lowered, gates)
    if not gates.isdisjoint(("login", "mysqli", "pdo(")):
        spans += logins(text, lowered)
    if "cookie" in gates or (flags and " -b" in lowered):
        spans += cookies(text, lowered)
    if not gates.isdisjoint(LOOSE_COOKIES):
        spans += loose_cookies(text)
    if "://" in gates or "proxy" in gates:
        spans += urls(text, lowered)
    if "jdbc:oracle:" in gates:
        spans += oracle_urls(text, lowered)
    if "pass" in gates and ("machine " in lowered or ("login" in gates and "default " in lowered)):
        spans += netrc(text, lowered)
    if not gates.isdisjoint(("key", "secret", ".dockerc")) and "data" in lowered:
        if any(name in lowered for name in _KEY_NAMES):
            spans += _groups(_KEY_DATA, text, "private-key", places(lowered, *_KEY_NAMES))
        for place in places(lowered, "kind"):
            if kind := _SECRET_DATA.match(text, place):
                spans += _kubernetes(text, kind)
                break
    if "mnemonic" in gates or "phrase" in gates:
        words = places(lowered, "mnemonic", "seed", "recovery", "backup")
        spans += _groups(_MNEMONIC, text, "seed-phrase", words)
    if "pin" in gates:
        spans += pins(text, lowered)
    if '"kty"' in gates:
        spans += _groups(_JWK, text, "private-key", (key.start() for key in _JWK.finditer(text)))
    if not gates.isdisjoint(("identified", "net us", "securestr")):
        words = places(lowered, "identified", "convertto-", "net use")
        spans += _groups(_STATEMENT, text, "password", words)
    if "key" in gates and "-----end " in lowered:
        spans += _ends_of_keys(text, lowered)
    if not gates.isdisjoint(OF_CALLS):
        spans += calls(text, lowered, gates)
    if not gates.isdisjoint(OF_GENERATED):
        spans += generated(text, lowered, gates)
    if is_piped:
        spans += piped(text, lowered)
    if "<<<" in text:
        spans += here_strings(text)
    if "pass" in gates and "chpasswd" in lowered:
        spans += of_accounts(text, lowered)
    if gates:
        spans += _FORMS.found_in(text, lowered, gates) + directives(text, lowered, gates)
    return spans + arguments(text, lowered, flags, gates)


def _groups(pattern: Pattern, text: str, kind: str, where: Iterable[int]) -> list[Span]:
    """What is secret of the matches that begin at these places, unless it is a stand-in."""
    spans = []
    for place in where:
        match = pattern.match(text, place)
        if match is None:
            continue
        value = match[match.lastindex or 0]
        if not is_stand_in(value, weak=False) and not is_code(value):
            spans.append((*match.span(match.lastindex or 0), kind))
    return spans


def _ends_of_keys(text: str, lowered: str) -> list[Span]:
    """Private keys whose beginning is cut off, as what `tail` prints."""
    spans: list[Span] = []
    for place in places(lowered, "-----end "):
        if _END_OF_KEY.match(text, place) is None:
            continue
        begin = place
        for _ in range(_MOST_LINES_OF_KEY):
            line = _LINE_OF_KEY.search(text, max(0, begin - 140), begin)
            if line is None or (begin != place and len(line["data"]) < 16):
                break
            begin = line.start("data")
        if place - begin > _LEAST_OF_KEY:
            spans.append((begin, text.index("-----", place + 5) + 5, "private-key"))
    return spans


def _kubernetes(text: str, kind: re.Match[str]) -> list[Span]:
    """The data of a Secret, which stand before or after its kind."""
    spans: list[Span] = []
    for data in _DATA.finditer(text, max(0, kind.start() - 4000), kind.end() + 8000):
        position = data.end()
        while True:
            while position < len(text) and text[position] in " \t\n\r,\\":
                position += 2 if text.startswith("\\n", position) else 1
            # What is not in base64 may look like the fields that follow; those stand further left.
            indent = position - text.rfind("\n", 0, position) - 1
            is_inner = bool(data["brace"]) or indent > len(data["in"])
            datum = _DATUM.match(text, position)
            if data["field"] == "stringData" and is_inner:
                datum = _STRING.match(text, position) or datum
            if datum is None:
                break
            if not is_stand_in(datum[1]):
                spans.append((*datum.span(1), "secret"))
            position = datum.end() + (text[datum.end() : datum.end() + 1] in ('"', "'"))
    return spans
