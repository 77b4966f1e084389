"""Durations, periods and times of day, each folded to one way of saying it: two weeks are 14 days, 48 hours 2 days, two
years 24 months, a quarter of an hour 15 minutes, and 6 p.m. is 18:00.

Not a guard itself: folds.py says in which order they are looked for. A month is no number of days, and a working day no
day; "9.30" is a time only where the words beside it say so.
"""

from __future__ import annotations

import re

from worker.lookout import small_letters
from worker.support.guard.numerals import COUNT, FEW, number

_UNIT = (
    r"working days?|business days?|calendar days?|calendar months?|working hours?|seconds?|secs?|minutes?|mins?|hours?"
    r"|hrs?|days?|weeks?|months?|years?|financial years?"
)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_HALF_OF = {"minute": "30 second", "hour": "30 minute", "year": "6 month"}
MOST = 8  # counts before the last two; any number of them would be looked through once more from each of them
RANGE = re.compile(
    rf"\b(?=[\d.zotfsendhm])((?:{COUNT}\s*,\s*){{0,{MOST}}}{COUNT}\s*,?\s*(?:-|–|to|or|and)\s*{COUNT})[\s-]+({_UNIT})\b",
    re.I,
)
_EACH = re.compile(COUNT, re.I)
DURATION = re.compile(rf"\b({COUNT})(?:[\s-]+|(?<=\d))({_UNIT})\b", re.I)
HALF = re.compile(r"\bhalf(?:(?:\s+an?|[\s-])\s*(minute|hour)|\s+an?\s+(year))\b", re.I)
AND_A_HALF = re.compile(
    rf"\b(?:({COUNT})\s+and\s+a\s+half\s+({_UNIT})|an?\s+(minute|hour|day|week|year)\s+and\s+a\s+half)\b", re.I
)
QUARTER_OF = re.compile(r"\b(?:a\s+|(three)(?:\s+|-))quarters?\s+of\s+an\s+hour\b", re.I)
FORTNIGHT = re.compile(rf"\b(?:({COUNT})[\s-]+|(?:an?|each|every|per)\s+)?fortnight(?:s|ly)?\b", re.I)
# Elsewhere "a week" says how often.
WITHIN_A = re.compile(r"\b(?:within|after)\s+(?P<said>an?\s+(minute|hour|week))\b(?!\s+(?:day|and))", re.I)
EVERY = re.compile(rf"\bevery\s+(?P<said>({COUNT})\s+({_UNIT}))\b", re.I)
QUARTERLY = re.compile(r"\b(?:every|each|per|once\s+a)\s+(?:calendar\s+)?quarter\b", re.I)
_PERIODS = {
    "1 hour": "hour",
    "1 day": "day",
    "7 day": "week",
    "1 month": "month",
    "3 month": "quarter",
    "12 month": "year",
}
_HALF_OF_DAY = r"(?:([ap])m\b|([ap])\.\s?m\b\.?)"
TIME = re.compile(
    rf"(?<![\w.:])(?<!\d,)(?:(\d{{1,2}})(?:[:.]([0-5]\d))?\s*{_HALF_OF_DAY}"
    r"|([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s*(?:hours|hrs|h)\b)?)",
    re.I,
)
_DOTTED = r"(?:[01]?\d|2[0-4])\.[0-5]\d"
_TO = r"\s*(?:to|and|until|till|-|–)\s*"
DOTTED = re.compile(rf"(?<![\w.,])({_DOTTED})(?![\w%]|[.,]\d)")
_ENDS_A_TIME = re.compile(rf"(?:\b(?:until|till|by|before)\s+|(?:[01]?\d|2[0-4])\.(?:00|15|30|45){_TO})$", re.I)
_GOES_ON = re.compile(rf"^{_TO}(?:[01]?\d|2[0-4])\.(?:00|15|30|45)(?![\w%]|[.,]\d)", re.I)
OCLOCK = re.compile(
    rf"\b(?:(\d{{1,2}}|{FEW})\s+(?:o['’]?clock(?:\s+(?:in\s+the\s+(morning|afternoon|evening)|at\s+(night)))?"
    r"|in\s+the\s+(morning|afternoon|evening)|at\s+(night)))\b",
    re.I,
)
NOON = re.compile(r"\b(?:(?:12|twelve)\s+)?(noon|midday|midnight)\b", re.I)


def duration(count: str, unit: str) -> str:
    """In the largest of days, hours, minutes and seconds that comes out even, or in months; "a financial year" is a
    certain one, though."""
    many, of = number(count), _unit(unit)
    if of not in (*_SECONDS, "year"):
        return f"{many} {of}"
    if of == "year":
        return f"{float(many) * 12:g} month"
    seconds = float(many) * _SECONDS[of]
    whole = next(
        name for name in ("day", "hour", "minute", "second") if name == "second" or not seconds % _SECONDS[name]
    )
    return f"{seconds / _SECONDS[whole]:.10g} {whole}"


def _unit(text: str) -> str:
    folded = re.sub(r"\s+", " ", small_letters(text)).rstrip("s").replace("business", "working")
    return {"min": "minute", "hr": "hour", "sec": "second"}.get(folded, folded)


def lasting(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("duration", duration(m.group(1), m.group(2)))]


def ranging(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("duration", duration(one, m.group(2))) for one in _EACH.findall(m.group(1))]


def half(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("duration", _HALF_OF[small_letters(m.group(1) or m.group(2))])]


def and_a_half(m: re.Match[str]) -> list[tuple[str, str]]:
    count, unit = (number(m.group(1)), m.group(2)) if m.group(1) else ("1", m.group(3))
    return [("duration", duration(f"{float(count) + 0.5:g}", unit))]


def quarter_of(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("duration", "45 minute" if m.group(1) else "15 minute")]


def fortnight(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("duration", duration(f"{float(number(m.group(1) or '1')) * 2:g}", "weeks"))]


def within_a(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("duration", duration("1", m.group(2)))]


def every(m: re.Match[str]) -> list[tuple[str, str]]:
    """A period where there is a word for it: "every 3 months" is "quarterly"."""
    long = duration(m.group(2), m.group(3))
    return [("period", _PERIODS[long]) if long in _PERIODS else ("duration", long)]


def clock(m: re.Match[str]) -> list[tuple[str, str]]:
    hour, minute = int(m.group(1) or m.group(5)), int(m.group(2) or m.group(6) or 0)
    return [_time(hour, minute, (m.group(3) or m.group(4) or "").lower())]


def dotted(m: re.Match[str]) -> list[tuple[str, str]]:
    """A time where it ends at something, or is one of two; else a number."""
    before, after = m.string[: m.start()], m.string[m.end() :]
    if _ENDS_A_TIME.search(before) or _GOES_ON.search(after):
        hour, _, minute = m.group(1).partition(".")
        return [_time(int(hour), int(minute), "")]
    return [("number", number(m.group(1)))]


def oclock(m: re.Match[str]) -> list[tuple[str, str]]:
    hour = number(m.group(1))
    part = small_letters(next((part for part in m.groups()[1:] if part), ""))
    late = part in ("afternoon", "evening") or (part == "night" and int(hour) >= 6)
    return [_time(int(hour), 0, "p" if late else "a" if part else "")]


def noon(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("time", "00:00" if small_letters(m.group(1)) == "midnight" else "12:00")]


def _time(hour: int, minute: int, half_of_day: str) -> tuple[str, str]:
    """`half_of_day`: "a", "p" or "" for hours that are counted to 24."""
    of_day = {"a": hour % 12, "p": hour % 12 + 12}.get(half_of_day, hour % 24)
    return "time", f"{of_day:02}:{minute:02}"
