"""Secrets in lines of servers' and network devices' settings, told by the words before them.

`snmp-server community …`, `tacacs-server host … key …`, `%any : PSK …`, `user default on >…`,
`"bob" pptpd "…" *`, `userPassword:: …`, `user = "bob:…"`, `define('AUTH_KEY', '…')`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cached_property

from aiana.pattern import Pattern
from aiana.redaction.headers import places
from aiana.redaction.spans import Span
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_reference, is_stand_in
from aiana.redaction.vocabulary import is_plain_word


class Form:
    """What stands around a secret: the gate of it, the words that it begins with, the pattern.

    The groups `value` and `second` of the pattern are secret.
    """

    def __init__(self, gate: str, begins: tuple[str, ...], form: str) -> None:
        self.gate = gate
        self.begins = begins
        self._form = form

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._form, re.IGNORECASE)


_B = r"[ \t]{1,12}"
_WORD = r"[^\s\"'`\\<>;,(){}|\[\]$]"


def _value(group: str = "value") -> str:
    return rf"\\?[\"']?(?P<{group}>{_WORD}(?:{_WORD}|\$(?![\w{{(])){{2,199}})"


_QUOTED = r"(?P<q>[\"'])(?P<value>[^\s\"']{5,63})(?P=q)"
_ENDS = r"(?=[\"'\\]{0,2}[ \t]*(?:[;#\n\r\\]|\Z))"
_LEVEL = rf"(?:\d{{1,2}}{_B})?"
_SHA = r"(?:md5|sha(?:-?\d{1,3})?)"
_CIPHER = rf"(?:des|3des|aes(?:-?\d{{1,3}})?(?:{_B}\d{{3}})?)"
# The gate that a directive needs, the words that it begins with, and what follows them.
DIRECTIVES = (
    Form("community", ("community",),
         rf"(?:(?<=snmp-server )|(?<=snmp )|(?<=\bro)|(?<=\brw))community6?{_B}{_value()}(?=[\s;\"']|\Z)"),
    Form("com2sec", ("com2sec",), rf"com2sec6?{_B}(?:-Cn{_B}\S{{1,60}}{_B})?\S{{1,60}}{_B}\S{{1,60}}{_B}{_value()}{_ENDS}"),
    Form("createuser ", ("createuser ",),
         rf"createuser{_B}\S{{1,60}}{_B}{_SHA}{_B}{_value()}[\"']?(?:{_B}{_CIPHER}{_B}{_value('second')})?"),
    Form("snmp-server", ("snmp-server user ",),
         rf"snmp-server user \S{{1,60}}[^\n]{{0,60}}?\sauth{_B}{_SHA}{_B}{_value()}(?:{_B}priv{_B}{_CIPHER}{_B}{_value('second')})?"),
    Form("snmp-server", ("snmp-server host ",),
         rf"snmp-server host \S{{1,60}}{_B}(?:(?:traps|informs){_B})?(?:version{_B}\w{{1,3}}{_B}(?:(?:auth|noauth|priv){_B})?)?(?!version){_value()}(?=\s|\Z)"),
    *(Form(word, (word,),
           rf"snmp\w{{2,12}}\s(?:[^\n|;&]{{0,200}}?\s)?(?-i:-[cA])\s{{0,3}}{_value()}(?:\s(?:[^\n|;&]{{0,100}}?\s)?-X\s{{0,2}}{_value('second')})?(?=[\s\"']|\Z)")
      for word in ("snmpwalk", "snmpget", "snmpset", "snmpbulk", "snmptrap")),
    Form("tacacs", ("tacacs-server ", "tacacs server "), rf"tacacs[ -]server{_B}[^\n]{{0,80}}?\bkey{_B}{_LEVEL}{_value()}{_ENDS}"),
    *(Form(words, (words,), rf"radius[ -](?:server|host){_B}[^\n]{{0,80}}?\bkey{_B}{_LEVEL}{_value()}{_ENDS}")
      for words in ("radius-server", "radius server", "radius host")),
    Form("enable secret", ("enable secret",), rf"enable{_B}secret{_B}{_LEVEL}{_value()}{_ENDS}"),
    Form("username", ("username ",), rf"username{_B}\S{{1,60}}{_B}(?:privilege{_B}\d{{1,2}}{_B})?secret{_B}\d{{1,2}}{_B}{_value()}{_ENDS}"),
    Form("key-string ", ("key-string ",), rf"key-string{_B}{_LEVEL}{_value()}{_ENDS}"),
    Form("digest-key", ("message-digest-key ",), rf"message-digest-key{_B}\d{{1,3}}{_B}md5{_B}{_LEVEL}{_value()}{_ENDS}"),
    Form("isakmp key", ("isakmp key ",), rf"isakmp key{_B}{_LEVEL}{_value()}{_B}(?:address|hostname)\b"),
    Form("key", ("pre-shared-key",), rf"pre-shared-key(?:{_B}(?:(?:local|remote){_B})?(?:ascii-text{_B}|hexadecimal{_B}|\d{_B})|=|{_B}(?=[^\s-]\S{{3,60}}\d\S{{0,60}}{_ENDS})){_value()}(?=[\s;\"']|\Z)"),
    Form("securestr", ("securestring",), r"securestring\\?[\"'][^{}]{0,200}?\bvalue\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"'](?P<value>[^\s\"'\\$]{3,400})"),
    Form("samlresponse", ("samlresponse",), r"samlresponse[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<value>[A-Za-z0-9+/=%]{40,20000})"),
    Form("key", ("authentication-key ",), rf"authentication-key{_B}(?:\d{{1,5}}{_B}md5{_B})?{_value()}{_ENDS}"),
    Form("pass", ("plain-text-password-value ", "encrypted-password "), rf"(?:plain-text-password-value|encrypted-password){_B}{_value()}(?=[\s;\"']|\Z)"),
    Form(": psk ", (": psk ",), rf":{_B}psk{_B}{_value()}{_ENDS}"),
    Form(": eap ", (": eap ",), rf":{_B}eap{_B}{_value()}{_ENDS}"),
    Form("auth", (": xauth ",), rf":{_B}xauth{_B}{_value()}{_ENDS}"),
    Form('.pem "', (": rsa ",), rf":{_B}rsa{_B}\S{{1,100}}{_B}{_value()}{_ENDS}"),
    Form("pass", ("password cipher ",), rf"password cipher{_B}{_value()}{_ENDS}"),
    Form("secret", ("pre-shared-secret ",), rf"pre-shared-secret{_B}{_value()}{_ENDS}"),
    Form("auth", ("auth-pass ",), rf"auth-pass{_B}\S{{1,60}}{_B}{_value()}{_ENDS}"),
    Form("auth", ("stats auth ",), rf"stats auth{_B}[\w.@-]{{1,60}}:{_value()}{_ENDS}"),
    Form("pass", ("userpassword::",), r"userpassword::\s{0,3}(?P<value>[A-Za-z0-9+/]{4,400}={0,2})"),
    Form("pw", ("unicodepwd::", "olcrootpw::"), r"\w{6,12}::\s{0,3}(?P<value>[A-Za-z0-9+/]{4,400}={0,2})"),
    Form("pw", ("pwd={",), r"pwd=\{(?P<value>[^\s{}$]{3,200})\}"),
    Form("npmauthident", ("npmauthident",), rf"npmauthident[\"']?[:=]\s{{0,3}}[\"']?[\w.@-]{{1,60}}:{_value()}"),
    Form("bundle_", ("bundle_",), rf"bundle_\w{{3,100}}[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?[\w.@-]{{1,60}}:{_value()}(?=[\s\"']|\Z)"),
    Form("bearer", ('"bearer"',), rf"\"bearer\"\s{{0,3}}:\s{{0,3}}\{{\s{{0,20}}\"[\w.-]{{3,100}}\"\s{{0,3}}:\s{{0,3}}\"(?P<value>{_WORD}{{6,200}})\""),
    Form("auth", ('-oauth"',), rf"-oauth\"\s{{0,3}}:\s{{0,3}}\{{\s{{0,20}}\"[\w.-]{{3,100}}\"\s{{0,3}}:\s{{0,3}}\"(?P<value>{_WORD}{{6,200}})\""),
    Form("token", ('lab-token"',), rf"lab-token\"\s{{0,3}}:\s{{0,3}}\{{\s{{0,20}}\"[\w.-]{{3,100}}\"\s{{0,3}}:\s{{0,3}}\"(?P<value>{_WORD}{{6,200}})\""),
    Form("cookie", ("-setcookie ",), rf"-setcookie{_B}{_value()}"),
    Form("cookie", ("erlang_cookie", "erlang.cookie"), rf"erlang[._]cookie[\"']?\s{{0,3}}[:=]\s{{0,3}}{_value()}"),
    Form("define(", ("define(",),
         r"define\(\s{0,3}[\"']\w{2,40}_(?:KEY|SALT)[\"'],\s{0,20}(?P<q>[\"'])(?P<value>(?!put your)[^\n]{8,200}?)(?P=q)\s{0,3}\)"),
    Form("blowfish", ("blowfish_secret",), r"blowfish_secret[\"']?\]?\s{0,3}=\s{0,3}[\"'](?P<value>[^\n\"']{8,200})[\"']"),
    Form("option key", ("option key",), rf"option key\d?{_B}(?:{_QUOTED}|(?P<second>{_WORD}{{8,63}}){_ENDS})"),
    Form("uci set", ("uci set ",), rf"uci set{_B}[\w.@\[\]-]{{3,80}}\.key\d?=(?:{_QUOTED}|(?P<second>{_WORD}{{5,63}}))"),
    Form("netsh", ("netsh ",), rf"netsh\s[^\n|;&]{{0,200}}?\skey={_value()}(?=[\s\"'\\]|\Z)"),
    Form("keymaterial", ("keymaterial",), rf"keymaterial(?:=|>\s{{0,12}}){_value()}(?=\s{{0,12}}<|[\s\"'\\]|\Z)"),
    # What Windows calls the key of a wireless network that it shows.
    *(Form(gate, (words,), rf"[\w ]{{4,24}}[ \t]{{1,20}}:{_B}{_value()}{_ENDS}")
      for gate, words in (
          ("key content", "key content"), ("sselinhalt", "sselinhalt"), ("contenu de la cl", "contenu de la cl"),
          ("contenuto chiave", "contenuto chiave"), ("clave", "contenido de la clave"), ("do da chave", "do da chave"),
      )),
    Form("iwconfig", ("iwconfig ",), rf"iwconfig{_B}\w{{1,15}}{_B}(?:[^\n|;&]{{0,80}}?\s)?key{_B}(?:open{_B}|restricted{_B})?{_value()}(?=[\s\"']|\Z)"),
    Form("wpa_cli", ("set_network ",), rf"set_network{_B}\d{{1,3}}{_B}(?:psk|password|wep_key\d|sae_password){_B}(?P<q>[\"']{{0,2}})(?P<value>[^\s\"']{{5,63}})(?P=q)?"),
    Form("psk", (".psk ",), rf"\.psk{_B}{_value()}(?=[\s\"']|\Z)"),
    Form("ascii 0", ("ascii 0 ",), rf"(?:(?<=psk )|(?<=set-key )|(?<=wpa-psk ))ascii 0{_B}{_value()}(?=[\s\"']|\Z)"),
    # The users and devices of `tac_plus.conf`.
    Form("clear", ("cleartext ", "clear "), rf"(?<==\s)(?:cleartext|(?:(?<=login\s=\s)|(?<=pap\s=\s)|(?<=enable\s=\s))clear){_B}{_value()}(?=[\"']?[ \t]*(?:[;}}#\n\r]|\Z))"),
    Form("tacacs", ("tacacs key", "tacacs passkey"), rf"tacacs{_B}(?:pass)?key(?:{_B}|[ \t]*=[ \t]*){_LEVEL}{_value()}{_ENDS}"),
)  # fmt: skip
# Names of communities and algorithms that stand in every manual.
_KNOWN = frozenset({"public", "private", "version", "encrypted", "none", "default", "clear"})

_USER = Pattern(
    r"user(?=[ \t=:])[ \t]{0,3}(?P<sign>[=:]?)[ \t]{0,3}[\"']?(?P<user>[\w.@\\-]{1,60}):"
    r"(?P<value>[^\s\"'`\\<>;,(){}|\[\]$/][^\s\"'`\\<>;,(){}|\[\]$]{2,200})[\"']?[ \t]*(?=\n|\Z)"
)
_USER_BEGINS = ("", "--", "proxy-", "--proxy-")
_GROUPS = frozenset(
    [
        "root",
        "staff",
        "users",
        "wheel",
        "nogroup",
        "nobody",
        "docker",
        "adm",
        "sudo",
        "admin",
        "users",
        "group",
        "www-data",
        "node",
        "app",
    ]
)
_MAIL_ACCOUNT = Pattern(
    r"smtp\.[\w.-]{0,80}\]?(?::\d{1,5})?[ \t]{1,12}[\w.@+-]{1,80}:(?P<value>[^\s\"'`\\]{3,200})[ \t]*(?=\n|\Z)"
)
_ACL_RULE = Pattern(r"(?<=[\s\"'])[>#](?P<value>[^\s\"'<>|&;]{3,200})(?=[\s\"']|\Z)")
_ACL_LINE = Pattern(
    r"\b(?:user|setuser)\s{1,3}\S{1,60}\s(?:\S{1,60}\s){0,12}?(?:on|off|reset\w{0,8}|nopass)\s|\bsetuser\s",
    re.IGNORECASE,
)
_AUTH_LINE = Pattern(
    r"(?:\A|\n)(?P<prompt>[\w.:\[\]~-]{0,60}>[ \t]?|[$#%> \t]{0,4}(?:redis|valkey)-cli[ \t](?:[\w.:-]{1,60}[ \t]){0,6})?AUTH[ \t](?:(?P<user>[\w.-]{1,40})[ \t])?(?P<value>[^\s\"']{4,200})[ \t]*(?=\n|\Z)"
)
# A line of what opens the door to a device, as files about TACACS and RADIUS have it.
_DEVICE_KEY = Pattern(
    r"(?:\A|[\n{])[ \t]*(?:[\w.:-]{1,60}[ \t]{1,12})?(?:key|secret)(?:[ \t]*=[ \t]*|[ \t]{1,12})(?P<q>[\"'])?"
    r"(?P<value>[^\s\"'`\\<>;,(){}|\[\]$]{3,100})(?(q)(?P=q))[ \t]*(?=[;}#\n\r]|\Z)",
    re.IGNORECASE,
)
_OF_DEVICES = ("tacacs", "tac_plus", "tacplus", "= clear")
_CHAP = Pattern(
    r"(?:\A|\n)[ \t]*(?:\"[^\"\n]{1,60}\"|[^\s\"#]{1,60})[ \t]{1,20}(?:\*|[\w.\"-]{1,40})[ \t]{1,20}[\"']?(?P<value>[^\s\"']{3,200})[\"']?"
    r"[ \t]{1,20}(?:\*|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?)[ \t]*(?=\n|\Z)"
)
_CHAP_FILES = ("chap-secrets", "pap-secrets", "client server secret", "l2tpd", "pptpd")


class Forms:
    """Forms by the words that they need, and where those of one begin, found in one pass."""

    def __init__(self, forms: Iterable[Form]) -> None:
        of_begins: dict[str, dict[str, list[Form]]] = {}
        self._elsewhere: dict[str, list[tuple[str, Form]]] = {}
        for form in forms:
            for begin in form.begins:
                if form.gate in begin:
                    of_begins.setdefault(form.gate, {}).setdefault(begin, []).append(form)
                else:
                    self._elsewhere.setdefault(form.gate, []).append((begin, form))
        for gate, begins in of_begins.items():  # the longer first: it tells more
            of_begins[gate] = dict(sorted(begins.items(), key=lambda item: -len(item[0])))
        # What stands before the gate in each beginning, and the forms that begin so.
        self._forms = {
            gate: [(begin.index(gate), those) for begin, those in begins.items()]
            for gate, begins in of_begins.items()
        }
        self._begins = {
            gate: Pattern(
                f"{re.escape(gate)}(?:{'|'.join(_around(gate, begin) for begin in begins)})"
            )
            for gate, begins in of_begins.items()
        }
        self._gates, self._gates_elsewhere = frozenset(self._forms), frozenset(self._elsewhere)

    def found_in(self, text: str, lowered: str, gates: Set[str]) -> list[Span]:
        """The secrets of these forms in a text, by where they begin."""
        found: dict[int, Span] = {}
        for gate in self._gates & gates:
            for begin in self._begins[gate].finditer(lowered):
                back, forms = self._forms[gate][(begin.lastindex or 1) - 1]
                for form in forms:
                    _add_all(found, form.pattern.match(text, begin.start() - back))
        for gate in self._gates_elsewhere & gates:
            for word, form in self._elsewhere[gate]:
                for place in places(lowered, word):
                    _add_all(found, form.pattern.match(text, place))
        return list(found.values())


def _around(gate: str, begin: str) -> str:
    before, after = begin.split(gate, 1)
    behind = f"(?<={re.escape(before + gate)})" if before else ""
    return f"{behind}({re.escape(after)})"


def _add_all(found: dict[int, Span], match: re.Match[str] | None) -> None:
    for group in match.re.groupindex if match else ():
        if match and group in ("value", "second") and match[group]:
            _add(found, match.start(group), match[group])


def _add(found: dict[int, Span], start: int, value: str) -> None:
    value = value.rstrip("\\")
    if is_stand_in(value, weak=False) or value.lower() in _KNOWN or value.startswith(("/", "-")):
        return
    if value.isalpha() and value.isupper():
        return  # what stands for it in a manual
    if not (is_code(value) or is_reference(value)) or is_told(value):
        found[start] = (start, start + len(value), "password")


def directives(text: str, lowered: str, gates: Set[str]) -> list[Span]:
    """The secrets in the lines of settings in a text."""
    found: dict[int, Span] = {}
    if "user" in gates:
        for place in places(lowered, "user"):
            match = _USER.match(text, place)
            before = lowered[max(0, place - 20) : place].rpartition("\n")
            if match is None or not (before[1] or place < 20):
                continue
            if before[2].lstrip(" \t>+") not in _USER_BEGINS:
                continue
            value = match["value"]
            told = is_told(value) and not value.isdigit()
            plain = match["sign"] != ":" and is_plain_word(value) and value not in _GROUPS
            if value != match["user"] and (told or plain):
                _add(found, match.start("value"), value)
    if "smtp." in gates:
        for place in places(lowered, "smtp."):
            if account := _MAIL_ACCOUNT.match(text, place):
                _add(found, account.start("value"), account["value"])
    if not gates.isdisjoint(("acl setuser", "user")) and (">" in text or "#" in text):
        for match in _ACL_RULE.finditer(text):
            line = text.rfind("\n", max(0, match.start() - 300), match.start()) + 1
            if _ACL_LINE.search(text, max(line, match.start() - 300), match.start()):
                _add(found, match.start("value"), match["value"])
    if "auth" in gates and "AUTH " in text:
        for line_of in _AUTH_LINE.finditer(text):
            if line_of["prompt"] or is_told(line_of["value"]):
                _add(found, line_of.start("value"), line_of["value"])
    if not gates.isdisjoint((*_OF_DEVICES, "clear")) and any(w in lowered for w in _OF_DEVICES):
        for match in _DEVICE_KEY.finditer(text):
            _add(found, match.start("value"), match["value"])
    if not gates.isdisjoint(("secret", "l2tpd", "pptpd")) and any(
        word in lowered for word in _CHAP_FILES
    ):
        for match in _CHAP.finditer(text):
            _add(found, match.start("value"), match["value"])
    return list(found.values())
