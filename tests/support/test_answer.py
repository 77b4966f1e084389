"""Which of a ticket's messages is answered: none is lost behind a note, a crossing reply, or a worker that died."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.answering import QUESTION, Copyist, an_answering_office
from tests.builders import NOON, a_message, a_thread, minutes
from tests.desk import Office
from worker.errors import InDoubt
from worker.models import Author, Case, Doorbell, Message, Ring, SendKind, Status, Thread
from worker.support import answer as answering
from worker.support.deliver import deliver
from worker.support.outgoing import Tags, reply_outgoing
from worker.support.threads import read_thread
from worker.tasks import draft_doorbell

ABSENCE = "This is an automated reply. I am away."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def ring(office: Office, how: Ring = Ring.WEBHOOK, **named: str) -> str:
    return draft_doorbell(office.ledger.doorbells.ring(how, 1, **named), office.desk, lambda *_: None)


def claimed(office: Office) -> Doorbell:
    doorbell = office.ledger.doorbells.claim(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), timedelta(seconds=60))
    assert doorbell is not None
    return doorbell


def says(office: Office, text: str, key: str, author: Author = Author.CUSTOMER) -> None:
    now = office.helpdesk.thread_now
    said = a_message(text, key=key, author=author, at=NOON + minutes(len(now.messages)))
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, said))


def cases(office: Office) -> dict[str, Case]:
    return {case.message_key: case for case in office.ledger.cases.of_ticket(1)}


def deliver_all(office: Office) -> list[str]:
    return [deliver(send_id, office.desk) for send_id in office.ledger.sends.due(10)]


def prompts(office: Office) -> list[str]:
    assert isinstance(office.desk.writer, Copyist)
    return office.desk.writer.prompts


def test_a_question_behind_which_an_absence_note_came_is_drafted_for_a_person(office: Office) -> None:
    says(office, ABSENCE, "c2")

    assert ring(office) == "hold"

    assert {key: case.status for key, case in cases(office).items()} == {"ticket": Status.HELD, "c2": Status.IGNORED}
    assert ABSENCE not in prompts(office)[0]


def test_an_absence_note_before_a_question_does_not_make_the_question_one(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message(ABSENCE))
    assert ring(office) == "ignore"
    says(office, QUESTION, "c2")

    assert ring(office) == "send"

    assert cases(office)["c2"].status is Status.APPROVED
    assert ABSENCE not in prompts(office)[0]


def test_an_absence_note_that_comes_while_a_reply_is_queued_gives_the_reply_to_a_person(office: Office) -> None:
    assert ring(office) == "send"
    says(office, ABSENCE, "c2")
    assert ring(office) == "ignore"

    assert deliver_all(office) == ["dropped"]

    assert cases(office)["ticket"].status is Status.HELD
    assert [send.kind for send in office.ledger.sends.of_case(cases(office)["ticket"].case_id)] == [
        SendKind.REPLY,
        SendKind.HELD_NOTE,
    ]


def test_a_lead_may_send_over_an_absence_note(office: Office) -> None:
    says(office, ABSENCE, "c2")
    ring(office)
    case = cases(office)["ticket"]
    draft_id, draft, _ = office.ledger.cases.drafts(case.case_id)[-1]
    reply = reply_outgoing(draft, office.desk.policy, Tags())
    send_id = office.ledger.reviews.approve(case.case_id, draft_id, draft.body_hash, reply, "meera")
    assert send_id is not None

    assert deliver(send_id, office.desk) == "done"

    assert cases(office)["ticket"].status is Status.SENT


def test_a_question_left_alone_because_a_colleague_had_the_ticket_is_not_answered_over(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    ring(office)
    office.helpdesk.ticket_becomes(assigned_to_person=True)
    says(office, "Stop, do not withdraw. How do I cancel?", "c2")
    assert ring(office) == "ignore"
    office.helpdesk.ticket_becomes(assigned_to_person=False)

    assert deliver(approved_by_a_lead(office), office.desk) == "dropped"

    assert not [kind for kind, _ in office.helpdesk.posted if kind == "reply"]
    assert "wrote again" in cases(office)["ticket"].reasons[0]


def test_a_reply_that_a_lead_approved_goes_to_a_ticket_that_is_assigned_too(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    ring(office)
    send_id = approved_by_a_lead(office)
    office.helpdesk.ticket_becomes(assigned_to_person=True)

    assert deliver(send_id, office.desk) == "done"


def approved_by_a_lead(office: Office) -> str:
    case = cases(office)["ticket"]
    draft_id, draft, _ = office.ledger.cases.drafts(case.case_id)[-1]
    reply = reply_outgoing(draft, office.desk.policy, Tags())
    send_id = office.ledger.reviews.approve(case.case_id, draft_id, draft.body_hash, reply, "meera")
    assert send_id is not None
    return send_id


def test_a_reply_stopped_for_what_turns_out_to_be_an_absence_note_is_left_to_a_person(office: Office) -> None:
    assert ring(office) == "send"
    says(office, ABSENCE, "c2")
    assert deliver_all(office) == ["dropped"], "nobody has looked at the new message yet"
    [recheck] = office.ledger.doorbells.due(10)

    outcome = draft_doorbell(recheck, office.desk, lambda *_: None)

    assert outcome == "left to a person"
    assert {key: case.status for key, case in cases(office).items()} == {
        "ticket": Status.HANDED_OVER,
        "c2": Status.IGNORED,
    }
    assert "answer what they asked" in cases(office)["ticket"].reasons[0]
    assert deliver_all(office) == ["done"]
    assert "answer what they asked" in office.helpdesk.posted[-1][1]
    assert ring(office) == "nothing new"
    assert not deliver_all(office), "one note is enough"


def test_a_reply_that_crossed_with_the_next_message_does_not_answer_it(office: Office) -> None:
    """Freshdesk shows our reply behind a message that its writer sent without having seen it."""
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    asked, replied = office.helpdesk.thread_now.messages
    crossing = a_message("And is there a lock-in for IM?", key="c0", at=NOON + minutes(1))
    office.helpdesk.thread_now = Thread(ticket=office.helpdesk.thread_now.ticket, messages=(asked, crossing, replied))

    assert ring(office) in ("send", "hold")

    assert cases(office)["c0"].status in (Status.APPROVED, Status.HELD)
    assert "lock-in" in prompts(office)[-1]
    assert QUESTION not in prompts(office)[-1], "that one has been answered"


def test_a_reply_in_doubt_that_crossed_does_not_answer_it_either(office: Office) -> None:
    assert ring(office) == "send"
    office.helpdesk.cut.append(InDoubt("reset"))
    assert deliver_all(office) == ["in doubt"]
    asked, replied = office.helpdesk.thread_now.messages
    crossing = a_message("And is there a lock-in for IM?", key="c0", at=NOON + minutes(1))
    office.helpdesk.thread_now = Thread(ticket=office.helpdesk.thread_now.ticket, messages=(asked, crossing, replied))

    ring(office)

    assert cases(office)["c0"].status in (Status.APPROVED, Status.HELD)


def test_a_reply_that_shows_after_it_was_dropped_in_doubt_does_not_answer_what_came_since(office: Office) -> None:
    assert ring(office) == "send"
    [sent] = office.ledger.sends.due(10)
    office.helpdesk.cut.append(InDoubt("reset"))
    assert deliver(sent, office.desk) == "in doubt"
    asked, late = office.helpdesk.thread_now.messages
    stored, office.helpdesk.posted = office.helpdesk.posted, []
    crossing = a_message("And is there a lock-in for IM?", key="c0", at=NOON + minutes(1))
    ticket = office.helpdesk.thread_now.ticket
    office.helpdesk.thread_now = Thread(ticket=ticket, messages=(asked, crossing))
    office.make_due(sent)
    assert deliver(sent, office.desk) == "dropped"
    office.helpdesk.posted, office.helpdesk.thread_now = stored, Thread(ticket=ticket, messages=(asked, crossing, late))

    ring(office)

    assert cases(office)["c0"].status in (Status.APPROVED, Status.HELD)


def test_a_case_left_open_ends_with_the_next_look_at_its_ticket(office: Office) -> None:
    """Its worker died; a machine's mail came; the doorbell that would have come back found that one only."""
    stale = claimed(office)
    left = office.ledger.cases.open(office.helpdesk.thread_now, "ticket", stale, timedelta(seconds=-1))
    assert left is not None
    office.ledger.doorbells.finish(stale.doorbell_id, stale.epoch, "nothing new")
    says(office, ABSENCE, "c2")

    assert ring(office) == "hold"

    assert cases(office)["ticket"].status is Status.HELD


