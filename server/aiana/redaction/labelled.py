"""Random values that a word before tells to be secret where the word alone is no name of one.

`Stripe("…")`, `new ethers.Wallet("…")`, `PEPPER=…`, `encrypt = "…"`, `activation key …`, tokens in
the path or a parameter of an address: `https://…/webhook/…`, `?code=…`.
"""

from __future__ import annotations

import re

from aiana.pattern import Pattern
from aiana.redaction.values import (
    is_code,
    is_of_both_cases,
    is_scattered,
    is_stand_in,
    is_token,
)

SIGNS_BEFORE = frozenset("\"'`=: /(,\t>!|")
# What an issuer puts before the secret part of a token: an organisation, a number, an id.
_FIRST_PART = Pattern(r"(?:\b00d[a-z\d]{12,15}!|\b\d{1,9}\||(?<![\w+/])[a-z\d+/]{22}==:)\Z")
_PATHS = (
    "/hook/", "/hooks/", "/webhook/", "/webhooks/", "/webhook-test/", "/incomingwebhook/",
    "hc-ping.com/", "infura.io/v3/", ".alchemy.com/v2/", "rpc.ankr.com/eth/", ".quiknode.pro/",
    "pagerduty.com/integration/", "/reset-password/", "/reset_password/", "/password-reset/",
    "/password/reset/", "/invite/", "/invites/", "/invitation/", "/invitations/", "/verify/",
    "/verify-email/", "/activate/", "/confirm/", "/magic-link/", "/unsubscribe/", "/accept-invite/",
)  # fmt: skip
_PARAMETERS = tuple(
    f"{sign}{name}="
    for sign in "?&#"
    for name in ("code", "key", "appid", "apikey", "auth", "invite", "ticket", "k")
)
_CALLED = (
    "stripe", "stripe')", 'stripe")', "github", "gitlab", "octokit", "webclient", "telegrambot",
    "telebot", "bot.run", "client.run", "client.login", "newclient", "wallet", "from_key",
    "privatekeytoaccount", "aes.new", "sendgridapiclient", "airtable", "notion", "replicate",
    "deepgram", "pinecone", "sentry_sdk.init", "createclient", "bot", "privatekeysigner",
)  # fmt: skip
_CALLED_WITH_MORE = Pattern(
    r"(?:algoliasearch|twilio|client|credentials|credentials\.new|access_?token|apikey|"
    r"create(?:de)?cipheriv|supabase\w{0,8}|createclient|wallet)\([^()\n]{1,80},\s{0,3}"
    r"(?:buffer\.from\()?b?[\"'`]\Z"
)
_NAMES = Pattern(
    r"(?<![a-z])(?:(?:\w{1,20}_)?(?:salt|pepper|hmac|pat|sk|pk|private)|privkey|wif|code_?verifier|"
    r"saml_?response|encrypt|secure|secret_?id|instrumentationkey|(?:erlang|rpc)[ _]cookie|"
    r"totp|otp_?seed|(?:totp |otp )seed(?: is)?|setup key|--cookie|credentials|personal|bearer|"
    r"secret)\Z|[.-]login\Z"
)
_LAST_OF_NAMES = (
    "salt", "pepper", "hmac", "pat", "sk", "pk", "private", "privkey", "wif", "verifier",
    "response", "encrypt", "secure", "id", "key", "cookie", "totp", "seed", "seed is",
    "credentials", "personal", "bearer", "login", "secret",
)  # fmt: skip
# Keys by which something is found, and those that everybody may know.
_NO_LOCK = Pattern(
    r"(?:public|pub|cache|sort|partition|primary|foreign|object|s3|idempotency|row|group|dedup\w*|"
    r"lookup|hash|map|react|item|routing|query|index|unique|natural|composite|page|next|start|last|"
    r"translation|message|i18n|storage|state|host|known|site|store|search|session|bucket|file|"
    r"(?<![a-z])(?:image|asset|media|video|audio|photo|attachment|upload|document|node|entity|record|"
    r"component|style|order|event|job|task|issue|project|block|tag|tree|chunk|blob|content|etag|"
    r"commit|build|artifact|layer|gpg|pgp|rsa|apt|repo|user|team))[ _.-]?key\Z"
)
# A variable of the environment that holds a key, and what elsewhere may be a digest of whatever.
_LOUD_KEY = Pattern(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]{2,20}(?:_[A-Z0-9]{1,20}){0,4}_KEY\Z")
_IN_HEX = re.compile(r"[\da-fA-F]+").fullmatch
_HEX = Pattern(r"[\da-f]{32,128}\Z|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\Z")
_OPTIONS = (" -u", " --user", " -t", " -k", " -b", " -a", " -w", " --value", " --cookie")
_PRODUCT_KEY = Pattern(r"[A-Z\d]{5}(?:-[A-Z\d]{5}){3,5}\Z")
_HEX_KEY = Pattern(r"0x[\da-fA-F]{64}\Z")
_QUOTES = "\"'`\\ \t"
_AROUND_SIGN = _QUOTES + "=:>]"
_MOST_BEFORE, _MOST_OF_CALL = 50, 120


