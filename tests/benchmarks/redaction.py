"""Hits, false positives and speed of the redaction beside other rule sets.

    python tests/benchmarks/redaction.py [FOLDER OF TRANSCRIPTS]

Secrets are random texts of the issuers' real forms, made here. `detect-secrets` is measured where
it can be imported and `gitleaks` where it is on the PATH. A hit: no more than half of the secret is
left. A false positive: a text without a secret that is changed.

Speeds are of processor time and stand beside that of one pass for one word over the same texts in
the same run; hostile repetitions beside a real or made text of the same size without a secret.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import random
import re
import shutil
import string
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))
from aiana.redaction.redact import forget_known, redact

ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
UPPER32 = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
Finder = Callable[[list[str]], list[set[str]]]
"""Texts -> for each the secrets found, or the pieces of text that are covered by one."""


def secrets(rng: random.Random) -> dict[str, str]:
    """One secret of each kind."""

    def of(alphabet: str, length: int) -> str:
        return "".join(rng.choices(alphabet, k=length))

    def b64(data: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    jwt = f"{b64({'alg': 'HS256', 'typ': 'JWT'})}.{b64({'sub': of(ALNUM, 12)})}.{of(URLSAFE, 43)}"
    body = "\n".join(of(ALNUM + "+/", 64) for _ in range(6))
    pem = (
        "-----BEGIN {0}PRIVATE KEY-----\n"
        + body
        + "\n"
        + of(ALNUM, 20)
        + "==\n-----END {0}PRIVATE KEY-----"
    )
    return {
        "aws access key": "AKIA" + of(UPPER32, 16),
        "aws session key": "ASIA" + of(UPPER32, 16),
        "github classic": "ghp_" + of(ALNUM, 36),
        "github server": "ghs_" + of(ALNUM, 36),
        "github fine": f"github_pat_{of(ALNUM, 22)}_{of(ALNUM, 59)}",
        "gitlab": "glpat-" + of(URLSAFE, 20),
        "slack bot": f"xoxb-{of(string.digits, 12)}-{of(string.digits, 12)}-{of(ALNUM, 24)}",
        "stripe live": "sk_live_" + of(ALNUM, 24),
        "stripe restricted": "rk_live_" + of(ALNUM, 24),
        "openai project": "sk-proj-" + of(URLSAFE, 120),
        "openai old": f"sk-{of(ALNUM, 20)}T3Blbk{'FJ'}{of(ALNUM, 20)}",
        "anthropic": f"sk-ant-api03-{of(URLSAFE, 93)}AA",
        "huggingface": "hf_" + of(string.ascii_letters, 34),
        "npm": "npm_" + of(ALNUM, 36),
        "pypi": "pypi-AgEIcHlwaS5vcmc" + of(URLSAFE, 150),
        "google api": "AIza" + of(URLSAFE, 34) + "x",
        "google oauth": "GOCSPX-" + of(ALNUM, 28),
        "sendgrid": f"SG.{of(ALNUM, 22)}.{of(ALNUM, 43)}",
        "telegram": f"{of('123456789', 10)}:AA{of(ALNUM, 33)}",
        "digitalocean": "dop_v1_" + of(HEX, 64),
        "databricks": "dapi" + of(HEX, 32),
        "shopify": "shpat_" + of(HEX, 32),
        "linear": "lin_api_" + of(ALNUM, 40),
        "groq": "gsk_" + of(ALNUM, 52),
        "vault": "hvs." + of(URLSAFE, 90),
        "jwt": jwt,
        "pem rsa": pem.format("RSA "),
        "pem pkcs8": pem.format(""),
        "pem openssh": pem.format("OPENSSH "),
        "aws secret": of(ALNUM + "+/", 40),
        "azure storage": of(ALNUM + "+/", 86) + "==",
        "url password": of(ALNUM, 16),
        "basic auth": base64.b64encode(f"{of(ALNUM, 6)}:{of(ALNUM, 12)}".encode()).decode(),
        "bearer": of(ALNUM, 40),
        "password quoted": of(ALNUM + "!#%+", 12) + "7a",
        "api key": of(ALNUM, 32),
    }


CARRIERS: dict[str, list[str]] = {
    "aws secret": ["AWS_SECRET_ACCESS_KEY={}", '"aws_secret_access_key": "{}"'],
    "azure storage": [
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=x"
    ],
    "url password": [
        "DATABASE_URL=postgres://app:{}@db.internal:5432/app",
        "https://bob:{}@h.io/x",
    ],
    "basic auth": ["Authorization: Basic {}", "curl -H 'Authorization: Basic {}' https://x.io"],
    "bearer": ["Authorization: Bearer {}", '{{"Authorization": "Bearer {}"}}'],
    "password quoted": ['password = "{}"', '{{"db_password": "{}"}}', "DB_PASSWORD='{}'"],
    "api key": ["API_KEY={}", 'apiKey: "{}",', "--api-key {} run", 'client_secret="{}"'],
}
ANYWHERE = [
    "{}",
    "export TOKEN={}",
    'key: "{}"',
    "-{}",
    "it is {}, use it",
    "a\\n{}\\nb",
    "  12→{}",
]


def negatives(rng: random.Random) -> list[str]:
    """Texts of coding sessions that look like secrets and are none."""

    def of(alphabet: str, length: int) -> str:
        return "".join(rng.choices(alphabet, k=length))

    made: list[Callable[[], str]] = [
        lambda: f"commit {of(HEX, 40)}",
        lambda: f"sha256:{of(HEX, 64)}",
        lambda: f"session {uuid.UUID(int=rng.getrandbits(128))} resumed",
        lambda: f"data:image/png;base64,{of(ALNUM + '+/', 400)}",
        lambda: f'"integrity": "sha512-{of(ALNUM + "+/", 86)}=="',
        lambda: f"/home/u/.cache/pip/{of(HEX, 2)}/{of(HEX, 60)}/wheel-{of(ALNUM, 24)}",
        lambda: f"!function(e,t){{var n=e.{of(string.ascii_lowercase, 9)};return t(n)}}",
        lambda: f"https://example.org/a/{of(ALNUM, 32)}?page={rng.randint(1, 99)}",
        lambda: (
            f"{of('0123456789', 10)}:{of('0123456789', 3)} max_tokens={rng.randint(100, 9999999)}"
        ),
        lambda: "password: str = Field(default=None)",
        lambda: "const token = await getAccessToken(request.headers.authorization)",
        lambda: "api_key = os.environ['OPENAI_API_KEY']",
        lambda: "if (!password || password.length < 8) throw new Error('password required')",
        lambda: "Authorization: Bearer $GITHUB_TOKEN",
        lambda: "secret_name: projects/my-app/secrets/db-password",
        lambda: "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
        lambda: "postgres://user:password@localhost:5432/test",
        lambda: "git clone git@github.com:owner/name.git && cd name",
        lambda: 'export API_KEY="<your-api-key-here>"',
        lambda: "token_count: 123456, tokenId=42, secretKeyRef: {name: db, key: password}",
        lambda: "task-management-system-with-a-long-kebab-case-name disk-usage-and-risk-analysis",
        lambda: "-----BEGIN PUBLIC KEY-----\n" + of(ALNUM, 64) + "\n-----END PUBLIC KEY-----",
        lambda: "look for `-----BEGIN RSA PRIVATE KEY-----` in the files of the repository",
        lambda: f"resolved https://registry.example.org/{of(string.ascii_lowercase, 9)}-1.2.3.tgz",
    ]
    return [make() for make in made for _ in range(20)]


def ours(texts: list[str]) -> list[set[str]]:
    found = []
    for text in texts:
        redacted, n = redact(text)
        rest = re.split(r"\[redacted:[\w-]+\]", redacted) if n else [text]
        found.append(_removed(text, rest) if n else set())
    return found


def _removed(text: str, rest: list[str]) -> set[str]:
    """What stood between the parts that are left."""
    removed, position = set(), 0
    for part in rest:
        start = text.find(part, position)
        removed.add(text[position:start])
        position = start + len(part)
    return {piece for piece in [*removed, text[position:]] if piece}


def detect_secrets() -> Finder | None:
    try:
        from detect_secrets.core import scan  # type: ignore[import-not-found]
        from detect_secrets.settings import (  # type: ignore[import-not-found]
            default_settings,
        )
    except ImportError:
        return None

    def find(texts: list[str]) -> list[set[str]]:
        found = []
        with tempfile.TemporaryDirectory() as folder, default_settings():
            for n, text in enumerate(texts):
                path = Path(folder, f"{n}.txt")
                path.write_text(text)
                leaks = scan.scan_file(str(path))
                found.append({leak.secret_value for leak in leaks if leak.secret_value})
        return found

    return find


def gitleaks() -> Finder | None:
    program = shutil.which("gitleaks")
    if program is None:
        return None

    def find(texts: list[str]) -> list[set[str]]:
        with tempfile.TemporaryDirectory() as folder:
            for n, text in enumerate(texts):
                Path(folder, f"{n}.txt").write_text(text)
            report = Path(folder, "report.json")
            command = [program, "dir", folder, "--report-format", "json", "--no-banner"]
            subprocess.run(
                [*command, "--report-path", str(report), "--exit-code", "0", "-l", "error"],
                check=True,
            )
            found: list[set[str]] = [set() for _ in texts]
            for leak in json.loads(report.read_text()):
                found[int(Path(leak["File"]).stem)].add(leak["Secret"])
        return found

    return find


def is_hit(secret: str, found: set[str]) -> bool:
    """Whether at least half of the secret is covered by what was found."""
    covered = 0
    for piece in found:
        if piece in secret:
            covered += len(piece)
        elif secret in piece:
            return True
    return covered * 2 >= len(secret)


def texts_of(folder: Path) -> list[str]:
    texts: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str) and len(value) > 20:
            texts.append(value)
        elif isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict):
            for item in value.values():
                walk(item)

    for path in sorted(folder.rglob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and isinstance(record.get("message"), dict):
                walk(record["message"].get("content"))
    return texts


def _processor_time() -> float:
    """Seconds that this process and those it started have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


