"""What every ledger keeps for the incident brake: counts by topic, brakes, and holding replies, one a ticket."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from tests.builders import NOON, a_reply
from tests.contract.conftest import empty
from tests.contract.steps import LEASE, all_at_once, held, while_none_has_committed
from tests.postgres import PostgresServer
from tests.support.incident.cases import SURGE, TOPIC, a_brake, asks
from worker.adapters.store import open_ledger
from worker.models import Brake, Hour, Posted, SendKind, SendState, Status, Topic
from worker.ports import Ledger

MINUTE = timedelta(minutes=1)


def on(ledger: Ledger) -> Brake:
    brake = ledger.incidents.put_on(a_brake(NOON))
    assert brake is not None
    return brake


def test_customers_are_counted_by_hour_template_and_segment_each_once(ledger: Ledger) -> None:
    for ticket_id, person in ((1, 11), (2, 11), (3, 12)):
        asks(ledger, ticket_id, NOON + ticket_id * MINUTE, person=person)
    asks(ledger, 4, NOON + timedelta(hours=2), segments=("IM+", "IM"))
    asks(ledger, 5, NOON, template_id="")
    asks(ledger, 6, NOON, status=Status.IGNORED)
    hour = int(NOON.timestamp() // 3600)
    assert sorted(ledger.incidents.hours(NOON, NOON + timedelta(days=1)), key=lambda one: one.hour) == [
        Hour(template_id="redeem", segment="IM", hour=hour, customers=2),
        Hour(template_id="redeem", segment="IM & IM+", hour=hour + 2, customers=1),
    ]
    assert ledger.incidents.hours(NOON + timedelta(hours=1), NOON + timedelta(hours=2)) == []


def test_a_case_is_seen_at_the_time_at_which_its_customer_wrote(ledger: Ledger) -> None:
    late, early = asks(ledger, 1, NOON + 5 * MINUTE), asks(ledger, 2, NOON, template_id="", questions=("A pledge?",))
    seen = ledger.incidents.sightings(NOON, NOON + timedelta(hours=1))
    assert [(one.case_id, one.at, one.person, one.questions) for one in seen] == [
        (early, NOON, "requester 2", ("A pledge?",)),
        (late, NOON + 5 * MINUTE, "requester 1", ()),
    ]
    assert [one.case_id for one in ledger.incidents.sightings(NOON, fitting=False)] == [early]
    assert [one.case_id for one in ledger.incidents.sightings(NOON, limit=1)] == [late]
    assert [one.case_id for one in ledger.incidents.sightings(NOON + MINUTE)] == [late]


def test_one_brake_is_on_for_a_topic_however_many_look(ledger: Ledger) -> None:
    found = [one for one in all_at_once(4, lambda _: ledger.incidents.put_on(a_brake(NOON))) if one is not None]
    assert [one.topic for one in found] == [TOPIC]
    assert ledger.incidents.on() == found
    other = ledger.incidents.put_on(a_brake(NOON, Topic(segment="IM", question="Why?")))
    assert other is not None
    assert [one.brake_id for one in ledger.incidents.on()] == [found[0].brake_id, other.brake_id]


def test_a_brake_is_let_go_once_and_may_come_on_again(ledger: Ledger) -> None:
    brake = on(ledger)
    more = SURGE.model_copy(update={"customers": 30})
    ledger.incidents.still_hot(brake.brake_id, NOON + MINUTE, more)
    ledger.incidents.still_hot(brake.brake_id, NOON + 2 * MINUTE, SURGE)
    [hot] = ledger.incidents.on()
    assert (hot.surge, hot.hot_at) == (more, NOON + 2 * MINUTE)

    assert ledger.incidents.let_go(brake.brake_id, "maya", false_alarm=True)
    assert not ledger.incidents.let_go(brake.brake_id, "tom")

    off = ledger.incidents.get(brake.brake_id)
    assert off is not None
    assert (off.off_by, off.false_alarm, ledger.incidents.on()) == ("maya", True, [])
    assert ledger.incidents.since(NOON) == [off]
    assert off.off_at is not None
    assert ledger.incidents.since(off.off_at + MINUTE) == []
    [entry] = ledger.reviews.audit_log(1)
    assert (entry["user"], entry["action"], entry["detail"]) == ("maya", "let brake go", "a false alarm")
    assert ledger.incidents.put_on(a_brake(NOON)) is not None
    assert ledger.incidents.get(99) is None


def test_one_host_looks_at_a_time(ledger: Ledger) -> None:
    assert all_at_once(4, lambda _: ledger.incidents.claim_look(timedelta(minutes=5))).count(True) == 1
    assert ledger.incidents.claim_look(timedelta(0))


def test_two_leads_who_press_at_once_send_one_holding_reply_to_each_ticket(ledger: Ledger) -> None:
    brake = on(ledger)
    cases = [asks(ledger, n, NOON) for n in (1, 2, 3)]
    letters = {case_id: a_reply() for case_id in cases}
    queued = all_at_once(3, lambda n: ledger.incidents.hold_with(brake.brake_id, letters, "We know.", f"lead {n}"))
    assert sorted(map(len, queued)) == [0, 0, 3]
    sent = ledger.incidents.holding(brake.brake_id)
    assert {ticket_id: one.kind for ticket_id, one in sent.items()} == dict.fromkeys((1, 2, 3), SendKind.HOLDING)
    assert [len(ledger.sends.of_case(case_id)) for case_id in cases] == [1, 1, 1]
    joined = asks(ledger, 4, NOON)
    assert len(ledger.incidents.hold_with(brake.brake_id, letters | {joined: a_reply()}, "Still.", "maya")) == 1
    now = ledger.incidents.get(brake.brake_id)
    assert now is not None
    assert now.holding_text == "Still."


@pytest.mark.postgres
def test_of_two_leads_who_press_at_once_on_two_incidents_each_ticket_hears_from_one(postgres: PostgresServer) -> None:
    empty(postgres)
    ledger = open_ledger(postgres.url())
    brake, other = on(ledger), ledger.incidents.put_on(a_brake(NOON, Topic(segment="IM", question="Why?")))
    assert other is not None
    mine, both, theirs = ({asks(ledger, n, NOON): a_reply()} for n in (1, 2, 3))
    acts = [
        partial(ledger.incidents.hold_with, brake.brake_id, mine | both, "We know.", "maya"),
        partial(ledger.incidents.hold_with, other.brake_id, both | theirs, "We look.", "ravi"),
    ]
    queued = while_none_has_committed(postgres.url(), *acts)

    sent = [ledger.incidents.holding(one.brake_id) for one in (brake, other)]
    assert [len(each) for each in queued] == [len(each) for each in sent]
    assert sorted([*sent[0], *sent[1]]) == [1, 2, 3]
    assert {entry["detail"] for entry in ledger.reviews.audit_log(2)} == {"to 1 ticket", "to 2 tickets"}
    ledger.close()


def test_a_holding_reply_leaves_the_case_held_and_its_one_reply_unused(ledger: Ledger) -> None:
    brake, case_id = on(ledger), asks(ledger, 1, NOON)
    [send_id] = ledger.incidents.hold_with(brake.brake_id, {case_id: a_reply()}, "We know.", "maya")
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    assert ledger.sends.intend(send_id, send.epoch)
    assert ledger.sends.posted(send_id, send.epoch, Posted(remote_id="7", at=NOON))
    assert ledger.sends.done(send_id, send.epoch)
    case = ledger.cases.get(case_id)
    assert case is not None
    assert case.status is Status.HELD
    assert (ledger.cases.replies_on_ticket(1), len(ledger.sends.replies_of(1))) == (0, 1)

    draft_id, draft, _ = ledger.cases.drafts(case_id)[-1]
    assert ledger.reviews.approve(case_id, draft_id, draft.body_hash, a_reply(), "maya")


def test_one_that_never_left_may_be_sent_again_and_one_that_may_have_left_may_not(ledger: Ledger) -> None:
    brake = on(ledger)
    kept, tried = asks(ledger, 1, NOON), asks(ledger, 2, NOON)
    letters = {kept: a_reply(), tried: a_reply()}
    queued = ledger.incidents.hold_with(brake.brake_id, letters, "We know.", "maya")
    for send_id in queued:
        send = ledger.sends.claim(send_id, LEASE)
        assert send is not None
        if send.case_id == tried:
            assert ledger.sends.intend(send_id, send.epoch)
        assert ledger.sends.drop(send_id, send.epoch, "Not sent.", case_to=None)
    [again] = ledger.incidents.hold_with(brake.brake_id, letters, "We know.", "maya")
    sent = ledger.incidents.holding(brake.brake_id)
    assert (sent[1].send_id, sent[1].state, sent[2].state) == (again, SendState.QUEUED, SendState.DROPPED)


def test_a_press_leaves_out_those_of_whom_it_was_told_before_also_for_another_incidents_reply(ledger: Ledger) -> None:
    brake, other = on(ledger), ledger.incidents.put_on(a_brake(NOON, Topic(segment="IM", question="Why?")))
    assert other is not None
    mine, theirs, decided, kept, new = (asks(ledger, n, NOON) for n in (1, 2, 3, 4, 5))
    [had] = ledger.incidents.hold_with(brake.brake_id, {mine: a_reply()}, "We know.", "maya")
    for case_id in (theirs, decided, kept):
        ledger.incidents.hold_with(other.brake_id, {case_id: a_reply()}, "We look.", "ravi")
    elsewhere = ledger.incidents.holding(other.brake_id)
    assert ledger.cases.advance(decided, Status.HELD, Status.REJECTED, None)
    send = ledger.sends.claim(elsewhere[4].send_id, LEASE)
    assert send is not None
    assert ledger.sends.drop(send.send_id, send.epoch, "Not sent.", case_to=None)

    told = ledger.incidents.left_out(brake.brake_id)
    assert {ticket_id: one.send_id for ticket_id, one in told.items()} == {1: had, 2: elsewhere[2].send_id}
    assert sorted(ledger.incidents.left_out(other.brake_id)) == [1, 2, 3]
    letters = {case_id: a_reply() for case_id in (mine, theirs, decided, kept, new)}
    ledger.incidents.hold_with(brake.brake_id, letters, "We know.", "maya")
    assert sorted(ledger.incidents.holding(brake.brake_id)) == [1, 4, 5]


def test_of_two_replies_for_which_a_ticket_is_left_out_its_incidents_own_is_told(ledger: Ledger) -> None:
    brake, other = on(ledger), ledger.incidents.put_on(a_brake(NOON, Topic(segment="IM", question="Why?")))
    assert other is not None
    first = held(ledger, 1, "ticket")
    [own] = ledger.incidents.hold_with(brake.brake_id, {first.case_id: a_reply()}, "We know.", "maya")
    assert ledger.cases.advance(first.case_id, Status.HELD, Status.SUPERSEDED, None)
    second = held(ledger, 1, "c1")
    [others] = ledger.incidents.hold_with(other.brake_id, {second.case_id: a_reply()}, "We look.", "ravi")
    assert ledger.incidents.left_out(brake.brake_id)[1].send_id == own
    assert ledger.incidents.left_out(other.brake_id)[1].send_id == others


def test_nothing_is_sent_for_a_brake_that_is_off_nor_for_a_case_that_is_decided(ledger: Ledger) -> None:
    brake = on(ledger)
    waits, decided = asks(ledger, 1, NOON), asks(ledger, 2, NOON)
    assert ledger.cases.advance(decided, Status.HELD, Status.REJECTED, None)
    letters = {waits: a_reply(), decided: a_reply(), "nope": a_reply()}
    assert ledger.incidents.let_go(brake.brake_id, "")
    assert ledger.incidents.hold_with(brake.brake_id, letters, "We know.", "maya") == []
    brake = on(ledger)
    assert len(ledger.incidents.hold_with(brake.brake_id, letters, "We know.", "maya")) == 1
