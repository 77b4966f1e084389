"""The shapes of the four files under rules/: identity, segments, routing and guards.

Each refuses what would make it unsafe, not only what is misspelt: no lead can declare a claimed id as proof. Read by
load.py; support/ uses the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import Field, field_validator, model_validator

from worker.models import Strength
from worker.rulebook.grammar import Priority, Rule, Topic
from worker.rulebook.spelling import allowed
from worker.rulebook.words import plain
from worker.rulebook.written import Entries, Name, Pattern, RuleId, Written, known, wrong


class Way(StrEnum):
    """How a customer can be found."""

    REGISTERED_EMAIL = "registered_email"
    ALTERNATE_EMAIL = "alternate_email"
    PHONE = "phone"
    CONTACT_EMAILS = "contact_emails"
    EARLIER_TICKET = "earlier_ticket"
    CUSTOM_FIELD = "custom_field"
    TEXT = "text"


SUREST_FIRST = (Strength.VERIFIED, Strength.LINKED, Strength.CLAIMED)
# What a way can prove at most. An id that somebody wrote proves nothing, whatever a rules file says.
PROVES_AT_MOST: Mapping[Way, Strength] = {
    Way.REGISTERED_EMAIL: Strength.VERIFIED,
    Way.ALTERNATE_EMAIL: Strength.VERIFIED,
    Way.PHONE: Strength.LINKED,
    Way.CONTACT_EMAILS: Strength.LINKED,
    Way.EARLIER_TICKET: Strength.LINKED,
    Way.CUSTOM_FIELD: Strength.CLAIMED,
    Way.TEXT: Strength.CLAIMED,
}


class IdExamples(Written):
    """Texts in which an id must, and must not, be seen."""

    hits: tuple[str, ...] = Field(min_length=1)
    misses: tuple[str, ...] = Field(min_length=1)


class CustomerIds(Written):
    """How a customer id looks in a text, and the ticket's custom field that may hold one."""

    field: Name
    pattern: Pattern
    examples: IdExamples

    def seen_in(self, text: str) -> tuple[str, ...]:
        """Every id in the text once, as `same_id` spells it, in order. Part of a longer word or number is no id."""
        whole = re.compile(rf"(?<!\w)(?:{self.pattern})(?!\w)", re.IGNORECASE)
        return tuple(dict.fromkeys(same_id(found.group()) for found in whole.finditer(plain(text))))


class Step(Written):
    id: RuleId
    find: Way
    strength: Strength

    @model_validator(mode="after")
    def _no_more_than_it_proves(self) -> Step:
        most = PROVES_AT_MOST[self.find]
        possible = SUREST_FIRST[SUREST_FIRST.index(most) :]
        if self.strength not in possible:
            raise wrong(f'"{self.find}" cannot make anybody "{self.strength}". {allowed(possible)}')
        return self


class IdentityRules(Written):
    customer_id: CustomerIds
    steps: tuple[Step, ...] = Field(min_length=1)

    @field_validator("steps")
    @classmethod
    def _surest_first(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        ranks = [SUREST_FIRST.index(step.strength) for step in steps]
        if ranks != sorted(ranks):
            raise wrong(f"the first step that finds a customer decides, so the surest come first: {_in_order()}")
        if twice := repeated(step.find for step in steps):
            raise wrong(f"these ways are used twice: {', '.join(twice)}")
        return steps


class Segment(Written):
    name: Name
    reads: Entries


class SegmentExample(Written):
    holds: tuple[str, ...]
    found: Strength
    reads: tuple[str, ...]


class SegmentRules(Written):
    """Products, and the labels that documents in kb/ carry. A product's label is its name."""

    labels: Entries
    products: tuple[Segment, ...] = Field(min_length=1)
    products_count_when: tuple[Strength, ...]
    without_products: Entries
    examples: tuple[SegmentExample, ...] = Field(min_length=1)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(product.name for product in self.products)

    @field_validator("products_count_when")
    @classmethod
    def _no_claims(cls, strengths: tuple[Strength, ...]) -> tuple[Strength, ...]:
        if unproven := [s for s in strengths if s not in (Strength.VERIFIED, Strength.LINKED)]:
            raise wrong(f'"{unproven[0]}" is no proof that somebody holds a product. Allowed: verified, linked.')
        return strengths

    @model_validator(mode="after")
    def _labels_fit(self) -> SegmentRules:
        if twice := repeated(self.names):
            raise wrong(f"these products are listed twice: {', '.join(twice)}")
        for name in (*self.names, *self.without_products, *(label for p in self.products for label in p.reads)):
            known(name, self.labels, "label")
        if products := [label for label in self.without_products if label in self.names]:
            raise wrong(f'without_products: "{products[0]}" is only for those who hold it; take it out')
        return self

    def readable(self, held: Iterable[str], strength: Strength) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(the products that count, the labels that may be read), both in the order of the file."""
        counted = strength in (Strength.VERIFIED, Strength.LINKED) and strength in self.products_count_when
        own = [product for product in self.products if counted and product.name in set(held)]
        may = {label for product in own for label in product.reads} | (set() if own else set(self.without_products))
        return tuple(product.name for product in own), tuple(label for label in self.labels if label in may)


class HandOver(Written):
    """Group and priority where no topic decided: a failed case, a guard that could not run."""

    group: Name
    priority: Priority


class Unreviewed(Written):
    """What may not go out without a person although its template says `auto_send: true`."""

    never_topics: tuple[Name, ...] = ()
    never_templates: tuple[Name, ...] = ()


class RoutingRules(Written):
    ignore: tuple[Rule, ...] = Field(min_length=1)
    hand_over: tuple[Topic, ...] = Field(min_length=1)
    hand_over_otherwise: HandOver
    unreviewed: Unreviewed


def same_id(written: str) -> str:
    """A customer id without the spaces and hyphens that people put in, in capitals: for comparison and look-up."""
    return re.sub(r"[\s-]", "", plain(written)).upper()


def repeated(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def _in_order() -> str:
    return ", then ".join(SUREST_FIRST)
