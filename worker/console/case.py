"""The page of one case: everything that it shows, read in one go. Decisions are in deciding.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request, Response

from worker.console import promises, related, told, view
from worker.console.flash import toast
from worker.console.letter import letter_html
from worker.console.page import Pages
from worker.console.people import REVIEWER
from worker.console.scrap import scrap_of
from worker.console.sieve import Chosen, chosen, chosen_in
from worker.models import Status, Trace
from worker.support import fresh, review
from worker.support.reviewdesk import Current, ReviewDesk

PRESENT = timedelta(seconds=30)  # after its last sign of life, a page counts as closed


@dataclass(frozen=True)
class Cases:
    """The page of a case, for whoever has to show one: the address itself, and a decision that was refused."""

    desk: ReviewDesk
    pages: Pages
    freshdesk_url: str

    def show(
        self, request: Request, case_id: str, *, status: int = 200, refused: str = "", taking: str = ""
    ) -> Response:
        """`refused`: why what was just asked for was not done; what was typed stands in its form again. `taking`:
        whose the draft is that was asked for: asked once more, it is taken from her."""
        posted: Mapping[str, str] = request.state.form
        choice = self.choice(request)
        context = case_context(self.desk, case_id, look=bool(refused))
        if context is None:
            return self.pages.note(request, "Not found", "There is no such case.", 404)
        params = request.query_params
        typed = {name: posted.get(name, "") for name in ("text", "reason", "hint")}
        if wanted := params.get("from"):
            typed["text"] = typed["text"] or _words_of(self.desk, context, wanted)
        ticket = context["case"].ticket_id
        return self.pages.show(
            request,
            "case.html",
            status,
            refused=refused,
            taking=taking,
            typed=typed,
            chosen=choice,
            place=self.desk.ledger.reviews.beside(case_id, choice.sieve),
            others_here=self.desk.ledger.reviews.others(case_id, request.state.session.login, PRESENT),
            toast=toast(self.desk.ledger, request, case_id),
            behind=_behind(context, posted) if refused else False,
            ticket_link=f"{self.freshdesk_url}/a/tickets/{ticket}" if self.freshdesk_url else "",
            shadow=self.desk.policy.shadow,
            **context,
        )

    def choice(self, request: Request) -> Chosen:
        login = request.state.session.login
        if request.method == "POST":
            return chosen_in(request.state.form.get("sieve", ""), login)
        return chosen(dict(request.query_params), login)


def add_case(app: FastAPI, cases: Cases) -> None:
    @app.get("/cases/{case_id}")
    def case_page(request: Request, case_id: str) -> Response:
        if request.state.session.may(REVIEWER):  # from here on a review takes its time
            review.opened(cases.desk, case_id, request.state.session.login)
        return cases.show(request, case_id)


def case_context(desk: ReviewDesk, case_id: str, *, look: bool = False) -> dict[str, Any] | None:
    """Everything that case.html shows; None for an unknown case. `look`: whether ticket and index are asked too, which
    the page otherwise does after it has been shown."""
    cases = desk.ledger.cases
    now = review.current(desk, case_id)
    case = now.case if now else cases.get(case_id)
    if case is None:
        return None
    thread = now.thread if now else cases.thread(case_id)
    drafts = cases.drafts(case_id)
    held = case.status is Status.HELD and now is not None
    asked_anew = desk.ledger.reviews.asked_anew(case_id) if held else None
    trace = now.trace if now else cases.trace(case_id)
    return {
        "case": case,
        "held": held,
        "reasons": view.reasons(case, held),
        "thread": view.thread_view(thread, case.message_key) if thread else (),
        "requester": thread.ticket.requester if thread else None,
        "history": told.history(desk.ledger, case_id, worked_on=len(drafts) > 1 or bool(case.minder or asked_anew)),
        "written": told.written,
        "sends": desk.ledger.sends.of_case(case_id),
        "earlier": drafts[:-1],
        "changes": view.changes(drafts),
        **related.around(desk.ledger, case),
        "promised": promises.of_ticket(desk.ledger, case.ticket_id),
        "harm": desk.ledger.earning.harm(case_id) if case.status is Status.SENT else None,
        "taken": desk.ledger.reviews.taken_by(case.ticket_id),
        "asked_anew": asked_anew,
        "by_person": review.by_person,
        "why_not": fresh.why_not,
        "wants_another": fresh.wants_another,
        "overtaken": fresh.overtaken(desk, case) if held and look else fresh.seen(desk, case),
        "now": now,
        "trace": trace or Trace(),
        "looked_for": view.looked_for(case, trace),
        **(draft_context(desk, now, look=held and look) if now else {}),
    }


def draft_context(desk: ReviewDesk, now: Current, *, look: bool = False) -> dict[str, Any]:
    draft = now.draft
    answered = view.answers(draft)
    known = tuple(source for source in draft.sources if source.source_id in now.case.stale)  # as of the last swap
    changed = fresh.changed_sources(desk, draft) if look else known
    return {
        "letter": letter_html(draft, now.letter.link_hosts),
        "typed_text": review.typed_text(draft, now.letter),
        "longest": review.LONGEST,
        "unsendable": review.unsendable(draft, now.letter),
        "scrap": scrap_of(now),
        "written_by_person": review.by_person(draft),
        "answers": answered,
        "sentences": view.sentences_of(draft),
        "passages": view.passages(draft, answered),
        "changed": fresh.titles(changed),
        "despite": fresh.fingerprint(changed),
        "is_record": view.is_record,
        "greeting": now.letter.greeting,
        "sign_off": now.letter.sign_off,
    }


def _behind(context: Mapping[str, Any], posted: Mapping[str, str]) -> bool:
    """Whether the words that were refused were typed over another draft than the one that waits now: then that one has
    to be read before they may take its place."""
    now: Current | None = context["now"]
    typed = posted.get("text", "").split()
    if now is None or not context["held"] or not typed or posted.get("draft_id") == now.draft_id:
        return False
    return typed != str(context["typed_text"]).split()


def _words_of(desk: ReviewDesk, context: Mapping[str, Any], draft_id: str) -> str:
    """The text of an earlier draft, to be put into the editor again."""
    now: Current | None = context["now"]
    found = [draft for known, draft, _ in context["earlier"] if known == draft_id]
    return review.typed_text(found[0], now.letter) if now and found else ""