def test_an_abandoned_case_that_a_colleague_answered_ends_too(office: Office) -> None:
    abandoned(office)
    says(office, "I have done it.", "c2", Author.PERSON)

    recheck_all(office)

    assert cases(office)["ticket"].status is Status.IGNORED


def test_an_abandoned_case_whose_message_is_gone_goes_to_a_person(office: Office) -> None:
    abandoned(office, "c9")

    recheck_all(office)

    assert cases(office)["c9"].status is Status.HANDED_OVER


def test_an_abandoned_case_behind_a_newer_one_is_superseded(office: Office) -> None:
    says(office, "And is there a lock-in for IM?", "c2")
    ring(office)
    abandoned(office)

    recheck_all(office)

    assert cases(office)["ticket"].status is Status.SUPERSEDED


def abandoned(office: Office, key: str = "ticket") -> None:
    doorbell = claimed(office)
    thread = office.helpdesk.thread_now
    assert office.ledger.cases.open(thread, key, doorbell, timedelta(seconds=-1)) is not None
    office.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "nothing new")


def recheck_all(office: Office) -> None:
    for doorbell in office.ledger.cases.recheck_abandoned(10):
        draft_doorbell(doorbell, office.desk, lambda *_: None)
    assert not office.ledger.doorbells.due(10)
    assert not office.ledger.cases.recheck_abandoned(10)


