"""What is wrong with a rules file, one finished sentence for each problem, in a support lead's words.

Says file, line, rule and field, what is wrong and what would be allowed. Called by load.py alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from worker.rulebook.spelling import allowed, meant
from worker.rulebook.yamlfile import YamlFile

Where = tuple[str | int, ...]

_NOUNS = {"steps": "step", "products": "product", "examples": "example"}
_SAYINGS = {
    "missing": "this is missing.",
    "string_type": "this must be a text; put it in quotes.",
    "string_too_short": "this is empty.",
    "tuple_type": "this must be a list, one entry a line, each after a hyphen.",
    "too_short": "the list is empty; it needs at least one entry.",
    "model_type": "this must have fields of its own, such as `id: ...`.",
    "int_type": "this must be a whole number, without quotes.",
}


def complaints(file: YamlFile, shape: type[BaseModel], error: ValidationError) -> list[str]:
    """Every problem that pydantic found, each once (it reports one for each branch of a choice)."""
    found = (f"{place(file, _written(file, e))}: {_saying(shape, e)}" for e in error.errors(include_url=False))
    return list(dict.fromkeys(found))


def place(file: YamlFile, where: Where) -> str:
    """'rules/routing.yaml, line 12, rule "legal-threat", when > any > 2 > contains_word'."""
    steps = [f"{file.shown}, line {file.line(where)}"]
    inner = where
    if len(where) > 1 and isinstance(where[1], int):
        steps.append(_called(file, where))
        inner = where[2:]
    if inner:
        steps.append(" > ".join(str(part + 1) if isinstance(part, int) else part for part in inner))
    return ", ".join(steps)


def _called(file: YamlFile, where: Where) -> str:
    section, number = where[0], where[1]
    entries: Any = (file.said or {}).get(str(section))
    entry = entries[number] if isinstance(entries, list) and isinstance(number, int) else None
    name = entry.get("id", entry.get("name")) if isinstance(entry, dict) else None
    noun = _NOUNS.get(str(section), f"{section} rule")
    return f'{noun} "{name}"' if isinstance(name, str) else f"{noun} {int(number) + 1}"


def _written(file: YamlFile, error: ErrorDetails) -> Where:
    """The error's place without the steps that pydantic adds for the branches of a choice, which nobody wrote."""
    where: list[str | int] = []
    said: Any = file.said
    for part in error["loc"]:
        missing = error["type"] == "missing" and part == error["loc"][-1]
        try:
            said = said[part]
        except (LookupError, TypeError):
            if not missing:
                continue
        where.append(part)
    return tuple(where)


def _saying(shape: type[BaseModel], error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "in_words":
        return f"{error['ctx']['message']}".rstrip(".") + "."
    if kind == "extra_forbidden":
        names = _names(shape, error["loc"][:-1])
        return f"there is no such field.{meant(str(error['loc'][-1]), names)} {allowed(names)}"
    if kind in ("enum", "literal_error"):
        names = [name.strip("'") for name in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        return f"{error['input']!r} is not possible here.{meant(str(error['input']), names)} {allowed(names)}"
    return _SAYINGS.get(kind, f"{error['msg']}.")


def _names(shape: type[BaseModel], where: Sequence[str | int]) -> list[str]:
    """The fields of what is at `where`, as they are written in YAML."""
    for part in where:
        if isinstance(part, str):
            at = next((f for name, f in shape.model_fields.items() if part in (name, f.alias)), None)
            shape = next(_models(at.annotation), shape) if at else shape
    return [field.alias or name for name, field in shape.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
