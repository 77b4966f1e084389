"""What every ledger keeps of decisions: the lesson, how long it took, and the questions that had no answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import a_draft, a_reply, a_trace, minutes
from tests.contract.steps import LEASE, conclude, current, held, newest_draft, opened, status_of
from worker.models import Case, Change, Lesson, Part, Ring, Status, Treatment
from worker.ports import Ledger
from worker.ports.figures import Learnt, Span

DRAFT = a_draft()
LIGHT = Lesson(
    treatment=Treatment.LIGHT,
    share=0.1,
    difference=(Change(kind="out", words="2"), Change(kind="in", words="3")),
    found=("exact", "answered"),
    standing=("answered",),
)
AS_IT_WAS = Lesson(treatment=Treatment.UNTOUCHED, share=0.0)
REFUSED = Lesson(treatment=Treatment.REJECTED, share=0.0, found=("exact",), standing=("exact",))


def always() -> Span:
    return datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(hours=1)


def approve(ledger: Ledger, case: Case, lesson: Lesson, user: str = "meera", body: str = "") -> str | None:
    outgoing = a_reply(body) if body else a_reply()
    draft_id = newest_draft(ledger, case)
    return ledger.reviews.approve(case.case_id, draft_id, outgoing.body_hash, outgoing, user, lesson=lesson)


def stored(ledger: Ledger) -> list[Learnt]:
    return list(ledger.figures.learnt(always(), 50))


def test_an_approval_keeps_what_it_teaches(ledger: Ledger) -> None:
    case = held(ledger, 42)
    assert approve(ledger, case, LIGHT)

    [kept] = stored(ledger)
    assert (kept.ticket_id, kept.case_id, kept.decision, kept.user) == (42, case.case_id, "approved", "meera")
    assert (kept.treatment, kept.share, kept.difference) == (LIGHT.treatment, LIGHT.share, LIGHT.difference)
    assert (kept.template_id, kept.round, kept.reason) == ("redeem", 1, "")
    assert (kept.found, kept.standing) == (("answered", "exact"), ("answered",))
    assert kept.machine_id == kept.draft_id == newest_draft(ledger, case)


def test_a_rejection_keeps_its_reason(ledger: Ledger) -> None:
    case = held(ledger)
    ledger.reviews.reject(case.case_id, newest_draft(ledger, case), "Wrong fund.", "meera", lesson=REFUSED)

    [kept] = stored(ledger)
    assert (kept.decision, kept.treatment, kept.reason) == ("rejected", Treatment.REJECTED, "Wrong fund.")


def test_every_edit_is_kept_and_the_approval_of_the_edited_draft_takes_its_place(ledger: Ledger) -> None:
    case = held(ledger)
    for body in ("First edit.", "Second edit."):
        ledger.reviews.edit(case.case_id, newest_draft(ledger, case), a_draft(body), "meera", lesson=LIGHT)
    assert [one.decision for one in stored(ledger)] == ["edited", "edited"]
    assert ledger.figures.kept(always()) == []

    assert approve(ledger, case, LIGHT, body="Second edit.")

    assert [one.decision for one in stored(ledger)] == ["approved", "edited"]
    [kept] = ledger.figures.kept(always())
    assert (kept.template_id, kept.decided, kept.light) == ("redeem", 1, 1)


def test_what_is_refused_teaches_nothing(ledger: Ledger) -> None:
    case = held(ledger)
    late = a_reply("Something else.")
    assert ledger.reviews.approve(case.case_id, "f-old", DRAFT.body_hash, a_reply(), "tom", lesson=LIGHT) is None
    assert ledger.reviews.approve(case.case_id, "f-old", late.body_hash, late, "tom", lesson=LIGHT) is None
    assert not ledger.reviews.reject(case.case_id, "f-old", "No.", "tom", lesson=REFUSED)
    assert ledger.reviews.edit(case.case_id, "f-old", DRAFT, "tom", lesson=LIGHT) is None
    assert stored(ledger) == []


def test_an_approval_that_was_taken_back_counts_no_more_until_it_is_given_again(ledger: Ledger) -> None:
    case = held(ledger)
    assert approve(ledger, case, AS_IT_WAS)
    assert ledger.cases.advance(case.case_id, Status.APPROVED, Status.HELD, None, by="meera")
    assert [one.decision for one in stored(ledger)] == ["taken back"]
    assert ledger.figures.kept(always()) == []
    assert ledger.figures.fired(always()) == []

    assert approve(ledger, case, LIGHT)
    assert status_of(ledger, case) is Status.APPROVED
    assert [(one.decision, one.treatment) for one in stored(ledger)] == [("approved", Treatment.LIGHT)]


@pytest.mark.parametrize("end", [Status.SUPERSEDED, Status.HANDED_OVER])
def test_an_approval_that_never_left_counts_nowhere(ledger: Ledger, end: Status) -> None:
    """Deliver found the ticket moved on; another one was overtaken by a newer message, or its ticket was taken over."""
    stopped, other = held(ledger, 1), held(ledger, 2)
    for case in (stopped, other):
        ledger.reviews.opened(case.case_id, "meera")
    send_id = approve(ledger, stopped, AS_IT_WAS)
    assert send_id
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    assert ledger.sends.drop(send_id, send.epoch, "the customer wrote again", case_to=end)
    approve(ledger, other, AS_IT_WAS)
    if end is Status.HANDED_OVER:
        assert ledger.reviews.take_over(other.case_id, "ravi", "ravi answers this ticket.")
    else:
        assert conclude(ledger, opened(ledger, 2, key="c2"), Status.HELD, draft=DRAFT) == []

    assert [status_of(ledger, case) for case in (stopped, other)] == [end, end]
    assert [one.decision for one in stored(ledger)] == ["overtaken", "overtaken"]
    assert ledger.figures.kept(always()) == []
    assert ledger.figures.fired(always()) == []
    assert [middle.n for middle in ledger.figures.reviews([always()])] in ([], [0])
    assert list(ledger.reviews.lessons(always(), "redeem")) == []


def test_a_review_lasts_from_the_opening_to_the_decision(ledger: Ledger) -> None:
    case, other = held(ledger, 1), held(ledger, 2)
    for one in (case, other):
        ledger.reviews.opened(one.case_id, "meera")
    ledger.reviews.opened(other.case_id, "ravi")
    approve(ledger, case, AS_IT_WAS)
    approve(ledger, other, AS_IT_WAS, user="tom")

    timed = {one.ticket_id: one.seconds for one in stored(ledger)}
    assert timed[1] is not None
    assert 0 <= timed[1] < 60
    assert timed[2] is None, "whoever decided had not opened it here"
    [middle] = ledger.figures.reviews([always()])
    assert (middle.n, middle.seconds) == (1, timed[1])


def test_opening_a_case_that_nobody_has_to_decide_keeps_nothing(ledger: Ledger) -> None:
    case = opened(ledger)
    ledger.reviews.opened(case.case_id, "meera")
    ledger.reviews.opened("c-unknown", "meera")
    conclude(ledger, case, Status.HELD, draft=DRAFT)
    approve(ledger, current(ledger, case), AS_IT_WAS)
    assert [one.seconds for one in stored(ledger)] == [None]


def asking(*questions: str) -> Any:
    answered = a_draft().parts[0]
    return a_draft(parts=(answered, *(Part(question=question) for question in questions)))


def test_questions_without_an_answer_are_kept_with_their_ticket(ledger: Ledger) -> None:
    case = held(ledger, 42, draft=asking("Can I pledge my units?", "Do you lend against gold?"))
    held(ledger, 43)

    found = ledger.figures.unanswered(always(), 10)

    assert [(one.question, one.ticket_id, one.case_id) for one in found] == [
        ("Can I pledge my units?", 42, case.case_id),
        ("Do you lend against gold?", 42, case.case_id),
    ]
    assert len(ledger.figures.unanswered(always(), 1)) == 1


def test_what_the_knowledge_base_says_nothing_about_is_kept_even_if_a_template_passes_for_an_answer(
    ledger: Ledger,
) -> None:
    case = opened(ledger, 42)
    gaps = ("Do you lend against gold?", "Can I pledge my units?", " ")
    draft = asking("Can I pledge my units?")
    conclude(ledger, case, Status.HELD, draft=draft, trace=a_trace(gaps=gaps))

    found = ledger.figures.unanswered(always(), 10)

    assert [one.question for one in found] == ["Can I pledge my units?", "Do you lend against gold?"]


def test_a_redraft_that_answers_takes_the_question_away_and_an_edit_does_not(ledger: Ledger) -> None:
    case = held(ledger, 42, draft=asking("Can I pledge my units?"))
    ledger.reviews.edit(case.case_id, newest_draft(ledger, case), a_draft("Yes."), "meera", lesson=LIGHT)
    assert len(ledger.figures.unanswered(always(), 10)) == 1

    doorbell_id = ledger.reviews.redraft(case.case_id, "it is in the article", "meera")
    doorbell = ledger.doorbells.claim(doorbell_id or "", LEASE)
    assert doorbell is not None
    assert doorbell.ring is Ring.REDRAFT
    again = ledger.cases.open(ledger.cases.thread(case.case_id), "ticket", doorbell, LEASE)  # type: ignore[arg-type]
    assert again is not None
    conclude(ledger, again, Status.HELD, draft=a_draft(), trace=a_trace())
    assert ledger.figures.unanswered(always(), 10) == []


@pytest.mark.parametrize("span", [(minutes(-10), minutes(-5)), (minutes(5), minutes(10))])
def test_what_lies_outside_the_span_is_not_told(ledger: Ledger, span: tuple[timedelta, timedelta]) -> None:
    case = held(ledger, draft=asking("Can I pledge my units?"))
    approve(ledger, case, LIGHT)
    now = datetime.now(UTC)
    elsewhere = (now + span[0], now + span[1])

    assert ledger.figures.learnt(elsewhere, 10) == []
    assert ledger.figures.unanswered(elsewhere, 10) == []
    assert ledger.figures.kept(elsewhere) == []
    assert ledger.figures.fired(elsewhere) == []


def test_the_lessons_of_one_template_are_the_decisions_on_its_drafts(ledger: Ledger) -> None:
    light, refused, other, edited, back = (held(ledger, n) for n in (1, 2, 3, 4, 5))
    approve(ledger, light, LIGHT)
    ledger.reviews.reject(refused.case_id, newest_draft(ledger, refused), "Wrong fund.", "meera", lesson=REFUSED)
    elsewhere = a_draft(template_id="fees")
    ledger.reviews.edit(other.case_id, newest_draft(ledger, other), elsewhere, "meera", lesson=LIGHT)
    approve(ledger, other, AS_IT_WAS)
    ledger.reviews.edit(edited.case_id, newest_draft(ledger, edited), a_draft("Edited."), "meera", lesson=LIGHT)
    approve(ledger, back, AS_IT_WAS)
    ledger.reviews.undo(back.case_id, "meera")

    def tickets(template_id: str = "redeem", **more: Any) -> list[int]:
        return [one.ticket_id for one in ledger.reviews.lessons(always(), template_id, **more)]

    assert tickets() == [2, 1]
    assert tickets("fees") == [3]
    assert tickets("") == []
    assert tickets(treatment=Treatment.LIGHT) == [1]
    assert (tickets(limit=1), tickets(limit=1, offset=1), tickets(offset=2)) == ([2], [1], [])
    [whole] = ledger.reviews.lessons(always(), "redeem", treatment=Treatment.LIGHT)
    assert whole == next(one for one in stored(ledger) if one.ticket_id == 1)
    long_ago = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC))
    assert ledger.reviews.lessons(long_ago, "redeem") == []
