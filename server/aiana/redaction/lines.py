"""Lines of known files that hold a password by their form: `.pgpass`, `.netrc`, mounts, routers.

And a line that is a name and a value, with nothing but a blank between them, as many programs'
settings have it: `password tulip`. There, a word is told from one that a person wrote about
passwords by what stands around it.
"""

from __future__ import annotations

import re
import string

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.names import PASSWORDS_ELSEWHERE, Name
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import has_digit, is_code, is_reference, is_stand_in, is_token
from aiana.redaction.vocabulary import is_bare_word

_MAY_BE_PGPASS = Pattern(r":(?=[\d*]\d{0,4}:[^:\s]{1,64}:[^:\s]{1,64}:[^:\s])")
_PGPASS = Pattern(
    r"(?<![\w./:@\\-])(?P<host>[\w.-]{1,120}|\*|\[[\da-fA-F:]{2,40}\]):(?P<port>\d{2,5}|\*):"
    r"(?P<db>[^:\s\"'`\\]{1,64}):(?P<user>[^:\s\"'`\\\d][^:\s\"'`\\]{0,63}):(?P<value>(?:[^:\s\"'`\\]|\\[:\\]){3,200})(?![^\s\"'`\\|;&])"
)
_OF_HOST = string.ascii_letters + string.digits + "_.*-"
_MOST_OF_HOST = 122
# What is none: a place in a file, as compilers and searches print it.
_FILE = Pattern(
    r".*\.(?!com\b|net\b|org\b|io\b|dev\b|de\b|fr\b|uk\b|eu\b|us\b|local\b)[a-z]{1,4}\Z"
)
_PG_PORT = Pattern(r"5[4-5]\d{2}|\d{0,1}[56]432|\d5432|26257|25060|\*")
_LOCAL = Pattern(r"localhost|\*|\d{1,3}(?:\.\d{1,3}){3}|\[.*")

_NETRC = Pattern(
    r"\b(?:machine\s{1,4}\S{1,200}|default)(?P<account>(?:\s{1,40}(?:login|user|account|port|protocol)\s{1,4}\S{1,200}){0,4})"
    r"\s{1,40}password\s{1,4}(?P<value>[^\s\\\"']{1,300})"
)

_BLANK = r"[ \t]{1,12}"
_VALUE = r"(?P<quote>\\?[\"'])?(?P<value>(?(quote)[^\s\"'\\]{3,200}|[^\s\"'\\`,;()\[\]{}<>]{3,200}))(?(quote)\\?[\"'])"
_ENDS = r"[ \t]*(?:[;}]|\#[^\n]*|//[^\n]*)?[ \t]*(?:\r?\n|\\n|\Z)"
_ALONE = Pattern(rf"{_BLANK}(?:[07]{_BLANK})?{_VALUE}{_ENDS}")
# In a column beside its name.
_ALIGNED = Pattern(r"(?:\t|[ \t]{2})[ \t]{0,60}(?P<value>[^\s\"'`,;()]{8,400})[ \t]*(?:\r?\n|\Z)")
_LINE_BEGINS = Pattern(
    r"(?:\A|\n|\\n|(?<=\w )\{[ \t])(?:[ \t>+|-]|\d{1,6}(?:→|:|\t))*(?P<before>(?:set|no)?[ \t]*)\Z"
)
# The lines of an account beside it: a name and a value each, with a blank between them.
_BESIDE = Pattern(
    r"(?:\A|\n|\\n)[ \t>+|-]*(?:\d{1,6}→)?(?:user(?:name)?|login|host|hostname|account|machine|server|from|port|auth|tls|protocol|"
    r"email|uri|base|binddn|rootbinddn|bind_dn|url|database|db|dbname|ssl|[a-z]{2,20}_[a-z_]{2,20})[ \t]{1,8}[^\s:=]{1,80}[ \t]*(?=\n|\\n|\Z)",
    re.IGNORECASE,
)
_NEAR = 300
# Words of a line before the name of a password that only settings of machines hold.
_OF_MACHINE = Pattern(
    r"(?:\A|\n|\\n)(?:[ \t>+|-]|\d{1,6}→)*(?:(?:username|user)\s{1,3}(?!and\b|or\b|with\b|name\b|has\b|can\b)[\w.@-]{1,40}(?:\s{1,3}privilege\s{1,3}\d{1,2})?|enable|"
    r"(?:neighbor|peer)\s{1,3}[\w.:-]{1,60}|(?:ppp|isis|ospf|bgp|rip|hsrp|glbp|vrrp)\s[^\n]{0,60}?|"
    r"(?:account|poll|machine)\s[^\n]{1,200}|aux|line|rootpw|"
    r"set(?:\s(?!(?:the|a|an|your|my|our|up|new|this|that|of|for|to|and|or)\b)[a-z][\w.:/-]{0,40}){2,12})\s{1,3}\Z"
)
_HEADS = ("require", "root", "bind", "root_")
_AFTER_HEAD = Pattern(
    rf"(?:{_BLANK}--(?:plaintext|lock))?[ \t]{{1,20}}{_VALUE}(?=[ \t]*(?:\n|\\n|[#;]|\Z))"
)
_SETS_HEADER = Pattern(
    r"\b(?:proxy_set_header|(?:request)?header\s{1,3}(?:set|add)|set-header|add_header)\s{1,3}\Z",
    re.IGNORECASE,
)
# `user=bob,pass=…`, as options of a mount.
_OPTION = Pattern(r"=(?P<value>[^\s,\"'\\]{3,200})(?=,|[\s\"'\\]|\Z)")
_OPTIONS = Pattern(r"(?:(?<=[\s,])|\A)(?:[\w.-]{1,40}(?:=[^\s,]{0,100})?,){1,12}\Z")


