"""Values that a structure puts at a distance from their name: blocks, elements, defaults, forms.

`password: |⏎  …`, `<param name="password">…</param>`, `${DB_PASSWORD:-…}`, `setenv DB_PASSWORD …`,
`fill("#password", "…")`, `name="password"⏎⏎…`; what `given` and `paired` look for stands closer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from aiana.pattern import Pattern
from aiana.redaction.given import is_given
from aiana.redaction.names import Name, is_about
from aiana.redaction.pins import is_pin
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_reference, is_stand_in, is_token
from aiana.redaction.vocabulary import is_bare_word

_Q = r"[\"'`\\]{0,4}"
_LITERAL = r"(?:\"\"(?=\")|''(?='))?[bBrRuUNE@]?(?P<quote>\\{0,4}[\"'`])(?P<value>[^\"'`\\\n]{3,200})(?P=quote)"
_BARE = r"[^\s\"'`\\<>,;(){}|\[\]$]{3,200}"
# Functions that return, hold or encode what they are given.
_HOLDS = (
    r"(?:new\s)?(?:\[\]byte|[\w.]{0,30}?(?:[sS]ecret(?:Str|String|Value)?|[sS]tr|String(?:::from)?|Some|Just|Field|"
    r"bytes|from(?:String)?|of|valueOf|useState|crypt|PASSWORD|password|ref|Value|Text))\(\s{0,3}"
)
_TYPE = (
    r"(?::\s?[\w.\[\]<>|, ]{1,40}?|\s\w{3,12}\(\d{1,4}\)|\s[Aa]s\s\w{1,20}|\s?\{[^{}\n]{0,40}\})"
)
_SIGN = r"\s{0,40}(?::=|<-|=>|\?\?=|\|\|=|[:=])\s{0,40}"
_ASSIGNED = Pattern(
    rf"{_Q}(?:\[\w{{0,8}}\]|[?!])?{_TYPE}?{_SIGN}(?:\\\n\s{{0,40}}|\(\s{{0,40}})?(?:{_HOLDS}){{0,2}}{_LITERAL}"
)
_INDEXED = Pattern(rf"\[\w{{0,8}}\]=(?P<value>{_BARE})(?=[\s&;'\"]|\Z)")
_ELSE = Pattern(
    rf"{_Q}(?:[)\]]|\s{{0,3}}[=:][^\n\"'`;{{}}]{{1,80}}?)\s{{0,3}}(?:\|\||\?\?|\?:|\bor)\s{{0,3}}{_LITERAL}"
)
_OR_ELSE = Pattern(rf"\s{{0,3}}(?:\|\||\?\?)\s{{0,3}}{_LITERAL}")
# `PASSWORD = config("NAME", default="…")`, and its like.
_FALLBACK = Pattern(
    rf"{_SIGN}[\w.:]{{1,30}}\(\s?[\"'][\w.]{{1,60}}[\"'],\s?(?:default\s?[=:]\s?)?{_LITERAL}\s?\)"
)
# `let(:password) { "…" }`, `ENV.fetch("KEY") { "…" }`, `std::string password{"…"}`.
_BRACED = Pattern(rf"{_Q}\)?(?:\sby\slazy)?\s?\{{\s{{0,3}}{_LITERAL}\s{{0,3}}\}}")
_COMPARED = Pattern(
    rf"{_Q}[\])]?(?:\s{{0,3}}!==?\s{{0,3}}|\s(?:shouldBe|shouldEqual|should\s==|eq)\s|\)?\.(?:equals\w{{0,12}}|eq|to(?:Be|Equal|StrictEqual))\(\s?)"
    + _LITERAL
)
_DEFAULT_ARGUMENT = Pattern(rf"{_Q},\s{{0,3}}default\s?[=:]\s?{_LITERAL}")
_DEFAULT = Pattern(r":?[-=]?(?P<value>[^\s}$\"'`:=-][^\s}$\"'`]{2,100})\}")
_HOLDS_NAME = Pattern(rf"{_Q}\)?,?\s{{0,3}}\.?\s{{0,3}}{_LITERAL}(?=\s{{0,3}}[)}}\]\n;:]|\Z)")
_PAIR_ENDS = Pattern(rf"{_Q},\s{{0,3}}{_LITERAL}\s{{0,3}}(?P<ends>[)}}\]]|,\s{{0,3}}[\w\"'])")
_PAIR_BEGINS = Pattern(
    r"(?P<call>\b(?:Map\.of|[eE]ntry|option|conf\.set|pair|put\w{0,20}|set\w{0,20}|add\w{0,20}|append|"
    r"property|header|param\w{0,6}|with\w{0,10}|env)\()?[(\[{]?\s{0,3}[\"'`\\]{0,3}\Z"
)
# Programs, directives and keywords that set a variable or a setting to the word behind it.
_SETS = Pattern(
    r"(?:(?P<any>\b(?:(?:git|npm|yarn|pnpm|pulumi|aws|heroku|gh|dotnet|gcloud|firebase|doppler|fly|vercel|"
    r"glab|netlify|railway|rclone|nmcli|nomad|ibmcloud|composer|bundle|pip|poetry|wp|hg|redis-cli|consul|etcdctl|snap|drush|occ)\s[^\n|;&]{0,40}?"
    r"\b(?:config|configure|set|put|mod|modify|add|secrets?)|defaults\swrite|config\sset|debconf-set-selections|d-i)\b"
    r"[^\n|;&=]{0,60}?\s)|\b(?:setenv|setx|set\s-\w{1,3}|SetEnv|ENV|ARG|export|fastcgi_param|"
    r"Set-Item|Set-Content|New-Item|env\sset|param)\s{1,3}(?:\w{0,10}:)?)[\"']?(?:[\w.-]{1,30}[:/]){0,3}\Z"
)
_SET_TO = Pattern(
    rf"[\"']?\s{{1,3}}(?:password\s|string\s|-Value\s)?[\"']?(?P<value>{_BARE})[\"']?(?=[ \t]{{0,3}}(?:[;\n|&]|\Z))"
)
# What a listing, a difference or a quotation puts before each line.
_NUMBER_OF_LINE = r"[ \t]{0,8}\d{1,6}(?:→|\t|:)"
_MARGIN = rf"(?:[+>-](?=[ \t])|{_NUMBER_OF_LINE})"
_MARGIN_BEFORE = Pattern(rf"[+>]|{_NUMBER_OF_LINE}")
_BLOCK = Pattern(
    r"[\"']?\s?:[ \t]{0,3}(?P<how>&\w{1,30}|!{1,2}[\w./:-]{0,40}|[>|][-+]?\d?)?[ \t]{0,3}"
    rf"(?:\r?\n{_MARGIN}?(?P<in>[ \t]{{1,40}}))?"
    r"(?P<quote>[\"'])?(?P<value>[^\s\"':#&!>|{}\[\]][^\s\"':{}\[\]]{2,200})(?(quote)(?P=quote))"
    rf"[ \t]{{0,3}}(?P<note>\#[^\n]{{0,100}})?(?:\r?\n{_MARGIN}?(?P<then>[ \t]{{0,41}})|\Z)"
)
_ELEMENT = Pattern(
    r"(?:(?:\s[^<>\n]{0,200})|[\"'](?:\s[^<>\n]{0,200})?)?>\s{0,40}(?:<!\[CDATA\[|<(?:value|span|code|td|dd|b|string|input)>)?\s{0,3}"
    r"(?P<packed>\{(?=[A-Za-z\d+/=]{20,400}\}))?"
    r"(?P<value>(?(packed)[A-Za-z\d+/=]{20,400}|[^<>\s]{3,200}))(?(packed)\})\s{0,40}(?:\]\]>)?</"
)
_NEXT_ELEMENT = Pattern(
    r":?\s{0,3}</(?P<tag>th|td|dt|label|b|strong|span|key|name)>\s{0,40}(?:(?!</?tr)</?\w{1,10}>\s{0,40}){0,2}"
    r"<(?P<then>td|dd|span|code|p|input|string|value|div|b|strong)(?:\s[^<>]{0,80})?>\s{0,20}"
    r"(?P<value>[^<>\s]{3,200})\s{0,20}</"
)
# `<b>Password:</b> …`, `Password: <code>…</code>`
_BESIDE_ELEMENT = Pattern(
    r"(?::?\s{0,3}</(?:b|strong|em|i|span|label|dt|th|code|u)>\s{0,3}:?\s{0,3}|:\s{1,3}<(?P<tag>code|b|strong|tt|kbd|em|pre|i|u)>)"
    r"(?P<value>[^<>\s]{3,200})(?(tag)</(?P=tag)>|(?=\s{0,3}(?:<|\n|\Z)))"
)
_LABEL_BEGINS = Pattern(r">\s{0,3}(?:[\w-]{1,20}\s){0,2}\Z")
_OPENS_ELEMENT = Pattern(
    r"<(?:[\w.-]{1,20}:)?\Z|<[\w:.-]{1,30}\s(?:[^<>]{0,100}\s)?(?:name|key|id)=[\"']\Z"
)
_FILLED = Pattern(
    r"[\w-]{0,20}(?:\s(?:field|input|box))?[\"'`)\]/i}>]{1,6}\s{0,3}"
    r"(?:,\s{0,3}(?:with:\s{0,3}|value:\s{0,3})?|\)?\s{0,20}\.(?:fill|type|send_?[kK]eys|set_?[vV]alue|clear_and_type|"
    rf"pressSequentially|fill_in|val|setText|enter_?[tT]ext|input)\(\s{{0,3}}){_LITERAL}"
)
_FILLS = Pattern(
    r"(?:fill\w{0,10}|type\w{0,10}|set\w{0,10}|enter\w{0,10}|input\w{0,10}|change|send\w{0,10}|find\w{0,20}|get\w{0,20}|"
    r"By\w{0,20}|locator|query\w{0,20}|\$|element|fireEvent\.\w{1,20})[\s(][^\n;\"'`]{0,40}[\"'`/][^\n;\"'`]{0,40}\Z"
)
_ATTRIBUTE = Pattern(
    r"<[\w:.-]{1,40}\s(?:[^<>]{0,120}\s)?value=\\?(?P<q>[\"'])(?P<value>[^\"'<>]{3,200}?)\\?(?P=q)\s(?:[^<>]{0,120}\s)?"
    r"(?:name|key|id|type)=\\?[\"']\Z"
)
_FOR_KEY = Pattern(
    r"\([bB@]?(?P<quote>[\"'])(?P<value>[^\"'\\\n]{3,200})(?P=quote),\s{0,3}(?:for_?[kK]ey|key|name|account|service)\s?[:=]\s?@?[\"']\Z"
)
_ANSWERED = Pattern(
    r"[\w: ?]{0,20}[\"'/)\]]{1,3}[^\n]{0,10}?\s{0,3}[\n;{][^\n\"']{0,30}\b(?:send|sendline|send_line|write|puts)\b[\s(]{1,3}(?:--\s)?"
    r"[\"'](?P<value>[^\"'\\\n]{3,100})(?:\\[rn]|[\"'])"
)
_EXPECTS = Pattern(r"\bexpect\w{0,12}\b[^\n]{0,60}\Z")
_PART = Pattern(
    r"\"(?:\r?\n[\w-]{1,40}:[^\r\n]{0,100}){0,3}(?:\r?\n){2}(?P<value>[^\s\"<>]{3,200})[ \t]*(?:\r?\n|\Z)"
    r"|\\?\"(?:\\r\\n[\w-]{1,40}:[^\r\n\\]{0,100}){0,3}(?:(?:\\r)?\\n){2}(?P<value_in_json>[^\s\"<>\\]{3,200})\\"
)
_OF_FORM = Pattern(r"form-data;\s{0,3}name=\\?\"\Z")
_BACK = 140
_NUMBERS = "0123456789vV_-"


def apart(text: str, name: Name) -> Span | None:
    """The secret that a structure gives to the name here."""
    begin = name.start - len(name.head)
    end = name.start + len(name.word) + len(name.rest)
    after = text[end : end + 1]
    if after == "[":
        name = name._replace(rest=name.rest.rstrip("s"))  # one of several
    looks = _BY_SIGN.get(after)
    if looks is None or is_about(name.rest.rstrip(_NUMBERS)):
        return None
    before = text[max(0, begin - _BACK) : begin]
    for look in looks:
        match, own = look(text, before, end, name)
        if match is None:
            continue
        group = "value" if match["value"] is not None else "value_in_json"
        value = match[group]
        if kind := _kind(name, value, own=own):
            start = begin - len(before) if match.string is before else 0
            return start + match.start(group), start + match.end(group), kind
    return None


Found = tuple[re.Match[str] | None, bool]
"""A match, and whether a word may be the value."""
Look = Callable[[str, str, int, Name], Found]


def _kind(name: Name, value: str, *, own: bool) -> str | None:
    if is_pin(name.whole, value):
        return "pin"
    if not (own or is_told(value) or is_token(value)) or is_stand_in(value, weak=False):
        return None
    if " " in value or (name.is_verb and not is_told(value)):
        return None
    return is_given(name.whole, value)


def _assigned(text: str, before: str, end: int, name: Name) -> Found:
    match = _ASSIGNED.match(text, end)
    if match is None or is_stand_in(match["value"]) or is_reference(match["value"]):
        return None, False
    return match, name.password or (name.unlocks and bool(name.rest))


def _indexed(text: str, before: str, end: int, name: Name) -> Found:
    return _INDEXED.match(text, end), name.password


def _else(text: str, before: str, end: int, name: Name) -> Found:
    match = _ELSE.match(text, end)
    if match is None and (name.is_loud or before.endswith("env.")):
        match = _OR_ELSE.match(text, end)
    return match, match is not None and not is_stand_in(match["value"])


def _fallback(text: str, before: str, end: int, name: Name) -> Found:
    match = _FALLBACK.match(text, end) if name.is_loud else None
    return match, match is not None and not is_stand_in(match["value"])


def _default_argument(text: str, before: str, end: int, name: Name) -> Found:
    match = _DEFAULT_ARGUMENT.match(text, end)
    return match, match is not None and name.is_loud and not is_stand_in(match["value"])


def _braced(text: str, before: str, end: int, name: Name) -> Found:
    return _BRACED.match(text, end), name.password


def _compared(text: str, before: str, end: int, name: Name) -> Found:
    match = _COMPARED.match(text, end)
    return match, match is not None and name.password and is_bare_word(match["value"])


def _default(text: str, before: str, end: int, name: Name) -> Found:
    match = _DEFAULT.match(text, end) if before.endswith("${") else None
    return match, match is not None and not is_stand_in(match["value"])


def _lisp(text: str, before: str, end: int, name: Name) -> Found:
    """`(setq password "…")`, `(password . "…")`, `:password "…"`, `{password, "…"}`."""
    if not before.endswith(("(", "{", ":", "(setq ", "(def ", "(defvar ", "(define ")):
        return None, False
    comma = text.startswith(",", end)
    if comma != before.endswith("{"):
        return None, False
    return _HOLDS_NAME.match(text, end), name.password


def _pair(text: str, before: str, end: int, name: Name) -> Found:
    """`("DB_PASSWORD", "…")`, `Map.of("password", "…")`."""
    match = _PAIR_ENDS.match(text, end)
    if match is None or not before.endswith(('"', "'", "`")):
        return None, False
    begins = _PAIR_BEGINS.search(before)
    if begins is None or (match["ends"] not in (")", "}", "]") and not begins["call"]):
        return None, False
    if begins["call"] or (name.whole.isupper() and "_" in name.head):
        return match, True
    # A pair by itself; a row of names has more of them, and words that say what each is.
    is_pair = name.password and begins[0][:1] + match["ends"] in ("()", "{}")
    return match, is_pair and is_bare_word(match["value"])


def _set(text: str, before: str, end: int, name: Name) -> Found:
    """`setenv DB_PASSWORD …`, `git config user.password …`."""
    match = _SET_TO.match(text, end)
    sets = _SETS.search(before) if match else None
    if match is None or sets is None or is_code(match["value"]) or is_reference(match["value"]):
        return None, False
    return match, sets["any"] is not None or name.is_loud


def _block(text: str, before: str, end: int, name: Name) -> Found:
    """`password: |⏎  …`, `password: &mark …`, `password: … # why`."""
    match = _BLOCK.match(text, end)
    if match is None or not (match["in"] or match["how"] or match["note"]):
        return None, False
    line = before[before.rfind("\n") + 1 :]
    if margin := _MARGIN_BEFORE.match(line):
        line = line[margin.end() :]
    if line.strip(" \t-\"'"):
        return None, False
    if match["in"]:
        indent = len(line) - len(line.lstrip())
        if len(match["in"]) <= indent or len(match["then"] or "") > len(match["in"]):
            return None, False
    value = match["value"]
    if is_code(value) or is_reference(value) or value[0] in "-*+" or value[-1] in ",;":
        return None, False
    return match, bool(match["how"] or match["quote"] or match["note"] or value.islower())


def _element(text: str, before: str, end: int, name: Name) -> Found:
    """`<param name="password">…</param>`, `<password type="x">…</password>`, `<secret>{…}</secret>`."""
    if "<" not in before or not _OPENS_ELEMENT.search(before):
        return None, False
    match = _ELEMENT.match(text, end)
    return match, match is not None and not match["packed"] and not is_code(match["value"])


def _next_element(text: str, before: str, end: int, name: Name) -> Found:
    """`<td>Password</td><td>…</td>`."""
    if not _LABEL_BEGINS.search(before):
        return None, False
    match = _NEXT_ELEMENT.match(text, end)
    if match is None:
        match = _BESIDE_ELEMENT.match(text, end)
        return match, match is not None and name.password and is_bare_word(match["value"])
    if "(" in match["value"]:
        return None, False  # a type
    # Names stand side by side as well.
    return match, match["then"] != match["tag"] and not is_code(match["value"])


def _in_element(text: str, before: str, end: int, name: Name) -> Found:
    """`Password: <code>…</code>`."""
    match = _BESIDE_ELEMENT.match(text, end)
    return match, match is not None and name.password and is_bare_word(match["value"])


def _filled(text: str, before: str, end: int, name: Name) -> Found:
    """`fill("#password", "…")`, `get_by_label("Password").fill("…")`."""
    match = _FILLED.match(text, end)
    if match is None or not _FILLS.search(before[before.rfind("\n") + 1 :]):
        return None, False
    return match, not is_reference(match["value"])


def _answered(text: str, before: str, end: int, name: Name) -> Found:
    """`expect "password:"⏎send "…"`."""
    expected = "expect" in before and _EXPECTS.search(before)
    return (_ANSWERED.match(text, end) if expected else None), True


def _part(text: str, before: str, end: int, name: Name) -> Found:
    """A part of a form that was sent."""
    is_form = "form-data" in before and _OF_FORM.search(before)
    return (_PART.match(text, end) if is_form else None), True


def _for_key(text: str, before: str, end: int, name: Name) -> Found:
    """`set("…", forKey: "password")`."""
    match = _FOR_KEY.search(before) if '",' in before or "'," in before else None
    return match, match is not None and not is_reference(match["value"])


def _attribute(text: str, before: str, end: int, name: Name) -> Found:
    """`<input value="…" type="password">`."""
    begin = name.start - len(name.head)
    if not before.endswith(('="', "='")) or "value=" not in text[max(0, begin - 300) : begin]:
        return None, False
    match = _ATTRIBUTE.search(text, max(0, begin - 300), begin)
    return match, match is not None and not is_reference(match["value"])


_AFTER_QUOTE: tuple[Look, ...] = (
    _attribute, _part, _pair, _for_key, _filled, _answered, _element, _set, _else, _assigned, _block,
)  # fmt: skip
_BY_SIGN: dict[str, tuple[Look, ...]] = {
    **dict.fromkeys("\"'`\\", (*_AFTER_QUOTE, _compared, _default_argument, _braced)),
    " ": (_set, _lisp, _assigned, _element, _else, _fallback, _filled, _block, _braced, _compared),
    "\t": (_set, _assigned),
    "\n": (_assigned,),
    ":": (_default, _block, _assigned, _else, _answered, _next_element, _in_element),
    "=": (_assigned, _else, _fallback, _default),
    "[": (_indexed, _assigned),
    "?": (_assigned, _answered), "!": (_assigned,), "|": (_assigned,),
    ")": (_filled, _else, _answered, _braced, _compared), "]": (_filled, _else, _answered, _compared),
    "{": (_braced,), ".": (_compared,), "/": (_filled,),
    ",": (_lisp, _filled), "<": (_next_element, _assigned), ">": (_element,), "-": (_default,),
}  # fmt: skip
"""What may stand where a name ends with this sign."""
