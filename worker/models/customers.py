"""Who wrote, how sure we are, and what they may read."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from worker.models.base import Noun


class Strength(StrEnum):
    """How sure we are who wrote. Only VERIFIED unlocks personal data."""

    VERIFIED = "verified"  # the requester's address is registered to the customer
    LINKED = "linked"  # through the Freshdesk contact or an earlier ticket
    CLAIMED = "claimed"  # only asserted, in the text or in a form field
    UNKNOWN = "unknown"


class Customer(Noun):
    """One row of the customer file. `facts`: further columns, by name, that templates may use."""

    customer_id: str
    name: str
    email: str
    alternate_emails: tuple[str, ...] = ()
    phone: str = ""
    segments: tuple[str, ...] = ()
    since: date | None = None
    facts: dict[str, str] = Field(default_factory=dict)


class Asked(Noun):
    """One rule that was asked, hit or miss. `why` is for people and holds no customer text."""

    rule: str
    hit: bool
    why: str = ""
    of_words: bool = False  # it looks at nothing but what was written, and by whom


class Identity(Noun):
    """Who we believe wrote. `customer` is None when unknown; `existing` decides between the two paths."""

    strength: Strength
    found_by: str = ""  # id of the identity rule that decided
    customer: Customer | None = None
    existing: bool = False
    candidates: int = 0  # over 1: several customers match equally well, so none was chosen
    asked: tuple[Asked, ...] = ()


class Reader(Noun):
    """What this person may read: the labels that documents carry (a product's name, or "public")."""

    segments: tuple[str, ...]  # products we treat the person as holding; () for none
    reads: tuple[str, ...]
    asked: tuple[Asked, ...] = ()
