"""No promise that the chosen template does not make to this customer: of a refund, a call, a date, an exception.

Nor a claim that something was done ("I have escalated it"): a draft does nothing. What a template states of itself in
its own way ("is acknowledged within 24 hours") a reply may say as a promise ("we will acknowledge it"). Assurances
("your money is safe") and words on how things stand with this customer ("your withdrawal failed") need a source, too.

PASS:
  reply: We will acknowledge your complaint within 24 hours.
  source: A complaint is acknowledged within 24 hours.
FAIL:
  reply: We will refund the fee within 2 working days.
  source: The fee is not refunded. A withdrawal arrives within 2 working days.
"""

from collections.abc import Iterator

from worker.models import Finding, Sentence
from worker.support.guard.assured import assurances, states, told_by_customer
from worker.support.guard.candidate import Candidate
from worker.support.guard.evidence import Evidence, Span
from worker.support.promises import Promise, acts, promises

ALIKE = 0.4  # share of what the sentence says, by weight, that the template's sentence says too
_GETS = ("receiv", "get")
ADVICE = "Take it out. If somebody does promise it, write so yourself and see that it is kept."


def check(reply: Candidate) -> Iterator[Finding]:
    company = reply.company or "we"
    sentences = dict(reply.numbered())
    for i, one in reply.ledger:
        yield from _assured(one.span, reply.known(sentences[i]), i)
        yield from _standing(one.span, reply, sentences[i], i)
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


def _assured(said: Span, known: Evidence, i: int) -> Iterator[Finding]:
    """What it assures and no source that it rests on does, of the same thing."""
    for words in assurances(said.text):
        sources = (span for span in known.spans if any(assurances(span.text)))
        if not any(known.shared(said.words, span.words) >= ALIKE * known.total(said.words) for span in sources):
            what = f"It assures (“{words}”) what no source that it rests on does."
            yield Finding(
                guard="commitments",
                what=what,
                todo="Say what the source says, or take it out.",
                sentence=i,
                words=words,
            )


def _standing(said: Span, reply: Candidate, sentence: Sentence, i: int) -> Iterator[Finding]:
    """What it says of how things stand with this customer, which neither they nor a source do."""
    sources = [span.text for span in reply.known(sentence).spans]
    for words, state in states(said.text):
        by_source = any(state == theirs for text in sources for _, theirs in states(text))
        if not by_source and not told_by_customer(state, reply.asked):
            what = f"It says how things stand with this customer (“{words}”), and no source does."
            todo = "Look it up, or take it out."
            yield Finding(guard="commitments", what=what, todo=todo, sentence=i, words=words)


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
        sent = promise.verb in _GETS and "answer" in stated  # what we send is what they receive
        if promise.act not in stated and promise.verb not in stated and not sent:
            return False
    words = said.words
    return not words or known.shared(words, span.words | span.of_title) >= ALIKE * known.total(words)
