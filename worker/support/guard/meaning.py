"""A sentence denies, restricts and generalises exactly where its source does: not, never, always, only, free.

Compared is the closest sentence that the source has and, where a sentence joins several, the closest clause. What is far
from all of them is left to `supported`.
PASS: "Peerwell never asks for your OTP." from a source that says so.
FAIL: "Withdrawals from IM are not free." from a source that says "The first 3 withdrawals from IM are free."
"""

from collections import Counter
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.evidence import Evidence, Span
from worker.support.guard.turns import clauses, turns

CLOSE = 0.6  # share of a clause, by weight, that a span must say to be the same statement
SAME = 0.72  # likeness from which two sentences are compared as a whole
AS_CLOSE = 0.08  # spans that are nearly as close as the closest are as good
NAMES = {"no": "not", "always": "always", "only": "only", "free": "free"}


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        turned = _turned(Span(sentence.text, reply.product_names), reply.known(sentence))
        if turned:
            yield Finding(
                guard="meaning",
                what=f"“{', '.join(sorted(turned))}” stands in only one of the sentence and its source.",
                todo="Compare it with the source: does it still say the same?",
                sentence=i,
                words=sentence.text,
            )


def _turned(said: Span, known: Evidence) -> set[str]:
    whole = _closest(said, known, known.spans, both=True)
    if whole and any(turns(said.text) == turns(span.text) for span in whole):
        return set()
    found: set[str] = set()
    for clause in clauses(said.text):
        found |= _turned_clause(Span(clause, said.names), known)
    return found


def _turned_clause(clause: Span, known: Evidence) -> set[str]:
    mine = turns(clause.text)
    spans = _closest(clause, known, known.spans, both=False)
    if not spans:
        return set()
    theirs = [turns(span.text) for span in spans]
    for span in spans:
        pieces = [Span(piece, clause.names) for piece in clauses(span.text)]
        theirs += [turns(piece.text) for piece in _closest(clause, known, pieces, both=False)]
    if any(mine == other for other in theirs):
        return set()
    return min((_difference(mine, other) for other in theirs), key=len)


def _difference(one: Counter[str], other: Counter[str]) -> set[str]:
    return {NAMES[kind] for kind in one.keys() | other.keys() if one[kind] != other[kind]}


def _closest(said: Span, known: Evidence, spans: tuple[Span, ...] | list[Span], *, both: bool) -> list[Span]:
    """The spans that say the most of `said`; `both`: and little besides it."""
    total = known.total(said.words)
    if not total:
        return []
    scored = []
    for span in spans:
        shared = known.shared(said.words, span.words)
        scored.append((2 * shared / (total + known.total(span.words)) if both else shared / total, span))
    best = max((score for score, _ in scored), default=0.0)
    floor = max(SAME if both else CLOSE, best - AS_CLOSE)
    return [span for score, span in scored if score >= floor]
