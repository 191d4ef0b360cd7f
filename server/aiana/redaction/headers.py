"""Secrets that headers, cookies, addresses and calls that log in carry."""

from __future__ import annotations

import base64
import re
from collections.abc import Set

from aiana.pattern import Pattern
from aiana.redaction.spans import Span
from aiana.redaction.values import (
    has_digit,
    is_code,
    is_mixed,
    is_reference,
    is_scrambled,
    is_stand_in,
    is_token,
)

_AUTHORIZATION = Pattern(
    r"authorization[\"'\\*`]{0,4}(?:\s{0,3}[:=,]\s{0,3}(?:[\"'\\]{0,3}(?:value|val)[\"'\\]{0,3}\s{0,2}[:=]\s{0,3})?|\s{1,3}(?=[\"'](?:basic|bearer|token)\s))[\"'\\`]{0,4}(?P<scheme>(?:basic|token|bearer|apikey|api-key|key|"
    r"negotiate|ntlm|bot|ssws|splunk|genie-?key|dpop|snyk|flyv1|hmac|secret|jwt)\s{1,3})?(?:token[=:]\s?)?[\"'\\]{0,3}"
    r"(?P<value>[\w.~+/=:|-]{4,4000})(?P<after>[\"'\\`,;]|\s|\Z)?",
    re.IGNORECASE,
)
# Schemes whose parameters follow: what proves that somebody knows the secret goes.
_PARAMETERS = Pattern(
    r"authorization[\"'\\]{0,4}\s{0,3}[:=,]\s{0,3}[\"'\\`]{0,4}(?:digest|aws4-hmac-sha256|oauth|signature|hawk|mac)\s{1,3}",
    re.IGNORECASE,
)
_PROOF = Pattern(
    r"\b(?:response|signature|mac|oauth_signature)=\\?[\"']?([\w+/=%-]{16,400})", re.IGNORECASE
)
_MOST_OF_PARAMETERS = 1500
_BEARER = Pattern(r"bearer[\"']?\s{1,3}([\w.~+/=|-]{16,4000})", re.IGNORECASE)
_AUTH_VALUE = Pattern(
    r"(?:\"auth\"\s{0,3}:\s{0,3}\"|\\\"auth\\\"\s{0,3}:\s{0,3}\\\"|\b_auth\s{0,2}=\s{0,2}[\"']?|(?<![A-Za-z0-9])_password[= ]|_authToken\s{0,2}[= ]\s{0,2}[\"']?)([\w+/=.-]{8,4000})"
)
# How files of tools call it, and the gate that each stands behind.
_AUTH_NAMES = {'"auth': "auth", '\\"auth': "auth", "_auth": "auth", "_password": "pass"}
_LITERAL = r"\\?[\"'](?P<value>[^\s\"'\\]{3,200})\\?[\"']"
_PAIR_OF_LITERALS = Pattern(
    r"(?:auth\w{0,20}\s{0,2}(?:[=:]\s{0,2}[(\[]|\()|creds?(?:entials)?\s{0,2}[=:]\s{0,2}[(\[]|login\w{0,10}\(|(?:(?<=\bnetwork)|(?<=\bps)|(?<=plain))credentials?(?:\]::new)?\(|auth\(\)(?:\.preemptive\(\))?\.basic\(|(?<=password)credentials?\()\s{0,3}(?:\w{1,20}\s{0,2}=\s{0,2})?"
    rf"\\?[\"'][^\"'\n]{{1,100}}[\"'],\s{{0,3}}(?:\w{{1,20}}\s{{0,2}}=\s{{0,2}}|Some\()?{_LITERAL}",
    re.IGNORECASE,
)
_CONNECT = Pattern(
    rf"(?:mysqli?_connect|mysqli|PDO)\(\s{{0,3}}(?:[\"'][^\"'\n]{{1,200}}[\"']|\$\w{{1,40}}),\s{{0,3}}[\"'][^\"'\n]{{1,100}}[\"'],\s{{0,3}}{_LITERAL}"
)

