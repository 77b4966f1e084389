"""What goes wrong, as pages in friendly words. The page carries back what somebody typed, or says that it does not.

Registered by app.py; the exceptions come from access.py, from the ledger (Trouble) and from FastAPI itself.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.console.access import MOST, OPEN, Access, NotAllowed, SignInFirst, StaleForm, TooLong, from_own_page
from worker.console.confirming import about, back
from worker.console.page import Pages
from worker.errors import Trouble
from worker.ports import Ledger
from worker.trouble_words import safe_reason

log = structlog.get_logger(__name__)

KEEP = 50_000  # characters of a form that are carried on: more than any of them takes
TYPED = {"text": "The reply", "reason": "The reason", "hint": "What should be different"}
_CASE = re.compile(r"/cases/[A-Za-z0-9_-]{1,64}(?=/)")
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
ON_INCIDENTS = {"preview": "Preview the holding reply", "let-go": "Let automatic sending go on"}


def add_mishaps(app: FastAPI, ledger: Ledger, access: Access, pages: Pages) -> None:
    @app.exception_handler(SignInFirst)
    async def sign_in_first(request: Request, _: SignInFirst) -> Response:
        if request.method == "POST":
            kept = kept_form(request)
            words = f"You were signed out in the meantime. {_kept_words(kept)}"
            return pages.show_open(request, "login.html", 401, message=words, next="/", login="", **kept)
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
        kept, words = (
            _to_confirm(request, ledger),
            "You have signed in anew since this page was opened. Nothing was done yet: ",
        )
        words += "please confirm." if kept["form"] else "please go back and do it once more."
        return pages.show(request, "resume.html", 403, message=words, **kept)

    @app.exception_handler(TooLong)
    async def too_long(request: Request, _: TooLong) -> Response:
        _remember_who(request, access)
        typed = _typed(request)
        words = f"That is more than a form may hold: {MOST:,} characters at most. Nothing was changed. "
        words += "What you typed stands below." if typed else "Go back in your browser to what you typed."
        return pages.note(request, "Too much at once", words, 413, typed=typed, **_there(request))

    @app.exception_handler(NotAllowed)
    async def not_allowed(request: Request, error: NotAllowed) -> Response:
        words = f"You are signed in as a {request.state.session.role}. This needs the role {error.wanted}."
        return pages.note(request, "Not allowed", words, 403)

    @app.exception_handler(Trouble)
    async def trouble(request: Request, error: Trouble) -> Response:
        log.error("console_trouble", kind=type(error).__name__, part=error.part, reason=error.reason)
        words = "The ledger does not answer right now, so nothing was changed. Please try again in a moment."
        if request.method == "POST" and getattr(request.state, "session", None) is not None:
            return pages.show(request, "resume.html", 503, message=words, **_to_confirm(request))
        return pages.note(request, "Please try again", words, 503, link=_target(request), link_text="Try again")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return _http_page(request, error, access, pages)


class Unforeseen:
    """Whatever no handler knows becomes a page too, under the headers of all others. FastAPI's own answer for it has
    neither what was typed nor a way on, and its server would log the exception's words, which may be a customer's."""

    def __init__(self, app: ASGIApp, access: Access, pages: Pages) -> None:
        self._app, self._access, self._pages = app, access, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            log.error("console_broken", reason=safe_reason(error))
            await self._page(Request(scope))(scope, receive, send)

    def _page(self, request: Request) -> Response:
        _remember_who(request, self._access)
        typed = _typed(request)
        words = "Something went wrong that nobody foresaw. Whoever runs Deskhand finds in the log what it was. "
        if request.method == "POST":
            words += "It is not known whether what you asked for was done: please look before you do it again. "
        words += "What you typed stands below." if typed else ""
        return self._pages.note(request, "That did not work", words.strip(), 500, typed=typed, **_there(request))


def _http_page(request: Request, error: HTTPException, access: Access, pages: Pages) -> Response:
    _remember_who(request, access)
    page = pages.note(request, *_http_words(error), error.status_code, **_there(request))
    page.headers.update(error.headers or {})
    return page


def _http_words(error: HTTPException) -> tuple[str, str]:
    if error.status_code == 404:
        return "Not found", "There is nothing at this address."
    if error.status_code == 405:
        return "Nothing to see here", "This address only takes forms. Nothing was changed."
    return "That did not work", str(error.detail)


def _remember_who(request: Request, access: Access) -> None:
    """Outside of any route nobody has asked yet who is signed in; the page about it has its navigation all the same."""
    if not hasattr(request.state, "session"):
        try:
            request.state.session = access.session_of(request)
        except Trouble:
            request.state.session = None


def _there(request: Request) -> dict[str, str]:
    """The way on: to the case that the address is about, as far as there is one in it."""
    case = _CASE.match(request.url.path)
    return {"link": case[0], "link_text": "To the case"} if case else {}


def _typed(request: Request) -> str:
    """The words of a form that cannot be taken, to copy from; "" if another site sent it here."""
    form: dict[str, str] = getattr(request.state, "form", {}) if from_own_page(request) else {}
    return "\n\n".join(form[name] for name in TYPED if form.get(name))


def _kept_words(kept: dict[str, Any]) -> str:
    if kept["form"]:
        return "What you typed is kept: sign in again to go on."
    return "Nothing was done: sign in again, and then do it once more."


def _to_confirm(request: Request, ledger: Ledger | None = None) -> dict[str, Any]:
    """What was posted and what it is about; without a ledger that answers, only where it came from."""
    kept = kept_form(request)
    return kept | (about(ledger, kept["target"], kept["form"]) if ledger else back(kept["target"]))


def kept_form(request: Request) -> dict[str, Any]:
    """What was posted, for a page to carry on; nothing if another site sent it here."""
    # Without "then": whoever confirms that an edit is saved has not confirmed that it is sent.
    form = {name: value for name, value in request.state.form.items() if name not in ("csrf", "then")}
    if not from_own_page(request) or sum(map(len, form.values())) > KEEP:
        return no_form()
    return carried(request.url.path, form)


def carried(target: str, form: dict[str, str]) -> dict[str, Any]:
    """The form that was posted to `target`; nothing if that is none of ours."""
    known = ACTIONS
    if target.startswith("/incidents/"):
        # What goes to many is read once more before it is sent.
        target, known = re.sub(r"/send$", "/preview", target), ON_INCIDENTS
    action = known.get(target.rsplit("/", 1)[-1], "")
    return {"target": target, "action": action, "form": form, "typed": TYPED} if action else no_form()


def no_form() -> dict[str, Any]:
    return {"target": "", "action": "", "form": {}, "typed": TYPED}


def _target(request: Request) -> str:
    """Where a GET was going. A failed POST has no page of its own to go back to."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
