"""Secrets that a line beside them tells: prompts, labels, comments, cells, sentences."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import forget_known, redact

# Each with `§` where a secret that no hand typed stands, and what is left of it.
MADE = ("k7Qz9xWv2LpT4m", "gY4tBn9sQ2")
FORMS = [
    ("$ gh auth token\n§", "secret"),
    ("bob@host:~$ cat /run/secrets/db_password\n§\nbob@host:~$ ", "password"),
    ("$ printenv API_KEY\n§", "secret"),
    ("$ gcloud auth print-access-token\n§\n", "secret"),
    (">>> password\n'§'", "password"),
    ("> process.env.TOKEN\n'§'", "secret"),
    ('(gdb) p password\n$1 = 0x5555 "§"', "password"),
    ("Please use the following password to proceed to installation:\n\n§\n", "password"),
    ("Here is my API key:\n```\n§\n```", "secret"),
    ('assert check("§")  # the real password', "password"),
    ("createClient(url, '§') // supabase auth token", "secret"),
    ('child.sendline("§")  # password', "password"),
    ("| DB_PASSWORD | § | the db |", "password"),
    ("│ password │ § │", "password"),
    ("Key       Value\n---       -----\ntoken     §", "secret"),
    ("<b>Password:</b> §", "password"),
    ("<li>Password: <code>§</code></li>", "password"),
    ("<tr><td>Password</td><td>§</td></tr>", "password"),
    ("<param-name>password</param-name><param-value>§</param-value>", "password"),
    ('KeychainWrapper.standard.set("§", forKey: "password")', "password"),
    ("set JWT_SECRET to §", "secret"),
    ("set `JWT_SECRET` to `§`", "secret"),
    ("DB_PASSWORD should be §", "password"),
    ("the bearer token we got: §", "secret"),
    ("Client Secret — §", "secret"),
    ("* API key — `§`", "secret"),
    ("openai key = §", "secret"),
    ("Password (staging): §", "password"),
    ("password for bob@x.org: §", "password"),
    ("the old password § no longer works", "password"),
    ("change the password from § to another", "password"),
    ("it accepts §, that is the password", "password"),
    ("the new one is § (password)", "password"),
    ("credentials for prod: admin/§", "password"),
    ("Benutzer bob, Passwort §", "password"),
    ("identifiant bob, mot de passe §", "password"),
    ("pass is §", "password"),
    ("p/w: §", "password"),
    ("+ PASS=§", "password"),
    ("+OK\nUSER bob\n+OK\nPASS §\n", "password"),
    ("if (req.body.password === '§') {", "password"),
    ("v_password VARCHAR2(20) := '§';", "password"),
    ("bcrypt('§')", "password"),
    ("BCrypt::Password.create('§')", "password"),
    ("signInWithEmailAndPassword('a@example.org', '§')", "password"),
    ("http.basic_auth 'bob', '§'", "password"),
    ('creds = ("bob", "§")', "password"),
    ("crypt('§', gen_salt('bf'))", "password"),
    ("svn co https://x --username a --password §", "password"),
    ("git remote set-url origin https://§@github.com/a/b", "url-password"),
    ("WIFI:T:WPA;S:home;P:§;;", "password"),
    ('key "ddns" {\n  algorithm hmac-sha256;\n  secret "§";\n};', "secret"),
    ('oper bob { password "§"; };', "password"),
    ("key-string §", "password"),
    ("primaryauth §", "secret"),
    ("set system login user bob authentication plaintext-password §", "password"),
    ("set interfaces pppoe pppoe0 authentication password §", "password"),
    ("basic auth is bob:§", "password"),
    ('archive.setpassword(b"§")', "password"),
]


@pytest.mark.parametrize(("form", "kind"), FORMS)
def test_what_stands_beside_it_tells_a_secret(form: str, kind: str) -> None:
    for secret in MADE:
        forget_known()
        assert redact(form.replace("§", secret)) == (form.replace("§", f"[redacted:{kind}]"), 1)


# A word with a number is no word of a sentence.
@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("my api key is §", "secret"),
        ('{"token":"§"}', "secret"),
        ('API_TOKEN = "§"', "secret"),
        ("curl -F client_secret=§ x", "secret"),
        ("wss://example.org/?token=§", "secret"),
        ("hcloud context create --token §", "secret"),
    ],
)
def test_a_word_with_a_number_is_a_secret(form: str, kind: str) -> None:
    for secret in ("Winter2024!", "MapleSyrup7", "tigerlily22"):
        forget_known()
        assert redact(form.replace("§", secret)) == (form.replace("§", f"[redacted:{kind}]"), 1)


LEFT_ALONE = [
    "$ git rev-parse feature/token-refresh\n3f2a9c1d4b5e6f708192a3b4c5d6e7f809182736",
    "$ sha256sum token.txt\n9f86d081884c7d659a2feaa0c55ad015  token.txt",
    "$ cat password.txt\ncat: password.txt: No such file or directory",
    "$ echo $PASSWORD_FILE\n/run/secrets/db_password1",
    "The password is wrong:\nERR_AUTH_4031",
    "Add the token to:\n.github/workflows/ci2.yml",
    'foo("abc12345def")  # not a secret handler',
    "| token | 0x1F98431c8aD98523 | address |",
    "| Password | Varchar2(255) | no |",
    "<td>Password</td><td>VARCHAR(255)</td>",
    "<td>password</td><td>string</td>",
    "the access token is JWT-encoded",
    "the auth token is v2LocalToken",
    "token: TokenV2Parser",
    "API key - OAuth2Client",
    "username and password OAuth2Token",
    "by password PBKDF2WithHmacSHA256",
    "--- PASS: TestParseLargeJSONLLines/100KB_line (0.00s)",
    "the password has expired",
    "password manager: 1Password",
    "passwordless sudo",
    "password: !vault |",
    "password => undef",
    "set JWT_SECRET to a random value",
    "DB_PASSWORD should be set",
    'defaults.set("en", forKey: "token")',
    'this.validateCredentials("fetch token", "clientid");',
    "WIFI:S:home;T:nopass;P:;;",
    "set the user password first",
    "set up your root password manager",
    "basic auth is on:off",
    'hasher.update_password(b"salt", 2)',
    "PASS src/auth2.test.ts\nPASS src/b1.test.ts",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert redact(text) == (text, 0)
