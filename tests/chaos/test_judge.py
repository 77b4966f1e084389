"""The count at the end of a fault run finds what it is there to find: a judge that sees nothing is always happy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from worker.chaos.judge import Books, Count, Judge
from worker.chaos.traffic import AUTOMATIC, QUESTION, THANKS, Mail
from worker.models import Case, Send, SendKind, SendState, Status, TicketChange
from worker.sandbox.nouns import BOT_ID

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COLLEAGUE = 11
BOUND = 4.0


class Story:
    """One ticket, told in seconds after noon; `count()` is what the judge makes of it."""

    def __init__(self) -> None:
        self.journal: list[dict[str, Any]] = []
        self.mails: list[Mail] = []
        self.cases: dict[tuple[int, str], Case] = {}
        self.sends: list[Send] = []
        self.pauses: list[tuple[float, float]] = []
        self.read: dict[str, set[str]] = {}

    def happens(self, second: float, kind: str, **facts: Any) -> None:
        at = NOON + timedelta(seconds=second)
        facts = {"ticket_id": 1, "agent_id": None, "private": False} | facts
        self.journal.append({"seq": len(self.journal) + 1, "at": at.isoformat(), "kind": kind, **facts})

    def customer(self, second: float, key: str = "ticket", kind: str = QUESTION) -> Story:
        self.mails.append(Mail(1, key, kind, "Kimemo Chaos"))
        self.happens(second, "customer_message", key=key)
        return self

    def colleague(self, second: float, kind: str = "reply", **facts: Any) -> Story:
        self.happens(second, kind, agent_id=COLLEAGUE, **facts)
        return self

    def deskhand(
        self, second: float, number: int = 500, *, arrived: float | None = None, text: str = "Hi Kimemo, so it is."
    ) -> Story:
        came = NOON + timedelta(seconds=second if arrived is None else arrived)
        facts = {"conversation_id": number, "text": text, "arrived": came.isoformat()}
        self.happens(second, "reply", agent_id=BOT_ID, **facts)
        return self

    def ledger(self, status: Status, key: str = "ticket", remote_id: str = "", reasons: tuple[str, ...] = ()) -> Story:
        moment = {"opened_at": NOON, "moved_at": NOON}
        case = Case(
            case_id=f"case-{key}", ticket_id=1, message_key=key, status=status, epoch=1, reasons=reasons, **moment
        )
        self.cases[1, key] = case
        self.read[case.case_id] = {mail.key for mail in self.mails}
        if remote_id:
            kind = SendKind.HANDOVER_NOTE if status is Status.HANDED_OVER else SendKind.REPLY
            facts = {"body_html": "", "body_hash": "", "change": TicketChange(), "epoch": 1, "state": SendState.DONE}
            ids = {"send_id": f"s-{key}", "case_id": case.case_id, "ticket_id": 1, "message_key": key}
            self.sends.append(Send(kind=kind, remote_id=remote_id, **ids, **facts))
        return self

    def count(self) -> Count:
        books = Books(self.cases, self.sends, {}, self.read)
        pauses = [(NOON.timestamp() + a, NOON.timestamp() + b) for a, b in self.pauses]
        return Judge(self.journal, books, self.mails, pauses, BOUND).count()

    def ends(self) -> list[str]:
        """Of the customer's mails, in order."""
        outcomes = self.count().outcomes
        return [outcomes[mail.ticket_id, mail.key] for mail in self.mails]


def test_a_mail_with_a_public_reply_was_answered_whatever_the_ledger_thinks():
    assert Story().customer(0).deskhand(1).ends() == ["sent"]


def test_a_ledger_that_says_sent_without_a_reply_in_the_journal_lost_the_mail():
    assert Story().customer(0).ledger(Status.SENT, remote_id="500").ends() == ["lost"]


def test_a_mail_that_nobody_ever_heard_of_is_lost():
    assert Story().customer(0).ends() == ["lost"]


@pytest.mark.parametrize("status", [Status.OPEN, Status.APPROVED])
def test_a_mail_whose_case_never_ended_is_lost(status):
    assert Story().customer(0).ledger(status).ends() == ["lost"]


def test_a_hand_over_counts_only_with_its_note_on_the_ticket():
    story = Story().customer(0).ledger(Status.HANDED_OVER, remote_id="501")
    assert story.ends() == ["lost"]
    story.happens(1, "note", agent_id=BOT_ID, conversation_id=501, private=True)
    assert story.ends() == ["handed_over"]


def test_a_held_draft_waits_for_the_leads():
    assert Story().customer(0).ledger(Status.HELD).ends() == ["held"]


def test_an_answering_machine_may_be_ignored_and_a_question_may_not():
    ignored = {"status": Status.IGNORED, "reasons": ("The text is that of an automatic reply.",)}
    assert Story().customer(0, kind=AUTOMATIC).ledger(**ignored).ends() == ["ignored"]
    assert Story().customer(0).ledger(**ignored).ends() == ["lost"]
    assert Story().customer(0).colleague(1).ledger(**ignored).ends() == ["ignored"]


