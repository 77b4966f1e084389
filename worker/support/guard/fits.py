"""The template that a reply rests on is close to what was asked, not merely the least distant one.

A first floor over the search's score; a reply whose best template lies below it is held.
PASS: "When does my withdrawal arrive?" answered from the template on withdrawal times (score 0.88).
FAIL: "Can I pledge my balance for a home loan?" answered from the template on interest dates (score 0.57).
"""

from collections.abc import Iterator

from worker.models import Finding, Kind
from worker.support.guard.candidate import Candidate

# On the sample tickets right templates scored 0.67 to 1.0 and wrong ones 0.31 to 0.72; a hold costs less than a wrong
# mail, so the floor lies where few right ones are lost.
FLOOR = 0.62


def check(reply: Candidate) -> Iterator[Finding]:
    for n, part in enumerate(reply.parts, 1):
        cited = {source for sentence in part.sentences for source in sentence.sources}
        found = [s for i in cited if (s := reply.sources.get(i)) and s.kind is Kind.TEMPLATE]
        best = max((s.score for s in found), default=None)
        if best is not None and best < FLOOR:
            yield Finding(
                guard="fits",
                what=f"No template is close to question {n}: the best one scores {best:.2f}, below {FLOOR:.2f}.",
                todo="Check that this is what was asked.",
                words=part.question,
            )
