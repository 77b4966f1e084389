"""The rules of support, checked, as the rest of the product asks for them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.models import Template
from worker.rulebook.guards import GuardSettings
from worker.rulebook.sections import IdentityRules, RoutingRules, SegmentRules

CLAIMS_ANOTHER_ID = "claims-another-id"
ANOTHER_ADDRESS_WROTE = "another-address-wrote"
PRODUCTS_COUNT = "products-count"
OWN_RULES = (CLAIMS_ANOTHER_ID, ANOTHER_ADDRESS_WROTE, PRODUCTS_COUNT)


@dataclass(frozen=True)
class Rulebook:
    """`version` is a hash of what the files said, for the trace. OWN_RULES are asked by code and named in traces."""

    identity: IdentityRules
    segments: SegmentRules
    routing: RoutingRules
    guards: GuardSettings
    version: str

    @property
    def segment_names(self) -> tuple[str, ...]:
        """The products, as customers.csv names them."""
        return self.segments.names

    @property
    def labels(self) -> tuple[str, ...]:
        """What a document in kb/ may be labelled with."""
        return self.segments.labels

    def may_send_unreviewed(self, template: Template) -> bool:
        """Whether a reply by this template may go out without a person, as far as the rules are concerned."""
        never = self.routing.unreviewed
        listed = template.topic in never.never_topics or template.template_id in never.never_templates
        return template.auto_send and not listed
