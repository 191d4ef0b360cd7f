"""Secrets that a sentence tells: "my password is …", "use … as the password", "пароль: …"."""

from __future__ import annotations

import re

from aiana.pattern import Pattern
from aiana.redaction.names import LOCKS, PASSWORDS_ELSEWHERE, SECRETS_ELSEWHERE, Name, is_about
from aiana.redaction.spans import Span
from aiana.redaction.values import (
    WORDLIKE,
    has_digit,
    is_code,
    is_random,
    is_reference,
    is_scrambled,
    is_stand_in,
    is_token,
)
from aiana.redaction.vocabulary import is_bare_word, is_plain_word

_QUOTED_OR_BARE = (
    r"(?P<quote>\\{0,4}[\"'`])?(?P<value>(?(quote)[^\s\"'`\\<>]{3,120}+|[^\s\"'`\\<>,;(){}|\[\]]{3,120}+))"
    r"(?P<after>[\(\[\{<,;)\s\"'`\\]?)"
)
_SAID = Pattern(
    r"\w{0,10}[\"'`*”’»」]{0,2}(?:[^\S\n]\([\w ,/-]{2,30}\)(?=:|\s(?:is|was)\b))?(?P<gap>(?:[^\S\n]{1,3}(?!(?:is|was|ist|est|es|lautet|heißt|to)\b)[^\s:=：,;.(){}\"'`]{1,24}){0,5}?"
    r"|[^\S\n](?:for|von|für|pour)[^\S\n](?:[\"'][^\"'\n]{1,80}[\"']|[\w.+-]{1,40}@[\w.-]{1,60}))"
    r"[*]{0,2}\s{0,3}(?:(?P<colon>[:：=])[*]{0,2}|(?P<own>['’]s)|\b(?P<verb>is|was|(?:will|would|should)\s(?:now\s)?be|"
    r"becomes|became|equals|(?:from\s{1,2}\S{1,80}\s{1,2})?to|ist|lautet|heißt|heisst|est|es|é|è|будет|jest|är)\b"
    r"(?:\s{1,2}(?:now|still|just|currently|simply|actually|probably|literally|always|set to|changed to)\b){0,2}:?"
    r"|(?P<set>\bset to\b|\bchanged to\b):?|(?<=[^\S\n])[-–—](?=[^\S\n])|(?P<arrow>[-=]{1,3}>|→|⇒|⟶|»|\.{3,20}|…)|(?=[「『])|:)\s{0,3}[*]{0,2}(?P<curly>[“”„«»‘’「『])?"
    + _QUOTED_OR_BARE
)
_VALUE_ELSEWHERE = r"[*]{0,2}(?P<quote>[\"'`“”„»「『‘’]|«\s?)?(?P<value>[!#$%&*+\-./0-9:=?@A-Z^_a-z~]{4,120})(?P<after>[\(\[\{<,;)\s\"'`\\”’«»」』]?)"
# The same after a word of another language, whose verbs mean other things in English.
_SAID_ELSEWHERE = Pattern(
    r"[^\W\d_]{0,12}?[\"'`*]{0,2}(?P<gap>(?:[^\S\n]{1,3}[^\s:=：,;.(){}\"'`]{1,24}){0,4}?)[*]{0,2}"
    r"(?:\s{0,3}(?P<colon>[:：=]|[-=]{1,3}>|→)[*]{0,2}|[^\S\n]{1,2}(?P<verb>es|é|è|est|är|er|is|on|to|je|jest|là|είναι|будет|este|adalah|"
    r"c'est|היא|הוא|هي|هو|है|คือ|[-–—])(?=[^\S\n])|\s?(?P<particle>は、?|是|为|為|이|가|은|는))\s{0,3}"
    + _VALUE_ELSEWHERE
)
_NEXT_ELSEWHERE = Pattern(
    r"[^\W\d_]{0,12}?(?P<gap>(?:[^\S\n]{1,3}(?:от|для|к|на|до)[^\S\n]{1,3}[^\s:=]{1,24}){0,1})(?P<colon>)(?P<verb>)(?P<particle>)[\"'`*]{0,2}[^\S\n]{1,3}"
    + _VALUE_ELSEWHERE
)
_IN_PARENTHESES = Pattern(
    r"(?:word|phrase|code)?[^\S\n]\([\"'`]?(?P<value>[^\s\"'`\\<>,;(){}|\[\]]{6,120})[\"'`]?\)"
)
_USES = Pattern(
    r"(?:\b(?:with|us(?:e[ds]?|ing)|try|type|enter|via|and|by|old|new)|[,;])\s{1,2}(?:(?:the|this|that|my|his|her|their|our|same|new|old|admin|root|default)\s{1,2}){0,2}\Z",
    re.IGNORECASE,
)
# A heading, or a label, and a line with nothing but the value below it.
_BELOW = Pattern(
    r"(?:word|phrase|code)?[*_`:]{0,4}[ \t]*(?:\r?\n){1,2}[ \t>*-]{0,12}(?P<quote>`)?(?P<value>[^\s\"'`\\<>,;(){}|\[\]]{4,80})(?(quote)`)[ \t]*(?:\r?\n|\Z)"
)
_HEADING = Pattern(r"(?:\A|\n)[ \t>#*_`-]{0,12}(?:[\w-]{1,20}[ \t]){0,2}\Z")
_PHRASE = Pattern(
    r"phrase[\"'`*]{0,2}\s?[:=]\s{1,2}(?P<value>[a-z]{3,10}(?:[ -][a-z]{3,10}){2,11})(?=[.\"'`]?[ \t]*(?:\n|\Z))"
)
_OF_SENTENCES = Pattern(
    r"\b(?:the|a|an|your|for|to|of|with|not|this|that|and|or|in|on|is|are|used|when)\b"
)
_CHANGES = Pattern(
    r"\b(?:set|sett?ing|chang|reset|updat|rotat|switch|mak|made|put|been)\w*\s{1,3}(?:[\w'’]{1,20}\s{1,3}){0,4}\Z",
    re.IGNORECASE,
)
_CHANGED = Pattern(r"\b(?:re)?(?:set|changed|updated|rotated|switched)\Z", re.IGNORECASE)
_OWNED = Pattern(
    r"\b(?:my|our|his|her|their|\w{1,30}['’]s)\s{1,3}(?:[\w-]{1,20}\s{1,3}){0,2}\Z", re.IGNORECASE
)
_OF_WHAT = Pattern(
    r"\s{0,3}(?:for|of|on|at|in|from|here|there|to|für|von|de|du|des|d[e’']|pour|per|para)\b"
)
_AS = Pattern(
    r"\b(?:us(?:e[ds]?|ing)|with|ent(?:er|ered|ering)|typ(?:e[ds]?|ing)|set|chose|choose|pick(?:ed)?|try|tried|put|"
    r"g[ai]ve|given)\s{1,3}(?P<quote>[\"'`])?(?P<value>(?(quote)[^\s\"'`]{3,100}|[^\s\"'`,;()]{3,100}))[\"'`]?\s{1,3}(?:as|(?P<purpose>for))\s{1,3}"
    r"(?:(?:my|the|a|an|your|his|her|our|its|their|new)\s{1,3}){0,2}(?:[\w-]{1,20}\s{1,3}){0,2}\Z",
    re.IGNORECASE,
)
_NO_NOUN = Pattern(
    r"(?:\s{1,3}(?:for|on|to|in|and|at|when|there|here|is|if|now)\b|[.,;:!?)\n\"'`]|\Z)"
)
_AFTER_USER = Pattern(
    r"(?:\b(?:user(?:name)?|login|log\s?in as|account|benutzer(?:name)?|identifiant|utilisateur|usuario|usuário|utente|gebruiker|"
    r"пользователь|логин)|用户名?)\s{0,2}[:=]?\s{1,3}[\"'`]?(?!name\b|id\b|and\b|or\b|e-?mail\b|account\b)"
    r"[\w.@+-]{1,60}[\"'`]?(?:\s{0,2}[,/;]\s{0,2}|\s{1,3})(?:(?:and|with|plus|&)\s{1,3})?(?:(?:the|my|his|her|a|le|mot\sde)\s{1,3}){0,2}\Z",
    re.IGNORECASE,
)
_THEN = Pattern(r"(?:word|wort|wd|phrase|code|e)?[^\S\n]{1,3}" + _QUOTED_OR_BARE)
_TOLD = Pattern(r"s?[^\S\n](?:is|was|:|=|-){0,1}[^\S\n]{0,2}[\"'`]?([\w.=+/-]{20,400})")
# The same for tokens and keys, with words between; the value cannot be one.
_TOLD_OF_SECRET = Pattern(
    r"s?(?:[_ -]?(?:key|string|value))?[\"'`*]{0,3}(?:[^\S\n]\([\w ,/-]{2,30}\))?(?P<gap>(?:[^\S\n][\w'’-]{1,24}){0,5}?)"
    r"[*]{0,2}(?:[^\S\n]{0,2}[:=]|[^\S\n][—–-]|[^\S\n](?:is|was|being|to|with\svalue|(?:should|must|will)\sbe|ist|lautet|est|es|é|è):?)"
    r"[*]{0,2}[^\S\n]{1,2}(?P<quote>[\"'`]?)(?P<value>[\w.+/=~-]{8,400}?[!?#$%&*]?)(?P=quote)(?=[*]{0,2}[.,;!)]?(?:\s|\Z))",
    re.IGNORECASE,
)
_OF_NO_SECRET = Pattern(
    r"\b(?:hash(?:es|ed)?|ids?|names?|version|commit|urls?|path|files?|count|digest|sha\d*|fingerprint|public|checksum|"
    r"length|size|see|in|at|by|from|not|no)\b",
    re.IGNORECASE,
)
_IS = Pattern(
    r"[^\S\n](?:is|was)(?:\snow)?:?[^\S\n]{1,2}[\"'`]?([\w.=+/-]{12,400}?)[\"'`]?[.,!]?(?:\s|\Z)"
)
_ENDS_IN_WORD = Pattern(r"[-_./][a-z]{3,}\Z")
_IS_ONE = Pattern(
    r"(?<![\w./:-])(?P<quote>[\"'`])?(?P<value>[^\s\"'`,;()<>{}|]{6,100})[\"'`]?\s{1,2}(?:is|was)\s{1,2}(?:the|my|our|his|her|their|your)\s{1,2}"
    r"(?:(?:new|old|current|admin|root|wifi|default|temporary)\s{1,2}){0,2}\Z",
    re.IGNORECASE,
)
# `… (the password)`, `…, that is the password`
_SAID_OF = Pattern(
    r"(?<![\w./:-])(?P<quote>[\"'`])?(?P<value>[^\s\"'`,;()<>{}|]{6,100})[\"'`]?(?:\s{1,2}\(|,\s{1,2}(?:that|this|which|it)(?:\sis|['’]s)\s)"
    r"(?:(?:the|my|our|his|her|their)\s{1,2})?(?:[\w-]{1,20}\s{1,2}){0,2}\Z",
    re.IGNORECASE,
)
_USER_AND = Pattern(r"\b(?:user(?:name)?|login|e?mail|account)\s?/\s?\Z", re.IGNORECASE)
_BOTH = Pattern(
    r"(?:word|wd)?[\"'`*]{0,2}\s?[:=]\s{0,2}[*\"'`]{0,2}[\w.@-]{1,40}[\"'`]?\s?[/:]\s?[\"'`]?([^\s\"'`,;/]{4,100})"
)
_PAIR = Pattern(
    r"(?:s|entials?)?(?:\s(?:for|of|to|on)\s[\w.-]{1,30}(?=\s?[:=]|\sare\b))?\s?(?P<sign>[:=]|are|is|(?<=\s))\s{0,2}[\"'`]?[\w.@-]{1,40}[\"'`]?\s?(?P<by>[:/])\s?(?!\w{2,10}://|//)[\"'`]?([^\s\"'`,;]{5,100})"
)
_ACCOUNT = Pattern(
    r"[\"']?\s?(?:[:=]|is\b)\s{0,2}[\"']?[\w.@-]{1,40}:([^\s:/\"'`,;]{4,100})[\"']?[ \t]*(?:\n|\Z|,)"
)
_FOR_WHAT = Pattern(r"\s{1,3}(?:от|для|к|на|до|od|do|für|para|pour|per|de|del)\s")
_ASCII = Pattern(r"[!-~]+")
_WORDED = Pattern(r"(?:[A-Z]?[a-z]{3,20}){1,2}\d{1,6}[!?#$%&*+]?\Z")
# What a password is made or kept with, rather than one.
_ALGORITHM = Pattern(
    r"(?i)(?:pbkdf\d|sha-?\d|md5|hmac|aes-?\d|rsa|oauth\d|s?bcrypt|scrypt|argon\d|varchar|utf-?\d)"
)
# Words and a number that a person joins; names of things have one digit, or `v2`.
_JOINED = Pattern(r"[A-Za-z]{3,12}(?:[-_][A-Za-z]{3,12}){1,3}[-_]?\d{2,4}\Z")
_COMPOUND = Pattern(r"[A-Za-z]+\d{0,3}(?:[-_./:][A-Za-z]*\d{0,3})+\Z")
_OPENING = ("(", "[", "{")
# What follows the name of a secret in programs and in no sentence that tells it.
_OF_CODE = ("", *"().,;[]{}<>/|\\\n@&?!+$#%")
_SENTENCE_ENDS = Pattern(
    r"[.,!?;)*]{0,3}(?:\Z|\s*\n|\\n|\s+(?:and|but|so|for|on|if|in|at|until|since|\(|–|—|-)(?:\s|\Z))|[.,!?;)]\s|[\"'`]"
)


