"""Which rules a text needs: the words that rules begin at, found in few passes over it.

Most texts hold almost none. A pass for each word would cost more than all that follows it; a
pattern that begins with one letter, and not with one of several, is as fast as looking for a word.
In short texts the number of passes counts: there, one pattern looks for all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.redaction.names import KEY_OWNERS


class Gate(NamedTuple):
    """A word, and what must stand around it for any rule to apply: assertions, after and before."""

    word: str
    after: str = ""
    before: tuple[str, ...] = ()
    """One of these, each of a fixed length."""

    def form(self, letter: str, skipped: int = 0) -> str:
        """What follows the letter, and as many as are skipped, is compared first.

        To look back takes longer.
        """
        before, after = self.word.split(letter, 1)
        behind = "|".join(f"(?<={form}{re.escape(self.word)})" for form in self.before)
        if not behind and before:
            behind = f"(?<={re.escape(self.word)})"
        return f"{re.escape(after[skipped:])}(?:{behind}){self.after}"


_NO_LETTER = "(?![a-z])"
# What is not in ASCII stands as `?`: it may be a letter, or a blank.
_CALLED = r"[\w?]{0,20}[\s?]{0,2}[=:(]"
_OWNER = f"(?:{'|'.join(sorted({owner[-2:] for owner in KEY_OWNERS}))})"
_OWNED = f"(?<={_OWNER}key)|(?<={_OWNER}[_. -]key)|(?<=[_. -]{{2}}key)"
# On the line of a PIN, or on one of the next where its name ends the line, as in a block.
_DIGITS_BEHIND = (
    r"(?=(?:(?![a-z])|code|nu?m?|no)(?:[^\n]{0,12}\n(?:[^\n]{0,80}\n){0,2})?[^\n]{0,80}?[0-9]{4})"
)
# What ends the words between digits and a PIN: "4711 as my PIN", `"value": "4711", "name": "pin"`.
_SAID_BEFORE = (
    "(?<=(?:as|is|he|my|ur|er|is|ts|ew|ld|in|rd|or|im|ne|nk|ck|lt|ie| a) pin)(?![a-z])"
    "|(?<=[\"':> ]pin)(?=[\"']|\\n)"
)

# By a letter that stands once in each of them and is not too frequent.
BY_LETTER: dict[str, tuple[Gate, ...]] = {
    "p": (
        Gate("pass", rf"(?={_NO_LETTER}|w|phra|code|cmd|(?<=mot de pass)e)"),
        Gate("pw", f"(?=d{_NO_LETTER}|{_NO_LETTER}(?:(?<![a-z]pw)|(?<=rootpw)|(?<=bindpw)))"),
        Gate("psk", r'(?<![a-z]psk)(?=[=:"]|(?<!: psk) )'),
        Gate("pin", f"(?:{_DIGITS_BEHIND}|{_SAID_BEFORE})"),
        Gate("phrase", before=("[dyp]", "[dyp][ _-]")),
        Gate("proxy", r"(?=[\"'\\]{0,2}[\s?]{0,2}[=:])"),
        *map(
            Gate, ("/p:", "private-lines:", "pdo(", "phpsessid", "mdp", "ldap_bind", "sp_addlogin")
        ),
        Gate("smtp.", r"(?=[\w.-]{0,80}\]?(?::\d{1,5})?[ \t]{1,12}[\w.@+-]{1,80}:)"),
        *map(Gate, ("snmp-server", "snmpwalk", "snmpget", "snmpset", "snmpbulk", "snmptrap")),
        *map(Gate, ("impacket", "pdftotext", "airportnetwork", "pptpd", "l2tpd", ": psk ")),
        *map(
            Gate,
            (
                "pyotp.",
                "ftp(",
                "cryptojs.aes",
                "aes_encrypt(",
                "puk",
                "zaporka",
                "passord",
                "parola",
                "parool",
            ),
        ),
        *map(Gate, (": eap ", '.pem "', "npmauthident", "option key")),
        *map(
            Gate,
            (
                "tac_plus",
                "wpa_cli",
                "psw",
                "p/w",
                "openssl rand",
                "pwgen",
                "apg -",
                "op read ",
                "samlresponse",
            ),
        ),
    ),
    "k": (
        Gate("pbkdf2_sha"),
        Gate("key", f"(?!material)(?:{_OWNED}|(?=-data)|(?<=tls.key))"),
        Gate("hooks", r"(?=/|\.slack|\.zapier)"),
        Gate("hook.", "(?=office)"),
        *map(Gate, ("kata sandi", "token", "kennwort", "cookie", "hook/", '"kty"', ".dockerc")),
        Gate("isakmp key", "(?= )"),
        *map(
            Gate,
            (
                ".make.com/",
                "maker.ifttt.com",
                "messages?key=a",
                "::make(",
                "schtask",
                "rsakeyvalue",
            ),
        ),
        *map(Gate, ("lozinka", "keymaterial")),
    ),
    "c": (
        *map(Gate, ("recovery code", "backup code", "scratch code", "diceware")),
        Gate("with-decryption"),
        Gate("cred", "(?=s|ential)"),
        Gate("key content", "(?= {1,20}:)"),
        Gate("create_", r"(?=(?:super)?user\()"),
        Gate("@tcp("),
        *map(Gate, ("secret", "connect.sid", "mnemonic", "securestr")),
        *map(Gate, ("mc alias ", "mcli alias ", "mc config ", "mc admin ")),
        Gate("rclone", "(?= obscure)"),
        *map(
            Gate,
            (
                "hmac ",
                "hmac(",
                "hmac.",
                "hmac256(",
                "real_connect(",
                "createasync(",
                "tochararray(",
            ),
        ),
        Gate(
            "code", r"(?=[*\"'`]{0,3}(?: is| was| ?[:=])? {1,3}[*\"'`]{0,3}[0-9]{4,8}(?![0-9a-z.]))"
        ),
        *map(Gate, ("exec.py ", "key chain", "acl setuser", "etcdctl", "encrypt_string")),
        *map(Gate, ("credenciales", "community", "com2sec", "createuser ", "tacacs")),
        Gate("clear", "(?=(?:text)? )", before=("= ",)),
        *map(Gate, ("iwconfig", "ascii 0", "tacplus")),
        *map(Gate, ("sharedaccesskey=", "x-amz-security-token=", "wachtwoord", "contrasena")),
    ),
    "u": (
        Gate("auth", rf"(?={_NO_LETTER}|token|orization|{_CALLED})"),
        Gate("user", r"(?= {0,3}[=:]? {0,3}[\"']?[\w.@\\-]{1,60}(?::[^\s/]| on ))"),
        Gate("u:", r"(?= {0,2}[\w.@+-]{2,60},? {1,3}p:)"),
        Gate("u/p", "(?= {0,2}[=:])"),
        Gate("username", r"(?= {1,3}\S{1,60} {1,3}(?:privilege {1,3}\d{1,2} {1,3})?secret )"),
        *map(Gate, ("net us", "accountkey=", "unseal", "uci set", "contenu de la cl")),
        *map(Gate, ("radius-server", "radius server", "radius host", "urandom")),
    ),
    "b": (
        Gate("randombytes("),
        *map(Gate, ("b64encode(", "btoa(", "dbi->connect(")),
        Gate("begin", "(?= )", before=("-", "- ")),
        Gate("bcrypt", r"(?=\w{0,8}[.(])"),
        *map(
            Gate, ("bearer", "jdbc:oracle:", "simple_bind", "enable secret", "bundle_", "blowfish")
        ),
        *map(Gate, ("bw unlock", "bw login", "http-basic", "bundle config")),
    ),
    "g": (
        Gate("login", r"(?= |[\w?]{0,20}\()"),
        Gate("sig=", before=("[?&]",)),
        Gate("signature", "(?==)", before=("[?&]", "goog-")),
        *map(Gate, ("gen_salt(", "key-string ")),
        Gate("pragma", "(?= {1,3}(?:hex|text|re)?key)"),
        *map(Gate, ("x-amz-signature=", "_gitlab_session=")),
        Gate("log in", "(?= (?:with|as|using|to) )"),
        *map(Gate, ("geslo", "adgangskode", "zugangsdaten")),
        *map(
            Gate,
            (
                "getconnection(",
                "pgp_sym_",
                "digest-key",
                "wg gen",
                "bw gen",
                "key:generate",
                "generate_key(",
            ),
        ),
    ),
    "1": (Gate("1//0"),),
    "f": (
        *map(Gate, ("define(", "sifre", "identifiants", "fernet(", "wifi.begin(", "wifi:")),
        Gate("cloudflared service"),
        Gate("identified", r"(?=\s{1,3}(?:by|with)\b)"),
    ),
    "h": tuple(
        map(
            Gate,
            ("heslo", "haslo", "senha", "netsh", "sselinhalt", "contenuto chiave", "do da chave"),
        )
    ),
    "j": (
        Gate("jelszo"),
        Gate("jsessionid"),
        Gate("jwt.", "(?=sign|verify|encode|decode)"),
        Gate("jwts."),
    ),
    "q": tuple(
        map(Gate, ("sequelize(", "mysqli", "mysqldb", "pymysql", "rabbitmqctl", "sqlplus ", "qpdf"))
    ),
    "v": tuple(map(Gate, ("laravel_session", ".atlasv1.", "clave", "env:set", "variable set"))),
}
# Words without any of these letters, and lines that begin with a sign that many lines begin with.
CRYPTS = (*(f"${sign}$" for sign in "156789y"), "$apr1$", "$2a$", "$2b$", "$2y$", "$argon2")
SIGNS = ("://", *CRYPTS, "{ssha", "salasana", "q~", "sha256~", "\ttrue\t/", "\tfalse\t/")
WORDS_OF_RULES = (*(gate.word for gates in BY_LETTER.values() for gate in gates), *SIGNS)
"""All of them."""


def _pattern(letter: str, gates: tuple[Gate, ...]) -> str:
    """The words by what follows the letter: most places are done with one look at it."""
    by_next: dict[str, list[Gate]] = {}
    for gate in gates:
        by_next.setdefault(gate.word.split(letter, 1)[1][:1], []).append(gate)
    alone = by_next.pop("", [])
    forms = [
        f"{re.escape(sign)}(?:{'|'.join(gate.form(letter, 1) for gate in those)})"
        for sign, those in by_next.items()
    ]
    return f"{letter}(?:{'|'.join(forms + [gate.form(letter) for gate in alone])})"


_PATTERNS = {letter: Pattern(_pattern(letter, gates)) for letter, gates in BY_LETTER.items()}
_FULL = {
    letter + gate.word.split(letter, 1)[1]: gate.word
    for letter, gates in BY_LETTER.items()
    for gate in gates
}
_ANY = Pattern("|".join(_pattern(letter, gates) for letter, gates in BY_LETTER.items()))
_CRYPT = Pattern(r"\$(?:(?:[156789y]|apr1|2[aby])\$|argon2)")
_MOST_AT_ONCE = 200


def gates_of(plain: str) -> set[str]:
    """The words of the rules that stand in a text.

    It is given in lower case, and in ASCII; what is not in ASCII stands as `?`.
    """
    found: set[str] = set()
    if len(plain) > _MOST_AT_ONCE or _ANY.compiled.search(plain):
        for letter, pattern in _PATTERNS.items():
            if letter in plain and (rest := pattern.compiled.findall(plain)):
                found.update(map(_FULL.__getitem__, rest))
    if "@" in plain and "://" in plain:
        found.add("://")
    found.update(word for word in ("salasana", "{ssha") if word in plain)
    if "$" in plain:
        found.update(_CRYPT.compiled.findall(plain))
    if "~" in plain:
        found.update(sign for sign in ("q~", "sha256~") if sign in plain)
    if "\t" in plain and "\t/" in plain:
        found.update(line for line in ("\ttrue\t/", "\tfalse\t/") if line in plain)
    return found
