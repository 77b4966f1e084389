"""The days that a page of numbers is about: whole days of one time zone, the last of them today so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from worker.ports.figures import Span

CHOICES = (7, 28, 90)
USUAL = 28


@dataclass(frozen=True)
class Period:
    """`days` and, for each, its `spans`: from midnight to midnight there, be the day 23, 24 or 25 hours long."""

    days: tuple[date, ...]
    spans: tuple[Span, ...]
    zone: str

    @property
    def whole(self) -> Span:
        return self.spans[0][0], self.spans[-1][1]


def last_days(count: int, now: datetime, zone: tzinfo) -> Period:
    today = now.astimezone(zone).date()
    days = tuple(today - timedelta(days=back) for back in reversed(range(count)))
    return Period(
        days, tuple((_midnight(day, zone), _midnight(day + timedelta(days=1), zone)) for day in days), str(zone)
    )


def chosen(days: str) -> int:
    """What stands in the address, if it is one of CHOICES."""
    return int(days) if days in {str(choice) for choice in CHOICES} else USUAL


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
