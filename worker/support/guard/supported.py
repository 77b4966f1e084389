"""What a sentence says is said by its source: most of its content words stand there too.

A first, lexical look; numbers and names are checked more strictly by `exact`.
PASS: "You can add up to 3 nominees." where the source says "Up to 3 nominees can be added".
FAIL: "Our branch in Pune will call you back." citing the same source.
"""

import re
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate

# A sentence that a good support lead would accept shares at least this share of its content words with its source.
FLOOR = 0.6
_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMON = frozenset(
    """
    the and for are was were been have has had you your yours our can may will would could should not this that
    these those there their they them then than with without within from into onto over under about after before
    when where which while who whom whose what why how also only just such each any all both either neither more
    most other some its it's his her him she one per via but too very here does did doing done being make made
    please need needs want take takes get gets got use uses used new let know if is
    """.split()
)


def stem(word: str) -> str:
    """Light folding of English endings: enough to let "withdrawals" meet "withdrawal", never across meanings."""
    for ending in ("ingly", "ings", "ing", "edly", "ied", "ies", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)] + ("y" if ending in {"ied", "ies"} else "")
    return word.removesuffix("e") if len(word) > 4 else word


def content_words(text: str) -> set[str]:
    return {stem(w) for w in _WORD.findall(text.casefold()) if w not in _COMMON}


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        said = content_words(sentence.text)
        source = content_words(reply.support_of(sentence))
        missing = said - source
        if said and len(said - missing) / len(said) < FLOOR:
            yield Finding(
                guard="supported",
                what="This does not stand in the source that the sentence names.",
                todo="Compare it with the source; rewrite it from there, or take it out.",
                sentence=i,
                words=sentence.text,
            )
