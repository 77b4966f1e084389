"""What an open page asks for by itself: counts for the queue, news for a case, the preview of an edit. All JSON.

Pages work without it; it keeps them true while somebody reads. Called by the scripts in static/.
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from worker.console import view
from worker.console.access import Access
from worker.console.case import PRESENT, Cases
from worker.console.letter import letter_html
from worker.console.people import REVIEWER
from worker.console.scrap import scrap_of
from worker.console.sieve import chosen
from worker.models import Case, Status
from worker.support import fresh, review
from worker.support.reviewdesk import ReviewDesk

TOLD = 50  # findings of an edit that is being typed; a page with a thousand would come late and help nobody
ASK_AGAIN = 45.0  # seconds between two looks at the ticket while its page is open


def add_watching(app: FastAPI, access: Access, cases: Cases) -> None:
    desk = cases.desk

    @app.get("/counts")
    def counts(request: Request) -> Response:
        """By folder, and how many of the drafts that were chosen came to wait after `since`, when the page was made."""
        params = dict(request.query_params)
        choice, since = chosen(params, request.state.session.login), _seconds(params.get("since", ""))
        new = desk.ledger.reviews.held_count(choice.sieve, since=since) if since is not None else 0
        by_status = {str(name): number for name, number in desk.ledger.cases.counts().items()}
        return JSONResponse({"counts": by_status, "new": new})

    @app.post("/cases/{case_id}/watch")
    def watch(request: Request, case_id: str) -> Response:
        form = request.state.form
        case, login = desk.ledger.cases.get(case_id), request.state.session.login
        if case is None:
            return JSONResponse({"detail": "no such case"}, 404)
        others = desk.ledger.reviews.look(case_id, login, PRESENT)
        trusted = fresh.TRUSTED if form.get("first") else ASK_AGAIN
        told = news(desk, case_id, form.get("draft_id", ""), trusted)
        if "kept" in request.query_params:  # the page shows it as hers
            told["words"] = f"{_taken_from(case, login)} {told['words']}".strip()
        return JSONResponse({"others": list(others), "minder": case.minder, **told})

    @app.post("/cases/{case_id}/preview", dependencies=[Depends(access.needs(REVIEWER))])
    def preview(request: Request, case_id: str) -> Response:
        if desk.ledger.cases.get(case_id) is None:
            return JSONResponse({"detail": "no such case"}, 404)
        text = request.state.form.get("text", "")
        made = review.preview(desk, case_id, text, request.state.session.login)
        if made is None:
            too_long = review.longer_than_a_reply(text)
            return JSONResponse({"hash": "", "page": "", **({"words": too_long} if too_long else {})})
        page = cases.pages.part(
            "preview.html",
            letter=letter_html(made.draft, made.letter.link_hosts, "preview-"),
            findings=made.draft.findings[:TOLD],
            more=max(0, len(made.draft.findings) - TOLD),
            sentences=view.sentences_of(made.draft),
            unsendable=review.unsendable(made.draft, made.letter),
            scrap=scrap_of(made),
            answers=view.answers(made.draft),
            is_record=view.is_record,
        )
        return JSONResponse({"hash": made.draft.body_hash, "page": page})


def _taken_from(case: Case, login: str) -> str:
    """What the lead is told who kept that draft until a colleague took it."""
    gone = case.status is Status.HELD and case.minder not in ("", login)
    return f"{case.minder} has taken this draft." if gone else ""


def _seconds(since: str) -> float | None:
    return float(since) if re.fullmatch(r"\d{1,12}(?:\.\d{1,12})?", since, re.ASCII) else None


def news(desk: ReviewDesk, case_id: str, draft_id: str, trusted: float) -> dict[str, Any]:
    """What the reader of a draft does not know yet. `over`: it cannot be sent any more; `overtaken`: because of its
    ticket, so that it may be put away; `reload`: there is something else to see at this address; `despite`: what an
    approval must name that is given all the same."""
    quiet = {"words": "", "over": False, "overtaken": False, "reload": False, "despite": ""}
    now = review.current(desk, case_id)
    if now is None or not draft_id:
        return quiet
    if now.case.status is not Status.HELD or now.draft_id != draft_id:
        return quiet | {"words": review.what_happened(desk.ledger, case_id), "over": True, "reload": True}
    if reason := fresh.overtaken(desk, now.case, trusted):
        return quiet | {"words": fresh.why_not(reason), "over": True, "overtaken": not fresh.wants_another(reason)}
    if changed := fresh.changed_sources(desk, now.draft):
        words = f"{fresh.titles(changed)} changed since this draft was written. Ask for another draft, or edit it."
        return quiet | {"words": words, "despite": fresh.fingerprint(changed)}
    return quiet
