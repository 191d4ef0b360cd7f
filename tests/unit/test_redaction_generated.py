"""What commands print that make or show a secret, codes for recovery, and hashes of passwords."""

from __future__ import annotations

import base64
import random
import string

import pytest

from aiana.redaction.redact import forget_known, redact, redact_json
from tests.noise import noise

HEX = noise(64, "0123456789abcdef")
BASE64 = base64.b64encode(random.Random(3).randbytes(32)).decode()
COMMANDS = {
    "$ openssl rand -hex 32": HEX,
    "openssl rand -base64 32": BASE64,
    "$ head -c 32 /dev/urandom | base64": BASE64,
    "$ tr -dc A-Za-z0-9 </dev/urandom | head -c 20": noise(20),
    "$ pwgen -s 20 1": noise(20),
    "$ wg genkey": BASE64,
    "$ php artisan key:generate --show": "base64:" + BASE64,
    "$ node -e \"console.log(require('crypto').randomBytes(32).toString('hex'))\"": HEX,
    "$ rails secret": HEX,
    "$ op read op://dev/acme/login": noise(16),
    "$ kubectl create token admin": noise(40),
    "$ aws ssm get-parameter --name /a --with-decryption --output text": noise(30),
    "$ pass web/acme": noise(16),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_line_below_the_command(command: str) -> None:
    forget_known()
    value = COMMANDS[command]
    text = f"{command}\n{value}\n$ ls\n"
    assert redact(text) == (text.replace(value, "[redacted:secret]"), 1)


def test_several_lines_in_quotes() -> None:
    one, two = noise(43), noise(44)
    text = f">>> secrets.token_urlsafe(32)\n'{one}'\n"
    assert redact(text) == (text.replace(one, "[redacted:secret]"), 1)
    text = f"$ pwgen 44 2\n{one}\n{two}\n"
    assert redact(text)[0] == "$ pwgen 44 2\n[redacted:secret]\n[redacted:secret]\n"


@pytest.mark.parametrize(
    "text",
    [
        "$ openssl rand -hex 32 > key.bin\n$ ls\nkey.bin\n",
        "dd if=/dev/urandom of=x bs=1M count=1\n1+0 records in\n",
        "secrets.token_hex(32)\n\nmakes a token",
        "$ pass web/acme\nError: web/acme is not in the password store.\n",
        "openssl rand -hex 32\n```\nThen put it into a file.",
    ],
)
def test_other_lines_below_stay(text: str) -> None:
    assert redact(text) == (text, 0)


CODES = [noise(5, "abcdefgh") + "4-" + noise(5, "klmnopqr") + "7", noise(8, string.digits)]


@pytest.mark.parametrize(
    "form",
    [
        "Recovery codes:\n§",
        "backup codes\n1. §\n",
        "Your recovery code: §",
        "Here are your 2FA backup codes:\n\n§\n",
        "Your emergency scratch codes are:\n  §\n",
    ],
)
@pytest.mark.parametrize("code", CODES)
def test_codes_for_recovery(form: str, code: str) -> None:
    assert redact(form.replace("§", code))[0] in (
        form.replace("§", "[redacted:recovery-code]"),
        form.replace("§", "[redacted:pin]"),
        form.replace("§", "[redacted:password]"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "recovery codes are stored hashed",
        "backup codes: 10",
        "the recovery code path in src/main.c",
    ],
)
def test_what_only_speaks_of_codes(text: str) -> None:
    assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    ("begin", "secret"),
    [
        ("'bob' => '$2b$12$", noise(53)),
        ("x $argon2id$v=19$m=65536,t=3,p=4$", noise(22) + "$" + noise(43)),
        ("x pbkdf2_sha256$600000$", noise(22) + "$" + noise(43) + "="),
        ("x: {SSHA}", base64.b64encode(random.Random(5).randbytes(28)).decode()),
    ],
)
def test_hashes_of_passwords(begin: str, secret: str) -> None:
    assert redact(f"{begin}{secret}'") == (f"{begin}[redacted:password-hash]'", 1)


def test_a_key_in_json_without_other_words() -> None:
    value = noise(43)
    text = '{"kty":"oct","k":"%s"}'
    assert redact_json(text % value) == (text % "[redacted:private-key]", 1)
