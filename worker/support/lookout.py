"""Whether a text can hold what a pattern looks for, told before the pattern is asked: many patterns, few of them found.

Exact in one direction only: without any of a pattern's words there is no match. Used by the guards and promises.py.
"""

from __future__ import annotations

from collections.abc import Iterable


def small_letters(text: str) -> str:
    """The text in small letters as patterns without regard to case see it: to them, "İ" and "ı" are an "i"."""
    small = text.casefold()
    return small if text.isascii() else small.replace("i\u0307", "i").replace("ı", "i")


def has_any(small: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in a text in small letters, be it within another word."""
    return any(map(small.__contains__, words))
