"""Secrets that only their place tells: a command's argument, a header, a line of a known file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from aiana.redaction.values import has_digit, is_code, is_mixed, is_stand_in

Span = tuple[int, int, str]
"""Start, end and kind of a secret."""

_WORD = r"(?:'([^'\n]{1,300})'|\\?\"([^\"\n]{1,300}?)\\?\"|([^\s'\"`|;&<>\\]{2,300}))"
_USER = r"(?:'[^':\n]{0,80}:([^'\n]{1,200})'|\\?\"[^\":\n]{0,80}:([^\"\n]{1,200}?)\\?\"|[^\s:'\"`]{1,80}:([^\s'\"`|;&<>\\]{2,200}))"


class Command(NamedTuple):
    """A program, and the arguments of it that are secret."""

    arguments: re.Pattern[str]
    needs: tuple[str, ...] = ()
    """One of these words must stand among the arguments."""


def _argument(*flags: str, value: str = _WORD) -> re.Pattern[str]:
    """Flags that end with a blank are followed by it, others by their value at once."""
    forms = "|".join(
        re.escape(f.rstrip()) + (r"(?:\s{1,3}|=)" if f.endswith(" ") else "=?") for f in flags
    )
    return re.compile(rf"(?<=[\s'\"])(?:{forms}){value}")


_LOGIN_PASSWORD = Command(_argument("-p ", "--password "), ("login",))
_MYSQL = Command(_argument("-p", "--password="))
_COMMANDS: dict[str, Command] = {
    "sshpass": Command(_argument("-p ", "-p")),
    "curl": Command(_argument("-u ", "-u", "--user ", "-U ", "--proxy-user ", value=_USER)),
    "http": Command(_argument("-a ", "--auth ", value=_USER)),
    "https": Command(_argument("-a ", "--auth ", value=_USER)),
    "xh": Command(_argument("-a ", "--auth ", value=_USER)),
    "lftp": Command(re.compile(r"(?<=[\s])-u\s{1,3}[^\s,]{1,60},([^\s'\"]{2,200})")),
    "wget": Command(_argument("--password ", "--http-password ", "--ftp-password ")),
    "mysql": _MYSQL, "mysqldump": _MYSQL, "mysqladmin": _MYSQL, "mysqlimport": _MYSQL, "mariadb": _MYSQL,
    "mariadb-dump": _MYSQL, "mycli": _MYSQL, "mysqlsh": _MYSQL, "mysqlcheck": _MYSQL,
    "redis-cli": Command(_argument("-a ", "--pass ")),
    "valkey-cli": Command(_argument("-a ", "--pass ")),
    "docker": _LOGIN_PASSWORD, "podman": _LOGIN_PASSWORD, "nerdctl": _LOGIN_PASSWORD,
    "buildah": _LOGIN_PASSWORD, "skopeo": _LOGIN_PASSWORD, "oras": _LOGIN_PASSWORD,
    "helm": _LOGIN_PASSWORD, "crane": _LOGIN_PASSWORD, "az": _LOGIN_PASSWORD, "oc": _LOGIN_PASSWORD,
    "cf": _LOGIN_PASSWORD, "ibmcloud": _LOGIN_PASSWORD, "argocd": _LOGIN_PASSWORD,
    "vault": Command(re.compile(r"login\s{1,3}(?:-\S{1,40}\s{1,3}){0,3}(?:token=|password=)?([\w.-]{8,200})"), ("login",)),
    "twine": Command(_argument("-p ", "--password ")),
    "cargo": Command(re.compile(r"login\s{1,3}([\w-]{20,100})"), ("login",)),
    "mongo": Command(_argument("-p ", "--password ")), "mongosh": Command(_argument("-p ", "--password ")),
    "mongodump": Command(_argument("-p ", "--password ")), "mongorestore": Command(_argument("-p ", "--password ")),
    "cqlsh": Command(_argument("-p ", "--password ")),
    "mosquitto_pub": Command(_argument("-P ", "--pw ")), "mosquitto_sub": Command(_argument("-P ", "--pw ")),
    "ldapsearch": Command(_argument("-w ")), "ldapadd": Command(_argument("-w ")),
    "ldapmodify": Command(_argument("-w ")), "ldapwhoami": Command(_argument("-w ")),
    "ldappasswd": Command(_argument("-w ", "-s ")),
    "smbclient": Command(re.compile(r"(?<=\s)-U\s?['\"]?[^\s%'\"]{1,80}%([^\s'\"]{2,200})")),
    "rpcclient": Command(re.compile(r"(?<=\s)-U\s?['\"]?[^\s%'\"]{1,80}%([^\s'\"]{2,200})")),
    "sqlcmd": Command(_argument("-P ", "-P")), "bcp": Command(_argument("-P ", "-P")),
    "sqlplus": Command(re.compile(r"(?<=\s)[\w$#]{1,60}/([^\s@/'\"]{3,100})@")),
    "plink": Command(_argument("-pw ")), "pscp": Command(_argument("-pw ")),
    "psftp": Command(_argument("-pw ")), "putty": Command(_argument("-pw ")),
    "xfreerdp": Command(re.compile(r"(?<=\s)/p:'?([^\s']{2,200})")),
    "cmdkey": Command(re.compile(r"(?<=\s)/pass:'?([^\s']{2,200})")),
    "zip": Command(_argument("-P ", "--password ")), "unzip": Command(_argument("-P ", "-P")),
    "7z": Command(_argument("-p")), "7za": Command(_argument("-p")), "unrar": Command(_argument("-p")),
    "rar": Command(_argument("-p", "-hp")),
    "openssl": Command(re.compile(r"(?:pass:|(?<=\s)-k\s{1,3})['\"]?([^\s'\"]{3,200})")),
    "keytool": Command(_argument("-storepass ", "-keypass ", "-srcstorepass ", "-deststorepass ")),
    "jarsigner": Command(_argument("-storepass ", "-keypass ")),
    "htpasswd": Command(re.compile(r"(?<=\s)-\w{0,4}b\w{0,4}\s{1,3}\S{1,100}\s{1,3}\S{1,60}\s{1,3}['\"]?([^\s'\"]{3,200})")),
    "ipmitool": Command(_argument("-P ")), "snmpwalk": Command(_argument("-A ", "-X ")),
    "rabbitmqctl": Command(re.compile(r"(?:add_user|change_password)\s{1,3}\S{1,60}\s{1,3}['\"]?([^\s'\"]{3,200})")),
    "chpasswd": Command(re.compile(r"(?!)")),
    "sudo": Command(re.compile(r"(?!)")),
    "influx": Command(_argument("-password ", "--password ")), "nmcli": Command(_argument("password ")),
    "gpg": Command(_argument("--passphrase ")), "ansible-vault": Command(re.compile(r"(?!)")),
}  # fmt: skip
_COMMANDS = {name: c for name, c in _COMMANDS.items() if c.arguments.pattern != "(?!)"}
# What a secret argument begins with, in lower case: only there is a command looked for.
_FLAG = re.compile(
    r"-(?<= -)(?:p|u|[awkxs] |hp|[nc]?b|-(?:pass|user|auth|proxy-user|(?:http|ftp)-pass|pw)"
    r"|(?:src|dest)?storepass|keypass)"
)
# The same for what takes a secret without a flag, or after one of another form, by their gates.
_WORDS = (
    ("pass", "pass:"), ("pass", "htpasswd"), ("pass", "nmcli"), ("/p:", "/p:"), ("login ", "login "),
    ("rabbitmqctl", "rabbitmqctl"), ("sqlplus ", "sqlplus "),
)  # fmt: skip
_MOST_BEFORE, _MOST_AFTER, _MOST_LINES = 600, 600, 8
_PROGRAM = re.compile(
    r"(?<![\w.-])(?:"
    + "|".join(map(re.escape, sorted(_COMMANDS, key=len, reverse=True)))
    + r")(?:\.exe)?(?=[\s'\"])"
)
_END_OF_COMMAND = re.compile(r"(?<!\\)\n|\\n|\s\|\s|&&|\|\||;\s")

_NETRC = re.compile(
    r"\b(?:machine\s{1,4}\S{1,200}|default)\s{1,40}(?:login|user)\s{1,4}\S{1,200}\s{1,40}password\s{1,4}([^\s\\\"']{1,300})"
)
_PIPED = re.compile(
    r"\b(?:echo|printf)\s{1,3}(?:-\w{1,2}\s{1,3})?(?:%s\\n\s)?(?:\"([^\"\n]{3,200})\"|'([^'\n]{3,200})'|([^\s|'\"]{3,200}))\s{0,3}\|\s{0,3}(?:sudo\s{1,3}(?:-\w{1,2}\s{1,3}){0,3}-S\b|sudo\s{1,3}chpasswd|chpasswd|docker\s{1,3}login|podman\s{1,3}login|gh\s{1,3}auth\s{1,3}login|passwd\b|helm\s{1,3}registry\s{1,3}login|vault\s{1,3}login)"
)
_AUTHORIZATION = re.compile(
    r"authorization[\"'\\]{0,4}\s{0,3}[:=,]\s{0,3}[\"'\\`]{0,4}(?:(?:basic|token|bearer|apikey|api-key|key|digest|negotiate|"
    r"bot|ssws|splunk|genie-?key|dpop|snyk|flyv1)\s{1,3})?(?:token[=:]\s?)?[\"'\\]{0,3}([\w.~+/=:|-]{8,4000})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"bearer[\"']?\s{1,3}([\w.~+/=|-]{16,4000})", re.IGNORECASE)
_COOKIE = re.compile(
    r"cookies?[\"'\\]{0,4}\s{0,3}[:=,]\s{0,3}[\"'\\]{0,4}(?=[\w.%-]{1,80}=)|(?:-b|cookie)[\s=]{1,3}[\"']?(?=[\w.%-]{1,80}=)",
    re.IGNORECASE,
)
_CRUMB = re.compile(r"([\w.%-]{1,80})=([^\s;\"'\\,<>]{1,4000})")
_SESSION = re.compile(
    r"sess|sid\b|auth|token|jwt|csrf|xsrf|remember|login|secret|credential|_id\Z", re.IGNORECASE
)
_AUTH_VALUE = re.compile(
    r"(?:\"auth\"\s{0,3}:\s{0,3}\"|\\\"auth\\\"\s{0,3}:\s{0,3}\\\"|\b_auth\s{0,2}=\s{0,2}[\"']?|(?<![A-Za-z0-9])_password=|_authToken\s{0,2}[= ]\s{0,2}[\"']?)([\w+/=.-]{8,4000})"
)
_KEY_DATA = re.compile(
    r"(?:key-data|tls\.key|\.dockerconfigjson|\.dockercfg|ssh-privatekey)[\"']?:\s{0,3}[|>]?-?\s{0,12}[\"']?([\w+/=-]{16,20000})"
)
_KEY_NAMES = ("key-data", "tls.key", ".dockerc", "ssh-privatekey")
_SECRET_DATA = re.compile(r"kind[\"']?:\s{0,3}[\"']?(?:Sealed)?Secret\b", re.IGNORECASE)
_DATA = re.compile(
    r"(?:^|\n|\\n|[{,])(?P<in>[ \t]*)[\"']?(?:data|stringData)[\"']?:\s*(?P<brace>\{)?"
)
_DATUM = re.compile(
    r"[\"']?[\w.-]{1,100}[\"']?:\s{0,3}(?:[|>]-?\s{0,40})?[\"']?([A-Za-z0-9+/]{8,20000}={0,2})(?![\w+/=:.-])"
)
_STATEMENT = re.compile(
    r"(?:identified\s{1,3}by\s{1,3}(?:password\s{1,3})?|ConvertTo-SecureString\s{1,3}(?:-String\s{1,3})?)"
    r"['\"]([^'\"\n]{3,200})['\"]|\bnet\s{1,3}user\s{1,3}[\w.$-]{1,40}\s{1,3}([^\s/*'\"]{4,100})",
    re.IGNORECASE,
)
_MNEMONIC = re.compile(
    r"(?:mnemonic|(?:seed|recovery|backup)[ _-]?phrase)[\w\"'`]{0,20}\s{0,3}(?:[:=]|is)\s{0,3}[\"'`]?((?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})",
    re.IGNORECASE,
)
_JWK = re.compile(r"\"(?:d|p|q|dp|dq|qi|k)\"\s{0,3}:\s{0,3}\"([\w-]{40,2000})\"")
_HOST = re.compile(r"[\w-]{0,80}[.:]|localhost|[\w-]{1,80}/\w{1,60}(?:$|[\s\"'?])")
_URL_CREDENTIALS = re.compile(
    r"://(?:[^\s/?#@:\"'<>\\`\[]{0,200}:([^\s/@\"'<>\\`]{3,300})|([A-Za-z0-9_\-.]{20,300}))@"
)


def placed_secrets(text: str, lowered: str, gates: set[str]) -> list[Span]:
    """What commands, headers, URLs and known files tell to be secret.

    `lowered` is the text in lower case, `gates` are the words that it holds.
    """
    spans: list[Span] = []
    flags = [match.start() - 1 for match in _FLAG.finditer(lowered)] if "-" in lowered else []
    if "auth" in gates or "pass" in gates or "bearer" in gates:
        spans += _authorizations(text, lowered)
    if "cookie" in gates or (flags and " -b" in lowered):
        places = sorted(_places(lowered, "cookie", "-b ", "-b="))
        spans += _cookies(text, places)
    if "://" in gates:
        spans += _urls(text)
    if "login " in gates:
        spans += _groups(_NETRC, text, "password", _places(lowered, "machine ", "default"))
    if ("key" in gates or "secret" in gates or ".dockerc" in lowered) and "data" in lowered:
        if any(name in lowered for name in _KEY_NAMES):
            spans += _groups(_KEY_DATA, text, "private-key", _places(lowered, *_KEY_NAMES))
        for place in _places(lowered, "kind"):
            if kind := _SECRET_DATA.match(text, place):
                spans += _kubernetes(text, kind)
                break
    if "mnemonic" in gates or "phrase" in gates:
        places = _places(lowered, "mnemonic", "seed", "recovery", "backup")
        spans += _groups(_MNEMONIC, text, "seed-phrase", places)
    if '"kty"' in gates:
        spans += _groups(_JWK, text, "private-key", _places(text, '"'))
    if not gates.isdisjoint(("identified by", "net user ", "securestr")):
        places = _places(lowered, "identified", "convertto-", "net user")
        spans += _groups(_STATEMENT, text, "password", places)
    if "|" in text and ("echo" in lowered or "printf" in lowered):
        spans += _groups(_PIPED, text, "password", _places(lowered, "echo", "printf"))
    words = [place for gate, word in _WORDS if gate in gates for place in _places(lowered, word)]
    if flags or words:
        spans += _arguments(text, sorted(flags + words))
    return spans


def _groups(pattern: re.Pattern[str], text: str, kind: str, places: Iterable[int]) -> list[Span]:
    """What is secret of the matches that begin at these places, unless it is a stand-in."""
    spans = []
    for place in places:
        match = pattern.match(text, place)
        if match is None:
            continue
        value = match[match.lastindex or 0]
        if not is_stand_in(value) and not is_code(value):
            spans.append((*match.span(match.lastindex or 0), kind))
    return spans


def _arguments(text: str, places: list[int]) -> list[Span]:
    """Secrets among the arguments of commands; `places` is where one may begin, in order."""
    spans: list[Span] = []
    programs: list[re.Match[str]] = []
    looked = 0
    for place in places:
        begin = max(text.rfind("\n", max(0, place - _MOST_BEFORE), place) + 1, place - _MOST_BEFORE)
        for _ in range(_MOST_LINES):  # of one command, each but the last ending with a backslash
            if begin < 2 or text[begin - 2] != "\\":
                break
            begin = text.rfind("\n", 0, begin - 1) + 1
        end = min(len(text), place + 8)
        programs += _PROGRAM.finditer(text, max(begin, looked, place - _MOST_BEFORE, 0), end)
        looked = max(looked, place)
    unique = {program.start(): program for program in programs}
    starts = sorted(unique)
    for n, start in enumerate(starts):
        program = unique[start]
        # Its arguments may be another command's (`docker exec db mysql -p…`), a few deep.
        limit = min(len(text), program.end() + _MOST_AFTER, *starts[n + 4 : n + 5])
        end_of_command = _END_OF_COMMAND.search(text, program.end(), limit)
        stop = end_of_command.start() if end_of_command else limit
        spans += _of_command(text, _COMMANDS[program[0].removesuffix(".exe")], program.end(), stop)
    return spans


def _places(text: str, *literals: str) -> list[int]:
    found = []
    for literal in literals:
        position = text.find(literal)
        while position >= 0:
            found.append(position)
            position = text.find(literal, position + len(literal))
    return found


def _of_command(text: str, command: Command, start: int, stop: int) -> list[Span]:
    if command.needs and not any(text.find(need, start, stop) >= 0 for need in command.needs):
        return []
    spans: list[Span] = []
    for match in command.arguments.finditer(text, start, stop):
        group = match.lastindex or 0
        value = match[group]
        if len(value) > 2 and not is_stand_in(value) and not value.startswith(("-", "$", "/dev")):
            spans.append((*match.span(group), "password"))
    return spans


def _authorizations(text: str, lowered: str) -> list[Span]:
    spans: list[Span] = []
    if '"auth' in lowered or "_auth" in lowered or "_password" in lowered:
        places = _places(lowered, '"auth', '\\"auth', "_auth", "_password")
        spans += _groups(_AUTH_VALUE, text, "authorization", places)
    for place in _places(lowered, "authorization"):
        match = _AUTHORIZATION.match(text, place)
        if match is None or is_stand_in(match[1]) or is_code(match[1]):
            continue
        if has_digit(match[1]) or len(match[1]) > 20:
            spans.append((*match.span(1), "authorization"))
    for place in _places(lowered, "bearer"):
        match = _BEARER.match(text, place)
        if match and has_digit(match[1]) and not is_stand_in(match[1]):
            spans.append((*match.span(1), "authorization"))
    return spans


def _cookies(text: str, places: list[int]) -> list[Span]:
    spans: list[Span] = []
    position = 0
    for place in places:
        header = _COOKIE.match(text, place) if place >= position else None
        if header is None:
            continue
        position = header.end()
        while crumb := _CRUMB.match(text, position):
            name, value = crumb.groups()
            wanted = len(value) >= 8 if _SESSION.search(name) else len(value) >= 20
            if wanted and is_mixed(value) and not is_stand_in(value):
                spans.append((*crumb.span(2), "cookie"))
            position = crumb.end()
            while text.startswith((";", " "), position):
                position += 1
    return spans


def _urls(text: str) -> list[Span]:
    spans: list[Span] = []
    position = text.find("://")
    while position >= 0:
        if match := _URL_CREDENTIALS.match(text, position):
            secret = match[match.lastindex or 0]
            if not is_stand_in(secret) and _is_of_url(text, position, match, secret):
                spans.append((*match.span(match.lastindex or 0), "url-password"))
        position = text.find("://", position + 3)
    return spans


def _is_of_url(text: str, position: int, match: re.Match[str], secret: str) -> bool:
    if match.lastindex == 2:  # a token in the place of a user
        return has_digit(secret) and not text.endswith(("ssh", "sftp"), 0, position)
    return has_digit(secret) or not secret.isalpha() or _HOST.match(text, match.end()) is not None


def _kubernetes(text: str, kind: re.Match[str]) -> list[Span]:
    """The data of a Secret, which stand before or after its kind."""
    spans: list[Span] = []
    for data in _DATA.finditer(text, max(0, kind.start() - 4000), kind.end() + 8000):
        position = data.end()
        while True:
            while position < len(text) and text[position] in " \t\n\r,\\":
                position += 2 if text.startswith("\\n", position) else 1
            datum = _DATUM.match(text, position)
            if datum is None:
                break
            if not is_stand_in(datum[1]):
                spans.append((*datum.span(1), "secret"))
            position = datum.end() + (text[datum.end() : datum.end() + 1] in ('"', "'"))
    return spans
