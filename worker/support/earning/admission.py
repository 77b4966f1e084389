"""Whether this draft may leave without a person, as far as the gate is concerned, and what is kept of it for learning.

A keyed hash of the customer decides who is among the 5 % or the 25 %: the same customers every time, and nobody can
tell from outside who they are. Called by pipeline.draft for drafts that no guard has anything against, and before such
a draft leaves (paused.py).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from worker.models import Assessed, Draft, Identity, Reader, Standing, Stop
from worker.support.desk import Desk
from worker.support.earning.budgets import budget_for
from worker.support.earning.features import features, kind_of
from worker.support.earning.history import LEVELS, cut
from worker.support.earning.ladder import SAMPLE
from worker.support.earning.risk import chance
from worker.support.retrieve import Found

DECOYS = 0.02  # of the reviewed drafts of an open kind: they come back too, so that nobody can tell which ones left
NOT_OPEN = "The gate has not been opened for this kind of reply."


@dataclass(frozen=True)
class Admission:
    """`against`: why a person should look; nothing if the gate lets it go. `open`: whether any of its kind may leave
    alone. `assessed` None: the draft is none of the gate's business."""

    against: tuple[str, ...] = ()
    assessed: Assessed | None = None
    open: bool = False

    def ended(self, *, alone: bool, lot: float) -> Assessed | None:
        """What is kept once it is decided. `lot`: drawn evenly from 0 to 1, for this draft alone."""
        if self.assessed is None:
            return None
        sampled = lot < (SAMPLE if alone else DECOYS if self.open else 0.0)
        return self.assessed.model_copy(update={"alone": alone, "sampled": sampled})


def admit(
    draft: Draft,
    found: Found,
    who: Identity,
    reader: Reader,
    questions: Sequence[str],
    words: str,
    person: str,
    desk: Desk,
) -> Admission:
    """`person`: the requester's id at the helpdesk, for who is no customer. Raises what the ledger raises."""
    book = desk.ledger.earning
    if desk.policy.shadow:  # nothing can be approved there, so nothing would ever be heard of it
        return Admission()
    if draft.findings or not draft.template_id:
        return Admission(against=() if desk.policy.gate_open else (NOT_OPEN,))
    kind = kind_of(draft, reader)
    model, seen = book.model(), features(draft, found, who, questions, words)
    risk = None if model is None else chance(model, seen, kind)
    assessed = Assessed(kind=kind, features=seen, risk=risk, model=model.version if model else 0)
    standing = book.standing(kind)
    against = [] if (stop := book.stopped()) is None else [switched_off(stop)]
    against += _closed_to(assessed, standing, who, person, desk)
    return Admission(tuple(against), assessed, open=standing.rung.open or desk.policy.gate_open)


def closed_to(assessed: Assessed | None, who: Identity | None, person: str, desk: Desk) -> list[str]:
    """Why the gate, as it stands now, does not let a draft leave that it may have let go when it was written."""
    if desk.policy.gate_open:
        return []
    if assessed is None:
        return [NOT_OPEN]
    return _closed_to(assessed, desk.ledger.earning.standing(assessed.kind), who, person, desk)


def switched_off(stop: Stop) -> str:
    return f"Automatic sending is switched off (by {stop.by})."


def lot_of(person: str, key: str) -> float:
    """Where a person stands between 0 and 1, evenly and for good."""
    digest = hmac.new(key.encode(), person.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _closed_to(assessed: Assessed, standing: Standing, who: Identity | None, person: str, desk: Desk) -> list[str]:
    book = desk.ledger.earning
    if desk.policy.gate_open:
        return []
    budget = budget_for(assessed.kind, book.budgets())
    if not standing.rung.open or assessed.risk is None or budget <= 0:
        return [NOT_OPEN]
    reasons = []
    customer = who.customer if who else None
    if (
        lot_of(f"customer {customer.customer_id}" if customer else f"requester {person}", book.key())
        >= standing.rung.share
    ):
        reasons.append(f"This customer is not among the {standing.rung.value} whose replies of this kind leave alone.")
    # A budget that was lowered counts at once; a raised one has to be earned first.
    # "Any risk" was earned for the budget of then: of a lower one, the largest level that is a number.
    level = min(standing.level, len(LEVELS) - 2) if budget < standing.budget else standing.level
    most = cut(level, min(budget, standing.budget))
    if assessed.risk > most:
        reasons.append(f"The risk that it is wrong, {assessed.risk:.1%}, is above what may leave alone ({most:.1%}).")
    return reasons
