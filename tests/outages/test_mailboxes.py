"""An account with two mailboxes, its surveys and its internal tasks, over HTTP, with everything real but the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from tests.builders import minutes
from tests.console.seed import LETTER
from tests.outages.house import QUESTION, House, a_house
from tests.sandbox_server import running_sandbox
from tests.scripted_server import PATIENT
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.freshdesk.wire import OnCall
from worker.adapters.store.schema import sends
from worker.models import Ring, Status
from worker.sandbox.samples import Requester, Sample, put
from worker.support import review
from worker.support.fresh import overtaken
from worker.support.outgoing import Tags
from worker.support.overtaken import Overtaken
from worker.support.reviewdesk import ReviewDesk

SUPPORT, GRIEVANCE = "support@support.example", "grievance@support.example"
LIST = "GET /api/v2/email_configs"
UNHAPPY = "<p>Extremely unhappy. When will my withdrawal reach my bank?</p>"


@contextmanager
def at_work(folder: Path) -> Iterator[House]:
    with running_sandbox() as sandbox, a_house(folder, sandbox) as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with at_work(tmp_path) as opened:
        yield opened


def mail(house: House, **sample: Any) -> int:
    """Somebody whom the customer file knows writes, and Freshdesk rings."""
    who = Requester(email=f"asha{next(house.written)}@example.com", name="Asha Rao")
    given = {"requester": who, "subject": "Withdrawal", "html": QUESTION} | sample
    ticket_id = put(house.sandbox.state.world, Sample.model_validate(given)).id
    house.ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
    return ticket_id


def rings_again(house: House, ticket_id: int) -> None:
    house.ledger.doorbells.ring(Ring.POLLER, ticket_id)
    house.work()


def senders(house: House, ticket_id: int) -> list[str]:
    """From where the customer was answered, as Freshdesk lists it."""
    said = house.sandbox.api("GET", f"/tickets/{ticket_id}/conversations").json()
    return [c["from_email"] for c in said if not c["incoming"] and not c["private"]]


def held(house: House, **sample: Any) -> int:
    house.desk = replace(house.desk, policy=replace(house.desk.policy, delivery="review"))
    ticket_id = mail(house, **sample)
    house.work()
    assert house.case(ticket_id).status is Status.HELD
    return ticket_id


def a_lead_approves(house: House, ticket_id: int) -> None:
    desk = ReviewDesk(house.ledger, house.desk.policy, Tags(), lambda _thread, _who: LETTER, lambda _queue, _row: None)
    case = house.case(ticket_id)
    draft_id, draft, _ = house.ledger.cases.drafts(case.case_id)[-1]
    assert review.approve(desk, case.case_id, draft_id, draft.body_hash, "maya").done
    house.passes(minutes(60).total_seconds())
    house.work()


@contextmanager
def another_process(house: House, on_call: OnCall | None = None) -> Iterator[FreshdeskHelpdesk]:
    """The helpdesk of one that was started just now."""
    key = SecretStr(house.sandbox.api_key)
    helpdesk = FreshdeskHelpdesk(house.sandbox.freshdesk_url, key, timeout=PATIENT, on_call=on_call)
    try:
        yield helpdesk
    finally:
        helpdesk.close()


def test_each_customer_is_answered_from_the_mailbox_they_wrote_to(house: House) -> None:
    complaint, question = mail(house, to=GRIEVANCE), mail(house)
    form = mail(house, source=9)
    house.work()
    assert [senders(house, ticket) for ticket in (complaint, question, form)] == [[GRIEVANCE], [SUPPORT], [SUPPORT]]


def test_what_a_lead_approves_after_hours_leaves_from_the_mailbox_that_was_written_to(house: House) -> None:
    ticket = held(house, to=GRIEVANCE)
    a_lead_approves(house, ticket)
    assert senders(house, ticket) == [GRIEVANCE]


def test_a_mailbox_that_was_switched_off_since_costs_nobody_the_answer(house: House) -> None:
    ticket = held(house, to=GRIEVANCE)
    house.sandbox.state.world.mailboxes[42].active = False
    a_lead_approves(house, ticket)
    assert (senders(house, ticket), house.case(ticket).status) == ([SUPPORT], Status.SENT)


@pytest.mark.parametrize("fault", ["commit_then_cut", "cut"])
def test_a_reply_from_the_second_mailbox_whose_outcome_is_in_doubt_goes_out_once(house: House, fault: str) -> None:
    house.sandbox.goes_wrong(fault, "reply", first=1)
    ticket = mail(house, to=GRIEVANCE)
    assert "in doubt" in house.work()
    with house.ledger.writing() as connection:
        connection.execute(update(sends).values(intended_at=sends.c.intended_at - 60))
    house.passes(61)
    house.work()
    assert (senders(house, ticket), house.case(ticket).status) == ([GRIEVANCE], Status.SENT)


def test_a_mailbox_that_freshdesk_refuses_for_one_ticket_still_answers_the_next(house: House) -> None:
    ticket = held(house, to=GRIEVANCE)
    house.sandbox.state.world.mailboxes[42].active = False
    a_lead_approves(house, ticket)
    house.sandbox.state.world.mailboxes[42].active = True
    house.desk = replace(house.desk, policy=replace(house.desk.policy, delivery="auto"))
    another = mail(house, to=GRIEVANCE)
    house.work()
    assert [senders(house, one) for one in (ticket, another)] == [[SUPPORT], [GRIEVANCE]]


@pytest.mark.parametrize("read_first", ["GET email_configs", "GET agents", "GET agents/me"])
def test_what_a_customer_writes_while_a_fresh_process_learns_of_the_account_is_not_crossed_by_a_reply(
    house: House, read_first: str
) -> None:
    ticket = held(house, to=GRIEVANCE)
    heard: list[str] = []

    def writes_meanwhile(what: str, status: int, seconds: float) -> None:
        if what == read_first and not heard:
            house.sandbox.says(ticket, "<p>Please forget it, the money has come.</p>")
        heard.extend([what] if what == read_first else [])

    with another_process(house, writes_meanwhile) as fresh_one:
        house.desk = replace(house.desk, helpdesk=fresh_one)
        a_lead_approves(house, ticket)
    assert heard == [read_first]
    assert senders(house, ticket) == []


def test_a_lead_hears_what_the_customer_wrote_also_where_only_the_mailboxes_cannot_be_read(house: House) -> None:
    ticket = held(house, to=GRIEVANCE)
    house.sandbox.says(ticket, "<p>Please forget it, the money has come.</p>")
    house.sandbox.goes_wrong("refuse", LIST, status=503)
    with another_process(house) as console:
        desk = ReviewDesk(house.ledger, house.desk.policy, Tags(), lambda *_: LETTER, lambda *_: None, helpdesk=console)
        assert overtaken(desk, house.case(ticket)) == Overtaken.WROTE_AGAIN


def test_a_key_that_may_not_read_the_mailboxes_answers_as_freshdesk_does_by_itself(house: House) -> None:
    house.sandbox.goes_wrong("refuse", LIST, status=403)
    ticket = mail(house, to=GRIEVANCE)
    house.work()
    assert (senders(house, ticket), house.case(ticket).status) == ([SUPPORT], Status.SENT)


def test_while_the_mailboxes_cannot_be_read_for_a_moment_the_answer_waits_for_them(house: House) -> None:
    house.sandbox.goes_wrong("refuse", LIST, status=503, first=1)
    ticket = mail(house, to=GRIEVANCE)
    house.work()
    assert senders(house, ticket) == []
    for _ in range(3):
        house.passes(61)
        house.work()
    assert senders(house, ticket) == [GRIEVANCE]


def test_what_a_customer_says_in_the_survey_gets_no_answer(house: House) -> None:
    ticket = mail(house)
    house.work()
    house.sandbox.says(ticket, UNHAPPY, by="survey")
    rings_again(house, ticket)
    assert (len(senders(house, ticket)), len(house.ledger.cases.of_ticket(ticket))) == (1, 1)


def test_a_draft_outlives_the_survey(house: House) -> None:
    ticket = held(house)
    house.sandbox.says(ticket, UNHAPPY, by="survey")
    rings_again(house, ticket)
    a_lead_approves(house, ticket)
    assert (len(senders(house, ticket)), house.case(ticket).status) == (1, Status.SENT)


@pytest.mark.parametrize("kind", [2, 3], ids=["child", "tracker"])
def test_an_internal_task_in_a_customers_name_is_never_answered_to_them(house: House, kind: int) -> None:
    ticket = mail(house, association_type=kind, html="<p>Please check with the bank when her withdrawal arrives.</p>")
    house.work()
    assert house.sandbox.replies(ticket) == house.sandbox.notes(ticket) == []
    assert house.case(ticket).status is Status.IGNORED


@pytest.mark.parametrize("kind", [1, 4], ids=["parent", "related"])
def test_a_customers_mail_that_others_hang_on_is_answered(house: House, kind: int) -> None:
    ticket = mail(house, association_type=kind)
    house.work()
    assert len(senders(house, ticket)) == 1
