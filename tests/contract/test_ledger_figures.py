"""The console's numbers: every ledger counts the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from tests.builders import NOON, a_draft, a_message, a_reply, a_thread, a_verdict, minutes
from tests.contract.steps import LEASE, claimed, conclude, current, held, newest_draft, opened
from worker.adapters.memory import MemoryLedger
from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.schema import case_moves
from worker.models import Case, Lesson, Posted, Status, Step, Treatment
from worker.ports import Ledger
from worker.ports.figures import Fired, Kept, Middle, Moved, Span


def now() -> datetime:
    return datetime.now(UTC)


def today() -> Span:
    return now() - timedelta(hours=1), now() + timedelta(hours=1)


def yesterday() -> Span:
    return now() - timedelta(hours=25), now() - timedelta(hours=1)


def lesson(treatment: Treatment, *found: str, standing: tuple[str, ...] = (), round_: int = 1) -> Lesson:
    return Lesson(treatment=treatment, share=0.1, found=found, standing=standing, round=round_)


def decided(ledger: Ledger, ticket_id: int, taught: Lesson, template: str = "redeem") -> Case:
    case = held(ledger, ticket_id, draft=a_draft(template_id=template))
    draft_id = newest_draft(ledger, case)
    if taught.treatment is Treatment.REJECTED:
        assert ledger.reviews.reject(case.case_id, draft_id, "No.", "meera", lesson=taught)
    else:
        reply = a_reply()
        assert ledger.reviews.approve(case.case_id, draft_id, reply.body_hash, reply, "meera", lesson=taught)
    return current(ledger, case)


def post(ledger: Ledger, case: Case, at: datetime) -> None:
    """Its queued reply reaches the helpdesk at that time."""
    send_id = next(s.send_id for s in ledger.sends.of_case(case.case_id) if s.kind == "reply")
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    assert ledger.sends.intend(send_id, send.epoch) is not None
    assert ledger.sends.posted(send_id, send.epoch, Posted(remote_id=send_id, at=at))


def sent_alone(ledger: Ledger, ticket_id: int, wrote: datetime, answered: datetime, key: str = "ticket") -> Case:
    thread = a_thread(ticket_id, a_message(key=key, at=wrote))
    case = ledger.cases.open(thread, key, claimed(ledger, ticket_id), LEASE)
    assert case is not None
    outgoing = [a_reply()]
    conclude(ledger, case, Status.APPROVED, outgoing, draft=a_draft(), verdict=a_verdict(Step.SEND), thread=thread)
    post(ledger, case, answered)
    return current(ledger, case)


def age_moves(ledger: Ledger, case: Case, by: timedelta) -> None:
    """As if all that had happened to the case had happened earlier."""
    if isinstance(ledger, MemoryLedger):
        for move in ledger.cases._state.cases[case.case_id].moves:  # type: ignore[attr-defined]
            move["at"] -= by
    elif isinstance(ledger, SqlLedger):
        earlier = update(case_moves).where(case_moves.c.case_id == case.case_id)
        with ledger.writing() as connection:
            connection.execute(earlier.values(at=case_moves.c.at - by.total_seconds()))


def test_messages_are_counted_by_where_they_came_to_and_when(ledger: Ledger) -> None:
    held(ledger, 1)
    yesterdays = held(ledger, 2)
    age_moves(ledger, yesterdays, timedelta(hours=24))
    conclude(ledger, opened(ledger, 3), Status.HANDED_OVER)
    conclude(ledger, opened(ledger, 4), Status.IGNORED)
    sent_alone(ledger, 5, now(), now())

    assert ledger.figures.moved([yesterday(), today()]) == [
        Moved(held=1),
        Moved(sent=1, held=1, handed_over=1, ignored=1),
    ]
    assert ledger.figures.moved([]) == []


def test_a_message_held_and_sent_on_one_day_counts_once_for_each(ledger: Ledger) -> None:
    case = decided(ledger, 1, lesson(Treatment.UNTOUCHED))
    ledger.cases.advance(case.case_id, Status.APPROVED, Status.HELD, None, by="meera")
    reply = a_reply(body_hash="x" * 64)
    assert ledger.reviews.approve(case.case_id, newest_draft(ledger, case), reply.body_hash, reply, "meera") is None
    assert ledger.figures.moved([today()]) == [Moved(held=1)]


def test_a_draft_that_came_back_was_not_held_anew(ledger: Ledger) -> None:
    case = decided(ledger, 1, lesson(Treatment.UNTOUCHED))
    age_moves(ledger, case, timedelta(hours=24))
    ledger.cases.advance(case.case_id, Status.APPROVED, Status.HELD, None, by="meera")
    assert ledger.figures.moved([yesterday(), today()]) == [Moved(held=1), Moved()]


def test_the_share_of_each_template_is_counted_by_class(ledger: Ledger) -> None:
    for ticket_id, treatment in enumerate([*Treatment, Treatment.LIGHT], 1):
        decided(ledger, ticket_id, lesson(treatment))
    decided(ledger, 11, lesson(Treatment.UNTOUCHED, round_=2), template="tax")
    sent_alone(ledger, 12, now(), now())
    taken = held(ledger, 13, draft=a_draft(template_id="tax"))
    ledger.cases.advance(taken.case_id, Status.HELD, Status.HANDED_OVER, None, by="meera")
    failed = held(ledger, 14, draft=a_draft(template_id="other"))
    ledger.cases.advance(failed.case_id, Status.HELD, Status.HANDED_OVER, None)

    assert ledger.figures.kept(today()) == [
        Kept(template_id="redeem", untouched=1, light=2, rewritten=1, rejected=1, unreviewed=1),
        Kept(template_id="tax", untouched=1, redrafted=1, taken_over=1),
    ]
    assert ledger.figures.kept(yesterday()) == []


def test_findings_are_counted_by_what_came_of_them(ledger: Ledger) -> None:
    decided(ledger, 1, lesson(Treatment.UNTOUCHED, "exact", "answered", standing=("exact", "answered")))
    decided(ledger, 2, lesson(Treatment.LIGHT, "exact", standing=("markup",)))
    decided(ledger, 3, lesson(Treatment.REJECTED, "exact", standing=("exact",)))
    held(ledger, 4)

    assert ledger.figures.fired(today()) == [
        Fired(guard="answered", overruled=1),
        Fired(guard="exact", overruled=1, mended=1, rejected=1),
        Fired(guard="markup", overruled=1),
    ]


def test_the_time_to_the_first_reply_counts_from_when_the_customer_wrote(ledger: Ledger) -> None:
    for ticket_id, waited in ((1, 10), (2, 20), (3, 90)):
        sent_alone(ledger, ticket_id, NOON, NOON + minutes(waited))
    sent_alone(ledger, 4, NOON, NOON + timedelta(days=1, minutes=40))

    day, next_day, later = [(NOON + timedelta(days=n), NOON + timedelta(days=n + 1)) for n in range(3)]
    assert ledger.figures.first_replies([day, next_day, later]) == [
        Middle(n=3, seconds=20 * 60),
        Middle(n=1, seconds=24 * 3600 + 40 * 60),
        Middle(),
    ]
    both = (day[0], later[1])
    [middle] = ledger.figures.first_replies([both])
    assert (middle.n, middle.seconds) == (4, pytest.approx(55 * 60))


def test_only_the_first_reply_on_a_ticket_counts(ledger: Ledger) -> None:
    sent_alone(ledger, 1, NOON, NOON + minutes(10))
    sent_alone(ledger, 1, NOON + minutes(60), NOON + minutes(200), key="c7")

    assert ledger.figures.first_replies([(NOON, NOON + timedelta(days=1))]) == [Middle(n=1, seconds=600)]
    assert ledger.figures.first_replies([(NOON + minutes(100), NOON + timedelta(days=1))]) == [Middle()]


def test_replies_with_and_without_a_lead_are_told_apart(ledger: Ledger) -> None:
    sent_alone(ledger, 1, NOON, NOON + minutes(1))
    post(ledger, decided(ledger, 2, lesson(Treatment.LIGHT)), NOON + minutes(30))
    span = (NOON, NOON + timedelta(days=1))

    assert ledger.figures.first_replies([span], reviewed=True) == [Middle(n=1, seconds=30 * 60)]
    assert ledger.figures.first_replies([span], reviewed=False) == [Middle(n=1, seconds=60)]


def test_ninety_spans_are_asked_for_at_once(ledger: Ledger) -> None:
    held(ledger, 1)
    start = now() - timedelta(days=90, hours=1)
    spans = [(start + timedelta(days=n), start + timedelta(days=n + 1)) for n in range(91)]
    found = ledger.figures.moved(spans)
    assert (len(found), sum(day.held for day in found), found[-1].held) == (91, 1, 1)
    assert [middle.n for middle in ledger.figures.reviews(spans)] == [0] * 91
