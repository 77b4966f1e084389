"""How a rule sees text: spelling variants that people do not notice are made equal, so that a lead lists a word once.

Used by the operators of evaluate.py and by the search for customer ids; not a cleaner of mail (see intake/mailtext).
"""

import re
import unicodedata

# Signs of the Indian scripts are no letters to Python, yet part of a word: without them "नहीं" would be three words.
_LETTERS = r"\w\u0300-\u036f\u0900-\u0963\u0966-\u0dff"
_PIECES = re.compile(rf"[{_LETTERS}]+|[.!?;\u0964](?=\s|$)|\n[^\S\n]*\n")
_RANGES = ((0x00AD, 0x00AD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2069), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF))
_INVISIBLE = dict.fromkeys(code for first, last in (*_RANGES, (0xE0000, 0xE007F)) for code in range(first, last + 1))
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u201c": '"', "\u201d": '"'})
_END = "."


def plain(text: str) -> str:
    """Compatibility forms, curly quotes and white space made plain, invisible characters gone; case is kept."""
    return " ".join(_visible(text).split())


def phrase(listed: str) -> str:
    """A listed word or phrase as `spoken` would show it, with a space at each end; "" if it has no letters."""
    words = " ".join(piece for piece in _pieces(listed) if piece != _END)
    return f" {words} " if words else ""


def spoken(text: str) -> str:
    """The words in lower case, one space between and at both ends; apostrophes are dropped ("don't" is "dont"), and a
    "." stands where a sentence or paragraph ends, so that no phrase is found across two sentences."""
    return " " + " ".join(_pieces(text)) + " "


def _pieces(text: str) -> list[str]:
    found = _PIECES.findall(_visible(text).casefold().replace("'", ""))
    return [piece if piece[0].isalnum() or piece[0] == "_" else _END for piece in found]


def _visible(text: str) -> str:
    if text.isascii():
        return text.replace("`", "'")
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE).translate(_QUOTES)
