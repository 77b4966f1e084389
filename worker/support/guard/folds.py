"""How amounts, percentages, durations, dates and the like are written, and to which value each notation is folded.

Not a guard itself: tokens.py looks for these in the order in which they stand here, and only where the text has what a
match of theirs needs, since most texts have few of them and looking for all everywhere takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_NUMBER = r"\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+"
_SMALL = (
    {
        word: str(i)
        for i, word in enumerate(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
            " seventeen eighteen nineteen".split()
        )
    }
    | {word: f"{i}0" for i, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
    | {"dozen": "12", "hundred": "100", "thousand": "1000", "million": "1000000"}
)
_PLACES = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = "|".join(list(_SMALL)[1:10])
_COUNT = rf"(?:{_NUMBER}|(?:{_TENS})[\s-](?:{_ONES})\b|{'|'.join(_SMALL)})"
_UNIT = (
    r"working days?|business days?|calendar days?|calendar months?|working hours?|seconds?|minutes?|mins?|hours?|hrs?"
    r"|days?|weeks?|months?|years?|financial years?"
)
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAY = r"Mondays?|Tuesdays?|Wednesdays?|Thursdays?|Fridays?|Saturdays?|Sundays?"
_RATE = (
    r"(?P<rate>\s*(?:p\.\s?a\.?|per\s+annum|annually|yearly|monthly|daily"
    r"|(?:per|a|each|every)\s+(?:calendar\s+|financial\s+)?(?:year|month|day|week))(?!\w))?"
)
_SCALE = {"lakh": 100_000, "lakhs": 100_000, "lac": 100_000, "crore": 10_000_000, "crores": 10_000_000, "k": 1000}

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]", re.I)
# Bounded, as the mail standards bound it: otherwise a line of 20,000 letters is walked through from each of them.
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_AMOUNT = re.compile(
    rf"(?:(?:rs\.?|re\.?(?=\s1\b)|inr|₹|rupees)\s*({_NUMBER})\s*(lakhs?|lac|crores?|k)?(?!\w)"
    rf"|\b({_NUMBER})\s*(lakhs?|lac|crores?)?\s*(?:rupees|inr)\b){_RATE}",
    re.I,
)
_PERCENT = re.compile(rf"({_NUMBER})\s*(?:%|per\s?cent\b|percent\b){_RATE}", re.I)
_RANGE = re.compile(
    rf"\b(?=[\d.zotfsendhm])((?:{_COUNT}\s*,\s*)*{_COUNT}\s*,?\s*(?:-|–|to|or|and)\s*{_COUNT})[\s-]+({_UNIT})\b", re.I
)
_EACH = re.compile(_COUNT, re.I)
_HALF_HOUR = re.compile(r"\bhalf(?:\s+an?|[\s-])\s*hour\b", re.I)
_DURATION = re.compile(rf"\b({_COUNT})(?:[\s-]+|(?<=\d))({_UNIT})\b", re.I)
# "A fortnight", "half of it", "doubled", "tomorrow": quantities and days that are written without a number.
_SHARE = re.compile(
    r"\b(half|halves|halved|quarters?|thirds|tenth|dozens|hundreds|thousands|lakhs?|crores?|twice|thrice|doubled?|doubles|tripled?|triples"
    r"|couple|hundredths?|(?:a\s+few|several)(?=\s+(?:working\s+|business\s+)?(?:minutes|hours|days|weeks|months)\b)|fortnights?|percent|per\s?cent|basis\s+points?|(?<=\d\s)(?:bps|p\.c\.))(?!\w)",
    re.I,
)
_RELATIVE = re.compile(
    r"\b(today|tonight|tomorrow|yesterday|(?:this|next|last)\s+(?:morning|afternoon|evening|night|week|month|year)"
    r"|right\s+away|immediately|instant(?:ly)?|at\s+once|in\s+no\s+time|overnight|noon|midnight|by\s+the\s+evening"
    r"|(?:the\s+)?(?:same|next|following)\s+(?:working\s+|business\s+)?day)\b",
    re.I,
)
# How often, or within which time, where no number tells it: "each month", "in a calendar year", "daily".
_PERIOD = re.compile(
    r"\b(?:a|per|each|every|same|whole|calendar|financial)\s+(day|week|month|quarter|year|lifetime)\b"
    r"|\b(hourly|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?)\b",
    re.I,
)
# "In one day" is how often, as "in a day" is; "within one day" is how long.
_ONE_DAY = re.compile(r"\bin\s+(?:any\s+one|one|a\s+single)\s+(day|month|year)\b", re.I)
_TIME = re.compile(r"\b(\d{1,2})[:.](\d{2})\s*(am|pm)?\b|\b(\d{1,2})\s*(am|pm)\b", re.I)
_DATE = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH})\b(?:\s+(\d{{4}}))?"
    rf"|\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?",
    re.I,
)
_ORDINAL = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)\b|\b((?a:{'|'.join(_PLACES[2:])}))\b", re.I)
_DAY_OF_WEEK = re.compile(rf"\b({_WEEKDAY})\b", re.I)
# "may" is a verb more often than a month, and "march" a walk: months alone count with a capital only.
_MONTH_ALONE = re.compile(
    r"\b(January|February|March|April|June|July|August|September|October|November|December)\b|(?<=\w )(May)\b"
)
_SPELLED = re.compile(
    rf"\b(?<!\bof\sthe\s)((?:{_TENS})[\s-](?:{_ONES})|{'|'.join(w for w in _SMALL if w not in ('zero', 'one'))})\b",
    re.I,
)
_PHONE = re.compile(r"(?<![\w,.])\+?\d(?:[\s-]?\d){8,13}(?!\w|[.,]\d)")
_PLAIN = re.compile(rf"(?<![\w.])({_NUMBER})(?![\w%])")
_LEFT = re.compile(r"(?<![\w.])\d[\w.,/:]*\w|(?<![\w.])\d")  # "21k", "1e3", "9/11": whatever else begins with a digit


def _number(text: str) -> str:
    first, _, second = re.sub(r"[\s-]+", " ", text.lower()).partition(" ")
    if second in _SMALL and first in _SMALL:
        return str(int(_SMALL[first]) + int(_SMALL[second]))
    plain = _SMALL.get(text.lower(), text.replace(",", ""))
    plain = f"0{plain}" if plain.startswith(".") else plain  # ".5 %" is half a percent, and no five
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _unit(text: str) -> str:
    folded = re.sub(r"\s+", " ", text.lower()).rstrip("s").replace("business", "working")
    return {"min": "minute", "hr": "hour"}.get(folded, folded)


def _duration(number: str, unit: str) -> str:
    """Years as months; "a financial year" is a certain one, though."""
    count, of = _number(number), _unit(unit)
    if of != "year" or not count[:1].isdigit():  # "n\u0131ne" is read as nine, and has no number here
        return f"{count} {of}"
    return f"{float(count) * 12:g} month"


def _amount(m: re.Match[str]) -> list[tuple[str, str]]:
    number, scale = (m.group(1), m.group(2)) if m.group(1) else (m.group(3), m.group(4))
    value = float(_number(number)) * _SCALE.get((scale or "").lower(), 1)
    return [("amount", f"{value:.2f}{_rate(m)}")]


def _rate(m: re.Match[str]) -> str:
    """ "/year" for "p.a.", "per annum", "a year"; "" for none."""
    words = (m["rate"] or "").casefold()
    periods = {
        "year": ("year", "p.", "annum", "annually"),
        "month": ("month",),
        "week": ("week",),
        "day": ("day", "daily"),
    }
    return next((f"/{period}" for period, forms in periods.items() if any(form in words for form in forms)), "")


def _ordinal(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("ordinal", m.group(1) or str(_PLACES.index(m.group(2).lower()) + 1))]


_AT_ONCE = ("right away", "immediately", "instantly", "at once", "in no time")


def _day(text: str) -> str:
    words = re.sub(r"\s+", " ", text.lower()).removeprefix("the ").replace("following", "next")
    if words.endswith(" day"):
        return "same day" if words.startswith("same") else "next day"
    return "at once" if words in _AT_ONCE else words


def _period(text: str) -> str:
    word = text.lower()
    return {"daily": "day", "hourly": "hour", "annually": "year", "annual": "year"}.get(word, word.removesuffix("ly"))


def _time(m: re.Match[str]) -> list[tuple[str, str]]:
    hour, minute = int(m.group(1) or m.group(4)), int(m.group(2) or 0)
    half = (m.group(3) or m.group(5) or "").lower()
    return [("time", f"{hour % 12 + 12 if half == 'pm' else hour % 12 if half == 'am' else hour:02}:{minute:02}")]


def _date(m: re.Match[str]) -> list[tuple[str, str]]:
    day, month, year = (m.group(1), m.group(2), m.group(3)) if m.group(1) else (m.group(5), m.group(4), m.group(6))
    return [("date", f"{int(day)} {month[:3].lower()}")] + ([("number", year)] if year else [])


class Fold(NamedTuple):
    """`needs`: of these a match has at least one, in small letters."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], list[tuple[str, str]]]
    needs: frozenset[str]


