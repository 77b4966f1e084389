"""Customers, users and odd text: what every ledger promises about them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.builders import a_customer, a_draft, a_message, a_requester, a_thread, a_trace, minutes
from tests.contract.steps import RUN_OUT, all_at_once, claimed, conclude, opened
from worker.errors import AlreadyRegistered
from worker.models import Ring, Status
from worker.ports import Ledger

ODD = "a\x00b\ud800c"
CLEANED = "a\ufffdb\ufffdc"


def test_an_import_adds_changes_and_leaves_alone(ledger: Ledger) -> None:
    asha, ravi = a_customer("C-1"), a_customer("C-2", facts={"plan": "gold"}, since=date(2024, 3, 31))

    assert ledger.customers.replace([asha, ravi]) == (2, 0, 0)
    assert ledger.customers.replace([asha, ravi]) == (0, 0, 2)
    moved = ravi.model_copy(update={"email": "ravi@new.example"})
    assert ledger.customers.replace([moved, a_customer("C-3")]) == (1, 1, 0)

    assert ledger.customers.count() == 3
    assert ledger.customers.by_id("C-2") == moved
    assert ledger.customers.by_id("C-1") == asha, "customers who are not in the file stay"
    assert ledger.customers.by_email("c-2@example.com") == []
    assert ledger.customers.by_email("ravi@new.example") == [moved]


def test_an_import_is_larger_than_one_statement(ledger: Ledger) -> None:
    many = [a_customer(f"C-{n}", alternate_emails=(f"{n}@alt.example",)) for n in range(1200)]

    assert ledger.customers.replace(many) == (1200, 0, 0)
    assert ledger.customers.replace(many) == (0, 0, 1200)
    assert ledger.customers.by_email("1199@alt.example") == [many[-1]]


def test_an_empty_import_changes_nothing(ledger: Ledger) -> None:
    assert ledger.customers.replace([]) == (0, 0, 0)


def test_customers_are_found_by_any_of_their_addresses_the_registered_one_first(ledger: Ledger) -> None:
    first = a_customer("C-1", email="First@Example.com", alternate_emails=("shared@example.com", "FIRST@example.com"))
    owner = a_customer("C-2", email="Shared@Example.com")
    ledger.customers.replace([first, owner])

    assert ledger.customers.by_email("shared@example.com") == [owner, first]
    assert ledger.customers.by_email("first@example.com") == [first]
    assert ledger.customers.by_email("") == []


def test_an_address_that_verifies_one_who_stays_is_refused_for_another_or_passes_on(ledger: Ledger) -> None:
    old, other = a_customer("C-1", email="Asha@Example.com"), a_customer("C-2")
    new = a_customer("C-9", email="asha@example.com")
    ledger.customers.replace([old, other])

    with pytest.raises(AlreadyRegistered) as refused:
        ledger.customers.replace([a_customer("C-8"), new])
    assert refused.value.holders == {"C-9": "C-1"}
    assert ledger.customers.count() == 2, "not even the one that nobody minds"

    assert ledger.customers.replace([new], moved=True) == (1, 1, 0), "who loses it has changed too"
    assert ledger.customers.by_email("asha@example.com") == [new]
    assert ledger.customers.by_id("C-1") == old.model_copy(update={"email": ""})
    assert ledger.customers.by_id("C-2") == other


def test_two_who_are_given_together_may_exchange_addresses(ledger: Ledger) -> None:
    ledger.customers.replace([a_customer("C-1", email="a@example.com"), a_customer("C-2", email="b@example.com")])
    exchanged = [a_customer("C-1", email="b@example.com"), a_customer("C-2", email="a@example.com")]

    assert ledger.customers.replace(exchanged) == (0, 2, 0)
    assert ledger.customers.by_email("a@example.com") == [exchanged[1]]


def test_customers_are_found_by_the_last_ten_digits(ledger: Ledger) -> None:
    mobile, none = a_customer("C-1", phone="+91 98765-43210"), a_customer("C-2", phone="12345")
    ledger.customers.replace([mobile, none])

    assert ledger.customers.by_phone("9876543210") == [mobile]
    assert ledger.customers.by_phone("") == []


def test_a_user_is_stored_once_and_the_latest_password_counts(ledger: Ledger) -> None:
    ledger.users.put("meera", "lead", "hash-1")
    ledger.users.put("meera", "admin", "hash-2")
    ledger.users.put("asha", "lead", "hash-3")

    assert ledger.users.get("meera") == {"login": "meera", "role": "admin", "password_hash": "hash-2"}
    assert ledger.users.get("nobody") is None
    assert ledger.users.all() == [{"login": "asha", "role": "lead"}, {"login": "meera", "role": "admin"}]


def test_a_session_lives_until_it_ends_or_runs_out(ledger: Ledger) -> None:
    ledger.users.put("meera", "lead", "hash")
    ledger.users.start_session("meera", "token-1", "csrf-1", minutes(30))
    ledger.users.start_session("meera", "token-2", "csrf-2", RUN_OUT)

    assert ledger.users.session("token-1") == {"login": "meera", "role": "lead", "csrf": "csrf-1"}
    assert ledger.users.session("token-2") is None
    assert ledger.users.session("token-3") is None
    ledger.users.put("meera", "none", "hash")
    session = ledger.users.session("token-1")
    assert session is not None
    assert session["role"] == "none", "a role taken away is gone at once"
    ledger.users.end_session("token-1")
    assert ledger.users.session("token-1") is None


def test_a_link_signs_in_once(ledger: Ledger) -> None:
    ledger.users.put_link("link-1", "meera", minutes(10))
    ledger.users.put_link("link-2", "meera", RUN_OUT)

    used = all_at_once(8, lambda _: ledger.users.use_link("link-1"))

    assert sorted(used, key=str) == [None] * 7 + ["meera"]
    assert ledger.users.use_link("link-2") is None
    assert ledger.users.use_link("link-3") is None


def test_text_that_a_database_cannot_store_is_cleaned_everywhere(ledger: Ledger) -> None:
    requester = a_requester(email=ODD)
    thread = a_thread(1, a_message(ODD), subject=ODD, requester=requester, custom_fields={"cf_plan": [ODD]})
    case = ledger.cases.open(thread, ODD, claimed(ledger), timedelta(minutes=1))
    assert case is not None
    assert (case.subject, case.requester_email, case.message_key) == (CLEANED, CLEANED, CLEANED)

    draft = a_draft(body_html=ODD, body_text=ODD)
    assert conclude(ledger, case, Status.HELD, draft=draft, thread=thread, trace=a_trace(query=ODD)) == []

    [(draft_id, stored, trace)] = ledger.cases.drafts(case.case_id)
    assert (stored.body_html, trace.query) == (CLEANED, CLEANED)
    kept = ledger.cases.thread(case.case_id)
    assert kept is not None
    assert kept.messages[0].text == CLEANED
    assert kept.ticket.custom_fields == {"cf_plan": [CLEANED]}
    assert ledger.reviews.reject(case.case_id, draft_id, ODD, ODD)
    assert ledger.cases.moves(case.case_id)[-1]["reasons"] == (CLEANED,)
    assert ledger.reviews.audit_log()[0]["user"] == CLEANED


def test_odd_text_in_a_question_finds_nothing_and_nobody_else(ledger: Ledger) -> None:
    ledger.customers.replace([a_customer("C-1", email="ab@example.com")])
    opened(ledger)

    assert ledger.customers.by_email("a\x00b@example.com") == []
    assert ledger.customers.by_id("C-\x001") is None
    assert ledger.cases.get(ODD) is None
    assert ledger.doorbells.claim(ODD, minutes(1)) is None
    assert ledger.users.session(ODD) is None
    assert ledger.users.get(ODD) is None
    assert ledger.doorbells.ring(Ring.REDRAFT, 1, case_id=ODD, hint=ODD)


def test_a_ledger_says_who_it_is_and_takes_a_commit(ledger: Ledger) -> None:
    assert ledger.ping()
    ledger.writable()
    ledger.writable()
