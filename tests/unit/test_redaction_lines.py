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
la contraseña nueva es {}
user/password: ada / {}
login/pass: ada/{}
{}7 is the password
"{}7" is my new password
the api key is {}77xyz9qwe
token is {}77xyz9qweasd12.
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
        "user/password: required / optional",
        "login/password is wrong",
        "this is the password",
        "base64 is the password encoding",
        "step2 is the password reset",
        "the token is base64url-encoded",
        "the api key is undefined-in-env",
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


TALK = r"""
the password field is now a component
Add a password input and a submit button
password (string, required)
password (8+ characters)
password: required, min 8
Password must be at least 12 characters
set the password on the user model
reset the password via email link
we hash the password with bcrypt
we hash the password using argon2id
use the password grant type
with password authentication enabled
try the password reset flow
enter password again
type the password twice
use password123-style defaults? no
the token is stored in localStorage:8080
localhost:3000:app:web
redis://localhost:6379:0
Error: src/app.ts:12:5:error:unused
app.py:120:10:E501:line
nginx:1.25:alpine:latest
12:30:45:123:999
a:1:b:c:d
foo:8080:bar:baz:qux
password -> token exchange
password → hash → store
username -> password -> otp
secret -> env var
Password => PasswordInput
(password) => hash(password)
password => password.length > 8
credentials: include
credentials: 'same-origin'
creds are in 1Password
creds / tokens
credentials/tokens are rotated
user/password auth
admin/settings page
auth: required
auth: user:read
auth: "repo:read"
auth = request:user
basic_auth: user:pass
basic_auth: none
proxy_set_header X-Request-Id $request_id;
add_header X-Frame-Options DENY;
add_header X-Token-Type bearer;
("password", "confirm_password")
fields = ("username", "password", "email")
exclude = ("password", "groups")
{"password", "token"}
("password", "Password")
("password", "kept")
("secret", "token")
user.set_password(raw_password)
user.check_password("wrong")
def set_password(self, name, value):
setPassword(event.target.value)
client.set_secret(name, value)
create_secret("my-secret", data)
k8s.create_secret(namespace, "db-credentials")
kubectl get secret db -o yaml
kubectl create secret generic db --from-file=x
gh secret list
gh secret set TOKEN < token.txt
gh secret set TOKEN --body "$(cat x)"
aws secretsmanager get-secret-value --secret-id db
aws ssm get-parameter --name /db --with-decryption
aws ssm put-parameter --name x --value y --type String
az keyvault secret show --name x
az webapp config appsettings set --settings a=b
fly secrets list
doppler run -- npm start
security find-generic-password -s x -w
ssh-keygen -t rsa -b 4096 -C me@x.org
openssl passwd -6
openssl req -new -passin file:pw
htpasswd -c .htpasswd bob
cat file | grep password
echo "password" | wc -c
echo hello | docker run -i alpine
echo $PASS | docker login --password-stdin
docker login --password-stdin < file
passwd bob
sudo passwd root
chpasswd < users.txt
cat <<EOF > x
<<<<<<< HEAD
print("x" <<< 3)
SELECT password FROM users
INSERT INTO users (name, password) VALUES (?, ?)
INSERT INTO users (name, password) VALUES ($1, $2)
UPDATE users SET password = :password
ALTER TABLE users ADD COLUMN password varchar(255)
CREATE TABLE u (password text not null)
password varchar(255)
password TEXT
  password String
  password string `json:"password"`
password text NOT NULL
GRANT SELECT ON t TO bob IDENTIFIED
identified by the user
PRAGMA key_length
bcrypt.compare(password, hash)
bcrypt.hash(password, saltRounds)
jwt.verify(token, publicKey)
jwt.decode(token, options={"verify_signature": False})
jwt.sign({ id: user.id }, process.env.JWT_SECRET, { expiresIn: '1h' })
redis.auth(password)
passport.auth('google')
router.auth('admin')
Credentials.basic(user, password)
mot de passe oublié ?
le mot de passe est trop court
le mot de passe est stocké en clair
das Passwort muss mindestens 8 Zeichen haben
das Passwort wird gehasht
Passwort vergessen?
contraseña olvidada
la contraseña debe tener 8 caracteres
la contraseña es demasiado corta
a senha deve ter 8 caracteres
senha incorreta
wachtwoord vergeten
het wachtwoord is onjuist
пароль должен содержать 8 символов
пароль не может быть пустым
введите пароль
пароль хранится в env
密码不能为空
密码长度至少8位
请输入密码 password
密码使用bcrypt加密
密码字段是password
密码为空
パスワードを入力してください
パスワードはhash化されます
비밀번호는 8자 이상
mdp.length
clave primaria: id
la clave es única
palabra clave: test
palabra clave: async
clave: id_usuario
Password
Confirm password
Password
Forgot?
**Password**
`string`
### Password
The user's password.
- Password
- Email
Password
Sign in
password reset2 tokens
Enter the password (twice)
password (hashed)
the passphrase: is optional for keys
passphrase: leave it empty for none
Passphrase: a b c
password = user's choice
set password = True
password required
password optional
password strength
password minimum
user password
username password
root password
username admin password
neighbor 10.0.0.1 password required
option password none
mount -o ro,user,noexec /dev/x /m
user=bob,role=admin,pass=false
tests pass=12,fail=0,skip=3
pass=True,fail=False
a,pass=10,b
masterauth <password>
requirepass <password>
set password <password>
machine learning default password policy
machine code default login flow password less
on this machine the password is asked
the machine has a default password set
"password" "string"
"password" "text"
password "required"
label "password" "Password"
t("password", "Your password")
gettext("password")
expect(password).toBe('string')
{"type": "password", "value": ""}
<input type="password" value="">
<input value="Submit" type="submit"> <input type="password">
<option value="password" name="x">
<input value="{{ value }}" type="password">
kind: Secret
type: kubernetes.io/tls
Name resolves the secret/key pair
secret/path value=none
vault kv get secret/db
vault kv put secret/db value=@file
secret_text = _("Secret")
secretString: str
secret_string: Optional[str] = None
SecretString=json.dumps(x)
secret_text: "Enter the secret"
const secretText = 'Hidden'
"secretText": "Hello"
clientSecretString = config
token_text = "hello"
tokenString := token.String()
token_string = "abc"
tokenString: "bearer"
mysql -u root -p
psql -U bob -h h -p 5433
rsync -p x
nxc smb h -u users.txt -p passwords.txt
hydra -L users.txt -P passwords.txt ssh://h
hydra -l root -P rockyou.txt h
evil-winrm -i h -u bob -p $PASS
grep -n "password" src
grep -b password x
sort -b x
head -n 5 password.txt
tail -n 20 x | grep pass
xargs -n 1 echo
docker run -p 8080:80 -e PASSWORD nginx
docker compose -p name up
"""


@pytest.mark.parametrize("line", dict.fromkeys(TALK.strip().splitlines()))
def test_talk_code_and_commands_without_secrets(line: str) -> None:
    assert redact(line) == (line, 0)


def test_lines_of_talk_beside_each_other() -> None:
    assert redact(TALK) == (TALK, 0)
