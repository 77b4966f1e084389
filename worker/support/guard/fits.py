"""The template that an answer rests on is close to the very question, not merely the least distant one.

A floor over the search's score, question by question, and the trained choice's own word that none fits; either holds
the reply.

PASS:
  reply: A withdrawal from IM reaches your bank within 2 working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
  score: 0.88
FAIL:
  reply: Interest is credited on the 1st of each month.
  source: Interest is credited on the 1st of each month.
  asked: Can I pledge my balance for a home loan?
  score: 0.57
"""

from collections.abc import Iterator

from worker.models import Finding, Kind, Part
from worker.support.guard.candidate import Candidate

# On the sample tickets right templates scored 0.67 to 1.0 and wrong ones 0.31 to 0.72; a hold costs less than a wrong
# mail, so the floor lies where few right ones are lost.
FLOOR = 0.62


def check(reply: Candidate) -> Iterator[Finding]:
    for n, part in enumerate(reply.parts, 1):
        best = _best(reply, part)
        if best is not None and best < FLOOR:
            yield Finding(
                guard="fits",
                what=f"No template is close to question {n}: the best one scores {best:.2f}, below {FLOOR:.2f}.",
                todo="Check that this is what was asked.",
                words=part.question,
            )
        elif best is not None and part.question in reply.unfit:
            yield Finding(
                guard="fits",
                what=f"Question {n} is unlike those that any template of this customer answers.",
                todo="Check that this is what was asked.",
                words=part.question,
            )


def _best(reply: Candidate, part: Part) -> float | None:
    """The best score, for this question, of the templates that its answer cites; None if it cites none."""
    cited = {source for sentence in part.sentences for source in sentence.sources}
    found = [s for i in cited if (s := reply.sources.get(i)) and s.kind is Kind.TEMPLATE]
    scores = reply.fit.get(part.question)
    if scores is None:
        return max((s.score for s in found), default=None)
    return max((scores.get(s.source_id, 0.0) for s in found), default=None)
