"""Who did what, for admins. Entries are written by the ledger in the transaction of the action itself."""

from __future__ import annotations

import re

from fastapi import Depends, FastAPI, Request, Response

from worker.console.access import Access
from worker.console.page import Pages
from worker.console.people import ADMIN
from worker.console.told import audited
from worker.ports import Ledger

SHOWN = 100


def add_audit(app: FastAPI, ledger: Ledger, access: Access, pages: Pages) -> None:
    @app.get("/audit", dependencies=[Depends(access.needs(ADMIN))])
    def audit(request: Request, page: str = "1") -> Response:
        number = int(page) if re.fullmatch(r"[1-9]\d{0,5}", page, re.ASCII) else 1
        found = ledger.reviews.audit_log(SHOWN + 1, offset=(number - 1) * SHOWN)
        return pages.show(
            request, "audit.html", entries=audited(ledger, found[:SHOWN]), page=number, more=len(found) > SHOWN
        )
