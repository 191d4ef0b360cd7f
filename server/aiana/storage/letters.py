"""Words of every script: what the tokenizer of the index does not take for one, in a form it does.

FTS5's `unicode61` takes a run of letters for a word and drops signs that are none. So scripts
without blanks are indexed by pairs of neighbouring signs besides, what stands beside them by
itself, letters by their plain form (`Łódź` is `lodz`, `ＡＰＩ` is `API`), words whose vowels are
marks without the marks, and emoji by their names. Text in ASCII, and most that is in Latin
letters, has none of these and costs one look.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from msgspec import Struct

from aiana.pattern import Pattern
from aiana.text import signs_beyond_ascii

# Scripts whose words no blank divides, or (Hangul) in which endings stand at their words.
_JOINED = (
    "\u0e01-\u0e3e\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0eff\u1000-\u1049\u1050-\u109f"
    "\u1100-\u11ff\u1780-\u17d3\u17dc-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff"
    "\uaa60-\uaa7f\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c"
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u312f\u3131-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b2ff"
    "\U00020000-\U0003ffff"
)
_EMOJI = "\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff"
_PIECE = Pattern(f"(?P<run>[{_JOINED}]+)|(?P<emoji>[{_EMOJI}])|(?:(?![{_JOINED}])[^\\W_])+")
LETTER = f"(?:(?![{_JOINED}])[^\\W_])"
"""A pattern for one letter or digit of a word that blanks divide from the next."""
_PLAIN = str.maketrans({
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ß": "ss", "æ": "ae", "œ": "oe",
    "þ": "th", "ð": "d", "ё": "е", "ς": "σ", "ſ": "s", "ŋ": "n", "ŀ": "l", "ĸ": "k",
})  # fmt: skip
_TELLING = Pattern(
    "[ıłŁøØđĐħĦŧŦßẞæÆœŒþÞðÐёЁſŋŊ\u0370-\u03ff\u1f00-\u1fff\u0590-\u08ff\u0900-\u0dff\u0f00-\u0fff"
    "\u1680-\u18ff\ufb00-\ufdff\ufe70-\ufefc\uff01-\uffef"
    f"{_JOINED}{_EMOJI}]"
)
# Letters and digits of ASCII together with whatever is not ASCII, as long as it goes.
_STRETCH = Pattern(r"(?<![0-9A-Za-z])[0-9A-Za-z]*+(?:[^\x00-\x7f]++[0-9A-Za-z]*+)++")
_FOLDED = Pattern("[\xc0-\u03ff\u1e00-\u1fff\u0401\u0451]")  # Latin, Greek, and ё
_NAME = Pattern("emoji[0-9a-f]{4,5}")
_QUOTES = str.maketrans("‘’‚‛“”„", "''''\"\"\"")


class Run(Struct, frozen=True):
    """Signs of a script without blanks that stand side by side."""

    signs: str

    @property
    def pairs(self) -> list[str]:
        """Every two neighbours; of a single sign, itself."""
        signs = self.signs
        return [signs[at : at + 2] for at in range(max(1, len(signs) - 1))]


def folded(text: str) -> str:
    """`text` as spellings are compared: without case, accents, and forms of a letter."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES).replace("İ", "i")).lower()
    text = _FOLDED.sub(lambda letter: unicodedata.normalize("NFD", letter[0])[0], text)
    marks = {ord(sign): None for sign in set(text) if unicodedata.category(sign)[0] == "M"}
    return text.translate(_PLAIN).translate(marks)


def other_words(text: str) -> list[str]:
    """The words of `text` that the tokenizer would miss, for the index to hold besides."""
    if not any(map(_TELLING.match, signs_beyond_ascii(text))):
        return []
    found: list[str] = []
    emoji: dict[str, None] = {}
    for stretch in _STRETCH.findall(text):
        if not _TELLING.search(stretch):
            continue
        as_it_stands = stretch.lower()
        for piece in _pieces(stretch):
            if isinstance(piece, Run):
                found += piece.pairs
                if len(piece.signs) > 1:  # so that every sign begins a word, and runs stay apart
                    found.append(piece.signs[-1])
            elif _NAME.fullmatch(piece):
                emoji[piece] = None
            elif piece != as_it_stands:
                found.append(piece)
    return found + list(emoji)


def query_pieces(text: str) -> list[str | Run]:
    """A query in the words of the index: what can be asked for as it stands, and runs."""
    if text.isascii() or not _TELLING.search(text):
        return [text]
    pieces: list[str | Run] = []
    end = 0
    for stretch in _STRETCH.finditer(text):
        if _TELLING.search(stretch[0]):
            pieces += [text[end : stretch.start()], *_pieces(stretch[0])]
            end = stretch.end()
    pieces.append(text[end:])
    return [piece for piece in pieces if isinstance(piece, Run) or piece.strip()]


LONGEST_PHRASE = 1_000
"""Characters of a phrase that the index is asked for."""


def match_expression(phrase: str, prefix: bool = False) -> str:
    """A phrase as an expression of FTS5, in which nothing that is written is an operator."""
    found = []
    for piece in query_pieces(phrase[:LONGEST_PHRASE]):
        if isinstance(piece, Run):
            found.append(f'"{" ".join(piece.pairs)}"' + "*" * (len(piece.signs) == 1))
        else:
            found.append('"' + piece.replace('"', '""').replace("\0", " ") + '"')
    return (" AND ".join(found) or '""') + ("*" if prefix else "")


def _pieces(stretch: str) -> Iterator[Run | str]:
    """Runs, words in their plain form, and single emoji, by their names."""
    for piece in _PIECE.finditer(folded(stretch)):
        if piece["run"]:
            yield Run(piece["run"])
        elif piece["emoji"]:
            yield f"emoji{ord(piece['emoji']):x}"
        else:
            yield piece[0]
