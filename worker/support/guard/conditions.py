"""What its source says on a condition only ("if your balance is zero"), of some ("for members") or with reserve
("normally", "may be"), is not said without it.

A restriction counts as told where another sentence of the reply, or the customer, has the words that it is made of. A
sentence needs none where any of its sources says the same without one.

PASS:
  reply: Once your KYC is complete, you can change your bank account in the app.
  source: You can change your bank account in the app once your KYC is complete.
FAIL:
  reply: You can change your bank account in the app.
  source: You can change your bank account in the app once your KYC is complete.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.evidence import Evidence, Span, folded
from worker.support.guard.restriction_words import DENIAL
from worker.support.guard.restrictions import Restriction, beside, plain, restricted, statements
from worker.support.guard.tokens import tokens
from worker.support.sentences import sentences

SAYS = 0.75  # share of a statement, by weight, from which a source's sentence says it
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass
class Heard:
    """Words, and with how many letters they begin: there is more than one form of each. Of the reply, figures too."""

    words: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)

    def add(self, words: Iterable[str]) -> None:
        for word in words:
            self.words.add(word)
            self.begun |= {word[:3], word[:4]}

    def has(self, word: str) -> bool:
        return word in self.words or (":" not in word and word[:4] in self.begun)


@dataclass(frozen=True)
class Told:
    """What the reply says and what the customer says is so; what the customer says is not so, apart; and their words,
    of which figures are read only where a restriction has one that the reply does not tell."""

    so: Heard
    denied: Heard
    asked: str
    names: tuple[str, ...]

    @cached_property
    def figures(self) -> frozenset[str]:
        """Those that the customer names. Not of a Span: what those are made of is kept for a while."""
        return frozenset(f"{token.kind}:{token.value}" for token in tokens(self.asked, self.names))

    def tells(self, limit: Restriction) -> bool:
        """Half of the words tell it, rounded down: there is more than one for a thing. A figure is told or not, unless
        the customer names another of its kind: their own."""
        heard = (self.so, self.denied) if DENIAL.search(limit.text) else (self.so,)
        missing = [word for word in limit.needs if not any(one.has(word) for one in heard)]
        if any(":" in word for word in missing):
            missing = [word for word in missing if word not in self.figures]
            kinds = {figure.partition(":")[0] for figure in self.figures}
            if any(":" in word and word.partition(":")[0] not in kinds for word in missing):
                return False
        return not limit.needs or len(limit.needs) - len(missing) >= max(1, len(limit.needs) // 2)


def check(reply: Candidate) -> Iterator[Finding]:
    told = _told(reply)
    cited = dict(reply.numbered())
    for i, one in reply.ledger:
        known = reply.known(cited[i])
        left_out = "" if i in reply.courteous else next(filter(None, _all_left_out(one.span, known, told)), "")
        if left_out:
            yield Finding(
                guard="conditions",
                what=f"The source restricts this, and the reply does not: “{left_out}”.",
                todo="Add it, unless this customer's case is clear.",
                sentence=i,
                words=one.span.text,
            )


def _told(reply: Candidate) -> Told:
    so, denied = Heard(), Heard()
    for _, one in reply.ledger:
        so.add(map(plain, one.span.words))
    for sentence in sentences(reply.asked):
        (denied if DENIAL.search(sentence) else so).add(folded(word) for word in _WORD.findall(sentence))
    return Told(so, denied, reply.asked, reply.product_names)


def _all_left_out(sentence: Span, known: Evidence, told: Told) -> Iterator[str]:
    for said in statements(sentence):
        enough = SAYS * known.total(said.words)
        shares = enumerate(known.shares(said.words))
        near = [at for at, shared in shares if shared >= enough > 0 and _states(known.spans[at])]
        missing = [_left_out(said, known.spans, at, enough, known, told) for at in near]
        says = [left_out for left_out in missing if left_out is not None]
        yield says[0] if says and all(says) else ""


def _states(span: Span) -> bool:
    """A title has no room for conditions, and a question says nothing."""
    return span.start >= 0 and not span.text.endswith("?")


def _left_out(said: Span, spans: Sequence[Span], at: int, enough: float, known: Evidence, told: Told) -> str | None:
    """The first restriction of a source's sentence that is told nowhere, in its own words; "" for none, None where the
    one denies what the other says."""
    span = spans[at]
    every = restricted(span).statements
    saying = [one for one in every if known.shared(said.words, one.span.words) >= enough] or every
    if all(one.denies != (DENIAL.search(said.text) is not None) for one in saying):
        return None
    before, after = (
        spans[n] if 0 <= n < len(spans) and spans[n].source_id == span.source_id and spans[n].start >= 0 else None
        for n in (at - 1, at + 1)
    )
    limits = [limit for one in saying for limit in one.restrictions] + beside(span, before, after)
    dropped = [limit.text for limit in limits if not told.tells(limit)]
    return next(iter(dropped + [word for one in saying if (word := one.reserve(said.text))]), "")
