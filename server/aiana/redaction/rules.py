"""The secrets that Aiana knows by their form: one rule for each kind of token.

Forms are those which the issuers document, as collected by the gitleaks project (MIT).
Repetitions are bounded or possessive: no input makes them backtrack.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_END = r"(?![A-Za-z0-9_])"


class Rule(NamedTuple):
    """How one kind of secret looks."""

    kind: str
    starts: tuple[str, ...]
    """The literals with which a match of `pattern` starts, of two characters at least."""
    pattern: re.Pattern[str]
    """Where it has a group, only the group is secret."""


def _rule(kind: str, starts: str, pattern: str) -> Rule:
    return Rule(kind, tuple(starts.split()), re.compile(pattern))


# Lines of a key: base64 of at least 16, between them what a listing, a diff, a string literal or
# a quotation puts there.
_KEY_GAP = r"(?:\\+[nr]|[\s\"'+,>|→]|\d{1,6}→){0,24}+"
_KEY_LINES = rf"(?>{_KEY_GAP}[A-Za-z0-9+/=]{{16,}}+)++"
_KEY_HEADERS = rf"(?:{_KEY_GAP}(?:Proc-Type|DEK-Info|Version|Comment):[^\n\\]{{0,100}})*+"

TOKEN_RULES: tuple[Rule, ...] = (
    _rule("jwt", "eyJ", r"eyJ[\w-]{8,4000}+\.eyJ[\w-]{8,8000}+\.[\w-]{10,2000}"),
    _rule("aws-access-key", "AKIA ASIA", r"A[KS]IA[A-Z2-7]{16}" + _END),
    _rule(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_",
        r"gh[pousr]_[A-Za-z0-9]{36,255}" + _END,
    ),
    _rule("github-token", "github_pat_", r"github_pat_\w{60,255}"),
    _rule("gitlab-token", "glpat- glptt- glrt- gldt-", r"gl(?:pat|ptt|rt|dt)-[\w-]{20,200}"),
    _rule("slack-token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    _rule("slack-token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{20,250}"),
    _rule(
        "stripe-key",
        "sk_live_ sk_test_ rk_live_ rk_test_",
        r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,250}" + _END,
    ),
    _rule("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,100}"),
    _rule("anthropic-key", "sk-ant-", r"sk-ant-[\w-]{20,250}"),
    _rule(
        "openai-key",
        "sk-",
        r"(?:sk-(?:proj|svcacct|admin|or|lf)-[\w-]{20,300}|sk-[A-Za-z0-9]{32,64}"
        r"(?![\w-]))",
    ),
    _rule("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{40,80}" + _END),
    _rule("xai-key", "xai-", r"xai-[A-Za-z0-9]{60,120}" + _END),
    _rule("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{30,60}" + _END),
    _rule("replicate-token", "r8_", r"r8_[A-Za-z0-9]{37,40}" + _END),
    _rule("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}" + _END),
    _rule("pypi-token", "pypi-AgE", r"pypi-AgE[\w-]{50,1000}"),
    _rule("rubygems-token", "rubygems_", r"rubygems_[0-9a-f]{48}" + _END),
    _rule("docker-token", "dckr_pat_", r"dckr_pat_[\w-]{27}" + _END),
    _rule("google-api-key", "AIza", r"AIza[\w-]{35}(?![\w-])"),
    _rule("google-oauth-token", "ya29.", r"ya29\.[\w-]{20,1000}"),
    _rule("google-oauth-secret", "GOCSPX-", r"GOCSPX-[\w-]{28}(?![\w-])"),
    _rule("sendgrid-key", "SG.", r"SG\.[\w-]{16,32}\.[\w-]{30,64}(?![\w-])"),
    _rule("mailgun-key", "key-", r"key-[0-9a-f]{32}" + _END),
    _rule("twilio-key", "SK", r"SK[0-9a-f]{32}" + _END),
    _rule("telegram-token", "AA", r"(?<=\d{8}:)AA[\w-]{33}(?![\w-])"),
    _rule("digitalocean-token", "dop_v1_ doo_v1_", r"do[op]_v1_[0-9a-f]{64}" + _END),
    _rule("databricks-token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?" + _END),
    _rule("shopify-token", "shpat_ shpca_ shppa_ shpss_", r"shp[a-z]{2}_[0-9a-fA-F]{32}"),
    _rule("linear-key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}" + _END),
    _rule("notion-token", "ntn_", r"ntn_[A-Za-z0-9]{40,60}" + _END),
    _rule("figma-token", "figd_", r"figd_[\w-]{40,60}"),
    _rule("grafana-token", "glsa_ glc_", r"gl(?:sa|c)_[A-Za-z0-9_+/=]{32,400}"),
    _rule("vault-token", "hvs. hvb.", r"hv[sb]\.[\w-]{24,300}"),
    _rule("supabase-token", "sbp_", r"sbp_[0-9a-f]{40}" + _END),
    _rule("sentry-token", "sntrys_ sntryu_", r"sntry[su]_[A-Za-z0-9_+/=]{40,400}"),
    _rule("square-token", "sq0atp- sq0csp-", r"sq0(?:atp|csp)-[\w-]{22,60}"),
    _rule("age-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}" + _END),
)
"""Tokens that are one run of at least 20 letters, digits and `_-.`, from its start."""

PHRASE_RULES: tuple[Rule, ...] = (
    Rule(
        "private-key",
        ("-----BEGIN ",),
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            rf"{_KEY_HEADERS}{_KEY_LINES}"
            rf"(?:{_KEY_GAP}[A-Za-z0-9+/=]{{0,76}}{_KEY_GAP}-----END [A-Z0-9 ]{{1,40}}-----)?"
        ),
    ),
    _rule("slack-webhook", "hooks.slack.com/", r"hooks\.slack\.com/(\w{1,20}/[\w/+]{30,100})"),
    _rule("discord-webhook", "/api/webhooks/", r"/api/webhooks/\d{15,25}/([\w-]{50,100})"),
    _rule(
        "azure-storage-key",
        "AccountKey=",
        r"AccountKey=([A-Za-z0-9+/]{86}==)",
    ),
)
"""Secrets that hold other characters too; long starts keep the search for them cheap."""
