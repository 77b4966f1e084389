"""The manual of every guard is its docstring: the reply that passes passes, and the one that fails fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.builders import a_customer, a_reader, a_source, an_identity
from tests.support.guard.test_guards import SAID, a_candidate
from worker.models import Finding, Part, Sentence, Strength
from worker.support import guard
from worker.support.guard import GUARDS, NAMES, judge, load
from worker.support.guard.candidate import Candidate

MANUAL = {"reply", "source", "message", "asked", "cites", "reads", "source_for", "found_as", "score"}


def manual(name: str) -> dict[str, dict[str, Any]]:
    text = import_module(f"worker.support.guard.{name}").__doc__ or ""
    return yaml.safe_load(text[text.index("PASS:") :])


def as_written(example: dict[str, Any]) -> Candidate:
    """The reply of a manual, to somebody who may read its source unless the manual says otherwise."""
    assert example.keys() <= MANUAL, "a word that no manual knows"
    said = example["reply"] if isinstance(example["reply"], list) else [example["reply"]]
    labels = tuple(example.get("source_for", ["public"]))
    source = a_source(example["source"], "T", segments=labels, score=example.get("score", 1.0))
    cites = tuple(example.get("cites", ["T"]))
    asked = example.get("asked", "How is that?")
    return a_candidate(
        parts=(Part(question=asked, sentences=tuple(Sentence(text=text, sources=cites) for text in said)),),
        sources={"T": source},
        template_ids=("T",),
        identity=an_identity(Strength(example.get("found_as", "verified")), a_customer("PW100231")),
        reader=a_reader(*example.get("reads", ["public", "IM"])),
        message=example.get("message", asked),
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_reply_that_a_manual_lets_pass_passes(name: str) -> None:
    assert list(GUARDS[name](as_written(manual(name)["PASS"]))) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_reply_that_a_manual_stops_is_stopped(name: str) -> None:
    assert {finding.guard for finding in GUARDS[name](as_written(manual(name)["FAIL"]))} == {name}


def test_every_module_with_a_check_is_registered() -> None:
    folder = Path(next(iter(guard.__path__)))
    modules = [import_module(f"worker.support.guard.{path.stem}") for path in folder.glob("[a-z]*.py")]
    assert {module.__name__.rpartition(".")[2] for module in modules if hasattr(module, "check")} == set(NAMES)


def test_a_guard_that_does_not_end_is_a_finding_and_the_others_still_run() -> None:
    def endless(_: Candidate) -> Iterator[Finding]:
        time.sleep(60)
        yield from ()

    found = judge(a_candidate(Sentence(text=SAID)), {"endless": endless, "cited": GUARDS["cited"]}, patience=0.2)
    assert [f.guard for f in found] == ["endless", "cited"]


def test_a_guard_that_cannot_be_loaded_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> ModuleType:
        raise ImportError(f"{name} is gone")

    monkeypatch.setattr(guard, "import_module", broken)
    assert [f.guard for f in judge(a_candidate(SAID), {"exact": load("exact")})] == ["exact"]
