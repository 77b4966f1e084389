"""Somebody is forgotten whose question names an incident: it goes on by another's words, or it ends and says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import NOON, a_draft
from tests.console.seed import Lead, a_console, words_of
from tests.contract.steps import LEASE, claimed, conclude
from tests.contract.test_forget import everything, finish_all, forget
from tests.support.incident.cases import a_brake, asks
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.models import Brake, Ring, Status, Topic
from worker.support.incident.topics import of_topic

HERS = "Why did my aunt not get the withdrawal money?"
THEIRS = "Where is my withdrawal money?"


@pytest.fixture
def ledger(sql_url: str) -> Iterator[SqlLedger]:
    ledger = open_ledger(sql_url)
    yield ledger
    ledger.close()


def wonders(ledger: SqlLedger, ticket_id: int, question: str, person: int = 0, segment: str = "IM") -> str:
    said = {"person": person or ticket_id, "status": Status.HANDED_OVER, "template_id": "", "segments": (segment,)}
    return asks(ledger, ticket_id, NOON, questions=(question,), **said)


def incident_of(ledger: SqlLedger, question: str) -> Brake:
    """One that no template fits: its tickets are known by that question."""
    brake = ledger.incidents.put_on(a_brake(NOON, Topic(segment="IM", question=question)))
    assert brake is not None
    finish_all(ledger)
    return brake


def known_again(ledger: SqlLedger, brake: Brake) -> set[int]:
    now = ledger.incidents.get(brake.brake_id)
    assert now is not None
    return {one.ticket_id for one in of_topic(ledger.incidents.sightings(now.since, now.off_at), now.topic)}


def test_an_incident_named_by_a_question_of_the_person_goes_on_by_that_of_another_ticket(
    ledger: SqlLedger, sql_url: str
) -> None:
    wonders(ledger, 9, HERS, person=5)
    for ticket_id in (10, 11):
        wonders(ledger, ticket_id, THEIRS)
    wonders(ledger, 12, "When does the withdrawal money come?")
    wonders(ledger, 13, "Where is the withdrawal money of my club?", segment="PMS")
    wonders(ledger, 14, "How do I change my nominee?")
    brake = incident_of(ledger, HERS)
    assert known_again(ledger, brake) == {9, 10, 11, 12}

    assert forget(sql_url, requester_ids=[5]).left == []

    [left] = ledger.incidents.on()
    assert left == brake.model_copy(update={"topic": Topic(segment="IM", question=THEIRS)})
    assert known_again(ledger, brake) == {10, 11, 12}
    assert "aunt" not in everything(sql_url)


def test_an_incident_that_only_the_person_asked_for_ends_and_says_why(ledger: SqlLedger, sql_url: str) -> None:
    wonders(ledger, 9, "Why did my aunt not get it?", person=5)
    wonders(ledger, 10, "How do I change my nominee?")
    brake = incident_of(ledger, "Why did my aunt not get it?")

    forget(sql_url, requester_ids=[5])

    left = ledger.incidents.get(brake.brake_id)
    assert (ledger.incidents.on(), left.off_by, left.false_alarm) == ([], "ops", False)
    assert (left.topic.question, left.surge, left.since) == (f"[deleted] {brake.brake_id}", brake.surge, brake.since)
    assert "aunt" not in everything(sql_url)
    page = Lead(a_console(ledger), ledger).get(f"/incidents/{brake.brake_id}")
    assert "ops let it go. Its question was deleted at a customer's wish" in words_of(page.text)
    assert ("let brake go", f"incident {brake.brake_id}") in {
        (e["action"], e["subject"]) for e in ledger.reviews.audit_log()
    }


def test_two_incidents_do_not_come_by_the_same_question_when_the_one_of_both_goes(
    ledger: SqlLedger, sql_url: str
) -> None:
    wonders(ledger, 9, HERS, person=5)
    wonders(ledger, 10, THEIRS)
    hers, other = (incident_of(ledger, question) for question in (HERS, THEIRS))
    forget(sql_url, requester_ids=[5])
    assert [(one.brake_id, one.topic) for one in ledger.incidents.on()] == [(other.brake_id, other.topic)]
    assert ledger.incidents.get(hers.brake_id).nameless


def test_a_question_that_others_asked_word_for_word_stays_theirs(ledger: SqlLedger, sql_url: str) -> None:
    for ticket_id, person in ((9, 5), (10, 10)):
        wonders(ledger, ticket_id, THEIRS, person=person)
    brake = incident_of(ledger, THEIRS)
    done = forget(sql_url, requester_ids=[5])
    assert (ledger.incidents.on(), done.left) == ([brake], [])
    assert "brakes.question" in {f"{hit.table}.{hit.column}" for hit in done.others}


def test_a_question_that_is_not_in_the_persons_newest_draft_any_more_goes_too(ledger: SqlLedger, sql_url: str) -> None:
    case_id = asks(ledger, 9, NOON, person=5, template_id="", questions=(HERS,))
    incident_of(ledger, HERS)
    thread = ledger.cases.thread(case_id)
    bell = claimed(ledger, 9, ring=Ring.REDRAFT, case_id=case_id)
    case = ledger.cases.open(thread, thread.messages[0].key, bell, LEASE)
    conclude(ledger, case, Status.HANDED_OVER, thread=thread, draft=a_draft("Two days."))
    finish_all(ledger)

    assert forget(sql_url, requester_ids=[5]).changed["brakes.question"] == 1

    assert "aunt" not in everything(sql_url)
