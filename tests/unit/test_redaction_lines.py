"""Secrets that the form of a line tells, and what people write in a dozen languages."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import redact

LINES = r"""
localhost:5433:shop:ada:{}
*:*:*:ada:{}
h:6432:shop:ada:{}
10.0.0.3:5439:stock:etl:{}
db.example.org:*:shop:ada:{}
echo 'localhost:15432:shop:ada:{}' >> ~/.pgpass
# .pgpass⏎h:1234:shop:ada:{}
machine h password {} login ada
machine h⏎  login ada⏎  password {}
machine h⏎password {}
machine h login ada account x password {}
default login ada password {}
password {}
set password {}
db.password {}
spring.datasource.password {}
account work⏎host smtp.example.org⏎user ada⏎password {}
host h⏎password {}⏎port 587
password "{}"
masterauth {}
masterauth "{}"
requirepass "{}"
bindpw {}
rootpw          {}
rootpw --plaintext {}
username ada password 0 {}
username ada privilege 15 secret 0 {}
enable secret 0 {}
neighbor 192.0.2.1 password {}
mount -o username=ada,password={} //h/s /m
//h/s /mnt cifs user=ada,pass={},uid=1000 0 0
""".strip().splitlines()


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_settings(line: str) -> None:
    for value in ("tulip", "tulip7"):
        text = line.format(value).replace("⏎", "\n")
        clean, n = redact(text)
        assert n == 1
        assert value not in clean
        assert redact(clean) == (clean, 0)


@pytest.mark.parametrize(
    "text",
    [
        "app.py:1234:check:user:missing",
        "compose.yml:5432:services:db:image",
        "src/a.ts:5432:check:user:missing",
        "2001:5432:aaaa:bbbb:cccc",
        "127.0.0.1:5432:5432",
        "localhost:3000 is up",
        "localhost:5432:shop:ada:$PGPASSWORD",
        "*:*:*:*:*",
        "password reset",
        "set password policy",
        "password dialog",
        "password visibility",
        "password required\nuser ada",
        "Password\nForgot password?\nSign in",
        "users.password text",
        "users.password varchar",
        "password hashing\nlogin works",
        "the machine default login and password are printed",
        "username and password authentication",
        "masterauth $PASSWORD",
        "mount -o username=ada,password=$PASSWORD //h/s /m",
        "f(user=user,password=password,host=host)",
    ],
)
def test_lines_that_hold_no_password(text: str) -> None:
    assert redact(text) == (text, 0)


SAID = """
password -> {}7
password → {}7
password => {}
Password .... {}7
password ({}7)
with password {}7 it works
use the password {}7 to log in
user bob, pass {}7
“password”: “{}”
the password is “{}”
password「{}」
Password⏎{}7
* Password⏎  {}7
**Password**⏎`{}`
credentials: `bob` / `{}7`
creds bob:{}7
Password for 'https://bob@example.org': {}
the password was {} until yesterday
das WLAN-Passwort ist {}
das Passwort für bob ist {}
das Passwort heißt {}
mdp : {}
mot de passe : {}
la contraseña es {}
mi contraseña es {}.
contrasena: {}
la clave es {}7
a senha é {}
wachtwoord: {}
lösenordet är {}
hasło to {}
hasło jest {}
jelszó: {}7
parolă: {}7
şifre {}7
пароль - {}
пароль {}7
пароль от базы: {}
ο κωδικός είναι {}
密码是{}
数据库密码为{}
密碼是{}
口令：{}
パスワードは「{}7」です
비밀번호는 {}7 입니다
mật khẩu là {}
كلمة المرور: {}7
كلمة السر هي {}7
הסיסמה היא {}7
סיסמה: {}
पासवर्ड: {}7
รหัสผ่าน: {}7
kata sandi: {}7
""".strip().splitlines()


@pytest.mark.parametrize("line", SAID)
def test_a_sentence_or_label_in_any_language(line: str) -> None:
    text = line.format("tulip").replace("⏎", "\n")
    clean, n = redact(text)
    assert n == 1
    assert "tulip" not in clean
    assert redact(clean) == (clean, 0)


def test_a_phrase_of_words() -> None:
    clean, n = redact("passphrase: tulip rosebud orchid lily")
    assert (clean, n) == ("passphrase: [redacted:password]", 1)


@pytest.mark.parametrize(
    "text",
    [
        "password -> password.length",
        "password => validate(password)",
        "password -> hash",
        "password (required)",
        "password (min 8 characters)",
        "with password protection",
        "use the password manager",
        "user and pass are set",
        "the password is “required”",
        "das Passwort ist falsch",
        "Passwort ist zu kurz",
        "le mot de passe est requis",
        "la contraseña es incorrecta",
        "la contraseña es obligatoria",
        "a senha é segura",
        "la clave es el nombre",
        "clave: valor",
        "het wachtwoord is verplicht",
        "hasło jest wymagane",
        "пароль обязателен",
        "密码 (password) 是必填的",
        "密码为null时",
        '"请输入密码": "Please enter"',
        "パスワードを忘れた場合",
        "비밀번호를 입력하세요",
        "mdp_length = 4",
        "passphrase: the words that you were given",
        "Credentials Grant`: https://example.org/rfc6749#section-4.3",
        "Passwords\nChapter 12",
        "* Password\n* Email",
    ],
)
def test_what_is_said_of_passwords(text: str) -> None:
    assert redact(text) == (text, 0)
