"""The locks pin all that pip installs: whatever is left out comes in the version that the index has newest that day."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from types import ModuleType

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tests.the_script import the_script
from worker.settings import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNNING, TOOLS = PROJECT["dependencies"], PROJECT["optional-dependencies"]["dev"]
LOCKS = {"requirements.lock": RUNNING, "requirements-dev.lock": RUNNING + TOOLS}
PYTHONS = ("3.11.0", "3.11.2", "3.11.9", "3.12.3", "3.13.0")  # Debian 12 has 3.11.2
HERE = default_environment()["python_full_version"]


@cache
def lock() -> ModuleType:
    return the_script("lock")


def pins(name: str) -> dict[str, Requirement]:
    """By the name as package indexes compare it; those of a lock that `name` begins with included."""
    found: dict[str, Requirement] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= pins(line.removeprefix("-r "))
        elif not line.startswith("#"):
            found[lock().key(Requirement(line).name)] = Requirement(line)
    return found


def needed(wanted: list[str], python: str) -> Iterator[Requirement]:
    """What pip would install for `wanted` on this machine with that Python, as far as what is installed here tells."""
    machine = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    known = metadata_of_what_is_installed()
    waiting, seen = [(Requirement(one), "") for one in wanted], set()
    while waiting:
        one, extra = waiting.pop()
        if one.marker is not None and not one.marker.evaluate({**machine, "extra": extra}):
            continue
        name = lock().key(one.name)
        if lock().BY_TORCH.match(name):
            continue
        yield one
        for asked in {"", *one.extras}:
            if (name, asked) not in seen:
                seen.add((name, asked))
                waiting += [(Requirement(each), asked) for each in known.get(name, ())]


@cache
def metadata_of_what_is_installed() -> dict[str, list[str]]:
    return {lock().key(one.name): one.requires or [] for one in metadata.distributions()}


@pytest.mark.parametrize("python", sorted({HERE, *PYTHONS}))
@pytest.mark.parametrize("name", LOCKS)
def test_everything_that_the_project_needs_is_pinned_on_every_python_that_it_names(name: str, python: str) -> None:
    pinned = pins(name)
    found = list(needed(LOCKS[name], python))
    assert len({lock().key(one.name) for one in found}) > len(LOCKS[name])  # what these need in turn is looked at too
    unpinned = {str(one) for one in found if lock().key(one.name) not in pinned}
    assert unpinned == set()


@pytest.mark.parametrize("name", LOCKS)
def test_each_pin_is_one_that_all_who_need_it_can_do_with(name: str) -> None:
    pinned = pins(name)
    wrong = []
    for one in needed(LOCKS[name], HERE):
        [pin] = pinned[lock().key(one.name)].specifier  # the test above tells which ones are missing
        if not one.specifier.contains(pin.version, prereleases=True):
            wrong.append(f"{one} is wanted, and {pin.version} pinned")
    assert wrong == []