def _several(words: str) -> frozenset[str]:
    """Each word and its plural."""
    return frozenset(form for word in words.split() for form in (word, f"{word}s"))


ANY_DIGIT = "0"  # stands for all of them
_UNITS = _several("second minute min hour hr day week month year")
_MONTHS = frozenset(
    "jan january feb february mar march apr april may jun june jul july aug august sep sept september sepember oct"
    " october nov november dec december".split()
)
# What may begin or end within a word: there the needs are any part of the text.
ANYWHERE = (
    Fold(_URL, lambda m: [("link", m.group().lower().rstrip("/"))], frozenset({"http", "www."})),
    Fold(_EMAIL, lambda m: [("address", m.group().lower())], frozenset({"@"})),
    Fold(_AMOUNT, _amount, frozenset({"rs", "re", "inr", "₹", "rupees"})),
    Fold(_PERCENT, lambda m: [("percent", f"{_number(m.group(1))}{_rate(m)}")], frozenset({"%", "cent"})),
)
# Of the others they are whole words, and any digit.
FOLDS = (
    Fold(_HALF_HOUR, lambda m: [("duration", "30 minute")], frozenset({"half"})),
    Fold(_ONE_DAY, lambda m: [("period", m.group(1).lower())], frozenset({"one", "single"})),
    Fold(_RANGE, lambda m: [("duration", _duration(one, m.group(2))) for one in _EACH.findall(m.group(1))], _UNITS),
    Fold(_DURATION, lambda m: [("duration", _duration(m.group(1), m.group(2)))], _UNITS),
    Fold(_DATE, _date, _MONTHS),
    Fold(_TIME, _time, frozenset({ANY_DIGIT})),
    Fold(_ORDINAL, _ordinal, frozenset({ANY_DIGIT, *_PLACES[2:]})),
    Fold(_PHONE, lambda m: [("phone", re.sub(r"\D", "", m.group())[-10:])], frozenset({ANY_DIGIT})),
    Fold(_PLAIN, lambda m: [("number", _number(m.group(1)))], frozenset({ANY_DIGIT})),
    Fold(_SPELLED, lambda m: [("number", _number(m.group(1)))], frozenset(_SMALL)),
    Fold(
        _SHARE,
        lambda m: [("share", re.sub(r"\s+", " ", m.group(1).lower()).rstrip("s"))],
        _several("quarter third dozen hundred thousand lakh crore hundredth fortnight double")
        | frozenset(
            "half halves halved tenth twice thrice doubled triple tripled triples couple few several percent cent"
            " basis bps p".split()
        ),
    ),
    Fold(
        _RELATIVE,
        lambda m: [("day", _day(m.group(1)))],
        frozenset(
            "today tonight tomorrow yesterday morning afternoon evening night week month year away immediately instant"
            " instantly once time overnight noon midnight day".split()
        ),
    ),
    Fold(
        _PERIOD,
        lambda m: [("period", _period(m.group(1) or m.group(2)))],
        frozenset(
            "day week month quarter year lifetime hourly daily weekly monthly quarterly yearly annual annually".split()
        ),
    ),
    Fold(_LEFT, lambda m: [("number", m.group().lower())], frozenset({ANY_DIGIT})),
    Fold(
        _DAY_OF_WEEK,
        lambda m: [("weekday", m.group(1).lower().rstrip("s"))],
        _several("monday tuesday wednesday thursday friday saturday sunday"),
    ),
    Fold(_MONTH_ALONE, lambda m: [("month", m.group().lower()[:3])], _MONTHS),
)
