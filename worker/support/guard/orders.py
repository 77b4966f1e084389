"""How much a text sounds like orders to an assistant: cues, each with its weight, added up to a chance.

Not a guard itself: `hostile` asks it about a mail and about what the mail hides. No model is asked, so that nothing
can be told to it. The cues are kinds of speech (`order_words`, `order_leads`, `order_replies`, `order_tongues`).
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from operator import or_

from worker.lookout import Patterns, small_letters
from worker.support.guard import order_leads, order_replies, order_tongues, order_words
from worker.support.guard.disguise import undone
from worker.support.guard.order_words import EVERYDAY, FORGET, MACHINE, OF_ONESELF, RULES

# What no article has a use for: it speaks to its readers, and of no assistant who writes to them.
_TO_A_WRITER = re.compile(
    rf"(?:^|[.!?:]\s+)(?:dear\s+|hey\s+|attention,?\s+)?(?:the\s+)?{MACHINE}\s*[:,]"
    rf"|\b(?:notes?|messages?|instructions?|orders?|hints?)\s+(?:for|to)\s+(?:the\s+|an?\s+|any\s+"
    rf"|every\s+)?{MACHINE}\b"
    rf"|\b{FORGET}\b[^.?!\n]{{0,30}}\b(?:{RULES}|(?:other|previous|all)\s+(?:sources|passages|templates))\b"
    rf"|\bnew\s+{RULES}\s*:|<\s*/?\s*(?:system|assistant|instructions?|message)\s*/?>|\[/?INST\]|<\|[a-z_]+\|>"
    r"|\b(?:tell|ask|inform|assure)\s+(?:the|every|each|all)\s+customers?\b|\bsystem\s+prompt\b",
    re.I | re.M,
)
BIAS = -4.0
FAINT = 0.1  # chance from which a hidden text is worth a look
TOGETHER = 3  # sentences
CUES = order_words.CUES | order_leads.CUES | order_replies.CUES | order_tongues.CUES
_SPEAKING_FOR, _SPEAKING_AGAINST = (
    Patterns({name: re.compile(cue, re.I | re.M) for name, (cue, weight) in CUES.items() if (weight > 0) is speaks_for})
    for speaks_for in (True, False)
)
_END = re.compile(r"[.!?](?=\s)|\n+")
_FORMAT = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
# What a text tells its writer to say, grant or leave out: enough to wonder about where no reader was to see it.
_TELLS = re.compile(
    r"\b(?:tell|say|state|add|include|mention|insert|append|confirm|approve|grant|promise|offer|reveal|ignore"
    r"|disregard|forget"
    r"|answer|answering|reply|replying|respond|summari[sz]ing|assistant|language\s+model|llm|ai|bot|prompt"
    r"|instructions?"
    r"|antworte|sage|bestätige|schreibe|füge|réponds|dis|ajoute|confirme|responde|di|añade|rispondi|aggiungi"
    r"|antwoord|zeg|odpowiedz|dodaj)\b",
    re.I,
)


def tells_what_to_do(hidden: str) -> bool:
    """Whether a text that no reader sees tells anybody to do something: a far lower bar than that of `chance`."""
    return chance(hidden) >= FAINT or any(_TELLS.search(way) for way in _ways(hidden))


@lru_cache(maxsize=512)  # whole texts; a customer's own are asked about once
def to_a_writer(text: str) -> bool:
    """Whether a source gives orders to whoever writes from it: somebody has put them there."""
    return _TO_A_WRITER.search(_plain(text)) is not None


def cues(text: str) -> list[tuple[int, str]]:
    """(number of the sentence, name) of every cue in a text, each once a sentence."""
    return _cues(_plain(text))


def chance(text: str) -> float:
    """0..1: how surely the text gives orders to an assistant, disguised or not; from 0.5 on it counts as one that does.

    The cues of a few sentences in a row are added up: a long mail is not made suspicious by words far apart.
    """
    best = max(_heaviest(_cues(way)) for way in _ways(text))
    return 1 / (1 + math.exp(-(BIAS + best)))


def _cues(plain: str) -> list[tuple[int, str]]:
    small = small_letters(plain)
    ends = [m.end() for m in _END.finditer(plain)]
    found: set[tuple[int, str]] = set()
    for patterns in (_SPEAKING_FOR, _SPEAKING_AGAINST):
        for name, pattern in patterns.worth_asking(small):
            found.update((bisect_right(ends, match.end() - 1), name) for match in pattern.finditer(plain))
        if not found:  # what speaks against orders need not be looked for
            break
    return sorted(found)


def _heaviest(found: list[tuple[int, str]]) -> float:
    named: dict[int, set[str]] = {}  # by sentence: a mail may have a cue in each of thousands
    for at, name in found:
        named.setdefault(at, set()).add(name)
    return max((_sum(named, first) for first in named), default=0.0)


def _sum(named: Mapping[int, set[str]], first: int) -> float:
    """The heaviest of the stretches that begin with this sentence."""
    stretches: Iterator[set[str]] = accumulate((named.get(first + n, set()) for n in range(TOGETHER)), or_)
    return max(map(_weight, stretches))


def _weight(names: set[str]) -> float:
    counted = names if names - OF_ONESELF <= EVERYDAY else names - OF_ONESELF
    # A set has another order in each process, and a sum of tenths another last digit, which would decide at the bound.
    return round(math.fsum(CUES[name][1] for name in counted), 6)


def _ways(text: str) -> Iterator[str]:
    """The text as it stands, and as it reads without its disguises."""
    plain = _plain(text)
    yield plain
    yield from undone(plain)


def _plain(text: str) -> str:
    return _FORMAT.sub("", unicodedata.normalize("NFKC", text))
