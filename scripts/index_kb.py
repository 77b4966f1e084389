"""Reindex kb/ into Milvus without downtime, while the service is up or down."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tqdm import tqdm

from worker.bootstrap import approved_before, embedder_name, load_kb, make_embedder, open_shelf
from worker.errors import BadConfiguration, Trouble
from worker.knowledge.index import BuildReport, build, unchanged
from worker.log import start_logging
from worker.settings import load_settings


class Bar:
    """A progress bar for each stage of a build, on standard error."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._stage = ""
        self._bar: tqdm | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self._quiet:
            return
        if stage != self._stage:
            self.close()
            self._stage, self._bar = stage, tqdm(total=total, desc=stage, file=sys.stderr)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="embed and write everything anew")
    parser.add_argument("--learn", action="store_true", help="let the choice of templates learn from approved replies")
    parser.add_argument("--rollback", action="store_true", help="make the index before the live one live again")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no report; errors are told")
    return parser.parse_args()


def told(report: BuildReport) -> str:
    """The report for people."""
    if not report.swapped:
        return f"Nothing has changed: {report.collection} stays live ({report.sources} sources, {report.rows} rows)."
    lines = [f"{report.collection} is live: {report.sources} sources, {report.rows} rows, {report.seconds:.1f} s."]
    for name in ("added", "changed", "gone"):
        ids: tuple[str, ...] = getattr(report, name)
        if ids:
            lines.append(f"  {name}: {len(ids)} ({', '.join(ids[:5])}{', ...' if len(ids) > 5 else ''})")
    lines.append(f"  unchanged: {report.unchanged}; {report.embedded} texts embedded, {report.reused} vectors kept")
    return "\n".join(lines)


def run(options: argparse.Namespace) -> str:
    settings = load_settings()
    start_logging(level="warning", fmt="console")
    if options.rollback:
        with open_shelf(settings) as shelf:
            name = shelf.rollback()
        return json.dumps({"collection": name}) if options.json else f"{name} is live again."
    kb = load_kb(settings)  # before anything is opened: a broken file stops it here
    approved = approved_before(settings) if options.learn else []
    bar = Bar(options.quiet or options.json)
    try:
        with open_shelf(settings) as shelf:
            report = None if options.full else unchanged(kb, embedder_name(settings), shelf, approved)
            if report is None:
                embedder = make_embedder(settings)
                report = build(kb, embedder, shelf, full=options.full, progress=bar, approved=approved)
    finally:
        bar.close()
    return report.model_dump_json() if options.json else told(report)


def main() -> int:
    options = arguments()
    try:
        outcome = run(options)
    except BadConfiguration as error:
        print("The live index stays as it is. Please correct:", *error.problems, sep="\n  ", file=sys.stderr)
        return 2
    except Trouble as trouble:
        print(f"The live index stays as it is: {trouble.reason}.", file=sys.stderr)
        return 1
    if options.json or not options.quiet:
        print(outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main())
