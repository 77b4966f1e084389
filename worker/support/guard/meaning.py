"""A sentence denies, restricts and generalises exactly where its source does.

Compared is the source's closest sentence, if it is close enough to be the one that was meant.
PASS: "Peerwell never asks for your OTP." from a source that says so.
FAIL: "Withdrawals from IM are not free." from a source that says "The first 3 withdrawals from IM are free."
"""

import re
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.supported import content_words
from worker.support.sentences import sentences

CLOSE = 0.6  # share of content words that two sentences must share to be the same statement
_TURNS = re.compile(r"\b(?:not|never|no|none|nobody|nothing|neither|cannot|without|always|only|free|n't)\b|n't\b", re.I)
_FOLD = {"n't": "not", "cannot": "not", "nobody": "no", "none": "no", "nothing": "no", "neither": "no"}


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        said = content_words(sentence.text)
        source = max(sentences(reply.support_of(sentence)), key=lambda s: _likeness(said, s), default="")
        if _likeness(said, source) < CLOSE:
            continue
        turned = _turns(sentence.text) ^ _turns(source)
        if turned:
            yield Finding(
                guard="meaning",
                what=f"“{', '.join(sorted(turned))}” stands in only one of the sentence and its source.",
                todo="Compare it with the source: does it still say the same?",
                sentence=i,
                words=sentence.text,
            )


def _likeness(said: set[str], source: str) -> float:
    words = content_words(source)
    return len(said & words) / len(said | words) if said | words else 0.0


def _turns(text: str) -> set[str]:
    return {_FOLD.get(word.lower(), word.lower()) for word in _TURNS.findall(text)}
