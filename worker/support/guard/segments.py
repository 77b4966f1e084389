"""No other segment's facts: every source cited may be read by this person, and so may be every product named.

PASS:
  reply: IM has no lock-in.
  source: IM has no lock-in.
  source_for: [IM]
  reads: [public, IM]
FAIL:
  reply: Early exit costs 1 % of the amount sold.
  source: Early exit costs 1 % of the amount sold.
  source_for: [IM+]
  reads: [public, IM]
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate

ADVICE = "Take it out: this customer may not read it."


def check(reply: Candidate) -> Iterator[Finding]:
    reads = set(reply.reader.reads)
    for i, sentence in reply.numbered():
        for source_id in sentence.sources:
            source = reply.sources.get(source_id)
            if source is not None and not reads & set(source.segments):
                what = (
                    f"“{source.title[:80]}” is for {', '.join(source.segments)} only; this customer does not hold it."
                )
                yield Finding(guard="segments", what=what, todo=ADVICE, sentence=i, words=sentence.text)
