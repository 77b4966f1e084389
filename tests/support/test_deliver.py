"""The one door: whatever happens on the way out, a customer gets a reply at most once, and nothing wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desk import Office, an_office
from worker.errors import InDoubt, Permanent, Retryable
from worker.models import SendState, Status, TicketState
from worker.support.deliver import deliver

CUT = InDoubt("the connection was reset after the request was sent", part="freshdesk")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(tmp_path) as open_office:
        yield open_office


def test_an_approved_reply_is_sent_once_and_the_ticket_is_changed_in_one_write(office: Office) -> None:
    case, send_id = office.approved()
    assert deliver(send_id, office.desk) == "done"
    assert [kind for kind, _ in office.helpdesk.posted] == ["reply"]
    assert office.status(case) is Status.SENT
    [change] = office.helpdesk.changes
    assert change.add_tags == ("deskhand-sent",)
    assert "deskhand-held" in change.remove_tags
    assert change.state is TicketState.PENDING
    assert deliver(send_id, office.desk) == "not ours"


def test_a_delivery_that_freshdesk_has_no_room_for_is_not_begun(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def full(*, public: bool) -> Iterator[None]:
        assert public
        raise Retryable("the allowance is used up", part="freshdesk", after=30.0)
        yield

    case, send_id = office.approved()
    with monkeypatch.context() as patch:
        patch.setattr(office.helpdesk, "delivering", full)
        assert deliver(send_id, office.desk) == "parked"
    assert not office.helpdesk.posted
    assert office.send(case).state is SendState.QUEUED, "no intent was committed that somebody would have to look for"
    assert office.ledger.sends.claim(send_id, timedelta(seconds=60)) is None, "not before the time that was named"


def test_a_reply_on_a_ticket_that_a_colleague_has_taken_is_dropped_whether_there_is_room_or_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, send_id = office.approved()
    monkeypatch.setattr(type(office.ledger.reviews), "taken_by", lambda *_: "asha")
    monkeypatch.setattr(office.helpdesk, "delivering", lambda **_: pytest.fail("nobody need be asked"))
    assert deliver(send_id, office.desk) == "dropped"
    assert office.status(case) is Status.HANDED_OVER


def test_the_last_look_and_the_reply_are_one_delivery(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    @contextmanager
    def delivering(*, public: bool) -> Iterator[None]:
        steps.append("let in")
        yield
        steps.append("over")

    def noted(name: str) -> None:
        call = getattr(office.helpdesk, name)
        monkeypatch.setattr(office.helpdesk, name, lambda *of, **how: (steps.append(name), call(*of, **how))[1])

    for name in ("thread", "reply", "change"):
        noted(name)
    monkeypatch.setattr(office.helpdesk, "delivering", delivering)
    _, send_id = office.approved()
    steps.clear()
    assert deliver(send_id, office.desk) == "done"
    assert steps == ["let in", "thread", "reply", "change", "over"]


def test_what_is_posted_is_the_stored_body_to_the_letter(office: Office) -> None:
    case, send_id = office.approved()
    deliver(send_id, office.desk)
    assert office.helpdesk.posted[0][1] == office.send(case).body_html


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        ({"state": TicketState.CLOSED}, "closed"),
        ({"spam": True}, "spam"),
        ({"deleted": True}, "deleted"),
        ({"merged": True}, "merged"),
    ],
)
def test_a_ticket_that_ended_meanwhile_gets_no_reply(office: Office, happens: dict[str, object], reason: str) -> None:
    case, send_id = office.approved()
    office.helpdesk.ticket_becomes(**happens)
    assert deliver(send_id, office.desk) == "dropped"
    assert not office.helpdesk.posted
    assert office.status(case) is Status.SUPERSEDED
    last = office.ledger.cases.get(case.case_id)
    assert last is not None
    assert reason in last.reasons[0]


def test_a_customer_who_wrote_again_gets_a_new_draft_instead(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.customer_writes_again()
    assert deliver(send_id, office.desk) == "dropped"
    assert office.status(case) is Status.SUPERSEDED
    [doorbell] = office.ledger.doorbells.due(10)
    claimed = office.ledger.doorbells.claim(doorbell, timedelta(seconds=60))
    assert claimed is not None
    assert claimed.ticket_id == case.ticket_id


def test_a_reply_never_goes_over_a_colleagues_answer(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.colleague_answers()
    assert deliver(send_id, office.desk) == "dropped"
    assert not office.helpdesk.posted
    assert not office.ledger.doorbells.due(10)
    assert office.status(case) is Status.SUPERSEDED


def test_a_reply_that_nobody_approved_stays_off_a_ticket_that_a_colleague_has_by_now(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.ticket_becomes(assigned_to_person=True)
    assert deliver(send_id, office.desk) == "dropped"
    assert not office.helpdesk.posted
    assert office.status(case) is Status.HANDED_OVER
    assert office.ledger.sends.of_case(case.case_id)[1:] == [], "the colleague has it: no note is needed"


def test_a_cut_connection_after_the_reply_was_stored_does_not_double_it(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.cut.append(CUT)
    assert deliver(send_id, office.desk) == "in doubt"
    assert office.send(case).state is SendState.POSTING
    assert deliver(send_id, office.desk) == "done"
    assert len(office.helpdesk.posted) == 1
    assert office.status(case) is Status.SENT


def test_a_doubtful_attempt_that_left_nothing_is_made_again_with_the_same_body(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails.append(CUT)
    deliver(send_id, office.desk)
    assert deliver(send_id, office.desk) == "done"
    [(_, body)] = office.helpdesk.posted
    assert body == office.send(case).body_html
    assert office.send(case).rounds == 2


def test_nobody_looks_before_the_settle_time_is_over(tmp_path: Path) -> None:
    with an_office(tmp_path, settle=timedelta(minutes=5)) as office:
        case, send_id = office.approved()
        office.helpdesk.cut.append(CUT)
        deliver(send_id, office.desk)
        assert not office.ledger.sends.due(10)
        assert office.send(case).state is SendState.POSTING


def test_a_send_that_stays_in_doubt_goes_to_a_person(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails += [CUT] * 3
    for _ in range(4):
        deliver(send_id, office.desk)
    assert office.send(case).state is SendState.STRANDED
    assert office.status(case) is Status.HANDED_OVER
    [note] = [s for s in office.ledger.sends.due(10) if s != send_id]
    assert deliver(note, office.desk) == "done"
    assert [kind for kind, _ in office.helpdesk.posted] == ["note"]


def test_a_definite_failure_is_tried_again_later_from_the_start(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails.append(Retryable("429", part="freshdesk", after=0.0))
    assert deliver(send_id, office.desk) == "parked"
    assert office.send(case).state is SendState.QUEUED
    assert deliver(send_id, office.desk) == "done"


def test_a_reply_that_freshdesk_refuses_three_times_goes_to_a_person(office: Office) -> None:
    case, send_id = office.approved()
    refusal = Permanent("400 invalid_field", part="freshdesk", code=400)
    office.helpdesk.fails += [refusal] * 3
    results = []
    for _ in range(3):
        results.append(deliver(send_id, office.desk))
        office.make_due(send_id)
    assert results == ["parked", "parked", "dropped"]
    assert office.status(case) is Status.HANDED_OVER
    assert not [kind for kind, _ in office.helpdesk.posted if kind == "reply"]


def test_a_status_that_the_accounts_form_refuses_loses_nothing(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.refuses_change = Permanent("400 missing_field: cf_reason", part="freshdesk", code=400)
    assert deliver(send_id, office.desk) == "done"
    assert office.status(case) is Status.SENT


def test_a_paused_process_that_wakes_up_late_sends_nothing(office: Office) -> None:
    case, send_id = office.approved()
    sleeper = office.ledger.sends.claim(send_id, timedelta(0))
    assert sleeper is not None
    assert deliver(send_id, office.desk) == "done"
    assert office.ledger.sends.intend(send_id, sleeper.epoch) is None
    assert len(office.helpdesk.posted) == 1
    assert office.status(case) is Status.SENT
