"""Secrets that sentences tell beside a user's name or a prompt, and those in fields of tools."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import forget_known, redact, redact_tree

MIXED = "p9QxV7t2LmZk"
TOLD = """
log in with bob / §
you can log in as admin@example.org / §
login as admin with §
Zugangsdaten: bob / §
identifiants : bob / §
u: bob p: §
u/p: bob/§
when asked for a password, use §
it asks for a password, type §
here is my token §
root pw §
senha: §
minha senha: §
heslo je §
salasana on §
passordet er §
adgangskode: §
het wachtwoord is §
parola: §
пароль от базы §
гасло: §
비번 §
let(:password) { "§" }
ENV.fetch('API_KEY') { '§' }
config("SECRET_KEY", default="§")
std::string password{"§"};
expect(user.password).toBe('§')
new PDO($dsn, $user, '§');
WiFi.begin("Home", "§");
hmac.new(b"§", msg, hashlib.sha256)
base64.b64encode(b"bob:§")
signInWithEmailAndPassword(auth, 'b@x.org', '§')
smtp.PlainAuth("", "b@x", "§", "host")
"""
NOT_TOLD = [
    "log in with username and password",
    "login with email / password",
    "login as root with sudo",
    "enter the password when prompted",
    "use the token from the settings page",
    "pass: 12 fail: 3",
    "heslo je povinné",
    "salasana on väärä",
    "senha incorreta",
    "parola chiave",
    "exit code 1234",
    "u: 10 p: 20",
    "expect(errors.password).toBe('Required')",
    "password { required }",
]


@pytest.mark.parametrize("form", TOLD.split("\n")[1:-1])
def test_what_is_told(form: str) -> None:
    forget_known()
    begin, end = form.split("§")
    redacted, n = redact(begin + MIXED + end)
    assert n == 1
    assert redacted.startswith(f"{begin}[redacted:")
    assert redacted.endswith("]" + end)


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_only_speaks_of_passwords_stays(text: str) -> None:
    assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    "text", ["the door code is 48271", "2FA code: 739184", "SIM PUK: 73918452"]
)
def test_codes_of_digits(text: str) -> None:
    redacted, n = redact(text)
    assert n == 1
    assert not any(sign.isdigit() for sign in redacted.split("[")[1])


SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"
FIELDS = [
    {"kty": "oct", "k": MIXED},
    {"passwords": {"bob": MIXED}},
    {"cookies": [{"name": "session", "value": MIXED, "domain": "x.org"}]},
    {"mnemonic": SEED},
    {"psk": MIXED},
]


@pytest.mark.parametrize("value", FIELDS)
def test_fields_that_their_object_tells(value: dict[str, object]) -> None:
    redacted, n = redact_tree(value)
    assert n == 1
    assert MIXED not in str(redacted)
    assert SEED not in str(redacted)