def pgpass(text: str, lowered: str) -> list[Span]:
    """The passwords of PostgreSQL's files: host, port, database, user and password in a line."""
    if _MAY_BE_PGPASS.compiled.search(lowered) is None:
        return []
    spans: list[Span] = []
    for sign in _MAY_BE_PGPASS.compiled.finditer(lowered):
        before = text[max(0, sign.start() - _MOST_OF_HOST) : sign.start()]
        match = _PGPASS.match(text, sign.start() - len(before) + len(before.rstrip(_OF_HOST)))
        if match and _is_of_server(match, lowered) and not _is_no_value(match["value"]):
            spans.append((*match.span("value"), "database-password"))
    return spans


def _is_of_server(match: re.Match[str], lowered: str) -> bool:
    if match["host"].isdigit() or _FILE.match(match["host"]):
        return False
    told = _PG_PORT.fullmatch(match["port"]) or _LOCAL.fullmatch(match["host"])
    return told is not None or "pgpass" in lowered


def netrc(text: str, lowered: str) -> list[Span]:
    """The passwords of `.netrc`, in one line or several."""
    spans: list[Span] = []
    for place in places(lowered, "machine ", "default"):
        match = _NETRC.match(text, place)
        if match is None or _is_no_value(match["value"]):
            continue
        # What is no line of its own may be a sentence.
        begins = not text[text.rfind("\n", 0, place) + 1 : place].strip(" \t\"'>+-")
        told = is_told(match["value"]) or is_bare_word(match["value"])
        is_machine = lowered[place] == "m"
        if (match["account"] and (begins or told or is_machine)) or (told and is_machine):
            spans.append((*match.span("value"), "password"))
    return spans


def alone(text: str, name: Name) -> Span | None:
    """The secret that follows the name after a blank, on a line of settings."""
    begin, end = name.start - len(name.head), name.start + len(name.word) + len(name.rest)
    sign = text[end : end + 1]
    if sign not in (" ", "\t", "="):
        return None
    if name.head.lower().startswith("x-") and not name.is_about:
        return _of_header(text, name, end, text[max(0, begin - 60) : begin])
    if sign != "=" and (span := _aligned(text, name, begin, end)):
        return span
    is_master = name.word == "auth" and name.head in ("master", "primary")
    if not (name.password or name.word == "secret" or is_master) or name.is_about:
        return None
    if sign == "=":
        return _of_mount(text, name, begin, end) if name.password else None
    if is_master or name.head.lower() in _HEADS:
        match = _AFTER_HEAD.match(text, end)
        return (*match.span("value"), name.kind) if match and _is_value(match["value"]) else None
    match = _ALONE.match(text, end)
    if match is None or not _is_value(match["value"]) or name.is_verb:
        return None
    before = text[max(0, begin - 260) : begin]
    if not name.password:
        # `secret "…";`: in braces, or of a device.
        stated = match["quote"] and text.startswith(";", match.end("value") + 1)
        if not (_of_machine(before) or (stated and _LINE_BEGINS.search(before))):
            return None
    elif not _says(text, name, begin, match, before):
        return None
    return (*match.span("value"), name.kind)


def _aligned(text: str, name: Name, begin: int, end: int) -> Span | None:
    match = _ALIGNED.match(text, end)
    if match is None or name.is_about or name.is_public:
        return None
    if not is_token(match["value"]) or is_code(match["value"]):
        return None
    if _LINE_BEGINS.search(text, max(0, begin - 60), begin) is None:
        return None
    return (*match.span("value"), name.kind)


def _of_header(text: str, name: Name, end: int, before: str) -> Span | None:
    """`proxy_set_header X-Api-Key …;`"""
    match = _ALONE.match(text, end) if _SETS_HEADER.search(before) else None
    if match is None or not (name.unlocks or is_token(match["value"])) or name.is_public:
        return None
    value = match["value"]
    if is_stand_in(value) or is_code(value) or not (has_digit(value) and len(value) >= 8):
        return None
    return (*match.span("value"), name.kind)


def _says(text: str, name: Name, begin: int, match: re.Match[str], before: str) -> bool:
    value = match["value"]
    if _of_machine(before):
        return is_told(value) or is_bare_word(value)
    if _LINE_BEGINS.search(before) is None or name.head.startswith(("-", "$")):
        return False
    is_setting = "." in name.head and name.head.islower()
    if is_told(value) and (value[-1] not in "?!" or has_digit(value)):
        return True
    if not is_setting and name.word in PASSWORDS_ELSEWHERE:
        return False
    if match["quote"]:
        return value.islower() or value.isalnum()
    if not is_bare_word(value):
        return False
    if is_setting:
        return True
    line = text.rfind("\n", 0, begin) + 1
    around = text[max(0, line - _NEAR) : line], text[match.end() : match.end() + _NEAR]
    return not "".join(around).strip() or any(_BESIDE.search(part) for part in around)


def _of_machine(before: str) -> bool:
    return _OF_MACHINE.search(before) is not None


def _of_mount(text: str, name: Name, begin: int, end: int) -> Span | None:
    """`user=bob,pass=…`: an option among others that commas part."""
    match = _OPTION.match(text, end)
    if match is None or not _is_value(match["value"]) or name.rest.strip("wordWORD"):
        return None
    if text.endswith(("--set ", "--set-string "), 0, begin):
        return (*match.span("value"), "password")  # of a chart
    if text[begin - 1 : begin] != "," or _OPTIONS.search(text, max(0, begin - 400), begin) is None:
        return None
    return (*match.span("value"), "password")


def _is_value(value: str) -> bool:
    return len(value) >= 3 and not (_is_no_value(value) or is_reference(value))


def _is_no_value(value: str) -> bool:
    return is_stand_in(value, weak=False) or (is_code(value) and not has_digit(value))
