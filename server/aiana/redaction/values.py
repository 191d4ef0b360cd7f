"""What can be a secret's value, and what only stands where one would: names, code, placeholders."""

from __future__ import annotations

import math
import re
from collections import Counter

from aiana.pattern import Pattern

_MASK = Pattern(r"[x*.•●_#?-]+\Z", re.IGNORECASE)
_PLACEHOLDERS = (
    "example", "placeholder", "changeme", "change-me", "change_me", "redacted", "your_", "your-",
    "yourpass", "mypass", "votre", "-here", "_here", "-ici", "dummy", "sample", "insert_",
    "replace", "todo", "...", "…", "***", "xxxx", "${", "{{", "<%", "%s", "%(", "$(",
)  # fmt: skip
_RUNS_OF_KEYS = ("1234567890", "0123456789", "abcdef", "deadbeef")
# What stands after the name of a password in code and prose without being one.
_COMMON = frozenset(
    """
    password passwd passwort kennwort passphrase passcode pass pwd token tokens secrets
    username user login email mail name value values key keys apikey credential credentials auth
    required optional undefined undef null none nil true false yes no
    on off string strings str text bytes char varchar boolean bool number int integer float
    object any unknown never void self this type field hash hashed encrypted encoded plain
    plaintext hidden masked invalid incorrect wrong missing empty blank valid correct expired
    forgotten reset change update confirm confirmation current new old stored set unset
    changed disabled enabled protected prompt ask input env environ environment file stdin here
    there and or not if else for with from to in is are was the a an my your our its return
    returns let const var sshpass basic bearer digest oauth saml ldap kerberos base64 sha1
    sha256 sha512 md5 utf8 utf-8 scram-sha-256 bcrypt argon2 argon2id pbkdf2 scrypt oauth2 http2
    secretstr securestring option options flag flags argument arguments arg args parameter
    buffer symbol deleted include omit auto header query cookie body same-origin requires
    """.split()  # noqa: SIM905
)
# Names and defaults, which are real passwords where somebody takes the trouble to write them down.
_WEAK = frozenset(
    [
        "secret",
        "admin",
        "postgres",
        "mysql",
        "redis",
        "root",
        "default",
        "test",
        "testing",
        "guest",
        "pw",
        "pswd",
    ]
)
_VARIABLE = Pattern(
    r"\$(?:[A-Za-z_]\w*\Z|[({])|\$[A-Za-z]+:|%\w+%\Z|[@:][A-Za-z_]\w*\Z|!(?:vault|secret|env|ENV|Ref|Sub|GetAtt|Join|ImportValue|reference)\Z"
)
_CODE = Pattern(
    r"(?:[/~]|\.{1,2}/)|(?:https?|file|env|process|os|self|this|config|settings|req|request|args|"
    r"secrets?|vars?|local|data|module|inputs|import|new|await|typeof|lambda|func|function)[.:]|"
    r"\d{1,3}(?:\.\d+)?\Z"
)
_MEMBER = Pattern(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|::\w+|->\w+|\?\.\w+)+\Z")
WORDLIKE = Pattern(r"[A-Za-z]+(?:[_.:/-][A-Za-z]+)*\d{0,2}\Z")
_UUID = Pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
DIGIT = re.compile(r"\d")
_WORDS = Pattern(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}|[_.-]")
# Words and numbers as names in programs join them.
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_PART = re.compile(r"[A-Za-z\d]+")
_MOST_OF_PIECE = 3.4
_LETTER = Pattern(r"[^\W\d_]")
_CASES = Pattern(r"[a-z][A-Z]|[A-Z][a-z]")
_CHANGES = re.compile(r"(?=[a-z][A-Z]|[A-Z][a-z]|\d[A-Za-z]|[A-Za-z]\d)")
# A name of something: words with a sign or a capital between them, one of which means a secret.
_REFERENCE = Pattern(
    r"(?i:pass|pwd|secret|token|(?<!mon)(?<!don)(?<!tur)key|credential|auth)"
    r"(?:[A-Z_-]|(?i:word|wd|phrase|code)?s?\d?\Z)"
    r"|[a-zA-Z][_-](?i:pass|pwd|secret|token|key|credential|auth)"
)
_JOINED = Pattern(r"[a-z][A-Z]|[A-Za-z\d][_-][A-Za-z]")
_LOUD = Pattern(r"[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\Z")
# Words of grammars, of which lexers and the themes of editors call what they find tokens.
_GRAMMAR = Pattern(
    r"(?:key|pass)?word|identifier|ident|punctu\w+|comment|operator|delim\w+|number|numeric|string|"
    r"(?:white)?space|new-?line|variable|function|constant|reg-?ex\w?|namespace|attribute|property|"
    r"parameter|annotation|decorator|interface|separator|terminator|literal|statement|expression|"
    r"character|directive|selector|bracket|paren\w*|brace|comma|colon|semicolon|predefined|source|"
    r"entity|storage|support|markup|meta|emphasis|strong|heading|boolean|integer|assignment|token"
)


