"""Which small words turn the meaning of a sentence against its counterpart in the source: not, always, only, free.

Not a guard itself: `meaning` tells what is found here, and `doubt` counts it. Compared is the closest sentence of the
source and, where a sentence joins several, the closest clause. What is far from all of them is left to `supported`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from worker.lookout import small_letters
from worker.support.guard.denied import contradicted
from worker.support.guard.evidence import Evidence, Span
from worker.support.guard.turns import turns

CLOSE = 0.6  # likeness from which two clauses are the same statement
ANCHOR = 0.45  # likeness from which a span is a sentence's counterpart
AS_CLOSE = 0.05  # spans that are nearly as close as the closest are as good
NEARLY = 0.2  # spans that are still about the same
OPPOSED = tuple(
    (re.compile(rf"\b(?:{one})\b", re.I), re.compile(rf"\b(?:{other})\b", re.I))
    for one, other in (
        ("before|prior to|ahead of|earlier than|in advance of", "after|following|later than|once"),
        ("increases?|rises?|goes up|grows?", "decreases?|falls?|goes down|shrinks?"),
        ("earliest|soonest", "latest"),
        ("lowest|smallest", "highest|largest"),
        ("allowed|permitted|possible", "forbidden|prohibited|impossible|ruled out"),
        ("includes?|including|included", "excludes?|excluding|excluded|except"),
        ("opens?|opened|opening", "closes?|closed|closing|closure"),
        ("switch(?:ed)? on|turn(?:ed)? on", "switch(?:ed)? off|turn(?:ed)? off"),
        ("accepts?|accepted", "rejects?|rejected|refuses?|refused"),
        ("is on|on by default", "is off|off by default"),
        ("credited", "debited"),
        ("first", "last"),
        ("locked", "unlocked"),
        ("newest", "oldest"),
        ("resident", "non-resident"),
        ("high demand", "low demand"),
        ("in order", "out of order"),
        ("added to", "taken from|deducted from|taken off"),
        ("reaches|reach|arrives in", "leaves|leave"),
        ("wrong", "right|correct"),
        ("withdrawals?", "deposits?"),
        ("must", "can|may|might|could|should"),
    )
)
# What each match of a pair begins with: few sentences have any of it, and a pattern takes longer to tell so.
_WORDS = tuple(
    (re.sub(r"[a-z]\?.*|[^a-z].*", "", word), i)
    for i, pair in enumerate(OPPOSED)
    for side in pair
    for word in side.pattern.removeprefix(r"\b(?:").removesuffix(r")\b").split("|")
)
# "Above that you can add more" is the source's next sentence, and so no counterpart of one that begins with the amount.
_POINTED = tuple(
    (name, re.compile(rf"\b(?:{words})\s+(?:that|this|it|these|those)\b", re.I))
    for name, words in (("above", "above|over|beyond|more than"), ("below", "below|under|beneath|less than"))
)
_ANY = re.compile(r"^(?!.*\b(?:if|whether|before|without|hardly)\b).*\banything\b", re.I)
# "Sundays are not working days" says what "Working days are Monday to Friday" means.
_FREE_DAYS = re.compile(
    r"\b(?:Saturdays?|Sundays?|weekends?|holidays?)\b.*\b(?:not\s+(?:working|count)|do\s+not\s+count)", re.I
)
_WEEK = re.compile(r"\bMonday\s+to\s+Friday\b", re.I)
NAMES = {"no": "not", "always": "always", "only": "only", "free": "free", "charged": "charged"}


def turned(said: Span, bases: tuple[Span, ...], known: Evidence) -> set[str]:
    """The words that stand in only one of the sentence and its source."""
    if _FREE_DAYS.search(said.text) and any(_WEEK.search(span.text) for span in known.spans):
        return set()
    if _ANY.search(said.text) and not turns(said.text)["no"] and any(_denies_any(span) for span in known.spans):
        return {"not"}  # "you do need to do anything more"
    anchors = _closest(said, known, known.spans, floor=ANCHOR)
    if opposed := _opposed(said, anchors) | _absolute(said, anchors, bases):
        return opposed
    if pointed := _pointed(said, known):
        return pointed
    near = _closest(said, known, known.spans, floor=0.0, as_close=NEARLY)
    if contradicted(said, anchors, bases, near):
        return {"not"}
    if any(_alike(turns(said.text), turns(span.text)) for span in anchors):
        return set()
    if len(bases) > 1 and turns(said.text) == sum((turns(span.text) for span in bases), Counter()):
        return set()  # two statements of the source in one sentence
    found: set[str] = set()
    for clause in said.pieces:
        found |= _turned_clause(clause, anchors, known)
    return found


def _denies_any(span: Span) -> bool:
    return bool(_ANY.search(span.text) and turns(span.text)["no"])


def _opposed(said: Span, anchors: list[Span]) -> set[str]:
    """Which words the sentence has whose opposite stands in its place in all of its counterparts."""
    found: set[str] = set()
    if not anchors:
        return found
    small = small_letters(said.text)
    for i in {i for word, i in _WORDS if word in small}:
        one, other = OPPOSED[i]
        mine, theirs = (bool(p.search(said.text)) for p in (one, other))
        if mine != theirs:
            has, lacks = (other, one) if mine else (one, other)
            if all(has.search(span.text) and not lacks.search(span.text) for span in anchors):
                found.add((one if mine else other).pattern.split("(?:")[1].split("|")[0])
    return found


def _pointed(said: Span, known: Evidence) -> set[str]:
    """ "Below that", where the source says "above that" and nowhere "below that"; and the other way round."""
    mine = {name for name, pattern in _POINTED if pattern.search(said.text)}
    if len(mine) != 1:
        return set()
    stands = {name: any(pattern.search(span.text) for span in known.spans) for name, pattern in _POINTED}
    return mine if not stands[next(iter(mine))] and any(stands.values()) else set()


def _absolute(said: Span, anchors: list[Span], bases: tuple[Span, ...]) -> set[str]:
    """What it says without reserve ("always", "only", "free") and none of its counterparts does."""
    mine = turns(said.text).keys() - {"no"}
    if not mine or not anchors:
        return set()
    theirs = sum((turns(span.text) for span in (*anchors, *bases)), Counter())
    found = {NAMES[kind] for kind in mine if not theirs[kind]}
    return found | ({"free"} if _all_free(said, anchors) else set())


def _all_free(said: Span, anchors: list[Span]) -> bool:
    """Whether it calls free, without any number, what each counterpart does for so many only ("the first 3")."""
    if not anchors or not turns(said.text)["free"] or _counts(said):
        return False
    theirs = [[piece for piece in span.pieces if turns(piece.text)["free"]] for span in anchors]
    return all(pieces and all(_counts(piece) for piece in pieces) for pieces in theirs)


def _counts(span: Span) -> bool:
    return any(token.kind in ("number", "ordinal") for token in span.tokens)


def _turned_clause(clause: Span, anchors: list[Span], known: Evidence) -> set[str]:
    """Compared with the clauses of the sentence's own counterpart, and of others only if that does not say it."""
    mine = turns(clause.text)
    for spans in (anchors, known.spans):
        pieces = [piece for span in spans for piece in span.pieces]
        if close := _closest(clause, known, pieces, floor=CLOSE):
            theirs = [turns(piece.text) for piece in close]
            return (
                set()
                if any(_alike(mine, other) for other in theirs)
                else min((_difference(mine, other) for other in theirs), key=len)
            )
    return set()


def _alike(mine: Counter[str], theirs: Counter[str]) -> bool:
    """Whether they turn alike; who leaves an "at any time" out says less and nothing wrong."""
    return mine == theirs or (
        not mine["always"] and mine == Counter({k: n for k, n in theirs.items() if k != "always"})
    )


def _difference(one: Counter[str], other: Counter[str]) -> set[str]:
    return {
        NAMES[kind]
        for kind in one.keys() | other.keys()
        if one[kind] != other[kind] and (kind != "always" or one[kind])
    }


def _closest(
    said: Span, known: Evidence, spans: Sequence[Span], *, floor: float, as_close: float = AS_CLOSE
) -> list[Span]:
    """The spans most like `said`: half what of it they say, half what they say of it and nothing besides."""
    total = known.total(said.words)
    if not total:
        return []
    if spans is known.spans:
        all_shared = known.shares(said.words)
    else:
        all_shared = [known.shared(said.words, span.words) for span in spans]
    of = known.total
    scores = [
        s / total / 2 + s / (total + of(span.words)) if s else 0.0 for s, span in zip(all_shared, spans, strict=True)
    ]
    least = max(floor, max(scores, default=0.0) - as_close)
    return [span for score, span in zip(scores, spans, strict=True) if score >= least]