def test_a_redraft_is_for_its_case_even_where_a_needless_message_came_since(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    ring(office)
    says(office, ABSENCE, "c2")
    ring(office)
    case = cases(office)["ticket"]

    assert ring(office, Ring.REDRAFT, case_id=case.case_id, hint="shorter") == "hold"

    assert len(office.ledger.cases.drafts(case.case_id)) == 2
    assert "shorter" in prompts(office)[-1]


def test_what_one_lead_asks_for_while_a_draft_is_written_for_another_is_written_after_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "NEXT_DRAFT", 0.0)
    office.desk = office.with_policy(delivery="review")
    ring(office)
    case, reviews = cases(office)["ticket"], office.ledger.reviews
    hers = reviews.redraft(case.case_id, "please make it shorter", "maya")
    his = reviews.redraft(case.case_id, "mention the fees", "ravi")
    assert hers is not None is not his

    class Meanwhile(Copyist):
        def complete(self, *given: Any) -> Any:
            if "please make it shorter" in str(given):
                assert draft_doorbell(his, before, lambda *_: None) == "parked"
            return super().complete(*given)

    before = office.desk
    writer = Meanwhile()
    desk = replace(before, writer=writer)
    assert draft_doorbell(hers, desk, lambda *_: None) == "hold"
    assert draft_doorbell(his, desk, lambda *_: None) == "hold"

    assert ["shorter" in prompt for prompt in writer.prompts] == [True, False]
    assert "mention the fees" in writer.prompts[-1]
    assert len(office.ledger.cases.drafts(case.case_id)) == 3


def test_a_draft_that_a_lead_asked_for_is_shown_to_a_person_first(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    ring(office)
    case = cases(office)["ticket"]
    office.desk = office.with_policy(delivery="auto")

    assert ring(office, Ring.REDRAFT, case_id=case.case_id) == "hold"

    assert "asked for this draft" in cases(office)["ticket"].reasons[0]


def test_a_message_that_arrives_between_reading_and_storing_is_answered_by_its_own_case(office: Office) -> None:
    class Interrupted(Copyist):
        def complete(self, *given: object) -> object:
            office.desk = before
            says(office, "Wait: is there a lock-in for IM?", "c2")
            assert ring(office) in ("send", "hold")
            return super().complete(*given)

    before = office.desk
    office.desk = replace(office.desk, writer=Interrupted())

    assert ring(office) == "moved on"

    assert cases(office)["ticket"].status is Status.SUPERSEDED
    assert cases(office)["c2"].status in (Status.APPROVED, Status.HELD)


def test_a_worker_that_read_the_thread_too_early_leaves_the_newer_draft_alone(office: Office) -> None:
    early = office.helpdesk.thread_now
    says(office, "And is there a lock-in for IM?", "c2")
    ring(office)
    status = cases(office)["c2"].status
    office.helpdesk.thread_now = early

    assert ring(office) == "nothing new"

    assert cases(office).keys() == {"c2"}
    assert cases(office)["c2"].status is status


def test_the_order_of_a_thread_is_kept_where_the_ledger_knows_nothing(office: Office) -> None:
    says(office, "Answered from elsewhere.", "c8", Author.DESKHAND)
    says(office, "Thanks, one more thing.", "c9")

    def keys(messages: tuple[Message, ...]) -> list[str]:
        return [m.key for m in messages]

    assert keys(read_thread(1, office.helpdesk, office.ledger).messages) == ["ticket", "c8", "c9"]
