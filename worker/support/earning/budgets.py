"""Which budget holds for a kind of reply: its own, or its template's, its segment's, everybody's, or the default."""

from __future__ import annotations

from collections.abc import Mapping

from worker.models import DEFAULT_BUDGET, ReplyKind

EVERYTHING = ReplyKind(template_id="", segment="")


def budget_for(kind: ReplyKind, budgets: Mapping[ReplyKind, float]) -> float:
    """Of 100 unreviewed replies, how many may be wrong. The nearest that was set counts."""
    nearest = (
        kind,
        ReplyKind(template_id=kind.template_id, segment=""),
        ReplyKind(template_id="", segment=kind.segment),
        EVERYTHING,
    )
    return next((budgets[one] for one in nearest if one in budgets), DEFAULT_BUDGET)
