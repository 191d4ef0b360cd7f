"""The secrets that are known by their own form: one rule for each kind of token.

Forms are those which the issuers document, as collected by the projects gitleaks and secretlint
(MIT), Nosey Parker and Kingfisher (Apache 2.0) and TruffleHog (AGPL); no text of theirs is here.
Repetitions are bounded or possessive: no input makes them backtrack.
"""

from __future__ import annotations

import re
from functools import cached_property

_END = r"(?![A-Za-z0-9_])"


class Rule:
    """How one kind of secret looks; compiled when a text first holds one of its beginnings."""

    def __init__(self, kind: str, starts: str, pattern: str, back: int = 0) -> None:
        self.kind = kind
        self.back = back
        """How many characters stand before the literal that it is found by."""
        self.starts = tuple(starts.split())
        """The literals with which a match of the pattern starts, of two characters at least."""
        self._pattern = pattern

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Where it has a group, only the group is secret."""
        return re.compile(self._pattern)


def _prefixed(table: str) -> list[Rule]:
    """Rules of lines such as `kind prefix,prefix characters least-most`."""
    rules = []
    for line in table.strip().splitlines():
        kind, starts, characters, lengths = line.split()
        least, most = lengths.split("-")
        beginning = "|".join(map(re.escape, starts.split(",")))
        # A long one is taken as far as it is read: what follows it cannot make it a word.
        end = _END if int(most) < 200 else ""
        body = _CHARACTERS[characters] + f"{{{least},{most}}}+" + end
        rules.append(Rule(kind, starts.replace(",", " "), f"(?:{beginning}){body}"))
    return rules


_CHARACTERS = {
    "hex": "[0-9a-fA-F]",
    "upper": "[A-Z0-9]",
    "alnum": "[A-Za-z0-9]",
    "word": r"[\w-]",
    "base64": "[A-Za-z0-9+/_=-]",
    "dots": r"[\w.=-]",
}

# Lines of a key: base64 of at least 16, between them what a listing, a diff, a string literal or
# a quotation puts there.
_KEY_GAP = r"(?:\\+[nr]|[\s\"'+,>|→]|\d{1,6}[→\t:]){0,24}+"
_KEY_LINES = rf"(?>{_KEY_GAP}[A-Za-z0-9+/=]{{16,}}+)++"
_KEY_HEADERS = rf"(?:{_KEY_GAP}(?:Proc-Type|DEK-Info|Version|Comment):[^\n\\]{{0,100}})*+"

TOKEN_RULES: tuple[Rule, ...] = (
    Rule("jwt", "ey", r"ey[\w-]{10,4000}+\.ey[\w-]{8,8000}+(?:\.[\w-]{10,4000}+={0,2})?"),
    # What a private key in base64 begins with, by its kind.
    Rule("private-key", "LS0tLS1CRUdJTi", r"LS0tLS1CRUdJTi(?:BSU0EgUFJJ|BQUklW|BFQyBQUklW|BPUEVO|BFTkNSWVBU|BEU0EgUFJJ|BQR1AgUFJJ)[A-Za-z0-9+/]{20,20000}+={0,2}(?:\n[A-Za-z0-9+/]{4,80}+={0,2}){0,100}"),
    Rule("jwt-in-base64", "ZXlK", r"ZXlK[\w+/-]{60,8000}+={0,2}"),
    Rule("jwt", "ey", r"ey[\w-]{10,4000}+\.\.[\w-]{8,400}+\.[\w-]{8,8000}+(?:\.[\w-]{8,400}+)?"),
    Rule("aws-access-key", "A3T AKIA ASIA ABIA ACCA", r"A(?:3T[A-Z0-9]|KIA|SIA|BIA|CCA)[A-Z2-7]{16}" + _END),
    Rule("aws-bedrock-key", "ABSK", r"ABSK[A-Za-z0-9+/]{80,269}+={0,2}"),
    Rule("aws-bedrock-key", "bedrock-api-key-", r"bedrock-api-key-[\w+/=-]{20,4000}"),
    Rule("openai-key", "sk-", r"sk-(?:(?:proj|svcacct|admin|or|lf|None|service)-[\w-]{20,300}|[A-Za-z0-9]{32,64}(?![\w-])|[A-Za-z0-9]{16,24}T3BlbkFJ[A-Za-z0-9]{16,24})"),
    Rule("slack-token", "xox", r"xox[abceoprsd](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}"),
    Rule("slack-token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{20,250}"),
    Rule("stripe-key", "sk_ rk_", r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,250}" + _END),
    Rule("dropbox-token", "sl.", r"sl\.(?:u\.)?[\w-]{60,1500}"),
    Rule("bitbucket-token", "ATCTT3", r"ATCTT3[\w=-]{50,300}"),
    Rule("telegram-token", "AA Ae", r"(?<=\d{8}:)A[\w-]{34}(?![\w-])"),
    Rule("airtable-token", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}" + _END),
    Rule("harness-token", "pat. sat.", r"[ps]at\.[\w-]{20,24}\.[0-9a-zA-Z]{20,26}\.[0-9a-zA-Z]{18,24}" + _END),
    Rule("langsmith-key", "lsv2_", r"lsv2_(?:pt|sk|service)_[0-9a-f]{32}_[0-9a-f]{8,12}" + _END),
    Rule("resend-key", "re_", r"re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{18,40}" + _END),
    Rule("sendgrid-key", "SG.", r"SG\.[\w=-]{16,32}\.[\w=.-]{30,64}(?![\w-])"),
    Rule("discord-token", "MT MD Mz Mj Mg NT ND Nz Nj OT OD", r"[MNO][A-Za-z\d_-]{22,28}\.[\w-]{6}\.[\w-]{27,45}(?![\w-])"),
    Rule("doppler-token", "dp.", r"dp\.(?:pt|st|ct|sa|scim|audit|said)\.(?:[\w-]{1,40}\.)?[A-Za-z0-9]{40,48}"),
    Rule("dynatrace-token", "dt0", r"dt0[a-z]\d\d\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}"),
    Rule("1password-key", "A3-", r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}" + _END),
    Rule("postman-key", "PMAK-", r"PMAK-[0-9a-fA-F]{24}-[0-9a-fA-F]{34}" + _END),
    Rule("brevo-key", "xkeysib- xsmtpsib-", r"x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}" + _END),
    Rule("flutterwave-key", "FLWSECK FLWPUBK", r"FLW(?:SECK|PUBK)(?:_TEST)?-[0-9a-zA-Z]{12,40}(?:-X)?"),
    Rule("cloudflare-key", "v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}" + _END),
    Rule("launchdarkly-key", "sdk- api- mob-", r"(?:sdk|api|mob)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" + _END),
    Rule("plaid-token", "access-", r"access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" + _END),
    Rule("authress-key", "sc_ ext_ scauth_ authress_", r"(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][A-Za-z0-9-]{10,32}\.[\w+/=-]{30,120}"),
    Rule("mapbox-token", "sk. pk. tk.", r"[spt]k\.[A-Za-z0-9_-]{50,120}\.[A-Za-z0-9_-]{18,40}(?![\w-])"),
    Rule("google-oauth-token", "ya29.", r"ya29\.[\w-]{20,1000}"),
    Rule("google-api-key", "AQ.", r"AQ\.[\w-]{40,100}(?![\w-])"),
    Rule("gitlab-token", "glcbt-", r"glcbt-\w{1,5}_[\w-]{20,60}"),
    Rule("alibaba-key", "LTAI", r"LTAI[A-Za-z0-9]{16,26}" + _END),
    Rule("tencent-key", "AKID", r"AKID[A-Za-z0-9]{28,36}" + _END),
    Rule("octopus-key", "API-", r"API-[A-Z0-9]{25,26}" + _END),
    Rule("nuget-key", "oy2", r"oy2[a-z0-9]{43}" + _END),
    Rule("clickhouse-key", "4b1d", r"4b1d[A-Za-z0-9]{38}" + _END),
    Rule("artifactory-key", "AKCp cmVmd", r"(?:AKCp[A-Za-z0-9]{50,90}|cmVmd[A-Za-z0-9]{50,70})" + _END),
    Rule("yandex-key", "AQVN", r"AQVN[\w-]{35,38}(?![\w-])"),
    Rule("yandex-token", "t1.", r"t1\.[\w-]{1,400}={0,2}\.[\w-]{86}={0,2}"),
    Rule("facebook-token", "EAA", r"EAA[A-Za-z0-9]{90,400}" + _END),
    Rule("square-token", "EAAA", r"EAAA[\w-]{56,64}(?![\w-])"),
    Rule("hubspot-token", "pat-", r"pat-(?:na|eu|ap)\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" + _END),
    Rule("voiceflow-key", "VF.", r"VF\.(?:DM|WS|PROD)\.[0-9a-f]{24}\.[A-Za-z0-9]{16}" + _END),
    Rule("vault-token", "s.", r"s\.(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}(?![\w.(-])"),
    *_prefixed("""
