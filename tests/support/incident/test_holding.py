"""The brake at the door, and the holding reply: what is held, what leaves, once each, and that no answer is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.answering import an_answering_office
from tests.builders import a_message
from tests.console.seed import LETTER
from tests.desk import TAGS, Office
from tests.support.incident.cases import a_brake
from worker.errors import InDoubt
from worker.models import Brake, Case, Ring, SendKind, SendState, Status, Thread, TicketState, Topic
from worker.support.deliver import deliver
from worker.support.incident.holding import fingerprint, preview, send
from worker.support.review import approve
from worker.support.reviewdesk import Outcome, ReviewDesk
from worker.support.threads import read_thread, waiting
from worker.tasks import draft_doorbell

TOPIC = Topic(template_id="im-withdrawal-time", segment="IM")
TEXT = "We know that withdrawals are late today.\n\nWe will write again."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def braked(office: Office, topic: Topic = TOPIC) -> Brake:
    on_at = datetime.now(UTC)
    since = datetime(2020, 1, 1, tzinfo=UTC)  # the thread's own times lie in the past
    brake = office.ledger.incidents.put_on(a_brake(on_at, topic, since=since))
    assert brake is not None
    return brake


def drafted(office: Office) -> list[str]:
    queued: list[str] = []
    doorbell_id = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    draft_doorbell(doorbell_id, office.desk, lambda _queue, row: queued.append(row))
    return queued


def case_of(office: Office) -> Case:
    return office.ledger.cases.of_ticket(1)[-1]


def leads(office: Office, **policy: Any) -> ReviewDesk:
    desk = office.with_policy(**policy)
    return ReviewDesk(office.ledger, desk.policy, TAGS, lambda _t, _i: LETTER, lambda _queue, _row: None)


def press(office: Office, brake: Brake, text: str = TEXT) -> Outcome:
    return send(leads(office), brake, text, fingerprint(text), "maya")


def held_with_holding(office: Office) -> tuple[Brake, str]:
    """A case that the brake holds, and the send of its holding reply."""
    brake = braked(office)
    for note in drafted(office):
        deliver(note, office.desk)
    assert press(office, brake).done
    [(_, queued)] = office.ledger.incidents.holding(brake.brake_id).items()
    return brake, queued.send_id


def writes_again(office: Office, text: str) -> None:
    """In a message with a number of its own, as Freshdesk gives them."""
    now = office.helpdesk.thread_now
    said = a_message(text, key="c50", at=datetime.now(UTC))
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, said))


def replies(office: Office) -> int:
    return sum(kind == "reply" for kind, _ in office.helpdesk.posted)


def holding_state(office: Office, brake: Brake) -> SendState:
    return office.ledger.incidents.holding(brake.brake_id)[1].state


def test_a_draft_of_the_topic_is_held_and_one_of_another_segment_leaves(office: Office) -> None:
    braked(office, TOPIC.model_copy(update={"segment": "IM+"}))
    braked(office, Topic(template_id="another", segment="IM"))
    for one in drafted(office):
        deliver(one, office.desk)
    assert (case_of(office).status, replies(office)) == (Status.SENT, 1)


def test_a_draft_of_the_topic_says_why_it_is_held(office: Office) -> None:
    brake = braked(office)
    drafted(office)
    assert case_of(office).status is Status.HELD
    assert any(f"(incident {brake.brake_id})" in reason for reason in case_of(office).reasons)


def test_an_automatic_reply_that_waits_at_the_door_is_held_and_a_leads_is_not(office: Office) -> None:
    queued = drafted(office)
    assert case_of(office).status is Status.APPROVED
    braked(office)
    assert [deliver(one, office.desk) for one in queued] == ["dropped"]
    assert (case_of(office).status, replies(office)) == (Status.HELD, 0)
    assert "many customers write about this" in case_of(office).reasons[0]

    draft_id, draft, _ = office.ledger.cases.drafts(case_of(office).case_id)[-1]
    outcome = approve(leads(office), case_of(office).case_id, draft_id, draft.body_hash, "maya")
    assert deliver(outcome.made, office.desk) == "done"
    assert replies(office) == 1


def test_the_holding_reply_leaves_and_the_real_answer_still_does(office: Office) -> None:
    brake, send_id = held_with_holding(office)
    assert deliver(send_id, office.desk) == "done"
    [(_, body)] = [one for one in office.helpdesk.posted if one[0] == "reply"]
    assert "We know that withdrawals are late today." in body
    assert LETTER.greeting in body
    assert case_of(office).status is Status.HELD
    thread = read_thread(1, office.helpdesk, office.ledger)
    assert [m.holding for m in thread.messages if m.author == "deskhand"] == [True]
    assert [m.key for m in waiting(thread)] == [case_of(office).message_key]

    draft_id, draft, _ = office.ledger.cases.drafts(case_of(office).case_id)[-1]
    outcome = approve(leads(office), case_of(office).case_id, draft_id, draft.body_hash, "maya")
    assert deliver(outcome.made, office.desk) == "done"
    assert (case_of(office).status, replies(office)) == (Status.SENT, 2)
    assert not press(office, brake).done


def test_what_the_holding_reply_promises_is_kept_with_its_ticket(office: Office) -> None:
    brake = braked(office)
    drafted(office)
    assert press(office, brake, "We will call you within 2 working days.").done
    deliver(office.ledger.incidents.holding(brake.brake_id)[1].send_id, office.desk)
    assert [one.kept_at for one in office.ledger.promises.of_ticket(1)] == [None]


def test_a_question_after_the_holding_reply_is_answered_with_the_one_before(office: Office) -> None:
    _, send_id = held_with_holding(office)
    deliver(send_id, office.desk)
    writes_again(office, "And what does a withdrawal cost?")
    drafted(office)
    first, second = office.ledger.cases.of_ticket(1)
    assert (first.status, second.status) == (Status.SUPERSEDED, Status.HELD)
    trace = office.ledger.cases.trace(second.case_id)
    assert trace is not None
    assert len(trace.questions) == 2


def test_it_is_sent_once_however_often_the_process_dies(office: Office) -> None:
    brake, send_id = held_with_holding(office)
    office.helpdesk.cut = [InDoubt("cut off", part="freshdesk")]
    assert deliver(send_id, office.desk) == "in doubt"
    office.make_due(send_id)
    assert deliver(send_id, office.desk) == "done"
    assert (replies(office), holding_state(office, brake)) == (1, SendState.DONE)
    assert not press(office, brake).done


def test_while_it_is_in_doubt_the_answer_is_not_lost_by_it(office: Office) -> None:
    _, send_id = held_with_holding(office)
    office.helpdesk.cut = [InDoubt("cut off", part="freshdesk")]
    deliver(send_id, office.desk)
    draft_id, draft, _ = office.ledger.cases.drafts(case_of(office).case_id)[-1]
    outcome = approve(leads(office), case_of(office).case_id, draft_id, draft.body_hash, "maya")
    assert deliver(outcome.made, office.desk) == "done"
    assert case_of(office).status is Status.SENT


@pytest.mark.parametrize("event", ["wrote again", "colleague", "closed", "taken", "decided"])
def test_it_does_not_leave_where_the_ticket_has_moved_on(office: Office, event: str) -> None:
    brake, send_id = held_with_holding(office)
    if event == "wrote again":
        writes_again(office, "Still nothing.")
    elif event == "colleague":
        office.helpdesk.colleague_answers()
    elif event == "closed":
        office.helpdesk.ticket_becomes(state=TicketState.CLOSED)
    elif event == "taken":
        office.ledger.reviews.take_over(case_of(office).case_id, "tom", "Mine.", None)
    else:
        office.ledger.cases.advance(case_of(office).case_id, Status.HELD, Status.REJECTED, None)
    before = case_of(office).status
    assert deliver(send_id, office.desk) == "dropped"
    assert (replies(office), holding_state(office, brake)) == (0, SendState.DROPPED)
    assert case_of(office).status is before


def test_a_customer_who_wrote_again_can_get_it_by_another_press(office: Office) -> None:
    brake, send_id = held_with_holding(office)
    writes_again(office, "When will my IM withdrawal reach my bank, please?")
    deliver(send_id, office.desk)
    drafted(office)
    assert press(office, brake).done
    again = office.ledger.incidents.holding(brake.brake_id)[1]
    assert again.kind is SendKind.HOLDING
    assert deliver(again.send_id, office.desk) == "done"
    assert replies(office) == 1
    assert not press(office, brake).done


def test_what_cannot_be_sent_is_refused_with_the_reason(office: Office) -> None:
    brake = braked(office)
    assert press(office, brake).words == "Every ticket that waits has one already."
    assert preview(leads(office), brake, TEXT) is None
    drafted(office)
    desk = leads(office)
    assert "write what" in send(desk, brake, " ", "", "maya").words
    assert "gap" in send(desk, brake, "Hello {{ name }}", "", "maya").words
    assert "preview" in send(desk, brake, TEXT, fingerprint(TEXT + " And more."), "maya").words
    assert "characters" in send(desk, brake, "x" * 20_000, "", "maya").words
    assert "shadow" in send(leads(office, delivery="shadow"), brake, TEXT, fingerprint(TEXT), "maya").words
    office.ledger.incidents.let_go(brake.brake_id, "maya")
    assert press(office, brake).words == "The brake is off by now."
    assert office.ledger.incidents.holding(brake.brake_id) == {}
