"""A ticket that a lead gave back: Deskhand answers it again, whatever stands on it meanwhile, and the tag comes off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.answering import an_answering_office
from tests.desk import TAGS, Office
from tests.support.test_takeover import ring, writes_again
from worker.errors import InDoubt, Permanent
from worker.models import Case, SendKind, SendState, Status
from worker.support import takeover
from worker.support.deliver import deliver
from worker.support.outgoing import handover_note
from worker.support.reviewdesk import ReviewDesk
from worker.support.verdict import left_to_a_person

LEFT_ALONE = "The ticket was handed over to a person before."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        ring(opened)
        deliver_all(opened)
        yield opened


def the_case(office: Office) -> Case:
    return office.ledger.cases.of_ticket(1)[0]


def leads_desk(office: Office, *, shadow: bool = False) -> ReviewDesk:
    policy = replace(office.desk.policy, delivery="shadow") if shadow else office.desk.policy
    return ReviewDesk(office.ledger, policy, TAGS, lambda *_: None, lambda *_: None)  # type: ignore[arg-type,return-value]


def maya_takes_it(office: Office) -> None:
    assert takeover.take_over(leads_desk(office), the_case(office).case_id, "maya").done


def maya_gives_it_back(office: Office) -> None:
    assert takeover.give_back(leads_desk(office), the_case(office).case_id, "maya", "maya").done


def deliver_all(office: Office) -> list[str]:
    return [deliver(send_id, office.desk) for send_id in office.ledger.sends.due(9)]


def next_mail(office: Office, key: str = "c9") -> Case:
    writes_again(office, key)
    ring(office)
    return next(case for case in office.ledger.cases.of_ticket(1) if case.message_key == key)


def notes(office: Office) -> list[str]:
    said = [body for kind, body in office.helpdesk.posted if kind == "note"]
    return ["taken" if "answers this ticket" in body else "given back" for body in said if "maya" in body]


def tags(office: Office) -> tuple[str, ...]:
    return office.helpdesk.thread_now.ticket.tags


def test_a_ticket_that_was_given_back_is_answered_again(office: Office) -> None:
    maya_takes_it(office)
    deliver_all(office)
    assert TAGS.handed_over in tags(office)

    maya_gives_it_back(office)
    assert deliver_all(office) == ["done"]

    assert TAGS.handed_over not in tags(office), "who looks at Freshdesk would think that a person has it"
    assert notes(office) == ["taken", "given back"]
    assert next_mail(office).status not in (Status.IGNORED, Status.OPEN)


def test_a_mail_that_comes_in_before_the_tag_is_off_is_answered(office: Office) -> None:
    maya_takes_it(office)
    deliver_all(office)
    maya_gives_it_back(office)

    assert next_mail(office).status not in (Status.IGNORED, Status.OPEN)
    assert TAGS.handed_over in tags(office), "the note has not left yet"


def test_a_tag_that_freshdesk_does_not_take_off_silences_nobody(office: Office) -> None:
    maya_takes_it(office)
    deliver_all(office)
    office.helpdesk.refuses_change = Permanent("403", part="freshdesk")
    maya_gives_it_back(office)
    assert deliver_all(office) == ["done"]

    assert TAGS.handed_over in tags(office)
    assert next_mail(office).status not in (Status.IGNORED, Status.OPEN)


def test_a_tag_that_a_colleague_puts_on_afterwards_counts(office: Office) -> None:
    maya_takes_it(office)
    maya_gives_it_back(office)
    deliver_all(office)
    office.helpdesk.ticket_becomes(tags=(TAGS.handed_over,))

    set_aside = next_mail(office)
    assert (set_aside.status, set_aside.reasons) == (Status.IGNORED, (LEFT_ALONE,))


def test_a_ticket_that_is_given_back_before_the_team_was_told_is_never_tagged(office: Office) -> None:
    maya_takes_it(office)
    maya_gives_it_back(office)

    assert deliver_all(office) == ["done"]

    assert notes(office) == ["given back"]
    assert not any(TAGS.handed_over in change.add_tags for change in office.helpdesk.changes)
    [taken, given] = office.ledger.sends.of_ticket(1)[-2:]
    assert (taken.state, taken.remark) == (SendState.DROPPED, "Not written: maya gave the ticket back before.")
    assert (given.kind, given.state) == (SendKind.GIVEN_BACK, SendState.DONE)


def test_a_note_whose_fate_is_in_doubt_puts_its_tag_on_before_it_is_taken_off(office: Office) -> None:
    maya_takes_it(office)
    [taken] = office.ledger.sends.due(9)
    office.helpdesk.cut.append(InDoubt("cut", part="freshdesk"))
    assert deliver(taken, office.desk) == "in doubt"
    maya_gives_it_back(office)
    given = office.ledger.sends.of_ticket(1)[-1].send_id

    assert deliver(given, office.desk) == "parked"
    office.make_due(taken)
    assert deliver(taken, office.desk) == "done"
    office.make_due(given)
    assert deliver(given, office.desk) == "done"

    assert notes(office) == ["taken", "given back"]
    assert TAGS.handed_over not in tags(office)


def test_a_ticket_that_is_handed_over_anew_meanwhile_keeps_its_tag(office: Office) -> None:
    maya_takes_it(office)
    deliver_all(office)
    maya_gives_it_back(office)
    [given] = office.ledger.sends.due(9)
    office.helpdesk.customer_writes_again("I will go to the consumer court. My lawyer has sent you a legal notice.")
    ring(office)
    angry = office.ledger.cases.of_ticket(1)[-1]
    assert angry.status is Status.HANDED_OVER
    [handed_over] = [send for send in office.ledger.sends.due(9) if send != given]

    assert deliver(handed_over, office.desk) == "done"
    assert next_mail(office, "c9").status is Status.IGNORED
    assert deliver(given, office.desk) == "done"

    assert TAGS.handed_over in tags(office)
    assert next_mail(office, "c10").status is Status.IGNORED


def test_whoever_takes_it_again_at_once_is_not_contradicted_by_the_note_before(office: Office) -> None:
    maya_takes_it(office)
    deliver_all(office)
    maya_gives_it_back(office)
    maya_takes_it(office)

    assert deliver_all(office) == ["done"]

    assert notes(office) == ["taken", "taken"]
    assert TAGS.handed_over in tags(office)


def test_in_shadow_mode_nothing_is_written_about_it(office: Office) -> None:
    before, desk, case_id = office.ledger.sends.of_ticket(1), leads_desk(office, shadow=True), the_case(office).case_id
    assert takeover.take_over(desk, case_id, "maya").done
    assert takeover.give_back(desk, case_id, "maya").done
    assert office.ledger.sends.of_ticket(1) == before
    assert next_mail(office).status not in (Status.IGNORED, Status.OPEN)


def test_a_ticket_that_is_given_back_in_shadow_mode_is_not_silent_when_that_is_over(office: Office) -> None:
    maya_takes_it(office)
    deliver_all(office)
    assert takeover.give_back(leads_desk(office, shadow=True), the_case(office).case_id, "maya").done
    [given] = office.ledger.sends.due(9)
    assert deliver(given, office.with_policy(delivery="shadow")) == "kept back"
    assert TAGS.handed_over in tags(office)

    assert next_mail(office).status not in (Status.IGNORED, Status.OPEN)
    office.make_due(given)
    assert deliver(given, office.desk) == "done"
    assert TAGS.handed_over not in tags(office)


def test_no_tag_says_that_there_is_a_draft_once_the_ticket_was_taken_over(office: Office) -> None:
    office.helpdesk.ticket_becomes(tags=(TAGS.held,))
    calls_to_it = handover_note(left_to_a_person("A draft waits.", office.desk.rulebook), TAGS)
    held = office.ledger.sends.add_note(
        the_case(office).case_id, calls_to_it.model_copy(update={"kind": SendKind.HELD_NOTE})
    )
    maya_takes_it(office)
    maya_gives_it_back(office)
    deliver_all(office)

    assert [send.state for send in office.ledger.sends.of_ticket(1) if send.send_id == held] == [SendState.DROPPED]
    assert TAGS.held not in tags(office)
    assert notes(office) == ["given back"]


def test_what_waits_for_a_note_that_is_refused_for_hours_does_not_ask_every_few_seconds(office: Office) -> None:
    words = handover_note(left_to_a_person("Please look.", office.desk.rulebook), TAGS)
    refused = office.ledger.sends.add_note(the_case(office).case_id, words)
    assert refused
    for _ in range(4):
        office.helpdesk.fails.append(Permanent("refused", part="freshdesk", code=403))
        assert deliver(refused, office.desk) == "parked"
        office.make_due(refused)
    maya_takes_it(office)
    maya_gives_it_back(office)
    given = office.ledger.sends.of_ticket(1)[-1].send_id

    assert deliver(given, office.desk) == "parked"
    assert office.parked_for(given) > timedelta(minutes=4)
