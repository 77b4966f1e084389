"""Each question of the message is answered, and the model answered no question that nobody asked.

PASS: two questions, two answers.
FAIL: two questions, one answer and one "cannot answer"; or no sentence at all.
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate


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
    if not reply.parts:
        yield Finding(guard="answered", what="No question was found in the message.", todo="Read the message yourself.")