def is_stand_in(value: str, *, weak: bool = True) -> bool:
    """Whether the value names another place (`$TOKEN`, `{{token}}`) or is a placeholder.

    `weak` counts names and defaults such as `admin` and `secret` among them.
    """
    lowered = value.lower()
    stripped = lowered.strip("!?.,:;*_")
    return (
        value.startswith(("{", "<", "[", "(", "`"))
        or _VARIABLE.match(value) is not None
        or _MASK.match(value) is not None
        or stripped in _COMMON
        or (weak and stripped in _WEAK)
        or any(word in lowered for word in _PLACEHOLDERS)
        or any(len(run) * 2 > len(value) and run in lowered for run in _RUNS_OF_KEYS)
    )


def is_code(value: str) -> bool:
    """Whether the value is a path, a reference or a small number rather than a text of its own."""
    if _CODE.match(value):
        return not is_random(value)
    return _MEMBER.match(value) is not None and not (
        is_random(value) or is_scrambled(value) or is_scattered(value.rpartition(".")[2])
    )


def is_reference(value: str) -> bool:
    """Whether the value names a secret that is kept elsewhere: `DB_PASSWORD`, `new-token`."""
    if has_digit(value) and is_mixed(value):
        return False
    return _LOUD.match(value) is not None or (
        _JOINED.search(value) is not None and _REFERENCE.search(value) is not None
    )


def is_of_grammar(value: str) -> bool:
    """Whether a lexer may call the value a token."""
    word = value.rstrip("!?#$%&*+") if has_digit(value) else value
    return _GRAMMAR.match(value.lower()) is not None or not word.isalnum()


def is_mixed(value: str) -> bool:
    """Letters and digits, and not just a word with a number behind it."""
    if not has_digit(value) or _LETTER.search(value) is None:
        return False
    return WORDLIKE.match(value) is None or is_scrambled(value)


def is_scrambled(value: str) -> bool:
    """Whether letters of both cases, and digits, follow each other as in no name: `kQ.vRx7TzB`."""
    parts = _PART.findall(value.rstrip("0123456789"))
    pieces = sum(len(_PIECE.findall(part)) for part in parts)
    length = sum(map(len, parts))
    if length < 9 or value.islower():
        return False
    return pieces >= len(parts) + 3 and length < pieces * _MOST_OF_PIECE


def is_of_both_cases(value: str) -> bool:
    """Whether it is random and no digest, which has letters of one case."""
    return is_random(value) and not (value.islower() or value.isupper())


def is_random(value: str) -> bool:
    return len(value) >= 20 and is_mixed(value) and entropy(value) >= 4.0 and not is_name(value)


def is_name(value: str) -> bool:
    """Whether the value is made of words, as names in code are, with numbers here and there."""
    if len(DIGIT.findall(value)) > max(1, len(value) // 12):
        return False
    words = sum(map(len, _WORDS.findall(value)))
    return words * 5 > len(value) * 4


def is_token(value: str) -> bool:
    """Whether the value looks made by a machine: what follows the name of a token or a key."""
    if len(value) < 12:
        return is_jumbled(value) and not is_stand_in(value)
    if is_stand_in(value):
        return False
    if value.isdigit():
        return len(value) >= 16 and len(set(value)) > 4
    if is_mixed(value):
        if is_name(value):
            return False
        return entropy(value) >= 3.0 or _UUID.match(value) is not None
    # Without a digit: letters whose case changes as words' does not.
    letters = value.replace("_", "").replace("-", "")
    return len(value) >= 20 and letters.isalpha() and len(_CASES.findall(letters)) * 3 > len(value)


def is_jumbled(value: str) -> bool:
    """Whether letters of both cases and digits change places nearly sign by sign."""
    if not (len(value) >= 8 and value.isalnum() and value.isascii()) or value.isalpha():
        return False
    return len(_CHANGES.findall(value)) * 5 >= len(value) * 3


def is_scattered(value: str) -> bool:
    """Whether digits and letters, in all their cases, change places as in no name: `3v1xo5r0…`."""
    if not (len(value) >= 16 and value.isalnum() and value.isascii()) or entropy(value) < 3.0:
        return False
    least = 4 if value.islower() or value.isupper() else 2
    return len(DIGIT.findall(value)) > 2 and len(_CHANGES.findall(value)) * least >= len(value)


def is_made(token: str) -> bool:
    """Whether what has the form of a token was made by an issuer, not by a hand or of words."""
    body = token[-32:]
    if entropy(body) < 2.7 or "EXAMPLE" in token:
        return False
    return (
        has_digit(token[3:])
        or body.isupper()
        or len(_CASES.findall(body)) * 5 > len(body)
        or len(token) > 200
    )


def has_digit(value: str) -> bool:
    return DIGIT.search(value) is not None


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())
