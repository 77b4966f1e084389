"""The mail reads as one piece: no step without the one before it, no lead-in without its list, nothing said twice.

PASS:
  reply: ["You need two papers:", "- Your PAN", "- Your Aadhaar"]
  source: You need two papers, your PAN and your Aadhaar.
FAIL:
  reply: ["You start an early exit in the app:"]
  source: You start an early exit in the app.
"""

import re
from collections.abc import Iterator

from worker.models import Finding, Sentence
from worker.support.guard.candidate import Candidate
from worker.support.sentences import ITEM

_STEP = re.compile(r"^\s*(\d{1,2})[.)]\s")


def check(reply: Candidate) -> Iterator[Finding]:
    said = list(reply.numbered())
    yield from _steps(said)
    yield from _lead_ins(said)
    yield from _repeats(said)


def _steps(said: list[tuple[int, Sentence]]) -> Iterator[Finding]:
    before = 0
    for i, sentence in said:
        step = _STEP.match(sentence.text)
        number = int(step.group(1)) if step else 0
        if step and number not in (1, before + 1):
            what = f"Step {number} stands without the step before it."
            yield Finding(
                guard="shape", what=what, todo="Complete the steps, or take it out.", sentence=i, words=sentence.text
            )
        before = number if step else before if ITEM.match(sentence.text) else 0


def _lead_ins(said: list[tuple[int, Sentence]]) -> Iterator[Finding]:
    for n, (i, sentence) in enumerate(said):
        following = said[n + 1][1].text if n + 1 < len(said) else ""
        if sentence.text.rstrip().endswith(":") and not ITEM.match(following):
            what = "A sentence announces a list that does not follow."
            yield Finding(
                guard="shape", what=what, todo="Add the list, or take it out.", sentence=i, words=sentence.text
            )


def _repeats(said: list[tuple[int, Sentence]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for i, sentence in said:
        folded = re.sub(r"\W+", " ", sentence.text.casefold()).strip()
        if folded in seen:
            what = "The same sentence stands twice."
            yield Finding(guard="shape", what=what, todo="Take one out.", sentence=i, words=sentence.text)
        seen.add(folded)
