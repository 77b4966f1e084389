"""What goes wrong, as pages in friendly words. What somebody typed is never lost: the page carries it back.

Registered by app.py; the exceptions come from access.py, from the ledger (Trouble) and from FastAPI itself.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from worker.console.access import OPEN, NotAllowed, SignInFirst, StaleForm, from_own_page
from worker.console.page import Pages
from worker.errors import Trouble

log = structlog.get_logger(__name__)

KEEP = 200_000  # characters of a form that are carried on
TYPED = {"text": "The reply", "reason": "The reason", "hint": "What should be different"}
ACTIONS = {
    "approve": "Approve and send",
    "edit": "Save the edited reply",
    "reject": "Reject the draft",
    "redraft": "Ask for another draft",
    "undo": "Take the approval back",
    "take-over": "Take the ticket over",
    "give-back": "Give the ticket back",
    "put-away": "Put the draft away",
    "mind": "Keep it, or let it go",
    "logout": "Sign out",
}


def add_mishaps(app: FastAPI, pages: Pages) -> None:
    @app.exception_handler(SignInFirst)
    async def sign_in_first(request: Request, _: SignInFirst) -> Response:
        if request.method == "POST":
            words = "You were signed out in the meantime. What you typed is kept: sign in again to go on."
            return pages.show_open(request, "login.html", 401, message=words, next="/", login="", **kept_form(request))
        if request.headers.get("sec-fetch-site") == "cross-site":
            # Browsers hold SameSite=Strict cookies back when a link is followed from another site (a note in
            # Freshdesk): without this step, everybody who clicks there would have to sign in again.
            return pages.show(request, "onward.html", target=_target(request))
        return RedirectResponse(f"/login?next={quote(_target(request))}", 303)

    @app.exception_handler(StaleForm)
    async def stale_form(request: Request, _: StaleForm) -> Response:
        if request.url.path in OPEN or request.state.session is None:
            words = "That page had been open for too long. Please try again."
            return pages.show_open(request, "login.html", 403, message=words, next="/", login="", **no_form())
        words = "You have signed in anew since this page was opened. Nothing was done yet: please confirm."
        return pages.show(request, "resume.html", 403, message=words, **kept_form(request))

    @app.exception_handler(NotAllowed)
    async def not_allowed(request: Request, error: NotAllowed) -> Response:
        words = f"You are signed in as a {request.state.session.role}. This needs the role {error.wanted}."
        return pages.note(request, "Not allowed", words, 403)

    @app.exception_handler(Trouble)
    async def trouble(request: Request, error: Trouble) -> Response:
        log.error("console_trouble", kind=type(error).__name__, part=error.part, reason=error.reason)
        words = "The ledger does not answer right now, so nothing was changed. Please try again in a moment."
        if request.method == "POST" and getattr(request.state, "session", None) is not None:
            return pages.show(request, "resume.html", 503, message=words, **kept_form(request))
        return pages.note(request, "Please try again", words, 503, link=_target(request), link_text="Try again")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return pages.note(request, "Not found", "There is nothing at this address.", 404)
        return pages.note(request, "That did not work", str(error.detail), error.status_code)


def kept_form(request: Request) -> dict[str, Any]:
    """What was posted, for a page to carry on; nothing if another site sent it here."""
    # Without "then": whoever confirms that an edit is saved has not confirmed that it is sent.
    form = {name: value for name, value in request.state.form.items() if name not in ("csrf", "then")}
    action = ACTIONS.get(request.url.path.rsplit("/", 1)[-1], "")
    if not action or not from_own_page(request) or sum(map(len, form.values())) > KEEP:
        return no_form()
    return {"target": request.url.path, "action": action, "form": form, "typed": TYPED}


def no_form() -> dict[str, Any]:
    return {"target": "", "action": "", "form": {}, "typed": TYPED}


def _target(request: Request) -> str:
    """Where a GET was going. A failed POST has no page of its own to go back to."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
