"""The rules that support owns, rules/*.yaml: read, checked, and asked. See rules/README.md for how they are written."""

from worker.rulebook.disclosure import Disclosure, Telling
from worker.rulebook.evaluate import Seen, ask, passing
from worker.rulebook.fields import Fact, Facts
from worker.rulebook.grammar import PRIORITIES, Rule, Topic
from worker.rulebook.guards import GuardSettings
from worker.rulebook.load import load_labels, load_rulebook
from worker.rulebook.rulebook import (
    ANOTHER_ADDRESS_WROTE,
    CLAIMS_ANOTHER_ID,
    PRODUCTS_COUNT,
    Rulebook,
)
from worker.rulebook.sections import Step, Way, same_id

__all__ = [
    "ANOTHER_ADDRESS_WROTE",
    "CLAIMS_ANOTHER_ID",
    "PRIORITIES",
    "PRODUCTS_COUNT",
    "Disclosure",
    "Fact",
    "Facts",
    "GuardSettings",
    "Rule",
    "Rulebook",
    "Seen",
    "Step",
    "Telling",
    "Topic",
    "Way",
    "ask",
    "load_labels",
    "load_rulebook",
    "passing",
    "same_id",
]