# What made rules look again and again at the same; a hundred thousand characters of each.
REPEATED = (
    "password=", "password: ", "token=", "token ", "api_key: ", '"pin": ', "PASSWORD=(", "пароль: ",
    "密码", "user,password\n", "| password |\n", '{"name": "password", ', "<password>", "a=",
    '"key": ', "<x>", "a", "://", "-p ", "curl -u ", "login ", "Bearer ", "Authorization: ",
    "cookie: a=b; ", '"+"', '"a" "b" ', "'a'+", '"', "eyJa.", "\\u0000", "%41", "&#65;", "\u200b",
    "\u2010", "\x1b[31m",
)  # fmt: skip
_OF_REPEATED = 100_000


def find_only(texts: list[str]) -> list[set[str]]:
    """The same as `ours`, without telling what was found."""
    for text in texts:
        redact(text)
    return []


def one_word(texts: list[str]) -> list[set[str]]:
    """What can hardly be faster: one pass for one word."""
    return [{"password"} if "password" in text.lower() else set() for text in texts]


def seconds(find: Finder, texts: list[str]) -> float:
    """The least processor time of three runs."""
    taken = []
    for _ in range(3):
        forget_known()
        start = time.process_time()
        find(texts)
        taken.append(time.process_time() - start)
    return min(taken)


