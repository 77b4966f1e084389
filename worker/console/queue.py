"""The lists: drafts that wait for review, sifted and searched, and cases by status. Read only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from worker.console import words
from worker.console.flash import toast
from worker.console.incidents import cards
from worker.console.page import Pages
from worker.console.sieve import Chosen, chosen
from worker.models import Status, Strength
from worker.ports import NONE, Ledger
from worker.support.reviewdesk import ReviewDesk

PAGE = 25
MENUS = (  # name in the address, title, field of a Sieve
    ("segment", "Product", "segment"),
    ("template", "Template", "template"),
    ("finding", "Finding", "finding"),
    ("sure", "Identity", "strength"),
)


def add_queue(app: FastAPI, desk: ReviewDesk, pages: Pages) -> None:
    ledger = desk.ledger

    @app.get("/")
    def held(request: Request, page: str = "1") -> Response:
        choice = chosen(dict(request.query_params), request.state.session.login)
        newest = ledger.reviews.newest()  # before the rows: what comes in between is told once more rather than never
        pager = _pages(_number(page), ledger.reviews.held_count(choice.sieve))
        rows = ledger.reviews.held(limit=PAGE, offset=(pager["page"] - 1) * PAGE, sieve=choice.sieve)
        shown = {**_folders(ledger, Status.HELD), **pager, "rows": rows, "chosen": choice, "newest": newest}
        shown |= {
            "stop": ledger.earning.stopped(),
            "menus": menus(ledger, choice),
            "elsewhere": _elsewhere(ledger, choice),
            "incidents": cards(desk),
        }
        return pages.show(request, "queue.html", toast=toast(ledger, request), **shown)

    @app.get("/next")
    def following(request: Request) -> Response:
        """The most urgent draft, as chosen: where a lead begins."""
        choice = chosen(dict(request.query_params), request.state.session.login)
        first = ledger.reviews.held(limit=1, sieve=choice.sieve)
        return RedirectResponse(choice.at(f"/cases/{first[0].case.case_id}" if first else "/"), 303)

    @app.get("/cases")
    def by_status(request: Request, status: str = "sent", page: str = "1") -> Response:
        if status not in set(Status):
            return pages.note(request, "Not found", "There is no such list.", 404)
        folder = Status(status)
        shown = _folders(ledger, folder)
        pager = _pages(_number(page), int(shown["counts"].get(folder.value, 0)))
        cases = ledger.cases.by_status(folder, limit=PAGE, offset=(pager["page"] - 1) * PAGE)
        return pages.show(request, "cases.html", cases=cases, **shown, **pager)


def menus(ledger: Ledger, choice: Chosen) -> list[dict[str, Any]]:
    """The filters: each a name in the address, a title, what is chosen, and what there is to choose, with how many
    drafts would be left by it and everything that is chosen in the other ones."""
    facets = ledger.reviews.facets(choice.sieve)
    return [
        {
            "name": name,
            "title": title,
            "value": choice.params.get(name, ""),
            "chosen": _said(field, choice.params.get(name, "")),
            "options": [
                (value, _said(field, value), n) for value, n in _most_first(facets[field], choice.params.get(name, ""))
            ],
        }
        for name, title, field in MENUS
    ]


def _said(field: str, value: str) -> str:
    """A choice in words for people."""
    if value == NONE:
        return "no findings" if field == "finding" else f"no {'product' if field == 'segment' else field}"
    if field == "finding" and value:
        return words.guard_words(value)[0]
    return words.SURE[Strength(value)][0] if field == "strength" and value else value


def _most_first(counts: Mapping[str, int], value: str) -> list[tuple[str, int]]:
    """The chosen `value` also where the other choices leave none of it."""
    known = {value: 0, **counts} if value else counts
    return sorted(known.items(), key=lambda item: (-item[1], item[0]))


def _elsewhere(ledger: Ledger, choice: Chosen) -> list[Any]:
    """Cases of a ticket that is searched for by its number, and that do not wait: sent, handed over, ..."""
    number = choice.sieve.ticket
    return [case for case in ledger.cases.of_ticket(number) if case.status is not Status.HELD][-5:] if number else []


def _folders(ledger: Ledger, current: Status) -> dict[str, Any]:
    return {"counts": {str(k): v for k, v in ledger.cases.counts().items()}, "folder": current}


def _pages(number: int, total: int) -> dict[str, int]:
    """A page behind the last one, from an old bookmark, is the last one: it would say that there is nothing."""
    last = max(1, -(-total // PAGE))
    return {"page": min(number, last), "last_page": last, "total": total}


def _number(page: str) -> int:
    return int(page) if re.fullmatch(r"[1-9]\d{0,5}", page, re.ASCII) else 1
