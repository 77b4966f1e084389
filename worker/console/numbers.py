"""The page of numbers, and each of them as a CSV. Counted by the ledger; what each means is said beside it on the page.

Read only, for everybody who is signed in: nothing here names a lead.
"""

from __future__ import annotations

from datetime import date, tzinfo
from typing import Any

from fastapi import FastAPI, Request, Response

from worker.console import charts, period
from worker.console.counted import Counted, count
from worker.console.page import Pages
from worker.console.sheets import csv_of, total
from worker.console.words import guard_words
from worker.ports import Ledger, Now
from worker.ports.figures import Fired, Kept, Middle
from worker.support.lessons import LIGHT_UP_TO

WAYS = (
    ("untouched", "sent untouched"),
    ("light", "lightly edited"),
    ("rewritten", "rewritten"),
    ("rejected", "rejected"),
)
CAME_OF = (("overruled", "overruled"), ("mended", "mended by an edit"), ("rejected", "draft rejected"))


def add_numbers(app: FastAPI, ledger: Ledger, pages: Pages, zone: tzinfo, now: Now) -> None:
    @app.get("/numbers")
    def numbers(request: Request, days: str = "") -> Response:
        counted = count(ledger.figures, period.last_days(period.chosen(days), now(), zone))
        return pages.show(request, "numbers.html", **_context(counted))

    @app.get("/numbers/{name}.csv")
    def download(request: Request, name: str, days: str = "") -> Response:
        counted = count(ledger.figures, period.last_days(period.chosen(days), now(), zone))
        sheet = counted.lessons() if name == "lessons" else counted.sheets().get(name)
        if sheet is None:
            return pages.note(request, "Not found", "There is no such table.", 404)
        file = f"deskhand-{sheet.name}-{counted.period.days[0]}-to-{counted.period.days[-1]}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(csv_of(sheet), media_type="text/csv; charset=utf-8", headers=headers)


def _context(counted: Counted) -> dict[str, Any]:
    sheets = counted.sheets()
    return {
        "choices": period.CHOICES,
        "period": counted.period,
        "light_up_to": f"{LIGHT_UP_TO:.0%}",
        "sheets": sheets,
        "flow": _flow(counted),
        "times": _times(counted),
        "kept": [(one, charts.pieces(_parts(one, WAYS))) for one in counted.kept],
        "kept_total": _sum(counted.kept),
        "ways": WAYS,
        "fired": [(one, guard_words(one.guard)[0], charts.pieces(_parts(one, CAME_OF))) for one in counted.fired],
        "came_of": CAME_OF,
        "groups": counted.groups,
        "questions": len(counted.questions),
        "questions_cut": counted.questions_cut,
        "first": counted.first,
        "first_alone": counted.first_alone,
        "first_reviewed": counted.first_reviewed,
        "review": counted.review,
        "lasting": lasting,
    }


def _flow(counted: Counted) -> list[tuple[charts.Columns, int, int]]:
    """Four pictures on one scale, since they are no parts of a whole; each with its sum and its most on one day."""
    sheet = counted.sheets()["days"]
    most = max((cell for row in sheet.rows for cell in row[1:] if isinstance(cell, int)), default=0)
    pictures = []
    for place, name in enumerate(sheet.columns[1:], 1):
        values = [cell if isinstance(cell := row[place], int) else 0 for row in sheet.rows]
        words = [f"{_day(day)}: {value}" for day, value in zip(counted.period.days, values, strict=True)]
        summary = f"{total(sheet.rows, place)} in {len(values)} days, at most {max(values)} on one day."
        pictures.append((charts.columns(name, summary, values, words, float(most)), sum(values), max(values)))
    return pictures


def _times(counted: Counted) -> list[charts.Columns]:
    shown = (("Time to the first reply", counted.first_by_day), ("Time for a review", counted.review_by_day))
    return [_of_times(f"{title}, median of each day", days, counted) for title, days in shown]


def _of_times(title: str, middles: list[Middle], counted: Counted) -> charts.Columns:
    words = [
        f"{_day(day)}: {lasting(middle.seconds)}, of {middle.n}" if middle.n else f"{_day(day)}: none"
        for day, middle in zip(counted.period.days, middles, strict=True)
    ]
    known = [middle.seconds for middle in middles if middle.seconds is not None]
    summary = f"Between {lasting(min(known))} and {lasting(max(known))}." if known else "None in this time."
    return charts.columns(title, summary, [middle.seconds for middle in middles], words)


def _parts(one: Kept | Fired, names: tuple[tuple[str, str], ...]) -> list[tuple[str, str, int]]:
    return [(name, said, int(getattr(one, name))) for name, said in names]


def _sum(rows: list[Kept]) -> Kept:
    names = [name for name in Kept.model_fields if name != "template_id"]
    return Kept(template_id="", **{name: sum(getattr(row, name) for row in rows) for name in names})


def _day(day: date) -> str:
    return f"{day:%a %d %b}"


def lasting(seconds: float | None) -> str:
    """ "42 s", "3 min", "2 h 10 min", "3 days 4 h": two units at most, for reading, not for reckoning."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    for size, name, rest_size, rest_name in ((86400, "days", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 0, "")):
        if whole >= size:
            rest = whole % size // rest_size if rest_size else 0
            head = f"{whole // size} {'day' if name == 'days' and whole // size == 1 else name}"
            return f"{head} {rest} {rest_name}" if rest else head
    return f"{whole} s"
