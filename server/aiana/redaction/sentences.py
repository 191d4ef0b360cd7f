"""Secrets that people tell together with a user's name, a prompt or what they open.

`log in with bob / …`, `u: bob p: …`, `when asked for a password, type …`, `the door code is …`,
`here is my token …`.
"""

from __future__ import annotations

from aiana.redaction.directives import Form

_Q = r"[*\"'`]{0,3}"
_USER = rf"{_Q}[\w.@+-]{{2,60}}{_Q}"
# What no word of a sentence is: letters and a digit or a sign.
_MIXED = r"(?P<value>(?=[^\s\"'`]*[A-Za-z])(?=[^\s\"'`]*[\d!#$%&^*+=])[^\s\"'`,;()<>{}|\\]{5,80}[^\s\"'`,;()<>{}|\\.!?*])"
_PLAIN = r"(?P<second>[a-z]{5,40})"
_TOKEN = r"[\"'`]?(?P<value>(?=[^\s\"'`]*[a-z])(?=[^\s\"'`]*[A-Z])(?=[^\s\"'`]*\d[^\s\"'`]*\d)[\w.-]{12,400})(?=[\s\"'`,;!?)]|\Z)"
_ENDS = r"(?=[.,!*\"'`]{0,3}\s*(?:\n|\Z))"
_KNOWN_USER = rf"{_Q}(?:admin\w*|root|user\d*|demo|guest|test\w{{0,8}}|[\w.+-]{{1,40}}@[\w.-]{{1,40}}|bob|alice|ada){_Q}"
_WITH = r"(?:with|as|using|to\s\S{1,80}\s(?:with|as))\s(?:the\s)?(?:user(?:name)?\s)?"
_BETWEEN = r"\s{0,2}(?:/|:|,|\+|\band\b|\bwith\b)\s{0,2}(?:(?:the\s)?(?:password|pw|pass)\s)?"
_CODES = (
    "2fa code", "mfa code", "otp code", "one-time code", "verification code", "door code", "alarm code", "gate code",
    "unlock code", "entry code", "backup code", "recovery code", "security code", "lock code", "sms code",
)  # fmt: skip
SENTENCES = (
    *(
        Form(gate, (f"{gate} ",), rf"{gate}\s{{1,2}}{_WITH}(?:{_USER}{_BETWEEN}{_Q}{_MIXED}|{_KNOWN_USER}\s/\s{_Q}{_PLAIN}{_ENDS})")
        for gate in ("login", "log in")
    ),
    *(
        Form(gate, (gate,), rf"{gate}\s{{0,2}}[:=]\s{{0,2}}{_USER}\s{{0,2}}[/:]\s{{0,2}}{_Q}(?:{_MIXED}|{_PLAIN}{_ENDS})")
        for gate in ("zugangsdaten", "identifiants", "credenciales")
    ),
    Form("cred", ("credentials are ",), rf"credentials are {_USER}\s(?:and|/|with)\s{_Q}{_MIXED}"),
    Form("pass", ("password", "passphrase"),
         rf"pass(?:word|phrase)[,:]?\s(?:again\s)?(?:just\s)?(?:enter|type|use|put|give)\s{{1,2}}(?:in\s)?{_Q}{_MIXED}"),
    Form("pass", ("password",),
         rf"password\b[^\n.;]{{0,24}}[,:]?\s(?:and\s|so\s)?I\s(?:enter|type|typed|entered|gave|put)(?:\sin)?\s{{1,2}}{_Q}{_MIXED}"),
    Form("pass", ("temp password ", "temporary password ", "initial password ", "default password "),
         rf"\w{{4,9}}\spassword\s{{1,2}}{_Q}(?P<value>(?=[^\s]*[A-Za-z])(?=[^\s]*\d)[^\s\"'`,;()<>{{}}|\\]{{6,80}})(?=[\s\"'`,;]|\Z)"),
    Form("pass", ("password",),
         r"password[\"']?\s{1,3}with\s{1,3}[\"'](?P<value>[^\s\"']{5,80})[\"']"),
    Form("pass", ("input password", "input text"),
         r"input (?:password|text)\s{2,8}\S{1,60}\s{2,8}(?P<value>[^\s${]\S{4,80})"),
    Form("pass", ("password `",), rf"password `{_MIXED}`"),
    Form("pass", ("password from ",), rf"password from {_Q}{_MIXED}{_Q} to\b"),
    Form("pass", ("pass: ",), rf"(?<![\w-])pass:\s{{1,2}}{_Q}{_MIXED}{_ENDS}"),
    Form("pass", ("trying password ",), rf"trying password {_Q}(?P<value>[^\s\"'`]{{4,80}}){_Q} for\b"),
    Form("pass", ("pass is ", "pass word", "pass phrase"), rf"(?<![\w-])pass(?:\sword|\sphrase)?(?:\sis|\s?[:=])\s{{1,2}}{_Q}{_MIXED}{_ENDS}"),
    *(Form(gate, (gate,), rf"(?<![\w-]){gate}(?:\sis|\s?[:=])?\s{{1,2}}{_Q}{_MIXED}{_ENDS}") for gate in ("psw", "p/w")),
    Form("pw", ("pw ",), rf"(?<![\w-])pw\s{{1,2}}{_Q}{_MIXED}{_ENDS}"),
    Form("token", ("token ",), r"token\s{1,2}" + _TOKEN),
    Form("token", ("token created: ", "token: "), r"token(?: created)?:\s{1,2}" + _TOKEN),
    Form("u/p", ("u/p",), rf"u/p\s{{0,2}}[:=]\s{{0,2}}{_USER}\s?[/:]\s?{_Q}(?:{_MIXED}|{_PLAIN}{_ENDS})"),
    Form("u:", ("u:",), rf"(?<![\w])u:\s{{0,2}}{_USER},?\s{{1,3}}p:\s{{0,2}}{_Q}(?:{_MIXED}|{_PLAIN}{_ENDS})"),
    Form("code", _CODES, rf"[\w -]{{2,14}}code{_Q}(?:\s(?:is|was)|\s?[:=])?\s{{1,3}}{_Q}(?P<value>\d{{4,8}})(?![\w.])"),
    Form("puk", ("puk",), r"puk\b[:=]?\s{0,3}(?:is\s)?(?P<value>\d{6,10})(?!\w)"),
)  # fmt: skip
