"""Looks the whole installation over, and says what to do: settings, keys, rights, rules, models, index, clock, disk.

    scripts/doctor.py            a table for people
    scripts/doctor.py --json     {"checks": [{"name", "health", "says", "todo"}], "ok", "look", "warning", "broken"}

Nothing is sent, and nothing is changed, in Freshdesk or here, but for one row of the ledger that says whether it can be
written. "look" is what no program can see. No secret is printed.
Exit codes: 0 well, 1 something is broken, 2 warnings only; 130 broken off.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly
from worker.errors import BadConfiguration
from worker.operations.numbers import seconds


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--seconds", type=seconds, default=30.0, help="the longest that all checks together may take")
    asked = parser.parse_args(arguments)
    from worker.log import start_logging
    from worker.operations.checkup import Said, as_json, as_table, broken, exit_code
    from worker.operations.doctor import examine
    from worker.operations.where import beside_the_stack
    from worker.settings import env_file, load_settings

    start_logging("error", "console")  # what a check finds is told by the check
    logging.getLogger("worker").setLevel(logging.CRITICAL)
    found: list[Said]
    try:
        settings = beside_the_stack(load_settings())
    except BadConfiguration as error:
        todo = "Correct it, then run this again; docs/operations.md lists every setting."
        found = [broken("settings", problem, todo) for problem in error.problems]
    else:
        found = examine(settings, env_file(), asked.seconds)
    print(json.dumps(as_json(found), ensure_ascii=False) if asked.json else as_table(found), flush=True)
    code = exit_code(found)
    if arguments is None:
        os._exit(code)  # a check that hangs must not keep the process
    return code


if __name__ == "__main__":
    end_quietly("Broken off: not everything was looked at. Nothing was changed.")
    main()
