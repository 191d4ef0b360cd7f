"""Secrets that are known by the name that they are given: `DB_PASSWORD=…`, "the password is …"."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from aiana.redaction.values import (
    WORDLIKE,
    has_digit,
    is_code,
    is_mixed,
    is_random,
    is_stand_in,
    is_token,
)

Span = tuple[int, int, str]
"""Start, end and kind of a secret."""

# What a name or a label of a secret contains, in lower case; `key` only after a word that owns it.
_PASSWORDS = ("pass", "pw", "psk", "kennwort")
_SECRETS = ("secret", "token", "cred", "key", "auth")
# The same where a text is not English; looked for in texts that are not in ASCII alone.
_PASSWORDS_ELSEWHERE = (
    "contrase", "senha", "wachtwoord", "lösenord", "salasana", "mật khẩu", "hasło", "şifre",
    "парол", "κωδικ", "密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호", "암호",
)  # fmt: skip
_SECRETS_ELSEWHERE = ("密钥", "密鑰", "秘钥", "令牌", "トークン", "토큰", "токен", "ключ")
WORDS = (*_PASSWORDS, *_SECRETS)
_EVERYWHERE = tuple((word, word in _PASSWORDS) for word in WORDS)
_ELSEWHERE = (
    *((word, True) for word in _PASSWORDS_ELSEWHERE),
    *((word, False) for word in _SECRETS_ELSEWHERE),
)
# First bytes, in UTF-8, of letters that are not English: accented, Cyrillic, Greek, Chinese and on.
_SCRIPTS = bytes(
    ord("l") if 0xC3 <= byte <= 0xDF or byte == 0xE1 or 0xE3 <= byte <= 0xED else ord(" ")
    for byte in range(256)
)
_LETTERS_ELSEWHERE = re.compile(b"l")
_KEY_OWNERS = (
    "api", "access", "account", "private", "priv", "secret", "signing", "sign", "encryption",
    "crypt", "auth", "subscription", "consumer", "master", "service", "license", "deploy", "hmac",
    "jwt", "aes", "ssh", "storage", "shared", "admin", "root", "client", "app", "application",
    "function", "ingest", "write", "webhook", "integration", "integrations", "bot", "server",
)  # fmt: skip

_NAME_SIGNS = string.ascii_letters + string.digits + "_.$-"
_PASSWORD_NAME = re.compile(
    r"pass(?:w(?:or[dt]|d)?|phrase|code|wd)?|pwd|kennwort|contrase[nñ]a|senha|\w{2,12}",
    re.IGNORECASE,
)
# The rest of the name, the sign between name and value, and the value in quotes or bare.
_REST = r"(?P<rest>[\w.-]{0,40}+)"
_TYPE = r"(?:&?'?(?:static )?str|[Ss]tring|char ?\*|auto|text|varchar)"
_SIGN = (
    r"(?P<closed>(?:[\"'`\\]{1,4}\]?\)?)?)(?P<sign>"
    rf"\s{{0,3}}(?::\s?{_TYPE}\s?=|(?:::?:?|[?.+|]{{1,2}})?={{1,3}}>?(?!\s{{0,2}}\n)|:|：|=>)\s{{0,3}}"
    rf"|\s{_TYPE}\s{{0,3}}=\s{{0,3}}"
    r"|,\s{0,3}(?=[\"'`\\])"
    r"|>\s{0,12}"
    r"|\s{0,3},?\s{0,20}[\"'\\]{0,3}(?:value|Value)[\"'\\]{0,3}\s{0,2}[:=]\s{0,2})"
)
_BARE = r"[^\s\"'`\\<>,;(){}|\[\]]"
_VALUE = (
    r"(?P<quote>\\{0,4}[\"'`])?"
    rf"(?P<value>(?(quote)[^\s\"'`\\<>]{{3,120}}+|{_BARE}{{3,120}}+))"
    r"(?P<after>[\(\[\{<,;)\s\"'`\\]?)"
)
# What a long value goes on with.
_MOST_AT_ONCE = 100
_MORE = re.compile(r"[^\s\"'`\\<>,;(){}|\[\]]{0,20000}+")
_ASSIGNED = re.compile(_REST + _SIGN + _VALUE)
_OPTION = re.compile(_REST + rf"(?:{_SIGN}|\s{{1,3}}(?P<blank>))" + _VALUE)
_QUOTED_WORDS = re.compile(
    _REST + r"\s{0,2}[:=]\s{0,2}(?P<quote>[\"'])(?P<value>[^\"'\n\\]{6,200})(?P=quote)"
)
_SAID = re.compile(
    r"\w{0,10}[\"'`*]{0,2}(?:[^\S\n]{1,3}(?!(?:is|was|ist|est|es|lautet)\b)[^\s:=：,;.(){}\"'`]{1,24}){0,5}?"
    r"[*]{0,2}\s{0,3}(?:(?P<colon>[:：=])[*]{0,2}|\b(?P<verb>is|was|ist|lautet|est|es|é|è|to|будет|jest|är)\b:?"
    r"|[-–—]|は、?|是|为|為|이|:)\s{0,3}[*]{0,2}" + _VALUE
)
_BLANK = re.compile(
    r"(?:word|phrase)?\s{1,3}(?P<quote>[\"'])(?P<value>[^\s\"'`\\]{4,200})(?P=quote)"
)
_DIRECTIVE = re.compile(r"\s{1,8}(?P<value>[^\s\"'`\\]{4,200})")
_TOLD = re.compile(r"s?[^\S\n](?:is|was|:|=|-){0,1}[^\S\n]{0,2}[\"'`]?([\w.=+/-]{20,400})")
_PAIR = re.compile(
    r"(?:s|entials?)?\s?(?:[:=]|are|is)\s{0,2}[\"'`]?[\w.@-]{1,40}\s?[:/]\s?([^\s\"'`,;]{6,100})"
)
_PROSE = re.compile(
    r"\b(?:and|or|the|a|an|with|via|use|uses|using|options?|flags?|pass|by|of)\s{1,3}`?-[\w-]{0,30}\Z"
)
_ASCII = re.compile(r"[!-~]+")
_COMPOUND = re.compile(r"[A-Za-z]+\d{0,3}(?:[-_./:][A-Za-z]*\d{0,3})+\Z")
# A name that ends so holds something about a secret, not the secret.
_ABOUT = re.compile(
    r"(?:[a-rt-z]s|izer|ize|ized|ization|count|type|name|names|id|ids|hash|path|file|url|uri|length|"
    r"len|arn|ref|field|env|var|variable|label|limit|size|budget|usage|expiry|expires?(?:_?(?:in|at))?|"
    r"policy|manager|provider|prompt|hint|reset|regex|pattern|prefix|header|class|version|format|"
    r"input|required|enabled|kind|mode|method|endpoint|server|host|scheme|timeout|ttl|rotation|"
    r"max|min|strength|validator|placeholder|min_?length|index|store_?type|alias)\Z",
    re.IGNORECASE,
)
_NEXT_PARAMETER = re.compile(r"(?:&|&amp;|%26)(?=[\w.%-]{1,40}=)")
_PUBLIC = re.compile(
    r"(?:public|csrf|xsrf|cancellation|page|next|continuation|sync|primary|foreign|design|stop|eos|bos|pad|max|cache|sort|unk|css)_?-?\Z"
)
_MARK = "redacted:"
_OPENING = ("(", "[", "{")


def named_secrets(text: str, plain: str, gates: set[str]) -> list[Span]:
    """The values that names and labels in the text give away.

    `plain` is the text in lower case, with one ASCII sign for each of its characters; `gates` are
    the words that it holds.
    """
    spans = _named_by([pair for pair in _EVERYWHERE if pair[0] in gates], text, plain)
    if not text.isascii() and _LETTERS_ELSEWHERE.search(
        text.encode("utf-8", "replace").translate(_SCRIPTS)
    ):
        lowered = text.lower()
        if len(lowered) != len(text):  # a few letters grow when lowered; positions must stay
            lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        spans += _named_by(_ELSEWHERE, text, lowered)
    return spans


def _named_by(words: Iterable[tuple[str, bool]], text: str, lowered: str) -> list[Span]:
    spans: list[Span] = []
    for word, password in words:
        position = lowered.find(word)
        while position >= 0:
            if _names(lowered, position, word) and not lowered.endswith(_MARK, 0, position):
                span = _named(text, position, word, password)
                if span is not None:
                    start, end, kind = span
                    if end - start >= _MOST_AT_ONCE and (more := _MORE.match(text, end)):
                        end = more.end()
                    spans.append((start, end, kind))
                    position = max(position, end - len(word))
            position = lowered.find(word, position + len(word))
    return spans


def kind_of_name(name: str) -> str | None:
    """What the value under this name would be: `password`, `secret` or nothing secret."""
    lowered = name.lower()
    for word, password in (*_EVERYWHERE, *_ELSEWHERE):
        position = lowered.rfind(word)
        if position < 0 or not _names(lowered, position, word):
            continue
        if _ABOUT.search(lowered, position + len(word)) is None:
            return "password" if password else "secret"
    return None


def is_named_value(kind: str, value: str) -> bool:
    """Whether a whole text that stands under such a name is a secret."""
    if not 4 <= len(value) <= 400 or is_stand_in(value) or is_code(value):
        return False
    if kind == "password":
        return " " not in value or (is_mixed(value) and len(value.split()) < 8)
    return " " not in value and is_token(value)


def _named(text: str, position: int, word: str, password: bool) -> Span | None:
    end = position + len(word)
    before = text[max(0, position - 45) : position]
    head = before[len(before.rstrip(_NAME_SIGNS)) :]
    option = head.startswith("-")
    match = (_OPTION if option else _ASSIGNED).match(text, end)
    if match and _gives(match, head, password):
        value = match["value"]
        if match["quote"] is None:
            value = _NEXT_PARAMETER.split(value, maxsplit=1)[0]
            value = value if password else value.rstrip(".:!?")
        start = match.start("value")
        return start, start + len(value), "password" if password else "secret"
    if password:
        return _after_blank(text, position, end) or _said(text, position, word)
    said = _TOLD.match(text, end)
    if said and is_random(said[1]) and not is_stand_in(said[1]):
        return (*said.span(1), "secret")
    if not word.isascii() and (said := _SAID.match(text, end)) and is_token(said["value"]):
        return (*said.span("value"), "secret")
    if word == "cred" and (pair := _PAIR.match(text, end)) and is_told(pair[1]):
        return (*pair.span(1), "password")
    return None


def _gives(match: re.Match[str], head: str, password: bool) -> bool:
    """Whether the name, whose beginning is `head`, is given a secret here."""
    if _ABOUT.search(match["rest"]) or match["after"] in _OPENING:
        return False
    if match["closed"] and (match["sign"] or "").startswith(">"):
        return False  # the end of a tag with a name such as `type="password"`
    if password:
        return _is_password(head, match, match.string)
    value = match["value"]
    if "://" in value:
        return False
    return is_token(value) and not is_code(value) and not _PUBLIC.search(head.lower())


def is_told(value: str) -> bool:
    """Whether a bare value that a sentence calls a password is one, and no word of the sentence."""
    if len(value) < 6 or is_stand_in(value) or is_code(value) or _COMPOUND.match(value):
        return False
    if value.isdigit():
        return True
    special = any(not c.isalnum() and c not in "_.-/:@" for c in value)
    return any(c.isalpha() for c in value) and (special or has_digit(value))


def _names(lowered: str, position: int, word: str) -> bool:
    """Whether the word at `position` is part of a name that means a secret."""
    if word == "key":
        before = lowered[max(0, position - 14) : position].rstrip("_-. ")
        return before.endswith(_KEY_OWNERS)
    if word == "auth":
        after = lowered[position + 4 : position + 10]
        return not after[:1].isalpha() or after.startswith("token")
    if word == "cred":
        return lowered.startswith(("s", "ential"), position + 4)
    if word == "pass":
        after = lowered[position + 4 : position + 8]
        if after.startswith(("w", "phrase"[:4], "code")):
            return True
        before = lowered[position - 1 : position] if position else ""
        if after[:1].isalpha():
            return after.startswith("e") and lowered[max(0, position - 7) : position] == "mot de "
        return before not in ("m", "y", "r", "s") or lowered[max(0, position - 3) : position] in (
            "key",
            "ssh",
        )
    if word == "psk":
        return not lowered[position - 1 : position].isalpha() and lowered[
            position + 3 : position + 4
        ] in tuple('=:"')
    if word == "pw":
        rest = lowered[position + 2 : position + 3]
        if rest == "d":
            return not lowered[position + 3 : position + 4].isalpha() and not lowered.endswith(
                "old", 0, position
            )
        before = lowered[position - 1 : position] if position else ""
        return not rest.isalpha() and (
            not before.isalpha() or lowered.endswith("root", 0, position)
        )
    return True


def _is_password(head: str, match: re.Match[str], text: str) -> bool:
    value, sign = match["value"], (match["sign"] or " ")
    if is_stand_in(value) or is_code(value):
        return False
    if match["sign"] is None and _PROSE.search(text, max(0, match.start() - 40), match.start()):
        return False
    quoted, after = match["quote"] is not None, match["after"]
    mixed = is_mixed(value)
    name = head.rstrip("_-.$")
    bare_pass = (
        not name
        and match["rest"] == ""
        and text[match.start() - 4 : match.start()].lower() == "pass"
    )
    if sign.startswith(">"):
        return text.startswith("</", match.end("value"))
    if sign.startswith(","):
        return mixed
    if match["sign"] is None and not quoted:  # `--password x`
        return len(value) >= 4
    if bare_pass and not match["closed"] and sign.strip() != "=":
        return False
    if quoted:
        return len(value) >= 4 and not (bare_pass and not has_digit(value))
    if (
        "=" in sign
        and not sign.strip(" ").startswith(":")
        and not sign.startswith(" ")
        and "==" not in sign
    ):
        loud = match.string[match.start() - 3 : match.start()].isupper()
        if loud:  # an environment variable: whatever it is given
            return len(value) >= 3
    if len(value) < 5 or (bare_pass and not has_digit(value)):
        return False
    if mixed or any(not c.isalnum() and c not in "_.-/:" for c in value.rstrip(".,:!?")):
        return True
    if "=" in sign and text[match.start() - 12 : match.start()].count(",") and not has_digit(value):
        return False  # `user, password = pair`
    ends = after in ("", "\n", "\r") or text.startswith(("\\n", "\\r"), match.end("value"))
    ends = ends or (after in (" ", "\t", ";", '"', "'", "\\") and "=" in sign and " " not in sign)
    if not ends or "_" in value or any(c.isupper() for c in value[1:]):
        return has_digit(value) and ends
    if has_digit(value):
        return not value.rstrip("0123456789").endswith(("pass", "pw", "pwd", "password"))
    return value.isalpha() and value.isascii() and (after != ";" or " " not in sign)


def _after_blank(text: str, position: int, end: int) -> Span | None:
    """`PASSPHRASE="several words"`, `WITH PASSWORD 'x'`, `requirepass x`."""
    match = _QUOTED_WORDS.match(text, end)
    if match and text[position:end].isupper() and " " in match["value"]:
        return None if is_stand_in(match["value"]) else (*match.span("value"), "password")
    match = _BLANK.match(text, end)
    if match and not is_stand_in(match["value"]) and not is_code(match["value"]):
        loud = text[position : end + 4].isupper()
        return (*match.span("value"), "password") if loud or has_digit(match["value"]) else None
    if text.endswith(("require", "root"), 0, position) and (match := _DIRECTIVE.match(text, end)):
        return None if is_stand_in(match["value"]) else (*match.span("value"), "password")
    return None


def _said(text: str, position: int, word: str) -> Span | None:
    """A password that is told in a sentence or after a label."""
    if text[position - 1 : position] in ("_", "-", ".") or (
        word == "pass" and not text[position + 4 : position + 5].isalpha()
    ):
        return None
    match = _SAID.match(text, position + len(word))
    if not match or match["after"] in _OPENING:
        return None
    ascii_part = _ASCII.match(match["value"])
    value = ascii_part[0].rstrip(".:!?*)") if ascii_part else ""
    if len(value) < 4 or is_stand_in(value) or is_code(value):
        return None
    label = word in _PASSWORDS_ELSEWHERE
    if match["quote"] is not None:
        found = match["verb"] is not None or has_digit(value) or label
    elif label:
        plain = not has_digit(value) and WORDLIKE.match(value)
        found = not plain or (match["colon"] is not None and len(value) >= 6)
    else:
        found = is_told(value) and not (match["colon"] and match["after"] == ",")
    return (match.start("value"), match.start("value") + len(value), "password") if found else None
