"""The small words that turn a meaning: denials, "always", "only", "free", and the bounds of a number ("up to 12 %").

Not a guard itself: `meaning` compares the turns of a clause, `exact` the bound of each number. Ways to say the same are
folded: "no more than", "a maximum of" and "up to" are one bound; "isn't", "is not" and "cannot" one denial.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from worker.lookout import Patterns, has_any, small_letters
from worker.support.guard.alike import DENYING

_BOUND_BEFORE = {
    "most": r"at\s+(?:the\s+)?most|(?:no|not|never)\s+(?:more|later|longer|greater)\s+than|up\s?to"
    r"|as\s+(?:much|many)\s+as|within|not\s+exceed(?:ing)?"
    r"|(?:a\s+|the\s+)?maximum(?:\s+(?:of|is))?|(?:a\s+|the\s+)?limit\s+(?:of|is)|capped\s+at|until|till|in\s+under",
    "least": r"at\s+least|(?:no|not|never)\s+(?:less|fewer|earlier|sooner)\s+than"
    r"|(?:a\s+|the\s+)?minimum(?:\s+(?:of|is))?|as\s+little\s+as|starts?\s+(?:at|with|from)|starting\s+(?:at|with|from)",
    "above": r"above|more\s+than|(?<!spread\s)over|exceed(?:s|ing)?|beyond"
    r"|(?:greater|longer|older|larger|higher)\s+than",
    "below": r"below|less\s+than|under|(?:fewer|lower|smaller|shorter|younger)\s+than",
    "before": r"before|earlier\s+than|prior\s+to",
    "after": r"after|later\s+than",
}
_BOUND_AFTER = {
    "most": r"at\s+(?:the\s+)?(?:very\s+)?(?:most|latest)|or\s+(?:less|fewer|sooner|earlier|under|below|younger)"
    r"|maximum|max\b",
    "least": r"at\s+(?:the\s+)?least|or\s+(?:more|longer|later|over|above|older|higher)|minimum|min\b"
    r"|and\s+above|and\s+more|upwards",
}
_BETWEEN = r"(?:\s+(?:the|a|an|only|about|first|next|last|another|of|total))*\s*[(“\"]?$"
_BEFORE = Patterns({side: re.compile(rf"\b(?:{words}){_BETWEEN}", re.I) for side, words in _BOUND_BEFORE.items()})
_AFTER = Patterns({side: re.compile(rf"^\s*,?\s*(?:{words})\b", re.I) for side, words in _BOUND_AFTER.items()})
# A bound that stands next to a number is that number's, and nobody else's.
_BOUNDED = re.compile(
    rf"\b(?:{'|'.join(_BOUND_BEFORE.values())})(?:\s+(?:the|a|an|only|about))*\s*(?:(?:rs\.?|inr|[₹$£€])\s*)?\d", re.I
)
# How a whole sentence may say the same without standing next to the number.
_LOOSE = {
    "most": re.compile(
        r"\b(?:maximum|max|(?<!without\sa\s)(?<!\bno\s)limit(?:s|ed)?|at\s+most|up\s?to|no\s+more|longest|highest|as\s+much|within|until|valid|largest|the\s+most|biggest)\b"
        r"|\bby(?=\s+\d{1,2}(?::\d\d|\s*[ap]\.?m\b|\s+in\s+the\b))"
        r"|\bhave(?=\s+[\w-]+\s+(?:working\s+)?(?:days|weeks|months)\s+(?:to|from|after|until)\b)",
        re.I,
    ),
    "least": re.compile(
        r"\b(?:minimum|min|at\s+least|smallest|lowest|or\s+above|fewest|starts?|begins?|or\s+more)\b"
        r"|\bfrom(?=\s+(?:rs|inr|[₹$£€\d]))|\bneed(?:s|ed)?(?=\s+(?:to\s+\w+\s+)?(?:rs|inr|[₹$£€\d]))",
        re.I,
    ),
    "above": re.compile(
        r"\b(?:above|over|(?:more|(?<!no )longer|older)\s+than|exceed\w*|larger|bigger|beyond)\b", re.I
    ),
    "below": re.compile(r"\b(?:below|under|(?:less|shorter|younger)\s+than|smaller)\b", re.I),
    "before": re.compile(r"\b(?:before|until|by|earlier|prior)\b", re.I),
    "after": re.compile(r"\b(?:after|later|once|passed|following|over)\b", re.I),
}
_NO_DENIAL = re.compile(
    r"\b(?:no|not|never)\s+(?:more|less|later|longer|fewer|earlier|sooner|greater)\s+than\b|\bnot\s+only\b|\bwhether\s+or\s+not\b|\bor\s+not\b",
    re.I,
)
# "Yes," and "No." answer the question (yesno.py); "if that does not help" denies nothing; "only one" is one.
_ASIDE = re.compile(
    r"^(?:yes|no)\s*[,.:;–—-]\s*|\bif\s+(?:(?:that|this|it)\s+(?:does|did)(?:\s+not|n['’]t)\s+(?:help|work)|not)\b"
    r"|\bonly\s+(?=(?:one|the\s+first)\b)|(?<=indicative\s)only\b|(?<=minutes\s)only\b|(?<=hour\s)only\b|\b(?:would\s+)?rather\s+not\b|\bprefer\s+not\s+to\b|\bfree\s+to\b(?!\s+use)"
    r"|\bno\s+problem\b|\bno\s+matter\s+(?:how|which|what)\b",
    re.I,
)
_UN = re.compile(rf"\b(?:{'|'.join(DENYING)})\b", re.I)
_BEGINS = re.compile(r"^(?:yes|no)\s*[,.:;–—-]\s*", re.I)
_FREE = re.compile(
    r"\bfree\s+of\s+(?:charge|cost)\b|\b(?:no|without(?:\s+an?y?)?)\s+(?:extra\s+|additional\s+)?(?:charges?|costs?|fees?)\b"
    r"|\bat\s+no\s+(?:extra\s+)?(?:charge|cost)\b|\bcosts?\s+(?:you\s+)?nothing\b|\bpays?\s+nothing\b"
    r"|\b(?:do|does|did|will)(?:\s+not|n['’]t)\s+(?:cost|charge)\s+(?:you\s+)?(?:anything|a\s+thing|a\s+fee)\b"
    r"|\bnone\s+of\s+(?:them|these|this)\s+costs?\s+(?:you\s+)?anything\b",
    re.I,
)
_TURNS = re.compile(
    r"(?P<no>\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without|unable|impossible"
    r"|rarely|seldom|hardly|barely|scarcely|fail(?:s|ing)?\s+to|zero|nil)\b|n['’]t\b)"
    r"|(?P<always>\b(?:always|at\s+any\s+time|any\s?time|every\s+time|all\s+the\s+time|whenever\s+you\s+(?:like|want|wish))\b)|(?P<only>\b(?:only|solely|exclusively|nothing\s+but)\b)"
    r"|(?P<free>\b(?:free|gratis)\b)|(?P<charged>\b(?:(?<!\d\sis\s)charged|chargeable|billed)\b(?!\s+(?:at|rs|inr|[₹$£€\d])))",
    re.I,
)
# "No" is in not, none, nobody, nothing, nor and cannot.
_TURNING = tuple(
    "no n't n’t neither never without unable impossible rarely seldom hardly barely scarcely fail zero nil"
    " always time whenever only solely exclusively free gratis charge billed yes cost pays".split()
) + tuple(DENYING)
SHORT = 4  # words below which a piece is no statement of its own
_JOINT = re.compile(
    r"\s*[;:–—()]\s*|,\s+|\s+-\s+|\s+(?:but|because|so|while|whereas|although|though|unless|if|when|and|or|since)\s+"
    r"|(?<=p\.a\.)\s+(?=(?-i:[A-Z]))",
    re.I,
)


def bound(text: str, start: int, end: int) -> str:
    """What stands at text[start:end] is a bound of this side: "most", "least", "above", ...; "" for the very value."""
    before, after = text[max(0, start - 40) : start], text[end : end + 24]
    first, then = _side(_BEFORE, before), _side(_AFTER, after)
    # "Within 2 days or more" is no bound that any source has; "up to 2 days at most" says one twice.
    return f"{first} and {then}" if first and then and first != then else first or then


def _side(bounds: Patterns[str], text: str) -> str:
    asked = bounds.worth_asking(small_letters(text))
    return next((side for side, pattern in asked if pattern.search(text)), "")


def same_bound(said: str, text: str, stands: str, source: str) -> bool:
    """Whether `said` (in the sentence `text`) is the bound `stands` (in `source`). A bound next to one of the numbers
    may be told by other words of the other sentence ("the minimum is Rs 500", "you can start with Rs 500")."""
    if said == stands:
        return True
    if said and stands:
        return False
    other, words = (said, source) if said else (stands, text)
    if other not in _LOOSE:
        return False
    return bool(_LOOSE[other].search(_BOUNDED.sub(" ", words)))


def of_side(text: str, side: str) -> bool:
    """Whether a sentence says, in words that need not stand next to its number, that it is a bound of this side."""
    return side in _LOOSE and bool(_LOOSE[side].search(text))


@lru_cache(maxsize=8192)
def turns(text: str) -> Counter[str]:
    """Not to be changed by whoever asks. How often a clause denies, and whether it says "always", "only" or "free"."""
    found: Counter[str] = Counter()
    if not _may_turn(text):
        return found
    folded = plain_text(text)
    for match in _TURNS.finditer(folded):
        kind = match.lastgroup or ""
        if found["no"] and match.group().lower() in ("neither", "nor"):
            continue  # it goes on with the denial before it
        found[kind] = found[kind] + 1 if kind == "no" else 1
    return found


def plain_text(text: str) -> str:
    """The text without words that look like a denial and are none, and "free" where it says so in other words."""
    if not _may_turn(text):
        return text
    return _FREE.sub("free", _NO_DENIAL.sub(" ", _ASIDE.sub(" ", _UN.sub(_not, text))))


def _not(m: re.Match[str]) -> str:
    """ "Not valid" for "invalid"."""
    return f"not {DENYING.get(small_letters(m.group()), m.group())}"


def _may_turn(text: str) -> bool:
    """Whether it has anything of what the patterns of `plain_text` and `turns` look for."""
    return has_any(small_letters(text), _TURNING)


def clauses(text: str) -> list[str]:
    """A sentence cut where one statement ends and the next begins; pieces of few words stay with their neighbour."""
    out: list[str] = []
    enough = False  # words in the last one: counted again with every piece, a long sentence would take by the square
    for piece in _JOINT.split(_BEGINS.sub("", text)):
        short = _length(piece) < SHORT
        if out and (short or not enough):
            out[-1] = f"{out[-1]} {piece}"
            enough = enough or _length(out[-1]) >= SHORT
        elif piece:
            out.append(piece)
            enough = not short
    return out


def _length(piece: str) -> int:
    """In words. Those that turn a meaning do not count: a clause is cut in the same places without its "not"."""
    return len((_TURNS.sub(" ", piece) if _may_turn(piece) else piece).split())
