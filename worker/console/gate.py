"""The gate: where every kind of reply stands, how well risks are told, what would leave alone, and the one switch.

What is shown was reckoned in the night (support/earning/report.py). Everybody may look; reviewers set budgets, report
harm and stop; only admins let it go on. Each act lands in the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from worker.console.access import Access
from worker.console.curve import reliability
from worker.console.page import Pages
from worker.console.people import ADMIN, REVIEWER
from worker.models import ReplyKind, RiskModel, Standing
from worker.ports import Ledger
from worker.support.desk import Policy
from worker.support.earning.budgets import budget_for

MOVES = 30
REASON = 300  # characters
_BUDGET = re.compile(r"\d{1,2}(?:\.\d{1,2})?", re.ASCII)
SWITCHES = {
    "open": "GATE=open: unless it is stopped, every template that allows it may be sent without a review. "
    "The rest is for information.",
    "review": "DELIVERY_MODE=review: every reply is reviewed. What is below says what could leave alone.",
    "shadow": "DELIVERY_MODE=shadow: nothing is sent or approved, so nothing is learnt.",
}


def add_gate(app: FastAPI, ledger: Ledger, access: Access, pages: Pages, policy: Policy) -> None:
    @app.get("/gate")
    def gate(request: Request) -> Response:
        return pages.show(request, "gate.html", **_context(ledger, policy))

    @app.post("/gate/stop", dependencies=[Depends(access.needs(REVIEWER))])
    def stop(request: Request) -> Response:
        reason = _line(request.state.form.get("reason", "")) or "no reason given"
        ledger.earning.stop(reason, request.state.session.login)
        return RedirectResponse("/gate", 303)

    @app.post("/gate/go-on", dependencies=[Depends(access.needs(ADMIN))])
    def go_on(request: Request) -> Response:
        ledger.earning.go_on(request.state.session.login)
        return RedirectResponse("/gate", 303)

    @app.post("/gate/budget", dependencies=[Depends(access.needs(REVIEWER))])
    def budget(request: Request) -> Response:
        form = request.state.form
        said = form.get("budget", "").strip().replace(",", ".")
        if said and not _BUDGET.fullmatch(said):
            words = "A budget is a number from 0 to 99, as 2 or 0.5; left empty, the one around it counts."
            return pages.show(request, "gate.html", 400, **_context(ledger, policy, refused=words))
        kind = ReplyKind(template_id=form.get("template_id", "")[:200], segment=form.get("segment", "")[:200])
        ledger.earning.set_budget(kind, float(said) if said else None, request.state.session.login)
        return RedirectResponse("/gate#budgets", 303)

    @app.post("/gate/harm", dependencies=[Depends(access.needs(REVIEWER))])
    def harm(request: Request) -> Response:
        form = request.state.form
        case_id, reason = form.get("case_id", "")[:100], _line(form.get("reason", ""))
        case = ledger.cases.get(case_id)
        if case is None:
            return pages.note(request, "Not found", "There is no such case.", 404)
        link = {"link": f"/cases/{case_id}", "link_text": "Back to the case"}
        if not ledger.earning.report_harm(case_id, reason or "no reason given", request.state.session.login):
            words = "It was reported already, or nothing was sent that the gate had assessed."
            return pages.note(request, "Not reported", words, 409, **link)
        words = "The gate counts this reply as wrong. If it finds harm, it steps down within a minute."
        return pages.note(request, "Reported", words, 200, **link)


def _context(ledger: Ledger, policy: Policy, refused: str = "") -> dict[str, Any]:
    book = ledger.earning
    model, budgets = book.model(), book.budgets()
    report = model.report if model else {}
    rows = _rows(book.standings(), report.get("kinds", ()), budgets)
    mode = policy.delivery if policy.delivery != "auto" else "open" if policy.gate_open else ""
    return {
        "stop": book.stopped(),
        "mode": SWITCHES.get(mode, ""),
        "model": model,
        "report": report,
        "curve": reliability(report.get("bins", ())),
        "rows": rows,
        "budgets": sorted(budgets.items(), key=lambda one: (one[0].template_id, one[0].segment)),
        "templates": sorted({row["kind"].template_id for row in rows}),
        "segments": sorted({row["kind"].segment for row in rows}),
        "moves": book.moves(MOVES),
        "refused": refused,
        "usual": _usual(model, budgets),
    }


def _rows(
    standings: Sequence[Standing], told: Sequence[Mapping[str, Any]], budgets: Mapping[ReplyKind, float]
) -> list[dict[str, Any]]:
    """Every kind that has a history or took a step, those that are furthest first."""
    stand = {one.kind: one for one in standings}
    numbers = {ReplyKind(template_id=one["template_id"], segment=one["segment"]): one for one in told}
    rows = [
        {
            "kind": kind,
            "standing": stand.get(kind) or Standing(kind=kind),
            "numbers": numbers.get(kind),
            "budget": budget_for(kind, budgets),
        }
        for kind in {*stand, *numbers}
    ]
    return sorted(rows, key=lambda row: (-row["standing"].rung.share, row["kind"].template_id, row["kind"].segment))


def _usual(model: RiskModel | None, budgets: Mapping[ReplyKind, float]) -> dict[str, Any] | None:
    """The sentence at the top: the share that would leave alone at the budgets as they are."""
    if model is None or "own" not in model.report:
        return None
    everywhere = budget_for(ReplyKind(template_id="", segment=""), budgets)
    return {
        "share": model.report["own"],
        "budget": everywhere,
        "several": len(set(budgets.values()) | {everywhere}) > 1,
    }


def _line(text: str) -> str:
    return " ".join(text.split())[:REASON]
