"""The mail reads as one piece: no step without the one before it, no lead-in without its list, nothing said twice, no
sentence that breaks off.

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
_WORD = re.compile(r"\w+")
ENOUGH = 5  # words, after which one of these begins what a sentence may do without: "accrues daily | on the balance"
_MORE = frozenset(
    "in on at for per of with by after before until when if once and or but because so through each".split()
)
BEGUN = 0.6  # share of a source's sentence: what stops before it, in the middle of a clause, has hardly said anything


def check(reply: Candidate) -> Iterator[Finding]:
    said = list(reply.numbered())
    yield from _steps(said)
    yield from _lead_ins(said)
    yield from _repeats(said)
    yield from _broken_off(reply)


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


def _broken_off(reply: Candidate) -> Iterator[Finding]:
    """A text without a letter, or the first few words of a sentence of its source: each of them stands there, so that
    only the missing rest tells."""
    for i, sentence in reply.numbered():
        words = [word.casefold() for word in _WORD.findall(sentence.text)]
        if not any(char.isalpha() for char in sentence.text):
            what = "There is no word in it."
        elif not ITEM.match(sentence.text) and any(_begins(words, one.text) for one in reply.known(sentence).spans):
            what = "The sentence breaks off where its source goes on."
        else:
            continue
        yield Finding(guard="shape", what=what, todo="Complete it, or take it out.", sentence=i, words=sentence.text)


def _begins(words: list[str], source: str) -> bool:
    first = _WORD.search(source)
    if first is None or first.group().casefold() != words[0]:  # most do not begin alike
        return False
    theirs, many = list(_WORD.finditer(source)), len(words)
    if many >= BEGUN * len(theirs) or [one.group().casefold() for one in theirs[:many]] != words:
        return False
    goes_on = theirs[many]
    in_a_clause = source[theirs[many - 1].end() : goes_on.start()].isspace()
    return in_a_clause and not (many >= ENOUGH and goes_on.group().casefold() in _MORE)
