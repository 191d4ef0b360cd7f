"""Secrets that the words before them tell: lines of servers and devices, commands, protocols."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import forget_known, redact

SECRETS = ("p9QxV7t2LmZk", "tulipgarden")
# Each with `§` where the secret stands.
DIRECTIVES = [
    "snmp-server community § RO",
    "rocommunity § 10.0.0.0/24",
    "com2sec readonly default §",
    'createUser bob SHA "§" AES otherpass',
    "snmp-server user bob grp v3 auth sha § priv aes 128 secondpass",
    "tacacs-server host 10.0.0.1 key 7 §",
    "radius-server host 10.0.0.1 key §",
    "enable secret 5 §",
    "username bob privilege 15 secret 9 §",
    "ip ospf message-digest-key 1 md5 §",
    "crypto isakmp key § address 1.2.3.4",
    'pre-shared-key ascii-text "§";',
    '10.0.0.1 10.0.0.2 : PSK "§"',
    "%any : PSK §",
    'bob : EAP "§"',
    "bob : XAUTH '§'",
    '"bob" pptpd "§" *',
    "bob l2tpd § 10.0.0.2",
    "user default on >§ ~* &* +@all",
    'redis-cli ACL SETUSER bob on ">§" "~*" +@all',
    "sentinel auth-pass mymaster §",
    "127.0.0.1:6379> AUTH §",
    "stats auth admin:§",
    'user = "bob:§"',
    "user = bob:§",
    "[smtp.example.org]:587 bob:§",
    "userPassword:: §",
    'BUNDLE_GEMS__EXAMPLE__ORG: "bob:§"',
    "RABBITMQ_ERLANG_COOKIE=§",
    "define( 'AUTH_KEY',         '§' );",
    '# tac_plus.conf\nkey = "§"',
    "tacacs-server {\n  host 10.0.0.1\n  key = §\n}",
    "tacplus-server {\n  10.0.0.2 secret §;\n}",
    "user = bob {\n  login = cleartext §\n}",
    'user = bob {\n  enable = clear "§"\n}',
    "tacacs key = §",
    "config tacacs passkey §",
    "netsh wlan set hostednetwork mode=allow ssid=home key=§",
    "netsh wlan set profileparameter name=home keyMaterial=§",
    "<keyMaterial>§</keyMaterial>",
    "    Key Content            : §",
    "    Schlüsselinhalt            : §",
    "    Contenu de la clé            : §",
    "    Contenido de la clave  : §",
    "    Contenuto chiave            : §",
    "    Conteúdo da Chave            : §",
    "uci set wireless.@wifi-iface[0].key='§'",
    "uci set wireless.default_radio0.key=§",
    "config wifi-iface\n\toption key '§'",
    "\toption key §",
    "\toption key1 '§'",
    "iwconfig wlan0 essid home key §",
    "security wpa akm psk set-key ascii 0 §",
    "wpa_cli -i wlan0 set_network 0 psk '\"§\"'",
    "nmcli con mod home wifi-sec.psk §",
]
COMMANDS = [
    "mc alias set s3 https://s3.example.org minioadmin § --api S3v4",
    "poetry config http-basic.private bob §",
    "composer config http-basic.repo.example.org bob §",
    "bundle config set --global gems.example.org bob:§",
    "snyk auth §",
    "ngrok config add-authtoken §",
    "bw unlock §",
    "vault operator unseal §",
    "etcdctl --user root:§ get /x",
    "etcdctl user add bob:§",
    "rclone obscure §",
    'net user administrator "§"',
    "schtasks /create /tn t /tr x /ru bob /rp §",
    "impacket-psexec corp/bob:'§'@10.0.0.5",
    "pdftotext -upw § a.pdf",
    "snmpwalk -v2c -c § 10.0.0.1 system",
    "ansible-vault encrypt_string '§' --name 'db_password'",
    'cypher-shell -u neo4j -p § "MATCH (n) RETURN n"',
    "airflow users create -u admin -p § -r Admin -e a@x",
    "smbmap -u bob -p § -H h",
    "wfuzz --basic bob:§ http://h",
    "glab variable set DB_PASSWORD §",
    "kinit bob@EX.ORG <<< §",
    "msmtp --passwordeval 'echo §'",
    "USER bob\n331 Please specify the password.\nPASS §\n230 Login successful.",
]
LEFT_ALONE = [
    "rocommunity public",
    "radius-server host 10.0.0.1",
    "neighbor 10.0.0.1 remote-as 65001",
    "user default on nopass ~* &* +@all",
    "user = www-data:www-data",
    "  --user-input-color:#00cc00\n",
    "5. **User Request #1**: run it",
    "user nginx;",
    "AUTH required",
    "mc alias list",
    "mc alias set ALIAS URL ACCESSKEY SECRETKEY",
    "poetry config virtualenvs.in-project true",
    "bundle config build.nokogiri --use-system-libraries",
    "docker run -u node -w /app -p 3000:3000 img",
    "sudo -u bob mkdir -p build",
    "psql -U postgres -p 5432 app",
    "mysql -u root -p shop",
    "python -u serve.py -p plugin",
    "PASS src/auth.test.ts",
    "define('WP_DEBUG', true);",
    "netsh wlan show profile name=home key=clear",
    "uci set wireless.radio0.disabled='0'",
    "the passwords lie in cleartext storage",
    "flags = clear all",
    "type Key Content = string",
    'border-radius: 4px;\nkey = "name"',
]


@pytest.mark.parametrize("form", DIRECTIVES + COMMANDS)
def test_the_words_before_it_tell_a_secret(form: str) -> None:
    begin, end = form.split("§")
    for secret in SECRETS:
        forget_known()
        redacted, n = redact(begin + secret + end)
        assert n >= 1
        assert redacted.startswith(f"{begin}[redacted:password]")
        assert secret not in redacted


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert redact(text) == (text, 0)