def report_repeated(plain: str) -> None:
    """Hostile repetitions beside a text of the same size that says something."""
    plain = (plain * (_OF_REPEATED // len(plain) + 1))[:_OF_REPEATED]
    base = seconds(find_only, [plain])
    print(f"\n{_OF_REPEATED:,} characters of text take {base * 1000:.1f} ms; of a repetition")
    taken = sorted(
        ((seconds(find_only, [(unit * _OF_REPEATED)[:_OF_REPEATED]]), unit) for unit in REPEATED),
        reverse=True,
    )
    for spent, unit in taken[:8]:
        print(f"{'':4}{unit!r:24}{spent * 1000:8.1f} ms{spent / base:8.1f} times")
    print(f"{'':4}of {len(taken)} at most 50 ms: {sum(spent <= 0.05 for spent, _ in taken)}")


def main() -> None:
    rng = random.Random(20260201)
    cases = [
        (kind, secret, carrier.format(secret))
        for _ in range(10)
        for kind, secret in secrets(rng).items()
        for carrier in CARRIERS.get(kind, ANYWHERE)
    ]
    clean = negatives(rng)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    real = texts_of(folder) if folder else []
    size = sum(map(len, real)) or sum(len(text) for text in clean)
    print(f"{platform.machine()}, Python {platform.python_version()}; {len(cases)} secrets of")
    print(
        f"{len(secrets(rng))} kinds, {len(clean)} texts without, {len(real)} real ({size:,} chars)"
    )
    print(f"{'':16}{'hits':>8}{'false pos.':>12}{'real texts':>12}", end="")
    print(f"{'MB/s':>10}{'ns/char':>10}{'ratio':>8}")
    texts = real or clean
    megabytes = sum(len(text.encode("utf-8", "replace")) for text in texts) / 1e6
    base = seconds(one_word, texts)
    print(f"{'one word':48}{megabytes / base:10.1f}{base * 1e9 / size:10.1f}{1:8.1f}")
    for name, finder in (
        ("aiana", ours),
        ("detect-secrets", detect_secrets()),
        ("gitleaks", gitleaks()),
    ):
        if finder is None:
            print(f"{name:16} not installed")
            continue
        found = finder([text for _, _, text in cases])
        missed = [case for case, f in zip(cases, found, strict=True) if not is_hit(case[1], f)]
        wrong = [text for text, f in zip(clean, finder(clean), strict=True) if f]
        forget_known()
        start = _processor_time()
        flagged = [text for text, f in zip(texts, finder(texts), strict=True) if f]
        taken = _processor_time() - start
        if name == "aiana":
            taken = seconds(find_only, texts)
        print(
            f"{name:16}{1 - len(missed) / len(cases):8.1%}{len(wrong) / len(clean):12.1%}"
            f"{len(flagged):12}{megabytes / taken:10.1f}{taken * 1e9 / size:10.1f}"
            f"{taken / base:8.1f}"
        )
        kinds = sorted({f"{kind}" for kind, _, _ in missed})
        if kinds:
            print(f"{'':4}missed some of: {', '.join(kinds)}")
        if wrong:
            print(f"{'':4}wrong, e.g.: {sorted({text[:60] for text in wrong})[:4]}")
    report_repeated("\n".join(text for text in texts if redact(text)[1] == 0))


if __name__ == "__main__":
    main()
