"""How amounts, percentages, durations, dates and the like are written, and to which value each notation is folded.

Not a guard itself: tokens.py looks for these in the order in which they stand here, and only where the text has what a
match of theirs needs, since most texts have few of them and looking for all everywhere takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from worker.support.guard import amounts, clock
from worker.support.guard.numerals import NUMBER, ONES, SMALL, TENS, number, several

_PLACES = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAY = r"Mondays?|Tuesdays?|Wednesdays?|Thursdays?|Fridays?|Saturdays?|Sundays?"
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]", re.I)
# Bounded, as the mail standards bound it: otherwise a line of 20,000 letters is walked through from each of them.
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
# "Dozens", "half of it", "doubled", "tomorrow": quantities and days that are written without a number.
_SHARE = re.compile(
    r"\b(half|halves|halved|quarters?|thirds|tenth|dozens|hundreds|thousands|lakhs?|crores?|twice|thrice|doubled?|doubles|tripled?|triples"
    r"|couple|hundredths?|(?:a\s+few|several)(?=\s+(?:working\s+|business\s+)?(?:minutes|hours|days|weeks|months)\b)|percent|per\s?cent|basis\s+points?|(?<=\d\s)(?:bps|p\.c\.))(?!\w)",
    re.I,
)
_RELATIVE = re.compile(
    r"\b(today|tonight|tomorrow|yesterday|(?:this|next|last)\s+(?:morning|afternoon|evening|night|week|month|year)"
    r"|right\s+away|immediately|instant(?:ly)?|at\s+once|in\s+no\s+time|overnight|by\s+the\s+evening"
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
# "Made on the 2nd may not be done by the 5th": no month, where a verb follows.
_MAY_DO = (
    r"(?!(?-i:may)\s+(?!(?:and|or|at|to|for|in|on|from|by|till|until|but|i|we|you|he|she|it|they|my|the|this|that|as|with"
    r"|which|when|is|was|has|had|did|last|around|about|after|before|since)\b)(?-i:[a-z]))"
)
_DATE = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+{_MAY_DO}({_MONTH})\b(?:\s+(\d{{4}}))?"
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
    rf"\b(?<!\bof\sthe\s)((?:{TENS})[\s-](?:{ONES})|{'|'.join(w for w in SMALL if w not in ('zero', 'one'))})\b",
    re.I,
)
_PHONE = re.compile(r"(?<![\w,.])\+?\d(?:[\s-]?\d){8,13}(?!\w|[.,]\d)")
_PLAIN = re.compile(rf"(?<![\w.])({NUMBER})(?![\w%])")
_LEFT = re.compile(r"(?<![\w.])\d[\w.,/:]*\w|(?<![\w.])\d")  # "21k", "1e3", "9/11": whatever else begins with a digit


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


def _date(m: re.Match[str]) -> list[tuple[str, str]]:
    day, month, year = (m.group(1), m.group(2), m.group(3)) if m.group(1) else (m.group(5), m.group(4), m.group(6))
    return [("date", f"{int(day)} {month[:3].lower()}")] + ([("number", year)] if year else [])


class Fold(NamedTuple):
    """`needs`: of these a match has at least one, in small letters."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], list[tuple[str, str]]]
    needs: frozenset[str]


ANY_DIGIT = "0"  # stands for all of them
_UNITS = several("second sec minute min hour hr day week month year")
_MONTHS = frozenset(
    "jan january feb february mar march apr april may jun june jul july aug august sep sept september sepember oct"
    " october nov november dec december".split()
)
# What may begin or end within a word: there the needs are any part of the text.
ANYWHERE = (
    Fold(_URL, lambda m: [("link", m.group().lower().rstrip("/"))], frozenset({"http", "www."})),
    Fold(_EMAIL, lambda m: [("address", m.group().lower())], frozenset({"@"})),
    Fold(amounts.AMOUNT, amounts.amount, amounts.MONEY),
    Fold(amounts.PERCENT, amounts.percent, frozenset({"%", "cent"})),
)
# Of the others they are whole words, and any digit.
FOLDS = (
    Fold(clock.TIME, clock.clock, frozenset({ANY_DIGIT})),
    Fold(clock.NOON, clock.noon, frozenset({"noon", "midday", "midnight"})),
    Fold(clock.OCLOCK, clock.oclock, frozenset({"o", "oclock", "morning", "afternoon", "evening", "night"})),
    Fold(amounts.MEASURE, amounts.measure, amounts.MEASURES),
    Fold(clock.AND_A_HALF, clock.and_a_half, frozenset({"half"})),
    Fold(clock.HALF, clock.half, frozenset({"half"})),
    Fold(clock.QUARTER_OF, clock.quarter_of, frozenset({"quarter", "quarters"})),
    Fold(clock.FORTNIGHT, clock.fortnight, frozenset({"fortnight", "fortnights", "fortnightly"})),
    Fold(clock.EVERY, clock.every, frozenset({"every"})),
    Fold(clock.QUARTERLY, lambda m: [("period", "quarter")], frozenset({"quarter"})),
    Fold(clock.WITHIN_A, clock.within_a, frozenset({"within", "after"})),
    Fold(_ONE_DAY, lambda m: [("period", m.group(1).lower())], frozenset({"one", "single"})),
    Fold(clock.RANGE, clock.ranging, _UNITS),
    Fold(clock.DURATION, clock.lasting, _UNITS),
    Fold(_DATE, _date, _MONTHS),
    Fold(clock.DOTTED, clock.dotted, frozenset({ANY_DIGIT})),
    Fold(_ORDINAL, _ordinal, frozenset({ANY_DIGIT, *_PLACES[2:]})),
    Fold(_PHONE, lambda m: [("phone", re.sub(r"\D", "", m.group())[-10:])], frozenset({ANY_DIGIT})),
    Fold(_PLAIN, lambda m: [("number", number(m.group(1)))], frozenset({ANY_DIGIT})),
    Fold(_SPELLED, lambda m: [("number", number(m.group(1)))], frozenset(SMALL)),
    Fold(
        _SHARE,
        lambda m: [("share", re.sub(r"\s+", " ", m.group(1).lower()).rstrip("s"))],
        several("quarter third dozen hundred thousand lakh crore hundredth double")
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
            " instantly once time overnight day".split()
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
        several("monday tuesday wednesday thursday friday saturday sunday"),
    ),
    Fold(_MONTH_ALONE, lambda m: [("month", m.group().lower()[:3])], _MONTHS),
)
