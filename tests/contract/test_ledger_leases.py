"""Leases, deaths and doubts: what every ledger promises about work that takes long, stops half-way or is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import NOON, a_draft, a_message, a_reply, a_thread, minutes
from tests.contract.steps import (
    LEASE,
    RUN_OUT,
    approved,
    claimed,
    conclude,
    held,
    opened,
    posting,
    send_of,
    status_of,
)
from worker.models import Posted, Ring, SendKind, SendState, Status
from worker.ports import Ledger, Outgoing
from worker.support.desk import Policy
from worker.support.outgoing import promise_note

REMINDER = promise_note(["We will call you."], Policy())
NOTE = Outgoing(kind=SendKind.HANDOVER_NOTE, body_html="<p>Please look.</p>", body_hash="n")


def test_a_renewed_lease_keeps_the_doorbell_and_its_case(ledger: Ledger) -> None:
    doorbell = claimed(ledger, 42, lease=RUN_OUT)
    case = ledger.cases.open(a_thread(42), "ticket", doorbell, RUN_OUT)
    other = claimed(ledger, 42)
    assert case is not None

    assert ledger.doorbells.renew(doorbell.doorbell_id, doorbell.epoch, LEASE)

    assert ledger.doorbells.claim(doorbell.doorbell_id, LEASE) is None
    assert ledger.cases.open(a_thread(42), "ticket", other, LEASE) is None, "the case is still being drafted"
    assert conclude(ledger, case, Status.HELD, draft=a_draft()) == []


def test_whoever_lost_a_doorbell_or_gave_it_back_renews_nothing(ledger: Ledger) -> None:
    lost = claimed(ledger, lease=RUN_OUT)
    heir = ledger.doorbells.claim(lost.doorbell_id, LEASE)
    assert heir is not None
    assert not ledger.doorbells.renew(lost.doorbell_id, lost.epoch, LEASE)

    ledger.doorbells.park(heir.doorbell_id, heir.epoch, minutes(0), "later", failed=False)

    assert not ledger.doorbells.renew(heir.doorbell_id, heir.epoch, LEASE)
    assert ledger.doorbells.due(10) == [heir.doorbell_id]


def test_whoever_lost_a_send_or_gave_it_back_renews_nothing(ledger: Ledger) -> None:
    _, send_id = approved(ledger)
    lost = ledger.sends.claim(send_id, RUN_OUT)
    assert lost is not None
    assert ledger.sends.renew(send_id, lost.epoch, LEASE), "late, but nobody else has it"
    assert ledger.sends.intend(send_id, lost.epoch) is not None
    ledger.sends.park(send_id, lost.epoch, minutes(0), "later", failed=False, nothing_left=False)

    assert not ledger.sends.renew(send_id, lost.epoch, LEASE)
    heir = ledger.sends.claim(send_id, LEASE)
    assert heir is not None
    assert not ledger.sends.renew(send_id, lost.epoch, LEASE)
    assert ledger.sends.renew(send_id, heir.epoch, LEASE)


def test_only_a_lease_that_ran_out_counts_as_a_death(ledger: Ledger) -> None:
    doorbell = claimed(ledger)
    deaths = []
    for died in (False, True, True, False):
        if not died:
            ledger.doorbells.park(doorbell.doorbell_id, doorbell.epoch, minutes(0), "an outage", failed=False)
        else:
            assert ledger.doorbells.renew(doorbell.doorbell_id, doorbell.epoch, RUN_OUT)
        again = ledger.doorbells.claim(doorbell.doorbell_id, LEASE)
        assert again is not None
        doorbell = again
        deaths.append(doorbell.deaths)

    assert deaths == [0, 1, 2, 2]
    assert doorbell.tries == 0


def test_the_deaths_of_those_who_sent_are_counted_too(ledger: Ledger) -> None:
    _, send_id = approved(ledger)
    ledger.sends.claim(send_id, RUN_OUT)

    again = ledger.sends.claim(send_id, LEASE)

    assert again is not None
    assert (again.deaths, again.tries) == (1, 0)


def test_a_claim_tells_how_long_the_doorbell_has_waited(ledger: Ledger) -> None:
    assert timedelta(0) <= claimed(ledger).waited < minutes(1)


def test_a_fresh_intent_is_not_settled_and_comes_back_when_it_is(ledger: Ledger) -> None:
    send = posting(ledger)

    assert not ledger.sends.settled(send.send_id, send.epoch, minutes(5))

    assert ledger.sends.due(10) == []
    assert ledger.sends.claim(send.send_id, LEASE) is None, "not before it has settled"
    assert send_of(ledger, send.case_id, send.send_id).state is SendState.POSTING


def test_an_intent_settles_by_the_clock_of_the_database(ledger: Ledger) -> None:
    send = posting(ledger)

    assert ledger.sends.settled(send.send_id, send.epoch, timedelta(0))

    assert ledger.sends.intend(send.send_id, send.epoch) is not None, "the lease is still ours"


def test_an_attempt_that_left_nothing_is_no_round(ledger: Ledger) -> None:
    send = posting(ledger)
    assert send.rounds == 1

    ledger.sends.park(send.send_id, send.epoch, minutes(0), "429", failed=False, nothing_left=True)

    assert send_of(ledger, send.case_id, send.send_id).rounds == 0


def test_a_reply_that_is_given_up_takes_its_note_along(ledger: Ledger) -> None:
    case, send_id = approved(ledger)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None

    assert ledger.sends.drop(send_id, send.epoch, "Refused.", case_to=Status.HANDED_OVER, note=NOTE)

    _, note = ledger.sends.of_case(case.case_id)
    assert (note.kind, note.state, note.message_key) == (SendKind.HANDOVER_NOTE, SendState.QUEUED, "ticket")


def test_a_lost_claim_leaves_no_note(ledger: Ledger) -> None:
    case, send_id = approved(ledger)
    lost = ledger.sends.claim(send_id, RUN_OUT)
    ledger.sends.claim(send_id, LEASE)
    assert lost is not None

    assert not ledger.sends.drop(send_id, lost.epoch, "Refused.", case_to=Status.HANDED_OVER, note=NOTE)

    assert len(ledger.sends.of_case(case.case_id)) == 1


def test_a_note_is_added_to_a_case_once(ledger: Ledger) -> None:
    case = held(ledger)

    first, second = ledger.sends.add_note(case.case_id, NOTE), ledger.sends.add_note(case.case_id, NOTE)

    assert first is not None
    assert second is None
    assert [send.send_id for send in ledger.sends.of_case(case.case_id)] == [first]


@pytest.mark.parametrize(("there", "new"), [(NOTE, REMINDER), (REMINDER, NOTE)])
def test_a_reminder_and_a_hand_over_do_not_keep_each_other_from_being_told(
    ledger: Ledger, there: Outgoing, new: Outgoing
) -> None:
    case = held(ledger)
    ledger.sends.add_note(case.case_id, there)

    assert ledger.sends.add_note(case.case_id, new) is not None

    assert ledger.sends.add_note(case.case_id, new) is None
    assert [send.body_html for send in ledger.sends.of_case(case.case_id)] == [there.body_html, new.body_html]


@pytest.mark.parametrize("there", [NOTE, REMINDER])
def test_a_hand_over_is_made_and_told_once_whatever_was_noted_before(ledger: Ledger, there: Outgoing) -> None:
    case = held(ledger)
    ledger.sends.add_note(case.case_id, there)
    ledger.cases.advance(case.case_id, Status.HELD, Status.SUPERSEDED, None, reasons=["The customer wrote again."])
    new = NOTE.model_copy(update={"body_html": "<p>Nobody answered it.</p>"})

    first, second = (ledger.sends.add_note(case.case_id, new, hand_over="Nobody answered it.") for _ in range(2))

    assert first is not None
    assert second is None
    now = ledger.cases.get(case.case_id)
    assert now is not None
    assert (now.status, now.reasons) == (Status.HANDED_OVER, ("Nobody answered it.",))
    assert [send.body_html for send in ledger.sends.of_case(case.case_id)] == [there.body_html, new.body_html]


def test_a_message_that_nobody_took_over_goes_to_a_person_together_with_its_note(ledger: Ledger) -> None:
    case, send_id = approved(ledger)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    ledger.sends.drop(send_id, send.epoch, "The customer wrote again.", case_to=Status.SUPERSEDED)

    assert ledger.sends.add_note(case.case_id, NOTE, hand_over="Nobody answered it.") is not None

    now = ledger.cases.get(case.case_id)
    assert now is not None
    assert (now.status, now.reasons) == (Status.HANDED_OVER, ("Nobody answered it.",))


def test_a_message_that_was_set_aside_goes_to_a_person_once_and_with_its_note(ledger: Ledger) -> None:
    case = opened(ledger)
    conclude(ledger, case, Status.IGNORED)

    first, second = (ledger.sends.add_note(case.case_id, NOTE, hand_over="It was reopened.") for _ in range(2))

    assert first is not None
    assert second is None
    now = ledger.cases.get(case.case_id)
    assert now is not None
    assert (now.status, now.reasons) == (Status.HANDED_OVER, ("It was reopened.",))
    assert [send.send_id for send in ledger.sends.of_case(case.case_id)] == [first]
    last = ledger.cases.moves(case.case_id)[-1]
    assert (last["from_status"], last["to_status"]) == (Status.IGNORED, Status.HANDED_OVER)


def test_the_replies_of_a_ticket_are_those_that_left_or_may_have(ledger: Ledger) -> None:
    sent = posting(ledger, 42)
    ledger.sends.posted(sent.send_id, sent.epoch, Posted(remote_id="901", at=NOON))
    approved(ledger, 42, "c1")
    posting(ledger, 43)

    assert [(one.send_id, one.remote_id) for one in ledger.sends.replies_of(42)] == [(sent.send_id, "901")]


def test_a_thread_that_was_read_too_early_opens_nothing_behind_a_newer_message(ledger: Ledger) -> None:
    late = claimed(ledger, 42)
    newer = held(ledger, 42, "c7")

    assert ledger.cases.open(a_thread(42), "ticket", late, LEASE) is None
    both = a_thread(42, a_message(), a_message("And?", key="c7"))
    assert ledger.cases.open(both, "ticket", late, LEASE) is not None, "whoever has read both may decide"
    assert status_of(ledger, newer) is Status.HELD


def test_a_newer_message_that_needs_no_answer_keeps_nobody_out(ledger: Ledger) -> None:
    late = claimed(ledger, 42)
    conclude(ledger, opened(ledger, 42, "c7"), Status.IGNORED)

    assert ledger.cases.open(a_thread(42), "ticket", late, LEASE) is not None


def test_the_answer_to_an_older_message_takes_nothing_from_a_newer_one(ledger: Ledger) -> None:
    newer = opened(ledger, 42, "c7")
    both = a_thread(42, a_message(), a_message("And?", key="c7"))
    older = ledger.cases.open(both, "ticket", claimed(ledger, 42), LEASE)
    assert older is not None

    assert conclude(ledger, older, Status.HELD, draft=a_draft()) == []

    assert status_of(ledger, newer) is Status.OPEN
    assert conclude(ledger, newer, Status.APPROVED, [a_reply()], draft=a_draft()) is not None
    assert status_of(ledger, older) is Status.SUPERSEDED


def test_a_case_to_which_nobody_would_come_back_rings_once(ledger: Ledger) -> None:
    doorbell = claimed(ledger, 42)
    case = ledger.cases.open(a_thread(42), "ticket", doorbell, RUN_OUT)
    assert case is not None
    assert ledger.cases.recheck_abandoned(10) == [], "its doorbell still waits"
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "nothing new")

    [rung] = ledger.cases.recheck_abandoned(10)

    assert ledger.cases.recheck_abandoned(10) == []
    again = ledger.doorbells.claim(rung, LEASE)
    assert again is not None
    assert (again.ring, again.ticket_id, again.case_id) == (Ring.RECHECK, 42, case.case_id)
    assert ledger.cases.open(a_thread(42), "ticket", again, LEASE) is not None


def test_a_case_that_is_drafted_or_held_is_not_abandoned(ledger: Ledger) -> None:
    opened(ledger, 42)
    held(ledger, 43)

    assert ledger.cases.recheck_abandoned(10) == []
