"""Secrets that functions, statements and programs are given, told by the name of the taker."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import redact, redact_tree

CALLS = r"""
keyring.set_password("svc", "ada", "{}")
keyring.set_password('svc', user, '{}')
await keytar.setPassword("svc", "ada", "{}")
client.set_secret("db", "{}")
await client.setSecret("db", "{}");
sm.put_secret_value(SecretId="db", SecretString="{}")
client.create_secret(Name="db", SecretString="{}")
keyring.set_password(f"svc-{env}", "ada", "{}")
keyring.set_password(⏎    "svc",⏎    "ada",⏎    "{}",⏎)
SecretString: aws.String("{}")
new KeyVaultSecret("db", "{}")
user.set_password("{}")
process.env.DB_PASSWORD || '{}'
EMAIL_HOST_PASSWORD = config("X", default="{}")
expect "Password:" {{ send "{}\r" }}
$user->setPassword('{}');
db.changeUserPassword("ada", "{}")
User.objects.create_user("ada", "ada@example.org", "{}")
User.objects.create_superuser('ada', 'ada@example.org', '{}')
client.login('ada', '{}')
pymysql.connect("h", "ada", "{}", "db")
MySQLdb.connect('h', 'ada', '{}')
new PDO($dsn, 'ada', '{}')
DriverManager.getConnection(url, "ada", "{}");
Credentials.basic("ada", "{}")
New-Object PSCredential("ada", "{}")
ldap_bind($c, $dn, '{}')
conn.simple_bind_s("cn=ada", "{}")
redis.auth('{}')
passwordEncoder.encode("{}")
bcrypt.hash("{}", 10)
bcrypt.checkpw(b"{}", hashed)
generate_password_hash("{}")
check_password_hash(hashed, "{}")
make_password("{}")
password_hash('{}', PASSWORD_DEFAULT)
password_verify('{}', $hash)
jwt.sign(claims, "{}xyz")
jwt.encode({ sub: 1 }, "{}xyz", algorithm="HS256")
new SecretStr("{}")
("password", "{}")
[("user", "ada"), ("password", "{}")]
{"password", "{}"},
""".strip().splitlines()

STATEMENTS = r"""
create user ada identified by {};
create role ada with login password '{}';
alter role ada encrypted password '{}'
SET PASSWORD FOR 'ada'@'%' = PASSWORD('{}');
update users set password_hash = crypt('{}', gen_salt('bf'))
UPDATE users SET password=MD5('{}')
CREATE LOGIN ada WITH PASSWORD = N'{}'
PRAGMA key = '{}'
PRAGMA rekey='{}'
EXEC sp_addlogin 'ada', '{}'
SELECT pgp_sym_decrypt(data, '{}') FROM x
ada:{}@tcp(h:3306)/db
INSERT INTO users (name, password) VALUES ('ada', '{}')
SELECT * FROM users WHERE password = '{}'
""".strip().splitlines()

PROGRAMS = r"""
vault kv put secret/x value={}
kubectl create secret generic db --from-literal=value={}
aws secretsmanager create-secret --name x --secret-string {}
aws secretsmanager put-secret-value --secret-id x --secret-string "{}"
aws ssm put-parameter --name /db/pw --type SecureString --value {}
gh secret set X --body {}
gh secret set X -b"{}"
fly secrets set X={}
doppler secrets set X {}
az keyvault secret set --vault-name v --name x --value {}
security add-generic-password -w {} -a ada -s x
security unlock-keychain -p {} login.keychain
pulumi config set --secret x {}
dotnet user-secrets set "X" "{}"
ssh-keygen -t ed25519 -N '{}' -f k
openssl passwd -6 {}
htpasswd -nb ada {}
mosquitto_passwd -b f ada {}
wpa_passphrase net {}
snowsql -a x -u ada -p {}
evil-winrm -i h -u ada -p '{}'
rabbitmqctl add_user ada {}
dscl . -passwd /Users/ada {}
drush upwd ada "{}"
npm config set //r/:_password {}7rose
helm install x y --set db.rootPassword={},x=y
net /password:{} x
""".strip().splitlines()

INPUTS = r"""
echo {} | gh secret set X
echo "{}" | npx wrangler secret put X
echo -n {} | gcloud secrets create x --data-file=-
printf '{}' | docker secret create x -
echo -e "{}\n{}" | (passwd ada)
(echo {}; echo {}) | smbpasswd -a -s ada
echo {} | kinit ada
echo '{}' | sudo --stdin ls
echo -n {} | cryptsetup luksFormat /dev/x -
echo {} | gpg --batch --passphrase-fd 0 -d f
docker login -u ada --password-stdin <<< {}
gh secret set X <<< "{}"
chpasswd <<< 'ada:{}'
chpasswd <<EOF⏎ada:{}⏎EOF
chpasswd:⏎  list: |⏎    ada:{}⏎    eve:{}
"{}" | ConvertTo-SecureString -AsPlainText -Force
""".strip().splitlines()

SETTINGS = (
    r"""
