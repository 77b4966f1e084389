"""The small types that everything in rules/*.yaml is made of, each refusing what would silently do nothing.

`Written` is closed, so that a misspelt field is named instead of ignored. Used by grammar.py and sections.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from worker.rulebook.patterns import Unsafe, compiled
from worker.rulebook.spelling import allowed, meant
from worker.rulebook.words import phrase


class Written(BaseModel):
    """Something that support wrote: frozen, and closed against fields that do not exist."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def wrong(message: str) -> PydanticCustomError:
    """A problem in a lead's words; complaints.py adds where it is and passes it on as it is."""
    return PydanticCustomError("in_words", "{message}", {"message": message})


def known(name: str, names: Collection[str], what: str) -> str:
    """`name`, or a refusal that says what `what` there is."""
    if name not in names:
        raise wrong(f'there is no {what} "{name}".{meant(name, names)} {allowed(names)}')
    return name


def _filled(entries: tuple[str, ...]) -> tuple[str, ...]:
    if not entries:
        raise wrong("the list is empty, so it could never be met: list something, or take it out")
    folded = [entry.casefold().strip() for entry in entries]
    if "" in folded:
        raise wrong("one entry of the list is empty, so everything would meet it")
    if twice := sorted({entry for entry in folded if folded.count(entry) > 1}):
        raise wrong(f"listed more than once: {', '.join(twice)}")
    return entries


def _spoken(entries: tuple[str, ...]) -> tuple[str, ...]:
    if silent := [entry for entry in entries if not phrase(entry)]:
        raise wrong(f'"{silent[0]}" has no letters or digits, so it is no word: use starts_with or matches')
    return entries


def _safe(pattern: str) -> str:
    try:
        compiled(pattern)
    except Unsafe as why:
        raise wrong(f"the pattern {pattern} cannot be used: {why}") from None
    return pattern


def _sentence(text: str) -> str:
    if not re.search(r"\w.*[.!?]$", text.strip(), re.DOTALL):
        raise wrong("support leads read this as a sentence: end it with a full stop")
    return text.strip()


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        raise wrong(f'"{text}" is no id: use small letters, digits and hyphens, such as legal-threat')
    return text


RuleId = Annotated[str, AfterValidator(_identifier)]
Sentence = Annotated[str, AfterValidator(_sentence)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Pattern = Annotated[str, AfterValidator(_safe)]
Entries = Annotated[tuple[str, ...], AfterValidator(_filled)]  # in YAML a list; kept so that nothing changes it later
Spoken = Annotated[Entries, AfterValidator(_spoken)]
Patterns = Annotated[tuple[Pattern, ...], AfterValidator(_filled)]
