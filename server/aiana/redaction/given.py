"""Values that are given to the name of a secret: `DB_PASSWORD=…`, `"client_secret": "…"`."""

from __future__ import annotations

import re

from aiana.pattern import Pattern
from aiana.redaction.names import Name, name_of
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told, is_worded
from aiana.redaction.values import (
    has_digit,
    is_code,
    is_mixed,
    is_of_grammar,
    is_reference,
    is_scrambled,
    is_stand_in,
    is_token,
)
from aiana.redaction.vocabulary import is_passphrase

# The sign between name and value, and the value in quotes or bare.
_TYPE = r"(?:&?'?(?:static )?str|[Ss]tring|char ?\*|auto|text|varchar)"
_SIGN = (
    r"(?P<closed>(?:[\"'`\\]{1,4}\]?\)?|\]|\*{1,2})?)(?: (?=,))?(?P<sign>"
    rf"\s{{0,3}}(?::\s?{_TYPE}\s?=|(?:::?:?|[?.+|]{{1,2}})?={{1,3}}>?(?!\s{{0,2}}\n)|:\*{{0,2}}|：|=>)"
    r"(?:[ \t]{4,24}(?=\S)|\s{0,3})"
    rf"|\s{_TYPE}\s{{0,3}}=\s{{0,3}}"
    r"|,\s{0,3}(?:[\"'](?=\\{1,2}[\"']\w|(?<=')\"\w))?(?=[\"'`\\])"
    r"|>\s{0,12}"
    r"|\(\s{0,3}[bBrRuU@]?(?=[\"'`\\])"
    r"|\s{1,3}(?:for|FOR)\s{1,3}[^\s=]{1,80}\s{0,3}=\s{0,3}"
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
_MORE = Pattern(r"[^\s\"'`\\<>,;(){}|\[\]]{0,20000}+")
_ASSIGNED = Pattern(_SIGN + _VALUE)
_OPTION = Pattern(rf"(?:{_SIGN}|\s{{1,3}}(?P<blank>))" + _VALUE)
# What a name is given where there is nothing better: `key = env.get("KEY") or "…"`.
_OTHERWISE = Pattern(
    r"[\"']?\]?\s{0,3}(?::=|[:=])\s{0,3}"
    r"[^\s\"'][^\n\"']{0,80}(?:[\"'][^\"'\n]{0,60}[\"'][^\n\"']{0,60})?"
    r"(?:\bor|\belse|\?\?|\|\|)\s{0,3}[\"'](?P<value>[^\s\"'\\]{6,400})[\"']"
)
_BETWEEN_OTHERS, _MOST_OF_OTHERS = (" or ", " else ", "??", "||"), 240
# Words, or one word with other quotes in it.
_WORDS = Pattern(
    r"[\"'\\]{0,4}\s{0,2}(?:[:=]|=>)\s{0,2}(?P<quote>\\{0,4}[\"'])(?:(?P<value>[^\"'\n\\]{6,200})"
    r"|(?P<odd>(?:(?!(?P=quote))(?:[^\s\\]|\\[^\s])){3,120}))(?P=quote)"
)
_ODD = re.compile(r"[\"'`\\]")
# Where a quote in a literal belongs to code that puts texts together, or to another literal.
_PUT_TOGETHER = Pattern(
    r"[\"'`]?[-+.,&()\[\]{}|;:=/<>][\"'`]|[\"'`][-+.,&()\[\]{}|;:=/<>]|\A[\"'`\\]|[\"'`\\]\Z"
)
_PHRASE = Pattern(r"[a-z]{2,12}(?:[ -][a-z]{2,12}){2,11}\Z")
# Words of sentences, of which a phrase that somebody thought up has none.
_OF_SENTENCES = Pattern(
    r"\b(?:the|a|an|your|my|is|are|was|must|should|please|enter|type|for|to|of|with|not|this|that|"
    r"it|at|be|or|password|passphrase|secret|token|characters|required|invalid|in|on|by|as|has)\b"
)
_BLANK = Pattern(r"\s{1,3}(?P<quote>\\{0,4}[\"'])(?P<value>[^\s\"'`\\]{3,200})(?P=quote)")
_BEFORE_BLANK = Pattern(
    r"(?:(?:\bwith|\bset|\bus(?:e|es|ed|ing)|\btry|\btype|\benter)(?:\s(?:the|a|my|this))?|#\s?define|\bENV|\bARG|\bsetenv|"
    r"\blogin|\bencrypted|\bplaintext|\b(?:user|role)\s{1,3}[\w\"'@%.-]{1,40})\s{1,3}\Z",
    re.IGNORECASE,
)
_DIRECTIVE = Pattern(r"\s{1,8}(?P<value>[^\s\"'`\\-][^\s\"'`\\]{3,200})")
_PROSE = Pattern(
    r"\b(?:and|or|the|a|an|with|via|use|uses|using|options?|flags?|pass|by|of)\s{1,3}`?\Z"
)
# Such a word may be what an option before is given.
_AFTER_OPTION = Pattern(r"(?:\A|\s)--?[\w-]{1,30}[ =]\w{1,5}\s{1,3}\Z")
_NEXT_PARAMETER = Pattern(r"(?:&|&amp;|%26)(?=[\w.%-]{1,40}=)")
_OPENING = ("(", "[", "{")
_QUOTES = ('"', "'", "`", "\\")
# A call that stores what it is given under a name, or reads it with this value in its absence.
_STORES = Pattern(
    r"(?:define|set\w{0,20}|put\w{0,20}|getenv|get|env|getOrDefault|getProperty|append|add|header|property)"
    r"\(\s{0,3}[\"'\\]{1,3}\Z",
    re.IGNORECASE,
)
_SETS = Pattern(r"(?:\.|\b(?:set|with|check|verify|hash|validate)_?)\Z", re.IGNORECASE)
# Whose password it is comes first, as in `set_password("service", user, "…")`.
_MORE_LITERALS = Pattern(
    r"\\?[\"'`]\s{0,3},\s{0,3}(?:[bru]?\\?[\"'`]|[^\s\"'`(),]{1,60}\s{0,3},)", re.IGNORECASE
)
# What tests and passes of compilers are called.
_RESULT = Pattern(
    r"(?:ok|okay|passed|fail(?:ed|ure)?|skip(?:ped)?|pending|first|second|third|last|final|main|all|"
    r"any|some|both|through|success|warn(?:ing)?|green|red|always|never|shadow|color|depth|forward|"
    r"deferred|opaque)\Z",
    re.IGNORECASE,
)
_LOGIN_BESIDE = ("user", "login", "mail", "host", "account", "database")
_DATABASE = Pattern(r"\bdb\b", re.IGNORECASE)
_LINE_BEGINS = Pattern(r"(?:\A|\n|\\n)(?:[ \t>+*\"'`-]|\d{1,6}→|export )*\Z")
_SET_BEFORE = Pattern(
    r"(?:\A|\n|\\n|[?&;]|(?:-e|-D|--env|--set|--build-arg|\bexport|\bset|\benv|\bENV|\bARG)\s{0,2})"
    r"(?:[ \t>+\"']|\d{1,6}→)*\Z"
)
_SECTION = Pattern(r"(?:\A|\n)[ \t]*\[[^\]\n]{1,80}\][ \t]*\n(?:[^\n(){}]*\n)*\Z")
# What lines of programs hold and those of settings do not.
_OF_PROGRAMS = Pattern(
    r"[(){};]|^\s*(?:def|class|return|import|from|if|for|while|let|const|var|end|fn|func)\b|"
    r"(?:[+*/<>!=|&]=|=>|->)|(?<![\w.])[\w]+\.[\w]+\s*=",
    re.MULTILINE,
)
_ROW = Pattern(
    r"[*`_]{0,2}[ \t]{0,40}[|│┃][ \t]{0,40}`?(?P<value>[^\s|│┃`]{3,200})`?[ \t]{0,40}"
    r"(?:[|│┃]|\Z|\n)(?P<more>[^\n]*[|│┃])?"
)
_BEFORE_CELL = tuple("*`_ \t|│┃")
_ROW_BEGINS = Pattern(r"(?:\A|\n)[ \t>]*[|│┃]?[ \t]*[*`_]{0,2}(?:[\w-]+[ \t]){0,2}\Z")
_PLAIN = Pattern(r"[a-z][a-z0-9]{3,60}\Z|(?=.*\d)[A-Za-z][A-Za-z0-9]{5,60}[!?#$%&*+]?\Z")
_ENDS = Pattern(r"[ \t]*(?:\Z|\n|\\n|\r|#|`)")
_ARGUMENT_ENDS = Pattern(r"\s{0,3}(?:\Z|\n|\\|--?[A-Za-z]|[|&>;'\"`])|\s{1,3}https?:")


def given(text: str, name: Name) -> Span | None:
    """The secret that is given to the name here."""
    end = name.start + len(name.word) + len(name.rest)
    match = (_OPTION if name.is_option else _ASSIGNED).match(text, end)
    if match and _is_given(name, match):
        value = match["value"]
        if match["quote"] is None:
            value = _first_parameter(value)
            value = value if name.password or is_worded(value) else value.rstrip(".:!?")
        start, end = match.start("value"), match.start("value") + len(value)
        if len(value) >= _MOST_AT_ONCE and (more := _MORE.match(text, end)):
            end = more.end()
        return start, end, name.kind
    return (
        _phrase(text, name, end)
        or _after_blank(text, name, end)
        or _in_table(text, name, end)
        or _otherwise(text, name, end)
    )


def _first_parameter(value: str) -> str:
    following = _NEXT_PARAMETER.search(value)
    return value[: following.start()] if following else value


def takes_numbers(key: str) -> bool:
    """Whether a number under this name is a password: no count of tokens or of tests that pass."""
    name = name_of(key)
    return name is not None and name.password and not name.is_verb


def is_given(key: str, value: str) -> str | None:
    """The kind of secret that a whole text is where it stands under this name, as in JSON."""
    name = name_of(key)
    if name is None or name.is_public or not 3 <= len(value) <= 400:
        return None
    if name.password:
        told = " " not in value or (is_mixed(value) and len(value.split()) < 8)
        found = (told and _is_password_literal(name, value)) or _is_phrase(value)
    else:
        found = " " not in value and (
            (is_token(value) and not is_code(value)) or _is_secret_literal(name, value)
        )
    return name.kind if found else None


def _is_given(name: Name, match: re.Match[str]) -> bool:
    """Whether the name is given a secret here."""
    sign = match["sign"] or ""
    if name.is_about or match["after"] in _OPENING:
        return False
    if match["closed"] and sign.startswith(">"):
        return False  # the end of a tag with a name such as `type="password"`
    if sign.startswith("(") and (
        _MORE_LITERALS.match(match.string, match.end("value"))
        or name.rest.strip("word")
        or not _SETS.search(match.string, max(0, name.start - 12), name.start)
    ):
        return False
    if match["quote"] is not None:
        return _is_literal(name, match, sign)
    return _is_password(name, match, sign) if name.password else _is_secret(name, match, sign)


def _is_literal(name: Name, match: re.Match[str], sign: str) -> bool:
    """Whether the text in quotes is a secret."""
    value, text = match["value"], match.string
    machine_made = not name.password and _is_machine_made(name, value)
    if match["after"] not in _QUOTES or not text.startswith(match["quote"], match.end("value")):
        return machine_made or (name.password and is_mixed(value) and not is_stand_in(value))
    if sign.startswith(","):
        before = text[max(0, name.start - len(name.head) - 30) : name.start - len(name.head)]
        if not match["closed"] or not _STORES.search(before):
            if name.password:
                return is_mixed(value) and not is_stand_in(value) and not is_code(value)
            return machine_made
    if "==" in sign and (name.head or name.rest.strip("word") or not name.password):
        return machine_made or (name.password and is_told(value) and not value.isdigit())
    if name.password:
        return _is_password_literal(name, value)
    return machine_made or _is_secret_literal(name, value)


def _is_password_literal(name: Name, value: str) -> bool:
    if is_stand_in(value, weak=False) or is_code(value) or is_reference(value):
        return False
    return not (name.is_verb and (_RESULT.match(value) or len(value) < 4))


def _is_secret_literal(name: Name, value: str) -> bool:
    """Whether a literal that may be a word is the secret of this name."""
    if not name.unlocks or name.is_public or len(value) < 4:
        return False
    if is_stand_in(value) or is_code(value) or is_reference(value) or "://" in value:
        return False
    alone = not name.head.strip("_-.$") and name.word == "token" and not name.rest
    if name.word == "token" and (
        is_of_grammar(value) or (alone and len(value) < 8 and not name.is_loud)
    ):
        return False
    return has_digit(value) or not (value.istitle() or value.isupper())


def _is_machine_made(name: Name, value: str) -> bool:
    if "://" in value or name.is_public:
        return False
    return is_token(value) and not is_code(value)


def _is_secret(name: Name, match: re.Match[str], sign: str) -> bool:
    """Whether the bare text is the secret, and no password, of this name."""
    value, text = match["value"], match.string
    if "=" in sign:
        value = _first_parameter(value)
    if _is_machine_made(name, value):
        return True
    if not name.unlocks or not _is_secret_literal(name, value):
        return False
    if name.rest.lower().endswith(("string", "text")) and not name.is_option:
        return False  # a variable of that kind
    end = match.start("value") + len(value)
    begin = name.start - len(name.head)
    before = text[max(0, begin - 60) : begin]
    if match["sign"] is None:
        found = is_told(value) or (_PLAIN.match(value) and _ARGUMENT_ENDS.match(text, end))
        return bool(found) and not (_is_prose(before))
    if sign.startswith(">"):
        return text.startswith("</", end)
    if sign == "=":
        if name.is_loud:
            return not value.isupper() and match["after"] not in (")", ",")
        ends = match["after"] in ("", " ", "\n", "\t", "\\", '"', "'", ";", "\r") or (
            end < match.end("value")
        )
        return ends and (name.is_option or is_worded(value) or bool(_SET_BEFORE.search(before)))
    quoted = begin > 0 and text[begin - 1] in "\"'" and text.startswith(text[begin - 1], end)
    if not _PLAIN.match(value) or not (quoted or _ENDS.match(text, end)):
        return False
    if quoted:
        return sign.startswith(":")  # a header, as the argument of a command
    if ":" in sign or "value" in sign.lower():
        return bool(_LINE_BEGINS.search(before) or "value" in sign.lower()) and not (
            _is_in_code(text, begin, end)
        )
    if sign.strip() != "=":
        return False
    return bool(_SECTION.search(text[max(0, begin - 500) : begin])) or (
        name.word == "secret"
        and _LINE_BEGINS.search(before) is not None
        and not _is_of_program(text, begin, end, value)
    )


def _is_prose(before: str) -> bool:
    """Whether somebody writes about an option that follows here."""
    return _PROSE.search(before) is not None and _AFTER_OPTION.search(before) is None


def _is_of_program(text: str, begin: int, end: int, value: str) -> bool:
    """Whether a line that gives a word to a name is one of a program, and the word a variable."""
    around = text[max(0, begin - 400) : begin] + "\n" + text[end : end + 400]
    return bool(
        _OF_PROGRAMS.search(around) or re.search(rf"(?<![A-Za-z0-9]){value}(?![A-Za-z0-9])", around)
    )


def _is_in_code(text: str, begin: int, end: int) -> bool:
    """Whether the lines around a line are those of an object or a type in code."""
    before = text[max(0, begin - 200) : begin].rstrip(" \t-+>\"'`")
    after = text[end : end + 200].lstrip(" \t\r\n")
    return before.rstrip().endswith(("{", "(", ";")) or after.startswith(("}", ")"))


def _is_password(name: Name, match: re.Match[str], sign: str) -> bool:
    """Whether the bare text is the password of this name."""
    value, after, text = match["value"], match["after"], match.string
    begin = name.start - len(name.head)
    is_switch = text[begin - 1 : begin] == "/" and not text[max(0, begin - 2) : begin - 1].strip()
    no_blanks = sign == "=" or (sign == ":" and is_switch)  # `/password:x`
    if is_code(value) or is_stand_in(value, weak=not (no_blanks and name.is_loud)):
        return False
    if name.word == "clave" and not has_digit(value):
        return False  # a key of any kind, in Spanish
    if match["sign"] is None:  # `--password x`
        if value.startswith("--") or name.head.startswith("--no-"):
            return False  # the next option, or one that takes no value
        return len(value) >= 4 and not _is_prose(text[max(0, begin - 60) : begin])
    if sign.startswith(">"):
        return text.startswith("</", match.end("value"))
    if sign == ":" and value.startswith("?"):
        return False  # `${DB_PASSWORD:?what to say where it is not set}`
    if no_blanks and name.is_loud:
        # A variable of the environment: whatever it is given.
        return not (name.is_verb and (_is_count(value) or _RESULT.match(value)))
    if name.is_verb and not match["closed"]:
        if _RESULT.match(value) or len(value) < 5:
            return False
        near = text[max(0, begin - 120) : match.end() + 60]
        if not no_blanks and not _is_unbroken_token(value) and not _is_beside_login(near):
            return False
    if len(value) < 5:
        return False
    special = any(not c.isalnum() and c not in "_.-/:" for c in value.rstrip(".,:!?"))
    if is_mixed(value) or special or is_scrambled(value) or is_passphrase(value):
        return True
    near = text[max(0, begin - 12) : match.start()]
    if "=" in sign and "," in near and "=" not in near and not has_digit(value):
        return False  # `user, password = pair`
    end = match.start("value") + len(_first_parameter(value))
    ends = after in ("", "\n", "\r") or text.startswith(("\\n", "\\r"), match.end("value"))
    ends = ends or end < match.end("value")
    ends = ends or (after in (" ", "\t", ";", '"', "'", "\\") and no_blanks)
    ends = ends or (after in ("<", ")", "]") and no_blanks and name.is_option)
    ends = ends or (no_blanks and text.startswith("</", match.end("value")))
    if not ends or "_" in value or any(c.isupper() for c in value[1:]):
        return has_digit(value) and ends
    value = value.rstrip("!?.")
    if has_digit(value):
        return not value.rstrip("0123456789").endswith(("pass", "pw", "pwd", "password"))
    return value.isalpha() and value.isascii() and (after != ";" or " " not in sign)


def _is_unbroken_token(value: str) -> bool:
    return value.isalnum() and is_token(value)


def _is_count(value: str) -> bool:
    return has_digit(value) and not _is_unbroken_token(value)


def _is_beside_login(around: str) -> bool:
    lowered = around.lower()
    return any(word in lowered for word in _LOGIN_BESIDE) or bool(_DATABASE.search(around))


def _is_phrase(value: str) -> bool:
    return bool(_PHRASE.match(value)) and not _OF_SENTENCES.search(value)


def _phrase(text: str, name: Name, end: int) -> Span | None:
    """`PASSPHRASE="several words"`."""
    match = _WORDS.match(text, end) if name.password and not name.is_about else None
    if match is None:
        return None
    value = match["value"] or match["odd"]
    if is_stand_in(value):
        return None
    if " " not in value:
        no_literal = name.is_verb or _PUT_TOGETHER.search(value) or not _ODD.search(value)
        return None if no_literal else (*match.span(match.lastgroup or 0), "password")
    if _is_phrase(match["value"]) or (name.is_loud and match.string[match.start()] != ":"):
        return (*match.span("value"), "password")
    return None


def _otherwise(text: str, name: Name, end: int) -> Span | None:
    """`key = env.get("KEY") or "…"`"""
    line = text[end : end + _MOST_OF_OTHERS].partition("\n")[0]
    if not any(word in line for word in _BETWEEN_OTHERS) or name.is_about or name.is_public:
        return None
    match = _OTHERWISE.match(text, end)
    if match is None or is_code(match["value"]):
        return None
    found = is_told(match["value"]) if name.password else is_token(match["value"])
    return (*match.span("value"), name.kind) if found else None


def _after_blank(text: str, name: Name, end: int) -> Span | None:
    """`WITH PASSWORD 'x'`, `requirepass x`, `enable secret x`."""
    if name.is_about or name.is_verb:
        return None
    begin = name.start - len(name.head)
    match = _BLANK.match(text, end)
    if match and not is_code(match["value"]) and not is_reference(match["value"]):
        told = name.written.isupper() or has_digit(match["value"])
        told = (name.password and told) or (
            name.unlocks and _BEFORE_BLANK.search(text, max(0, begin - 60), begin) is not None
        )
        return (
            (*match.span("value"), name.kind) if told and not is_stand_in(match["value"]) else None
        )
    if text.endswith(("require", "root"), 0, name.start) or text.endswith("enable ", 0, begin):
        directive = _DIRECTIVE.match(text, end)
        if directive and not is_stand_in(directive["value"]):
            return (*directive.span("value"), name.kind)
    return None


def _in_table(text: str, name: Name, end: int) -> Span | None:
    """`| password | x |`, in a row of two cells; in one of more, what cannot be a word."""
    match = _ROW.match(text, end) if text[end : end + 1] in _BEFORE_CELL else None
    if match is None or name.is_about or is_stand_in(match["value"]) or is_code(match["value"]):
        return None
    value = match["value"]
    is_alone = name.password and not name.rest.strip("word") and not match["more"]
    if value.startswith("0x") or "(" in value:
        return None
    if not (is_alone or is_token(value) or (name.password and name.is_loud and is_told(value))):
        return None
    begin = name.start - len(name.head)
    if _ROW_BEGINS.search(text, max(0, begin - 60), begin) is None:
        return None
    return (*match.span("value"), name.kind)
