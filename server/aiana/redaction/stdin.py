"""Secrets that are given to a command's standard input: by a pipe, a here-string, a here-document."""

from __future__ import annotations

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.spans import Span
from aiana.redaction.values import is_code, is_stand_in

_TAKES = (
    r"(?:(?:sudo\s{1,3}(?:-\w{1,2}\s{1,3}){0,3}(?:-S|--stdin)\b|(?:sudo\s{1,3}|env\s{1,3}\w+=\S*\s{1,3})?(?:chpasswd|smbpasswd|vncpasswd|passwd|kinit|openconnect|ssh-add|realm|adcli|su)\b|"
    r"(?:sudo\s{1,3})?cryptsetup\b|(?:docker|podman|nerdctl|buildah|oras|crane|helm\s{1,3}registry|gh\s{1,3}auth|vault|lpass|skopeo|argocd|cosign)\s{1,3}login|"
    r"(?:gh|(?:npx\s{1,3})?wrangler(?:\s{1,3}pages)?)\s{1,3}secret\s{1,3}(?:set|put)|vercel\s{1,3}env\s{1,3}add|gcloud\s{1,3}secrets\s{1,3}(?:create|versions)|"
    r"(?:docker|podman)\s{1,3}secret\s{1,3}create|pass\s{1,3}insert|keepassxc-cli|secret-tool\s{1,3}store|fly(?:ctl)?\s{1,3}secrets|"
    r"gpg2?\b[^\n|]{0,120}--passphrase-fd|hdiutil\b[^\n|]{0,120}-stdinpass|openssl\b[^\n|]{0,160}\bstdin\b|ansible-vault\s{1,3}encrypt_string))"
)
_WORD = r"(?:\"([^\"\n]{3,200})\"|'([^'\n]{3,200})'|([^\s|'\"<>();&]{3,200}))"
_PIPED = Pattern(
    rf"\b(?:echo|printf)\s{{1,3}}(?:-\w{{1,2}}\s{{1,3}}){{0,2}}(?:['\"]?(?:%s(?:\\n)?){{1,3}}['\"]?\s{{1,3}})?{_WORD}(?:\s{{1,3}}[^\s|;]{{3,200}})?"
    rf"(?:\s{{0,3}};\s{{0,3}}(?:echo|printf)\s{{1,3}}[^\n;|)]{{1,200}}){{0,2}}\s{{0,3}}\)?\s{{0,3}}\|\s{{0,3}}\(?{_TAKES}"
)
_HERE_STRING = Pattern(rf"{_TAKES}[^\n|;&<]{{0,160}}<<<\s{{0,3}}{_WORD}")
_ACCOUNT = Pattern(
    r"[ \t\"'-]{0,20}[\w.$-]{1,40}:(?P<value>[^\s:\"'$][^\s:\"']{2,200})[\"']?[ \t]*(?=\n|\Z)"
)
_MOST_LINES, _MOST_OF_LINE = 20, 400


def piped(text: str, lowered: str) -> list[Span]:
    """What `echo … | sudo -S` and its like pass on."""
    spans: list[Span] = []
    for place in places(lowered, "echo", "printf"):
        if match := _PIPED.match(text, place):
            spans += _value(*match.span(match.lastindex or 0), text)
    return spans


def here_strings(text: str) -> list[Span]:
    """What `docker login … <<< …` and its like read."""
    spans: list[Span] = []
    for place in places(text, "<<<"):
        if "<" in (text[place - 1 : place], text[place + 3 : place + 4]):
            continue  # the mark of a conflict
        line = text.rfind("\n", max(0, place - _MOST_OF_LINE), place) + 1
        if match := _HERE_STRING.search(text, line, place + _MOST_OF_LINE):
            spans += _value(*match.span(match.lastindex or 0), text)
    return spans


def of_accounts(text: str, lowered: str) -> list[Span]:
    """The lines that `chpasswd` reads, each a user and a password."""
    spans: list[Span] = []
    for place in places(lowered, "chpasswd"):
        position = text.find("\n", place, place + _MOST_OF_LINE) + 1
        for _ in range(_MOST_LINES if position else 0):
            end = text.find("\n", position, position + _MOST_OF_LINE)
            end = end if end >= 0 else min(len(text), position + _MOST_OF_LINE)
            if match := _ACCOUNT.match(text, position, end):
                spans += _value(*match.span("value"), text)
            elif not text[position:end].strip():
                break
            position = end + 1
    return spans


def _value(start: int, end: int, text: str) -> list[Span]:
    value = text[start:end]
    if is_stand_in(value, weak=False) or is_code(value):
        return []
    return [(start, end, "password")]
