"""A sentence denies, restricts and generalises exactly where its source does: not, never, always, only, free.

Compared is the closest sentence of the source and, where a sentence joins several, the closest clause. What is far from
all of them is left to `supported`. Nor have two words changed places, is "or" written for "and" in what is needed, or
does a "No" begin an answer that its source gives with a yes. Of a record,
each field that a sentence speaks of, and the hours of each weekday.

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
from worker.support.guard.roles import exchanged, loosened, misplaced
from worker.support.guard.yesno import first_words, misanswered


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
    yield from _roles(reply)
    yield from _answers(reply)
    for i, one in enumerate(reply.told):
        if names := (*one.against, *one.days):
            yield Finding(
                guard="meaning",
                what=f"The record says otherwise of {', '.join(f'“{name}”' for name in names)}.",
                todo="Compare it with the record and correct it.",
                sentence=i,
            )


def _roles(reply: Candidate) -> Iterator[Finding]:
    """Words that changed places, a value of another product, and "or" for "and"."""
    sentences = dict(reply.numbered())
    for i, one in reply.ledger:
        told = {
            "stand in each other's place in the source": exchanged(one.span, one.bases),
            "stand together here, and not in the source": misplaced(one.span, reply.known(sentences[i])),
            "are both needed after the source, and not one of them": loosened(one.span, one.bases),
        }
        for what, pair in told.items():
            if pair:
                both = " and ".join(f"“{word.partition(':')[2] or word}”" for word in pair)
                todo = "Compare it with the source: who does what, and what is needed?"
                yield Finding(guard="meaning", what=f"{both} {what}.", todo=todo, sentence=i, words=one.span.text)


def _answers(reply: Candidate) -> Iterator[Finding]:
    """A "Yes" or "No" at the beginning that is the wrong one."""
    for i, part in zip(first_words(reply.parts), reply.parts, strict=True):
        if part.sentences and (word := misanswered(part, reply.known(part.sentences[0]), reply.product_names)):
            what = f"The answer begins with “{word}”, and what follows or its source says otherwise."
            yield Finding(guard="meaning", what=what, todo="Answer what was asked.", sentence=i, words=word)
