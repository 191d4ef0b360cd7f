"""Values of passwords whose shape is near that of code: scrambled around a dot, words joined."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import forget_known, redact
from aiana.redaction.values import is_code, is_scrambled
from aiana.redaction.vocabulary import is_passphrase

SCRAMBLED = "Vqm" + "ywQyPO.mos" + "vDrjV"
JOINED = "pan" + "da-tiger-" + "garden"
NUMBERED = "win" + "ter_tiger_" + "52"
FORMS = """
password: §
DB_PASSWORD=§
"password": "§"
config.password = '§'
String dbPassword = "§";
CREATE USER bob WITH PASSWORD '§';
Server=db;User Id=sa;Password=§;Encrypt=true
spring:⏎  datasource:⏎    password: §
User(name=bob, password=§, role=admin)
my password is §
das Passwort ist §
postgres://app:§@db/app
""".strip().splitlines()


@pytest.mark.parametrize("value", [SCRAMBLED, JOINED, NUMBERED])
@pytest.mark.parametrize("form", FORMS)
def test_the_value_goes(form: str, value: str) -> None:
    forget_known()
    begin, end = form.replace("⏎", "\n").split("§")
    redacted, n = redact(begin + value + end)
    assert n == 1
    assert redacted.startswith(f"{begin}[redacted:")
    assert redacted.endswith("]" + end)


@pytest.mark.parametrize(
    "text",
    """
password: form.password.value
password = settings.dbPassword2
password: userContext.currentUser.secretValue
"password": "errors.tooShort.text"
password = Credentials::Password
password: case-sensitive-string
password: must-be-changed
the password is end-to-end encrypted
the password is one-way-hashed
password: my-db-password
the password field is test_column_2
""".strip().splitlines(),
)
def test_names_and_words_stay(text: str) -> None:
    assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    "value", ["os.path.join", "base64.b64decode", "HTTPServer.doGET", "a.b.c", "lib2to3.fixes"]
)
def test_members_of_modules_are_code(value: str) -> None:
    assert is_code(value)


def test_shapes() -> None:
    assert is_scrambled(SCRAMBLED)
    assert not is_scrambled("getUserPasswordFromEnvironment")
    assert is_passphrase(JOINED)
    assert not is_passphrase("not-set-yet")
    assert not is_passphrase("up-to-date")