def told(text: str, name: Name) -> Span | None:
    """The secret that the sentence or label around the name tells."""
    end = name.start + len(name.word)
    if name.word in PASSWORDS_ELSEWHERE:
        return _elsewhere(text, name, end) or _after_user(text, name, end)
    if name.password:
        joined = text[name.start - 1 : name.start]
        if joined == "_" and name.is_loud and not name.is_about:
            return _password(text, name, end)
        if (joined in ("_", "-", ".", "/") and not (joined == "-" and name.written == "Pass")) or (
            name.word == "pass" and not text[end : end + 1].isalpha()
        ):
            if joined == "/":
                return _of_both(text, name, end)
            return _after_user(text, name, end) if name.is_verb else None
        return (
            _password(text, name, end)
            or _as_password(text, name)
            or _after_user(text, name, end)
            or _beside(text, name, end)
        )
    if text[end : end + 1] not in _OF_CODE and (span := _of_secret(text, name, end)):
        return span
    if name.word in SECRETS_ELSEWHERE:
        said = _SAID_ELSEWHERE.match(text, end) or _SAID.match(text, end)
        if said and is_token(said["value"]):
            return (*said.span("value"), "secret")
    if name.word == "auth" and name.head in ("", "basic_", "basic", "http_") and not name.rest:
        account = _ACCOUNT.match(text, end)
        if account and (is_told(account[1]) or (name.head and is_plain_word(account[1]))):
            return (*account.span(1), "password")
    if name.word == "cred" and (pair := _PAIR.match(text, end)):
        plain = pair["sign"] and (pair["by"] == ":" or " / " in pair[0])
        if is_told(pair[3]) or (plain and _is_plain(text, pair[3], pair.end())):
            return (*pair.span(3), "password")
    return None