anthropic-key sk-ant- word 20-250
github-token ghp_,gho_,ghu_,ghs_,ghr_ alnum 36-255
github-token github_pat_ word 60-255
gitlab-token glpat-,glptt-,glrt-,gldt-,glft-,glimt-,glagent-,gloas-,glsoat-,glffct-,glwt- dots 20-300
gitlab-token GR1348941 word 20-60
stripe-key whsec_ base64 24-100
groq-key gsk_ alnum 40-80
xai-key xai- word 60-120
perplexity-key pplx- alnum 40-64
tavily-key tvly- word 20-64
cerebras-key csk- alnum 40-60
nvidia-key nvapi- word 40-100
together-key tgp_v1_ word 32-80
fireworks-key fw_ alnum 22-40
jina-key jina_ alnum 40-80
firecrawl-key fc- hex 32-32
e2b-key e2b_ hex 40-40
apify-token apify_api_ alnum 30-60
brave-key BSA word 27-27
posthog-key phx_,phs_ alnum 40-60
elevenlabs-key sk_ hex 48-48
huggingface-token hf_,api_org_ alnum 30-60
replicate-token r8_ alnum 37-40
npm-token npm_ alnum 36-36
pypi-token pypi-AgE word 50-1000
rubygems-token rubygems_ hex 48-48
docker-token dckr_pat_,dckr_oat_ word 27-40
google-api-key AIza word 35-35
google-oauth-secret GOCSPX- word 28-28
mailgun-key key-,pubkey- hex 32-32
mailersend-key mlsn. hex 60-70
twilio-key SK hex 32-32
digitalocean-token dop_v1_,doo_v1_,dor_v1_ hex 64-64
databricks-token dapi hex 32-36
shopify-token shpat_,shpca_,shppa_,shpss_ alnum 32-60
linear-key lin_api_,lin_oauth_ alnum 40-80
notion-token ntn_ alnum 40-60
notion-token secret_ alnum 43-43
figma-token figd_,figu_ word 36-60
grafana-token glsa_,glc_ base64 32-400
grafana-token eyJrIjoi base64 70-400
vault-token hvs.,hvb.,hvr. word 24-300
supabase-token sbp_ hex 40-40
supabase-key sb_secret_ word 20-60
sentry-token sntrys_,sntryu_,sntrya_ base64 40-500
square-token sq0atp-,sq0csp-,sq0idp- word 22-60
age-key AGE-SECRET-KEY-1 upper 58-58
atlassian-token ATATT3,ATCTT3,ATBB,ATSTT base64 20-300
trello-token ATTA alnum 60-80
fly-token fo1_ word 43-43
fly-token fm1r_,fm1a_,fm2_ base64 80-4000
netlify-token nfp_,nfc_,nfo_,nfu_ alnum 36-60
vercel-token vcp_,vci_,vca_,vcr_,vck_ alnum 24-80
render-key rnd_ alnum 24-40
railway-token rw_ alnum 40-80
neon-key napi_ alnum 50-80
neon-password npg_ alnum 12-20
planetscale-token pscale_tkn_,pscale_oauth_,pscale_pw_ dots 30-64
pulumi-token pul- hex 40-40
prefect-key pnu_,pnb_ alnum 36-36
readme-key rdme_ alnum 60-80
sonar-token sqp_,squ_,sqa_ hex 40-40
sourcegraph-token sgp_ word 40-64
shippo-token shippo_live_,shippo_test_ hex 40-40
new-relic-key NRAK-,NRII-,NRJS-,NRIQ-,NRAA-,NRBR- word 18-40
heroku-key HRKU- word 30-80
typeform-token tfp_ dots 40-60
contentful-token CFPAT- word 40-50
clojars-token CLOJARS_ alnum 60-60
easypost-key EZAK,EZTK alnum 54-54
duffel-token duffel_live_,duffel_test_ dots 43-43
frameio-token fio-u- dots 60-64
infracost-key ico- alnum 32-32
adobe-secret p8e- alnum 32-32
1password-token ops_eyJ base64 200-4000
scalingo-token tk-us-,tk-eu- word 48-48
settlemint-token sm_aat_,sm_pat_,sm_sat_ alnum 16-16
tailscale-key tskey-api-,tskey-auth-,tskey-client-,tskey-webhook-,tskey- word 20-80
buildkite-token bkua_ alnum 40-40
circleci-token CCIPAT_,CCIPRJ_ word 40-90
snyk-token snyk_uat.,snyk_sat. dots 40-200
dnkey dnkey- dots 60-100
openai-session sess- alnum 40-48
openai-key ek_ hex 32-64
wandb-key wandb_v1_ word 40-120
gocardless-token live_ dots 40-40
lob-key live_,test_ hex 35-35
lob-key live_pub_,test_pub_ hex 31-31
workos-key sk_live_,sk_test_ alnum 10-250
stytch-secret secret-live-,secret-test- dots 20-60
composio-key ak_ word 20-24
clerk-key ak_live_,ak_test_ word 20-80
notion-oauth secret_v2_ word 20-80
pinecone-key pcsk_ word 40-100
langfuse-key sk-lf-,pk-lf- hex 30-40
assemblyai-token aai_ alnum 32-40
deepgram-key dg_ alnum 36-40
cohere-key co_ alnum 40-40
voyage-key pa- word 43-43
browserbase-key bb_live_,bb_test_ word 20-60
honeycomb-key hcaik_,hcamk_,hcxik_,hcalk_ alnum 40-80
instagram-token IGQV word 60-400
onesignal-key os_v2_ word 40-200
trigger-key tr_prod_,tr_dev_,tr_stg_ alnum 16-60
openrouter-key sk-or- word 40-100
adafruit-key aio_ alnum 28-28
axiom-token xaat-,xapt- word 32-60
xata-key xau_ alnum 40-60
bip32-key xprv alnum 100-120
nostr-key nsec1 alnum 50-60
doppler-token dp.st. dots 30-100
cloudflare-token cfut_,cfat_,cfk_ alnum 40-60
aws-session-token IQoJb3JpZ2lu,FwoGZXIvYXdz,FQoGZXIvYXdz base64 100-4000
ionic-token ion_ alnum 42-42
teamwork-token tkn.v1_ word 60-120
pganalyze-key pgar_,pgaw_ alnum 24-40
bitbucket-token BBDC- base64 40-60
photoroom-key sk_pr_ word 40-80
bannerbear-key bb_pr_,bb_ma_ hex 28-40
nightfall-key NF- alnum 32-32
"""),
)  # fmt: skip
"""Tokens that are one run of at least 16 letters, digits and `_-.`, from where a word begins."""

WHOLE_TOKENS = re.compile(
    r"(?P<mailchimp_key>[0-9a-f]{32}-us\d{1,2})|(?P<mailgun_key>[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})|"
    r"(?P<new_relic_key>[0-9a-zA-Z]{6}[0-9a-f]{30}NRAL)|(?P<maxmind_key>[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk)"
)
"""Tokens that no beginning tells, but how the whole run of letters, digits and `_-.` looks."""

PHRASE_RULES: dict[str, tuple[Rule, ...]] = {
    "begin": (
        Rule(
            "private-key",
            "-----BEGIN",
            r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            rf"{_KEY_HEADERS}{_KEY_LINES}"
            rf"(?:{_KEY_GAP}[A-Za-z0-9+/=]{{0,76}}{_KEY_GAP}-----END [A-Z0-9 ]{{1,40}}-----)?",
        ),
        Rule("private-key", "-----BEGIN OpenVPN", r"-----BEGIN OpenVPN Static key V1-----(?:[\s>|+→]|\d{1,6}[→\t]|\\+[nr]|[0-9a-fA-F]{16,})++"),
        Rule("private-key", "---- BEGIN", r"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----" + _KEY_HEADERS + _KEY_LINES),
    ),
    "accountkey=": (
        Rule("azure-storage-key", "AccountKey=", r"AccountKey=([A-Za-z0-9+/]{40,90}={0,2})"),
    ),
    "sharedaccesskey=": (
        Rule("azure-key", "SharedAccessKey=", r"SharedAccessKey=([A-Za-z0-9+/]{30,90}={0,2})"),
    ),
    "private-lines:": (
        Rule("private-key", "Private-Lines:", rf"Private-Lines:\s{{0,2}}\d{{1,4}}({_KEY_LINES})"),
    ),
    "hooks": (
        Rule("slack-webhook", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/([\w/+]{30,150})"),
        Rule("discord-webhook", "/api/webhooks/", r"/api/webhooks/\d{15,25}/([\w-]{50,100})"),
        Rule("webhook", "hooks.zapier.com/hooks/catch/", r"hooks\.zapier\.com/hooks/catch/(\d{1,12}/\w{5,20})"),
    ),
    "hook.": (
        Rule("webhook", ".webhook.office.com/webhookb2/", r"\.webhook\.office\.com/webhookb2/([\w@/-]{60,300})"),
    ),
    "hook/": (
        Rule("webhook", "outlook.office", r"outlook\.office(?:365)?\.com/webhook/([\w@/-]{60,300})"),
        Rule("webhook", "/bot/v2/hook/", r"/bot/v2/hook/([\w-]{20,60})"),
        Rule("webhook", "/cgi-bin/webhook/send?key=", r"/cgi-bin/webhook/send\?key=([\w-]{20,60})"),
    ),
    "maker.ifttt.com": (
        Rule("webhook", "maker.ifttt.com/trigger/", r"maker\.ifttt\.com/trigger/[\w-]{1,80}/(?:json/)?with/key/([\w-]{15,80})"),
    ),
    ".make.com/": (
        Rule("webhook", ".make.com/", r"\.make\.com/([a-z0-9]{28,40})" + _END),
    ),
    "signature": (
        Rule("signature", "ignature=", r"(?:(?<=[?&][Ss])|(?<=oog-S))ignature=([\w%+/~-]{24,2000}={0,2})"),
    ),
    "rsakeyvalue": (
        Rule("private-key", "<D>", r"<D>\s{0,3}([A-Za-z0-9+/]{20,2000}={0,2})\s{0,3}</"),
        *(Rule("private-key", f"<{part}>", rf"<{part}>\s{{0,3}}([A-Za-z0-9+/]{{20,2000}}={{0,2}})\s{{0,3}}</") for part in ("P", "Q", "DP", "DQ", "InverseQ")),
    ),
    "sig=": (
        Rule("signature", "sig=", r"(?<=[?&])sig=([A-Za-z0-9%+/]{40,100}={0,2})"),
    ),
    "x-amz-signature=": (
        Rule("signature", "X-Amz-Signature=", r"X-Amz-Signature=([0-9a-f]{64})"),
    ),
    "x-amz-security-token=": (
        Rule("signature", "X-Amz-Security-Token=", r"X-Amz-Security-Token=([\w%+/=-]{40,4000})"),
    ),
    "messages?key=a": (
        Rule("webhook", "/messages?key=", r"/messages\?key=([\w-]{20,60}&token=[\w%-]{20,100})"),
    ),
    "1//0": (
        Rule("google-oauth-token", "1//0", r"1//0[\w-]{40,200}"),
    ),
    "auth": (
        Rule("totp-secret", "otpauth:", r"otpauth://[^\s\"'?]{1,200}\?(?:[^\s\"']{0,200}?&)?secret=([A-Z2-7]{12,128}={0,6})"),
    ),
    "q~": (
        Rule("azure-secret", "Q~", r"(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])", back=4),
    ),
    "sha256~": (
        Rule("openshift-token", "sha256~", r"sha256~[\w-]{43}(?![\w-])"),
    ),
    # A password's hash, as files of accounts have it: what is behind the salt.
    **{
        start: (Rule("password-hash", start, rf"{re.escape(start)}(?:rounds=\d{{1,9}}\$)?[\w./$-]{{0,60}}?\$([A-Za-z0-9./]{{20,90}})(?![\w./$])"),)
        for start in ("$1$", "$5$", "$6$", "$7$", "$8$", "$9$", "$y$", "$apr1$", "$2a$", "$2b$", "$2y$")
    },
    "$argon2": (
        Rule("password-hash", "$argon2", r"\$argon2(?:id|i|d)\$(?:v=\d{1,3}\$)?m=\d{1,9},t=\d{1,5},p=\d{1,4}\$([\w+/]{8,120}\$[\w+/]{20,200})"),
    ),
    "pbkdf2_sha": (
        Rule("password-hash", "pbkdf2_sha", r"pbkdf2_sha\d{1,3}\$\d{1,9}\$([\w+/=.-]{4,80}\$[\w+/]{20,120}={0,2})"),
    ),
    "{ssha": (
        Rule("password-hash", "{SSHA", r"\{SSHA\d{0,3}\}([A-Za-z0-9+/]{20,200}={0,2})"),
    ),
    ".atlasv1.": (
        Rule("terraform-token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{50,80}", back=14),
    ),
    "_gitlab_session=": (
        Rule("gitlab-session", "_gitlab_session=", r"_gitlab_session=([0-9a-z]{32,64})"),
    ),
}  # fmt: skip
"""Secrets that hold other characters too, by a text that stands in all of them."""
