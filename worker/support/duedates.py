"""By when a promise is to be kept: "within 5 working days", "by Friday", "by 27 November", "tomorrow" as a day.

Working days are those of rules/guards.yaml. Pure: the day on which it was said is given. Called by keeping.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta

_COUNTS = {w: n for n, w in enumerate("a one two three four five six seven eight nine ten eleven twelve".split())} | {
    "a": 1,
    "an": 1,
    "fifteen": 15,
    "thirty": 30,
}
_COUNT = rf"(?:\d{{1,3}}|(?a:{'|'.join(_COUNTS)}))"  # in plain letters alone: no "f\u0131ve"
_PERIOD = re.compile(
    rf"\b(?:(?P<low>{_COUNT})\s*(?:-|–|to|or)\s*)?(?P<count>{_COUNT})[\s-]+(?P<working>(?:working|business)\s+)?"
    r"(?:calendar\s+)?(?P<unit>hour|hr|day|week|month)s?\b",
    re.I,
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = re.compile(rf"\b(?P<next>next\s+)?(?P<day>(?a:{'|'.join(_WEEKDAYS)}))\b", re.I)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month{0}>(?a:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec))[a-z]*"
_DATE = re.compile(
    rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH.format(1)}\b(?:,?\s+(?P<y1>\d{{4}}))?"
    rf"|\b{_MONTH.format(2)}\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y2>\d{{4}}))?"
    r"|\b(?P<d3>\d{1,2})[./-](?P<m3>\d{1,2})[./-](?P<y3>\d{4})\b|\b(?P<y4>\d{4})-(?P<m4>\d\d)-(?P<d4>\d\d)\b",
    re.I,
)
_NEAR = re.compile(
    r"\b(?P<today>today|tonight|end\s+of\s+(?:the\s+)?day|eod)\b|\b(?P<tomorrow>tomorrow)\b"
    r"|\b(?P<week>(?:end\s+of\s+)?(?:this|the)\s+week)\b|\b(?P<next>next\s+week)\b|\b(?P<month>end\s+of\s+(?:this|the)\s+month)\b",
    re.I,
)


def due(sentence: str, said: date, holidays: Collection[date] = ()) -> tuple[date | None, str]:
    """(the day by which, how the sentence says it); (None, "") where it names no time. The first time that it names."""
    found = [
        (match.start(), reader(match, said, holidays), match.group())
        for pattern, reader in ((_PERIOD, _after), (_DATE, _on), (_WEEKDAY, _weekday), (_NEAR, _near))
        if (match := pattern.search(sentence))
    ]
    named = [(place, day, words) for place, day, words in found if day is not None]
    if not named:
        return None, ""
    _, day, words = min(named, key=lambda one: one[0])
    return day, " ".join(words.split())


def working_days_after(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """`count` working days after `day`, which itself does not count; for 0 the next one that is not before it."""
    while not works(day, holidays):
        day += timedelta(days=1)
    for _ in range(count):
        day += timedelta(days=1)
        while not works(day, holidays):
            day += timedelta(days=1)
    return day


def works(day: date, holidays: Collection[date] = ()) -> bool:
    """Monday to Friday, except holidays."""
    return day.weekday() < 5 and day not in holidays


def _after(match: re.Match[str], said: date, holidays: Collection[date]) -> date | None:
    words = match["count"].lower()
    count = int(words) if words.isdigit() else _COUNTS[words]
    unit, working = match["unit"].lower(), bool(match["working"])
    if unit in ("hour", "hr"):
        # Eight working hours make a day; the rest of one may be today.
        return working_days_after(said, count // 8, holidays) if working else said + timedelta(days=count // 24)
    if unit == "month":
        return _months_after(said, count)
    days = count * (7 if unit == "week" else 1)
    return working_days_after(said, days, holidays) if working else said + timedelta(days=days)


def _months_after(said: date, count: int) -> date:
    year, month = divmod(said.year * 12 + said.month - 1 + count, 12)
    return _day(year, month + 1, said.day) or date(year, month + 1, 28)


def _on(match: re.Match[str], said: date, _: Collection[date]) -> date | None:
    if match["y3"] or match["y4"]:
        numbers = (match["y3"], match["m3"], match["d3"]) if match["y3"] else (match["y4"], match["m4"], match["d4"])
        return _day(*(int(number) for number in numbers))
    written = (
        (match["d1"], match["month1"], match["y1"]) if match["d1"] else (match["d2"], match["month2"], match["y2"])
    )
    day, month, year = int(written[0]), _MONTHS.index(written[1][:3].lower()) + 1, written[2]
    here = _day(int(year) if year else said.year, month, day)
    return _day(said.year + 1, month, day) if here and not year and here < said else here


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _weekday(match: re.Match[str], said: date, _: Collection[date]) -> date:
    ahead = (_WEEKDAYS.index(match["day"].lower()) - said.weekday() - 1) % 7 + 1
    in_this_week = said.weekday() + ahead < 7
    return said + timedelta(days=ahead + (7 if match["next"] and in_this_week else 0))


def _near(match: re.Match[str], said: date, holidays: Collection[date]) -> date:
    ends = {
        "today": said,
        "tomorrow": said + timedelta(days=1),
        "week": said + timedelta(days=max(4 - said.weekday(), 0)),
        "next": said + timedelta(days=11 - said.weekday()),
        "month": _months_after(said.replace(day=1), 1) - timedelta(days=1),
    }
    return ends[match.lastgroup or "today"]
