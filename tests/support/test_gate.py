"""What the gate lets through, what it leaves alone, and what goes to a person at once."""

from __future__ import annotations

import pytest

from tests.builders import a_message, a_requester, a_thread
from tests.rulebook.rules_files import our_rules
from worker.models import Author, Channel, Step, TicketState
from worker.rulebook.fields import FIELDS
from worker.support.gate import gate, gate_facts

QUESTION = "How long does a withdrawal from IM take?"


def let_in(thread, words=QUESTION, *, message="newest", on_ticket=0, today=0):
    message = thread.newest_from_customer if message == "newest" else message
    return gate(thread, message, words, our_rules(), replies_on_ticket=on_ticket, replies_to_requester_today=today)


def hits(trail):
    return [asked.rule for asked in trail if asked.hit]


def then(author, text="x", key="c1", **fields):
    return a_message(text, key=key, author=author, **fields)


def test_an_ordinary_question_goes_on_and_every_rule_was_asked():
    verdict, trail = let_in(a_thread())
    routing = our_rules().routing
    assert verdict is None
    assert [asked.rule for asked in trail] == [rule.id for rule in (*routing.ignore, *routing.hand_over)]


IGNORED = [
    ("closed", {"state": TicketState.CLOSED}),
    ("spam", {"spam": True}),
    ("deleted", {"deleted": True}),
    ("merged", {"merged": True}),
    ("person-on-it", {"assigned_to": 7, "assigned_to_person": True}),
    ("other-channel", {"channel": Channel.PHONE}),
    ("other-channel", {"channel": Channel.CHAT}),
    ("other-channel", {"channel": Channel.OUTBOUND}),
    ("other-channel", {"channel": Channel.OTHER}),
    ("handed-over-before", {"tags": ("deskhand-handed-over",)}),
    ("auto-reply-subject", {"subject": "Automatic reply: Re: Your statement"}),
    ("auto-reply-subject", {"subject": "Abwesenheit: Urlaub"}),
    ("bounce", {"subject": "Undeliverable: Your statement"}),
    ("bounce", {"requester": a_requester(email="MAILER-DAEMON@mx.example")}),
    ("no-reply-sender", {"requester": a_requester(email="no-reply@shop.example")}),
    ("colleague", {"requester": a_requester(email="meera@peerwell.example")}),
]


@pytest.mark.parametrize(("rule", "ticket"), IGNORED)
def test_a_ticket_that_is_not_ours_to_answer_is_ignored_with_a_reason(rule, ticket):
    verdict, trail = let_in(a_thread(1, **ticket))
    assert verdict is not None
    assert (verdict.step, hits(trail)) == (Step.IGNORE, [rule])
    assert verdict.reasons == tuple(r.reason for r in our_rules().routing.ignore if r.id == rule)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.PORTAL, Channel.FORM])
@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.PENDING, TicketState.RESOLVED, TicketState.OTHER])
def test_a_new_message_on_a_ticket_that_is_not_closed_is_answered(channel, state):
    assert let_in(a_thread(1, channel=channel, state=state))[0] is None


def test_a_ticket_on_which_no_customer_wrote_is_ignored():
    thread = a_thread(1, then(Author.SYSTEM, key="ticket"))
    verdict, trail = let_in(thread)
    assert verdict is not None
    assert (verdict.step, hits(trail)) == (Step.IGNORE, ["no-customer-message"])


def test_our_own_reply_is_ignored():
    thread = a_thread(1, a_message(), then(Author.DESKHAND))
    assert "own-message" in hits(let_in(thread, message=thread.messages[1])[1])


def test_a_message_that_we_answered_is_ignored_and_a_newer_one_is_not():
    answered = a_thread(1, a_message(), then(Author.DESKHAND))
    assert hits(let_in(answered)[1]) == ["already-answered"]
    more = a_thread(1, a_message(), then(Author.DESKHAND), then(Author.CUSTOMER, key="c2"))
    assert let_in(more, on_ticket=1)[0] is None


def test_our_own_private_note_answers_nothing():
    assert let_in(a_thread(1, a_message(), then(Author.DESKHAND, public=False)))[0] is None


