"""Which fields of a JSON value are secrets by their names, or by what a field beside them names."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from aiana.pattern import Pattern
from aiana.redaction.given import is_given, takes_numbers
from aiana.redaction.headers import is_cookie
from aiana.redaction.names import name_of
from aiana.redaction.pins import is_pin
from aiana.redaction.several import kinds_of_several
from aiana.redaction.told import is_told
from aiana.redaction.values import is_code, is_reference, is_stand_in, is_token
from aiana.redaction.vocabulary import is_bare_word

# What the names of fields end with that name something, or say what it is.
NAMING = (
    r"(?:(?i:name|key)|(?<![a-z])(?i:id|variable|var|field|header|param|parameter|property|prop|"
    r"setting|option|identifier|path|attribute|env|element|selector|locator|placeholder|type)|"
    r"(?<=[a-z])(?:Id|ID|Variable|Var|Field|Header|Param|Parameter|Property|Setting|Path))"
)
# Those of fields that hold its value, and that may hold it where its name can be nothing else.
VALUE = (
    r"(?:(?i:value)|(?<![a-z])(?i:val|default|plaintext|secret[_-]?string|secret[_-]?text)|"
    r"(?<=[a-z])(?:Val|String|Default))"
)
WEAK = r"(?<![a-z])(?i:text|content|body|data)"
_NAMING = Pattern(rf".*(?:{NAMING}|(?i:label))\Z", re.DOTALL)
_VALUE = Pattern(rf".*{VALUE}\Z", re.DOTALL)
_WEAK = Pattern(rf".*{WEAK}\Z", re.DOTALL)
# Fields of forms, and what people and selectors put after the name of one.
_OF_FORMS = Pattern(r"(?i:element|selector|locator|placeholder|field)\Z")
_FILLED_IN = Pattern(r"(?i:\s(?:input|field|box|text\s?box|entry)){0,2}[\"'\])]{0,3}\Z")
# Headers whose name holds no word of secrets; their value is what authorizes.
_HEADERS = frozenset({"authorization", "proxy-authorization"})
_PARTS_OF_KEY = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_OF_COOKIES = frozenset({"httpOnly", "domain", "sameSite", "secure", "expires", "expirationDate"})
_SEVERAL = Pattern(r"(?i)(?:.*[^a-z])?(?:passwords|passwds|secrets|credentials|api_?keys|tokens)\Z")
_PHRASE_KEY = Pattern(r"(?i)(?:.*[^a-z])?(?:mnemonic|(?:seed|recovery|backup)[ _-]?phrase)\Z")
_PHRASE = Pattern(r"(?:[a-z]{3,8} ){11,23}[a-z]{3,8}\Z")
_MOST_OF_FIELD, _MOST_OF_NAME, _MOST_WORDS = 40, 80, 3


def kinds_in(value: dict[Any, Any], owner: Any = None) -> dict[str, str]:
    """Of the fields of an object that are secrets: the kinds; `owner` is the key of the object."""
    found: dict[str, str] = {}
    if "kty" in value:
        for part in _PARTS_OF_KEY & value.keys():
            if isinstance(value[part], str) and len(value[part]) >= 8:
                found[part] = "private-key"
    if isinstance(name := value.get("name"), str) and not value.keys().isdisjoint(_OF_COOKIES):
        crumb = value.get("value")
        if isinstance(crumb, str) and is_cookie(name, crumb):
            found["value"] = "cookie"
    if isinstance(owner, str) and _SEVERAL.match(owner):
        for key, item in value.items():
            if (
                isinstance(key, str)
                and isinstance(item, str)
                and (kind := _of_several(owner, item))
            ):
                found[key] = kind
    naming: list[tuple[str, str]] = []
    held: list[tuple[str, str]] = []
    for key, item in value.items():
        if not isinstance(key, str):
            continue
        if kind := kind_under(key, item):
            found[key] = kind
        elif role := role_of(key):
            if role != "naming":
                held.append((key, role))
            elif isinstance(item, str) and len(item) <= _MOST_OF_NAME:
                naming.append((key, item))
    for key, role in held:
        kind = kind_under(owner, value[key]) if role == "value" else None
        for field, name in naming:
            kind = kind or _kind_beside(field, name, role, value[key])
        if kind:
            found[key] = kind
    return found


def shown(fields: dict[Any, Any], key: str) -> Any:
    """The value under a key, as it may be taken out of its object: a mark where it is a secret."""
    value = fields.get(key)
    kind = kinds_in(fields).get(key) if isinstance(value, str) else None
    return f"[redacted:{kind}]" if kind else value


def kinds_in_list(items: list[Any] | tuple[Any, ...], owner: Any = None) -> dict[int, str]:
    """The same for a list: the value of its key, a name and its value, or options and theirs."""
    found = kinds_of_several(items, owner)
    for n, (first, second) in enumerate(pairwise(items), 1):
        if not (isinstance(first, str) and isinstance(second, str)) or second.startswith("-"):
            continue
        if first.startswith("--no-"):
            continue
        if first.startswith("--") or (
            len(items) == 2
            and (
                is_pin(first, second)
                or ((name := name_of(first)) and (name.is_loud or _is_told(second)))
            )
        ):
            kind = kind_under(first.lstrip("-"), second)
            if kind:
                found[n] = kind
    return found


def kind_under(key: Any, item: Any) -> str | None:
    """The kind of secret that the whole of a value is under its key."""
    if not isinstance(key, str):
        return None
    if isinstance(item, str) and _PHRASE_KEY.match(key) and _PHRASE.match(item):
        return "seed-phrase"
    if isinstance(item, int) and not isinstance(item, bool):
        digits = str(item)
        if is_pin(key, digits):
            return "pin"
        return is_given(key, digits) if takes_numbers(key) and len(digits) >= 4 else None
    if not isinstance(item, str):
        return None
    return "pin" if is_pin(key, item) else is_given(key, item)


def _of_several(owner: str, item: str) -> str | None:
    """The kind of secret that one of the values under a name such as `passwords` is."""
    if is_stand_in(item) or is_code(item) or is_reference(item) or " " in item:
        return None
    if "pass" in owner.lower():
        return "password" if is_told(item) or is_bare_word(item) else None
    return "secret" if is_token(item) else None


@lru_cache(maxsize=1000)
def role_of(field: str) -> str | None:
    """What a field does by its name: `naming`, `value`, or perhaps the latter: `weak`."""
    if len(field) > _MOST_OF_FIELD:
        return None
    if _VALUE.match(field):
        return "value"
    if _WEAK.match(field):
        return "weak"
    return "naming" if _NAMING.match(field) else None


def _kind_beside(field: str, name: str, role: str, item: Any) -> str | None:
    """The kind of secret that `item` is where the field beside it names it so."""
    of_form = _OF_FORMS.search(field) is not None
    if of_form and (end := _FILLED_IN.search(name)):
        name = name[: end.start()]
    if name.count(" ") >= _MOST_WORDS:
        return None
    if field.lower().endswith("label") and not _is_told(item):
        return None  # what somebody may choose
    if name.lower() in _HEADERS and isinstance(item, str):
        scheme, _, rest = item.partition(" ")
        value = rest or scheme
        told = rest or is_told(value) or is_token(value)
        return "authorization" if told and not is_stand_in(value) else None
    known = name_of(name)
    if known is not None:
        # Who names something says no more than its name.
        if known.start + len(known.word) + len(known.rest) != len(name):
            return None
        if role == "weak" and not (of_form or known.is_loud):
            return None
        if field.lower() == "type" and not known.password:
            return None
    return kind_under(name, item)


def _is_told(item: Any) -> bool:
    return isinstance(item, str) and (is_told(item) or is_token(item))
