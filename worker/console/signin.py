"""Signing in by password or one-time link, and out again. A link is used up by a button, never by opening it: mail
programs and browsers fetch addresses in advance.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from worker.console.access import Access, address_of
from worker.console.confirming import TARGET, about
from worker.console.mishaps import carried, no_form
from worker.console.page import Pages
from worker.console.people import VIEWER, check_password, may, token_hash
from worker.console.throttle import Throttle
from worker.ports import Ledger


def add_signin(app: FastAPI, ledger: Ledger, access: Access, pages: Pages, throttle: Throttle) -> None:
    doors = _Doors(ledger, access, pages, throttle)
    app.add_api_route("/healthz", lambda: PlainTextResponse("ok"), methods=["GET"])
    app.add_api_route("/login", doors.login_page, methods=["GET"], response_model=None)
    app.add_api_route("/login", doors.login, methods=["POST"], response_model=None)
    app.add_api_route("/enter", doors.enter_page, methods=["GET"], response_model=None)
    app.add_api_route("/enter", doors.enter, methods=["POST"], response_model=None)
    app.add_api_route("/logout", doors.logout, methods=["POST"], response_model=None)


class _Doors:
    """The ways in and out. Every endpoint comes after access.gate, which has checked the form's token."""

    def __init__(self, ledger: Ledger, access: Access, pages: Pages, throttle: Throttle) -> None:
        self._ledger = ledger
        self._access = access
        self._pages = pages
        self._throttle = throttle

    def login_page(self, request: Request, next: str = "/") -> Response:
        return self._pages.show_open(request, "login.html", message="", next=local(next), login="", **no_form())

    def login(self, request: Request) -> Response:
        form = request.state.form
        name, address = form.get("login", "").strip().lower()[:64], address_of(request)
        again = {"login": name, "next": local(form.get("next", "/")), **_carried(form)}
        if wait := self._throttle.wait(name, address):
            words = f"Too many tries. Please wait {math.ceil(wait / 60)} minutes."
            return self._pages.show_open(request, "login.html", 429, message=words, **again)
        # Counted before it is checked: many tries at once must not all pass the throttle together.
        tried = self._throttle.failed(name, address)
        user = self._ledger.users.get(name)
        if not check_password(user, form.get("password", "")):
            # Not what was typed where nobody has that login: people type passwords into the wrong field.
            self._ledger.reviews.audit(name if user else "(unknown)", "sign-in failed", address)
            words = "Login or password is wrong."
            return self._pages.show_open(request, "login.html", 401, message=words, **again)
        self._throttle.succeeded(name, address, tried)
        return self._signed_in(request, name, "password", again)

    def enter_page(self, request: Request, token: str = "") -> Response:
        return self._pages.show_open(request, "enter.html", token=token[:200], message="")

    def enter(self, request: Request) -> Response:
        address = address_of(request)
        if self._throttle.wait("", address):
            return self._no_entry(request, 429, "Too many tries. Please wait a while.")
        login = self._ledger.users.use_link(token_hash(request.state.form.get("token", "")))
        user = self._ledger.users.get(login) if login else None
        if login is None or user is None or not may(str(user["role"]), VIEWER):
            self._throttle.failed("", address)
            return self._no_entry(request, 403, "This link was used already, or it is too old. Ask for a new one.")
        return self._signed_in(request, login, "link", {"next": "/", "form": {}})

    def logout(self, request: Request) -> Response:
        response = RedirectResponse("/login", 303)
        self._access.end(request, response)
        self._ledger.reviews.audit(request.state.session.login, "signed out", address_of(request))
        return response

    def _no_entry(self, request: Request, status: int, words: str) -> Response:
        return self._pages.show_open(request, "enter.html", status, token="", message=words)

    def _signed_in(self, request: Request, login: str, how: str, again: dict[str, Any]) -> Response:
        """To where the person was going; if a form was under way, to a page that holds it."""
        response: Response = RedirectResponse(str(again["next"]), 303)
        session = self._access.start(request, response, login)
        self._ledger.reviews.audit(login, "signed in", address_of(request), how)
        if not again["form"]:
            return response
        request.state.session = session
        words = "You are signed in again. Nothing was done yet: please confirm."
        kept = {name: again[name] for name in no_form()} | about(self._ledger, again["target"], again["form"])
        page = self._pages.show(request, "resume.html", message=words, **kept)
        page.raw_headers.extend(h for h in response.raw_headers if h[0] == b"set-cookie")
        return page


def local(target: str) -> str:
    """A path on this site, or the queue: nobody is sent elsewhere by a crafted sign-in link."""
    return target if re.fullmatch(r"/(?![/\\])[!-\[\]-~]{0,500}", target) else "/"


def _carried(form: dict[str, str]) -> dict[str, Any]:
    """The form that a sign-in page carried for somebody whose session had ended."""
    target = form.get("target", "")
    if not TARGET.fullmatch(target):
        return no_form()
    try:
        fields = json.loads(form.get("form", "{}"))
    except ValueError:
        return no_form()
    if not isinstance(fields, dict):
        return no_form()
    return carried(target, {str(name): str(value) for name, value in fields.items()})
