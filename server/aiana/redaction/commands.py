"""Secrets that are arguments of commands: `sshpass -p …`, `curl -u user:…`."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_stand_in

_LITERAL = r"(?:[^'\n]|'(?:\\'|\"'\")'){1,300}"
_WORD = rf"(?:'({_LITERAL})'|\\?\"([^\"\n]{{1,300}}?)\\?\"|([^\s'\"`|;&<>\\]{{2,300}}))"
_USER = rf"(?:'[^':\n]{{0,80}}:({_LITERAL})'|\\?\"[^\":\n]{{0,80}}:([^\"\n]{{1,200}}?)\\?\"|[^\s:'\"`]{{1,80}}:([^\s'\"`|;&<>\\]{{2,200}}))"


class Command(NamedTuple):
    """A program, and the arguments of it that are secret."""

    arguments: Pattern
    needs: tuple[str, ...] = ()
    """One of these words must stand among the arguments."""


def _argument(*flags: str, value: str = _WORD) -> Pattern:
    """Flags that end with a blank are followed by it, others by their value at once."""
    forms = "|".join(
        re.escape(f.rstrip()) + (r"(?:\s{1,3}|=)" if f.endswith(" ") else "=?") for f in flags
    )
    return Pattern(rf"(?<=[\s'\"])(?:{forms}){value}")


_PLAIN = r"['\"]?([^\s'\"-][^\s'\"]{2,200})"
_OPTION_P = Command(_argument("-p ", "-P "))
_SECRETS_SET = Command(
    Pattern(
        rf"secrets?\s{{1,3}}set\s{{1,3}}(?:-\S{{1,40}}\s{{1,3}}){{0,3}}[\w.-]{{1,80}}(?:=|\s{{1,3}}){_PLAIN}"
    )
)
_LOGIN_PASSWORD = Command(_argument("-p ", "--password "), ("login",))
_MYSQL = Command(_argument("-p", "--password="))
_COMMANDS: dict[str, Command] = {
    "sshpass": Command(_argument("-p ", "-p")),
    "curl": Command(_argument("-u ", "-u", "--user ", "-U ", "--proxy-user ", value=_USER)),
    "http": Command(_argument("-a ", "--auth ", value=_USER)),
    "https": Command(_argument("-a ", "--auth ", value=_USER)),
    "xh": Command(_argument("-a ", "--auth ", value=_USER)),
    "lftp": Command(Pattern(r"(?<=[\s])-u\s{1,3}[^\s,]{1,60},([^\s'\"]{2,200})")),
    "wget": Command(_argument("--password ", "--http-password ", "--ftp-password ")),
    "mysql": _MYSQL, "mysqldump": _MYSQL, "mysqladmin": _MYSQL, "mysqlimport": _MYSQL, "mariadb": _MYSQL,
    "mariadb-dump": _MYSQL, "mycli": _MYSQL, "mysqlsh": _MYSQL, "mysqlcheck": _MYSQL,
    "redis-cli": Command(_argument("-a ", "--pass ")),
    "valkey-cli": Command(_argument("-a ", "--pass ")),
    "docker": _LOGIN_PASSWORD, "podman": _LOGIN_PASSWORD, "nerdctl": _LOGIN_PASSWORD,
    "buildah": _LOGIN_PASSWORD, "skopeo": _LOGIN_PASSWORD, "oras": _LOGIN_PASSWORD,
    "helm": _LOGIN_PASSWORD, "crane": _LOGIN_PASSWORD, "oc": Command(Pattern(rf"(?<=\s)-(?:-password|p)(?:\s{{1,3}}|=){_PLAIN}|--from-literal(?:\s{{1,3}}|=)['\"]?[\w.-]{{1,80}}={_PLAIN}"), ("login", "secret")),
    "kubectl": Command(Pattern(rf"--from-literal(?:\s{{1,3}}|=)['\"]?[\w.-]{{1,80}}={_PLAIN}"), ("secret",)),
    "az": Command(_argument("-p ", "--password ", "--value "), ("login", "keyvault", " sql ", " mysql ", " postgres ")),
    "aws": Command(_argument("--secret-string ", "--value "), ("secretsmanager", "SecureString")),
    "gh": Command(_argument("--body ", "-b ", "-b"), ("secret",)),
    "fly": _SECRETS_SET, "flyctl": _SECRETS_SET, "doppler": _SECRETS_SET, "infisical": _SECRETS_SET,
    "dotnet": Command(Pattern(rf"user-secrets\s{{1,3}}set\s{{1,3}}['\"]?[\w:.-]{{1,100}}['\"]?\s{{1,3}}{_PLAIN}|(?<=\s)(?:-p|--password)\s{{1,3}}{_PLAIN}"), ("user-secrets", " nuget ")),
    "pulumi": Command(Pattern(rf"config\s{{1,3}}set\s{{1,3}}(?:--secret\s{{1,3}}[\w:.-]{{1,80}}\s{{1,3}}{_PLAIN}|[\w:.-]{{1,80}}\s{{1,3}}{_PLAIN}['\"]?\s{{1,3}}--secret)")),
    "ssh-keygen": Command(_argument("-N ", "-P ")),
    "isql": _OPTION_P, "tsql": _OPTION_P, "snowsql": _OPTION_P, "psexec": _OPTION_P, "psexec64": _OPTION_P, "nxc": _OPTION_P,
    "netexec": _OPTION_P, "crackmapexec": _OPTION_P, "evil-winrm": _OPTION_P, "certutil": _OPTION_P, "rdesktop": _OPTION_P, "ncftpput": _OPTION_P,
    "altool": _OPTION_P, "rabbitmqadmin": _OPTION_P, "steghide": _OPTION_P, "veracrypt": _OPTION_P, "hydra": _OPTION_P,
    "wpa_passphrase": Command(Pattern(rf"(?<=wpa_passphrase)\s{{1,3}}\S{{1,60}}\s{{1,3}}{_PLAIN}")),
    "dscl": Command(Pattern(rf"passwd\s{{1,3}}/Users/\S{{1,60}}\s{{1,3}}{_PLAIN}|(?<=\s)Password\s{{1,3}}{_PLAIN}")),
    "mosquitto_passwd": Command(Pattern(rf"(?<=\s)-\w{{0,4}}b\w{{0,4}}\s{{1,3}}\S{{1,100}}\s{{1,3}}\S{{1,60}}\s{{1,3}}{_PLAIN}")),
    "grafana-cli": Command(Pattern(rf"reset-admin-password\s{{1,3}}{_PLAIN}")),
    "drush": Command(Pattern(rf"(?:upwd|user[:-]password)\s{{1,3}}\S{{1,60}}\s{{1,3}}(?:--password=)?{_PLAIN}")),
    "cf": _LOGIN_PASSWORD, "ibmcloud": _LOGIN_PASSWORD, "argocd": _LOGIN_PASSWORD,
    "vault": Command(Pattern(rf"login\s{{1,3}}(?:-\S{{1,40}}\s{{1,3}}){{0,3}}(?:token=|password=)?([\w.-]{{8,200}})|(?<=\s)(?:value|val|secret|data)={_PLAIN}"), ("login", "kv put")),
    "twine": Command(_argument("-p ", "--password ")),
    "cargo": Command(Pattern(r"login\s{1,3}([\w-]{8,100})"), ("login",)),
    "mongo": Command(_argument("-p ", "--password ")), "mongosh": Command(_argument("-p ", "--password ")),
    "mongodump": Command(_argument("-p ", "--password ")), "mongorestore": Command(_argument("-p ", "--password ")),
    "cqlsh": Command(_argument("-p ", "--password ")),
    "mosquitto_pub": Command(_argument("-P ", "--pw ")), "mosquitto_sub": Command(_argument("-P ", "--pw ")),
    "ldapsearch": Command(_argument("-w ")), "ldapadd": Command(_argument("-w ")),
    "ldapmodify": Command(_argument("-w ")), "ldapwhoami": Command(_argument("-w ")),
    "ldapdelete": Command(_argument("-w ")), "ldapmodrdn": Command(_argument("-w ")), "ldapcompare": Command(_argument("-w ")),
    "dsidm": Command(_argument("-w ")), "kadmin": Command(_argument("-w ")),
    "ldappasswd": Command(_argument("-w ", "-s ")),
    "smbclient": Command(Pattern(r"(?<=\s)-U\s?['\"]?[^\s%'\"]{1,80}%([^\s'\"]{2,200})")),
    "rpcclient": Command(Pattern(r"(?<=\s)-U\s?['\"]?[^\s%'\"]{1,80}%([^\s'\"]{2,200})")),
    "sqlcmd": Command(_argument("-P ", "-P")), "bcp": Command(_argument("-P ", "-P")),
    "sqlplus": Command(Pattern(r"(?<=[\s'\"])[\w$#]{1,60}/([^\s@/'\"]{3,100})@")),
    "plink": Command(_argument("-pw ")), "pscp": Command(_argument("-pw ")),
    "psftp": Command(_argument("-pw ")), "putty": Command(_argument("-pw ")),
    "xfreerdp": Command(Pattern(r"(?<=\s)/p:'?([^\s']{2,200})")),
    "cmdkey": Command(Pattern(r"(?<=\s)/pass:'?([^\s']{2,200})")),
    "zip": Command(_argument("-P ", "--password ")), "unzip": Command(_argument("-P ", "-P")),
    "7z": Command(_argument("-p")), "7za": Command(_argument("-p")), "unrar": Command(_argument("-p")),
    "rar": Command(_argument("-p", "-hp")),
    "openssl": Command(Pattern(rf"(?:pass:|(?<=\s)-k\s{{1,3}}|(?<=\s)passwd\s{{1,3}}(?:-\w{{1,12}}\s{{1,3}}){{0,3}}){_PLAIN}")),
    "keytool": Command(_argument("-storepass ", "-keypass ", "-srcstorepass ", "-deststorepass ")),
    "jarsigner": Command(_argument("-storepass ", "-keypass ")),
    "htpasswd": Command(Pattern(rf"(?<=\s)-(?=\w{{0,4}}b)(?:(?=\w{{0,4}}n)\w{{1,6}}|\w{{1,6}}\s{{1,3}}\S{{1,100}})\s{{1,3}}\S{{1,60}}\s{{1,3}}{_PLAIN}")),
    "ipmitool": Command(_argument("-P ")), "snmpwalk": Command(_argument("-A ", "-X ")),
    "rabbitmqctl": Command(Pattern(r"(?:add_user|change_password)\s{1,3}\S{1,60}\s{1,3}['\"]?([^\s'\"]{3,200})")),
    "influx": Command(_argument("-password ", "--password ")), "nmcli": Command(_argument("password ")),
    "useradd": Command(_argument("-p ", "--password ")), "usermod": Command(_argument("-p ", "--password ")),
    "security": Command(Pattern(rf"add-(?:generic|internet)-password(?:\s[^\n]{{0,200}}?)?\s-w\s{{1,3}}{_PLAIN}|(?:unlock|create)-keychain(?:\s[^\n]{{0,100}}?)?\s-p\s{{1,3}}{_PLAIN}|import\s[^\n]{{1,200}}?\s-P\s{{1,3}}{_PLAIN}")),
    "doctl": Command(_argument("-t ")), "codecov": Command(_argument("-t ")), "nuget": Command(_argument("-k ", "-Password ")),
    "cscli": Command(_argument("-k ")), "gem": Command(_argument("--key ")), "cypress": Command(_argument("--key ")),
    "supabase": Command(_argument("-p ", "--password ")), "swaks": Command(_argument("-ap ")), "msbuild": Command(_argument("-k ")),
    "uv": Command(_argument("-p ", "--password "), (" publish",)), "poetry": Command(_argument("-p ", "--password "), (" publish",)),
    "gpg": Command(_argument("--passphrase ")),
}  # fmt: skip
# What a secret argument begins with, in lower case: only there is a command looked for.
_FLAG = Pattern(
    r"-(?<= -)(?:p|u|[anwkxst] |ap |auth |id |hp|[nc]?b|-(?:pass|user|auth|basic|key |src-cred|dest-cred|cred|login|proxy-user|(?:http|ftp)-pass|pw|body|value|secret|from-literal)"
    r"|(?:src|dest)?storepass|keypass)"
)
# The same for what takes a secret without a flag, or after one of another form, by their gates.
_WORDS = (
    ("pass", "pass:"), ("pass", "htpasswd"), ("pass", "nmcli"), ("/p:", "/p:"), ("login", "login "),
    ("rabbitmqctl", "rabbitmqctl"), ("sqlplus ", "sqlplus "), ("secret", "secrets set"), ("secret", "user-secrets"),
    ("secret", "secret/"), ("pass", "openssl passwd"), ("pass", "wpa_passphrase"), ("pass", "passwd /users"),
    ("pass", "reset-admin-password"), ("pass", "user:password"), ("pw", "upwd"),
)  # fmt: skip
_USER_AND_PASSWORD = Pattern(
    r"(?i:-u|-l|--?user|--username|--login)(?:\s{1,3}|=)[\"']?(?!\S{1,60}\.(?:py|js|sh|ts)\b)(?P<user>[\w.@\\+-]{1,60})[\"']?"
    r"(?:\s{1,3}--?[\w-]{1,30}(?:[= ][\w./:@-]{1,60})?){0,4}?\s{1,3}(?:-[pPw]|-pw|--pw|-pass(?:word)?)(?:\s{1,3}|=)"
    r"(?P<quote>[\"'])?(?P<value>(?(quote)[^\"'\n]{3,100}|[^\s\"'`|;&<>\\$-][^\s\"'`|;&<>\\]{2,100}))(?(quote)(?P=quote))"
)
_ACCOUNT = Pattern(
    r"(?:-A|-a|-auth|-id|(?P<long>--(?:basic(?:-auth)?|auth(?:-cred)?s?|(?:src-|dest-)?creds?|credentials|login)))(?:\s{1,3}|=)"
    r"[\"']?(?P<user>[\w.@\\+-]{1,60}):(?P<value>[^\s\"'`|;&<>\\$/:][^\s\"'`|;&<>\\]{3,100})"
)
_PERCENT = Pattern(
    r"-U\s?[\"']?(?P<user>[\w.@\\/+-]{1,60})%(?P<value>[^\s\"'`|;&<>\\$%][^\s\"'`|;&<>\\]{3,100})"
)
# Ports, and what programs that use the letter for something else take.
_NO_PASSWORD = Pattern(r"[\d.:]+(?:/\w+)?\Z|\d{1,5}:\d|.*=|[\w.-]+:[\w./-]*\Z")
_OTHER_P = Pattern(r"mysql|mariadb|python|docker|podman|compose|\b(?:cp|rsync|tar|mkdir)\s")
_MOST_BEFORE, _MOST_AFTER, _MOST_LINES = 600, 600, 8
_PROGRAM = Pattern(
    r"(?<![\w.-])(?:"
    + "|".join(map(re.escape, sorted(_COMMANDS, key=len, reverse=True)))
    + r")(?:\.exe)?(?=[\s'\"])"
)
_END_OF_COMMAND = Pattern(r"(?<!\\)\n|\\n|\s\|\s|&&|\|\||;\s")


def flags_in(lowered: str) -> list[int]:
    """Where a flag that may be followed by a secret stands in a text in lower case."""
    return [match.start() - 1 for match in _FLAG.compiled.finditer(lowered)]


def arguments(text: str, lowered: str, flags: list[int], gates: Set[str]) -> list[Span]:
    """The secrets among the arguments of the commands in a text."""
    words = [place for gate, word in _WORDS if gate in gates for place in places(lowered, word)]
    begins = sorted(flags + words)
    return _arguments(text, begins) + _of_users(text, flags) if begins else []


def _arguments(text: str, begins: list[int]) -> list[Span]:
    """`begins` is where a secret argument may begin, in order."""
    spans: list[Span] = []
    windows: list[tuple[int, int]] = []
    looked = 0
    for place in begins:
        end = min(len(text), place + 16)
        if looked and place - looked < _MOST_BEFORE and text.find("\n", looked, place) < 0:
            windows[-1] = (windows[-1][0], end)
            looked = place
            continue
        begin = max(text.rfind("\n", max(0, place - _MOST_BEFORE), place) + 1, place - _MOST_BEFORE)
        for _ in range(_MOST_LINES):  # of one command, each but the last ending with a backslash
            if begin < 2 or text[begin - 2] != "\\":
                break
            begin = text.rfind("\n", 0, begin - 1) + 1
        windows.append((max(begin, looked, place - _MOST_BEFORE, 0), end))
        looked = place
    unique = {
        program.start(): program
        for start, end in windows
        for program in _PROGRAM.finditer(text, start, end)
    }
    starts = sorted(unique)
    for n, start in enumerate(starts):
        program = unique[start]
        # Its arguments may be another command's (`docker exec db mysql -p…`), a few deep.
        limit = min(len(text), program.end() + _MOST_AFTER, *starts[n + 4 : n + 5])
        end_of_command = _END_OF_COMMAND.search(text, program.end(), limit)
        stop = end_of_command.start() if end_of_command else limit
        spans += _of_command(text, _COMMANDS[program[0].removesuffix(".exe")], program.end(), stop)
    return spans


def _of_users(text: str, flags: list[int]) -> list[Span]:
    """The password beside a user's name, whatever the program: `-u bob -p …`, `--basic bob:…`."""
    spans: list[Span] = []
    for place in flags:
        place += 1
        match = (
            _USER_AND_PASSWORD.match(text, place)
            or _ACCOUNT.match(text, place)
            or _PERCENT.match(text, place)
        )
        if match is None or match["user"] == (value := match["value"]):
            continue
        if _NO_PASSWORD.match(value) or is_stand_in(value, weak=False) or is_code(value):
            continue
        told = is_told(value) or match.re is not _ACCOUNT.compiled or match["long"]
        line = text[max(text.rfind("\n", 0, place), place - 100, 0) : place]
        if told and not (_OTHER_P.search(line) and not is_told(value)):
            spans.append((*match.span("value"), "password"))
    return spans


def _of_command(text: str, command: Command, start: int, stop: int) -> list[Span]:
    if command.needs and not any(text.find(need, start, stop) >= 0 for need in command.needs):
        return []
    spans: list[Span] = []
    for match in command.arguments.finditer(text, start, stop):
        group = match.lastindex or 0
        value = _without_end(match[group])
        if (
            len(value) > 2
            and not is_stand_in(value, weak=False)
            and not value.startswith(("-", "$", "/dev"))
            and not value.endswith((".txt", ".lst", ".pem", ".key"))
        ):
            start = match.start(group)
            spans.append((start, start + len(value), "password"))
    return spans


def _without_end(value: str) -> str:
    """`value` without the sign that ends the string, list or element around it."""
    if "</" in value:
        value = value[: value.index("</")]
    return value.rstrip("\\") if "[" in value else value.rstrip("]\\")
