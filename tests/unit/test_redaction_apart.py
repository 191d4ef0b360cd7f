"""Secrets whose value a structure puts at a distance from their name, or into a list or a table."""

from __future__ import annotations

import json

import pytest

from aiana.redaction.redact import redact, redact_json, redact_tree

# `{v}` is the secret.
LISTS = [
    '{"password":["{v}"]}',
    "password:\n  - {v}\n",
    "password: [{v}]",
    'const passwords = new Set(["{v}"])',
    '{\\"password\\":[\\"{v}\\"]}',
    "<passwords><value>{v}</value></passwords>",
    "password[]={v}",
    "passwords[0]={v}",
    'passwords[0] = "{v}"',
    '$passwords = array("{v}");',
]  # fmt: skip
PINS = [
    "- name: PIN\n  value: {v}\n",
    '- name: PIN\n  value: "{v}"\n',
    "- name: CARD_PIN\n  value: '{v}'\n",
    "- { name: PIN, value: {v} }",
    '{"name":"PIN","value":"{v}"}',
    '{"name": "PIN", "value": {v}}',
    '{"value":"{v}","name":"pin"}',
    "- value: {v}\n  name: PIN\n",
    "name: PIN\nvalue: {v}\n",
    '{ name = "PIN", value = "{v}" }',
    "<key>PIN</key>\n<string>{v}</string>",
    "<property><name>pin</name><value>{v}</value></property>",
    "| user | PIN |\n|---|---|\n| bob | {v} |",
    "user,pin\nbob,{v}\n",
    "pin:\n  value: {v}\n",
    '{"pin": {"value": "{v}"}}',
    '{"pin":["{v}"]}',
    '("PIN", "{v}")',
    '["PIN", "{v}"]',
    'setenv("SIM_PIN", "{v}", 1)',
    '<input name="pin" value="{v}">',
    "pin:\n- {v}\n",
    "- key: pin_code\n  value: {v}",
    'Map.of("pin", "{v}")',
    "pin: >-\n  {v}\n",
    "<pin>{v}</pin>",
    '<pin type="x">{v}</pin>',
    "INSERT INTO cards (user, pin) VALUES ('bob', '{v}')",
]  # fmt: skip
TABLES = [
    "user,password\nbob,{v}\n",
    "name;password;mail\nbob;{v};b@x\n",
    "user\tpassword\nbob\t{v}\n",
    '"user","password"\n"bob","{v}"\n',
    "| user | password |\n|---|---|\n| bob | {v} |\n",
    "| User | Password | Host |\n| :--- | --- | --- |\n| bob | `{v}` | db |\n",
    " user | password \n------+----------\n bob  | {v}\n",
    "+------+----------+\n| user | password |\n+------+----------+\n| bob  | {v}    |\n",
    "USER   PASSWORD   HOST\nbob    {v}      db\n",
    "password,user\n{v},bob\n",
    "INSERT INTO users (name, password) VALUES ('bob', '{v}');",
    "INSERT INTO \"users\" (\"name\", \"password\", \"x\")\nVALUES\n  ('bob', '{v}', 1);",
    "<tr><th>Password</th><td>{v}</td></tr>",
    "<table><tr><th>User</th><th>Password</th></tr><tr><td>bob</td><td>{v}</td></tr></table>",
    "<dt>Password</dt><dd>{v}</dd>",
    "│ user │ password │\n├──────┼──────────┤\n│ bob  │ {v}    │\n",
    "COPY users (name, password) FROM stdin;\nbob\t{v}\n\\.\n",
]  # fmt: skip
CODE = [
    "SET PASSWORD = PASSWORD('{v}')",
    "update users set password = crypt('{v}', gen_salt('bf'))",
    "setx DB_PASSWORD {v}",
    "Set-Item env:DB_PASSWORD {v}",
    '("DB_PASSWORD", "{v}")',
    'Map.of("password", "{v}")',
    'Map.entry("password", "{v}")',
    'password=SecretStr("{v}")',
    'password = b"{v}"',
    'password = r"{v}"',
    'password: Optional[str] = "{v}"',
    'password: SecretStr = SecretStr("{v}")',
    'password = Field("{v}")',
    'password = process.env.PW || "{v}"',
    "password: process.env.PW ?? '{v}'",
    "${DB_PASSWORD:-{v}}",
    "$pw = getenv('DB_PASSWORD') ?: '{v}';",
    '(setq password "{v}")',
    '(password . "{v}")',
    ':password "{v}"',
    '{:password "{v}"}',
    '{password, "{v}"}',
    'password <- "{v}"',
    'char password[] = "{v}";',
    'public string Password { get; set; } = "{v}";',
    'Dim password As String = "{v}"',
    "page.fill('#password', '{v}')",
    "page.getByLabel('Password').fill('{v}')",
    "cy.get('#password').type('{v}')",
    'driver.find_element(By.ID, "password").send_keys("{v}")',
    'fill_in "Password", with: "{v}"',
    "userEvent.type(screen.getByLabelText(/password/i), '{v}')",
    "child.expect('password:')\nchild.sendline('{v}')",
    'Content-Disposition: form-data; name="password"\r\n\r\n{v}\r\n',
    "git config user.password {v}",
    'dotnet user-secrets set "Db:Password" "{v}"',
    "set -x DB_PASSWORD {v}",
    "setenv DB_PASSWORD {v}",
    "defaults write com.x password {v}",
    "pulumi config set --secret dbPassword {v}",
    '.option("password", "{v}")',
    '"password" :\n    "{v}"',
    "password = (\n    '{v}'\n)",
    'password = \\\n  "{v}"',
    "ENV DB_PASSWORD {v}",
    "export DB_PASSWORD {v}",
    "password?: string = '{v}'",
    "password!: string = '{v}'",
    "Password:\n    {v}\n",
]  # fmt: skip
ELEMENTS = [
    '<textarea name="password">{v}</textarea>',
    "<label>Password</label> <span>{v}</span>",
    '<entry key="password">{v}</entry>',
    '<param name="password">{v}</param>',
    "<password><![CDATA[{v}]]></password>",
    '<password type="plain">{v}</password>',
    '<string name="db_password">{v}</string>',
    '<property name="password"><value>{v}</value></property>',
    '<setting name="Password" serializeAs="String">\n<value>{v}</value></setting>',
    '<ns:password xmlns:ns="x">{v}</ns:password>',
    '<wsse:Password Type="http://x#PasswordText">{v}</wsse:Password>',
    '<property key="password">{v}</property>',
]  # fmt: skip
BLOCKS = [
    "password: >-\n  {v}\n",
    "password: |\n  {v}\n",
    "password: &pw {v}\n",
    "password: !!str {v}\n",
    "password: {v} # x",
    "d-i passwd/root-password password {v}",
    "SetEnv DB_PASSWORD {v}",
    "fastcgi_param DB_PASSWORD {v};",
]  # fmt: skip

