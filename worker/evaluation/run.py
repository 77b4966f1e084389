"""From the command line to one JSON object: `main` is what scripts/evaluate.py calls.

Standard output gets the JSON object as its last line and nothing else; the table for people and the progress bars go to
standard error. Exit 2 for files or options that cannot be used, 1 for trouble with a part.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from worker.errors import BadConfiguration, Trouble
from worker.evaluation import (
    gate,
    grounding,
    hostile,
    incident,
    injection,
    intents,
    isolation,
    mutations,
    replies,
    retrieval,
    swaps,
    templates,
)
from worker.evaluation.suite import Figures, Screen, Suite
from worker.log import start_logging

SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        intents.SUITE,
        templates.SUITE,
        retrieval.SUITE,
        replies.SUITE,
        isolation.SUITE,
        swaps.SUITE,
        mutations.SUITE,
        injection.SUITE,
        grounding.SUITE,
        hostile.SUITE,
        gate.SUITE,
        incident.SUITE,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    return conduct(SUITES[options.suite], options, Screen(quiet=options.quiet))


def conduct(suite: Suite, options: argparse.Namespace, screen: Screen) -> int:
    """Measures, prints the figures, and returns the exit code. Speed (scripts/bench.py) is measured in the same way."""
    start_logging(level="error", fmt="console")
    try:
        figures = suite.measure(options, screen)
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except Trouble as trouble:
        print(f"The measurement was broken off: {trouble.reason}.", file=sys.stderr)
        return 1
    finally:
        screen.close()
    screen.say(table(figures))
    print(json.dumps(figures), flush=True)
    return 0


def table(figures: Figures) -> str:
    """The figures for people, one line each; an interval stands beside its figure."""
    width = max(map(len, figures), default=0)
    lines = []
    for name, value in figures.items():
        if name.endswith("_ci95"):
            continue
        interval = figures.get(f"{name}_ci95")
        beside = f"   (95 %: {_told(interval[0])} to {_told(interval[1])})" if interval else ""
        lines.append(f"{name:<{width}}  {_told(value)}{beside}")
    return "\n".join(lines)


def _told(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evaluate.py", description="Quality on files of your own.")
    suites = parser.add_subparsers(dest="suite", required=True, metavar="SUITE")
    for suite in SUITES.values():
        one = suites.add_parser(suite.name, help=suite.about, description=suite.about)
        suite.arguments(one)
        one.add_argument("--quiet", action="store_true", help="no table and no progress on standard error")
    return parser