_COOKIE = Pattern(
    r"cookies?[\"'\\]{0,4}\s{0,3}[:=,]\s{0,3}[\"'\\]{0,4}(?=[\w.%-]{1,80}=)|(?:-b|cookie)[\s=]{1,3}[\"']?(?=[\w.%-]{1,80}=)",
    re.IGNORECASE,
)
_COOKIES_OF_CODE = Pattern(
    r"cookies?[\"'\\]{0,4}\s{0,3}[:=(]\s{0,3}(?:dict\()?[{(]\s{0,3}", re.IGNORECASE
)
_CRUMB = Pattern(r"([\w.%-]{1,80})=([^\s;\"'\\,<>]{1,4000})")
_CRUMB_OF_CODE = Pattern(
    r"\\?[\"']?([\w.%-]{1,80})\\?[\"']?\s{0,2}[:=]\s{0,2}\\?[\"']([^\s;\"'\\,<>]{1,4000})\\?[\"'],?\s{0,3}"
)
_LOOSE_CRUMB = Pattern(
    r"(?<![\w.])(PHPSESSID|JSESSIONID|connect\.sid|laravel_session)=([^\s;\"'\\,<>&]{8,4000})",
    re.IGNORECASE,
)
LOOSE_COOKIES = (
    "phpsessid",
    "jsessionid",
    "connect.sid",
    "laravel_session",
    "\ttrue\t/",
    "\tfalse\t/",
)
"""One of these stands in every text that holds a cookie which no header tells."""
_COOKIE_FILE = Pattern(
    r"\t(?:TRUE|FALSE)\t/[^\t\n]{0,100}\t(?:TRUE|FALSE)\t\d{1,12}\t([^\t\n]{1,80})\t([^\t\n\"'\\]{4,4000})"
)
_SESSION = Pattern(
    r"sess|sid\b|auth|token|jwt|csrf|xsrf|remember|login|secret|credential|_id\Z", re.IGNORECASE
)

_URL_CREDENTIALS = Pattern(
    r"://(?:(?P<user>[^\s/?#@:\"'<>\\`\[\]{}()]{0,200}):(?P<password>[^\s/\"'<>\\`]{2,300})|(?P<token>[A-Za-z0-9_\-.]{8,300}))@"
    r"(?=[\w\[.$%{*/-]|[^\x00-\x7f])"
)
# Schemes of forges and packages, behind which no host stands but an owner and a name.
_OF_PACKAGES = Pattern(
    r"(?<![a-z+.-])(?:github|gitlab|bitbucket|gitea|codeberg|sourcehut|gist|npm|jsr|pypi|cargo|crate|gem|pkg|"
    r"nuget|conda|composer|maven|hex|nix|flake|docker|oci|image|helm|vscode|repo|hf|huggingface)\Z",
    re.IGNORECASE,
)
_DOMAIN = Pattern(r"(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,}(?![\w.])|[\w.-]{1,200}:\d")
# What stands for a host: a commit, or a version.
_REVISION = Pattern(
    r"(?:[0-9a-f]{40}|[0-9a-f]{64}|v?\d+\.\d+(?:\.\d+)?(?:[-+][\w.-]+)?)(?![\w.:/-])"
)
_PROXY = Pattern(
    r"proxy[\"'\\]{0,2}\s{0,2}[=:]\s{0,2}[\"'\\]{0,2}(?P<user>[\w.%-]{1,60}):(?P<password>[^\s/@\"'<>\\`:]{2,200})@[\w.-]{1,100}:\d",
    re.IGNORECASE,
)
_ORACLE = Pattern(r"jdbc:oracle:\w{1,10}:[\w$#]{1,60}/([^\s@/\"']{2,100})@")


def authorizations(text: str, lowered: str, gates: Set[str]) -> list[Span]:
    """What headers, files of tools and calls with a user's name give to prove who somebody is."""
    spans: list[Span] = []
    named = [word for word, gate in _AUTH_NAMES.items() if gate in gates and word in lowered]
    for place in places(lowered, *named):
        spans += _value(_AUTH_VALUE.match(text, place), "authorization")
    for place in places(lowered, "authorization") if "auth" in gates else ():
        if _PARAMETERS.match(text, place):
            stop = text.find("\n", place, place + _MOST_OF_PARAMETERS)
            for proof in _PROOF.finditer(
                text, place, stop if stop > 0 else place + _MOST_OF_PARAMETERS
            ):
                spans.append((*proof.span(1), "authorization"))
        elif (match := _AUTHORIZATION.match(text, place)) and _authorizes(match):
            spans.append((*match.span("value"), "authorization"))
    for place in places(lowered, "bearer") if "bearer" in gates else ():
        match = _BEARER.match(text, place)
        if match and (has_digit(match[1]) or is_scrambled(match[1])) and not is_stand_in(match[1]):
            spans.append((*match.span(1), "authorization"))
    for word, gate in (("auth", "auth"), ("cred", "cred")):
        for place in places(lowered, word) if gate in gates else ():
            spans += _literal(_PAIR_OF_LITERALS.match(text, place))
    return spans


def logins(text: str, lowered: str) -> list[Span]:
    """`login("bob", "…")`, `mysqli_connect("host", "bob", "…")`."""
    spans: list[Span] = []
    for place in places(lowered, "login"):
        spans += _literal(_PAIR_OF_LITERALS.match(text, place))
    for place in places(lowered, "mysql", "pdo("):
        spans += _literal(_CONNECT.match(text, place))
    return spans


