"""What the risk model sees of a draft: numbers that were known when it was written, and no word of anybody."""

from __future__ import annotations

import math
from collections.abc import Sequence

from worker.models import Draft, Identity, Reader, ReplyKind, Strength
from worker.support.guard.language import english_share
from worker.support.retrieve import Found

_STRENGTH = {Strength.UNKNOWN: 0.0, Strength.CLAIMED: 1.0, Strength.LINKED: 2.0, Strength.VERIFIED: 3.0}
NAMES = (
    *("chance", "margin", "template_score", "passage_score", "support", "least_support"),
    *("identity", "questions", "length", "reply_length", "english"),
)
NO_SEGMENT = "none"


def kind_of(draft: Draft, reader: Reader) -> ReplyKind:
    return ReplyKind(template_id=draft.template_id, segment=" & ".join(sorted(reader.segments)) or NO_SEGMENT)


def features(draft: Draft, found: Found, who: Identity, questions: Sequence[str], words: str) -> dict[str, float]:
    """By NAMES; one that does not apply (no passage, no trained choice) is left out.

    `chance`: of its template, after the trained choice; `margin`: how far that is above the next template's, or the
    scores where nothing was trained. `support`, `least_support`: of its sentences by their sources.
    """
    own = next((t for t in found.templates if t.source_id == draft.template_id), None)
    others = [t for t in found.templates if t.source_id != draft.template_id]
    support = [claim.support for claim in draft.claims]
    told = {
        "chance": own.chance if own else None,
        "margin": _ahead(own.chance, [t.chance for t in others]) if own and own.chance is not None else None,
        "template_score": own.score if own else None,
        "passage_score": max((p.score for p in found.passages), default=None),
        "support": sum(support) / len(support) if support else None,
        "least_support": min(support, default=None),
        "identity": _STRENGTH[who.strength],
        "questions": math.log1p(len(questions)),
        "length": math.log1p(len(words.split())),
        "reply_length": math.log1p(len(draft.body_text.split())),
        "english": english_share(words),
    }
    return {name: round(float(value), 5) for name, value in told.items() if value is not None}


def _ahead(own: float, others: Sequence[float | None]) -> float:
    return own - max((one for one in others if one is not None), default=0.0)
