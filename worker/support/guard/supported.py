"""Each sentence says what its sources say: most of its words, the rare ones counting more, stand in what it cites, and
so do the words of each of its clauses, or something might hang on a sentence that is right. And the reply as a whole
does not say more than they do, as far as its wording tells (doubt.py).

PASS:
  reply: Your money from IM is with your bank within 2 working days after a withdrawal.
  source: A withdrawal from IM reaches your bank within 2 working days. You can put your money in again.
FAIL:
  reply: A withdrawal from IM reaches your bank within 2 working days, and your family gets a letter.
  source: A withdrawal from IM reaches your bank within 2 working days.
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.claims import Ledgered
from worker.support.guard.doubt import doubt
from worker.support.guard.evidence import Evidence, Span
from worker.support.guard.sums import worked_out

# A sentence that a good support lead would accept shares at least this share of its words with its source.
FLOOR = 0.5
# A reply of which more is in doubt is held: no right reply built from kb/ comes near it, docs/guards.md says what does.
CEILING = 0.7
STRANGE = 0.5  # share of a clause's words that no source may lack; one word alone says too little


def check(reply: Candidate) -> Iterator[Finding]:
    sentences = dict(reply.numbered())
    for i, one in reply.ledger:
        if i in reply.courteous or _only_a_sum(one, reply):
            continue
        if one.support < FLOOR:
            yield Finding(
                guard="supported",
                what="This does not stand in the source that the sentence names.",
                todo="Compare it with the source; rewrite it from there, or take it out.",
                sentence=i,
                words=one.span.text,
            )
        elif strange := next((p for p in one.span.pieces if _strange(p, reply.known(sentences[i]))), None):
            yield Finding(
                guard="supported",
                what="A part of the sentence does not stand in the source that it names.",
                todo="Compare it with the source; rewrite it from there, or take it out.",
                sentence=i,
                words=strange.text,
            )
    if doubt(reply) > CEILING:
        yield Finding(
            guard="supported",
            what="Taken together, the reply seems to say more than its sources do.",
            todo="Look for statements, names and numbers that stand in none of them.",
        )


def _only_a_sum(one: Ledgered, reply: Candidate) -> bool:
    """Whether all that it says are amounts that come out: "for Rs 80,000 that is Rs 800"."""
    only_tokens = all(":" in word for word in one.span.words)
    return bool(one.standings) and only_tokens and all(worked_out(s.token, one.span, reply) for s in one.standings)


def _strange(clause: Span, known: Evidence) -> bool:
    """Whether most of what a clause says are words that no source has, in any inflection."""
    lacking = sum(
        ":" not in word and word not in known.weights and not known.wording.has(word) for word in clause.words
    )
    share = lacking / len(clause.words) if clause.words else 0.0
    return share > STRANGE or (share == STRANGE and lacking > 1)
