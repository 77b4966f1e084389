"""What was promised to customers and is not done yet, by the day by which it is due; and the mark that it is done.

Promises come into the ledger when a reply has gone out (worker/support/keeping.py). Shown on the case too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, tzinfo

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from worker.console.access import Access
from worker.console.page import Pages
from worker.console.people import REVIEWER
from worker.models import MadePromise
from worker.ports import Ledger, Now

SHOWN = 50
ACTS = {
    "payment": "payment",
    "call": "call",
    "answer": "answer",
    "escalation": "passing it on",
    "check": "looking into it",
    "exception": "exception",
    "guarantee": "guarantee",
    "action": "something to do",
}


def in_words(made: MadePromise) -> str:
    """ "refund by 27 Nov (5 working days)"; the period only where it does not name the day itself."""
    act = "refund" if made.act == "payment" and re.search(r"\brefund", made.words, re.I) else ACTS[made.act]
    if made.due is None:
        return f"{act}, no day named" if not made.period else f"{act}, {made.period} after something else"
    counted = bool(re.search(r"\b(?:hours?|hrs?|days?|weeks?|months?)\b", made.period, re.I))
    return f"{act} by {on_day(made.due)}{f' ({made.period})' if counted else ''}"


def on_day(day: date) -> str:
    return f"{day.day} {day:%b}"


def of_ticket(ledger: Ledger, ticket_id: int) -> Sequence[tuple[MadePromise, str]]:
    """For the page of a case: every promise made on its ticket, each in words."""
    return [(made, in_words(made)) for made in ledger.promises.of_ticket(ticket_id)]


def add_promises(app: FastAPI, ledger: Ledger, access: Access, pages: Pages, zone: tzinfo, now: Now) -> None:
    @app.get("/promises")
    def promises(request: Request, page: str = "1") -> Response:
        total = ledger.promises.count_open()
        last = max(1, -(-total // SHOWN))
        number = min(int(page) if re.fullmatch(r"[1-9]\d{0,5}", page, re.ASCII) else 1, last)
        made = ledger.promises.open(SHOWN, (number - 1) * SHOWN)
        today = now().astimezone(zone).date()
        rows = [(one, in_words(one), _urgency(one, today)) for one in made]
        return pages.show(request, "promises.html", rows=rows, total=total, page=number, last_page=last)

    @app.post("/promises/{promise_id}/kept", dependencies=[Depends(access.needs(REVIEWER))])
    def kept(request: Request, promise_id: str) -> Response:
        if not ledger.promises.kept(promise_id, request.state.session.login):
            told = "This promise is not open: somebody has marked it as kept already, or it never was."
            where = {"link": "/promises", "link_text": "To the open promises"}
            return pages.note(request, "Not open", told, 404, **where)
        case_id = request.state.form.get("case", "")
        known = ledger.cases.get(case_id) if case_id else None
        return RedirectResponse(f"/cases/{known.case_id}#promised" if known else "/promises", 303)


def _urgency(made: MadePromise, today: date) -> str:
    if made.due is None or made.due > today:
        return ""
    return "today" if made.due == today else "overdue"
