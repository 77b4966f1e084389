"""Send or hold: the last stage of drafting. Everything that speaks against sending is collected, then decided.

A message leaves without a person only if nothing at all speaks against it (DELIVERY_MODE=auto, its templates allow it,
the gate is open, no guard found anything).
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.models import Draft, Step, Verdict
from worker.ports import Index
from worker.rulebook import Rulebook
from worker.rulebook.grammar import PRIORITIES
from worker.support.desk import Policy
from worker.support.generate import Writing
from worker.support.retrieve import Found


def decide(
    draft: Draft,
    writing: Writing,
    found: Found,
    index: Index,
    rulebook: Rulebook,
    policy: Policy,
    gate: Sequence[str] = (),
    brake: Sequence[str] = (),
) -> Verdict:
    """SEND without a reason against it, else HOLD with all of them. `gate`, `brake`: their reasons."""
    reasons = [
        *brake,
        *(_mode(policy) or gate),
        *_templates(draft, index, rulebook),
        *([f"The checks found {_things(len(draft.findings))}."] if draft.findings else []),
    ]
    if reasons:
        return Verdict(step=Step.HOLD, reasons=tuple(dict.fromkeys(reasons)))
    return Verdict(step=Step.SEND, reasons=("Every check passed, and its template may be sent without a review.",))


def held_instead(verdict: Verdict, reasons: Sequence[str]) -> Verdict:
    """What might have been sent waits for a person after all."""
    return verdict.model_copy(update={"step": Step.HOLD, "reasons": tuple(reasons)})


def told_too(verdict: Verdict, reasons: Sequence[str]) -> Verdict:
    """With what a person has to hear of beside the message: what might have been sent waits for that."""
    if verdict.step is Step.SEND:
        return held_instead(verdict, reasons)
    return verdict.model_copy(update={"reasons": (*verdict.reasons, *reasons)})


def left_to_a_person(why: str, rulebook: Rulebook) -> Verdict:
    """A hand-over for a reason that is ours and not the message's: the group and priority of all other topics."""
    otherwise = rulebook.routing.hand_over_otherwise
    return Verdict(step=Step.HAND_OVER, reasons=(why,), group=otherwise.group, priority=PRIORITIES[otherwise.priority])


def _mode(policy: Policy) -> list[str]:
    if policy.delivery == "shadow":
        return ["Shadow mode: drafts are shown in the console only."]
    if policy.delivery != "auto":
        return ["Review mode: every reply is read by a person before it leaves."]
    return []


def _templates(draft: Draft, index: Index, rulebook: Rulebook) -> list[str]:
    """Every template that a sentence rests on must allow it; a reply without any template has nobody's permission."""
    cited = {source for part in draft.parts for s in part.sentences for source in s.sources}
    templates = [t for source in draft.sources if source.source_id in cited and (t := index.template(source.source_id))]
    if not templates:
        return ["No template stands behind this reply."]
    reviewed = [t for t in templates if not rulebook.may_send_unreviewed(t)]
    return [f"The template “{t.title}” is always reviewed." for t in reviewed]


def _things(n: int) -> str:
    return "one thing" if n == 1 else f"{n} things"
