"""Approvals that did not leave, told to whoever gave them until her browser shows that the news arrived there.

An answer may get lost: she goes on to another page, or her laptop falls asleep. So what was told comes with a cookie,
and the next request with that cookie says that her browser has it. Called by flash.py for pages, and by telling.py.
"""

from __future__ import annotations

import hashlib
import re

from fastapi import Request, Response

from worker.console.access import cookie_name, set_cookie
from worker.console.people import REVIEWER
from worker.ports import MAY_BE_THERE, Ledger, NotSent
from worker.support.happened import may_be_there

_COOKIE = "deskhand_heard"
_SECONDS = 86_400  # older ones are not told any more
_MOST = 100  # at a time, the oldest first: a browser keeps no cookie of more than 4 KB
_HEARD = re.compile(rf"([0-9]{{1,10}}(?:\.[0-9]{{1,10}}){{0,{_MOST - 1}}})-([0-9a-f]{{16}})")


def news(ledger: Ledger, request: Request) -> list[dict[str, str]]:
    """Approvals of hers that were stopped and that she has not seen yet: each in words, with its case."""
    session = request.state.session
    if not session.may(REVIEWER):
        return []
    heard = _heard(request, session.login)
    if heard is not None:
        ledger.reviews.heard(session.login, heard)
    stopped = ledger.reviews.not_sent(session.login)[:_MOST]
    if stopped:
        request.state.heard = f"{'.'.join(str(one.move_id) for one in stopped)}-{_whose(session.login)}"
    elif heard is not None:
        request.state.heard = ""
    return [{"case_id": one.case_id, "words": _words(one, may_be_there(ledger, one.case_id))} for one in stopped]


def carry_on(request: Request, response: Response) -> None:
    """With what was told, so that the next request can say that it arrived."""
    heard: str | None = getattr(request.state, "heard", None)
    if heard is not None:
        set_cookie(request, response, _COOKIE, heard, _SECONDS if heard else 0)


def _heard(request: Request, login: str) -> list[int] | None:
    """The moves of which this browser got to know, for her and not for somebody who was signed in there before."""
    found = _HEARD.fullmatch(request.cookies.get(cookie_name(request, _COOKIE), ""))
    if found is None or found[2] != _whose(login):
        return None
    return [int(move_id) for move_id in found[1].split(".")]


def _whose(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()[:16]


def _words(stopped: NotSent, doubt: bool) -> str:
    """`doubt`: an attempt may have arrived before it was stopped."""
    reason = stopped.reason.removesuffix(MAY_BE_THERE).removeprefix("Not sent: ")
    reason = reason or f"{stopped.by} took the approval back."
    became = "was stopped" if doubt else "was not sent"
    told = f"Your approval on ticket {stopped.ticket_id} {became}: {reason[:1].lower()}{reason[1:]}"
    return f"{told}{MAY_BE_THERE}" if doubt else told
