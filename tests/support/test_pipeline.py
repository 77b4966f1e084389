"""From a thread to a verdict: real rules, the real knowledge base, a ledger, and a writer that a test scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.answering import QUESTION, Copyist, an_answering_office
from tests.builders import a_message, a_requester, a_thread
from tests.desk import Office
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.errors import Retryable
from worker.models import Author, Case, Ring, SendKind, Status, Thread
from worker.ports.world import Vectors
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def ring(office: Office, how: Ring = Ring.WEBHOOK) -> str:
    """A doorbell for ticket 1, drafted; returns the outcome."""
    queued: list[tuple[str, str]] = []
    doorbell = office.ledger.doorbells.ring(how, 1)
    outcome = draft_doorbell(doorbell, office.desk, lambda queue, row: queued.append((queue, row)))
    for _, send in queued:
        deliver(send, office.desk)
    return outcome


def the_case(office: Office) -> Case:
    return office.ledger.cases.of_ticket(1)[-1]


def replies(office: Office) -> list[str]:
    return [body for kind, body in office.helpdesk.posted if kind == "reply"]


def notes(office: Office) -> list[str]:
    return [body for kind, body in office.helpdesk.posted if kind == "note"]


def test_a_verified_customers_plain_question_is_answered_at_once(office: Office) -> None:
    assert ring(office) == "send"
    [reply] = replies(office)
    assert "Hi Asha," in reply
    assert "within 2 working days" in reply
    assert "The Peerwell support team" in reply
    assert the_case(office).status is Status.SENT


def test_what_each_sentence_rests_on_is_kept_with_the_draft(office: Office) -> None:
    ring(office)
    _, draft, _ = office.ledger.cases.drafts(the_case(office).case_id)[-1]
    sources = {source.source_id: source for source in draft.sources}
    assert [claim.sentence for claim in draft.claims] == list(range(sum(len(p.sentences) for p in draft.parts)))
    for claim in draft.claims:
        basis = claim.bases[0]
        source = sources[basis.source_id]
        assert (basis.version, basis.words) == (source.version, source.text[basis.start : basis.end])
        assert {token.fault for token in claim.tokens} <= {""}


def test_a_second_doorbell_for_the_same_message_does_nothing(office: Office) -> None:
    ring(office)
    assert ring(office) == "nothing new"
    assert len(replies(office)) == 1


def test_in_review_mode_the_same_reply_waits_for_a_person(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    assert ring(office) == "hold"
    assert not replies(office)
    [note] = notes(office)
    assert "/cases/" in note
    assert the_case(office).status is Status.HELD
    assert office.helpdesk.changes[0].add_tags == ("deskhand-held",)


def test_in_shadow_mode_nothing_at_all_is_written_to_freshdesk(office: Office) -> None:
    office.desk = office.with_policy(delivery="shadow")
    assert ring(office) == "hold"
    assert not office.helpdesk.posted
    assert not office.helpdesk.changes
    assert the_case(office).status is Status.HELD


def test_a_gate_that_was_not_opened_holds_everything(office: Office) -> None:
    office.desk = office.with_policy(gate_open=False)
    assert ring(office) == "hold"


def test_a_number_that_the_model_changed_is_held_with_the_number_named(office: Office) -> None:
    office.desk = replace(
        office.desk, writer=Copyist("A withdrawal from IM reaches your bank account within 5 working days.")
    )
    assert ring(office) == "hold"
    _, draft, _ = office.ledger.cases.drafts(the_case(office).case_id)[-1]
    assert [(f.guard, f.words) for f in draft.findings if f.guard == "exact"] == [("exact", "5 working days")]


def test_groq_being_down_holds_the_filled_in_template(office: Office) -> None:
    writer = Copyist()
    writer.trouble = Retryable("connection refused", part="groq")
    office.desk = replace(office.desk, writer=writer)
    assert ring(office) == "hold"
    _, draft, _ = office.ledger.cases.drafts(the_case(office).case_id)[-1]
    assert draft.written_by == "template"
    assert draft.body_text.startswith("Hi Asha,")


def test_a_rate_limit_parks_the_work_and_takes_nothing_from_its_tries(office: Office) -> None:
    writer = Copyist()
    writer.trouble = Retryable("429", part="groq", after=30.0)
    office.desk = replace(office.desk, writer=writer)
    assert ring(office) == "parked"
    assert the_case(office).status is Status.OPEN
    assert not office.ledger.doorbells.due(10)


def test_what_fails_three_times_goes_to_a_person(office: Office) -> None:
    class Poisoned(MemoryIndex):
        def version(self) -> str:
            raise SystemExit(1)

    office.desk = replace(office.desk, index=Poisoned())
    doorbell = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    queued: list[str] = []
    outcomes = []
    for _ in range(3):
        outcomes.append(draft_doorbell(doorbell, office.desk, lambda _, row: queued.append(row)))
        office.make_doorbell_due(doorbell)
    assert outcomes == ["parked", "parked", "handed over"]
    assert the_case(office).status is Status.HANDED_OVER
    assert deliver(queued[0], office.desk) == "done"
    assert "leaves this ticket to you" in notes(office)[0]


def test_a_stranger_who_names_somebody_elses_id_gets_nothing_of_hers(office: Office) -> None:
    stranger = a_requester(9, name="Ravi", email="ravi@example.org")
    mail = a_message("My customer id is PW100231. When will my IM withdrawal reach my bank?")
    office.helpdesk.thread_now = a_thread(1, mail, requester=stranger)
    assert ring(office) == "hold"
    writer = office.desk.writer
    assert isinstance(writer, Copyist)
    assert "Asha" not in writer.prompts[0]
    assert "<customer" not in writer.prompts[0]
    case = the_case(office)
    assert case.segments == ()
    _, draft, trace = office.ledger.cases.drafts(case.case_id)[-1]
    assert "sure" in {f.guard for f in draft.findings}
    assert trace.reader is not None
    assert trace.reader.reads == ("public",)


def test_a_new_person_gets_a_template_and_no_passage_is_searched_for(office: Office) -> None:
    newcomer = a_requester(10, name="Rajat Khanna", email="rajat@example.org")
    office.helpdesk.thread_now = a_thread(1, a_message("How do I open an account with Peerwell?"), requester=newcomer)
    ring(office)
    _, draft, trace = office.ledger.cases.drafts(the_case(office).case_id)[-1]
    assert not trace.passages
    assert trace.templates
    assert trace.identity is not None
    assert not trace.identity.existing
    assert "Hi Rajat," in draft.body_text


def test_the_model_works_on_the_words_while_their_writer_is_found_out(office: Office) -> None:
    steps: list[str] = []

    class Ahead(HashEmbedder):
        def embed_ahead(self, texts: Sequence[str], layers: bytes) -> tuple[Callable[[], Vectors], None]:
            steps.append("embedding begun")
            return (lambda: (steps.append("vectors used"), self.embed(texts))[1]), None

    class Directory:
        def __getattr__(self, name: str) -> Any:
            steps.append("customers looked up")
            return getattr(real, name)

    real = office.desk.directory
    office.desk = replace(office.desk, embedder=Ahead(dim=office.desk.embedder.dim), directory=Directory())
    assert ring(office) == "send"
    assert list(dict.fromkeys(steps)) == ["embedding begun", "customers looked up", "vectors used"]


def test_a_template_that_is_withdrawn_while_the_customer_is_found_out_is_not_used(office: Office) -> None:
    asked: list[str] = []

    class Swapped:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def template(self, template_id: str) -> Any:
            asked.append(template_id)
            return real.template(template_id) if len(asked) == 1 else None

    real = office.desk.index
    office.desk = replace(office.desk, index=Swapped())
    office.helpdesk.thread_now = a_thread(1, a_message(""), subject="When will my IM withdrawal reach my bank?")
    ring(office)
    trace = office.ledger.cases.trace(the_case(office).case_id)
    assert trace is not None
    assert asked[0] == "ask-for-details"
    assert "ask-for-details" not in [template.source_id for template in trace.templates]
    assert trace.templates


def test_a_message_that_the_gate_keeps_is_not_embedded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(office.desk.embedder), "embed", lambda *_: pytest.fail("nothing is searched for"))
    office.helpdesk.thread_now = a_thread(1, a_message("I will see you in court."))
    assert ring(office) == "hand_over"


def test_an_auto_reply_costs_no_call_to_the_model(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message("I am out of office."), subject="Automatic reply: Withdrawal")
    assert ring(office) == "ignore"
    writer = office.desk.writer
    assert isinstance(writer, Copyist)
    assert not writer.prompts
    case = the_case(office)
    assert case.status is Status.IGNORED
    assert case.reasons


def test_a_threat_of_court_goes_to_a_person_with_group_and_priority(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(
        1, a_message("My lawyer will send you a legal notice and see you in consumer court.")
    )
    assert ring(office) == "hand_over"
    [change] = office.helpdesk.changes
    assert change.group
    assert change.priority == 4
    assert not replies(office)


def test_a_ticket_that_no_customer_wrote_on_is_ignored_with_its_reason(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message("Calling you back.", author=Author.PERSON))
    assert ring(office) == "ignore"
    assert the_case(office).reasons


def test_two_mails_in_a_row_are_read_as_one(office: Office) -> None:
    second = a_message("And is there a lock-in for IM?", key="c2", at=datetime(2026, 3, 2, 12, 5, tzinfo=UTC))
    office.helpdesk.thread_now = Thread(
        ticket=office.helpdesk.thread_now.ticket, messages=(a_message(QUESTION), second)
    )
    ring(office)
    writer = office.desk.writer
    assert isinstance(writer, Copyist)
    assert "lock-in" in writer.prompts[0]
    assert "withdrawal reach" in writer.prompts[0]


def test_every_draft_can_be_explained(office: Office) -> None:
    ring(office)
    _, draft, trace = office.ledger.cases.drafts(the_case(office).case_id)[-1]
    assert any(a.rule for a in trace.asked)
    assert trace.identity is not None
    assert trace.identity.found_by
    assert trace.index_version
    assert all(s.version for s in (*trace.templates, *trace.passages))
    assert QUESTION in trace.prompt
    assert draft.usage.model == "copyist"
    assert set(trace.seconds) >= {"read", "gate", "identify", "segment", "retrieve", "generate", "guard"}


def test_the_note_for_a_handed_over_case_is_private_and_the_reply_is_not_sent(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message("My lawyer will send you a legal notice."))
    ring(office)
    kinds = [s.kind for s in office.ledger.sends.of_case(the_case(office).case_id)]
    assert kinds == [SendKind.HANDOVER_NOTE]
