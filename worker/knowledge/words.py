"""A text as BM25 reads it: lower case, without the words that every text has, each word cut to its stem.

Rows of the index and questions go through the same cut, so that "how are nominees added" finds "add a nominee". On
development data it found the right passage first for 42 instead of 39 of 100 questions by words alone. Called where
rows are made (knowledge/index.py) and where they are searched (support/seeking.py, searching.py); not for what people
read.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_COMMON = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with i my me we our you your do does did how what when where which who can could should would have "
    "has had from about am".split()
)
_ENDINGS = tuple(
    pair.split(":") for pair in "ies:y ied:y sses:ss xes:x ches:ch shes:sh zes:z ing: edly: ed: ly: s:".split()
)
_DOUBLING = {"ing", "ed"}


def content_words(text: str) -> list[str]:
    """The stems of the words that say something, in order, with repetitions."""
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON]


def searchable(text: str) -> str:
    """The same in one string; the text itself where it says nothing else, since a row without words is refused."""
    return " ".join(content_words(text)) or text


def sendable(text: str) -> str:
    """Without halves of characters that stand alone (lone surrogates): no model, no wire and no hash takes them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A light cut of English endings. What it leaves need not be a word; other languages lose little by it."""
    for ending, instead in _ENDINGS:
        left = len(word) - len(ending) + len(instead)
        if word.endswith(ending) and left >= (4 if ending == "ly" else 3) and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            if ending in _DOUBLING and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]  # "stopped", "stop"
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word
