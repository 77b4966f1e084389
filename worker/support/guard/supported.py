"""Each sentence says what its sources say: most of its words, the rare ones counting more, stand in what it cites.
And the reply as a whole does not say more than they do, as far as its wording tells (doubt.py).

PASS:
  reply: Your money from IM is with your bank within 2 working days after a withdrawal.
  source: A withdrawal from IM reaches your bank within 2 working days. You can put your money in again.
FAIL:
  reply: Our colleagues will telephone your family about it tomorrow.
  source: A withdrawal from IM reaches your bank within 2 working days.
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.doubt import doubt

# A sentence that a good support lead would accept shares at least this share of its words with its source.
FLOOR = 0.55
# A reply of which more is in doubt is held: no right reply built from kb/ comes near it, docs/guards.md says what does.
CEILING = 0.7


def check(reply: Candidate) -> Iterator[Finding]:
    for i, one in reply.ledger:
        if one.support < FLOOR:
            yield Finding(
                guard="supported",
                what="This does not stand in the source that the sentence names.",
                todo="Compare it with the source; rewrite it from there, or take it out.",
                sentence=i,
                words=one.span.text,
            )
    if doubt(reply) > CEILING:
        yield Finding(
            guard="supported",
            what="Taken together, the reply seems to say more than its sources do.",
            todo="Look for statements, names and numbers that stand in none of them.",
        )
