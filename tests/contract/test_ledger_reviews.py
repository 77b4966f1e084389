"""Reviews: what every ledger promises to support leads."""

from __future__ import annotations

from tests.builders import a_draft, a_finding, a_reply, a_thread, a_trace
from tests.contract.steps import (
    LEASE,
    all_at_once,
    approved,
    claimed,
    conclude,
    current,
    held,
    opened,
    send_of,
    status_of,
)
from worker.models import Case, Ring, SendKind, SendState, Status
from worker.ports import Ledger

DRAFT = a_draft()


def newest(ledger: Ledger, case: Case) -> str:
    return ledger.cases.drafts(case.case_id)[-1][0]


def test_the_queue_shows_the_most_urgent_first_and_then_the_oldest(ledger: Ledger) -> None:
    low, urgent, also_urgent = (held(ledger, n, priority=p) for n, p in ((1, 1), (2, 4), (3, 4)))
    opened(ledger, 4)

    rows = ledger.reviews.held()

    assert [row.case.case_id for row in rows] == [urgent.case_id, also_urgent.case_id, low.case_id]
    assert [row.case for row in ledger.reviews.held(limit=1, offset=1)] == [also_urgent]
    assert ledger.reviews.held_count() == 3
    assert all(0 <= row.age_seconds < 60 for row in rows)


def test_a_line_of_the_queue_names_the_guards_of_the_newest_draft(ledger: Ledger) -> None:
    findings = (a_finding("exact"), a_finding("cited"), a_finding("exact"))
    case = held(ledger, draft=a_draft(findings=findings))
    [row] = ledger.reviews.held()
    assert (row.template_id, row.findings) == ("redeem", ("exact", "cited"))

    ledger.reviews.edit(case.case_id, newest(ledger, case), a_draft("Edited.", template_id="other"), "meera")

    [row] = ledger.reviews.held()
    assert (row.template_id, row.findings) == ("other", ())


def test_open_drafts_are_marked_stale_until_they_are_written_anew_or_are_good_again(ledger: Ledger) -> None:
    first, second = held(ledger, 1), held(ledger, 2)
    ledger.reviews.mark_stale({newest(ledger, first): ["fees#a"], newest(ledger, second): ["fees#a", "fees#b"]})

    assert [row.case.stale for row in ledger.reviews.held()] == [("fees#a",), ("fees#a", "fees#b")]

    doorbell = claimed(ledger, 1, ring=Ring.REDRAFT, case_id=first.case_id)
    again = ledger.cases.open(a_thread(1), "ticket", doorbell, LEASE)
    assert again is not None
    conclude(ledger, again, Status.HELD, draft=a_draft("Anew."))
    assert current(ledger, first).stale == ()

    ledger.reviews.mark_stale({})
    assert current(ledger, second).stale == ()


def test_the_tickets_that_wait_for_a_lead_are_all_told_at_once_newest_first(ledger: Ledger) -> None:
    cases = [held(ledger, ticket_id) for ticket_id in range(1, 61)]
    opened(ledger, 61)
    approved(ledger, 62)
    assert ledger.reviews.reject(cases[7].case_id, newest(ledger, cases[7]), "Spam.", "meera")

    told = list(ledger.reviews.held_tickets().items())
    assert told == [(case.case_id, case.ticket_id) for case in cases[::-1] if case.ticket_id != 8]


def test_a_draft_that_has_been_decided_on_is_not_marked(ledger: Ledger) -> None:
    case, _ = approved(ledger)

    ledger.reviews.mark_stale({newest(ledger, case): ["fees#a"]})

    assert current(ledger, case).stale == ()


def test_a_case_held_without_a_draft_is_in_the_queue_too(ledger: Ledger) -> None:
    case = opened(ledger)
    conclude(ledger, case, Status.HELD)

    [row] = ledger.reviews.held()
    assert (row.case.case_id, row.findings) == (case.case_id, ())
    assert ledger.reviews.approve(case.case_id, "", "", a_reply(body_hash=""), "meera") is None


def test_an_approved_draft_is_queued_as_a_reply(ledger: Ledger) -> None:
    case = held(ledger, 42)

    send_id = ledger.reviews.approve(case.case_id, newest(ledger, case), DRAFT.body_hash, a_reply(), "meera")

    assert send_id is not None
    send = send_of(ledger, case.case_id, send_id)
    assert (send.kind, send.state, send.ticket_id, send.message_key) == (
        SendKind.REPLY, SendState.QUEUED, 42, "ticket",
    )  # fmt: skip
    assert (send.body_html, send.body_hash) == (DRAFT.body_html, DRAFT.body_hash)
    assert status_of(ledger, case) is Status.APPROVED
    assert ledger.cases.moves(case.case_id)[-1]["by"] == "meera"
    assert ledger.reviews.audit_log()[0]["action"] == "approve"