@pytest.mark.parametrize("public", [True, False])
def test_a_ticket_on_which_a_person_wrote_is_theirs(public):
    thread = a_thread(1, a_message(), then(Author.PERSON, public=public), then(Author.CUSTOMER, key="c2"))
    assert hits(let_in(thread)[1]) == ["person-on-it"]


def test_an_agent_who_opened_a_ticket_is_no_customer():
    opened = a_message(key="ticket", author=Author.PERSON, author_id=5)
    verdict, trail = let_in(a_thread(1, opened, requester=a_requester(5)))
    assert verdict is not None
    assert {"colleague", "no-customer-message"} <= set(hits(trail))


def test_the_address_that_wrote_counts_not_only_the_requesters():
    bounced = then(Author.CUSTOMER, key="c2", from_email="Mail System <MAILER-DAEMON@mx.example>")
    assert hits(let_in(a_thread(1, a_message(), bounced))[1]) == ["bounce"]
    for name in ("Peerwell", "Support, Peerwell", "Peerwell [Support]"):
        looped = then(Author.CUSTOMER, key="c2", from_email=f"{name} <support@peerwell.example>")
        assert hits(let_in(a_thread(1, a_message(), looped))[1]) == ["own-address"]


def test_what_stands_in_brackets_behind_a_mailbox_wrote_nothing():
    listed = then(Author.CUSTOMER, key="c2", from_email="asha@example.com (Asha Rao via no-reply@list.example)")
    assert hits(let_in(a_thread(1, a_message(), listed))[1]) == []


def test_an_out_of_office_note_on_our_reply_ends_there():
    words = "I am currently out of the office with limited access to email."
    thread = a_thread(1, a_message(), then(Author.DESKHAND), then(Author.CUSTOMER, words, key="c2"))
    assert hits(let_in(thread, words, on_ticket=1)[1]) == ["auto-reply-text"]


@pytest.mark.parametrize(("count", "rules"), [(2, []), (3, ["replies-on-ticket"]), (9, ["replies-on-ticket"])])
def test_three_replies_on_a_ticket_are_enough(count, rules):
    assert hits(let_in(a_thread(), on_ticket=count)[1]) == rules


@pytest.mark.parametrize(("count", "rules"), [(4, []), (5, ["replies-to-requester"])])
def test_five_replies_a_day_to_one_person_are_enough(count, rules):
    assert hits(let_in(a_thread(), today=count)[1]) == rules


def test_a_legal_threat_goes_to_the_right_group_at_once():
    verdict, _ = let_in(a_thread(), "Pay by Friday or you will hear from my lawyer.")
    assert verdict is not None
    assert (verdict.step, verdict.group, verdict.priority) == (Step.HAND_OVER, "Grievance", 4)


def test_the_subject_counts_as_well_as_the_words():
    verdict, _ = let_in(a_thread(1, subject="My account has been hacked"), "Please help.")
    assert verdict is not None
    assert (verdict.group, verdict.priority) == ("Security", 4)


def test_with_several_topics_all_reasons_are_given_and_the_most_urgent_decides():
    verdict, trail = let_in(a_thread(), "Please call me back today. My account was hacked and my money is missing.")
    assert verdict is not None
    assert hits(trail) == ["hacked-or-fraud", "missing-money", "wants-a-person"]
    assert len(verdict.reasons) == 3
    assert (verdict.group, verdict.priority) == ("Security", 4)


def test_ignoring_wins_over_handing_over():
    verdict, trail = let_in(a_thread(1, spam=True, state=TicketState.CLOSED), "I will sue you")
    assert verdict is not None
    assert (verdict.step, hits(trail)) == (Step.IGNORE, ["closed", "spam"])
    assert len(verdict.reasons) == 2


def test_the_trail_and_the_reasons_hold_nothing_that_the_customer_wrote():
    verdict, trail = let_in(a_thread(1, subject="Zanzibar"), "Zanzibar: I will sue you, says my lawyer Quentin")
    assert verdict is not None
    said = " ".join([*(asked.why for asked in trail), *verdict.reasons])
    assert "Zanzibar" not in said
    assert "Quentin" not in said


def test_the_gate_knows_every_fact_that_a_rule_may_ask_for():
    thread = a_thread()
    facts = gate_facts(thread, thread.messages[0], "x", replies_on_ticket=0, replies_to_requester_today=0)
    assert set(facts) == set(FIELDS)
