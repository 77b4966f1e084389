"""Blind reviews: drafts that may have left already, judged as if they had not. Nothing leaves from here.

Some of them went out alone, others were decided on by a colleague; the page is the same for both, names no ticket
and no case, and its form ends in `Earning.judge`, which writes one row and sends nothing.
"""

from __future__ import annotations

import zlib

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from worker.console.access import Access
from worker.console.page import Pages
from worker.console.people import REVIEWER
from worker.intake.mailtext import read
from worker.models import Author, Draft, Outcome, Thread, Trace, Treatment
from worker.support.lessons import compare, share_changed, treatment
from worker.support.outgoing import cited
from worker.support.render import clean_html
from worker.support.review import typed_text
from worker.support.reviewdesk import ReviewDesk

WAITING = 50  # that are looked at; which of them somebody gets depends on who it is, so that two do not get the same


def add_second_look(app: FastAPI, access: Access, pages: Pages, desk: ReviewDesk) -> None:
    @app.get("/second-look", dependencies=[Depends(access.needs(REVIEWER))])
    def look(request: Request, done: str = "") -> Response:
        waiting = list(desk.ledger.earning.to_judge(WAITING))
        login = str(request.state.session.login)
        first = zlib.crc32(login.encode()) % len(waiting) if waiting else 0
        # Of some the texts are gone, at their writer's wish.
        there = ((one, _draft(desk, one.case_id, one.draft_id)) for one in (*waiting[first:], *waiting[:first]))
        shown = next((_shown(desk, one, *found) for one, found in there if found is not None), None)
        return pages.show(request, "second_look.html", shown=shown, waiting=len(waiting), done=done == "1")

    @app.post("/second-look", dependencies=[Depends(access.needs(REVIEWER))])
    def judge(request: Request) -> Response:
        form, user = request.state.form, request.state.session.login
        draft_id = form.get("draft_id", "")
        one = next((one for one in desk.ledger.earning.to_judge(10 * WAITING) if one.draft_id == draft_id), None)
        found = _draft(desk, one.case_id, draft_id) if one else None
        judged = False
        if found is not None:
            rejected = form.get("then") == "reject"
            made = Treatment.REJECTED if rejected else _treatment(desk, *found, form.get("text", ""))
            judged = desk.ledger.earning.judge(draft_id, made, user)
        if not judged:
            words = "A colleague was faster, or there is no such draft. Nothing was kept."
            return pages.note(request, "Judged already", words, 409, link="/second-look", link_text="The next one")
        return RedirectResponse("/second-look?done=1", 303)


def _draft(desk: ReviewDesk, case_id: str, draft_id: str) -> tuple[Draft, Trace, Thread] | None:
    thread = desk.ledger.cases.thread(case_id)
    drafts = {one: (draft, trace) for one, draft, trace in desk.ledger.cases.drafts(case_id)}
    return None if thread is None or draft_id not in drafts else (*drafts[draft_id], thread)


def _shown(desk: ReviewDesk, one: Outcome, draft: Draft, trace: Trace, thread: Thread) -> dict[str, object]:
    """What a lead needs to judge it, and nothing that says what became of it."""
    letter = desk.letter_for(thread, trace.identity)
    return {
        "draft_id": one.draft_id,
        "subject": thread.ticket.subject,
        "strength": trace.identity.strength if trace.identity else None,
        "segments": trace.reader.segments if trace.reader else (),
        "mails": [read(m.html, m.text) for m in thread.messages if m.public and m.author is Author.CUSTOMER],
        "letter": clean_html(draft.body_html, letter.link_hosts),
        "text": typed_text(draft, letter),
        "sources": cited(draft),
    }


def _treatment(desk: ReviewDesk, draft: Draft, trace: Trace, thread: Thread, text: str) -> Treatment:
    """As of a decision in the queue: by the share of words that were changed."""
    before = typed_text(draft, desk.letter_for(thread, trace.identity))
    return treatment(share_changed(compare(before, text)))
