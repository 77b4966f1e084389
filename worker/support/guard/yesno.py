"""The "Yes" or "No" that an answer begins with: whether it fits what follows and what the sources say of the question.

Not a guard itself: `meaning` asks. A "No" whose own sentence denies nothing is right only where the source denies what
was asked; a "Yes" before a denial only where the source does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.models import Part
from worker.support.guard.denied import denials
from worker.support.guard.evidence import Evidence, Span
from worker.support.guard.turns import turns

_BEGINS = re.compile(
    r"^\W*(?:(?P<yes>yes|yeah|certainly|of\s+course|absolutely|sure|definitely|correct|indeed)|(?P<no>no|nope|not\s+at\s+all))\b\s*(?P<end>[,.:;!–—-]|$)",
    re.I,
)
_ASKS = re.compile(
    r"(?:^|[.,;?!]\s+|\b(?:and|or|hello|hi)\s*,?\s+)(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|am)"
    r"(?:n['’]t)?\s+(?P<what>[^?]+)",
    re.I,
)
_NOT = re.compile(r"\b(?:not|never|without|no)\b|n['’]t\b", re.I)
_PRICE = re.compile(r"\b(?:fees?|charges?|charged|costs?|pay|price|penalt(?:y|ies))\b", re.I)
_LIMITS = re.compile(
    r"\b(?:only|instead|other\s+than|must|has\s+to|have\s+to|unless|except|impossible|unable|keep)\b", re.I
)
_COMPARES = re.compile(r"\b(?:differ\w*|less|more|lower|higher|better|worse|chang\w+)\b", re.I)
_SAME = re.compile(r"\bthe\s+same\b", re.I)


def misanswered(part: Part, known: Evidence, names: tuple[str, ...]) -> str:
    """The word that begins the part's answer, if it is the wrong one; "" if it is right, or nothing tells."""
    texts = [sentence.text for sentence in part.sentences]
    begins = _BEGINS.match(texts[0]) if texts else None
    asked = _ASKS.search(part.question)
    if begins is None:
        return ""
    rest = [texts[0][begins.end() :].strip(), *texts[1:2]]
    said = next((text for text in rest if text), "")
    if asked is None or _NOT.search(asked["what"]):  # it cannot be told what was asked: a "No" must at least deny
        denied = turns(said)["no"] or _LIMITS.search(said) or (_COMPARES.search(part.question) and _SAME.search(said))
        return begins["no"] if begins["no"] and said and not denied else ""
    price = bool(_PRICE.search(asked["what"])) and not turns(asked["what"])["free"]
    denies = _denies(said, price)
    if Span(texts[0][begins.end() :], names).words <= Span(asked["what"], names).words:
        # "Yes, it is" says nothing of its own that a source could hold: what that says of the question counts.
        right = _source_denies(asked["what"], known, names, price) is bool(begins["no"])
        right = right and not turns(asked["what"])["free"]  # "free" is denied by a figure, which no word tells
    elif begins["no"]:
        right = denies or bool(_LIMITS.search(said)) or _source_denies(asked["what"], known, names, price) is True
    else:
        right = not (denies and _all_denied(said, asked["what"], names))
        right = right or _source_denies(asked["what"], known, names, price) is False
    return "" if right else begins["yes"] or begins["no"]


def _denies(text: str, price: bool) -> bool:
    """Whether it denies; asked for a price, "free" does."""
    found = turns(text)
    return bool(found["no"] or (price and found["free"]))


def _all_denied(said: str, what: str, names: tuple[str, ...]) -> bool:
    """Whether the answer denies a word of the question itself."""
    answer = Span(said, names)
    return bool(denials(said, answer.words).near & Span(what, names).words)


def _source_denies(what: str, known: Evidence, names: tuple[str, ...], price: bool) -> bool | None:
    """Whether what the sources say nearest to the question denies it; None where they are too far."""
    asked = Span(what, names).words
    told = (span for span in known.spans if span.title or span.start >= 0)  # a title only names what is told
    best = max(told, key=lambda span: known.shared(asked, span.words), default=None)
    if best is None or known.shared(asked, best.words) < 0.3 * known.total(asked):
        return None
    return _denies(best.text, price)


def first_words(parts: Sequence[Part]) -> tuple[int, ...]:
    """The index of each part's first sentence over the whole reply."""
    at, out = 0, []
    for part in parts:
        out.append(at)
        at += len(part.sentences)
    return tuple(out)
