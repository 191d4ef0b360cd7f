"""Secrets that a sentence tells: "my password is …", "use … as the password", "пароль: …"."""

from __future__ import annotations

import re

from aiana.pattern import Pattern
from aiana.redaction.names import PASSWORDS_ELSEWHERE, Name
from aiana.redaction.spans import Span
from aiana.redaction.values import (
    WORDLIKE,
    has_digit,
    is_code,
    is_random,
    is_reference,
    is_stand_in,
    is_token,
)

_QUOTED_OR_BARE = (
    r"(?P<quote>\\{0,4}[\"'`])?(?P<value>(?(quote)[^\s\"'`\\<>]{3,120}+|[^\s\"'`\\<>,;(){}|\[\]]{3,120}+))"
    r"(?P<after>[\(\[\{<,;)\s\"'`\\]?)"
)
_SAID = Pattern(
    r"\w{0,10}[\"'`*]{0,2}(?P<gap>(?:[^\S\n]{1,3}(?!(?:is|was|ist|est|es|lautet|to)\b)[^\s:=：,;.(){}\"'`]{1,24}){0,5}?)"
    r"[*]{0,2}\s{0,3}(?:(?P<colon>[:：=])[*]{0,2}|(?P<own>['’]s)|\b(?P<verb>is|was|(?:will|would|should)\s(?:now\s)?be|"
    r"becomes|became|equals|(?:from\s{1,2}\S{1,80}\s{1,2})?to|ist|lautet|est|es|é|è|будет|jest|är)\b"
    r"(?:\s{1,2}(?:now|still|just|currently|simply|actually|probably|literally|always|set to|changed to)\b){0,2}:?"
    r"|(?P<set>\bset to\b|\bchanged to\b):?|(?<=[^\S\n])[-–—](?=[^\S\n])|は、?|是|为|為|이|:)\s{0,3}[*]{0,2}"
    + _QUOTED_OR_BARE
)
_CHANGES = Pattern(
    r"\b(?:set|sett?ing|chang|reset|updat|rotat|switch|mak|made|put|been)\w*\s{1,3}(?:[\w'’]{1,20}\s{1,3}){0,4}\Z",
    re.IGNORECASE,
)
_CHANGED = Pattern(r"\b(?:re)?(?:set|changed|updated|rotated|switched)\Z", re.IGNORECASE)
_OWNED = Pattern(
    r"\b(?:my|our|his|her|their|\w{1,30}['’]s)\s{1,3}(?:[\w-]{1,20}\s{1,3}){0,2}\Z", re.IGNORECASE
)
_OF_WHAT = Pattern(r"\s{0,3}(?:for|of|on|at|in|from|here|there|to)\b")
_AS = Pattern(
    r"\b(?:us(?:e[ds]?|ing)|with|ent(?:er|ered|ering)|typ(?:e[ds]?|ing)|set|chose|choose|pick(?:ed)?|try|tried|put|"
    r"g[ai]ve|given)\s{1,3}(?P<quote>[\"'`])?(?P<value>(?(quote)[^\s\"'`]{3,100}|[^\s\"'`,;()]{3,100}))[\"'`]?\s{1,3}as\s{1,3}"
    r"(?:(?:my|the|a|an|your|his|her|our|its|their|new)\s{1,3}){0,2}(?:[\w-]{1,20}\s{1,3}){0,2}\Z",
    re.IGNORECASE,
)
_NO_NOUN = Pattern(
    r"(?:\s{1,3}(?:for|on|to|in|and|at|when|there|here|is|if|now)\b|[.,;:!?)\n\"'`]|\Z)"
)
_AFTER_USER = Pattern(
    r"\b(?:user(?:name)?|login|log\s?in as|account)\s{0,2}[:=]?\s{1,3}[\"'`]?(?!name\b|id\b|and\b|or\b|e-?mail\b|account\b)"
    r"[\w.@+-]{1,60}[\"'`]?(?:\s{0,2}[,/;]\s{0,2}|\s{1,3})(?:(?:and|with|plus|&)\s{1,3})?(?:(?:the|my|his|her|a)\s{1,3})?\Z",
    re.IGNORECASE,
)
_THEN = Pattern(r"(?:word|phrase|code)?[^\S\n]{1,3}" + _QUOTED_OR_BARE)
_TOLD = Pattern(r"s?[^\S\n](?:is|was|:|=|-){0,1}[^\S\n]{0,2}[\"'`]?([\w.=+/-]{20,400})")
_PAIR = Pattern(
    r"(?:s|entials?)?\s?(?P<sign>[:=]|are|is)\s{0,2}[\"'`]?[\w.@-]{1,40}\s?(?P<by>[:/])\s?([^\s\"'`,;]{5,100})"
)
_ASCII = Pattern(r"[!-~]+")
_COMPOUND = Pattern(r"[A-Za-z]+\d{0,3}(?:[-_./:][A-Za-z]*\d{0,3})+\Z")
_OPENING = ("(", "[", "{")
_SENTENCE_ENDS = Pattern(
    r"[.,!?;)*]{0,3}(?:\Z|\s*\n|\\n|\s+(?:and|but|so|for|on|if|in|at|\(|–|—|-)(?:\s|\Z))|[.,!?;)]\s|[\"'`]"
)
# What a sentence says of a password rather than telling it: adjectives, participles, adverbs.
_ENDINGS = Pattern(
    r"[a-z]+(?:ed|ing|able|ible|ly|ive|ful|less|ous|ic|ical|ial|ual|ary|ory|ant|ent|ish|like|ware|"
    r"where|thing|body|one|self|ise|wise|ward|ness|tion)\Z"
)
_PREDICATES = frozenset(
    """
    about above absent again ago alike all almost alone already also another anyway around away
    back bad been before behind being below best better between blue both bound broken brute built
    but by cached case chosen clean clear clever close code cold common complex cool could cut data
    dead deep done down due each easier easy either else english even ever every exact extra fake
    false far fast few fine first fixed foreign found free fresh given full fully fun further gone good
    got great green half hard harder have held help here hers high his home how however human
    illegal kept known large last late later laid least left legal less let like likely local long
    longer lost low lower made main manual many meant mere mine minimum maximum more most much must
    near neat neither never new newer next nice nobody nor not nothing now numeric odd off offline
    often okay older once one online only open opposite other otherwise ours out outside over own
    part past per perhaps pretty prior private public pure quite random rather raw read ready real red
    right rotten rude safe safer said salted same secure seen sent separate several short shorter
    shown simple since sloppy slow small smart solid some somehow soon sound spoken stale static
    stolen strange strict strong stronger stuck such sure taken tested than that the their theirs
    them then there these they thin this those though through thus tied tight tiny today tomorrow
    too top tough tried trivial true under unique unknown unlike unset until unusual up upper
    useless usual valid very void wack was weak weaker weird well were what whatever when where
    whether which while white who whole whose why wide wild with within without worse worst worth
    written wrong yes yesterday yet young yours zero
    after against along among because beyond during into onto toward towards upon via
    config database disk file hand heart memory plain plaintext production text vault
    """.split()  # noqa: SIM905
)


