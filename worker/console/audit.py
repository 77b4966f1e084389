"""Who did what, for admins. Entries are written by the ledger in the transaction of the action itself."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request, Response

from worker.console.access import Access
from worker.console.page import Pages
from worker.console.people import ADMIN
from worker.ports import Ledger

SHOWN = 200


def add_audit(app: FastAPI, ledger: Ledger, access: Access, pages: Pages) -> None:
    @app.get("/audit", dependencies=[Depends(access.needs(ADMIN))])
    def audit(request: Request) -> Response:
        return pages.show(request, "audit.html", entries=ledger.reviews.audit_log(SHOWN), shown=SHOWN)
