"""What any open page asks now and then: is somebody still signed in here, with which form token, and what became of
her approvals? JSON, for static/console.js: a page that outlived its session goes on once she has signed in again.
"""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from worker.console import stopped
from worker.console.page import Pages
from worker.ports import Ledger


def add_telling(app: FastAPI, ledger: Ledger, pages: Pages) -> None:
    @app.get("/told")
    def told(request: Request) -> Response:
        session = request.state.session
        not_sent = stopped.news(ledger, request)
        page = pages.part("not_sent.html", not_sent=not_sent) if not_sent else ""
        answer = JSONResponse({"login": session.login, "csrf": session.csrf, "page": page})
        stopped.carry_on(request, answer)
        return answer
