from __future__ import annotations

import json
import random
import string

import pytest

from aiana.redaction.redact import redact, redact_json, redact_tree
from tests.noise import ALNUM, noise

# A table of digits and letters in no order: enough to look random, and the same in every run.
NOISE = "".join(random.Random(7).choices(ALNUM, k=4000))


TOKENS = {
    "aws-access-key": "AKIA" + noise(16, string.ascii_uppercase),
    "github-token": "ghp_" + noise(36),
    "gitlab-token": "glpat-" + noise(20),
    "slack-token": f"xoxb-{noise(12, string.digits)}-{noise(24)}",
    "stripe-key": "sk_live_" + noise(24),
    "openai-key": "sk-proj-" + noise(100),
    "anthropic-key": "sk-ant-api03-" + noise(95),
    "huggingface-token": "hf_" + noise(34),
    "npm-token": "npm_" + noise(36),
    "pypi-token": "pypi-AgEIcHlwaS5vcmc" + noise(150),
    "google-api-key": "AIza" + noise(35),
    "google-oauth-token": "ya29." + noise(60),
    "sendgrid-key": f"SG.{noise(22)}.{noise(43)}",
    "jwt": f"eyJ{noise(30)}.eyJ{noise(60)}.{noise(43)}",
}
TOKENS["aws-access-key"] = TOKENS["aws-access-key"].replace("7", "Q")


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize(
    "around", ["{}", "x={};", '"{}"', "-{}", "a\\n{}\\nb", "see {}, ok", "é{}"]
)
def test_tokens_are_taken_out_wherever_they_stand(kind: str, around: str) -> None:
    if around == "é{}":
        around = "é {}"
    text = around.format(TOKENS[kind])
    assert redact(text) == (around.format(f"[redacted:{kind}]"), 1)


@pytest.mark.parametrize("label", ["", "RSA ", "EC ", "OPENSSH "])
@pytest.mark.parametrize("newline", ["\n", "\\n", "\r\n", "\n    12→"])
def test_private_keys_are_taken_out_whole(label: str, newline: str) -> None:
    lines = [NOISE[n : n + 64] for n in range(0, 640, 64)]
    begin, end = f"-----BEGIN {label}PRIVATE KEY-----", f"-----END {label}PRIVATE KEY-----"
    key = newline.join([begin, *lines, NOISE[:20] + "==", end])
    assert redact(f"key: {key} done") == ("key: [redacted:private-key] done", 1)


def test_a_private_key_that_is_cut_off() -> None:
    text = "-----BEGIN PRIVATE KEY-----\n" + NOISE[:64] + "\n" + NOISE[64:128]
    assert redact(text + "\n... truncated") == ("[redacted:private-key]\n... truncated", 1)


@pytest.mark.parametrize("newline", ["\n", "\\n", "\r\n", "\n    12→"])
def test_a_private_key_whose_beginning_is_cut_off(newline: str) -> None:
    lines = [NOISE[n : n + 64] for n in range(0, 640, 64)]
    tail = newline.join([NOISE[:30], *lines, NOISE[:20] + "==", "-----END PRIVATE KEY-----"])
    assert redact(f"{tail}{newline}done") == (f"[redacted:private-key]{newline}done", 1)
    clean, n = redact(f"the end of it:{newline}{tail}")
    assert n == 1
    assert NOISE[:20] not in clean


def test_the_end_of_a_private_key_alone() -> None:
    for text in ("-----END PRIVATE KEY-----", "it ends with\n-----END RSA PRIVATE KEY-----\n"):
        assert redact(text) == (text, 0)


VALUE = noise(24)
ASSIGNED = [
    ("DB_PASSWORD={}", "password"),
    ("password: '{}'", "password"),
    ('{{"password": "{}"}}', "password"),
    ('{{\\"password\\": \\"{}\\"}}', "password"),
    ("mysql --password {}", "password"),
    ("mysql --password={}", "password"),
    ("API_KEY={}", "secret"),
    ("apiKey: '{}',", "secret"),
    ("AWS_SECRET_ACCESS_KEY={}", "secret"),
    ("client_secret => '{}'", "secret"),
    ("Authorization: Bearer {}", "authorization"),
    ("curl -H 'authorization: bearer {}'", "authorization"),
    ("Authorization: Basic {}", "authorization"),
    ("postgres://app:{}@db:5432/app", "url-password"),
    ("https://{}@github.com/o/n.git", "url-password"),
]


