"""What names and labels of secrets are: `DB_PASSWORD`, `clientSecret`, `x-api-key`, `пароль`."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Set
from functools import lru_cache
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.redaction.repeated import Repeated
from aiana.redaction.spans import Span

# What a name or a label of a secret contains, in lower case; `key` only after a word that owns it.
PASSWORDS = ("pass", "pw", "psk", "kennwort")
SECRETS = ("secret", "token", "cred", "key", "auth")
# The same where a text is not English: those that need no letter but English ones, and others,
# which are looked for in texts that are not in ASCII alone.
PASSWORDS_IN_ASCII = (
    "contrasena", "wachtwoord", "mdp", "kata sandi", "clave", "senha", "heslo", "haslo", "salasana",
    "passord", "adgangskode", "parola", "parool", "lozinka", "zaporka", "geslo", "jelszo", "sifre",
)  # fmt: skip
PASSWORDS_ELSEWHERE = (
    *PASSWORDS_IN_ASCII,
    "contrase", "lösenord", "mật khẩu", "hasło", "jelszó", "parolă",
    "şifre", "парол", "κωδικ", "密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호", "암호",
    "كلمة المرور", "كلمة السر", "סיסמה", "סיסמא", "पासवर्ड", "รหัสผ่าน",
    "гасло", "비번", "رمز عبور", "گذرواژه",
)  # fmt: skip
SECRETS_ELSEWHERE = (
    "密钥", "密鑰", "秘钥", "令牌", "トークン", "キー", "토큰", "токен", "ключ", "schlüssel", "clé",
    "jeton", "chave", "chiave", "klucz", "sleutel",
)  # fmt: skip
# Those that carry their article or case at their end.
_WITH_ENDINGS = ("passord", "salasana", "adgangskode", "heslo")
WORDS = (*PASSWORDS, *SECRETS)
_EVERYWHERE = tuple((word, word in PASSWORDS) for word in WORDS)
_ELSEWHERE = (
    *((word, True) for word in PASSWORDS_ELSEWHERE),
    *((word, False) for word in SECRETS_ELSEWHERE),
)
# First bytes, in UTF-8, of letters that are not English: accented, Cyrillic, Greek, Chinese and on.
_SCRIPTS = bytes(
    ord("l") if 0xC3 <= byte <= 0xDF or byte in (0xE0, 0xE1) or 0xE3 <= byte <= 0xED else ord(" ")
    for byte in range(256)
)
KEY_OWNERS = (
    "api", "access", "account", "private", "priv", "secret", "signing", "sign", "encryption",
    "crypt", "auth", "subscription", "consumer", "master", "service", "license", "deploy", "hmac",
    "jwt", "aes", "ssh", "storage", "shared", "admin", "root", "client", "app", "application",
    "function", "ingest", "write", "webhook", "integration", "integrations", "bot", "server",
    "openai", "anthropic", "security", "network", "recovery", "stripe", "validation", "cryption",
)  # fmt: skip
# Keys that unlock; others (`account_key`, `sort key`) may as well find a row.
LOCKS = ("api", "access", "private", "secret", "signing", "encryption", "master", "hmac", "jwt")
# What makes another word of a `pass` behind it.
_BEFORE_NO_PASSWORD = ("by", "buy", "com", "sur", "tres", "over", "under", "mini", "multi")
_SIGNS = string.ascii_letters + string.digits + "_.$-"
_MOST_BEFORE = 45
_MARK = "redacted:"
_REST = re.compile(r"[\w.-]{0,40}+")
# A name that ends so holds something about a secret, not the secret.
_ABOUT = Pattern(
    r"(?:[a-rt-z]s|izer|ize|ized|ization|count|type|name|names|id|ids|hash|path|file|url|uri|length|"
    r"len|arn|ref|field|env|var|variable|label|limit|size|budget|usage|expiry|expires?(?:_?(?:in|at))?|"
    r"policy|manager|provider|prompt|hint|reset|regex|pattern|prefix|header|class|version|format|"
    r"input|required|enabled|kind|mode|method|endpoint|server|host|scheme|timeout|ttl|rotation|"
    r"max|min|strength|validator|placeholder|min_?length|index|store_?type|alias|algorithm|args?|"
    r"argument|option|flag|param|parameter|column|error|message|msg|status|state|source|service|"
    r"store|title|text|location|dir|folder|backend|driver|(?<![a-z])for|command|cmd|script|stdin)\Z",
    re.IGNORECASE,
)
_PUBLIC = Pattern(
    r"(?:public|csrf|xsrf|cancellation|page|next|continuation|sync|primary|foreign|design|stop|eos|"
    r"bos|pad|max|cache|sort|unk|css|cls|sep|mask|special|start|end|last|first|prev|current|peek|"
    r"cancel|abort|stopping)[_-]?\Z"
)


class Name(NamedTuple):
    """A name with a word of secrets in it."""

    start: int
    word: str
    password: bool
    head: str
    """What stands before the word."""
    rest: str
    """What stands after it."""
    written: str
    """The word as it stands."""

    @property
    def whole(self) -> str:
        return self.head + self.written + self.rest

    @property
    def kind(self) -> str:
        return "password" if self.password else "secret"

    @property
    def is_option(self) -> bool:
        return self.head.startswith("-")

    @property
    def is_loud(self) -> bool:
        """Whether it is written as variables of the environment are."""
        return (self.written + self.rest).isupper() and not ("-" in self.rest or "." in self.rest)

    @property
    def is_verb(self) -> bool:
        """Whether it is `pass` alone, which tests, compilers and people do."""
        return self.word == "pass" and not self.head.strip("_-.$") and not self.rest

    @property
    def is_about(self) -> bool:
        return bool(self.rest) and is_about(self.rest)

    @property
    def is_public(self) -> bool:
        return (
            not self.password
            and self.word != "secret"
            and _PUBLIC.search(self.head.lower()) is not None
        )

    @property
    def unlocks(self) -> bool:
        """Whether whatever it holds is a secret, also where that looks like a word."""
        if self.password:
            return True
        if self.word == "key":
            return self.head.lower().rstrip("_-. ").endswith(LOCKS)
        return self.word in ("secret", "token") and self.rest.lower().strip("_-.") in (
            "",
            "key",
            "string",
            "text",
        )


@lru_cache(maxsize=1000)
def is_about(rest: str) -> bool:
    """Whether a name that ends so holds something about a secret."""
    return _ABOUT.search(rest) is not None


def is_foreign(text: str) -> bool:
    """Whether the text may hold one of the words that are not English."""
    return not text.isascii() and b"l" in text.encode("utf-8", "replace").translate(_SCRIPTS)


def find_by_name(
    text: str, plain: str, gates: Set[str], secrets_of: Callable[[str, Name], list[Span]]
) -> list[Span]:
    """What `secrets_of` finds for the names and labels of secrets in the text, word by word.

    `plain` is the text in lower case, with one ASCII sign for each of its characters; `gates` are
    the words that it holds.
    """
    spans: list[Span] = []
    for word, password in _EVERYWHERE:
        if word in gates:
            spans += find_by_word(text, plain, word, password, secrets_of)
    if not is_foreign(text):
        for word in PASSWORDS_IN_ASCII:
            if word in gates:
                spans += find_by_word(text, plain, word, True, secrets_of)
    else:
        lowered = text.lower()
        if len(lowered) != len(text):  # a few letters grow when lowered; positions must stay
            lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        for word, password in _ELSEWHERE:
            spans += find_by_word(text, lowered, word, password, secrets_of)
    return spans


def find_by_word(
    text: str,
    lowered: str,
    word: str,
    password: bool,
    secrets_of: Callable[[str, Name], list[Span]],
) -> list[Span]:
    """The same for one word, which is that of a password or not."""
    spans: list[Span] = []
    repeated = Repeated(text)
    reached = 0
    position = lowered.find(word)
    while position >= 0:
        after = position + len(word)
        if (
            position >= reached
            and _means_secret(lowered, position, word)
            and not lowered.endswith(_MARK, 0, position)
        ):
            if past := repeated.past(position):
                after = max(after, past)
            elif found := _found_at(text, position, word, password, secrets_of):
                spans += found
                reached = found[-1][1]  # what lies in it is no name
            else:
                repeated.add(position)
        position = lowered.find(word, after)
    return spans


def _found_at(
    text: str,
    position: int,
    word: str,
    password: bool,
    secrets_of: Callable[[str, Name], list[Span]],
) -> list[Span]:
    name = _name_at(text, position, word, password)
    after = position + len(word) + len(name.rest)
    # A name goes on no further: what does is no name.
    if text[after : after + 1].isalnum() and word.isascii() and word not in _WITH_ENDINGS:
        return []
    return secrets_of(text, name)


def _name_at(text: str, position: int, word: str, password: bool) -> Name:
    end = position + len(word)
    before = text[max(0, position - _MOST_BEFORE) : position]
    head = before[len(before.rstrip(_SIGNS)) :]
    rest = _REST.match(text, end)
    return Name(position, word, password, head, rest[0] if rest else "", text[position:end])


def holds_word(text: str) -> bool:
    """Whether a word of secrets stands in a text in lower case, whatever is around it."""
    for word in WORDS:  # noqa: SIM110  (asked very often: twice as fast as `any`)
        if word in text:
            return True
    return False


def name_of(key: str) -> Name | None:
    """What the whole of a name means; nothing where it is none of a secret."""
    return _known_name(key) if len(key) <= _MOST_BEFORE else _name_of(key)


def _name_of(key: str) -> Name | None:
    lowered = key.lower()
    if len(lowered) != len(key):
        return None
    for word, password in (*_EVERYWHERE, *_ELSEWHERE):
        position = lowered.rfind(word)
        if position < 0 or not _means_secret(lowered, position, word):
            continue
        name = _name_at(key, position, word, password)
        if not name.is_about:
            return name
    return None


# The names of tools' arguments are few, and come with every call.
_known_name = lru_cache(maxsize=1000)(_name_of)


def _means_secret(lowered: str, position: int, word: str) -> bool:
    """Whether the word at `position` is part of a name that means a secret."""
    if word == "key":
        before = lowered[max(0, position - 14) : position].rstrip("_-. ")
        return before.endswith(KEY_OWNERS)
    if word == "auth":
        after = lowered[position + 4 : position + 10]
        return not after[:1].isalpha() or after.startswith("token")
    if word == "cred":
        return lowered.startswith(("s", "ential"), position + 4)
    if word == "pass":
        after = lowered[position + 4 : position + 8]
        if after.startswith(("w", "phra", "code")):
            return not lowered.startswith("wordless", position + 4)
        if after[:1].isalpha():
            return after.startswith("e") and lowered[max(0, position - 7) : position] == "mot de "
        return not lowered.endswith(_BEFORE_NO_PASSWORD, 0, position)
    if word == "psk":
        sign = lowered[position + 3 : position + 4]
        # What stands behind `: PSK ` is told by the form of such files alone.
        is_of_file = sign == " " and lowered[max(0, position - 2) : position] == ": "
        return (
            not lowered[position - 1 : position].isalpha()
            and sign in ("=", ":", '"', " ", "")
            and not is_of_file
        )
    if word == "pw":
        rest = lowered[position + 2 : position + 3]
        if rest == "d":
            return not lowered[position + 3 : position + 4].isalpha() and not lowered.endswith(
                "old", 0, position
            )
        before = lowered[position - 1 : position] if position else ""
        return not rest.isalpha() and (
            not before.isalpha() or lowered.endswith(("root", "bind"), 0, position)
        )
    if word in PASSWORDS_IN_ASCII:
        before = lowered[position - 1 : position] if position else ""
        after = lowered[position + len(word) : position + len(word) + 1]
        if word in _WITH_ENDINGS and after.isalpha():
            after = ""
        return not any(sign.isalnum() or sign == "_" for sign in (before, after))
    return True
