"""Reindex kb/ into Milvus without downtime, while the service is up or down; says what that changes before it swaps."""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly, say_instead

if __name__ == "__main__":  # before the libraries are loaded, which takes a second
    end_quietly("Broken off: the live index stays as it was. What was begun beside it is dropped by the next reindex.")

from worker.bootstrap_index import Back, Reindexed, Wish, indexes, reindex, roll_back
from worker.errors import BadConfiguration, Trouble
from worker.knowledge.change import is_passage
from worker.log import start_logging
from worker.operations.numbers import from_one
from worker.settings import Settings, load_settings

REFUSED = 3
SWAPPING = "Broken off while indexes changed places: --list names the one that is live. Run this again."


class Bar:
    """A progress bar for each stage of a build, on standard error."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._stage = ""
        self._bar: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == "swap":
            say_instead(SWAPPING)
        if self._quiet:
            return
        from tqdm import tqdm

        if stage != self._stage:
            self.close()
            self._stage, self._bar = stage, tqdm(total=total, desc=stage, file=sys.stderr)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preview", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--force", action="store_true", help="swap, however much that changes")
    parser.add_argument(
        "--at-start",
        action="store_true",
        help="a change that is too big is no failure: ends with 0; waits for another reindex",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="do not take the seconds in which layers are tuned for the choice of templates",
    )
    parser.add_argument("--full", action="store_true", help="embed and write everything anew")
    parser.add_argument("--learn", action="store_true", help="let the choice of templates learn from approved replies")
    parser.add_argument(
        "--rollback",
        nargs="?",
        type=from_one,
        const=1,
        metavar="STEPS",
        help="make the index before the live one live again, or the one so many steps before it",
    )
    parser.add_argument("--list", action="store_true", help="name the live index and those that --rollback reaches")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no report; errors are told")
    options = parser.parse_args(given)
    builds = options.preview or options.force or options.full or options.learn or options.at_start or options.quick
    if options.rollback is not None and (builds or options.list):
        parser.error("--rollback goes back at once, and goes with --json and --quiet only")
    if options.list and builds:
        parser.error("--list changes nothing, and goes with --json only")
    return options


def told(done: Reindexed) -> str:
    """The report for people."""
    if not done.looked:
        return f"Nothing has changed: {done.collection} stays live ({done.sources} sources, {done.rows} rows)."
    head = f"{done.collection} is live" if done.swapped else f"{done.collection or 'No index'} stays live"
    lines = [f"{head}. kb/: {done.sources} sources, {done.rows} rows, {done.seconds:.1f} s."]
    for name in ("added", "changed", "gone"):
        ids: tuple[str, ...] = getattr(done, name)
        for kind, mine in (
            ("templates", [i for i in ids if not is_passage(i)]),
            ("passages", [i for i in ids if is_passage(i)]),
        ):
            if mine:
                lines.append(f"  {name}: {len(mine)} {kind} ({_first(mine)})")
    lines.append(f"  unchanged: {done.unchanged}; {done.embedded} texts embedded, {done.reused} vectors kept")
    lines += _renamed(done)
    lines += [f"  {label}: {before} sources, then {after}" for label, (before, after) in done.shrinking.items()]
    if done.widened:
        lines.append(f"  open to more customers than before: {len(done.widened)} ({_first(done.widened)})")
    lines += _asked_again(done)
    return "\n".join([*lines, *_marked(done)])


def _renamed(done: Reindexed) -> list[str]:
    lines = []
    for kind, mine in (
        ("templates", [pair for pair in done.renamed if not is_passage(pair[0])]),
        ("passages", [pair for pair in done.renamed if is_passage(pair[0])]),
    ):
        if mine:
            lines.append(f"  renamed: {len(mine)} {kind} ({_first([f'{was} is now {now}' for was, now in mine])})")
        if mine and kind == "templates":
            lines.append("    rules/routing.yaml and what the gate has learnt know a template by its name of before")
    return lines


def _marked(done: Reindexed | Back) -> list[str]:
    if done.not_marked:
        return [f"  Open drafts could not be marked: {done.not_marked}."]
    if done.stale:
        return [f"  open drafts that cite what has changed: {len(done.stale)} (tickets {_first(done.stale)})"]
    return []


def _asked_again(done: Reindexed) -> list[str]:
    effect = done.effect
    if effect is None:
        return [f"  No ticket was asked again: {done.not_asked}."] if done.not_asked else []
    lines = [f"  {effect.asked} answered tickets were asked again."]
    for tickets, what in (
        (effect.other_sources, "get other sources"),
        (effect.lost, "lose their only source for a question"),
        (effect.to_people, "were answered and are left to a person"),
        (effect.to_answers, "were left to a person and are answered"),
    ):
        lines.append(f"    {what}: {len(tickets)}" + (f" (tickets {_first(tickets)})" if tickets else ""))
    return lines


def _first(ids: Sequence[object], most: int = 5) -> str:
    return ", ".join(map(str, ids[:most])) + (", ..." if len(ids) > most else "")


def _back(options: argparse.Namespace, settings: Settings) -> str:
    say_instead(SWAPPING)
    done = roll_back(settings, options.rollback)
    if options.json:
        return done.model_dump_json()
    return "\n".join([f"{done.collection} is live again, after {done.seconds:.2f} s.", *_marked(done)])


def _there(options: argparse.Namespace, settings: Settings) -> str:
    live, *earlier = indexes(settings)
    if options.json:
        return json.dumps({"live": live, "earlier": earlier})
    if not live:
        return "There is no index yet."
    named = [("live", live), *((f"--rollback {steps}", name) for steps, name in enumerate(earlier, 1))]
    return "\n".join(f"{what:<13} {name}{_built(name)}" for what, name in named)


def _built(name: str) -> str:
    """Of a collection's name when it was begun, for people."""
    found = re.search(r"_(\d{8}T\d{4})", name)
    return f", of {datetime.strptime(found[1], '%Y%m%dT%H%M'):%Y-%m-%d %H:%M} UTC" if found else ""


def run(options: argparse.Namespace) -> int:
    settings = load_settings()
    start_logging(level="warning", fmt="console")
    if options.list:
        print(_there(options, settings))
        return 0
    if options.rollback is not None:
        print(_back(options, settings))
        return 0
    bar = Bar(options.quiet or options.json)
    wish = Wish(
        full=options.full,
        learn=options.learn,
        preview=options.preview,
        force=options.force,
        wait=options.at_start,
        quick=options.quick,
    )
    try:
        done = reindex(settings, wish, bar)
    finally:
        bar.close()
    if options.json:
        print(done.model_dump_json())
    elif not options.quiet:
        print(told(done))
    if not done.refused:
        return 0
    head = "This needs --force:" if options.preview else "The live index stays as it is. The change needs --force:"
    print(head, *done.refused, sep="\n  ", file=sys.stderr)
    return 0 if options.preview or options.at_start else REFUSED


def main(given: Sequence[str] | None = None) -> int:
    try:
        return run(arguments(given))
    except BadConfiguration as error:
        print("The live index stays as it is. Please correct:", *error.problems, sep="\n  ", file=sys.stderr)
        return 2
    except Trouble as trouble:
        print(f"The live index stays as it is: {trouble.advised()}", file=sys.stderr)
        return 1


def _leave(code: int) -> NoReturn:
    """Ends the process without taking the model's library apart, which takes it longer than to see that nothing has
    changed. All that is open was closed before."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    gc.set_threshold(50_000, 50, 50)  # of all that is read hardly anything is thrown away before the end
    _leave(main())