def cookies(text: str, lowered: str) -> list[Span]:
    """The values of cookies that tell who somebody is, or that are long enough for it."""
    spans: list[Span] = []
    position = 0
    for place in sorted(places(lowered, "cookie", "-b ", "-b=")):
        header = _COOKIE.match(text, place) if place >= position else None
        form = _CRUMB
        if header is None and place >= position:
            header, form = _COOKIES_OF_CODE.match(text, place), _CRUMB_OF_CODE
        if header is None:
            continue
        position = header.end()
        while crumb := form.match(text, position):
            spans += _crumb(crumb)
            position = crumb.end()
            while text.startswith((";", " "), position):
                position += 1
    return spans


def loose_cookies(text: str) -> list[Span]:
    """Cookies that only their own name tells, and those in the files of browsers and of curl."""
    found = [*_LOOSE_CRUMB.finditer(text), *_COOKIE_FILE.finditer(text)]
    return [span for crumb in found for span in _crumb(crumb)]


def urls(text: str, lowered: str) -> list[Span]:
    """The passwords of addresses of any scheme."""
    spans: list[Span] = []
    for place in places(text, "://"):
        if match := _URL_CREDENTIALS.match(text, place):
            if match["token"] is not None:  # in the place of a user
                value = match["token"]
                found = has_digit(value) if len(value) >= 20 else is_token(value)
                found = found and not text.endswith(("ssh", "sftp"), 0, place)
                span = match.span("token")
            else:
                value = match["password"]
                found = value != match["user"] and not is_reference(value)
                span = match.span("password")
            if (
                found
                and not is_stand_in(value, weak=False)
                and not _is_shorthand(text, place, match)
            ):
                spans.append((*span, "url-password"))
    for place in places(lowered, "proxy") if "@" in text else ():
        proxy = _PROXY.match(text, place)
        if proxy and not is_stand_in(proxy["password"], weak=False):
            spans.append((*proxy.span("password"), "url-password"))
    return spans


def _is_shorthand(text: str, place: int, match: re.Match[str]) -> bool:
    """Whether the address names a package or a revision of a repository, and no host."""
    if _OF_PACKAGES.search(text, max(0, place - 20), place):
        return _DOMAIN.match(text, match.end()) is None
    return _REVISION.match(text, match.end()) is not None


def oracle_urls(text: str, lowered: str) -> list[Span]:
    spans: list[Span] = []
    for place in places(lowered, "jdbc:oracle:"):
        spans += _value(_ORACLE.match(text, place), "url-password")
    return spans


def places(text: str, *literals: str) -> list[int]:
    """Where the literals stand in a text."""
    found = []
    for literal in literals:
        position = text.find(literal)
        while position >= 0:
            found.append(position)
            position = text.find(literal, position + len(literal))
    return found


def _authorizes(match: re.Match[str]) -> bool:
    value = match["value"]
    if is_stand_in(value) or is_code(value) or is_reference(value) or "://" in value:
        return False
    scheme = (match["scheme"] or "").strip().lower()
    if scheme == "basic":
        return has_digit(value) or len(value) > 20 or _is_pair(value)
    if len(value) >= 8 and (has_digit(value) or len(value) > 20):
        return True
    # A word after a scheme is the token where the header ends with it.
    ends = match["after"] in ('"', "'", "\\", "`", "\n", "\r", "") and scheme
    return bool(ends) and len(value) >= 4 and (has_digit(value) or not value.isupper())


def _is_pair(value: str) -> bool:
    """Whether it is a user's name and a password in base64."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return False


def _value(match: re.Match[str] | None, kind: str) -> list[Span]:
    if match is None or is_stand_in(match[1]) or is_code(match[1]):
        return []
    return [(*match.span(1), kind)]


def _literal(match: re.Match[str] | None) -> list[Span]:
    if match is None:
        return []
    value = match["value"]
    if is_stand_in(value, weak=False) or is_code(value) or is_reference(value):
        return []
    return [(*match.span("value"), "password")]


def is_cookie(name: str, value: str) -> bool:
    """Whether a cookie of this name tells who somebody is, or is long enough for it."""
    if is_stand_in(value) or is_code(value):
        return False
    if _SESSION.search(name):
        return len(value) >= 6 and (value.isalnum() or is_mixed(value) or len(value) >= 20)
    return len(value) >= 20 and is_mixed(value)


def _crumb(crumb: re.Match[str]) -> list[Span]:
    return [(*crumb.span(2), "cookie")] if is_cookie(*crumb.groups()) else []