def told(text: str, name: Name) -> Span | None:
    """The secret that the sentence or label around the name tells."""
    end = name.start + len(name.word)
    if name.password:
        if text[name.start - 1 : name.start] in ("_", "-", ".", "/") or (
            name.word == "pass" and not text[end : end + 1].isalpha()
        ):
            return None
        return (
            _password(text, name, end) or _as_password(text, name) or _after_user(text, name, end)
        )
    said = _TOLD.match(text, end)
    if said and is_random(said[1]) and not is_stand_in(said[1]):
        return (*said.span(1), "secret")
    if not name.word.isascii() and (said := _SAID.match(text, end)) and is_token(said["value"]):
        return (*said.span("value"), "secret")
    if name.word == "cred" and (pair := _PAIR.match(text, end)):
        plain = pair["by"] == ":" or " / " in pair[0]
        if is_told(pair[3]) or (plain and _is_plain(text, pair[3], pair.end())):
            return (*pair.span(3), "password")
    return None


def is_told(value: str) -> bool:
    """Whether a bare value that a sentence calls a password is one, and no word of the sentence."""
    if len(value) < 6 or is_stand_in(value) or is_code(value) or _COMPOUND.match(value):
        return False
    if value.isdigit():
        return True
    special = any(not c.isalnum() and c not in "_.-/:@" for c in value)
    return any(c.isalpha() for c in value) and (special or has_digit(value))


