"""Signing in by password or one-time link, and out again. A link is used up by a button, never by opening it: mail
programs and browsers fetch addresses in advance.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from worker.console.access import Access, address_of
from worker.console.mishaps import ACTIONS, TYPED, no_form
from worker.console.page import Pages
from worker.console.people import VIEWER, check_password, may, token_hash
from worker.console.throttle import Throttle
from worker.ports import Ledger

log = structlog.get_logger(__name__)

_POST_TARGET = re.compile(r"/cases/[A-Za-z0-9_-]{1,64}/[a-z]+")


def add_signin(app: FastAPI, ledger: Ledger, access: Access, pages: Pages, throttle: Throttle) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return PlainTextResponse("ok")

    @app.get("/login")
    def login_page(request: Request, next: str = "/") -> Response:
        return pages.show_open(request, "login.html", message="", next=local(next), login="", **no_form())

    @app.post("/login")
    def login(request: Request) -> Response:
        form = request.state.form
        name, address = form.get("login", "").strip().lower()[:64], address_of(request)
        kept = _carried(form)
        again = {"login": name, "next": local(form.get("next", "/")), **kept}
        if wait := throttle.wait(name, address):
            words = f"Too many tries. Please wait {math.ceil(wait / 60)} minutes."
            return pages.show_open(request, "login.html", 429, message=words, **again)
        # Counted before it is checked: many tries at once must not all pass the throttle together.
        throttle.failed(name, address)
        user = ledger.users.get(name)
        if not check_password(user, form.get("password", "")):
            # Not what was typed where nobody has that login: people type passwords into the wrong field.
            ledger.reviews.audit(name if user else "(unknown)", "sign-in failed", address)
            return pages.show_open(request, "login.html", 401, message="Login or password is wrong.", **again)
        throttle.succeeded(name, address)
        return _signed_in(request, name, "password", again)

    @app.get("/enter")
    def enter_page(request: Request, token: str = "") -> Response:
        return pages.show_open(request, "enter.html", token=token[:200], message="")

    @app.post("/enter")
    def enter(request: Request) -> Response:
        address = address_of(request)
        if throttle.wait("", address):
            return pages.show_open(request, "enter.html", 429, token="", message="Too many tries. Please wait a while.")
        login = ledger.users.use_link(token_hash(request.state.form.get("token", "")))
        user = ledger.users.get(login) if login else None
        if login is None or user is None or not may(str(user["role"]), VIEWER):
            throttle.failed("", address)
            words = "This link was used already, or it is too old. Ask for a new one."
            return pages.show_open(request, "enter.html", 403, token="", message=words)
        return _signed_in(request, login, "link", {"next": "/", "form": {}})

    @app.post("/logout")
    def logout(request: Request) -> Response:
        response = RedirectResponse("/login", 303)
        access.end(request, response)
        ledger.reviews.audit(request.state.session.login, "signed out", address_of(request))
        return response

    def _signed_in(request: Request, login: str, how: str, again: dict[str, Any]) -> Response:
        """To where the person was going; if a form was under way, to a page that holds it."""
        response: Response = RedirectResponse(str(again["next"]), 303)
        session = access.start(request, response, login)
        ledger.reviews.audit(login, "signed in", address_of(request), how)
        if not again["form"]:
            return response
        request.state.session = session
        words = "You are signed in again. Nothing was done yet: please confirm."
        page = pages.show(request, "resume.html", message=words, **{k: again[k] for k in no_form()})
        page.raw_headers.extend(h for h in response.raw_headers if h[0] == b"set-cookie")
        return page


def local(target: str) -> str:
    """A path on this site, or the queue: nobody is sent elsewhere by a crafted sign-in link."""
    return target if re.fullmatch(r"/(?![/\\])[!-\[\]-~]{0,500}", target) else "/"


def _carried(form: dict[str, str]) -> dict[str, Any]:
    """The form that a sign-in page carried for somebody whose session had ended."""
    target = form.get("target", "")
    if not _POST_TARGET.fullmatch(target):
        return no_form()
    try:
        fields = json.loads(form.get("form", "{}"))
    except ValueError:
        return no_form()
    if not isinstance(fields, dict):
        return no_form()
    kept = {str(name): str(value) for name, value in fields.items()}
    return {"target": target, "action": ACTIONS.get(target.rsplit("/", 1)[-1], "Go on"), "form": kept, "typed": TYPED}
