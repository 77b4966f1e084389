"""Each question of the message is answered, about the product it asks about, and nothing that nobody asked.

PASS: two questions, two answers.
FAIL: two questions, one answer and one "cannot answer"; or a question about IM+ answered with what holds for IM.
"""

from collections.abc import Iterator

from worker.models import Finding, Part
from worker.support.guard.candidate import Candidate
from worker.support.guard.tokens import tokens


def check(reply: Candidate) -> Iterator[Finding]:
    for n, part in enumerate(reply.parts, 1):
        if not part.answered:
            yield Finding(
                guard="answered",
                what=f"Question {n} of the message is not answered by anything that was found.",
                todo="Answer it yourself, or say that it will be answered later.",
                words=part.question,
            )
        elif not part.question:
            yield Finding(guard="answered", what="The reply answers something that was not asked.", todo="Take it out.")
        else:
            yield from _about_another_product(reply, part, n)
    if not reply.parts:
        yield Finding(guard="answered", what="No question was found in the message.", todo="Read the message yourself.")


def _about_another_product(reply: Candidate, part: Part, n: int) -> Iterator[Finding]:
    """A question that names a product needs a source that names it too: near misses are the worst answers."""
    asked = {t.value for t in tokens(part.question, reply.product_names) if t.kind == "name"}
    spoken = "\n".join(reply.support_of(sentence) for sentence in part.sentences)
    told = {t.value for t in tokens(spoken, reply.product_names) if t.kind == "name"}
    for name in sorted(asked - told):
        yield Finding(
            guard="answered",
            what=f"Question {n} is about {name}, and nothing that the answer rests on is.",
            todo="Check whether this customer may read about it, and answer what was asked.",
            words=part.question,
        )
