"""The adapters against the local Freshdesk and Groq: the vendors' behaviour as a whole, not single answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from tests.sandbox_server import BOT_ID, RunningSandbox, running_sandbox
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.groq import GroqWriter
from worker.errors import InDoubt, Permanent, Retryable
from worker.models import Author, TicketChange, TicketState
from worker.support.bodies import body_hash
from worker.uptime import uptime

BODY = "<p>Dear Asha,</p><ul><li>your units arrive <b>on Monday</b> &amp; not before.</li></ul>"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    yield running
    running.all_well()


@pytest.fixture
def desk(sandbox: RunningSandbox) -> FreshdeskHelpdesk:
    return FreshdeskHelpdesk(sandbox.freshdesk_url, SecretStr(sandbox.api_key), timeout=5)


def a_ticket(sandbox: RunningSandbox, **more: object) -> int:
    return sandbox.mail("asha@example.com", "When?", "<p>When do my units arrive?</p>", **more)


def in_a_minute() -> float:
    return uptime() + 60


def test_a_message_is_read_answered_and_the_answer_is_found_again(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk
) -> None:
    ticket = a_ticket(sandbox)
    since = datetime.now(UTC)
    posted = desk.reply(ticket, BODY, not_after=in_a_minute())
    thread = desk.thread(ticket)
    assert [m.author for m in thread.messages] == [Author.CUSTOMER, Author.DESKHAND]
    assert thread.ticket.requester.email == "asha@example.com"
    assert desk.find(ticket, body_hash(BODY), since=since, public=True) == posted
    assert desk.find(ticket, body_hash(BODY), since=since, public=False) is None


@pytest.mark.parametrize("count", [9, 10, 11, 100, 101, 230])
def test_the_newest_message_of_a_thread_of_any_length_is_read(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk, count: int
) -> None:
    said = [{"by": "customer", "html": f"<p>Message {n}</p>"} for n in range(count)]
    thread = desk.thread(a_ticket(sandbox, conversations=said))
    assert len(thread.messages) == count + 1
    assert thread.newest_from_customer is not None
    assert thread.newest_from_customer.text == f"Message {count - 1}"


@pytest.mark.parametrize("fault", ["commit_then_cut", "commit_then_error"])
def test_a_reply_that_was_committed_but_not_confirmed_is_found(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk, fault: str
) -> None:
    ticket = a_ticket(sandbox, conversations=[{"by": "customer", "html": "<p>Hello?</p>"}] * 105)
    sandbox.goes_wrong(fault, "reply", first=1)
    since = datetime.now(UTC)
    with pytest.raises(InDoubt):
        desk.reply(ticket, BODY, not_after=in_a_minute())
    found = desk.find(ticket, body_hash(BODY), since=since, public=True)
    assert found is not None
    assert len(sandbox.replies(ticket)) == 1


def test_a_reply_that_was_cut_before_it_was_committed_is_not_found(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk
) -> None:
    ticket = a_ticket(sandbox)
    sandbox.goes_wrong("cut", "reply", first=1)
    with pytest.raises(InDoubt):
        desk.reply(ticket, BODY, not_after=in_a_minute())
    assert desk.find(ticket, body_hash(BODY), since=datetime.now(UTC), public=True) is None


def test_a_change_keeps_the_tags_of_others(sandbox: RunningSandbox, desk: FreshdeskHelpdesk) -> None:
    ticket = a_ticket(sandbox, tags=["vip", "ai-held"])
    wanted = TicketChange(
        add_tags=("ai-sent",), remove_tags=("ai-held",), state=TicketState.PENDING, group="billing", priority=3
    )
    desk.change(ticket, wanted)
    changed = desk.thread(ticket).ticket
    assert (changed.tags, changed.state, changed.priority) == (("vip", "ai-sent"), TicketState.PENDING, 3)
    assert changed.group_id is not None


def test_a_closure_that_the_account_refuses_is_permanent_and_names_the_field(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk
) -> None:
    ticket = a_ticket(sandbox)
    sandbox.goes_wrong("missing_field", "change", field="cf_reason")
    with pytest.raises(Permanent, match="missing_field cf_reason"):
        desk.change(ticket, TicketChange(state=TicketState.CLOSED))


def test_a_ticket_in_the_trash_is_told_from_one_without_a_right_to_it(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk
) -> None:
    ticket, other = a_ticket(sandbox), a_ticket(sandbox)
    assert not desk.in_trash(ticket)
    sandbox.changed(ticket, deleted=True)
    assert (desk.in_trash(ticket), desk.in_trash(other)) == (True, False)
    with pytest.raises(Permanent) as refused:
        desk.thread(ticket)
    assert refused.value.code == 403


@pytest.mark.parametrize("gone", ["spam", "deleted"])
def test_nothing_can_be_sent_to_a_ticket_in_the_bin(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk, gone: str
) -> None:
    ticket = a_ticket(sandbox)
    sandbox.changed(ticket, **{gone: True})
    with pytest.raises(Permanent) as caught:
        desk.reply(ticket, BODY, not_after=in_a_minute())
    assert caught.value.code == 405


def test_a_merged_ticket_is_recognised_and_the_one_it_went_into_is_not(
    sandbox: RunningSandbox, desk: FreshdeskHelpdesk
) -> None:
    secondary, primary = a_ticket(sandbox), a_ticket(sandbox)
    sandbox._post(f"/tickets/{secondary}/merge", {"into": primary})
    assert desk.thread(secondary).ticket.merged
    assert not desk.thread(primary).ticket.merged


def test_an_agents_own_ticket_has_no_customer(sandbox: RunningSandbox, desk: FreshdeskHelpdesk) -> None:
    agent = {"name": "Ben Okafor", "email": "ben@support.example", "is_agent": True}
    ticket = int(sandbox._post("/tickets", {"requester": agent, "subject": "Test", "html": "<p>Hi</p>"})["id"])
    assert desk.thread(ticket).newest_from_customer is None


def test_earlier_tickets_are_the_requesters_other_ones(sandbox: RunningSandbox, desk: FreshdeskHelpdesk) -> None:
    fields = [{"cf_customer_id": "C-1"}, {"cf_customer_id": "C-2"}]
    first, second = (sandbox.mail("old@example.com", "Hi", "<p>Hi</p>", custom_fields=f) for f in fields)
    requester = desk.thread(second).ticket.requester.requester_id
    assert [f["cf_customer_id"] for f in desk.earlier_tickets(requester, before=second)] == ["C-1"]
    assert desk.contact(requester) is not None
    assert desk.contact(BOT_ID) is None
    assert first != second


def test_a_sweep_finds_what_changed(sandbox: RunningSandbox, desk: FreshdeskHelpdesk) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    tickets = [a_ticket(sandbox) for _ in range(3)]
    assert set(tickets) <= {news.ticket_id for news in desk.updated_since(since)}


def test_a_rate_limit_is_told_with_its_wait(sandbox: RunningSandbox, desk: FreshdeskHelpdesk) -> None:
    sandbox.goes_wrong("rate_limit", "reads", retry_after=12)
    with pytest.raises(Retryable) as caught:
        desk.ping()
    assert caught.value.after == 12


@pytest.mark.parametrize("model", ["llama-3.3-70b-versatile", "openai/gpt-oss-120b"])
def test_the_local_groq_takes_what_the_writer_asks(sandbox: RunningSandbox, model: str) -> None:
    writer = GroqWriter(SecretStr("any"), sandbox.groq_url, [model])
    completion = writer.complete("Answer in JSON.", "When do my units arrive?", {"type": "object"})
    assert isinstance(json.loads(completion.text), dict)
    assert completion.usage.prompt_tokens > 0
    assert model in writer.ping()
