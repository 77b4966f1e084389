"""What leads made of one template's drafts, word by word: what a better template would be written from.

Read only, for everybody who is signed in; like the numbers, it names no lead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response

from worker.console import period
from worker.console.numbers import WAYS, lasting
from worker.console.page import Pages
from worker.models import Change, Treatment
from worker.ports import NONE, Ledger, Now
from worker.ports.figures import Kept, Learnt

PAGE = 20
AROUND = 12  # words that are kept on either side of a change
_NUMBER = re.compile(r"[1-9]\d{0,4}", re.ASCII)


def add_lessons(app: FastAPI, ledger: Ledger, pages: Pages, zone: tzinfo, now: Now) -> None:
    @app.get("/lessons")
    def lessons(request: Request, template: str = "", kind: str = "", days: str = "", page: str = "1") -> Response:
        """`template`: its id, NONE for drafts without one; without it, the one that most was decided about."""
        span = period.last_days(period.chosen(days), now(), zone)
        known = {one.template_id or NONE: one for one in ledger.figures.kept(span.whole) if one.decided}
        by_most = sorted(known.values(), key=lambda one: (-one.decided, one.template_id))
        shown = template[:200] or next((one.template_id or NONE for one in by_most), NONE)
        wanted = Treatment(kind) if kind in set(Treatment) else None
        number = int(page) if _NUMBER.fullmatch(page) else 1
        template_id, offset = "" if shown == NONE else shown, (number - 1) * PAGE
        found = ledger.reviews.lessons(span.whole, template_id, treatment=wanted, limit=PAGE + 1, offset=offset)
        address = _Address(shown, wanted, len(span.days))
        context = _context(found[:PAGE], known.get(shown, Kept(template_id="")), address)
        context |= {"templates": by_most, "choices": period.CHOICES, "page": number, "more": len(found) > PAGE}
        return pages.show(request, "lessons.html", **context)


class _Address:
    """Of this page, with one choice changed."""

    def __init__(self, template: str, kind: Treatment | None, days: int) -> None:
        self.template = template
        self.kind = kind.value if kind else ""
        self.days = days

    def having(self, **changed: str | int) -> str:
        chosen = {"template": self.template, "kind": self.kind, "days": self.days, **changed}
        return f"/lessons?{urlencode({name: value for name, value in chosen.items() if value})}"


def _context(found: Sequence[Learnt], kept: Kept, address: _Address) -> dict[str, Any]:
    return {
        "address": address,
        "lessons": [(one, pieces(one.difference), _mended(one)) for one in found],
        "ways": [(name, said, int(getattr(kept, name))) for name, said in WAYS],
        "decided": kept.decided,
        "without": NONE,
        "said": dict(WAYS),
        "lasting": lasting,
    }


def pieces(difference: Sequence[Change]) -> tuple[Change, ...]:
    """A difference for reading: of long stretches that stayed the same only the words beside the changes."""
    last = len(difference) - 1
    return tuple(
        Change(kind="same", words=_beside(change.words, first=number == 0, last=number == last))
        if change.kind == "same"
        else change
        for number, change in enumerate(difference)
    )


def _beside(words: str, *, first: bool, last: bool) -> str:
    said = words.split()
    before, after = (0 if first else AROUND), (0 if last else AROUND)
    if len(said) <= before + after + 1 or (first and last):
        return words
    kept = [*said[:before], "…", *(said[-after:] if after else [])]
    return " ".join(kept)


def _mended(one: Learnt) -> tuple[str, ...]:
    """Guards that had something against the machine's draft, and nothing any more against the one decided on."""
    return tuple(guard for guard in one.found if guard not in one.standing)
