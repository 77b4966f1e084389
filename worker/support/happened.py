"""What became of a case, in words for leads: why a decision comes too late, and where the customer's newer message is.

Pure reading of the ledger. Called by review.py and takeover.py for what they refuse, and by the console's pages.
"""

from __future__ import annotations

from worker.models import Case, SendKind, SendState, Status, place
from worker.ports import MAY_BE_THERE, NEWER_MESSAGE, Ledger
from worker.support.learning import DESKHAND
from worker.support.overtaken import Overtaken

_DONE_WORDS = {
    Status.OPEN: "A new draft is being written",
    Status.APPROVED: "Already approved",
    Status.SENT: "Already approved and sent",
    Status.REJECTED: "Already rejected",
    Status.HANDED_OVER: "Already handed over",
    Status.IGNORED: "Already set aside",
}


def what_happened(ledger: Ledger, case_id: str) -> str:
    """Why a decision came too late: who did what, as far as the history tells."""
    case = ledger.cases.get(case_id)
    if case is None:
        return "There is no such case."
    if case.status is Status.SUPERSEDED:
        return put_away_words(ledger, case)
    if case.status is not Status.HELD:
        last = next((m for m in reversed(ledger.cases.moves(case_id)) if m["to_status"] != Status.SENT), None)
        by = str(last["by"]) if last else ""
        return f"{_DONE_WORDS[case.status]}{f' by {by}' if by else ''}."
    drafts = ledger.cases.drafts(case_id)
    writer = drafts[-1][1].written_by if drafts else ""
    return f"There is a newer draft{f' by {writer}' if writer else ''}. Please look at that one first."


def put_away_words(ledger: Ledger, case: Case) -> str:
    """Of a case that was overtaken: by what, and by whom where it was a person."""
    if wrote_again(case):
        return "The customer wrote again: this draft was put away."
    why = " ".join(case.reasons).removeprefix("Not sent: ") or "it was overtaken by events on the ticket."
    by = next((str(move["by"]) for move in reversed(ledger.cases.moves(case.case_id))), "")
    return f"Put away{f' by {by}' if by not in ('', DESKHAND) else ''}: {why[:1].lower()}{why[1:]}"


def may_be_there(ledger: Ledger, case_id: str) -> bool:
    """Whether a reply of this case may have reached the customer although it was dropped, or waits for another attempt:
    an earlier one was in doubt. Nobody may be told then that nothing was sent."""
    replies = [send for send in ledger.sends.of_case(case_id) if send.kind is SendKind.REPLY]
    return any(
        (send.state is SendState.QUEUED and send.rounds > 0)
        or (send.state is SendState.DROPPED and send.remark.endswith(MAY_BE_THERE))
        for send in replies
    )


def wrote_again(case: Case) -> bool:
    """Whether an overtaken case was overtaken by its own customer."""
    said = " ".join(case.reasons)
    return NEWER_MESSAGE in said or Overtaken.WROTE_AGAIN in said


def later_on_ticket(ledger: Ledger, case: Case) -> list[Case]:
    """Cases for messages that came after this one's, oldest first."""
    here = place(case.message_key)

    def came_after(other: Case) -> bool:
        there = place(other.message_key)
        if here is None or there is None or here == there:
            return (other.opened_at, other.case_id) > (case.opened_at, case.case_id)
        return there > here

    return [one for one in ledger.cases.of_ticket(case.ticket_id) if one.case_id != case.case_id and came_after(one)]
