"""The lists: drafts that wait for review, and cases by status. Read only."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request, Response

from worker.console.page import Pages
from worker.models import Status
from worker.ports import Ledger

PAGE = 25


def add_queue(app: FastAPI, ledger: Ledger, pages: Pages) -> None:
    @app.get("/")
    def held(request: Request, page: str = "1", done: str = "") -> Response:
        pager = _pages(_number(page), ledger.reviews.held_count())
        rows = ledger.reviews.held(limit=PAGE, offset=(pager["page"] - 1) * PAGE)
        shown = {**_folders(ledger, Status.HELD), **pager, "rows": rows}
        return pages.show(request, "queue.html", done=DONE.get(done, ""), **shown)

    @app.get("/cases")
    def by_status(request: Request, status: str = "sent", page: str = "1") -> Response:
        if status not in set(Status):
            return pages.note(request, "Not found", "There is no such list.", 404)
        folder = Status(status)
        shown = _folders(ledger, folder)
        pager = _pages(_number(page), int(shown["counts"].get(folder.value, 0)))
        cases = ledger.cases.by_status(folder, limit=PAGE, offset=(pager["page"] - 1) * PAGE)
        return pages.show(request, "cases.html", cases=cases, **shown, **pager)


DONE = {
    "approved": "Approved. The reply is on its way.",
    "rejected": "Rejected. Nothing was sent.",
    "redraft": "Another draft was asked for. It appears here when it is written.",
}


def _folders(ledger: Ledger, current: Status) -> dict[str, Any]:
    return {"counts": {str(k): v for k, v in ledger.cases.counts().items()}, "folder": current}


def _pages(number: int, total: int) -> dict[str, int]:
    """A page behind the last one, from an old bookmark, is the last one: it would say that there is nothing."""
    last = max(1, -(-total // PAGE))
    return {"page": min(number, last), "last_page": last, "total": total}


def _number(page: str) -> int:
    return int(page) if re.fullmatch(r"[1-9]\d{0,5}", page, re.ASCII) else 1
