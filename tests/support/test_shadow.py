"""Shadow mode: Freshdesk is read and never written to, whatever was under way when it began; and what comes after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.answering import an_answering_office
from tests.builders import NOON, a_draft, a_reply, a_verdict
from tests.contract.steps import held, newest_draft
from tests.desk import TAGS, Office, an_office
from tests.support.incident.cases import a_brake
from worker.errors import InDoubt, Permanent, Retryable
from worker.models import Ring, Send, SendState, Status, Step, Thread, TicketState
from worker.ports import Outgoing
from worker.support.deliver import deliver
from worker.support.keptback import CALM, IN_SHADOW
from worker.support.outgoing import handover_note, held_note, promise_note
from worker.support.review import ReviewDesk
from worker.support.takeover import take_over
from worker.support.verdict import left_to_a_person
from worker.tasks import draft_doorbell

CUT = InDoubt("the connection was reset after the request was sent", part="freshdesk")
GONE = Permanent("GET tickets/{}: Freshdesk refused (403, access_denied)", part="freshdesk", code=403)
PROMISE = "We will refund Rs 10 within 5 working days."


def ring(office: Office, deaths: int = 0) -> None:
    doorbell = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    for _ in range(deaths + 1 if deaths else 0):
        office.ledger.doorbells.claim(doorbell, timedelta(seconds=-1))
    draft_doorbell(doorbell, office.desk, lambda *_: None)


def a_stopped_reply(office: Office) -> None:
    """Nobody has the message any more: its reply was stopped, and nothing came after it."""
    case, _ = office.approved()
    assert office.ledger.cases.advance(case.case_id, Status.APPROVED, Status.SUPERSEDED, None, reasons=["Not sent."])


def a_promise_that_left(office: Office) -> None:
    _, send_id = office.approved(PROMISE)
    assert deliver(send_id, office.desk) == "done"
    office.helpdesk.ticket_becomes(state=TicketState.RESOLVED)


def nothing(office: Office) -> None:
    pass


def the_ticket_cannot_be_read(office: Office) -> None:
    def refused(ticket_id: int, **_: object) -> Thread:
        raise GONE

    office.helpdesk.thread = refused  # type: ignore[method-assign]
    doorbell = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    for _ in range(3):
        draft_doorbell(doorbell, office.desk, lambda *_: None)
        office.make_doorbell_due(doorbell)


def a_reply_waits(office: Office) -> None:
    office.approved()


def a_lead_takes_over(office: Office) -> None:
    desk = ReviewDesk(
        office.ledger, policy=office.desk.policy, tags=TAGS, letter_for=lambda *_: None, enqueue=lambda *_: None
    )
    [case] = office.ledger.cases.of_ticket(1)
    assert take_over(desk, case.case_id, "maya").done


Story = Callable[[Office], None]
STORIES: dict[str, tuple[Story, Story]] = {  # what happened before shadow mode, and what happens in it
    "a ticket is resolved over an open promise": (a_promise_that_left, ring),
    "a message whose reply was stopped is seen again": (a_stopped_reply, ring),
    "a message whose reply was stopped kills its workers": (a_stopped_reply, lambda office: ring(office, deaths=4)),
    "a ticket that cannot be read": (nothing, the_ticket_cannot_be_read),
    "a lead takes the ticket over": (a_reply_waits, a_lead_takes_over),
    "a reply waits to leave": (a_reply_waits, nothing),
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("mode", ["auto", "shadow"])
def test_in_shadow_nothing_is_written_and_no_note_is_kept_for_later(tmp_path: Path, story: str, mode: str) -> None:
    before, then = STORIES[story]
    with an_answering_office(tmp_path) as office:
        before(office)
        posted, changed = len(office.helpdesk.posted), len(office.helpdesk.changes)
        known = set(office.ledger.sends.due(9))
        office.desk = office.with_policy(delivery=mode)

        then(office)
        queued = set(office.ledger.sends.due(9)) - known
        while left := office.ledger.sends.due(9):  # what is dropped may leave a note
            for send_id in left:
                deliver(send_id, office.desk)

        written = [*office.helpdesk.posted[posted:], *office.helpdesk.changes[changed:], *queued]
        assert bool(written) is (mode == "auto")


def sent(office: Office, send_id: str) -> Send:
    every = [one for case in office.ledger.cases.of_ticket(1) for one in office.ledger.sends.of_case(case.case_id)]
    return next(send for send in every if send.send_id == send_id)


def a_note(office: Office, words: Outgoing) -> str:
    case = held(office.ledger, 1)
    send_id = office.ledger.sends.add_note(case.case_id, words, hand_over="")
    assert send_id is not None
    return send_id


def a_call_to_a_lead(office: Office) -> str:
    note = held_note("", a_draft(), a_verdict(Step.HOLD), office.desk.policy, TAGS)
    return a_note(office, note)


def a_call_to_a_person(office: Office) -> str:
    return a_note(office, handover_note(left_to_a_person("So.", office.desk.rulebook), TAGS))


def a_holding_reply(office: Office) -> str:
    case, brake = held(office.ledger, 1), office.ledger.incidents.put_on(a_brake(NOON))
    assert brake is not None
    letters = {case.case_id: a_reply("We are looking into it.")}
    [send_id] = office.ledger.incidents.hold_with(brake.brake_id, letters, "We are looking into it.", "ravi")
    return send_id


QUEUED: dict[str, Callable[[Office], str]] = {
    "a reply": lambda office: office.approved()[1],
    "a holding reply": a_holding_reply,
    "a note of a held draft": a_call_to_a_lead,
    "a note of a hand-over": a_call_to_a_person,
    "a note of a promise": lambda office: a_note(office, promise_note([PROMISE], office.desk.policy)),
}


@pytest.mark.parametrize("what", QUEUED)
def test_what_was_queued_waits_as_long_as_shadow_mode_lasts_and_then_leaves_once(tmp_path: Path, what: str) -> None:
    with an_office(tmp_path) as office:
        send_id = QUEUED[what](office)
        before, shadow = sent(office, send_id), office.with_policy(delivery="shadow")
        for _ in range(12):  # more often than any failure is tried again
            assert deliver(send_id, shadow) == "kept back"
            assert CALM / 2 < office.parked_for(send_id) <= CALM
            office.make_due(send_id)
        now = sent(office, send_id)
        assert (now.state, now.remark) == (SendState.QUEUED, IN_SHADOW)
        assert (now.tries, now.rounds, now.deaths) == (before.tries, before.rounds, before.deaths) == (0, 0, 0)
        assert (office.helpdesk.posted, office.helpdesk.changes) == ([], [])

        assert deliver(send_id, office.desk) == "done"
        assert len(office.helpdesk.posted) == 1


def test_a_reply_in_doubt_that_is_there_is_recorded_and_its_ticket_left_alone_until_shadow_mode_ends(
    tmp_path: Path,
) -> None:
    with an_office(tmp_path) as office:
        case, send_id = office.approved()
        office.helpdesk.cut.append(CUT)
        assert deliver(send_id, office.desk) == "in doubt"
        office.make_due(send_id)

        assert deliver(send_id, office.with_policy(delivery="shadow")) == "kept back"
        assert (office.status(case), office.send(case).state) == (Status.SENT, SendState.POSTED)
        assert not office.helpdesk.changes

        office.make_due(send_id)
        office.helpdesk.refuses_change = Retryable("503", part="freshdesk", after=0.0)
        assert deliver(send_id, office.desk) == "parked"
        office.helpdesk.refuses_change = None
        assert deliver(send_id, office.desk) == "done"
        [change] = office.helpdesk.changes
        assert "deskhand-sent" in change.add_tags
        assert change.state is None, "what the customer wrote meanwhile would be hidden"
        assert len(office.helpdesk.posted) == 1


def test_a_reply_in_doubt_that_is_not_there_is_not_posted_again_before_shadow_mode_ends(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        case, send_id = office.approved()
        office.helpdesk.fails.append(CUT)
        assert deliver(send_id, office.desk) == "in doubt"
        for _ in range(office.desk.policy.max_rounds + 1):
            office.make_due(send_id)
            assert deliver(send_id, office.with_policy(delivery="shadow")) == "kept back"
        assert (office.send(case).state, office.send(case).rounds) == (SendState.POSTING, 1)
        assert not office.helpdesk.posted

        office.make_due(send_id)
        assert deliver(send_id, office.desk) == "done"
        assert len(office.helpdesk.posted) == 1
        assert office.helpdesk.changes[0].state is TicketState.PENDING


def test_a_reply_that_was_kept_back_meets_the_last_look(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        case, send_id = office.approved()
        deliver(send_id, office.with_policy(delivery="shadow"))
        office.helpdesk.colleague_answers()
        office.make_due(send_id)

        assert deliver(send_id, office.desk) == "dropped"

        assert (office.status(case), office.helpdesk.posted) == (Status.SUPERSEDED, [])


def test_a_reply_that_nobody_approved_is_held_where_shadow_mode_ends_in_review(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        case, send_id = office.approved()
        deliver(send_id, office.with_policy(delivery="shadow"))
        office.make_due(send_id)

        assert deliver(send_id, office.with_policy(delivery="review")) == "dropped"

        assert (office.status(case), office.helpdesk.posted) == (Status.HELD, [])


@pytest.mark.parametrize("seen", ["in shadow mode", "after it"])
def test_a_note_that_calls_to_a_draft_ends_with_the_draft(tmp_path: Path, seen: str) -> None:
    with an_office(tmp_path) as office:
        send_id, shadow = a_call_to_a_lead(office), office.with_policy(delivery="shadow")
        deliver(send_id, shadow)
        [case] = office.ledger.cases.of_ticket(1)
        draft_id = newest_draft(office.ledger, case)
        assert office.ledger.reviews.reject(case.case_id, draft_id, "Wrong.", "maya")
        office.make_due(send_id)

        assert deliver(send_id, shadow if seen == "in shadow mode" else office.desk) == "dropped"

        assert (office.status(case), office.helpdesk.posted) == (Status.REJECTED, [])


def test_a_reply_that_leaves_after_shadow_mode_still_says_whose_turn_it_is(tmp_path: Path) -> None:
    """Its change of the ticket meets trouble, and it is no change that waited for days."""
    with an_office(tmp_path) as office:
        _, send_id = office.approved()
        assert deliver(send_id, office.with_policy(delivery="shadow")) == "kept back"
        office.make_due(send_id)
        office.helpdesk.refuses_change = Retryable("429", part="freshdesk", after=1.0)
        assert deliver(send_id, office.desk) == "parked"

        office.helpdesk.refuses_change = None
        office.make_due(send_id)
        assert deliver(send_id, office.desk) == "done"
        assert office.helpdesk.changes[-1].state is TicketState.PENDING
