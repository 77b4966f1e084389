"""A sentence denies, restricts and generalises exactly where its source does: not, never, always, only, free.

Compared is the closest sentence of the source and, where a sentence joins several, the closest clause. What is far from
all of them is left to `supported`. Of a record, each field that a sentence speaks of, and the hours of each weekday.

PASS:
  reply: We never ask for your OTP, and statements cost nothing.
  source: Peerwell never asks for your OTP. Statements are free of charge.
FAIL:
  reply: Withdrawals from IM are not free.
  source: The first 3 withdrawals from IM are free.
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate


def check(reply: Candidate) -> Iterator[Finding]:
    for (i, sentence), words in zip(reply.numbered(), reply.turned, strict=True):
        if words:
            yield Finding(
                guard="meaning",
                what=f"“{', '.join(sorted(words))}” stands in only one of the sentence and its source.",
                todo="Compare it with the source: does it still say the same?",
                sentence=i,
                words=sentence.text,
            )
    for i, one in enumerate(reply.told):
        if names := (*one.against, *one.days):
            yield Finding(
                guard="meaning",
                what=f"The record says otherwise of {', '.join(f'“{name}”' for name in names)}.",
                todo="Compare it with the record and correct it.",
                sentence=i,
            )
