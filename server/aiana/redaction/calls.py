"""Secrets that are arguments of functions and statements, told by the name of what is called.

`keyring.set_password("svc", "ada", "…")`, `client.set_secret("db", "…")`, `bcrypt.hash("…", 10)`,
`jwt.sign(claims, "…")`, `create_user("ada", "ada@example.org", "…")`; in SQL `PASSWORD('…')`,
`password = crypt('…', …)`, `PRAGMA key = '…'`, `create user ada identified by …`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Set

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.spans import Span
from aiana.redaction.values import has_digit, is_code, is_reference, is_stand_in

_S = r"(?:\s|\\n){0,20}"
_LITERAL = r"[bBrRuUnNeE@$]?\\?[\"'`](?P<value>[^\s\"'`\\]{3,200})\\?[\"'`]"
_ARGUMENT = (
    r"(?:[bBrRuUnNeEfF@$]?\\?[\"'`][^\"'`\n]{0,200}[\"'`]|[\w.$&*\[\]>-]{1,60}(?:\([^()]{0,60}\))?|\{[^{}]{0,200}\})"
    + _S
    + ","
    + _S
)
_ENDS = _S + r"[,)]"
_LAST = _LITERAL.replace("value", "last") + _S + ",?" + _S + r"\)"
_STORES = r"(?:set|save|store|add|update|change|put|reset|create|write|rotate)_?"

# Those whose name has one of these words in it.
_BY_WORD: dict[str, tuple[Pattern, ...]] = {
    "pass": tuple(
        Pattern(form, re.IGNORECASE)
        for form in (
            rf"{_STORES}(?:user_?|generic_?)?passwords?(?:async|sync)?\({_S}{_ARGUMENT}(?:{_ARGUMENT}{_LITERAL}{_ENDS}|{_LAST})",
            rf"(?:generate|make|hash|check|verify)_?password(?:_hash|hash)?\({_S}(?:[\w.$-]{{1,60}},{_S})?{_LITERAL}{_ENDS}",
            rf"password_(?:hash|verify)\({_S}{_LITERAL}{_ENDS}",
            rf"\w{{0,40}}(?:and|with|by|user(?:name)?_?)_?(?:password|passwd)\({_S}(?:{_ARGUMENT}){{1,2}}{_LITERAL}{_ENDS}",
            rf"password\.(?:create|new|from_?plain\w{{0,8}})\({_S}{_LITERAL}{_ENDS}",
            rf"password_?(?:(?:encoder|hasher|service|utils?|hash|manager)(?:\(\))?\.(?:encode|matches|create|digest|verify|hash\w{{0,12}})|\.(?:hash|verify))\({_S}{_LITERAL}{_ENDS}",
        )
    ),
    "secret": tuple(
        Pattern(form, re.IGNORECASE)
        for form in (
            rf"{_STORES}secrets?(?:_?value|_?string|_?version)?(?:async|sync)?\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}",
            rf"keyvaultsecret\({_S}{_ARGUMENT}{_LITERAL}{_S}\)",
            rf"secret(?:str|bytes|string)\({_S}{_LITERAL}{_S}\)",
        )
    ),
}  # fmt: skip
_CALLED = Pattern(r"\w{0,20}(?:\(\))?[.(]")
_LETTERS = string.ascii_lowercase + "_"
_MOST_BEFORE = 30
_FORMS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    # The gate that its word needs, where it begins, and what follows.
    ("cred", ("credentials.basic(",), rf"credentials\.basic\({_S}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("cookie", ("cookieparser(",), rf"cookieparser\({_S}{_LITERAL}{_ENDS}"),
    ("auth", (".auth(",), rf"(?:(?<=[rj]edis)|(?<=valkey)|(?<=\brdb))\.auth\({_S}{_LITERAL}{_S}\)"),
    ("bcrypt", ("bcrypt",),
     rf"bcrypt\w{{0,8}}\.(?:hash\w{{0,12}}|compare\w{{0,6}}|checkpw|verify|encode|generatefrompassword)\({_S}(?:\[\]byte\()?{_LITERAL}{_S}[,)]"),
    ("bcrypt", ("bcrypt(",), rf"bcrypt\({_S}{_LITERAL}{_ENDS}"),
    ("pw", ("username_pw_set(",), rf"username_pw_set\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("pw", ("userpwd",), r"userpwd,\s{0,3}[\"'][\w.@-]{1,60}:(?P<value>[^\s\"']{3,200})[\"']"),
    ("auth", ("basic_auth ",), rf"basic_auth {_ARGUMENT}{_LITERAL}"),
    ("create_", ("create_user(", "create_superuser("),
     rf"create_(?:super)?user\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("getconnection(", ("getconnection(",), rf"getconnection\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("pymysql", ("pymysql.connect(",), rf"pymysql\.connect\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("mysqldb", ("mysqldb.connect(",), rf"mysqldb\.connect\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("ldap_bind", ("ldap_bind(",), rf"ldap_bind\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("simple_bind", ("simple_bind",), rf"simple_bind(?:_s)?\({_S}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("jwt.", ("jwt.sign(", "jwt.verify(", "jwt.encode(", "jwt.decode("), rf"jwt\.\w{{4,6}}\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("pragma", ("pragma",), r"pragma\s{1,3}(?:hex|text)?(?:re)?key\s{0,3}=\s{0,3}[\"'](?:x')?(?P<value>[^\s\"']{3,200})'?[\"']"),
    ("hmac.", ("hmac.new(",), rf"hmac\.new\({_S}{_LITERAL}{_ENDS}"),
    ("hmac(", ("createhmac(",), rf"createhmac\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("hmac256(", ("hmac256(",), rf"hmac256\({_S}{_LITERAL}{_ENDS}"),
    ("fernet(", ("fernet(",), rf"fernet\({_S}{_LITERAL}{_ENDS}"),
    ("pyotp.", ("pyotp.totp(",), rf"pyotp\.totp\({_S}{_LITERAL}{_ENDS}"),
    ("ftp(", ("ftp(",), rf"ftp\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("wifi.begin(", ("wifi.begin(",), rf"wifi\.begin\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("cryptojs.aes", ("cryptojs.aes.encrypt(", "cryptojs.aes.decrypt("), rf"cryptojs\.aes\.\w{{7}}\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("aes_encrypt(", ("aes_encrypt(",), rf"aes_encrypt\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("secret", ("secretkeyspec(",), rf"secretkeyspec\({_S}{_LITERAL}\.getbytes"),
    ("tochararray(", ("pbekeyspec(",), rf"pbekeyspec\({_S}{_LITERAL}\.tochararray\("),
    ("tochararray(", (".load(",), rf"\.load\({_S}{_ARGUMENT}{_LITERAL}\.tochararray\("),
    ("key", ("securitykey(",), rf"securitykey\({_S}(?:[\w.]{{1,40}}\.getbytes\()?{_LITERAL}{_ENDS}"),
    ("key", ("apikey(",), rf"apikey\({_S}{_LITERAL}{_S}\)"),
    ("auth", ("plainauth(",), rf"plainauth\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("auth", ("bearer_auth(",), rf"bearer_auth\({_S}{_LITERAL}{_ENDS}"),
    ("b64encode(", ("b64encode(",), r"b64encode\([bB]?[\"'][\w.@-]{1,60}:(?P<value>[^\s\"']{3,200})[\"']"),
    ("btoa(", ("btoa(",), r"btoa\([\"'`][\w.@-]{1,60}:(?P<value>[^\s\"'`$]{3,200})[\"'`]"),
    ("dbi->connect(", ("dbi->connect(",), rf"dbi->connect\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("real_connect(", ("real_connect(",), rf"real_connect\({_S}{_ARGUMENT}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("createasync(", ("createasync(",), rf"createasync\({_S}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("sequelize(", ("sequelize(",), rf"sequelize\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("pass", ("emailandpassword(",), rf"emailandpassword\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("cred", ("awscredentials(", "basiccredentials.create("), rf"(?:awscredentials|basiccredentials\.create)\({_S}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("cred", ("credentials(",), rf"credentials\({_S}{_ARGUMENT}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("login", ("ftp_login(",), rf"ftp_login\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("pass", ("auth_password(",), rf"auth_password\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_S}\)"),
    ("bearer", ("bearerauth(",), rf"bearerauth\({_S}{_LITERAL}{_S}\)"),
    ("hmac(", ("hash_hmac(",), rf"hash_hmac\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("secret", ("from_secret(",), rf"from_secret\({_S}{_LITERAL}[.)]"),
    ("::make(", ("hash::make(",), rf"hash::make\({_S}{_LITERAL}{_ENDS}"),
    ("jwt.", ("jwt.encode ",), rf"jwt\.encode {_ARGUMENT}{_LITERAL}{_S},"),
    ("pdo(", ("pdo(",), rf"pdo\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("mysqli", ("mysqli(",), rf"mysqli\({_S}{_ARGUMENT}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("jwts.", ("jwts.builder(",), rf"jwts\.builder\([^\n]{{0,300}}?signwith\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
    ("sp_addlogin", ("sp_addlogin",), rf"sp_addlogin\s{{1,3}}n?'[^'\n]{{1,100}}',\s{{0,3}}{_LITERAL}"),
    ("pgp_sym_", ("pgp_sym_",), rf"pgp_sym_(?:en|de)crypt(?:_bytea)?\({_S}{_ARGUMENT}{_LITERAL}{_ENDS}"),
)  # fmt: skip
_BY_GATE = [
    (gate, begins, Pattern(form, re.IGNORECASE)) for gate, begins, form in _FORMS
]  # compiled when they are first needed
_HASHED = Pattern(
    r"(?:pass|pwd?)\w{0,12}[\"`\]]?\s{0,3}=\s{0,3}(?:crypt|md5|sha\d{0,3}|encrypt|hashbytes|password|digest)\("
    rf"{_S}(?:'\w{{3,10}}',{_S})?{_LITERAL}",
    re.IGNORECASE,
)
_FUNCTION = Pattern(rf"(?<![\w.])PASSWORD\({_S}'(?P<value>[^'\s\\]{{3,200}})'{_S}\)")
_CRYPT = Pattern(rf"crypt\({_S}'(?P<value>[^'\s\\]{{3,200}})',{_S}gen_salt\(", re.IGNORECASE)
_IDENTIFIED = Pattern(
    r"\b(?:create|alter|grant)\s[^;\n]{1,160}?\sidentified\s{1,3}by\s{1,3}(?!values\b|password\b)"
    r"(?P<value>[^\s'\"`,;()|$-][^\s'\"`,;()|$]{2,100})(?=\s{0,3}(?:;|\n|\Z))",
    re.IGNORECASE,
)
_PIPED = Pattern(
    r"[\"'](?P<value>[^\s\"'$]{3,200})[\"']\s{0,3}\|\s{0,3}ConvertTo-SecureString", re.IGNORECASE
)
_DSN = Pattern(r"(?P<user>[\w.-]{1,80}):(?P<value>[^\s:@\"'`/]{3,200})@tcp\(\Z")
_ALGORITHM = Pattern(r"(?:[HREP]S|EdDSA|A)\d{0,3}\Z|sha-?\d+\Z|md5\Z", re.IGNORECASE)
GATES = frozenset(gate for gate, _, _ in _FORMS) | {
    *_BY_WORD,
    "@tcp(",
    "identified",
    "pw",
    "securestr",
    "gen_salt(",
}


def calls(text: str, lowered: str, gates: Set[str]) -> list[Span]:
    """The secrets among the arguments of the functions and statements in a text."""
    found: dict[int, Span] = {}

    def add(match: re.Match[str] | None) -> None:
        if match and _is_secret(match[match.lastgroup or 0]):
            span = match.span(match.lastgroup or 0)
            found[span[0]] = (*span, "password")

    for gate, begins, form in _BY_GATE:
        if gate in gates:
            for place in places(lowered, *begins):
                add(form.match(text, place))
    for word, forms in _BY_WORD.items():
        for place in places(lowered, word) if word in gates and "(" in text else ():
            if called := _CALLED.match(lowered, place):
                before = lowered[max(0, place - _MOST_BEFORE) : place]
                begin = place - len(before) + len(before.rstrip(_LETTERS))
                for form in forms:
                    add(form.match(text, begin))
                if called[0].endswith("("):
                    add(_FUNCTION.match(text, place))
    if "pass" in gates or "pw" in gates:
        for place in places(lowered, "pass", "pw") if "(" in text else ():
            add(_HASHED.match(text, place))
    if "gen_salt(" in gates:
        for place in places(lowered, "crypt("):
            add(_CRYPT.match(text, place))
    if "identified" in gates:
        for match in _IDENTIFIED.finditer(text):
            add(match)
    if "securestr" in gates and "|" in text:
        for place in places(lowered, "convertto-"):
            add(_PIPED.search(text, max(0, place - 250), place + 30))
    if "@tcp(" in gates:
        for place in places(lowered, "@tcp("):
            add(_DSN.search(text, max(0, place - 300), place + len("@tcp(")))
    return list(found.values())


def _is_secret(value: str) -> bool:
    if is_stand_in(value, weak=False) or is_reference(value) or _ALGORITHM.match(value):
        return False
    return not is_code(value) or has_digit(value)
