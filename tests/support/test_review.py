"""What a lead decides about a held draft, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_message
from tests.console.seed import LETTER, PARTS, a_conversation, a_ledger, a_letter_draft, hold
from tests.desk import ScriptedHelpdesk
from worker.adapters.store.ledger import SqlLedger
from worker.errors import Retryable
from worker.models import Author, Claim, Draft, Finding, Part, SendKind, Sentence, Status, Thread, TicketState
from worker.ports import Ledger
from worker.support import review
from worker.support.bodies import body_hash
from worker.support.compose import Judged
from worker.support.desk import Policy
from worker.support.outgoing import Tags
from worker.support.render import Letter
from worker.support.review import ReviewDesk


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()


def a_review_desk(ledger: SqlLedger, **given: Any) -> tuple[ReviewDesk, list[tuple[str, str]]]:
    hints: list[tuple[str, str]] = []
    fields = {
        "policy": Policy(),
        "tags": Tags(),
        "letter_for": lambda _thread, _identity: LETTER,
        "enqueue": lambda queue, row: hints.append((queue, row)),
    }
    return ReviewDesk(ledger, **(fields | given)), hints


def newest(ledger: Ledger, case_id: str) -> tuple[str, Draft]:
    draft_id, draft, _ = ledger.cases.drafts(case_id)[-1]
    return draft_id, draft


def approve(desk: ReviewDesk, case_id: str, user: str = "maya") -> review.Outcome:
    draft_id, draft = newest(desk.ledger, case_id)
    return review.approve(desk, case_id, draft_id, draft.body_hash, user)


def edit(desk: ReviewDesk, case_id: str, text: str, user: str = "maya") -> review.Outcome:
    return review.edit(desk, case_id, newest(desk.ledger, case_id)[0], text, user)


def test_an_approval_queues_exactly_the_stored_body_and_rings_the_worker(ledger: SqlLedger):
    desk, hints = a_review_desk(ledger)
    case_id = hold(ledger)

    outcome = approve(desk, case_id)

    (send,) = ledger.sends.of_case(case_id)
    assert (outcome.done, outcome.made, hints) == (True, send.send_id, [("deliver", send.send_id)])
    assert (send.kind, send.body_html) == (SendKind.REPLY, newest(ledger, case_id)[1].body_html)
    assert send.change.add_tags == ("deskhand-sent",)
    assert send.change.state is TicketState.PENDING


def test_of_two_leads_who_approve_at_once_one_is_told_who_was_first(ledger: SqlLedger):
    desk, hints = a_review_desk(ledger)
    case_id = hold(ledger)
    with ThreadPoolExecutor(2) as leads:
        outcomes = list(leads.map(lambda user: (user, approve(desk, case_id, user)), ("maya", "tom")))

    (first,) = [user for user, outcome in outcomes if outcome.done]
    (late,) = [outcome for _, outcome in outcomes if not outcome.done]
    assert late.words == f"Already approved by {first}."
    assert len(ledger.sends.of_case(case_id)) == len(hints) == 1


def test_what_was_edited_meanwhile_cannot_be_approved_unseen(ledger: SqlLedger):
    desk, hints = a_review_desk(ledger)
    case_id = hold(ledger)
    draft_id, seen = newest(ledger, case_id)
    assert edit(desk, case_id, "Within 2 working days.", "tom").done

    outcome = review.approve(desk, case_id, draft_id, seen.body_hash, "maya")

    assert outcome.words == "There is a newer draft by tom. Please look at that one first."
    assert (hints, ledger.sends.of_case(case_id)) == ([], [])


def test_a_hash_of_another_body_approves_nothing(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    assert not review.approve(desk, case_id, newest(ledger, case_id)[0], body_hash("<p>Else</p>"), "maya").done
    assert not ledger.sends.of_case(case_id)


def asked_again(ticket_id: int, author: Author) -> Thread:
    thread = a_conversation(ticket_id, "<p>When?</p>")
    return thread.model_copy(update={"messages": (*thread.messages, a_message("And?", key="c9", author=author))})


def test_a_worker_that_is_rung_finds_the_draft_superseded_already(ledger: SqlLedger):
    case_id = hold(ledger)
    thread = a_conversation(1, "<p>When will my withdrawal reach my bank?</p>")
    again = a_message("And now?", key="c3")
    helpdesk = ScriptedHelpdesk(Thread(ticket=thread.ticket, messages=(*thread.messages, again)))
    seen: list[Status] = []

    def worker(_queue: str, _row: str) -> None:
        case = ledger.cases.get(case_id)
        seen.extend([case.status] if case else [])

    desk, _ = a_review_desk(ledger, helpdesk=helpdesk, enqueue=worker)
    approve(desk, case_id)

    assert seen == [Status.SUPERSEDED]
    assert len(ledger.doorbells.due(9)) == 1


def test_a_customer_who_wrote_again_gets_a_new_draft_instead_of_the_old_answer(ledger: SqlLedger):
    desk, hints = a_review_desk(ledger, helpdesk=ScriptedHelpdesk(asked_again(1, Author.CUSTOMER)))
    case_id = hold(ledger, 1)

    assert approve(desk, case_id).words == "Not sent: the customer wrote again."

    case = ledger.cases.get(case_id)
    assert case is not None
    assert (case.status, ledger.sends.of_case(case_id)) == (Status.SUPERSEDED, [])
    assert hints == [("draft", row) for row in ledger.doorbells.due(5)]
    assert len(hints) == 1


def test_a_draft_that_a_colleague_was_faster_than_leaves_the_queue(ledger: SqlLedger):
    desk, hints = a_review_desk(ledger, helpdesk=ScriptedHelpdesk(asked_again(1, Author.PERSON)))
    case_id = hold(ledger, 1)
    assert approve(desk, case_id).words == "Not sent: a colleague answered."
    assert (ledger.reviews.held_count(), hints) == (0, [])


class SilentHelpdesk(ScriptedHelpdesk):
    def thread(self, ticket_id: int, *, known: Thread | None = None, first: bool = False) -> Thread:
        raise Retryable("no answer", part="freshdesk")


def test_a_helpdesk_that_is_down_does_not_stop_an_approval(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger, helpdesk=SilentHelpdesk())
    assert approve(desk, hold(ledger)).done


def test_nothing_is_approved_in_shadow_mode(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger, policy=Policy(delivery="shadow"))
    case_id = hold(ledger)
    assert "shadow mode" in approve(desk, case_id).words
    assert not ledger.sends.of_case(case_id)


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (a_letter_draft((Part(question="?", sentences=(Sentence(text="Dear {{ first_name }}."),)),)), "first_name"),
        (a_letter_draft((Part(question="When?"),)), "nothing between the greeting"),
        (a_letter_draft(body_html='<p onclick="x">Hello</p>', body_hash=body_hash("<p>Hello</p>")), "may not be sent"),
    ],
)
def test_what_is_not_fit_to_be_sent_must_be_edited_first(ledger: SqlLedger, draft: Draft, words: str):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger, draft=draft)
    assert words in approve(desk, case_id).words
    assert edit(desk, case_id, "Within 2 working days.").done
    assert approve(desk, case_id).done


def test_an_edit_keeps_the_letter_the_sources_of_untouched_sentences_and_who_wrote_it(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    text = review.typed_text(newest(ledger, case_id)[1], LETTER)

    assert edit(desk, case_id, text.replace("3 working days", "2 working days") + "\n\n- We will call you.").done

    _, draft = newest(ledger, case_id)
    assert draft.body_text.startswith("Hello Asha,\n\nYour withdrawal reaches your bank within 2 working days.")
    assert draft.body_html.endswith("<ul><li>We will call you.</li></ul><p>Kind regards,<br>Team Peerwell</p>")
    assert draft.body_hash == body_hash(draft.body_html)
    assert (draft.written_by, review.by_person(draft)) == ("maya", True)
    supported = [s.sources for part in draft.parts for s in part.sentences]
    assert supported == [(), PARTS[0].sentences[1].sources, PARTS[1].sentences[0].sources, ()]


def test_findings_survive_an_edit_and_are_marked_as_overruled_once(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    edit(desk, case_id, "Within 2 working days.", "maya")
    edit(desk, case_id, "Within two working days.", "tom")

    first, second = newest(ledger, case_id)[1].findings

    assert first.sentence is None  # its sentence is gone
    assert first.todo.startswith("Found before the edit by maya; approving overrules it. Correct it")
    assert second.todo.count("overrules") == 1


def test_where_the_guards_are_at_hand_an_edit_is_judged_anew(ledger: SqlLedger):
    def asks_back(draft: Draft, *_: object) -> Judged:
        return Judged((Finding(guard="cited", what=draft.parts[0].question),), (Claim(sentence=0, support=0.5),))

    desk, _ = a_review_desk(ledger, judge=asks_back)
    case_id = hold(ledger)
    edit(desk, case_id, "Within 2 working days.")
    draft = newest(ledger, case_id)[1]
    assert draft.findings == (Finding(guard="cited", what=PARTS[0].question),)
    assert draft.claims == (Claim(sentence=0, support=0.5),)


def test_an_edit_without_words_is_refused(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    assert "without words" in edit(desk, case_id, " \n ").words
    assert len(ledger.cases.drafts(case_id)) == 1


def test_a_rejection_needs_a_reason_and_ends_the_case(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    draft_id, _ = newest(ledger, case_id)
    assert not review.reject(desk, case_id, draft_id, "  ", "maya").done
    assert review.reject(desk, case_id, draft_id, "The answer is wrong.", "maya").done
    assert ledger.cases.moves(case_id)[-1]["reasons"] == ("The answer is wrong.",)
    assert approve(desk, case_id).words == "Already rejected by maya."


def test_a_rejection_tells_the_team_on_the_ticket_and_takes_the_held_tag_off(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    assert review.reject(desk, case_id, newest(ledger, case_id)[0], "Wrong <fund>.", "maya").done

    (note,) = ledger.sends.of_case(case_id)
    assert note.kind is SendKind.HANDOVER_NOTE
    assert "rejected by maya:</b> Wrong &lt;fund&gt;." in note.body_html
    assert "answer by hand" in note.body_html
    assert note.change.remove_tags == ("deskhand-held",)


def test_a_rejection_in_shadow_mode_writes_nothing_to_the_ticket(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger, policy=Policy(delivery="shadow"))
    case_id = hold(ledger)
    assert review.reject(desk, case_id, newest(ledger, case_id)[0], "Wrong fund.", "maya").done
    assert not ledger.sends.of_case(case_id)


def test_another_draft_is_asked_for_with_a_hint_of_one_line(ledger: SqlLedger):
    desk, hints = a_review_desk(ledger)
    case_id = hold(ledger)
    outcome = review.redraft(desk, case_id, "Shorter,\nplease", "maya")
    doorbell = ledger.doorbells.claim(outcome.made, desk.policy.lease)
    assert doorbell is not None
    assert (doorbell.hint, hints) == ("Shorter, please", [("draft", outcome.made)])


def test_the_typed_text_is_found_even_if_the_letter_was_changed_since():
    draft = a_letter_draft()
    other = Letter(greeting="Dear Asha,", sign_off="Yours,\nPeerwell")
    assert review.typed_text(draft, other) == review.typed_text(draft, LETTER)
    assert review.typed_text(draft, LETTER).startswith("Your withdrawal")
