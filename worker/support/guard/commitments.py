"""No promise that the chosen template does not make to this customer: of a refund, a call, a date, an exception.

Nor a claim that something was done ("I have escalated it"): a draft does nothing. What a template states of itself in
its own way ("is acknowledged within 24 hours") a reply may say as a promise ("we will acknowledge it").

PASS:
  reply: We will acknowledge your complaint within 24 hours.
  source: A complaint is acknowledged within 24 hours.
FAIL:
  reply: We will refund the fee within 2 working days.
  source: The fee is not refunded. A withdrawal arrives within 2 working days.
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.evidence import Evidence, Span
from worker.support.promises import Promise, acts, promises

ALIKE = 0.4  # share of what the sentence says, by weight, that the template's sentence says too
ADVICE = "Take it out. If somebody does promise it, write so yourself and see that it is kept."


def check(reply: Candidate) -> Iterator[Finding]:
    company = reply.company or "we"
    sentences = dict(reply.numbered())
    for i, one in reply.ledger:
        made = promises(one.span.text, company)
        if not made:
            continue
        known = reply.known(sentences[i])
        theirs = [span for span in known.spans if _promises_to_them(span, reply)]
        for promise in made:
            if not any(_same(promise, _part_of(one.span, promise), span, known, company) for span in theirs):
                told = "says that something was done" if promise.claimed else "promises"
                what = f"It {told} (“{promise.words}”), and no template that it rests on does, for this customer."
                yield Finding(guard="commitments", what=what, todo=ADVICE, sentence=i, words=promise.words)


def _promises_to_them(span: Span, reply: Candidate) -> bool:
    """A sentence of a template that this person may read."""
    source = reply.sources.get(span.source_id)
    chosen = source is not None and span.source_id in reply.template_ids
    return chosen and span.start >= 0 and bool(set(source.segments if source else ()) & set(reply.reader.reads))


def _part_of(said: Span, promise: Promise) -> Span:
    """The clause that promises: what else the sentence says does not make the promise right."""
    clauses = [piece for piece in said.pieces if promise.words in piece.text]
    return clauses[0] if len(clauses) == 1 and len(said.pieces) > 1 and clauses[0].words else said


def _same(promise: Promise, said: Span, span: Span, known: Evidence, company: str) -> bool:
    theirs = promises(span.text, company)
    if promise.claimed or promise.act in ("exception", "guarantee"):
        if not any((p.act, p.claimed) == (promise.act, promise.claimed) for p in theirs):
            return False
    else:
        stated = acts(span.text)
        if promise.act not in stated and promise.verb not in stated:
            return False
    words = said.words
    return not words or known.shared(words, span.words | span.of_title) >= ALIKE * known.total(words)
