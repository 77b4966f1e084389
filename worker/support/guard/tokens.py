"""The hard tokens of a text: amounts, percentages, durations, dates, times, numbers, links, addresses, phones, names.

Not a guard itself: `exact` compares what a sentence says with what its source says. Notations are folded, meanings are
not: "Rs 1,00,000", "₹1,00,000" and "Rs 1 lakh" are one amount; "5 days" and "5 working days" are two durations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple


class Token(NamedTuple):
    """`kind` and folded `value` are compared; `words` is how it stands in the text, for marking it."""

    kind: str
    value: str
    words: str


_NUMBER = r"\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SMALL = {
    word: str(i)
    for i, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
        ]
    )
} | {"twenty": "20", "thirty": "30", "sixty": "60", "ninety": "90"}
_COUNT = rf"(?:{_NUMBER}|{'|'.join(_SMALL)})"
_UNIT = (
    r"working days?|business days?|calendar days?|calendar months?|working hours?|seconds?|minutes?|mins?|hours?|hrs?"
    r"|days?|weeks?|months?|years?|financial years?"
)
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_SCALE = {"lakh": 100_000, "lakhs": 100_000, "lac": 100_000, "crore": 10_000_000, "crores": 10_000_000, "k": 1000}

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]", re.I)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_AMOUNT = re.compile(
    rf"(?:(?:rs\.?|inr|₹|rupees)\s*({_NUMBER})\s*(lakhs?|lac|crores?|k)?\b"
    rf"|\b({_NUMBER})\s*(lakhs?|lac|crores?)?\s*(?:rupees|inr)\b)",
    re.I,
)
_PERCENT = re.compile(rf"({_NUMBER})\s*(?:%|per\s?cent\b|percent\b)", re.I)
_RANGE = re.compile(rf"\b({_COUNT})\s*(?:-|–|to|or|and)\s*({_COUNT})[\s-]+({_UNIT})\b", re.I)
_DURATION = re.compile(rf"\b({_COUNT})[\s-]+({_UNIT})\b", re.I)
_TIME = re.compile(r"\b(\d{1,2})[:.](\d{2})\s*(am|pm)?\b|\b(\d{1,2})\s*(am|pm)\b", re.I)
_DATE = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH})\b(?:\s+(\d{{4}}))?"
    rf"|\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?",
    re.I,
)
_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b", re.I)
_PHONE = re.compile(r"(?<![\w,.])\+?\d(?:[\s-]?\d){8,13}(?![\w,]|\.\d)")
_PLAIN = re.compile(rf"(?<![\w.])({_NUMBER})(?![\w%])")


def tokens(text: str, names: Sequence[str] = ()) -> list[Token]:
    """The hard tokens of `text`, each character used once, in no particular order."""
    found: list[Token] = []
    rest = text
    for pattern, fold in _FOLDS:
        for match in pattern.finditer(rest):
            found += [Token(kind, value, match.group().strip()) for kind, value in fold(match)]
        rest = pattern.sub(lambda m: " " * len(m.group()), rest)
    for name in sorted(names, key=len, reverse=True):
        pattern = _named(name)
        found += [Token("name", name, name) for _ in pattern.finditer(rest)]
        rest = pattern.sub(lambda m: " " * len(m.group()), rest)
    return found


@cache
def _named(name: str) -> re.Pattern[str]:
    """How customers write a product's name: "IM+" also as "im+", "IM +", "IM Plus" or "im-plus". A short plain name
    counts in small letters only after a word such as "from", since "im" is most often "I am"."""
    if name.endswith("+"):
        stem = re.escape(name[:-1])
        return re.compile(rf"(?<!\w)(?:{stem})(?:\s?\+|[\s-]?plus\b)(?!\+)", re.I)
    small = re.escape(name.lower())
    return re.compile(
        rf"(?<![\w+]){re.escape(name)}(?![\w+])"
        rf"|(?<=\b(?:in|on|of|to|my) ){small}(?![\w+'’])|(?<=\b(?:the|for) ){small}(?![\w+'’])"
        rf"|(?<=\b(?:from|into) ){small}(?![\w+'’])"
    )


def _number(text: str) -> str:
    plain = _SMALL.get(text.lower(), text.replace(",", ""))
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _unit(text: str) -> str:
    folded = re.sub(r"\s+", " ", text.lower()).rstrip("s").replace("business", "working")
    return {"min": "minute", "hr": "hour"}.get(folded, folded)


def _amount(m: re.Match[str]) -> list[tuple[str, str]]:
    number, scale = (m.group(1), m.group(2)) if m.group(1) else (m.group(3), m.group(4))
    value = float(_number(number)) * _SCALE.get((scale or "").lower(), 1)
    return [("amount", f"{value:.2f}")]


def _time(m: re.Match[str]) -> list[tuple[str, str]]:
    hour, minute = int(m.group(1) or m.group(4)), int(m.group(2) or 0)
    half = (m.group(3) or m.group(5) or "").lower()
    return [("time", f"{hour % 12 + 12 if half == 'pm' else hour % 12 if half == 'am' else hour:02}:{minute:02}")]


def _date(m: re.Match[str]) -> list[tuple[str, str]]:
    day, month, year = (m.group(1), m.group(2), m.group(3)) if m.group(1) else (m.group(5), m.group(4), m.group(6))
    return [("date", f"{int(day)} {month[:3].lower()}")] + ([("number", year)] if year else [])


_FOLDS = (
    (_URL, lambda m: [("link", m.group().lower().rstrip("/"))]),
    (_EMAIL, lambda m: [("address", m.group().lower())]),
    (_AMOUNT, _amount),
    (_PERCENT, lambda m: [("percent", _number(m.group(1)))]),
    (_RANGE, lambda m: [("duration", f"{_number(m.group(i))} {_unit(m.group(3))}") for i in (1, 2)]),
    (_DURATION, lambda m: [("duration", f"{_number(m.group(1))} {_unit(m.group(2))}")]),
    (_DATE, _date),
    (_TIME, _time),
    (_ORDINAL, lambda m: [("ordinal", m.group(1))]),
    (_PHONE, lambda m: [("phone", re.sub(r"\D", "", m.group())[-10:])]),
    (_PLAIN, lambda m: [("number", _number(m.group(1)))]),
)