def test_a_question_ends_with_the_later_mail_that_it_was_answered_with():
    story = Story().customer(0).ledger(Status.SUPERSEDED).customer(1, "c2").deskhand(2)
    story.ledger(Status.SENT, "c2", remote_id="500")
    assert story.ends() == ["sent", "sent"]
    assert story.count().joined == 1


def test_a_question_that_the_later_mails_case_never_read_is_lost():
    story = Story().customer(0).ledger(Status.SUPERSEDED).customer(1, "c2").deskhand(2)
    story.ledger(Status.SENT, "c2", remote_id="500").read["case-c2"] = {"c2"}
    assert story.ends() == ["lost", "sent"]


def test_a_person_who_gets_the_ticket_reads_every_mail_on_it():
    story = Story().customer(0).ledger(Status.SUPERSEDED).customer(1, "c2")
    story.ledger(Status.HANDED_OVER, "c2", remote_id="501").read.clear()
    story.happens(1, "note", agent_id=BOT_ID, conversation_id=501, private=True)
    assert story.ends() == ["handed_over", "handed_over"]


def test_a_question_does_not_end_with_thanks_that_were_ignored():
    story = Story().customer(0).ledger(Status.SUPERSEDED).customer(1, "c2", THANKS)
    assert story.ledger(Status.IGNORED, "c2", reasons=("The message only says thanks.",)).ends() == ["lost", "ignored"]


def test_an_answering_machine_in_between_does_not_part_two_questions():
    story = Story().customer(0).customer(1, "c2", AUTOMATIC).customer(2, "c3").deskhand(3)
    story.ledger(Status.SENT, "c3", remote_id="500").ledger(
        Status.IGNORED, "c2", reasons=("The text is that of an automatic reply.",)
    )
    assert story.ends() == ["sent", "ignored", "sent"]


def test_a_question_on_a_ticket_that_was_handed_over_is_with_a_person():
    story = Story().customer(0).ledger(Status.IGNORED, reasons=("The ticket was handed over to a person before.",))
    assert story.ends() == ["lost"]
    story.happens(1, "change", agent_id=BOT_ID, changes={"tags": ["deskhand-handed-over"]})
    assert story.ends() == ["ignored"]


def test_a_second_reply_to_the_same_mail_is_a_duplicate():
    assert len(Story().customer(0).deskhand(1).deskhand(9, 501).count().duplicated) == 1


def test_a_reply_to_an_earlier_mail_that_took_effect_late_is_none():
    """By its order in the journal alone it would look like a second answer to the second mail."""
    story = Story().customer(0).customer(3, "c2").deskhand(4, 500, arrived=1).deskhand(5, 501)
    assert story.count().duplicated == []
    assert story.ends() == ["sent", "sent"]


@pytest.mark.parametrize(
    ("happens", "what"),
    [
        (lambda s: s.colleague(1), "a colleague answered"),
        (lambda s: s.colleague(1, "change", changes={"status": 5}), "closed"),
        (lambda s: s.colleague(1, "change", changes={"spam": True}), "spam or deleted"),
        (lambda s: s.customer(1, "c2").ledger(Status.SENT, remote_id="500"), "wrote again"),
    ],
)
def test_a_reply_over_something_that_had_happened_long_before_is_unexpected(happens, what):
    story = happens(Story().customer(0)).deskhand(5)
    [words] = story.count().unexpected
    assert what in words


def test_a_ticket_that_was_opened_again_may_be_answered():
    story = Story().customer(0).colleague(1, "change", changes={"status": 5})
    story.customer(2, "c2").happens(2, "change", changes={"status": 2})
    assert story.deskhand(9).count().unexpected == []


def test_a_colleague_who_was_faster_by_a_moment_is_a_race_that_nobody_can_win():
    count = Story().customer(0).colleague(4.5).deskhand(5).count()
    assert (count.unexpected, [round(s, 1) for s in count.overtaken]) == ([], [0.5])


def test_the_moment_is_that_of_the_request_and_not_of_its_late_effect():
    assert Story().customer(0).colleague(4.5).deskhand(8, arrived=5).count().unexpected == []


def test_a_sender_that_was_stopped_between_look_and_request_is_given_its_bound_and_no_more():
    def stopped(for_seconds: float) -> Count:
        story = Story().customer(0).colleague(10).deskhand(10 + for_seconds)
        story.pauses = [(9.9, 10 + for_seconds)]
        return story.count()

    assert stopped(3.0).unexpected == []
    assert len(stopped(6.0).unexpected) == 1


def test_a_reply_to_an_answering_machine_is_unexpected():
    [words] = Story().customer(0, kind=AUTOMATIC).deskhand(1).count().unexpected
    assert "answering machine" in words


def test_a_reply_that_names_somebody_else_is_unexpected():
    story = Story().customer(0).deskhand(1, text="Hi Dosane, so it is.")
    story.mails.append(Mail(2, "ticket", QUESTION, "Dosane Chaos"))
    story.happens(0, "customer_message", ticket_id=2, key="ticket")
    [words] = story.count().unexpected
    assert "names Dosane" in words
