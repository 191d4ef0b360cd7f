"""Which rules a text needs: the words that rules begin at, found in few passes over it.

Most texts hold almost none. A pass for each word would cost more than all that follows it; a
pattern that begins with one letter, and not with one of several, is as fast as looking for a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiana.pattern import Pattern

# By a letter that stands once in each of them and is not too frequent.
_BY_LETTER = {
    "p": ("pass", "pw", "psk", "phrase", "/p:", "private-lines:", "proxy", "pdo(", "phpsessid"),
    "k": (
        ".dockerc",
        "key",
        "kennwort",
        "token",
        "cookie",
        "hooks",
        "hook/",
        "hook.",
        '"kty"',
        ".make.com/",
        "maker.ifttt.com",
    ),
    "c": (
        "connect.sid",
        "cred",
        "secret",
        "mnemonic",
        "securestr",
        "sharedaccesskey=",
        "x-amz-security-token=",
    ),
    "u": ("auth", "net user ", "accountkey="),
    "b": ("bearer", "begin", "identified by"),
    "g": ("login", "sig=", "signature=", "_gitlab_session="),
    ":": ("://",),
    "5": (":5432:",),
    "1": ("1//0", ".atlasv1."),
    "j": ("jsessionid", "jdbc:oracle:"),
    "q": ("mysqli", "rabbitmqctl", "sqlplus "),
    "v": ("laravel_session",),
    "\t": ("\ttrue\t", "\tfalse\t"),
    "~": ("~",),
}
WORDS_OF_RULES = tuple(word for words in _BY_LETTER.values() for word in words)
"""All of them."""


def _pattern(letter: str, words: Iterable[str]) -> Pattern:
    """Finds what is left of the words from the letter on."""
    forms = []
    for word in words:
        before, after = word.split(letter, 1)
        # What follows is compared first: to look back takes longer.
        forms.append(re.escape(after) + (f"(?<={re.escape(word)})" if before else ""))
    return Pattern(f"{letter}(?:{'|'.join(forms)})")


_PATTERNS = [(letter, _pattern(letter, words)) for letter, words in _BY_LETTER.items()]
_FULL = {
    letter + word.split(letter, 1)[1]: word
    for letter, words in _BY_LETTER.items()
    for word in words
}


def gates_of(plain: str) -> set[str]:
    """The words of the rules that stand in a text, which is given in lower case."""
    found: set[str] = set()
    for letter, pattern in _PATTERNS:
        if letter in plain:
            found.update(pattern.findall(plain))
    return {_FULL[rest] for rest in found}
