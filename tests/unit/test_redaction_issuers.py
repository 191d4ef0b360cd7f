"""Tokens and keys of issuers that other programs' rules know: by form, by name, and once more."""

from __future__ import annotations

import string

import pytest

from aiana.redaction.redact import forget_known, redact
from aiana.redaction.values import is_code, is_scattered
from tests.noise import noise

HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UUID = f"{noise(8, HEX)}-{noise(4, HEX)}-{noise(4, HEX)}-{noise(4, HEX)}-{noise(12, HEX)}"
TOKENS = {
    "shopify-token": "shpat_" + noise(38),
    "cloudflare-token": "cfut_" + noise(48),
    "new-relic-key": "NRAA-" + noise(27, HEX),
    "xai-key": "xai-" + noise(40) + "_" + noise(39),
    "ionic-token": "ion_" + noise(42),
    "voiceflow-key": f"VF.DM.{noise(24, HEX)}.{noise(16)}",
    "teamwork-token": "tkn.v1_" + noise(72),
    "pganalyze-key": "pgar_" + noise(27),
    "bitbucket-token": "BBDC-" + noise(22) + "+" + noise(21),
    "photoroom-key": "sk_pr_app_" + noise(40, HEX),
    "bannerbear-key": "bb_ma_" + noise(30, HEX),
    "nightfall-key": "NF-" + noise(32),
    "hubspot-token": "pat-na1-" + UUID,
    "aws-session-token": "IQoJb3JpZ2lu" + noise(300),
    "mailchimp-key": noise(32, HEX) + "-us21",
    "mailgun-key": f"{noise(32, HEX)}-{noise(8, HEX)}-{noise(8, HEX)}",
    "maxmind-key": f"{noise(6)}_{noise(29)}_mmk",
}


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("around", ["{}", "x={};", '"{}"', "see {}, ok", "it is {}."])
def test_a_token_of_this_form(kind: str, around: str) -> None:
    forget_known()
    text = around.format(TOKENS[kind])
    redacted, n = redact(text)
    assert n == 1
    assert redacted.rstrip(".") == around.format(f"[redacted:{kind}]").rstrip(".")


def test_a_license_of_new_relic() -> None:
    text = f"license: eu01xx{noise(30, HEX)}NRAL\n"
    assert redact(text) == ("license: [redacted:new-relic-key]\n", 1)


# What stands around, in whose place `§` is, and the value.
KEYS = [
    # a key of any name that looks made by chance, though of one case or short
    ('acmecrm_key: "§"', noise(32, LOWER)),
    ("acmecrm_key = §", noise(24, string.ascii_uppercase + string.digits)),
    ('AcmeCrmKey := "§"', noise(22)),
    ("acme crm key §", noise(32, LOWER)),
    ("our acme key is §", noise(32, LOWER)),
    ("acme key - '§'", noise(32, LOWER)),
    # a variable of the environment may hold what elsewhere is a digest
    ("ACMECRM_KEY=§", noise(32, HEX)),
    ('os.environ["ACMECRM_KEY"] = "§"', noise(64, HEX)),
    ("ACMECRM_KEY=§", UUID),
    # an issuer's name
    ('mixpanel: "§"', noise(32, HEX)),
    # a number, an id or an organisation before the secret part
    ("12|§", noise(40)),
    ("00D" + noise(13) + "!§", noise(96)),
    (noise(22) + "==:§", noise(32)),
    # a module's member is of words
    ('BOOTSTRAP_TOKEN: "§"', "ab3c" + "de." + noise(16, HEX)),
    ("kubeadm join h:6443 --token §", "ab3c" + "de." + noise(16, HEX)),
    # literals in a literal, as builds of apps for Android have them
    ("buildConfigField 'String' , 'API_KEY' , '\"§\"'", noise(32, HEX)),
    ('buildConfigField "String", "API_KEY", "\\"§\\""', noise(32, HEX)),
    ('buildConfigField("String", "API_KEY", "\\"§\\"")', noise(32, HEX)),
    # others
    ("-Dsonar.login=§", noise(40, HEX)),
    ('token := "Bearer §"', "qLdTjWpRbHxYcZfKsVnGmQtJ"),
    ("<secret>{§}</secret>", "AQAAABAAAAAw" + noise(60) + "="),
    ("https://outlook.office.com/webhook/§", f"{UUID}@{UUID}/IncomingWebhook/{noise(32, HEX)}"),
    ("enable secret 9 $9$abcdefghij1234$§", noise(43)),
]  # fmt: skip


@pytest.mark.parametrize(("form", "value"), KEYS)
def test_a_value_that_its_surroundings_tell(form: str, value: str) -> None:
    forget_known()
    begin, end = form.split("§")
    redacted, n = redact(begin + value + end)
    assert n == 1
    assert redacted.startswith(f"{begin}[redacted:")
    assert redacted.endswith("]" + end)


@pytest.mark.parametrize(
    "text",
    [
        f'"cacheKey": "{noise(32, LOWER)}"',
        f'image_key: "{noise(32, LOWER)}"',
        f'"acme_key": "{noise(40, HEX)}"',
        f"gpg: key {noise(40, HEX).upper()}",
        f"ENV GPG_KEY {noise(40, HEX).upper()}",
        f"ENV GPG_KEY={noise(40, HEX).upper()}",
        f"CACHE_KEY={noise(32, HEX)}",
        "test_key = hexPKCS8TestPKCS1Key",
        "{hexKey: hexPKCS8TestPKCS1Key}",
        f"| 12|{noise(40, HEX)}| main |",
        "index2.8f3a9c0d.chunk.js",
        "<Secret>{currentUserSecretToken2}</Secret>",
        f"{noise(32, HEX)}-use",
        "Bearer authenticationHeaderValue",
    ],
)
def test_digests_and_names_stay(text: str) -> None:
    forget_known()
    assert redact(text) == (text, 0)


def test_a_random_value_goes_wherever_it_stands() -> None:
    value = noise(40)
    text = f"export ACME_TOKEN={value}\n$ acme whoami\nusing {value} ({value[:30]})\nx{value}\n"
    assert redact(text) == (
        "export ACME_TOKEN=[redacted:secret]\n$ acme whoami\n"
        f"using [redacted:secret] ({value[:30]})\nx{value}\n",
        2,
    )


def test_a_word_that_is_a_password_stays_elsewhere() -> None:
    text = "DB_PASSWORD=international_sunflowers\n# international_sunflowers grow here\n"
    assert redact(text) == (
        "DB_PASSWORD=[redacted:password]\n# international_sunflowers grow here\n",
        1,
    )


def test_what_is_scattered() -> None:
    assert is_scattered(noise(32))
    assert is_scattered(noise(20, LOWER))
    assert not is_scattered("MobileNetV2DeepLabV3Plus")
    assert not is_scattered("ubuntu2204amd64image")
    assert not is_scattered("readUint16LengthPrefixed")
    assert not is_code("ab3cde." + noise(16, HEX))
    assert is_code("lib2to3.fixes")