password = \"\"\"{}\"\"\"
kind: Secret⏎stringData:⏎  anything: {}⏎type: Opaque
proxy_set_header Authorization "Basic {}77xyz9=";
proxy_set_header X-Api-Key {}77xyz9;
<add value="{}" key="password"/>
<input value="{}" type="password">
<connection-string>Password={}</connection-string>
auth: ada:{}7
+password:⏎+  {}⏎+user: ada
     1→db:⏎     2→  password: |⏎     3→    {}⏎     4→  user: ada
{"columns": ["user", "password"], "rows": [["ada", "{}"], ["eve", "{}"]]}
{"columns": ["id", "password", "mail"], "types": ["int", "text", "text"], "rows": [[1, "{}", null]]}
[["user","password"],["ada","{}"]]
{\"columns\":[\"user\",\"password\"],\"rows\":[[\"ada\",\"{}\"]]}
{"name": "Authorization", "value": "Bearer {}77xyz9"}
basic_auth: "ada:{}"
storePassword '{}'
""".strip()
    .replace('\\"', '"')
    .splitlines()
)


@pytest.mark.parametrize("form", [*CALLS, *STATEMENTS, *PROGRAMS, *INPUTS, *SETTINGS])
def test_what_is_given_to_functions_and_programs(form: str) -> None:
    text = form.replace("{}", "tulip").replace("{{", "{").replace("}}", "}").replace("⏎", "\n")
    clean, n = redact(text)
    assert 1 <= n <= text.count("tulip")
    assert "tulip" not in clean
    assert redact(clean) == (clean, 0)


def test_a_recorded_header_among_the_arguments_of_a_tool() -> None:
    value = [{"name": "Authorization", "value": "Bearer tulip"}]
    clean, n = redact_tree(value)
    assert (clean, n) == ([{"name": "Authorization", "value": "[redacted:authorization]"}], 1)
    assert redact_tree(clean) == (clean, 0)
    harmless = [{"name": "Authorization", "value": "Bearer ${TOKEN}"}]
    assert redact_tree(harmless) == (harmless, 0)


def test_whose_secret_it_is_stays() -> None:
    clean, _ = redact('keyring.set_password("svc", "ada", "tulip")')
    assert clean == 'keyring.set_password("svc", "ada", "[redacted:password]")'
    clean, _ = redact("kind: Secret\nstringData:\n  anything: tulip\ntype: Opaque\n")
    assert clean.endswith("type: Opaque\n")


@pytest.mark.parametrize(
    "text",
    [
        'keyring.get_password("svc", "ada")',
        'keyring.set_password("svc", "ada", password)',
        'client.set_secret("db", secret)',
        'client.get_secret("db-password-v2")',
        "bcrypt.hash(password, 10)",
        'user.password || "none"',
        "const password = form.password || previous",
        'DB_PASSWORD = config("DB_PASSWORD", default="")',
        'new KeyVaultSecret(name, value)',
        'password.encode("latin1")',
        'password.encode("utf-8")',
        "passwordEncoder.encode(raw)",
        'jwt.verify(token, "HS256")',
        "jwt.sign(payload, process.env.JWT_SECRET)",
        'create_user("ada", "ada@example.org")',
        'create_user("ada", role="admin")',
        'DriverManager.getConnection(url, user, password)',
        '("password", "string")',
        '("username", "password")',
        '["password", "email"]',
        '{"password", "username"}',
        "create user ada identified by $PASSWORD;",
        "a user is identified by email\n",
        "PRAGMA key_value = 1",
        "PRAGMA foreign_keys = ON",
        "SELECT * FROM users WHERE password = ?",
        "UPDATE users SET password=MD5($1)",
        "gh secret set X --body \"$TOKEN\"",
        "gh issue create --title x --body hello",
        "gh pr create -b main",
        "aws ssm put-parameter --name x --type String --value hello",
        "az vm list --query x",
        "kubectl create configmap c --from-literal=mode=fast",
        "ssh-keygen -t ed25519 -N '' -f k",
        "mkdir -p build/out && psql -p 5433",
        "dotnet test -p:Configuration=Release",
        "echo hello | passwdx",
        "echo done | tee log",
        "cat <<< hello",
        "chpasswd reads from stdin:\nnone",
        "kind: Secret\nmetadata:\n  name: shop\ntype: Opaque",
        "proxy_set_header Host $host;",
        "proxy_set_header X-Real-IP $remote_addr;",
        '<input value="email" type="text"> <input type="password">',
        "auth: oauth:google",
        "auth: none",
        '{"columns": ["user", "password"], "rows": []}',
        '{"columns": ["user", "password"], "rows": [["string", "string"]]}',
        '["user", "password"], ["text", "text"]',
        '{"name": "Authorization", "value": "Bearer ${TOKEN}"}',
    ],
)  # fmt: skip
def test_calls_and_commands_that_hold_no_secret(text: str) -> None:
    assert redact(text) == (text, 0)
