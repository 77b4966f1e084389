"""What a form that was interrupted is about, for the page on which it is confirmed: nobody approves blindly.

Read off the form's address and the ledger, for somebody who is signed in again. Called by mishaps.py and signin.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from worker.errors import Trouble
from worker.ports import Ledger

TARGET = re.compile(r"(/cases/[A-Za-z0-9_-]{1,64}|/incidents/[1-9][0-9]{0,8})/[a-z-]+")


def back(target: str) -> dict[str, Any]:
    """The page that the form was on, "" for none, and nothing else: as long as the ledger does not answer."""
    page = TARGET.fullmatch(target)
    return {"back": page[1] if page else "", "case": None, "brake": None, "letter": ""}


def about(ledger: Ledger, target: str, form: Mapping[str, str]) -> dict[str, Any]:
    """`case` or `brake`: what the form was about, None for none. `letter`: the draft that it speaks of, "" where the
    form holds a letter of its own."""
    known = back(target)
    kind, _, name = known["back"].removeprefix("/").partition("/")
    try:
        if kind == "incidents":
            return known | {"brake": ledger.incidents.get(int(name))}
        case = ledger.cases.get(name) if kind == "cases" else None
        if case is None:
            return known
        return known | {"case": case, "letter": "" if form.get("text") else _letter(ledger, name, form)}
    except Trouble:
        return known


def _letter(ledger: Ledger, case_id: str, form: Mapping[str, str]) -> str:
    """Of the draft that was on the page; where the form names none, of the newest."""
    drafts = [(draft_id, draft.body_text) for draft_id, draft, _ in ledger.cases.drafts(case_id)]
    wanted = form.get("draft_id") or (drafts[-1][0] if drafts else "")
    return dict(drafts).get(wanted, "")
