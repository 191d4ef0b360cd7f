"""Random values that a word before them tells: calls of clients, addresses, rarer names, keys."""

from __future__ import annotations

import pytest

from aiana.redaction.redact import forget_known, redact, redact_json
from tests.noise import noise

LABELLED = r"""
Stripe("§")
require('stripe')('§')
new Octokit('§')
github.Github("§")
WebClient("§")
new ethers.Wallet('§', provider)
AES.new(b"§", AES.MODE_CBC, iv)
twilio('AC1', '§')
algoliasearch("APPID", "§")
auth.set_access_token("at", "§")
crypto.createCipheriv('aes-256-cbc', Buffer.from('§', 'hex'), iv)
https://hc-ping.com/§
https://mainnet.infura.io/v3/§
https://ci.acme.dev/hooks/§
https://n8n.acme.dev/webhook/§
https://app.acme.dev/reset-password/§
https://app.acme.dev/cb?code=§&state=x
https://maps.acme.dev/js?key=§
https://api.telegram.org/bot123456789:§/getMe
HASH_SALT=§
APP_PEPPER=§
encrypt = "§"
GH_PAT=§
VAPID_PRIVATE=§
WEBHOOK_HMAC=§
secure: "§"
code_verifier=§
secret "§";
<string name="google_maps_key">§</string>
activation key §
use this key § for the api
Your new key: § (it will not be shown again)
keys: ['§']
my TOTP seed is §
Authenticator setup key: §
curl -u §: https://api.acme.dev/v1/charges
Bearer: §
""".strip().splitlines()
NOT_LABELLED = """
https://github.com/acme/app/commit/{hex}
git checkout {hex}
cache key: §
public key §
cacheKey: "§"
"key": "{hex}"
foo("§")
https://files.acme.dev/docs/§
https://app.acme.dev/items?id=§
.git/hooks/pre-commit-check-of-names-2-and-3
salt = generate_salt_for_user_2_and_3(x)
docker build -t registry.acme.dev/app:2024.10.12-rc1 .
npm run test -- -t renders_the_list_of_items_2_and_3
secure: true
accounts: ["0x5FbDB2315678afecb367f032d93F642f64180aa3"]
private: false
""".strip().splitlines()


@pytest.mark.parametrize("form", LABELLED)
def test_the_word_before_tells_it(form: str) -> None:
    forget_known()
    begin, end = form.split("§")
    redacted, n = redact(begin + noise(40) + end)
    assert (redacted, n) == (f"{begin}[redacted:secret]{end}", 1)


@pytest.mark.parametrize("form", NOT_LABELLED)
def test_other_random_values_stay(form: str) -> None:
    text = form.replace("§", noise(40)).replace("{hex}", noise(40, "0123456789abcdef"))
    assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("accounts: ['§']", "0x" + noise(64, "0123456789abcdef")),
        ("Product key: §", "-".join(noise(5, "ABCDEFGHKLMN2345") + "" for _ in range(5))),
        ("secret_id = '§'", "-".join(noise(n, "0123456789abcdef") for n in (8, 4, 4, 4, 12))),
    ],
)
def test_values_of_other_shapes(form: str, value: str) -> None:
    assert redact(form.replace("§", value)) == (form.replace("§", "[redacted:secret]"), 1)


@pytest.mark.parametrize(
    "form",
    [
        'API_KEY = os.environ.get("K") or "§"',
        'token = sys.argv[1] if len(sys.argv) > 1 else "§"',
        'const apiKey = process.env.KEY ?? "§"',
        'const token = process.env.TOKEN || "§"',
    ],
)
def test_what_a_name_is_given_otherwise(form: str) -> None:
    assert redact(form.replace("§", noise(40))) == (form.replace("§", "[redacted:secret]"), 1)


def test_otherwise_nothing() -> None:
    text = 'token = os.environ.get("TOKEN") or "none"'
    assert redact(text) == (text, 0)


def test_a_label_beside_a_value() -> None:
    forget_known()
    field = '{"label":"password","value":"%s"}'
    text = field % ("Sum" + "mer-" + "2041!")
    assert redact_json(text) == (field % "[redacted:password]", 1)
