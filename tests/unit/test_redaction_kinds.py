"""Kinds of secrets, and what only looks like one, in ten places of a text."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aiana.redaction.redact as redaction
from aiana.redaction import joined
from aiana.redaction.gates import BY_LETTER, SIGNS, WORDS_OF_RULES, gates_of
from aiana.redaction.names import WORDS
from aiana.redaction.plain import is_plain
from aiana.redaction.redact import forget_known, redact, redact_json
from aiana.redaction.rules import PHRASE_RULES
from tests.noise import noise

HEX = "0123456789abcdef"


WORD = "p9Q" + noise(11)
BASE64 = base64.b64encode(b"ada:" + noise(20).encode()).decode()
# How it stands, and what must not be stored.
FORMS = [
    # an argument that only its command tells
    ("sshpass -p '{}' ssh ada@host", WORD),
    ("sudo sshpass -p{} ssh ada@host", WORD),
    ("curl -u ada:{} https://api.example.org", WORD),
    ("curl -sS https://api.example.org \\\n  --user 'ada:{}'", WORD),
    ("mysql -u root -p{} shop < dump.sql", WORD),
    ("docker exec db mysqldump -uroot -p'{}' shop", WORD),
    ("redis-cli -h cache -a {} ping", WORD),
    ("docker login -u ada -p {} registry.example.org", WORD),
    ("az login -u ci@example.org -p {}", WORD),
    ("helm registry login -u ada -p {} r.example.org", WORD),
    ("echo '{}' | sudo -S apt update", WORD),
    ("openssl rsa -passin pass:{} -in key.pem", WORD),
    ("zip -P {} all.zip file", WORD),
    ("ldapsearch -D cn=x -w {} -b dc=x", WORD),
    ("smbclient //h/s -U ada%{}", WORD),
    ("sqlcmd -S h -U sa -P '{}'", WORD),
    ("htpasswd -cb file ada {}", WORD),
    ("mysql --password {}", "swordfish"),
    # a line of a known file
    ("machine git.example.org login ada password {}", "swordfish"),
    ('{{"auths": {{"ghcr.io": {{"auth": "{}"}}}}}}', BASE64),
    ("//r.example.org/:_auth={}", BASE64),
    ("//r.example.org/:_authToken={}", noise(36)),
    ("    client-key-data: {}", "LS0tLS1CRUdJTi" + noise(240)),
    ("kind: Secret\ndata:\n  extra: {}\n", BASE64.rstrip("=")),
    ("db.example.org:5432:shop:ada:{}", WORD),
    ("requirepass {}", "swordfish1"),
    ("CREATE USER a IDENTIFIED BY '{}'", "swordfish"),
    ('<add key="Password" value="{}" />', WORD),
    ("<password>{}</password>", "swordfish"),
    ('- name: DB_PASSWORD\n  value: "{}"', "swordfish"),
    # a header, a URL
    ("Cookie: sessionid={}; theme=dark", noise(48)),
    ("curl -b 'sessionid={}' https://example.org", noise(32)),
    ("X-Api-Key: {}", noise(32)),
    ("Authorization: {}", noise(40)),
    ("https://x.example.org/?access_token={}&a=b", noise(40)),
    ("https://hooks.slack.com/services/{}", f"T0{noise(7)}/B0{noise(7)}/{noise(24)}"),
    ("hooks.slack.com/services/{}", f"T0{noise(7)}/B0{noise(7)}/{noise(24)}"),
    ("https://discord.com/api/webhooks/123456789012345678/{}", noise(68)),
    ("https://open.feishu.cn/open-apis/bot/v2/hook/{}", noise(36)),
    # a name, whatever the value
    ("DB_PASSWORD={}", "swordfish"),
    ("DB_PASS={}", "swordfish"),
    ("MYSQL_PWD={} mysql", "abcxyz"),
    ("PGPASSWORD={} psql", "letmein"),
    ("password: {}", "hunter2"),
    ("  password: {}\n  user: x", "swordfish"),
    ('{{"password": "{}"}}', "swordfish"),
    ('{{\\"password\\": \\"{}\\"}}', "swordfish"),
    ("jdbc:postgresql://h/db?user=a&password={}&ssl=true", "swordfish"),
    ("Server=h;User Id=sa;Password={};", "Swordfish!1"),
    ('PASSPHRASE="{}"', "correct horse battery staple"),
    ("cloudflare: '{}'", noise(40)),
    # a sentence, in several languages
    ("the admin password is {}, log in with that", "Tr0ub4dor&9x"),
    ("my password is `{}`", "swordfish"),
    ("my api key is {}", noise(32)),
    ("das Kennwort lautet {}.", "Sommer2024!"),
    ("le mot de passe est {}", "Soleil2024"),
    ("la contraseña es {}", "Verano2024"),
    ("密码：{}", WORD),
    ("パスワードは{}です", "Sakura2024"),
    ("пароль от стенда: {}", WORD),
    # a form
    ("export PPLX={}", "pplx-" + noise(48)),
    ("new Resend('{}')", f"re_{noise(8)}_{noise(24)}"),
    ("TavilyClient('{}')", "tvly-dev-" + noise(32)),
    ("createClient(url, '{}')", "sb_secret_" + noise(31)),
    ("LANGCHAIN: {}", f"lsv2_pt_{noise(32, HEX)}_{noise(10, HEX)}"),
    ("echo {}", "ATATT3xFfGF0" + noise(170)),
    ("client.login('{}')", f"MTk4{noise(22)}.{noise(6)}.{noise(38)}"),
    ("-H 'X-Key: {}'", f"pat{noise(14)}.{noise(64, HEX)}"),
    ('FLY_API_TOKEN="FlyV1 {}"', "fm2_" + noise(120)),
    ("backup-of-{}", "ghp_" + noise(36)),
]
HIDDEN = {
    "zero-width sign": ("g\u200bhp_{}", "password\u200b: {}"),
    "soft hyphen": ("gh\u00adp_{}", "pass\u00adword: {}"),
    "bidi control": ("\u202eghp_{}\u202c", "pass\u2066word: {}"),
    "colour code": ("\x1b[32mghp_{}\x1b[0m", "PASSWORD\x1b[0m={}"),
    "colour code, written": ("\\x1b[32mghp_{}\\x1b[0m", "\\x1b[31mpassword: {}\\x1b[0m"),
    "entity": ("ghp&#95;{}", "password&#58; {}"),
    "URL escape": ("ghp%5F{}", "password%3D{}"),
    "JSON escape": ("ghp\\u005f{}", "pass\\u0077ord: {}"),
    "Markdown escape": ("ghp\\_{}", "password\\_: {}"),
    "full width": ("ghp＿{}", "ｐａｓｓｗｏｒｄ＝{}"),
}
PLACES = [
    "{}",
    "first line\n{}\nlast line",
    "- {}",
    "> {}",
    "```\n{}\n```",
    "    12→{}",
    "+{}",
    "$ {}",
    "see below, {}",
    "€ → {}",
]
HARMLESS = [
    "docker run -p 8080:80 nginx",
    "docker run -u 1000:1000 nginx",
    "ssh -p 2222 host",
    "git push -u origin main",
    "mkdir -p build/out",
    "curl -u user:password https://example.org",
    "curl -u $USER:$PASS https://example.org",
    "mysql -u root -p shop",
    "sshpass -p $PW ssh host",
    "the password is required",
    "the password is hashed with bcrypt",
    "password is base64-encoded",
    "password must be 8 characters",
    "auth: none",
    "cookie: theme=dark",
    "password: string",
    "password: Optional[str] = None",
    "password = getpass.getpass()",
    "connect(password=pw, user=user)",
    "username, password = pair",
    "if password == stored_password:",
    '<label for="password">Passwort</label>',
    'name="password" class="form-control"',
    '"password": "string"',
    "DB_PASSWORD=$DB_PASSWORD",
    "DB_PASSWORD=",
    "PASSWORD_MIN_LENGTH=8",
    "--- PASS: TestX/7_hex_chars (0.00s)",
    "pass it to `formatOutput2`",
    "PWD=/home/u",
    "bypass=true",
    "keyCode: 13, monkey: banana1234567",
    "public_key: ssh-rsa",
    "max_tokens: 4096",
    "GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}",
    "密码不能为空",
    "пароль: обязательно",
    "パスワードを入力してください",
    "postgres://postgres:postgres@localhost/db",
    "toolu_01" + noise(22),
    "commit " + noise(40, HEX),
    "the options are --username and --password\noptions that follow",
    "git log \\\n  -p file.py",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("form", "secret"), FORMS)
def test_a_secret_is_taken_out_and_the_rest_stays(form: str, secret: str, place: str) -> None:
    text = place.format(form.format(secret))
    redacted, n = redact(text)
    assert n == 1
    before, after = place.format(form.format("\0")).split("\0")
    assert redacted.startswith(before.removesuffix("FlyV1 "))
    assert redacted.endswith(after)
    assert secret not in redacted
    assert redact(redacted) == (redacted, 0)


@pytest.mark.parametrize("how", HIDDEN)
def test_nothing_hides_a_secret(how: str) -> None:
    token, name = HIDDEN[how]
    for form, secret in ((token, noise(36)), (name, "hunter2x")):
        redacted, n = redact(f"it is {form.format(secret)} today")
        assert (n, secret in redacted) == (1, False)
        assert redacted.startswith("it is ")
        assert redacted.endswith(" today")


def test_a_line_end_does_not_hide_a_token() -> None:
    token = "ghp_" + noise(36)
    text = f"it is\n{token[:17]}\n{token[17:]}\nas you see"
    assert redact(text) == ("it is\n[redacted:github-token]\nas you see", 1)


@pytest.mark.parametrize("between", ["\n    ", "\n> ", "\n> > ", "\n\t# ", "\n// ", "\n | "])
def test_token_over_indented_lines(between: str) -> None:
    token = "ghp_" + noise(36)
    cut = between.join([token[:12], token[12:24], token[24:]])
    text = f"it is{between}{cut}{between}as you see"
    assert redact(text) == (f"it is{between}[redacted:github-token]{between}as you see", 1)


def test_lines_that_only_begin_like_a_token_stay_apart() -> None:
    text = "see the folder re_export_\n    functions_and_modules_of_the_package2\nfor more"
    assert redact(text) == (text, 0)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([*WORDS_OF_RULES, *" -/_=e\n(", "s", "api", "@"]), max_size=40))
def test_every_word_that_a_rule_needs_is_found(parts: list[str]) -> None:
    text = "".join(parts)
    one_by_one = {
        gate.word
        for letter, gates in BY_LETTER.items()
        for gate in gates
        if re.search(letter + gate.form(letter), text)
    }
    signs = {sign for sign in SIGNS if sign in text and (sign != "://" or "@" in text)}
    assert gates_of(text) == one_by_one | signs


def test_gates_reach_every_rule() -> None:
    assert set(PHRASE_RULES) | set(WORDS) <= set(WORDS_OF_RULES)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    for place in PLACES:
        assert redact(place.format(text)) == (place.format(text), 0)


# What texts of secrets are made of, so that random texts come near to every rule.
PIECES = [
    *"=:;,.'\"`\\/<>()[]{}&%#@!?|-_~ \n\té密は是\u200b\x1b",
    *("password", "DB_PASS", "token", "secret", "api_key", "auth", "cookie:", "bearer", "pw"),
    *("curl", "mysql", "docker login", "sshpass", " -p", " -u ", "://", "machine a login b"),
    *("ghp_", "sk-", "eyJ", "-----BEGIN PRIVATE KEY-----", "AccountKey=", ":5432:", "sig="),
    *(" is ", "密码", "пароль", "&#45;", "%2D", "\\u002d", "\x1b[0m", "[redacted:secret]"),
    *("hunter2", "swordfish", WORD, BASE64, noise(40), noise(64, HEX), "a.b", "$X", "xxxx"),
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80))
def test_redact_idempotent(text: str) -> None:
    once, n = redact(text)
    assert redact(once) == (once, 0)
    assert len(once) <= len(text) + n * len("[redacted:database-password]")
    assert (once != text) == (n > 0)


# Lines of code and talk, between which secrets and what looks like them are put.
LINES = [
    *HARMLESS,
    'parts = ["a" + "b", f"{x}" "c", \'d\' # e',
    'name += \'x\';\n$t .= "y"; puts <<"z"',
    "don't pass the author's key to the compass; it passed",
    "loop = login_page(user) if begins else http://localhost:8080/a?sig=1",
    "for k, v in kwargs.items(): print(k, v)  # hooks",
    "toolu_01" + noise(22) + " test_AbstractBaseClassOfTheHandlers.java:42",
]


def without_shortcuts(text: str) -> tuple[str, int]:
    """As `redact` does it, but every rule looks at all of the text."""
    forget_known()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "gates_of", lambda _: set(WORDS_OF_RULES))
        patch.setattr(joined, "_GOES_ON", joined._ENDS)
        return redact(text)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from([*PIECES, *LINES, *WORDS_OF_RULES, *(f.format(s) for f, s in FORMS)]),
        max_size=30,
    ),
    st.sampled_from(["", " ", "\n", '"', " + "]),
)
def test_looking_for_words_first_changes_nothing(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    slow = without_shortcuts(text)
    forget_known()
    assert redact(text) == slow
    assert redact(text) == slow  # now that it is known


@pytest.mark.parametrize("form", [form.format(secret) for form, secret in FORMS])
def test_nor_does_it_where_a_secret_stands(form: str) -> None:
    slow = without_shortcuts(form)
    forget_known()
    assert redact(form) == slow


# The words of secrets and of what stands around them, without the signs between.
BARE = sorted(
    {word for form, secret in FORMS for word in re.findall(r"[\w.-]+", form.format(secret))}
)


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([*BARE, *WORDS_OF_RULES, "my", "is", "12345678"]), max_size=8),
    st.sampled_from(["{}", '"{}"', '"{}']),
)
def test_what_is_plain_at_a_glance_holds_no_secret(words: list[str], quoted: str) -> None:
    text = quoted.format(" ".join(words))
    if is_plain(text):
        forget_known()
        assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    "text", ["redis pinned version", '"how did we fix the tests"', "all-MiniLM-L6-v2"]
)
def test_what_people_ask_for_is_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize("form", [form.format(secret) for form, secret in FORMS])
def test_no_secret_is_plain(form: str) -> None:
    assert not is_plain(form)


def test_known_text_and_one_like_it() -> None:
    clean = "see " + "x" * 40 + " and the rest of it"
    for text in (clean, clean):
        assert redact(text) == (text, 0)
    assert redact(clean.replace("x" * 40, "ghp_" + noise(36)))[1] == 1
    value = '{"a": "b", "password": "string"}'
    for text in (value, value):
        assert redact_json(text) == (text, 0)
    assert redact_json(value.replace("string", "tulip7"))[1] == 1


@pytest.mark.parametrize("unit", [*HARMLESS, *(form for form, _ in FORMS), *PIECES])
@pytest.mark.timeout(60)
def test_no_text_makes_it_slow(unit: str) -> None:
    """Time grows with the text: what repeats a hundred times is done in far less than the limit."""
    text = unit * (50_000 // len(unit))
    assert len(redact(text)[0]) < 4 * len(text)
