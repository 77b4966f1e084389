"""The words of a text that carry its content, folded so that "withdrawals" meets "withdrawal". Not a guard itself."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]{3,}")
_LAST = ("g", "d", "s", "y")  # what an ending ends with
COMMON = frozenset(
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
    if word[-1:] not in _LAST:
        return word.removesuffix("e") if len(word) > 4 else word
    for ending in ("ingly", "ings", "ing", "edly", "ied", "ies", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)] + ("y" if ending in {"ied", "ies"} else "")
    return word.removesuffix("e") if len(word) > 4 else word


def content_words(text: str) -> set[str]:
    return {stem(w) for w in _WORD.findall(text.casefold()) if w not in COMMON}
