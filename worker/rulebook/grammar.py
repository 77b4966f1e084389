"""What a rule of routing.yaml may say: conditions with eight operators, their examples, and what follows.

Shapes only: evaluate.py asks them, complaints.py words what is wrong with them. Read rules/README.md for examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from pydantic import Field, StrictBool, StrictInt, field_validator, model_validator

from worker.rulebook.fields import FIELDS, Fact, Kind, ordinary
from worker.rulebook.written import Entries, Name, Patterns, RuleId, Sentence, Spoken, Written, known, wrong

# Which operator can be asked of which kind of fact. An operator that takes a list is met by any one of its entries.
OPERATORS: Mapping[str, frozenset[Kind]] = {
    "equals": frozenset({Kind.TEXT, Kind.CHOICE, Kind.NUMBER}),
    "one_of": frozenset({Kind.TEXT, Kind.CHOICE, Kind.LIST}),
    "contains_word": frozenset({Kind.TEXT}),
    "starts_with": frozenset({Kind.TEXT}),
    "ends_with": frozenset({Kind.TEXT}),
    "matches": frozenset({Kind.TEXT}),
    "at_least": frozenset({Kind.NUMBER}),
    "is_true": frozenset({Kind.FLAG}),
}
JOINTS = ("all", "any", "not", "field")
Priority = Literal["low", "medium", "high", "urgent"]
PRIORITIES: Mapping[str, int] = {name: number for number, name in enumerate(get_args(Priority), start=1)}


class Condition(Written):
    """Either `all`, `any` or `not` of further conditions, or one `field` with exactly one operator."""

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(None, alias="not")
    field: Name | None = None
    equals: Any = None
    one_of: Entries | None = None
    contains_word: Spoken | None = None
    starts_with: Entries | None = None
    ends_with: Entries | None = None
    matches: Patterns | None = None
    at_least: StrictInt | None = None
    is_true: StrictBool | None = None

    @property
    def operator(self) -> tuple[str, Any]:
        """The one operator and what was written after it, of a condition with a `field`."""
        return next((name, value) for name in OPERATORS if (value := getattr(self, name)) is not None)

    @field_validator("field")
    @classmethod
    def _known_field(cls, name: str | None) -> str | None:
        return known(name, FIELDS, "fact") if name is not None else None

    @field_validator("is_true")
    @classmethod
    def _only_true(cls, value: bool | None) -> bool | None:
        if value is False:
            raise wrong('write "is_true: true" and put the condition under "not" to ask for the opposite')
        return value

    @field_validator("all", "any")
    @classmethod
    def _some_parts(cls, parts: tuple[Condition, ...] | None) -> tuple[Condition, ...] | None:
        if parts is not None and not parts:
            raise wrong("the list is empty: put conditions in it, or take it out")
        return parts

    @model_validator(mode="after")
    def _one_shape(self) -> Condition:
        joints = [joint for joint in JOINTS if getattr(self, "not_" if joint == "not" else joint) is not None]
        if len(joints) != 1:
            raise wrong(f"a condition starts with exactly one of {', '.join(JOINTS)}; this one has {_said(joints)}")
        operators = [name for name in OPERATORS if getattr(self, name) is not None]
        if self.field is None:
            if operators:
                raise wrong(f'"{operators[0]}" asks something of a field, but there is no field')
            return self
        if len(operators) != 1:
            raise wrong(f"a field is asked exactly one of {', '.join(OPERATORS)}; this one has {_said(operators)}")
        _fits(self.field, operators[0], getattr(self, operators[0]))
        return self


class Examples(Written):
    """Messages that the rule must hit and must miss; run whenever the rules are loaded.

    A text stands for what the customer wrote; a mapping names any facts ("subject", "state", ...).
    """

    hits: tuple[str | dict[str, Any], ...] = Field(min_length=1)
    misses: tuple[str | dict[str, Any], ...] = Field(min_length=1)

    @field_validator("hits", "misses")
    @classmethod
    def _about_known_facts(cls, examples: tuple[str | dict[str, Any], ...]) -> tuple[str | dict[str, Any], ...]:
        for example in examples:
            said: dict[str, Any] = example if isinstance(example, dict) else {}
            for name, value in said.items():
                _possible(known(name, FIELDS, "fact"), value)
        return examples

    def cases(self) -> Iterator[tuple[str, bool, dict[str, Fact]]]:
        """Every example as (where, whether the rule must hit, all facts)."""
        for kind, hit, examples in (("hits", True, self.hits), ("misses", False, self.misses)):
            for number, example in enumerate(examples, start=1):
                said = {"words": example} if isinstance(example, str) else example
                facts = {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in said.items()}
                yield f"example {number} of {kind}", hit, ordinary(facts)


class Rule(Written):
    """A condition and what a person is told when it hits. `about`: a remark for whoever reads the file."""

    id: RuleId
    reason: Sentence
    about: str = ""
    when: Condition
    examples: Examples


class Topic(Rule):
    """A rule whose message goes to a person, with the Freshdesk group and priority that the ticket then gets."""

    group: Name
    priority: Priority

    @property
    def urgency(self) -> int:
        """1 low .. 4 urgent."""
        return PRIORITIES[self.priority]


def _said(names: list[str]) -> str:
    return " and ".join(names) if names else "none of them"


def _fits(field: str, operator: str, value: Any) -> None:
    kind = FIELDS[field].kind
    if kind not in OPERATORS[operator]:
        usable = ", ".join(name for name, kinds in OPERATORS.items() if kind in kinds)
        raise wrong(f'"{field}" is {_kind(kind)}, which "{operator}" cannot be asked of. Allowed: {usable}.')
    if operator == "equals":
        _possible(field, value)
    if operator == "one_of" and kind is Kind.CHOICE:
        for choice in value:
            known(choice, FIELDS[field].choices, field)


def _possible(field: str, value: Any) -> None:
    kind, choices = FIELDS[field].kind, FIELDS[field].choices
    python = {Kind.FLAG: bool, Kind.NUMBER: int, Kind.LIST: list}.get(kind, str)
    if type(value) is not python:
        raise wrong(f'"{field}" is {_kind(kind)}, {value!r} is not. Text goes in quotes.')
    if kind is Kind.CHOICE:
        known(str(value), choices, field)


def _kind(kind: Kind) -> str:
    return "a text" if kind is Kind.TEXT else kind.value
