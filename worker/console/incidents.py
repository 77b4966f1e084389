"""Incidents: topics whose automatic sending is paused, their tickets, and the one holding reply to all of them.

Everybody may look; reviewers write the holding reply, read its preview, send it, and let the brake go. What is sent is
committed by support/incident/holding.py and leaves through `deliver`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from worker.console.access import Access
from worker.console.page import Pages
from worker.console.people import REVIEWER
from worker.intake.mailtext.plain import visible
from worker.models import Brake
from worker.support.incident.holding import fault, fingerprint, members, preview, send, tickets
from worker.support.reviewdesk import ReviewDesk

SHOWN = 200  # tickets on the page; all that wait get the reply
PAST = 50
ON_CARD = 5


def add_incidents(app: FastAPI, access: Access, pages: Pages, desk: ReviewDesk) -> None:
    incidents = _Incidents(pages, desk)
    _add_pages(app, incidents)
    _add_acts(app, access, incidents)


class _Incidents:
    """An incident's page, for whatever was done to it."""

    def __init__(self, pages: Pages, desk: ReviewDesk) -> None:
        self.pages = pages
        self.desk = desk

    def found(self, brake_id: str) -> Brake | None:
        known = re.fullmatch(r"[1-9]\d{0,8}", brake_id, re.ASCII)
        return self.desk.ledger.incidents.get(int(brake_id)) if known else None

    def unknown(self, request: Request) -> Response:
        return self.pages.note(request, "Not found", "There is no such incident.", 404)

    def page(self, request: Request, brake: Brake, status: int = 200, **said: Any) -> Response:
        shown = _context(self.desk, brake) | _NOTHING | said | {"answers_form": request.method == "POST"}
        return self.pages.show(request, "incident.html", status, **shown)


def _add_pages(app: FastAPI, incidents: _Incidents) -> None:
    @app.get("/incidents")
    def listed(request: Request) -> Response:
        brakes = incidents.desk.ledger.incidents.since(datetime.fromtimestamp(0, UTC))[:PAST]
        return incidents.pages.show(request, "incidents.html", brakes=brakes)

    @app.get("/incidents/{brake_id}")
    def incident(request: Request, brake_id: str) -> Response:
        brake = incidents.found(brake_id)
        if brake is None:
            return incidents.unknown(request)
        return incidents.page(request, brake, text=brake.holding_text)


def _add_acts(app: FastAPI, access: Access, incidents: _Incidents) -> None:
    needs, desk = [Depends(access.needs(REVIEWER))], incidents.desk

    @app.post("/incidents/{brake_id}/preview", dependencies=needs)
    def read(request: Request, brake_id: str) -> Response:
        brake, text = incidents.found(brake_id), _text(request)
        if brake is None:
            return incidents.unknown(request)
        if wrong := fault(desk, text):
            return incidents.page(request, brake, 400, text=text, refused=wrong)
        letter = preview(desk, brake, text)
        if letter is None:
            return incidents.page(request, brake, 409, text=text, refused="Every ticket that waits has one already.")
        return incidents.page(request, brake, text=text, letter=letter.body_html, shown=fingerprint(text))

    @app.post("/incidents/{brake_id}/send", dependencies=needs)
    def to_all(request: Request, brake_id: str) -> Response:
        brake, text = incidents.found(brake_id), _text(request)
        if brake is None:
            return incidents.unknown(request)
        shown = request.state.form.get("shown", "")
        outcome = send(desk, brake, text, shown, request.state.session.login)
        said = "done" if outcome.done else "refused"
        return incidents.page(request, brake, 200 if outcome.done else 409, text=text, **{said: outcome.words})

    @app.post("/incidents/{brake_id}/let-go", dependencies=needs)
    def let_go(request: Request, brake_id: str) -> Response:
        brake = incidents.found(brake_id)
        if brake is None:
            return incidents.unknown(request)
        false_alarm = request.state.form.get("why") == "false alarm"
        desk.ledger.incidents.let_go(brake.brake_id, request.state.session.login, false_alarm=false_alarm)
        return RedirectResponse(f"/incidents/{brake.brake_id}", 303)


def cards(desk: ReviewDesk) -> list[dict[str, Any]]:
    """For the queue page: the brakes that are on, each with its newest tickets."""
    found = []
    for brake in desk.ledger.incidents.on():
        cases = members(desk, brake)
        people = len({one.person for one in cases})
        newest = list(dict.fromkeys(one.ticket_id for one in reversed(cases)))[:ON_CARD]
        found.append({"brake": brake, "people": people, "tickets": newest})
    return found


_NOTHING = {"text": "", "letter": "", "shown": "", "refused": "", "done": ""}


def _context(desk: ReviewDesk, brake: Brake) -> dict[str, Any]:
    found = tickets(desk, brake)
    return {
        "brake": desk.ledger.incidents.get(brake.brake_id) or brake,
        "tickets": found[:SHOWN],
        "total": len(found),
        "people": len({one.person for one in members(desk, brake)}),
        "waiting": len({one.case.ticket_id for one in found if one.waits}),
        "sent": len({one.case.ticket_id for one in found if one.has}),
    }


def _text(request: Request) -> str:
    return visible(str(request.state.form.get("text", ""))).replace("\r\n", "\n").strip()