STATEMENTS = [
    "CREATE USER bob IDENTIFIED BY {v};", "identified by values '{v}'",
    "CREATE USER 'b'@'%' IDENTIFIED WITH mysql_native_password BY '{v}';",
    "ConvertTo-SecureString {v} -AsPlainText -Force",
    "ConvertTo-SecureString -AsPlainText '{v}' -Force", "useradd -p {v} bob",
    '[System.Net.NetworkCredential]::new("bob", "{v}")', "net use z: /user:bob {v}",
    'new UsernamePasswordCredentials("bob", "{v}")',
]  # fmt: skip

SEVERAL = [
    '{"passwords":["{v}","{w}"]}', "passwords: [{v}, {w}]", "passwords:\n  - {v}\n  - {w}\n",
    'passwords = ["{v}", "{w}"]', "passwords = ('{v}', '{w}')", "PASSWORDS=({v} {w})",
    'passwords := []string{"{v}", "{w}"}', 'List<String> passwords = List.of("{v}", "{w}");',
    'String[] passwords = new String[]{"{v}", "{w}"};', 'let passwords = vec!["{v}", "{w}"];',
    "passwords = %w[{v} {w}]", "PASSWORDS={v},{w}", '"passwords": [\n    "{v}",\n    "{w}"\n  ]',
    "id,email,password,role\n1,b@x.org,{v},admin\n2,a@x.org,{w},user\n",
    "INSERT INTO `users` (`name`, `password`) VALUES ('amy', '{v}'), ('bob', '{w}');",
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "value"),
    [(f, "tulip") for f in (*LISTS, *TABLES, *ELEMENTS, *BLOCKS, *CODE, *STATEMENTS)]
    + [(f, "4711") for f in PINS],
)
def test_a_value_apart_from_its_name(form: str, value: str) -> None:
    redacted, n = redact(form.replace("{v}", value))
    before, after = form.split("{v}")
    assert (n, redacted.startswith(before), redacted.endswith(after)) == (1, True, True), redacted
    assert redacted[len(before) :].removesuffix(after).startswith("[redacted:")
    assert redact(redacted) == (redacted, 0)