def _of_secret(text: str, name: Name, end: int) -> Span | None:
    """What a sentence tells of a token or a key."""
    if (said := _IS.match(text, end)) and is_token(said[1]) and not _ENDS_IN_WORD.search(said[1]):
        return (*said.span(1), "secret")
    said = _TOLD.match(text, end)
    if said and is_random(said[1]) and not is_stand_in(said[1]):
        return (*said.span(1), "secret")
    said = _TOLD_OF_SECRET.match(text, end)
    if said is None or name.is_about or name.is_public or _OF_NO_SECRET.search(said["gap"]):
        return None
    value = said["value"]
    if _is_bare_token(value) or (is_worded(value) and _unlocks(text, name)):
        return (*said.span("value"), "secret")
    return None


def _is_bare_token(value: str) -> bool:
    return is_token(value) and not is_code(value) and not _ENDS_IN_WORD.search(value)


def _unlocks(text: str, name: Name) -> bool:
    if name.word != "key" or name.head:
        return name.unlocks
    return text[max(0, name.start - 14) : name.start].lower().rstrip().endswith(LOCKS)


def is_told(value: str) -> bool:
    """Whether a bare value that a sentence calls a password is one, and no word of the sentence."""
    if len(value) < 6 or is_stand_in(value) or is_code(value):
        return False
    if _COMPOUND.match(value):
        return is_scrambled(value) or (_JOINED.match(value) is not None and not is_reference(value))
    if value.isdigit():
        return True
    if _ALGORITHM.match(value):
        return False
    special = any(not c.isalnum() and c not in "_.-/:@" for c in value)
    return any(c.isalpha() for c in value) and (special or has_digit(value))


