"""What a lead does with a case, as forms post it. The decisions themselves are in worker/support/.

Done: on to the next case of the queue as she had chosen it. Not done: the page of the case again, with the reason and
with what she had typed.
"""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request, Response

from worker.console import flash
from worker.console.access import Access
from worker.console.case import Cases
from worker.console.people import REVIEWER
from worker.console.scrap import WHOLE, scrap, scrap_of, unsure
from worker.models import Status
from worker.support import review, takeover
from worker.support.reviewdesk import Outcome

HINT = 500  # characters of a hint to the writer


class Decisions:
    """The endpoints; access.needs(REVIEWER) comes before each of them."""

    def __init__(self, cases: Cases) -> None:
        self._cases = cases
        self._desk = cases.desk

    def approve(self, request: Request, case_id: str) -> Response:
        form, user = request.state.form, request.state.session.login
        shown = (form.get("draft_id", ""), form.get("body_hash", ""))
        now = review.current(self._desk, case_id)
        said = scrap_of(now) if now and (now.case.status, now.draft_id) == (Status.HELD, shown[0]) else ""
        if words := unsure(said, form.get(WHOLE, "")):
            return self._refused(request, case_id, Outcome(False, words))
        outcome = review.approve(self._desk, case_id, *shown, user, form.get("despite", ""))
        return self._onward(request, case_id, outcome, _approved(outcome))

    def edit(self, request: Request, case_id: str) -> Response:
        form, user = request.state.form, request.state.session.login
        draft_id, text = form.get("draft_id", ""), form.get("text", "")
        if form.get("then") == "approve":
            if words := unsure(scrap(text), form.get(WHOLE, "")):
                return self._refused(request, case_id, Outcome(False, words))
            despite = form.get("despite", "")
            shown = form.get("shown", "")
            outcome = review.edit_and_approve(self._desk, case_id, draft_id, text, shown, user, despite)
            return self._onward(request, case_id, outcome, _approved(outcome))
        return self._stay(request, case_id, review.edit(self._desk, case_id, draft_id, text, user), "edited")

    def reject(self, request: Request, case_id: str) -> Response:
        form, user = request.state.form, request.state.session.login
        outcome = review.reject(self._desk, case_id, form.get("draft_id", ""), form.get("reason", ""), user)
        return self._onward(request, case_id, outcome, "doubtful" if outcome.words else "rejected")

    def redraft(self, request: Request, case_id: str) -> Response:
        form, user = request.state.form, request.state.session.login
        kept = {"draft_id": form.get("draft_id", ""), "unsaved": form.get("text", "")}
        outcome = review.redraft(self._desk, case_id, form.get("hint", "")[:HINT], user, **kept)
        return self._onward(request, case_id, outcome, "redraft")

    def undo(self, request: Request, case_id: str) -> Response:
        outcome = review.undo(self._desk, case_id, request.state.session.login)
        return self._stay(request, case_id, outcome, "undone")

    def take_over(self, request: Request, case_id: str) -> Response:
        outcome = takeover.take_over(self._desk, case_id, request.state.session.login)
        return self._stay(request, case_id, outcome, "late" if outcome.words else "taken")

    def give_back(self, request: Request, case_id: str) -> Response:
        taker = request.state.form.get("taker", "")
        outcome = takeover.give_back(self._desk, case_id, request.state.session.login, taker)
        return self._stay(request, case_id, outcome, "given")

    def put_away(self, request: Request, case_id: str) -> Response:
        outcome = review.put_away(self._desk, case_id, request.state.session.login)
        return self._onward(request, case_id, outcome, "away")

    def mind(self, request: Request, case_id: str) -> Response:
        """Whose it is: mine, or, if it was mine, nobody's. What a colleague kept since the page was shown is hers; what
        the page showed as hers is taken from her only where that is asked for once more, by her name (`from`)."""
        form, user = request.state.form, request.state.session.login
        minder, was = ("", user) if form.get("mine") == "" else (user, form.get("minder", ""))
        if was not in ("", user, form.get("from", "")) and self._minder(case_id) == was:
            asked = f"{was} keeps this draft. To take it from {was} all the same, press the button (or m) once more."
            return self._cases.show(request, case_id, status=409, refused=asked, taking=was)
        done = self._desk.ledger.reviews.mind(case_id, minder, user, was=was)
        return self._stay(request, case_id, Outcome(done, "" if done else self._whose(case_id)), "")

    def _minder(self, case_id: str) -> str:
        case = self._desk.ledger.cases.get(case_id)
        return case.minder if case is not None and case.status is Status.HELD else ""

    def _whose(self, case_id: str) -> str:
        case = self._desk.ledger.cases.get(case_id)
        if case is None or case.status is not Status.HELD:
            return review.what_happened(self._desk.ledger, case_id)
        return f"{case.minder} has kept this draft meanwhile: it stays hers." if case.minder else "Please try again."

    def _onward(self, request: Request, case_id: str, outcome: Outcome, done: str) -> Response:
        if not outcome.done:
            return self._refused(request, case_id, outcome)
        choice, reviews = self._cases.choice(request), self._desk.ledger.reviews
        following = reviews.beside(case_id, choice.sieve).after
        if not following:  # the last one: from the top again
            first = reviews.held(limit=1, sieve=choice.sieve)
            following = first[0].case.case_id if first and first[0].case.case_id != case_id else ""
        path = f"/cases/{following}" if following else "/"
        return flash.onward(request, choice.at(path), done, case_id)

    def _stay(self, request: Request, case_id: str, outcome: Outcome, done: str) -> Response:
        if not outcome.done:
            return self._refused(request, case_id, outcome)
        return flash.onward(request, self._cases.choice(request).at(f"/cases/{case_id}"), done)

    def _refused(self, request: Request, case_id: str, outcome: Outcome) -> Response:
        return self._cases.show(request, case_id, status=409, refused=outcome.words)


def _approved(outcome: Outcome) -> str:
    """An approval's name in the address of the next page; it may have made a redraft moot that was asked for."""
    return "moot" if outcome.words else "approved"


def add_decisions(app: FastAPI, access: Access, cases: Cases) -> None:
    decisions = Decisions(cases)
    reviewers = [Depends(access.needs(REVIEWER))]
    for name, act in (
        ("approve", decisions.approve),
        ("edit", decisions.edit),
        ("reject", decisions.reject),
        ("redraft", decisions.redraft),
        ("undo", decisions.undo),
        ("take-over", decisions.take_over),
        ("give-back", decisions.give_back),
        ("put-away", decisions.put_away),
        ("mind", decisions.mind),
    ):
        path = f"/cases/{{case_id}}/{name}"
        app.add_api_route(path, act, methods=["POST"], dependencies=reviewers, response_model=None)
