"""rules/*.yaml to a Rulebook, or a refusal that names every problem at once.

Called at start by bootstrap and by tests; nothing reads the files later, so one process follows one set of rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from worker.errors import BadConfiguration
from worker.rulebook.complaints import complaints, place
from worker.rulebook.evaluate import ask
from worker.rulebook.guards import GuardSettings
from worker.rulebook.rulebook import OWN_RULES, Rulebook
from worker.rulebook.sections import IdentityRules, RoutingRules, SegmentRules
from worker.rulebook.spelling import allowed, meant
from worker.rulebook.written import Written
from worker.rulebook.yamlfile import YamlFile, read

SHAPES: Mapping[str, type[Written]] = {
    "identity": IdentityRules,
    "segments": SegmentRules,
    "routing": RoutingRules,
    "guards": GuardSettings,
}
_Shape = TypeVar("_Shape", bound=Written)


def load_rulebook(rules_dir: Path) -> Rulebook:
    """The rules of the folder. Raises BadConfiguration with one finished sentence for each problem in any file."""
    files = {name: read(rules_dir / f"{name}.yaml") for name in SHAPES}
    problems = [*_strangers(rules_dir), *(problem for file in files.values() for problem in file.problems)]
    parsed = {name: _parsed(files[name], shape, problems) for name, shape in SHAPES.items()}
    problems += _ids_used_twice(files)
    problems += _examples_that_fail(files, parsed)
    if problems:
        raise BadConfiguration(problems)
    rulebook = Rulebook(**parsed, version=_version(rules_dir))  # type: ignore[arg-type]  # none is None: no problems
    if missing := [name for name in rulebook.segment_names if name not in rulebook.guards.product_names]:
        raise BadConfiguration(
            f"{files['guards'].shown}, product_names: the product {missing[0]!r} of {files['segments'].shown} is "
            "missing, so nobody would notice it in a reply to a stranger."
        )
    return rulebook


def load_labels(rules_dir: Path) -> tuple[str, ...]:
    """What a document in kb/ may be labelled with, of segments.yaml alone: a reindex that changes nothing would spend
    a fifth of its time on the patterns of routing.yaml. Raises BadConfiguration, also for a file that nothing reads,
    since a segments.yml may be what was meant."""
    file = read(rules_dir / "segments.yaml")
    problems = [*_strangers(rules_dir), *file.problems]
    segments = _parsed(file, SegmentRules, problems)
    if segments is not None:
        problems += _segment_examples(file, segments)
    if segments is None or problems:
        raise BadConfiguration(problems)
    return segments.labels


def _parsed(file: YamlFile, shape: type[_Shape], problems: list[str]) -> _Shape | None:
    if file.said is None:
        return None
    try:
        return shape.model_validate(file.said)
    except ValidationError as error:
        problems += complaints(file, shape, error)
        return None


def _strangers(rules_dir: Path) -> Iterator[str]:
    for path in sorted(rules_dir.glob("*.y*ml")):
        if path.name not in (names := [f"{name}.yaml" for name in SHAPES]):
            yield f"{path}: this file is not read.{meant(path.name, names)} {allowed(names)}"


def _ids_used_twice(files: Mapping[str, YamlFile]) -> Iterator[str]:
    """Over all files, since a trace knows a rule by its id alone; read raw, to be said beside other problems."""
    seen = dict.fromkeys(OWN_RULES, "Deskhand's own rules")
    for file in files.values():
        for section, entries in (file.said or {}).items():
            for number, entry in enumerate(entries if isinstance(entries, list) else []):
                name = entry.get("id") if isinstance(entry, dict) else None
                if not isinstance(name, str):
                    continue
                here = place(file, (section, number, "id"))
                if name in seen:
                    yield f"{here}: this id is taken by {seen[name]}; every rule needs its own."
                seen.setdefault(name, f"{file.shown}, line {file.line((section, number, 'id'))}")


def _examples_that_fail(files: Mapping[str, YamlFile], parsed: Mapping[str, Any]) -> Iterator[str]:
    if parsed["routing"] is not None:
        yield from _routing_examples(files["routing"], parsed["routing"])
    if parsed["identity"] is not None:
        yield from _id_examples(files["identity"], parsed["identity"])
    if parsed["segments"] is not None:
        yield from _segment_examples(files["segments"], parsed["segments"])


def _routing_examples(file: YamlFile, routing: RoutingRules) -> Iterator[str]:
    for section in ("ignore", "hand_over"):
        for number, rule in enumerate(getattr(routing, section)):
            for which, must_hit, facts in rule.examples.cases():
                asked = ask(rule, facts)
                if asked.hit != must_hit:
                    told = "is not hit" if must_hit else "is hit"
                    yield f"{place(file, (section, number, 'examples'))}: {which} {told} ({asked.why})."


def _id_examples(file: YamlFile, identity: IdentityRules) -> Iterator[str]:
    ids = identity.customer_id
    here = place(file, ("customer_id", "examples"))
    for number, text in enumerate(ids.examples.hits, start=1):
        if not ids.seen_in(text):
            yield f"{here}: example {number} of hits is not hit by the pattern {ids.pattern}."
    for number, text in enumerate(ids.examples.misses, start=1):
        if ids.seen_in(text):
            yield f"{here}: example {number} of misses is hit by the pattern {ids.pattern}."


def _segment_examples(file: YamlFile, segments: SegmentRules) -> Iterator[str]:
    for number, example in enumerate(segments.examples):
        _, reads = segments.readable(example.holds, example.found)
        if set(reads) != set(example.reads):
            yield f"{place(file, ('examples', number))}: these rules let this person read {', '.join(reads)}."


def _version(rules_dir: Path) -> str:
    said = b"\0".join((rules_dir / f"{name}.yaml").read_bytes() for name in SHAPES)
    return hashlib.sha256(said).hexdigest()[:12]