def is_worded(value: str) -> bool:
    """Whether it is a word with a number, as passwords and no words of sentences are."""
    return len(value) >= 8 and _WORDED.match(value) is not None and is_told(value)


def _is_plain(text: str, value: str, end: int, *, owned: bool = False) -> bool:
    """Whether a word that ends here is the password itself and nothing said of it."""
    return is_plain_word(value) and (owned or _SENTENCE_ENDS.match(text, end) is not None)


def _password(text: str, name: Name, end: int) -> Span | None:
    match = _SAID.match(text, end)
    if not match or match["after"] in _OPENING:
        return None
    ascii_part = _ASCII.match(match["value"])
    value = ascii_part[0].rstrip(".:!?*)") if ascii_part else ""
    if len(value) < 4 or is_stand_in(value) or is_code(value):
        return None
    start = match.start("value")
    verb, gap = match["verb"] or match["set"], match["gap"].strip()
    first = gap.partition(" ")[0]
    if len(first) > 3 and is_about(first):
        return None  # something about one: "password manager: …"
    if match["quote"] is not None or match["curly"] is not None:
        found = verb is not None or match["own"] is not None or has_digit(value)
        found = (found or match["curly"] is not None) and not is_reference(value)
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
                found = found and (not match["arrow"] or is_bare_word(value))
    return (start, start + len(value), "password") if found else None


