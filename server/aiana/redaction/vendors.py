"""Random values that the name of an issuer stands before: `cloudflare: …`, `HEROKU_KEY = …`."""

from __future__ import annotations

import re
import string

from aiana.pattern import Pattern
from aiana.redaction.values import is_code, is_token

_VENDORS = (
    "adafruit|adobe|airtable|algolia|alibaba|aliyun|amplitude|anthropic|appsflyer|artifactory|"
    "asana|atlassian|beamer|bitbucket|bitfinex|bittrex|braintree|bugsnag|chargebee|clarifai|"
    "clearbit|clojars|cloudconvert|cloudflare|codecov|cohere|coinbase|coinmarketcap|confluence|"
    "confluent|contentful|contribsys|convertkit|crowdin|cryptocompare|datadog|deepl|discord|"
    "droneci|dropbox|elevenlabs|etsy|eventbrite|facebook|fastly|finicity|finnhub|flickr|"
    "freshbooks|fullcontact|getresponse|gitter|gumroad|helpscout|heroku|hubspot|intercom|ipinfo|"
    "jfrog|jira|klaviyo|kraken|kucoin|launchdarkly|linkedin|lokalise|looker|mailchimp|mailerlite|"
    "mailgun|mailjet|mandrill|mattermost|maxmind|meraki|message_?-?bird|mixpanel|netlify|"
    "new-?_?relic|newsapi|nytimes|okta|openai|opencage|openweather|pagerduty|paystack|pipedrive|"
    "plaid|postmark|private_?-?ai|pubnub|pusher|rapidapi|razorpay|recurly|rollbar|scaleway|"
    "securitytrails|segment|sendbird|sendinblue|sentry|serpapi|serper|snyk|sonar|splunk|"
    "squarespace|sumo|surveymonkey|telegr|todoist|toggl|travis|trello|twilio|twitch|twitter|"
    "typeform|vercel|wakatime|webflow|yandex|youtrack|zendesk|zhipu"
)
_NAMED = Pattern(
    rf"(?:{_VENDORS})[ \t\w.-]{{0,20}}[\"'`\\]{{0,3}}\]?\s{{0,3}}"
    r"(?:=>|:{1,3}=|[?.]?={1,3}|:|,|>\s{0,12}|\sstring\s=)[\s\"'`\\=]{0,5}\Z"
)
_ABOUT = Pattern(
    r"(?:url|uri|host|path|version|commit|sha|hash|digest|checksum|image|tag|name|file|etag)"
    r"[\"'`\\\s:=]{0,8}\Z"
)
_PLAIN = Pattern(r"(?:sha\d{1,3}|v?\d+\.\d+)[:.-]|.*\.(?:com|io|net|org|json|js|ts|py|md|ya?ml)\Z")
SIGNS_BEFORE = frozenset("\"'`=: \t\n>,")
_SIGNS = frozenset("=:,>")
_AFTER_SIGN = "\"'`\\ \t\n\r\f\v\x1c\x1d\x1e\x1f"
_AROUND_SIGN = _AFTER_SIGN + "=:?.,>]"
_OF_LABEL = string.ascii_letters + string.digits + "_ \t.-"
_VENDOR = Pattern(_VENDORS)
# What stands before values comes again and again.
_labels: dict[str, bool] = {}
_MOST_LABELS = 20_000
has_digits = re.compile(r"\d\D*\d").search
"""Whether there are two at least, as in whatever an issuer gives."""
_MOST_BEFORE = 50


def belongs_to_vendor(text: str, lowered: str, start: int, value: str) -> bool:
    """Whether a random value at `start` is given to a name with an issuer in it."""
    # Cheapest first: this is asked of every long run of letters and digits after such a sign.
    before = lowered[start - 10 if start > 10 else 0 : start].rstrip(_AFTER_SIGN)
    if before[-1:] not in _SIGNS or not has_digits(value):
        return False
    before = lowered[max(0, start - _MOST_BEFORE) : start]
    named = _NAMED.search(before) if _may_name(before) else None
    if named is None or _ABOUT.search(before) or _PLAIN.match(value):
        return False
    begin = start - len(before) + named.start()
    if begin and text[begin - 1].isalpha() and not text[begin].isupper():
        return False  # the middle of a word
    return (value.isdigit() and len(set(value)) > 3) or (is_token(value) and not is_code(value))


def _may_name(before: str) -> bool:
    """Whether an issuer stands in the label at the end of a text."""
    label = before.rstrip(_AROUND_SIGN)
    if label.endswith("string"):
        return True  # a type, before which the label ends
    label = label[len(label.rstrip(_OF_LABEL)) :]
    known = _labels.get(label)
    if known is None:
        if len(_labels) >= _MOST_LABELS:
            _labels.clear()
        known = _labels[label] = _VENDOR.search(label) is not None
    return known
