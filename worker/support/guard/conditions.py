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

from collections.abc import Iterator, Sequence

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.evidence import Evidence, Span
from worker.support.guard.restrictions import beside, plain, restricted, statements

SAYS = 0.75  # share of a statement, by weight, from which a source's sentence says it


def check(reply: Candidate) -> Iterator[Finding]:
    spans = (Span(reply.asked, reply.product_names), *(one.span for _, one in reply.ledger))
    told = frozenset(plain(word) for span in spans for word in span.words)
    sentences = dict(reply.numbered())
    for i, one in reply.ledger:
        known = reply.known(sentences[i])
        left_out = "" if i in reply.courteous else next(filter(None, _all_left_out(one.span, known, told)), "")
        if left_out:
            yield Finding(
                guard="conditions",
                what=f"The source restricts this, and the reply does not: “{left_out}”.",
                todo="Add it, unless this customer's case is clear.",
                sentence=i,
                words=one.span.text,
            )


def _all_left_out(sentence: Span, known: Evidence, told: frozenset[str]) -> Iterator[str]:
    for said in statements(sentence):
        enough = SAYS * known.total(said.words)
        if enough:
            shares = known.shares(said.words)
            missing = [
                _left_out(said, known.spans, at, enough, known, told)
                for at, shared in enumerate(shares)
                if shared >= enough
            ]
            yield missing[0] if missing and all(missing) else ""


def _left_out(said: Span, spans: Sequence[Span], at: int, enough: float, known: Evidence, told: frozenset[str]) -> str:
    """The first restriction of a source's sentence that is told nowhere, in its own words; "" for none."""
    span = spans[at]
    before, after = (
        spans[n] if 0 <= n < len(spans) and spans[n].source_id == span.source_id and spans[n].start >= 0 else None
        for n in (at - 1, at + 1)
    )
    every = restricted(span).statements
    saying = [one for one in every if known.shared(said.words, one.span.words) >= enough] or every
    limits = [limit for one in saying for limit in one.restrictions] + beside(span, before, after)
    dropped = [limit.text for limit in limits if not _told(limit.needs, told)]
    return next(iter(dropped + [word for one in saying if (word := one.reserve(said.text))]), "")


def _told(needs: frozenset[str], told: frozenset[str]) -> bool:
    """Half of the words tell it, rounded down: there is more than one for a thing, and more than one form of each. A
    figure is told or not, unless there is another of its kind: the customer's own."""
    begun = {word[:letters] for word in told for letters in (3, 4)}
    kinds = {word.partition(":")[0] for word in told if ":" in word}
    missing = [word for word in needs - told if ":" in word or word[:4] not in begun]
    if any(":" in word and word.partition(":")[0] not in kinds for word in missing):
        return False
    return not needs or len(needs) - len(missing) >= max(1, len(needs) // 2)