def _elsewhere(text: str, name: Name, end: int) -> Span | None:
    """The same in another language."""
    match = _SAID_ELSEWHERE.match(text, end) or _NEXT_ELSEWHERE.match(text, end)
    if match is None or match["after"] in _OPENING:
        return None
    value = match["value"].rstrip(".:!?*)")
    if len(value) < 4 or is_stand_in(value) or is_code(value):
        return None
    start, after = match.start("value"), match.end("value")
    if match["quote"] is not None:
        closed = match["after"] in tuple("\"'`”’«»」』“")
        found = closed and not is_reference(value)
    elif has_digit(value) or not WORDLIKE.match(value) or is_scrambled(value):
        is_said = match["colon"] or match["verb"] or match["particle"]
        found = bool(is_said) or (
            is_told(value) and (not match["gap"] or _FOR_WHAT.match(match["gap"]) is not None)
        )
    elif not is_plain_word(value):
        found = False
    elif name.word[0] > "\u024f":  # a word in other letters than those around it
        found = bool(match["colon"] or match["verb"] or match["particle"])
    else:
        is_said = match["colon"] and not value.istitle()
        is_said = is_said or (
            match["verb"] not in (None, "", "er", "is") and value[-1] not in "aeiouy"
        )
        # The Spanish word for a key of any kind tells less than the others.
        found = bool(is_said) and name.word != "clave"
        found = found and _SENTENCE_ENDS.match(text, after) is not None
    return (start, start + len(value), "password") if found else None


def _beside(text: str, name: Name, end: int) -> Span | None:
    """`password (…)`, `with password …`, a label with the value on the next line, a phrase."""
    if phrase := _PHRASE.match(text, end):
        if not _OF_SENTENCES.search(phrase["value"]):
            return (*phrase.span("value"), "password")
        return None
    begin = name.start - len(name.head)
    before = text[max(0, begin - 60) : begin]
    match = _IN_PARENTHESES.match(text, end)
    if match is None and text[end : end + 12].count("\n"):
        match = _BELOW.match(text, end) if _HEADING.search(before) else None
        if match and match["quote"] and is_plain_word(match["value"]):
            return (*match.span("value"), "password")
    if match is None and (then := _THEN.match(text, end)):
        told = _is_bare_token(then["value"]) and not _ALGORITHM.match(then["value"])
        match = then if told or _USES.search(before) else None
    if match is None or not is_told(match["value"].rstrip(".,:!?")) or is_reference(match["value"]):
        return None
    start = match.start("value")
    return start, start + len(match["value"].rstrip(".,:!?")), "password"


def _as_password(text: str, name: Name) -> Span | None:
    """`use x as the password`."""
    begin = name.start - len(name.head)
    match = _AS.search(text, max(0, begin - 160), begin)
    if match is None:
        match = _IS_ONE.search(text, max(0, begin - 140), begin)
        match = match or _SAID_OF.search(text, max(0, begin - 140), begin)
        match = match if match and is_told(match["value"]) else None
    if match is None or not _NO_NOUN.match(text, name.start + len(name.word) + len(name.rest)):
        return None
    value = match["value"]
    if match.groupdict().get("purpose") and not (is_told(value) and has_digit(value)):
        return None
    if match["quote"] is None and not is_told(value) and not _is_plain(text, value, 0, owned=True):
        return None
    if is_stand_in(value) or is_code(value) or is_reference(value):
        return None
    return (*match.span("value"), "password")


def _of_both(text: str, name: Name, end: int) -> Span | None:
    """`user/password: ada / …`"""
    match = _BOTH.match(text, end)
    if match is None or _USER_AND.search(text, max(0, name.start - 20), name.start) is None:
        return None
    value = match[1].rstrip(".:!?")
    start = match.start(1)
    if is_told(value) or _is_plain(text, value, start + len(value)):
        return (start, start + len(value), "password")
    return None


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
