"""The page of one case, and what a lead does there. The decisions themselves are worker/support/review.py."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from worker.console import view
from worker.console.access import Access
from worker.console.page import Pages
from worker.console.people import REVIEWER
from worker.models import Status, Trace
from worker.support import review
from worker.support.review import Current, Outcome, ReviewDesk

SAVED = {"edited": "Saved. Read it once more, then approve it.", "redraft": "Another draft was asked for."}


def add_case(app: FastAPI, desk: ReviewDesk, access: Access, pages: Pages, freshdesk_url: str) -> None:
    reviewers = [Depends(access.needs(REVIEWER))]

    @app.get("/cases/{case_id}")
    def case_page(request: Request, case_id: str, done: str = "") -> Response:
        context = case_context(desk, case_id)
        if context is None:
            return pages.note(request, "Not found", "There is no such case.", 404)
        _note_opening(desk, context, request)
        context["ticket_link"] = f"{freshdesk_url}/a/tickets/{context['case'].ticket_id}" if freshdesk_url else ""
        return pages.show(request, "case.html", done=SAVED.get(done, ""), shadow=desk.policy.shadow, **context)

    @app.post("/cases/{case_id}/approve", dependencies=reviewers)
    def approve(request: Request, case_id: str) -> Response:
        form, login = request.state.form, request.state.session.login
        outcome = review.approve(desk, case_id, form.get("draft_id", ""), form.get("body_hash", ""), login)
        return _answer(request, case_id, outcome, "/?done=approved")

    @app.post("/cases/{case_id}/edit", dependencies=reviewers)
    def edit(request: Request, case_id: str) -> Response:
        form = request.state.form
        outcome = review.edit(
            desk, case_id, form.get("draft_id", ""), form.get("text", ""), request.state.session.login
        )
        return _answer(request, case_id, outcome, f"/cases/{case_id}?done=edited")

    @app.post("/cases/{case_id}/reject", dependencies=reviewers)
    def reject(request: Request, case_id: str) -> Response:
        form = request.state.form
        outcome = review.reject(
            desk, case_id, form.get("draft_id", ""), form.get("reason", ""), request.state.session.login
        )
        return _answer(request, case_id, outcome, "/?done=rejected")

    @app.post("/cases/{case_id}/redraft", dependencies=reviewers)
    def redraft(request: Request, case_id: str) -> Response:
        hint = request.state.form.get("hint", "")[:500]
        outcome = review.redraft(desk, case_id, hint, request.state.session.login)
        return _answer(request, case_id, outcome, "/?done=redraft")

    def _answer(request: Request, case_id: str, outcome: Outcome, onward: str) -> Response:
        if outcome.done:
            return RedirectResponse(onward, 303)
        if desk.ledger.cases.get(case_id) is None:
            return pages.note(request, "Not found", "There is no such case.", 404)
        typed = request.state.form.get("text") or request.state.form.get("reason") or request.state.form.get("hint")
        where = {"link": f"/cases/{case_id}", "link_text": "Look at the case", "typed": typed or ""}
        return pages.note(request, "Not done", outcome.words, 409, **where)


def _note_opening(desk: ReviewDesk, context: dict[str, Any], request: Request) -> None:
    """From here on a review takes its time."""
    if context["held"] and request.state.session.may(REVIEWER):
        review.opened(desk, context["case"].case_id, request.state.session.login)


def case_context(desk: ReviewDesk, case_id: str) -> dict[str, Any] | None:
    """Everything that case.html shows; None for an unknown case."""
    cases = desk.ledger.cases
    case = cases.get(case_id)
    if case is None:
        return None
    thread = cases.thread(case_id)
    now = review.current(desk, case_id)
    drafts = cases.drafts(case_id)
    return {
        "case": case,
        "held": case.status is Status.HELD and now is not None,
        "thread": view.thread_view(thread, case.message_key) if thread else (),
        "requester": thread.ticket.requester if thread else None,
        "moves": cases.moves(case_id),
        "sends": desk.ledger.sends.of_case(case_id),
        "earlier": drafts[:-1],
        "changes": view.changes(drafts),
        "now": now,
        **(_draft_context(now) if now else {"trace": Trace()}),
    }


def _draft_context(now: Current) -> dict[str, Any]:
    draft = now.draft
    return {
        "trace": now.trace,
        "letter": view.letter_html(draft, now.letter.link_hosts),
        "typed_text": review.typed_text(draft, now.letter),
        "unsendable": review.unsendable(draft, now.letter),
        "by_person": review.by_person(draft),
        "answers": view.answers(draft),
        "cited": view.cited_numbers(draft),
        "is_record": view.is_record,
        "greeting": now.letter.greeting,
        "sign_off": now.letter.sign_off,
    }
