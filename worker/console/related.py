"""Other cases around the one that is shown: later ones on its ticket, first of all the one that answers what the
customer wrote since; and earlier ones of the same person. Read only; called by case.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker.console import view
from worker.models import Case, SendKind, Status
from worker.ports import Ledger
from worker.support.bodies import plain
from worker.support.happened import later_on_ticket, put_away_words, wrote_again

EARLIER = 6  # other cases of the same requester that are shown


def around(ledger: Ledger, case: Case) -> dict[str, Any]:
    """For the page: `later` and `others` with the reply that we sent in each ("" where none was), `put_away`: what
    became of an overtaken draft, `successor`: the case to work on instead, `since`: the customer's message in it."""
    later = later_on_ticket(ledger, case)
    gone = case.status is Status.SUPERSEDED
    successor = _successor(later) if gone and wrote_again(case) else None
    return {
        "later": [(c, _reply(ledger, c)) for c in later],
        "others": [(c, _reply(ledger, c)) for c in _others(ledger, case, {c.case_id for c in later})],
        "put_away": put_away_words(ledger, case) if gone else "",
        "written_anew": gone and wrote_again(case),
        "successor": successor,
        "since": _asked_in(ledger, successor) if successor else None,
    }


def _successor(later: Sequence[Case]) -> Case | None:
    """The newest that is or was worked on; an automatic answer that came in later is none."""
    return next((c for c in reversed(later) if c.status is not Status.IGNORED), None)


def _asked_in(ledger: Ledger, case: Case) -> view.Shown | None:
    thread = ledger.cases.thread(case.case_id)
    return next((m for m in view.thread_view(thread, case.message_key) if m.asked), None) if thread else None


def _others(ledger: Ledger, case: Case, but: set[str]) -> Sequence[Case]:
    """Newest first, without the later ones on the ticket."""
    if not case.requester_id:
        return ()
    found = ledger.cases.of_requester(case.requester_id, EARLIER + 1 + len(but))
    return [c for c in found if c.case_id != case.case_id and c.case_id not in but][:EARLIER]


def _reply(ledger: Ledger, case: Case) -> str:
    if case.status is not Status.SENT:
        return ""
    sent = [plain(s.body_html) for s in ledger.sends.of_case(case.case_id) if s.kind is SendKind.REPLY]
    return sent[-1] if sent else ""
