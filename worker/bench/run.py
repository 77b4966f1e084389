"""From the command line to one JSON object: `main` is what scripts/bench.py calls.

Standard output gets the JSON object as its last line and nothing else; the table for people and the progress bars go to
standard error. Exit 2 for options that cannot be used, 1 for trouble with a part.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from worker.bench import ack, console, guards, index, limiter, picture, pipeline, query, soak, throughput
from worker.evaluation.run import conduct
from worker.evaluation.suite import Screen, Suite

SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        ack.SUITE,
        console.SUITE,
        guards.SUITE,
        index.SUITE,
        limiter.SUITE,
        pipeline.SUITE,
        query.SUITE,
        soak.SUITE,
        throughput.SUITE,
        picture.SUITE,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    return conduct(SUITES[options.suite], options, Screen(quiet=options.json))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.py", description="Speed on this machine.")
    suites = parser.add_subparsers(dest="suite", required=True, metavar="SUITE")
    for suite in SUITES.values():
        one = suites.add_parser(suite.name, help=suite.about, description=suite.about)
        suite.arguments(one)
        one.add_argument("--json", action="store_true", help="the JSON object only: no table, no progress")
    return parser
