"""Secrets that somebody names: whatever their shape, in the notations that code and people use."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import redact, redact_json, redact_tree
from tests.noise import noise

PASSWORDS = [
    "password", "passwd", "passphrase", "pwd", "PASSWORD", "Password", "dbPassword", "db_password",
    "db-password", "spring.datasource.password", "DB_PASS", "MYSQL_PWD", "PGPASSWORD", "rootPass",
    "userPwd", "wifi-password", "REDIS_PASSWORD", "smtp_passwd", "keyPassphrase", "admin_pass",
]  # fmt: skip
SECRETS = [
    "client_secret", "clientSecret", "CLIENT_SECRET", "client-secret", "app.secret", "jwtSecret",
    "auth_token", "accessToken", "refresh-token", "api_key", "apiKey", "secretKey", "SECRET_KEY",
    "private_key", "webhook_secret", "secret",
]  # fmt: skip
# `{n}` is the name, `{v}` the value, which stands in quotes.
LITERALS = [
    '{n} = "{v}"', "{n} = '{v}'", "{n}='{v}'", '{n}: "{v}"', "{n}: '{v}',", '"{n}": "{v}"',
    '{{"user": "bob", "{n}": "{v}"}}', '{{\\"{n}\\": \\"{v}\\"}}', "'{n}' => '{v}',",
    ':{n} => "{v}"', 'config["{n}"] = "{v}"', "cfg[:{n}] = '{v}'", 'this.{n} = "{v}";',
    '{n} := "{v}"', 'const {n} = "{v}";', 'let {n}: &str = "{v}";', '{n}: String = "{v}"',
    'private static final String {n} = "{v}";', '#define {n} "{v}"', "define('{n}', '{v}');",
    'connect(user="bob", {n}="{v}")', 'properties.setProperty("{n}", "{v}");',
    'os.environ["{n}"] = "{v}"', 'os.environ.get("{n}", "{v}")', '$env:{n} = "{v}"',
    '<add key="{n}" value="{v}"/>', '<server {n}="{v}"/>', "  - name: {n}\n    value: \"{v}\"",
    'run --{n} "{v}"', "run --{n}='{v}' --verbose", '- {n}: "{v}"', 'set {n} "{v}"',
]  # fmt: skip
BARE = [
    "{n}={v}", "export {n}={v}", "{n}: {v}", "  {n}: {v}\n  host: h", "<{n}>{v}</{n}>",
    "curl 'https://h.example/x?user=b&{n}={v}&a=1'", "run --{n}={v} --verbose", "- {n}: {v}",
    "run --{n} {v} --verbose", "java -D{n}={v} -jar a.jar", "    12→{n}: {v}", "+{n}={v}",
    "user: bob\n{n}: {v}\n", "[db]\nhost = h\n{n} = {v}\n", "**{n}**: {v}", "`{n}`: `{v}`",
    "docker run -e {n}={v} image", "ENV {n}={v}",
]  # fmt: skip


def each(form: str, names: list[str], values: list[str]) -> None:
    for name, value in zip(names, values * len(names), strict=False):
        taken_out(form.replace("{n}", name), value)


def taken_out(form: str, value: str) -> None:
    text = form.format(v=value)
    redacted, n = redact(text)
    before, after = form.format(v="\0").split("\0")
    assert (n, redacted.startswith(before), redacted.endswith(after)) == (1, True, True), redacted
    assert redact(redacted) == (redacted, 0)


@pytest.mark.parametrize("form", LITERALS)
def test_a_literal_that_is_given_to_a_name(form: str) -> None:
    each(form, PASSWORDS, ["tulip", "letmein", "Sunflower", "hunter2", "4711", "ab!"])
    each(form, SECRETS, ["tulip", "letmeinplease", "hunter2"])


@pytest.mark.parametrize("form", BARE)
def test_a_bare_word_that_is_given_to_a_name(form: str) -> None:
    each(form, PASSWORDS, ["tulip", "letmein", "hunter2", "Sunflower!"])
    each(form, SECRETS, ["tulip", "letmeinplease", "hunter2"])


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("pass={v}", "tulip"),
        ('"pass": "{v}"', "tulip"),
        ("user: bob\npass: {v}\n", "tulip"),
        ("mysqli_connect('db', 'bob', '{v}')", "tulip"),
        ('token = "{v}"', "tulipfield"),
        ("TOKEN={v}", "tulip"),
        ("X-Auth-Token: {v}", "tulipfield"),
        ("PGPASSWORD={v} psql", "secret"),
        ('"password": "{v}"', "admin"),
        ('passphrase = "{v}"', "correct horse battery staple"),
        ('client.setPassword("{v}");', "tulip"),
        ('Client().password("{v}").build()', "tulip"),
        ("| Password | {v} |", "tulip"),
        ('auth=("bob", "{v}")', "tulip"),
        ("HTTPBasicAuth('bob', '{v}')", "tulip"),
        ('request.SetBasicAuth("bob", "{v}")', "tulip"),
        ('smtp.login("bob@example.org", "{v}")', "tulip"),
        ("ALTER USER bob WITH PASSWORD '{v}'", "tulip"),
        ("alter user bob with password '{v}'", "tulip"),
        ("SET PASSWORD FOR 'bob'@'h' = '{v}'", "tulip"),
        ("enable secret {v}", "tulip7"),
    ],
)
def test_other_ways_to_give_one(form: str, value: str) -> None:
    taken_out(form.replace("{", "{{").replace("}", "}}").replace("{{v}}", "{v}"), value)


@pytest.mark.parametrize(
    "form",
    [
        "my password is {v}",
        "my password is {v}, please do not tell",
        "My password is {v} and I forgot it",
        "my password is: {v}",
        "the passphrase was {v}",
        "the passphrase was {v}.",
        "The root password is {v}.",
        "the password for root is {v}",
        "the password of the staging server is {v}\nwe should change it",
        "our wifi password is now {v}",
        "the db password is \"{v}\"",
        "password for bob: {v}",
        "I changed the password to {v}.",
        "reset the admin password to {v}",
        "the password has been set to {v}",
        "use {v} as the password",
        "log in with \"{v}\" as password",
        "log in as user bob, password {v}",
        "login with user bob and password {v}.",
        "his password's {v}",
        "the passcode will be {v}.",
        "pw is {v}",
        "pwd: {v}",
        "credentials: bob:{v}",
        "credentials are bob / {v}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["tulipfield", "hunter2x"])
def test_a_sentence_that_tells_a_password(form: str, value: str) -> None:
    taken_out(form, value)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("ftp://bob:{v}@h/", "tulip"),
        ("http://u:{v}@proxy:8080", "pw"),
        ("https_proxy=http://u:{v}@proxy:8080", "tulip"),
        ("redis://:{v}@cache", "tulip"),
        ("rediss://default:{v}@cache:6380/0", "tulip"),
        ("smtp://bob%40example.org:{v}@mail", "tulip"),
        ("postgresql+asyncpg://app:{v}@db/app", "secret"),
        ("mongodb+srv://app:{v}@cluster.example.net", "tulip"),
        ("amqp://bob:{v}@[::1]:5672/", "tulip"),
        ("rtsp://admin:{v}@192.168.1.9/stream", "12345"),
        ("git clone https://bob:{v}@git.example.org/x.git", "tulip"),
        ("socks5h://u:{v}@127.0.0.1:1080", "tulip"),
        ("postgres://app:{v}@db/app", "p@ss"),
        ("HTTP_PROXY=bob:{v}@proxy:3128", "tulip"),
        ("jdbc:oracle:thin:scott/{v}@//h:1521/x", "tigerlily"),
        ("url = 'ldap://cn=admin:{v}@ldap'", "tulip"),
        ("Authorization: Basic {v}", "dXNlcjpwYXNz"),
        ("Proxy-Authorization: Basic {v}", "dXNlcjpwYXNz"),
        ("-H 'authorization: basic {v}'", "dXNlcjpwYXNzd29yZA=="),
        ("AUTHORIZATION: BEARER {v}", "tulipfield"),
        ('"Authorization": "Bearer {v}"', "abc123"),
        ("Authorization: token {v}", "tulipfield"),
        ("Authorization: ApiKey {v}", "tulipfield"),
        (
            'Authorization: Digest username="bob", realm="x", response="{v}"',
            "a" + "0b1c2d3e4f5" * 3,
        ),
        ("Set-Cookie: session={v}; Path=/; HttpOnly", "abcdefghijkl"),
        ("set-cookie: sid={v}", "tulipfield"),
        ("COOKIE: theme=dark; session={v}", "abcdefghijkl"),
        ("< Set-Cookie: JSESSIONID={v}; Path=/", "8A9B0C1D2E3F4A5B"),
        ('cookies={{"session": "{v}"}}', "abcdefghijkl"),
        ("curl --cookie 'session={v}' https://h", "abcdefghijkl"),
        ("PHPSESSID={v}", "k3j4h5g6f7d8s9a0"),
        ("h.example\tFALSE\t/\tTRUE\t1790000000\tsession\t{v}", "abcdefghijkl"),
    ],
)
def test_an_address_or_a_header_that_carries_one(form: str, value: str) -> None:
    taken_out(form, value)


TOKEN = "ghp_" + noise(36)
CUT = [
    '"{0}" + "{1}"', "'{0}' +\n    '{1}'", '"{0}" "{1}"', '("{0}"\n     "{1}")', '"{0}" . "{1}"',
    '"{0}" .. "{1}"', '"{0}" & "{1}"', '"{0}" & _\n  "{1}"', "'{0}' || '{1}'", '"{0}" \\\n  "{1}"',
    'f"{0}" f"{1}"', "f\"{0}{{'{1}'}}\"", "`{0}${{'{1}'}}`", '"{0}\\\n{1}"', "{0}\\\n{1}",
    '{0}""{1}', '"{0}""{1}"', 'b"{0}" b"{1}"', '"{0}" ++ "{1}"', '"{0}" <> "{1}"',
    '"{0}" ~ "{1}"', '"{0}" << "{1}"', '"".join(["{0}", "{1}"])', "['{0}', '{1}'].join('')",
    't = "{0}"\nt += "{1}"', '$t = "{0}";\n$t .= "{1}";', '\\"{0}\\" + \\"{1}\\"',
    '"%s%s" % ("{0}", "{1}")', '"{0}".concat("{1}")', 'concat("{0}", "{1}")',
    'paste0("{0}", "{1}")',
    '"{0}" +\\n "{1}"', '"{0}" + // half\n "{1}"', '+"{0}" +\n+    "{1}"',
]  # fmt: skip


@pytest.mark.parametrize("form", CUT)
@pytest.mark.parametrize("cut", [2, 8, 20])
def test_a_token_that_is_put_together(form: str, cut: int) -> None:
    text = "it is " + form.format(TOKEN[:cut], TOKEN[cut:]) + " as you see"
    redacted, n = redact(text)
    assert n == 1, redacted
    assert TOKEN[cut : cut + 10] not in redacted
    assert TOKEN[-8:] not in redacted
    assert redacted.startswith("it is ")
    assert redacted.endswith(" as you see")
    assert redact(redacted) == (redacted, 0)


@pytest.mark.parametrize(
    "form",
    [
        "{0}'{1}'{2}", '"{0}"{1}{2}', "$'{0}'{1}{2}", "'{0}{1}'{2}", 'T={0}"{1}{2}"',
        "{0}\\\n{1}{2}", "echo {0}''{1}{2}", "curl -H 'X: {0}'{1}'{2}'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("cut", [2, 4, 9])
def test_token_in_pieces_of_a_shell(form: str, cut: int) -> None:
    text = "run " + form.format(TOKEN[:cut], TOKEN[cut:14], TOKEN[14:]) + " now"
    redacted, n = redact(text)
    assert (n, TOKEN[20:] in redacted, TOKEN[:12] in redacted) == (1, False, False), redacted
    assert (redacted.startswith("run "), redacted.endswith(" now")) == (True, True)
    assert redact(redacted) == (redacted, 0)


@pytest.mark.parametrize(
    "value", ["tul'ip'field", "'tul'ip'field'", '"tul"ipfield', 'tul"ip"field']
)
def test_password_in_pieces_of_a_shell(value: str) -> None:
    redacted, n = redact(f"export DB_PASSWORD={value} && run")
    assert (n, "tul" in redacted, "field" in redacted) == (1, False, False)
    assert redacted.endswith(" && run")


@pytest.mark.parametrize(
    "form",
    [
        "PIN is {v}", "pin: {v}", "my pin is {v}.", "the PIN for the card is {v}", "PIN={v}",
        '"pin": "{v}"', "{{'pin': {v}}}", "userPin = {v}", "SIM_PIN={v}", "--pin {v} --verbose",
        "Pin-Code: {v}", "**PIN**: {v}", "das PIN lautet {v}!", "the pin was changed to {v}",
        "pin code: {v}", "pin_code={v}", "the pin number is {v}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["4711", "471182"])
def test_a_pin(form: str, value: str) -> None:
    taken_out(form, value)


@pytest.mark.parametrize(
    "line",
    [
        "pin: 13", "pinned: 4711", "spin: 4711", "pin: 4711.5", "GPIO pin 4711", "pin: 2024-05-01",
        "pinning is 4711", "mapping: 4711", "pin_count = 4711", "pin is 4711px", "pins: 4711",
        "pin to 4711 commits", "pinInput: 4711", "pin: abcd", "pin: v4711", "pin = 12345678901234",
    ],
)  # fmt: skip
def test_no_pin(line: str) -> None:
    assert redact(line) == (line, 0)


@pytest.mark.parametrize("name", ["secret", "client_secret", "app.secret", "jwtSecret"])
def test_secret_word_in_settings(name: str) -> None:
    for form in ("{n} = {v}", "host = h\n{n} = {v}\nport = 12\n", "# all\n  {n} = {v}\n"):
        taken_out(form.replace("{n}", name), "tulipfield")
    for line in (
        "{n} = tulip;",
        "{n} = value\nprint(value)",
        "let {n} = tulip",
        "def f(x):\n    {n} = tulip",
        "value = 1\n{n} = value",
        "if x:\n  {n} = tulip",
    ):
        text = line.replace("{n}", name)
        assert redact(text) == (text, 0), text


@pytest.mark.parametrize(
    "address",
    [
        "github://org:repo@9fceb02d0ae598e95dc970b74767f19372d61af8", "github://org:repo@main",
        "gitlab://group:project7@v1.2", "npm://scope:pkg@1.2.3", "pkg://npm:left-pad@1.3.0",
        "flake://org:repo@" + "a1" * 20, "x://org:repo@" + "a1" * 20, "x://org:repo@v1.2.3",
    ],
)  # fmt: skip
def test_address_of_a_package(address: str) -> None:
    for text in (address, f"uses {address} here", f'"{address}"'):
        assert redact(text) == (text, 0)


@pytest.mark.parametrize("host", ["db", "1.2.3.4", "0a1b2c3d4e5f", "registry.example.org", "h:80"])
def test_address_of_a_host(host: str) -> None:
    assert redact(f"redis://bob:tulip@{host}/0") == (
        f"redis://bob:[redacted:url-password]@{host}/0",
        1,
    )


def test_a_password_that_is_put_together() -> None:
    assert redact('password = "tul" + "ip" + "field"\n')[1] == 1
    assert "field" not in redact('password = "tul" + "ip" + "field"\n')[0]


HARMLESS = """
password: string
password: str
password: Optional[str] = None
password?: string;
password = os.environ["DB_PASSWORD"]
password = os.environ.get("DB_PASSWORD")
password = os.getenv("DB_PASSWORD")
password = input("Password: ")
password = getpass.getpass("Enter your password: ")
password = config.get("database", "password")
password=password,
password=args.password
"password": "string"
"password": "<password>"
"password": "your-password"
"password": "Enter your password"
"password": "Password must be at least 8 characters"
"type": "password",
type="password" name="password" id="password"
placeholder="Password"
if password == "":
if not password:
raise ValueError("password required")
const { username, password } = req.body;
const [password, setPassword] = useState("");
setPassword(event.target.value)
bcrypt.hash(password, 10)
user.password = hash(password)
password VARCHAR(255) NOT NULL
password TEXT
--password <password>
DB_PASSWORD=
DB_PASSWORD=${DB_PASSWORD}
DB_PASSWORD: ${{ secrets.DB_PASSWORD }}
DB_PASSWORD=changeme
the password is required
the password is wrong
the password is stale and must be rotated
the password was changed yesterday
the password was lost
the password is kept in the vault
the password is not stored anywhere
my password is incorrect
my password is not working
my password is longer than that
your password is too short
the password is there
password is hashed with bcrypt
Password for user postgres:
the password prompt is broken
the password field is empty
the password reset link is invalid
the user enters email and password correctly
username and password authentication
use bcrypt for password hashing
use argon2 as the password hash
add the password to config.yaml
the secret is that nobody reads it
the secret is to keep it simple
the secret: always write tests
secret: string
secret: Buffer
secret: unknown
secret = crypto.randomBytes(32)
secret = get_secret("db")
secretName: tulip
secret_name = "tulip"
secretKeyRef:
client_secret: string;
client_secret=client_secret,
client_secret = settings.client_secret
"client_secret": "client_secret_basic"
token: token
token: string
token = token
token: Token
token is expired
the token is invalid
token expired
token = lexer.next()
token = tokens[i]
token = match.group(0)
token: { type: string }
token = "IDENTIFIER"
token: "comment",
{ token: 'keyword', foreground: '569cd6' }
token = "number"
eos_token = "</s>"
pad_token: "<pad>"
next_token = response["nextToken"]
tokenizer = "wordpiece"
tokens: 4096
max_tokens: 1024
token_type: bearer
token_type = "Bearer"
"token": "your-token-here"
GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}
TOKEN=$(gcloud auth print-access-token)
api_key = os.environ["OPENAI_API_KEY"]
api_key: str
api_key="YOUR_API_KEY"
apiKey: process.env.API_KEY,
"apiKey": "header"
api_key=None
primary_key = "id"
sort_key: "created"
key = "value"
foreign_key: "users"
private_key = load_pem_private_key(data)
public_key = "tulip"
auth: none
auth = "basic"
auth_type: "oauth"
author = "tulip"
authors: ["Ada"]
authorization: required
Authorization: Bearer <token>
Authorization: Bearer $TOKEN
Authorization: Bearer {token}
Authorization: Bearer YOUR_TOKEN
Authorization: Basic authentication is off
the Authorization header carries a bearer token
add an `Authorization: Basic` header
bearer tokens are checked
cookie: theme=dark
cookies = {"theme": "dark"}
Set-Cookie: theme=dark; Path=/
Set-Cookie: session=; Max-Age=0
Set-Cookie: session=deleted
document.cookie = "session=" + token
cookie consent is required
http://localhost:8080/
http://localhost:3000/@vite/client
https://example.org:8443/a@b
https://user:password@example.org
https://user:pass@host
postgres://postgres:postgres@localhost/db
postgres://user:password@host:5432/db
postgres://$USER:$PASSWORD@host
postgres://{user}:{password}@{host}/db
mongodb://<user>:<password>@host
git@github.com:ada/shop.git
ssh://git@github.com/ada/shop.git
npm install @types/node@20
pass
pass: 12
tests pass: yes
2 pass, 0 fail
"pass": "true"
pass = "first"
bypass: enabled
passed = "yes"
compass: north
passenger = "tulip"
PASS=1 FAIL=0
passthrough: "all"
password_min_length = "8"
passwordField: "text"
PWD=/home/ada
pwd: /home/ada
$(pwd): tulip
cwd = "src"
credentials: include
credentials: "same-origin"
credentials: username/password
keyboard: "qwerty"
"keywords": "secret"
"keyword" + "next"
"a" + "b" + "c"
print("hello " + name + "!")
"password" + "_hash"
`${first}${last}`
console.log("pass" + "word")
minipass: "^7.1.2"
"""


@pytest.mark.parametrize("line", HARMLESS.strip().splitlines())
def test_talk_about_secrets_stays(line: str) -> None:
    for place in ("{}", "see:\n{}\nand on", "    {}\n", "> {}"):
        text = place.replace("{}", line)
        assert redact(text) == (text, 0)


def test_numbers_by_their_keys() -> None:
    value = {"pin": 4711, "cardPin": "471182", "password": 12345, "max_tokens": 4096, "pass": 1234}
    clean = value | dict.fromkeys(("pin", "cardPin"), "[redacted:pin]")
    assert redact_tree(value) == (clean | {"password": "[redacted:password]"}, 3)
    assert redact_json('{"pin":4711}') == ('{"pin":"[redacted:pin]"}', 1)


def test_values_of_a_tool_call_by_their_keys() -> None:
    value = {"client_secret": "letmeinplease", "token": "tulipfield", "dbPassword": "tulip", "a": 1}
    assert redact_tree(value) == (
        {
            "client_secret": "[redacted:secret]",
            "token": "[redacted:secret]",
            "dbPassword": "[redacted:password]",
            "a": 1,
        },
        3,
    )
    harmless = {"token": "keyword", "token_type": "Bearer", "secret": "string", "password": ""}
    assert redact_tree(harmless) == (harmless, 0)


# Each with what of it is secret.
WITH_QUOTES = [
    ("""curl -d '{"password":"it'\\''s"}' x""", "it'\\''s"),
    ("""curl -d '{"password":"it'\\''s4me"}' x""", "it'\\''s4me"),
    ("""mysql -u root -p'it'\\''s4me' db""", "it'\\''s4me"),
    ("""curl -u 'bob:it'\\''s4me' x""", "it'\\''s4me"),
    ("""curl -u 'bob:it'"'"'s4me' x""", """it'"'"'s4me"""),
    ('{"password": "it\'s4me"}', "it's4me"),
    ('{"password": "a\\"b4cdef"}', 'a\\"b4cdef'),
    ('{"password": "sun`flower7"}', "sun`flower7"),
]


@pytest.mark.parametrize(("text", "secret"), WITH_QUOTES)
def test_a_password_may_hold_quotes(text: str, secret: str) -> None:
    assert redact(text) == (text.replace(secret, "[redacted:password]"), 1)


@pytest.mark.parametrize(
    "text",
    [
        """query = "password='"+pw+"'\"""",
        """$q = "and password = '" . $pass . "' and x='y'";""",
        '"password": "Can\'t be blank"',
    ],
)
def test_quotes_of_code_are_no_password(text: str) -> None:
    assert redact(text) == (text, 0)
