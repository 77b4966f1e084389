"""Every sentence that states something cites a source that was given; good manners need none.

PASS:
  reply: A withdrawal from IM reaches your bank within 2 working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
FAIL:
  reply: A withdrawal from IM reaches your bank within 2 working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
  cites: [P9]
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate

ADVICE = "Check this sentence against the knowledge base, or take it out."


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        unknown = [s for s in sentence.sources if s not in reply.sources and not (s == "customer" and reply.facts)]
        if i in reply.courteous:
            continue
        if not sentence.sources:
            yield Finding(
                guard="cited", what="A sentence names no source.", todo=ADVICE, sentence=i, words=sentence.text
            )
        elif unknown:
            what = f"A sentence names a source that was not given ({', '.join(unknown)[:60]})."
            yield Finding(guard="cited", what=what, todo=ADVICE, sentence=i, words=sentence.text)