@pytest.mark.parametrize("form", SEVERAL)
def test_several_values_of_a_name(form: str) -> None:
    redacted, n = redact(form.replace("{v}", "tulip").replace("{w}", "rosebud"))
    mark = "[redacted:password]"
    assert (n, redacted) == (2, form.replace("{v}", mark).replace("{w}", mark))
    assert redact(redacted) == (redacted, 0)


@pytest.mark.parametrize(
    ("value", "n"),
    [
        ({"password": ["tulip"]}, 1),
        ({"passwords": ["tulip", "tulip7"]}, 2),
        ({"clientSecret": ["tulipfield7"]}, 1),
        ({"columns": ["user", "password"], "rows": [["bob", "tulip"], ["amy", "tulip7"]]}, 2),
        ({"fields": [{"name": "user"}, {"name": "password"}], "rows": [["bob", "tulip"]]}, 1),
        ([["user", "password"], ["bob", "tulip"]], 1),
    ],
)
def test_lists_and_tables_in_the_arguments_of_a_tool(value: object, n: int) -> None:
    clean, found = redact_tree(value)
    assert (found, "tulip" in json.dumps(clean)) == (n, False)
    assert redact_tree(clean) == (clean, 0)
    assert redact_json(json.dumps(value)) == (json.dumps(clean, separators=(",", ":")), n)


def test_a_pin_in_a_list() -> None:
    assert redact_tree({"pin": ["4711"]}) == ({"pin": ["[redacted:pin]"]}, 1)
    assert redact_tree(["PIN", "4711"]) == (["PIN", "[redacted:pin]"], 1)


@pytest.mark.parametrize(
    "text",
    [
        'password = password.encode("latin1")', 'password: ["required", "min:8"]',
        '{"password": ["too_short"]}', 'fields = ["password", "email"]', "secrets:\n  - db_cert\n",
        '("password", "salt")', '"PASS","is_error":false', "passwords: [reset, pw1_field]",
        "| Feature | Password |\n|---|---|\n| MFA | supported |\n",
        "user,password\nuser,password\n",
        '"group:passwd",\n    "hash",\n    "hash-clear!",\n', "password:\n  type: string\n",
        'FLOW_PASSWORD_REQUIRED_V2 =\n    "FlowPasswordRequiredResultV2";', "${DB_PASSWORD:-$PW}",
        "${DB_PASSWORD:?must be set}", "set password policy", "export PASSWORD", "password -> hash",
        "<th>keyring</th><th>secret</th></tr>\n<tr><td>GnomeKeyringList</td><td>a list</td></tr>",
        '<input type="password" name="x">', '<label for="password">Password</label> <span>*</span>',
        "INSERT INTO users (name, password) VALUES ($1, $2)", "page.fill('#password', password)",
        "INSERT INTO users (name, password) VALUES (?, crypt(?, gen_salt('bf')))",
        'print(f"password={password!r}")', 'COMMON_PASSWORDS = ["qwerty", "letmein"]',
        "type A = {\n  readonly username: 'username';\n  readonly password: 'password';\n};",
        "memory access issues identified by valgrind.", "net use z: '\\\\h\\Shared Folders'",
        'this.validateCredentials("fetch token", "clientid");',
        'tokens = ["identifier", "something"]', "pins: [4, 17, 27]", "- name: PIN\n  value: 17\n",
    ],
)  # fmt: skip
def test_structures_that_hold_no_secret(text: str) -> None:
    assert redact(text) == (text, 0)


def test_the_title_of_a_column_is_no_secret_of_it() -> None:
    rows = '{"calls":[["toolu_01Pass","Grep"],["toolu_02","Read"]]}'
    assert redact_json(rows) == (rows, 0)