def is_labelled(text: str, lowered: str, start: int, value: str) -> bool:
    """Whether what stands before a long value at `start` tells that it is a secret."""
    before = lowered[max(0, start - _MOST_BEFORE) : start]
    sign = before[-1:]
    if sign == "/":
        return before.endswith(_PATHS) and is_token(value)
    if sign in "!|" or before.endswith("==:"):
        return _FIRST_PART.search(before) is not None and is_of_both_cases(value)
    core = before.rstrip(_QUOTES).removesuffix(" -")
    core = core[:-1] if core.endswith("(b") and sign != " " else core
    last = core[-1:]
    if last == "[" and sign != "[":
        name = core.rstrip(_AROUND_SIGN + "[(")
        if name.endswith("accounts"):
            return _HEX_KEY.match(value) is not None
        return name.endswith("keys") and _is_chance(value)
    if last in ("=", ":", ">"):
        if sign == "=" and before.endswith(_PARAMETERS):
            return is_token(value)
        name = core.rstrip(_AROUND_SIGN)
        if name.endswith(_LAST_OF_NAMES):
            begin = start - len(before)
            return _is_named(name, value) or (
                _LOUD_KEY.search(text[begin : begin + len(name)]) is not None
                and _HEX.match(value) is not None
                and is_token(value)
                and _NO_LOCK.search(name) is None
            )
        return last == ":" and "telegram.org/bot" in before and is_token(value)
    if last == "(":
        called = core[:-1].endswith(_CALLED) or core[:-2].endswith(_CALLED)
        if called:
            return is_token(value) and not is_code(value)
        last = "," if core.endswith("buffer.from(") else last
    if last == "," and sign != " ":
        around = lowered[max(0, start - _MOST_OF_CALL) : start]
        return _CALLED_WITH_MORE.search(around) is not None and is_token(value)
    if core.endswith(("key", "key is", " pat", " seed is", " secret")):
        return _is_named(core.removesuffix(" is") if core.endswith("key is") else core, value)
    return core.endswith(_OPTIONS) and _is_chance(value)


def _is_named(name: str, value: str) -> bool:
    if name.endswith("key") and not name.endswith(("setup key", "instrumentationkey")):
        # Of a key no more is known: only what nothing but chance brings forth.
        found = _is_chance(value) or _is_key(value) or _PRODUCT_KEY.match(value) is not None
        return found and _NO_LOCK.search(name) is None
    return _NAMES.search(name) is not None and is_token(value) and not is_code(value)


def _is_chance(value: str) -> bool:
    """Whether nothing but chance brings it forth, and no public key begins so."""
    return len(value) >= 24 and is_of_both_cases(value) and not value.startswith("AAAA")


def _is_key(value: str) -> bool:
    """The same where a key is named, which may be of fewer signs or of one case, but no digest."""
    return len(value) >= 20 and is_scattered(value) and not (_IN_HEX(value) or is_stand_in(value))
