"""What the person may read, from who we believe it is. The rules file decides; a mere claim opens nothing.

Called by pipeline.draft after identify; retrieval filters by the result.
"""

from __future__ import annotations

from worker.models import Asked, Identity, Reader, Strength
from worker.rulebook import PRODUCTS_COUNT, Rulebook


def segment(identity: Identity, rulebook: Rulebook) -> Reader:
    """The products that count for this person, and the labels that may be read, in the order of rules/segments.yaml."""
    # Unknown people have no customer; if a fault ever gave them one, its products must stay closed all the same.
    held = identity.customer.segments if identity.customer else ()
    own, reads = rulebook.segments.readable(held, identity.strength)
    return Reader(segments=own, reads=reads, asked=(_asked(identity.strength, held, own, rulebook),))


def _asked(strength: Strength, held: tuple[str, ...], own: tuple[str, ...], rulebook: Rulebook) -> Asked:
    strange = [name for name in held if name not in rulebook.segment_names]
    why = f"{strength.value}: {', '.join(own) or 'no products count'}"
    if strange:
        why += f"; not in rules/segments.yaml: {', '.join(strange)}"
    return Asked(rule=PRODUCTS_COUNT, hit=bool(own), why=why)
