"""Takes out, one at a time, what "at most once" rests on, and looks whether the tests that should see it do.

Works in a private copy of the tree for each removal (tests/removals.py). A table, then one JSON object as the last
line. Exit code 0: every removal was noticed; 1: one was not; 2: the tests fail without any removal, or a removal does
not apply to the source any more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.removals import REMOVALS, NotThere, Removal
from worker.settings import ROOT

PARTS = ("worker", "tests", "scripts", "rules", "kb", "pyproject.toml")
PATIENCE = 300  # seconds for one run of tests; one that hangs has noticed nothing
FAILED = 1  # pytest's exit code where tests ran and some failed; every other one says that they could not be run


@dataclass(frozen=True)
class Outcome:
    code: int
    tests: int
    failed: tuple[str, ...]
    seconds: float

    @property
    def noticed(self) -> bool:
        return self.code == FAILED and bool(self.failed)


@contextmanager
def copied() -> Iterator[Path]:
    """The tree without what was built or stored in it."""
    with tempfile.TemporaryDirectory(prefix="deskhand-prove-") as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for name in PARTS:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / name, tree / name)
        yield tree


def run(tests: Sequence[str], tree: Path) -> Outcome:
    report, started = tree / "report.xml", time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", f"--junitxml={report}"]
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run([*command, *tests], cwd=tree, env=env, capture_output=True, timeout=PATIENCE, check=False)
        code = done.returncode
    except subprocess.TimeoutExpired:
        code = -1
    # What pytest wrote a moment ago is no untrusted XML.
    cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []  # noqa: S314
    failed = [case.get("name", "") for case in cases if case.find("failure") is not None]
    return Outcome(code, len(cases), tuple(failed), time.monotonic() - started)


def without(removal: Removal) -> Outcome:
    with copied() as tree:
        removal.apply(tree)
        return run(removal.tests, tree)


def main(arguments: list[str] | None = None) -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(
        arguments
    )
    every_test = sorted({test for removal in REMOVALS for test in removal.tests})
    with copied() as tree:
        untouched = run(every_test, tree)
    if untouched.code != 0:
        print(f"Nothing was taken out, and the tests fail already: {', '.join(untouched.failed)}", file=sys.stderr)
        return 2
    print(f"nothing taken out: {untouched.tests} tests pass in {untouched.seconds:.0f} s\n")
    print(f"{'taken out':75}  noticed  failed  seconds  for example")
    outcomes: dict[str, Outcome] = {}
    for removal in REMOVALS:
        try:
            got = outcomes[removal.name] = without(removal)
        except NotThere as error:
            print(f"{removal.name}: {error}", file=sys.stderr)
            return 2
        count, first = (
            f"{len(got.failed)}/{got.tests}",
            got.failed[0] if got.failed else f"pytest ended with {got.code}",
        )
        print(
            f"{removal.name:75}  {'yes' if got.noticed else 'NO':7}  {count:6}  {got.seconds:7.1f}  {first}", flush=True
        )
    unnoticed = [name for name, got in outcomes.items() if not got.noticed]
    figures = {
        "removals": len(outcomes),
        "noticed": len(outcomes) - len(unnoticed),
        "unnoticed": unnoticed,
        "failed": {name: len(got.failed) for name, got in outcomes.items()},
        "seconds": round(untouched.seconds + sum(got.seconds for got in outcomes.values()), 1),
    }
    print(json.dumps(figures))
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
