"""The rules of support, checked, as the rest of the product asks for them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.models import Asked, Template
from worker.rulebook.guards import GuardSettings
from worker.rulebook.sections import IdentityRules, RoutingRules, SegmentRules

CLAIMS_ANOTHER_ID = "claims-another-id"
ANOTHER_ADDRESS_WROTE = "another-address-wrote"
SEVERAL_CUSTOMERS = "several-customers"
PRODUCTS_COUNT = "products-count"
MAY_GO_UNREVIEWED = "may-go-unreviewed"
OWN_RULES = (CLAIMS_ANOTHER_ID, ANOTHER_ADDRESS_WROTE, SEVERAL_CUSTOMERS, PRODUCTS_COUNT, MAY_GO_UNREVIEWED)


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

    def unreviewed(self, template: Template) -> Asked:
        """Whether a reply by this template may go out without a person, as far as the rules are concerned."""
        never = self.routing.unreviewed
        why = "the template allows it and no rule forbids it"
        if not template.auto_send:
            why = "the template itself says auto_send: false"
        elif template.topic in never.never_topics:
            why = f'replies on the topic "{template.topic}" are always reviewed'
        elif template.template_id in never.never_templates:
            why = "replies by this template are always reviewed"
        else:
            return Asked(rule=MAY_GO_UNREVIEWED, hit=True, why=why)
        return Asked(rule=MAY_GO_UNREVIEWED, hit=False, why=why)
