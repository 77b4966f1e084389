"""What was just done, told once: in a cookie between the decision and the next page, and never in an address, which can
be reloaded, gone back to, bookmarked and written by anybody.

Set by deciding.py, shown by the pages of the queue and of a case, taken back by page.py. Beside it stands what became
of approvals that did not leave.
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from worker.console.access import cookie_name, set_cookie
from worker.console.people import REVIEWER
from worker.models import Status
from worker.ports import Ledger, NotSent

APPROVED = ("approved", "moot")  # the latter where another draft had been asked for
DONE = {
    "approved": "Approved. The reply is on its way.",
    "moot": "Approved. The reply is on its way. The other draft that was asked for is not written any more.",
    "edited": "Saved. Read it once more, then approve it.",
    "rejected": "Rejected. Nothing was sent.",
    "redraft": "Another draft was asked for. It appears in the queue when it is written.",
    "undone": "Taken back. Nothing was sent.",
    "taken": "This ticket is yours. Deskhand sends nothing more on it.",
    "late": "This ticket is yours, and Deskhand sends nothing more on it. Somebody had decided on this draft before"
    " you: the history says what.",
    "given": "Deskhand answers this ticket again, from the customer's next message on.",
    "away": "Put away.",
}
_COOKIE = "deskhand_done"
_SECONDS = 600  # by then nobody waits for the page any more
_TOLD = re.compile(r"([a-z]+):([A-Za-z0-9_-]{0,64}):(told)?")


def onward(request: Request, path: str, done: str, of: str = "") -> RedirectResponse:
    """To `path`, where `done` is told. `of`: the case of an approval, which can be taken back for a while."""
    response = RedirectResponse(path, 303)
    if done:
        set_cookie(request, response, _COOKIE, f"{done}:{of}:", _SECONDS)
    return response


def toast(ledger: Ledger, request: Request) -> dict[str, Any]:
    """For toast.html. An approval is told again as long as it can be taken back, and not once it has been."""
    session = request.state.session
    told = {"words": "", "undo": "", "seconds": 0.0, "not_sent": not_sent(ledger, session.login, session.may(REVIEWER))}
    found = _TOLD.fullmatch(request.cookies.get(cookie_name(request, _COOKIE), ""))
    if found is None or found[1] not in DONE:
        return told
    done, of, before = found.groups()
    left = ledger.reviews.leaves_in(of) if of else None
    request.state.told = f"{done}:{of}:told" if left else ""
    if done in APPROVED and not left and (before or not _stands(ledger, of)):
        return told
    return told | {"words": DONE[done], "undo": of if left else "", "seconds": left.total_seconds() if left else 0.0}


def carry_on(request: Request, response: Response) -> None:
    """What was told is not told again, except for how to take it back."""
    left: str | None = getattr(request.state, "told", None)
    if left is not None:
        set_cookie(request, response, _COOKIE, left, _SECONDS if left else 0)


def not_sent(ledger: Ledger, login: str, may: bool) -> list[dict[str, str]]:
    """Approvals of this lead that were stopped since she was last told: each in words, with its case."""
    stopped = ledger.reviews.not_sent(login) if may else ()
    return [{"case_id": one.case_id, "words": _words(one)} for one in stopped]


def _words(stopped: NotSent) -> str:
    reason = stopped.reason.removeprefix("Not sent: ") or f"{stopped.by} took the approval back."
    return f"Your approval on ticket {stopped.ticket_id} was not sent: {reason[:1].lower()}{reason[1:]}"


def _stands(ledger: Ledger, case_id: str) -> bool:
    case = ledger.cases.get(case_id)
    return case is not None and case.status in (Status.APPROVED, Status.SENT)