def test_what_was_not_shown_cannot_be_approved(ledger: Ledger) -> None:
    case = held(ledger)
    shown = newest(ledger, case)
    ledger.reviews.edit(case.case_id, shown, a_draft("Edited."), "ravi")
    edited, edited_hash = newest(ledger, case), a_draft("Edited.").body_hash

    assert ledger.reviews.approve(case.case_id, shown, DRAFT.body_hash, a_reply(), "meera") is None
    assert ledger.reviews.approve(case.case_id, edited, DRAFT.body_hash, a_reply(), "meera") is None
    assert ledger.reviews.approve(case.case_id, edited, edited_hash, a_reply("Something else."), "meera") is None
    assert ledger.sends.of_case(case.case_id) == []
    assert current(ledger, case).status is Status.HELD
    assert ledger.reviews.approve(case.case_id, edited, edited_hash, a_reply("Edited."), "meera") is not None


def test_two_leads_approve_at_once_and_one_reply_is_queued(ledger: Ledger) -> None:
    case = held(ledger)
    draft_id = newest(ledger, case)

    ids = all_at_once(
        8, lambda n: ledger.reviews.approve(case.case_id, draft_id, DRAFT.body_hash, a_reply(), f"lead{n}")
    )

    [send_id] = [one for one in ids if one is not None]
    assert [send.send_id for send in ledger.sends.of_case(case.case_id)] == [send_id]
    assert [entry["action"] for entry in ledger.reviews.audit_log()] == ["approve"]


def test_of_two_edits_of_the_same_draft_one_is_kept(ledger: Ledger) -> None:
    case = held(ledger)
    draft_id = newest(ledger, case)

    ids = all_at_once(8, lambda n: ledger.reviews.edit(case.case_id, draft_id, a_draft(f"Edit {n}."), "meera"))

    [kept] = [one for one in ids if one is not None]
    assert [one for one, _, _ in ledger.cases.drafts(case.case_id)] == [draft_id, kept]


def test_an_edit_keeps_the_trace_of_the_draft_that_it_came_from(ledger: Ledger) -> None:
    case = opened(ledger)
    conclude(ledger, case, Status.HELD, draft=DRAFT, trace=a_trace(index_version="v7"))

    ledger.reviews.edit(case.case_id, newest(ledger, case), a_draft("Edited.", written_by="meera"), "meera")

    _, draft, trace = ledger.cases.drafts(case.case_id)[-1]
    assert (draft.body_text, draft.written_by, trace.index_version) == ("Edited.", "meera", "v7")


def test_only_a_held_case_can_be_edited_rejected_or_redrafted(ledger: Ledger) -> None:
    case, _ = approved(ledger)
    draft_id = newest(ledger, case)

    assert ledger.reviews.edit(case.case_id, draft_id, a_draft("Late."), "meera") is None
    assert not ledger.reviews.reject(case.case_id, draft_id, "Late.", "meera")
    assert ledger.reviews.redraft(case.case_id, "shorter", "meera") is None
    assert ledger.reviews.audit_log() == []


def test_a_rejected_draft_ends_its_case_with_the_reason(ledger: Ledger) -> None:
    case = held(ledger)

    assert not ledger.reviews.reject(case.case_id, "f-older", "Wrong fund.", "meera")
    assert ledger.reviews.reject(case.case_id, newest(ledger, case), "Wrong fund.", "meera")

    assert (current(ledger, case).status, current(ledger, case).reasons) == (Status.REJECTED, ("Wrong fund.",))


def test_a_rejection_queues_its_note_and_one_that_came_too_late_queues_nothing(ledger: Ledger) -> None:
    case = held(ledger, 42)
    note = a_reply("The draft was rejected.", kind=SendKind.HANDOVER_NOTE)
    draft_id = newest(ledger, case)
    assert not ledger.reviews.reject(case.case_id, "f-older", "Wrong fund.", "meera", note)
    assert ledger.reviews.reject(case.case_id, draft_id, "Wrong fund.", "meera", note)
    assert not ledger.reviews.reject(case.case_id, draft_id, "Wrong fund.", "tom", note)

    [send] = ledger.sends.of_case(case.case_id)
    assert (send.kind, send.state, send.ticket_id) == (SendKind.HANDOVER_NOTE, SendState.QUEUED, 42)
    assert (send.body_html, list(ledger.sends.due(5))) == (note.body_html, [send.send_id])


