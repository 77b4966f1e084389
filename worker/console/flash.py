"""What was just done, told once: in a cookie between the decision and the next page, and never in an address, which can
be reloaded, gone back to, bookmarked and written by anybody.

Set by deciding.py, shown by the pages of the queue and of a case, taken back by page.py. The cookie also names the last
few approvals, so that each can be taken back while it waits. Beside it stands what became of those that did not leave
(stopped.py).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from worker.console import stopped
from worker.console.access import cookie_name, set_cookie
from worker.models import SendState, Status
from worker.ports import MAY_BE_THERE, Ledger
from worker.support.keptback import waited

APPROVED = ("approved", "moot")  # the latter where another draft had been asked for
DONE = {
    "approved": "Approved. The reply is on its way.",
    "moot": "Approved. The reply is on its way. The other draft that was asked for is not written any more.",
    "edited": "Saved. Read it once more, then approve it.",
    "rejected": "Rejected. Nothing was sent.",
    "doubtful": f"Rejected.{MAY_BE_THERE}",
    "redraft": "Another draft was asked for. It appears in the queue when it is written.",
    "undone": "Taken back. Nothing was sent.",
    "taken": "This ticket is yours. Deskhand sends nothing more on it.",
    "late": "This ticket is yours, and Deskhand sends nothing more on it. Somebody had decided on this draft before"
    " you: the history says what.",
    "given": (
        "Deskhand answers this ticket again, from the customer's next message on, unless a colleague has written on it "
        "or has it in Freshdesk."
    ),
    "away": "Put away.",
}
_COOKIE = "deskhand_done"
_SECONDS = 600  # by then nobody waits for the page any more
_MOST = 6  # approvals that are remembered: more do not fit into the seconds in which one can be taken back
_TOLD = re.compile(r"([a-z]+):((?:[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64})*)?):(told)?(?::([A-Za-z0-9_-]{1,64}))?")


def onward(request: Request, path: str, done: str, of: str = "") -> RedirectResponse:
    """To `path`, where `done` is told. `of`: the case that was left, which is named there; an approval of it can be
    taken back for a while."""
    response = RedirectResponse(path, 303)
    if done:
        _, before, _, _ = _remembered(request)
        approved = [of] if of and done in APPROVED else []
        ids = ".".join([*approved, *(one for one in before if one != of)][:_MOST])
        about = f":{of}" if of and not approved else ""
        set_cookie(request, response, _COOKIE, f"{done}:{ids}:{about}", _SECONDS)
    return response


def toast(ledger: Ledger, request: Request, here: str = "") -> dict[str, Any]:
    """For toast.html: what was done, once, and an approval as long as it can be taken back: that of the case `here`,
    whoever gave it, and elsewhere her newest."""
    session = request.state.session
    not_sent = stopped.news(ledger, request)  # first: what is stopped from here on must not be told with its approval
    done, ids, before, about = _remembered(request)
    newest = ids[0] if ids and done in APPROVED else ""
    waiting = [(one, left) for one in ids if (left := ledger.reviews.leaves_in(one))]
    still = ".".join(one for one, _ in waiting)
    if done:
        request.state.told = (
            f"{done if newest and still.startswith(newest) else APPROVED[0]}:{still}:told" if still else ""
        )
    own = ledger.reviews.leaves_in(here) if here else None
    of, left = (here, own) if own else waiting[0] if waiting else ("", None)
    if not of and newest and not before and _stands(ledger, newest):
        of = newest  # it left at once
    words = DONE[done] if done and not before and done not in APPROVED else ""
    return {
        "words": words,
        "of": ledger.cases.get(about) if words and about else None,
        "approval": _approval(ledger, of, left, done if of == newest else APPROVED[0], session.login),
        "fresh": bool(newest) and not before,
        "not_sent": not_sent,
    }


def _remembered(request: Request) -> tuple[str, list[str], bool, str]:
    """What was done last ("" for nothing), the approvals that may still wait, newest first, whether it was told, and
    the case that it was done with, where that is no approval."""
    found = _TOLD.fullmatch(request.cookies.get(cookie_name(request, _COOKIE), ""))
    if found is None or found[1] not in DONE:
        return "", [], False, ""
    return found[1], [one for one in found[2].split(".") if one][:_MOST], bool(found[3]), found[4] or ""


def _approval(ledger: Ledger, of: str, left: timedelta | None, done: str, login: str) -> dict[str, Any] | None:
    """The approval of the case `of`, by its ticket, so that nobody takes back another one than she thinks."""
    case = ledger.cases.get(of) if of else None
    if case is None:
        return None
    by = next((move["by"] for move in reversed(ledger.cases.moves(of)) if move["to_status"] == Status.APPROVED), login)
    words = DONE[done] if by == login else DONE[done].replace("Approved", f"Approved by {by}", 1)
    if left and any(waited(send) and send.state is SendState.QUEUED for send in ledger.sends.of_case(of)):
        words = words.replace("is on its way", "waits until shadow mode ends")
    return {"case": case, "words": words, "seconds": left.total_seconds() if left else 0.0}


def carry_on(request: Request, response: Response) -> None:
    """What was told is not told again, except for how to take it back, and for what may not have arrived."""
    stopped.carry_on(request, response)
    left: str | None = getattr(request.state, "told", None)
    if left is not None:
        set_cookie(request, response, _COOKIE, left, _SECONDS if left else 0)


def _stands(ledger: Ledger, case_id: str) -> bool:
    case = ledger.cases.get(case_id)
    return case is not None and case.status in (Status.APPROVED, Status.SENT)
