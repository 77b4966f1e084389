"""The reply asks for no password, PIN or one-time code; saying that nobody will ever ask is fine.

PASS:
  reply: Peerwell never asks you to send an OTP.
  source: Peerwell never asks you to send an OTP.
FAIL:
  reply: Please reply with the OTP that you received.
  source: You sign in with the OTP that you received.
"""

import re
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.claims import Ledgered
from worker.support.guard.evidence import Span

_ASKING = re.compile(
    r"\b(?:(?<!\bwe\s)send|share|tell|give|reply\s+with|provide|confirm|enter|forward|submit|read\s+out|spell\s+out|type|mention|attach"
    r"|let\s+us\s+(?:know|have)|(?:we|i)\s+(?:\w+\s+)?(?:need|require|want)|what(?:\s+is|['’]s|\s+was|\s+are)\s+(?:your|the))\b",
    re.I,
)
# Where one statement ends and another begins, so that "never" of the one does not excuse the other.
_APART = re.compile(r"\s*[;:–—]\s*|\s-\s|[.!?]\s+|,\s+(?:and|but|so)\s+")
_NEVER = re.compile(r"\b(?:never|not|nobody|no\s+one|don't|do\s+not|without)\b", re.I)
_DIGITS = r"\b(?:\d|four|six|eight)[\s-]digits?\b"  # a code is asked for without its name, too
WRITTEN = 0.8  # support from which a sentence is one of the knowledge base in other words


def _asking(text: str) -> set[str]:
    return {{"type": "enter"}.get(word, word) for word in (" ".join(w.lower().split()) for w in _ASKING.findall(text))}


def check(reply: Candidate) -> Iterator[Finding]:
    names = [rf"\b{re.escape(name)}s?\b" for name in reply.never_ask_for]
    secret = re.compile("|".join([*names, _DIGITS]) if names else r"(?!)", re.I)
    for i, one in reply.ledger:
        for text in _APART.split(one.span.text):
            asked = secret.search(text)
            # How to use a code in the app is written in the knowledge base; only what goes beyond that is suspicious.
            written = one.support > WRITTEN and any(
                asked and _written(text, asked.group(), base.text) for base in _instructing(one)
            )
            if asked and _ASKING.search(text) and not (_NEVER.search(text) or written):
                what = f"It asks the customer for a secret ({asked.group()})."
                yield Finding(guard="asks", what=what, todo="Take it out.", sentence=i, words=asked.group())


def _instructing(one: Ledgered) -> Iterator[Span]:
    """What the sentence is closest to, and a second step if the whole of it is told: of half an instruction the other
    half may say what not to do."""
    yield from one.bases[:1]
    yield from (base for base in one.bases[1:] if base.words <= one.span.words)


def _written(text: str, secret: str, base: str) -> bool:
    """Whether the source itself tells them to do so with this secret; that they never should is no leave to ask."""
    named = secret.casefold().rstrip("s").replace("-", " ") in base.casefold().replace("-", " ")
    return named and _asking(text) <= _asking(base) and not _NEVER.search(base)