def _is_plain(text: str, value: str, end: int, *, owned: bool = False) -> bool:
    """Whether a word that ends here is the password itself and nothing said of it."""
    if not (value.isalpha() and value.isascii() and 4 <= len(value) <= 40) or value.isupper():
        return False
    lowered = value.lower()
    if (
        is_stand_in(value)
        or is_reference(value)
        or lowered in _PREDICATES
        or _ENDINGS.match(lowered)
    ):
        return False
    return owned or _SENTENCE_ENDS.match(text, end) is not None


def _password(text: str, name: Name, end: int) -> Span | None:
    match = _SAID.match(text, end)
    if not match or match["after"] in _OPENING:
        return None
    ascii_part = _ASCII.match(match["value"])
    value = ascii_part[0].rstrip(".:!?*)") if ascii_part else ""
    if len(value) < 4 or is_stand_in(value) or is_code(value):
        return None
    start = match.start("value")
    label = name.word in PASSWORDS_ELSEWHERE
    verb, gap = match["verb"] or match["set"], match["gap"].strip()
    if match["quote"] is not None:
        found = verb is not None or match["own"] is not None or has_digit(value) or label
        found = found and not is_reference(value)
    elif label:
        plain = not has_digit(value) and WORDLIKE.match(value)
        found = not plain or (match["colon"] is not None and len(value) >= 6)
    else:
        found = is_told(value) and not (match["colon"] and match["after"] == ",")
        labels = match["colon"] is None or text[start - 1] != match["colon"] != "="
        changed = (verb or "").endswith("to") and _CHANGED.search(gap) is not None
        if not found and labels and (not gap or changed or match["set"] or _OF_WHAT.match(gap)):
            before = text[max(0, name.start - len(name.head) - 60) : name.start - len(name.head)]
            changed = changed or _CHANGES.search(before) is not None
            if not (verb or "").endswith("to") or changed or match["set"]:
                owned = _OWNED.search(before) is not None and verb in ("is", "was")
                found = _is_plain(text, value, start + len(value), owned=owned)
    return (start, start + len(value), "password") if found else None


def _as_password(text: str, name: Name) -> Span | None:
    """`use x as the password`."""
    begin = name.start - len(name.head)
    match = _AS.search(text, max(0, begin - 160), begin)
    if match is None or not _NO_NOUN.match(text, name.start + len(name.word) + len(name.rest)):
        return None
    value = match["value"]
    if match["quote"] is None and not is_told(value) and not _is_plain(text, value, 0, owned=True):
        return None
    if is_stand_in(value) or is_code(value) or is_reference(value):
        return None
    return (*match.span("value"), "password")


def _after_user(text: str, name: Name, end: int) -> Span | None:
    """`user bob and password x`."""
    begin = name.start - len(name.head)
    match = _THEN.match(text, end)
    if match is None or match["after"] in _OPENING:
        return None
    if not _AFTER_USER.search(text, max(0, begin - 120), begin):
        return None
    value = match["value"].rstrip(".:!?")
    start = match.start("value")
    if is_stand_in(value) or is_code(value):
        return None
    if is_told(value) or match["quote"] or _is_plain(text, value, start + len(value)):
        return (start, start + len(value), "password")
    return None
