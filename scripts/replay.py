"""Old tickets through the pipeline, as if they had just come in. Nothing is sent, nothing is written anywhere.

    scripts/replay.py --ticket 4711                a ticket of Freshdesk, every stage printed (reads it)
    scripts/replay.py --case c63a...               a case of the ledger, as it was read then
    scripts/replay.py old.json                     tickets from a file, beside what colleagues had written: the figures
    scripts/replay.py old.csv --page report.html --rows report.jsonl      also side by side, for those who may read it

A file is JSON as Freshdesk's API or export gives tickets (with their conversations; one, a list, or one a line), or CSV
with the columns ticket_id,subject,message,reply and, if you like, email,name,requester_id,created_at. A file with one
ticket prints its stages. Groq is asked as usual, and costs tokens. Exit codes: 0 done; 1 some failed, a part did not
answer, or page or rows could not be written; 2 the file, the id, where to write or the settings are wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly
from worker.errors import BadConfiguration, Permanent, Trouble
from worker.operations.numbers import from_one

if TYPE_CHECKING:
    from worker.adapters.store.ledger import SqlLedger
    from worker.models import Thread
    from worker.operations.replaying import Replayed
    from worker.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    asked = _arguments().parse_args(arguments)
    if sum(bool(way) for way in (asked.file, asked.ticket, asked.case)) != 1:
        print("Which tickets? Give one of: a file, --ticket or --case (see --help).", file=sys.stderr)
        return 2
    from worker.log import start_logging
    from worker.operations.replay_files import refusal

    if why := refusal(asked.file, asked.page, asked.rows):  # before tokens are spent on what could not be written
        print(why, file=sys.stderr)
        return 2
    start_logging("error", "console")
    try:
        done = _replayed(asked)
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except Trouble as trouble:
        part = (trouble.part or "a part").capitalize()
        print(f"{part} did not answer as it should: {trouble.advised()}", file=sys.stderr)
        return 1
    written = _tell(done, asked)
    return 0 if written and not any(one.failed for one in done) else 1


def _replayed(asked: argparse.Namespace) -> list[Replayed]:
    from tqdm import tqdm

    from worker.bootstrap import load_rules, open_ledger_for
    from worker.operations.old_tickets import as_it_was_asked
    from worker.operations.replaying import replay_all, replay_desk
    from worker.operations.where import beside_the_stack
    from worker.settings import load_settings
    from worker.support.letters import tags_of

    settings = beside_the_stack(load_settings())
    ledger = open_ledger_for(settings, makes=False)
    try:
        threads, key = _threads(asked, settings, ledger)
        tags = astuple(tags_of(load_rules(settings)))
        ask = bool(asked.ticket or (asked.case and settings.freshdesk_url))
        every = [one for thread in threads if (one := as_it_was_asked(thread, tags, key))]
        if not every:
            raise BadConfiguration("No customer wrote in any of these tickets.")
        with (
            replay_desk(settings, ledger, ask_freshdesk=ask) as desk,
            tqdm(total=len(every), file=sys.stderr, disable=len(every) == 1) as bar,
        ):
            return replay_all(every[: asked.most], desk, asked.at_once, bar.update)
    finally:
        ledger.close()


def _threads(asked: argparse.Namespace, settings: Settings, ledger: SqlLedger) -> tuple[list[Thread], str]:
    """The tickets, and the key of the message that is meant ("": to be found out)."""
    from worker.bootstrap import make_helpdesk
    from worker.operations.old_tickets import read_tickets

    if asked.file:
        return read_tickets(asked.file), ""
    if asked.ticket:
        try:
            return [make_helpdesk(settings).thread(asked.ticket)], ""
        except Permanent as trouble:
            if trouble.code != 404:
                raise
            raise BadConfiguration(f"There is no ticket {asked.ticket} in {settings.freshdesk_url}.") from None
    case, thread = ledger.cases.get(asked.case), ledger.cases.thread(asked.case)
    if case is None or thread is None:
        where = "; the page of a case in the console names it (no ticket's number: that is --ticket)"
        raise BadConfiguration(f"The ledger has no case {asked.case}, or its thread is not kept any more{where}.")
    return [thread], case.message_key


def _tell(done: Sequence[Replayed], asked: argparse.Namespace) -> bool:
    """The figures in any case; whether page and rows were written."""
    from worker.operations.replay_files import write
    from worker.operations.replay_report import page, rows, stages, summary, told

    found = summary(done)
    failed = []
    if asked.page:
        failed.append(write(asked.page, page(done, found)))
    if asked.rows:
        failed.append(write(asked.rows, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(done))))
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(stages(done[0]) if len(done) == 1 else told(found))
    for why in filter(None, failed):
        print(why, file=sys.stderr)
    return not any(failed)


def _up_to_32(written: str) -> int:
    if (number := from_one(written)) > 32:
        raise argparse.ArgumentTypeError(f"{written} is more than 32")
    return number


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, help="JSON, JSON lines or CSV")
    parser.add_argument("--ticket", type=from_one, metavar="NUMBER", help="of a ticket in Freshdesk")
    parser.add_argument("--case", metavar="ID", help="of a case in the ledger, as the console shows it")
    parser.add_argument("--most", type=from_one, metavar="N", help="only the first N tickets of the file")
    parser.add_argument("--at-once", type=_up_to_32, default=4, metavar="1..32", help="tickets at a time (4)")
    parser.add_argument("--page", type=Path, metavar="FILE", help="an HTML page side by side (holds customers' mail)")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="one JSON object a ticket (holds customers' mail)")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object on standard output")
    return parser


if __name__ == "__main__":
    end_quietly("Broken off: nothing was sent and nothing was written.")
    sys.exit(main())