@pytest.mark.parametrize(("form", "kind"), ASSIGNED)
def test_values_that_are_given_to_a_secret_name(form: str, kind: str) -> None:
    assert redact(form.format(VALUE)) == (form.format(f"[redacted:{kind}]"), 1)


@pytest.mark.parametrize(
    "text",
    [
        "password: str = Field(default=None)",
        "password = user.password",
        "password = getpass()",
        "const token = await getAccessToken(request)",
        "api_key = os.environ['OPENAI_API_KEY']",
        "export API_KEY=<your-api-key-here>",
        "Authorization: Bearer $GITHUB_TOKEN",
        "Authorization: Bearer ${{ secrets.GITHUB_TOKEN }}",
        "max_tokens=4096, total_tokens: 1234567890123",
        "token_count: 123456 tokenId=a1b2c3d4e5f6a7b8",
        "secret_name: projects/app/secrets/db-password-2",
        "the secret: always write tests",
        "postgres://user:password@localhost:5432/test",
        "postgres://$USER:$PASS@host/db",
        "http://localhost:8080/a@b",
        "git@github.com:owner/name.git",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "550e8400-e29b-41d4-a716-446655440000",
        "task-management-with-a-very-long-kebab-case-name-and-risk-analysis",
        "sk-learn-is-a-library-for-machine-learning",
        "-----BEGIN PUBLIC KEY-----\n" + "A" * 64 + "\n-----END PUBLIC KEY-----",
        "it greps for -----BEGIN RSA PRIVATE KEY----- in every file",
        "AKIAIOSFODNN7EXAMPLE",
        "data:image/png;base64," + NOISE,
        'key = "primary"; foreign_key: "user_id_2_reference"',
    ],
)
def test_text_that_holds_no_secret_stays(text: str) -> None:
    assert redact(text) == (text, 0)


def test_redaction_is_idempotent() -> None:
    forms = [form.format(VALUE) for form, _ in ASSIGNED]
    text = "\n".join([*TOKENS.values(), *forms])
    once, n = redact(text)
    assert n == len(TOKENS) + len(ASSIGNED)
    assert redact(once) == (once, 0)


def test_redact_letters_that_grow() -> None:
    assert redact("İİİ password='" + VALUE + "'") == ("İİİ password='[redacted:password]'", 1)


def test_json_values_are_redacted_by_their_key() -> None:
    value = {"user": "ann", "password": "correct7horse", "nested": [{"apiKey": VALUE}], "n": 1}
    assert redact_tree(value) == (
        {
            "user": "ann",
            "password": "[redacted:password]",
            "nested": [{"apiKey": "[redacted:secret]"}],
            "n": 1,
        },
        2,
    )
    text = json.dumps(value)
    redacted, n = redact_json(text)
    assert (json.loads(redacted), n) == redact_tree(value)
    untouched = '{"command": "ls",  "n": 1}'
    assert redact_json(untouched) == (untouched, 0)
    escaped = r'{"said": "\u0070assword: q8Zk39XfXq81mmZ"}'
    assert redact_json(escaped) == ('{"said":"password: [redacted:password]"}', 1)
    assert redact_json('{"torn": "' + TOKENS["npm-token"]) == ('{"torn": "[redacted:npm-token]', 1)


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "eyJ-",
        "eyJaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAA",
        "password=",
        'password: "',
        "token",
        "secret_",
        "://",
        "://a:",
        "https://a:b",
        "Authorization: Bearer ",
        "xoxb-",
        "sk-proj-",
        "-",
        "A",
        "\\\\",
        "password" + " " * 40,
    ],
)
@pytest.mark.timeout(60)
def test_no_text_makes_it_hang(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    once, _ = redact(text)
    assert redact(once) == (once, 0)
