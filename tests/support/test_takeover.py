"""A ticket that a lead has taken over: nothing of ours leaves for it, whatever was under way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.answering import an_answering_office
from tests.builders import NOON, a_draft, a_message, a_thread, a_trace, a_verdict, minutes
from tests.desk import TAGS, Office
from worker.models import Case, Ring, SendKind, SendState, Status, Step, Thread
from worker.support.deliver import deliver
from worker.support.outgoing import held_note, reply_outgoing, taken_note
from worker.support.takeover import taken_words
from worker.tasks import draft_doorbell

WORDS = taken_words("maya")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def ring(office: Office) -> str:
    return draft_doorbell(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), office.desk, lambda *_: None)


def writes_again(office: Office, key: str = "c9") -> None:
    now = office.helpdesk.thread_now
    said = a_message("And what is the minimum?", key=key, at=NOON + minutes(5))
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, said))


def taken_while_drafting(office: Office, status: Status) -> Case:
    """A case whose drafting ended after its ticket was taken over through another one, as a slow worker's would."""
    thread = a_thread(1, a_message(key="x1"), a_message(key="x2"))
    bells, cases = office.ledger.doorbells, office.ledger.cases
    opened = []
    for key in ("x1", "x2"):
        doorbell = bells.claim(bells.ring(Ring.WEBHOOK, 1), timedelta(seconds=60))
        assert doorbell is not None
        case = cases.open(thread, key, doorbell, timedelta(seconds=60))
        assert case is not None
        if key == "x1":
            assert office.ledger.reviews.take_over(case.case_id, "maya", WORDS)
        opened.append(case)
    late, draft, verdict = opened[1], a_draft(), a_verdict(Step.HOLD)
    outgoing = (
        reply_outgoing(draft, office.desk.policy, TAGS)
        if status is Status.APPROVED
        else held_note(late.case_id, draft, verdict, office.desk.policy, TAGS)
    )
    sends = cases.conclude(
        late.case_id, late.epoch, status, verdict=verdict, trace=a_trace(), thread=thread, draft=draft,
        outgoing=[outgoing],
    )  # fmt: skip
    assert sends
    return late


def test_what_the_customer_writes_next_is_set_aside_with_the_reason(office: Office) -> None:
    ring(office)
    [case] = office.ledger.cases.of_ticket(1)
    office.ledger.reviews.take_over(case.case_id, "maya", WORDS)
    writes_again(office)
    ring(office)
    newest = office.ledger.cases.of_ticket(1)[-1]
    assert (newest.message_key, newest.status, newest.reasons) == ("c9", Status.IGNORED, (WORDS,))
    trace = office.ledger.cases.trace(newest.case_id)
    assert trace is not None
    assert [(asked.rule, asked.hit) for asked in trace.asked] == [("taken-over", True)]


@pytest.mark.parametrize("status", [Status.APPROVED, Status.HELD])
def test_the_door_lets_neither_a_reply_nor_a_note_about_a_draft_out(office: Office, status: Status) -> None:
    case = taken_while_drafting(office, status)
    assert [deliver(send, office.desk) for send in office.ledger.sends.due(9)] == ["dropped"]
    assert not office.helpdesk.posted
    assert office.status(case) is Status.HANDED_OVER
    assert office.send(case).state is SendState.DROPPED


def test_the_note_that_says_so_leaves(office: Office) -> None:
    ring(office)
    [case] = office.ledger.cases.of_ticket(1)
    for send_id in office.ledger.sends.due(9):
        deliver(send_id, office.desk)
    before = len(office.helpdesk.posted)
    office.ledger.reviews.take_over(case.case_id, "maya <b>", WORDS, taken_note("maya <b>", TAGS))
    [send_id] = office.ledger.sends.due(9)
    assert deliver(send_id, office.desk) == "done"
    [(kind, body)] = office.helpdesk.posted[before:]
    assert kind == "note"
    assert "maya &lt;b&gt; answers this ticket." in body
    assert office.ledger.sends.of_case(case.case_id)[-1].kind is SendKind.HANDOVER_NOTE
