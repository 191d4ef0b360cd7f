"""Words that are said of a password, or stand beside the word, and so are none."""

from __future__ import annotations

from aiana.pattern import Pattern
from aiana.redaction.names import is_about
from aiana.redaction.values import is_reference, is_stand_in

# What a sentence says of a password rather than telling it: adjectives, participles, adverbs.
_ENDINGS = Pattern(
    r"[a-z]+(?:ed|ing|able|ible|ly|ity|ment|ive|ful|less|ous|ic|ical|ial|ual|ary|ory|ant|ent|ish|like|ware|"
    r"where|thing|body|one|self|ise|wise|ward|ness|tion)\Z"
)
_JOINED = Pattern(r"[a-z]{3,10}(?:-[a-z]{3,10}){2,5}\Z")
_PREDICATES = frozenset(
    """
    about above absent again ago alike all almost alone already also another anyway around
    away back bad been before behind being below best better between blue both bound broken
    brute built but by cached case chosen clean clear clever close code cold common complex
    cool could cut data dead deep done down due each easier easy either else english even ever
    every exact extra fake false far fast few fine first fixed foreign found free fresh given
    full fully fun further gone good got great green half hard harder have held help here hers
    high his home how however human illegal kept known large last late later laid least left
    legal less let like likely local long longer lost low lower made main manual many meant
    mere mine minimum maximum more most much must near neat neither never new newer next nice
    nobody nor not nothing now numeric odd off offline often okay older once one online only
    open opposite other otherwise ours out outside over own part past per perhaps pretty prior
    private public pure quite random rather raw read ready real red right rotten rude safe
    safer said salted same secure seen sent separate several short shorter shown simple since
    sloppy slow small smart solid some somehow soon sound spoken stale static stolen strange
    strict strong stronger stuck such sure taken tested than that the their theirs them then
    there these they thin this those though through thus tied tight tiny today tomorrow too
    top tough tried trivial true under unique unknown unlike unset until unusual up upper
    useless usual valid very void wack was weak weaker weird well were what whatever when
    where whether which while white who whole whose why wide wild with within without worse
    worst worth written wrong yes yesterday yet young yours zero bitte das dem den der die ein
    eine erforderlich falsch gesetzt immer ist kann korrekt kurz lang leer mindestens muss
    nicht noch oder richtig schwach sicher soll stark und unsicher vergessen wird abgelaufen
    court debole errata faible fort forte invalide obligatoire requis requise trop valide vide
    contraste demasiado fel felaktigt forkert geen incorrecta incorreta kort liian muito muy
    niet nieprawid obligatoria obrigatoria onjuist requerida requerido segura seguro tom
    troppo verplicht wymagane after against along among because beyond during into onto toward
    towards upon via config database disk file hand heart memory plain plaintext production
    text vault
    """.split()  # noqa: SIM905
)
# What else stands behind the word alone, as in what somebody asks for ("password dialog"), and
# beside it in a pair: columns of tables, parts of addresses.
_NOUNS = frozenset(
    """
    address age agent auth avatar banner bars birthday board bug button cache card cell change
    check checker checks city client code column columns command company component config
    confirm control cookie country cracker created data database dialog docs domain dump
    editor email entry event expert extra eye feature fetch fill flow flows form forms
    fragment generator graph group groups guard guide handler hashes help helper history host
    icon image issue item keeper label language layer less library link list lock logic login
    loop manager match menu modal model module nickname node note object order package page
    panel path phase phone photo pipe plan plugin point popup port problem profile prompt
    provider query question queue realm record recovery redirect remember report request
    response result review role roles route rule safe salt schema schemes screen script search
    section setter setting setup sex share side sign signup site sms spec spray spraying
    stealer step stuff subject support sync table template tester theft thread thrown ticket
    toggle tool track tutorial type unlock update user util utils vault verify version view
    wall widget wizard
    """.split()  # noqa: SIM905
)


def is_plain_word(value: str) -> bool:
    """Whether it is a word, and none that is said of a password rather than being one."""
    if is_passphrase(value):
        return True
    if not (value.isalpha() and value.isascii() and 4 <= len(value) <= 40) or value.isupper():
        return False
    lowered = value.lower()
    return not (
        is_stand_in(value)
        or is_reference(value)
        or lowered in _PREDICATES
        or _ENDINGS.match(lowered)
    )


def is_passphrase(value: str) -> bool:
    """Whether three words or more are joined as only a person joins them for a password."""
    if _JOINED.match(value) is None or is_stand_in(value) or is_reference(value):
        return False
    return all(
        word not in _PREDICATES and word not in _NOUNS and not _ENDINGS.match(word)
        for word in value.split("-")
    )


def is_bare_word(value: str) -> bool:
    """The same where nothing but the name of the password stands beside it."""
    return is_plain_word(value) and value.islower() and not is_about(value) and value not in _NOUNS