def test_a_redraft_rings_for_the_held_case(ledger: Ledger) -> None:
    case = held(ledger, 42)

    doorbell_id = ledger.reviews.redraft(case.case_id, "mention the exit load", "meera")

    assert doorbell_id is not None
    doorbell = ledger.doorbells.claim(doorbell_id, LEASE)
    assert doorbell is not None
    assert (doorbell.ring, doorbell.case_id, doorbell.hint) == (Ring.REDRAFT, case.case_id, "mention the exit load")
    assert status_of(ledger, case) is Status.HELD
    assert ledger.cases.open(a_thread(42), "ticket", doorbell, LEASE) is not None


def test_a_redraft_of_a_draft_that_is_no_longer_the_newest_rings_for_nobody(ledger: Ledger) -> None:
    case = held(ledger, 42)
    shown = newest(ledger, case)
    edited = ledger.reviews.edit(case.case_id, shown, a_draft("Edited."), "ravi")
    assert edited is not None

    assert ledger.reviews.redraft(case.case_id, "shorter", "meera", draft_id=shown) is None

    assert (list(ledger.doorbells.due(5)), current(ledger, case).minder) == ([], "ravi")
    assert ledger.reviews.redraft(case.case_id, "shorter", "meera", draft_id=edited) is not None


def test_a_decision_makes_a_redraft_moot_that_nobody_has_begun_and_the_history_says_so(ledger: Ledger) -> None:
    sent, other = held(ledger, 42), held(ledger, 43)
    doorbell_id = ledger.reviews.redraft(sent.case_id, "shorter", "meera")
    untouched = ledger.reviews.redraft(other.case_id, "", "meera")
    assert doorbell_id is not None
    assert untouched is not None
    ledger.reviews.approve(sent.case_id, newest(ledger, sent), DRAFT.body_hash, a_reply(), "ravi")

    told = ledger.cases.moves(sent.case_id)[-1]["reasons"]
    assert list(told) == ["Another draft had been asked for (“shorter”); it is not written any more."]
    assert current(ledger, sent).reasons == sent.reasons
    # Whoever asks whether a message was seen counts on it: it still has the ticket read.
    doorbell = ledger.doorbells.claim(doorbell_id, LEASE)
    assert doorbell is not None
    assert (doorbell.ring, doorbell.case_id, doorbell.hint) == (Ring.RECHECK, None, "")
    ledger.reviews.undo(sent.case_id, "ravi")
    assert ledger.cases.open(a_thread(42), "ticket", doorbell, LEASE) is None
    waiting = ledger.doorbells.claim(untouched, LEASE)
    assert waiting is not None
    assert waiting.ring is Ring.REDRAFT


def test_the_audit_log_shows_the_newest_first(ledger: Ledger) -> None:
    ledger.reviews.audit("meera", "sign in", "meera")
    ledger.reviews.audit("ravi", "view", "c1", "trace")

    newest_entry, older = ledger.reviews.audit_log()
    assert (newest_entry["user"], newest_entry["action"], newest_entry["subject"]) == ("ravi", "view", "c1")
    assert newest_entry["detail"] == "trace"
    assert newest_entry["at"] >= older["at"]
    assert len(ledger.reviews.audit_log(limit=1)) == 1
    assert ledger.reviews.audit_log(limit=1, offset=1) == [older]
    assert ledger.reviews.audit_log(offset=2) == []


def test_a_draft_that_a_person_puts_away_is_audited_and_what_deskhand_does_is_not(ledger: Ledger) -> None:
    closed, again, own = (held(ledger, n) for n in (1, 2, 3))
    move = (Status.HELD, Status.SUPERSEDED, None)
    ledger.cases.advance(closed.case_id, *move, reasons=["The ticket was closed."], by="meera")
    assert ledger.cases.wrote_again(again.case_id, "The customer wrote again.", "ravi") is not None
    assert ledger.cases.wrote_again(again.case_id, "The customer wrote again.", "tom") is None
    assert not ledger.cases.advance(closed.case_id, *move, by="tom")
    ledger.cases.advance(own.case_id, *move)

    told = [(entry["user"], entry["action"], entry["subject"], entry["detail"]) for entry in ledger.reviews.audit_log()]
    assert told == [
        ("ravi", "superseded", again.case_id, "The customer wrote again."),
        ("meera", "superseded", closed.case_id, "The ticket was closed."),
    ]
