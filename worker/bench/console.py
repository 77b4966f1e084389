"""`bench.py console`: how long the console takes over thousands of held drafts, for those who wait for each page.

The queue as it opens, with filters chosen, with a search, with both; a case, the approval of its draft, and the
question that an open page asks every few seconds. Times of the server as a browser on this machine has them; see
served.py for what is measured, crowd.py for the drafts. Freshdesk and the index are left out: an approval asks them,
and their time is theirs.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from contextlib import closing
from pathlib import Path

from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.migrations import migrate
from worker.bench.crowd import fill
from worker.bench.served import Browser, console_over
from worker.bench.took import Took, percentiles
from worker.bootstrap import load_kb, load_rules
from worker.console.people import REVIEWER, add_user, sign_in_link
from worker.errors import BadConfiguration, Permanent
from worker.evaluation.suite import Figures, Screen, Suite
from worker.settings import load_settings
from worker.support.letters import letter_for

# Milliseconds within which 95 of 100 answers must be there.
BOUNDS = {"queue": 150.0, "sifted": 150.0, "search": 150.0, "both": 150.0, "case": 100.0, "approve": 100.0}
WARM = 10  # requests of each kind before the first that counts
WORDS = "withdrawal last week"  # which nearly every mail holds: the search that has most to do
SIFTED = "/?segment=IM&finding=exact&sure=verified"


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    if options.requests < 2 or options.drafts < options.requests + WARM:
        raise BadConfiguration("Give at least two requests, and ten drafts more than requests: each approves one.")
    settings = load_settings()
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as name:
        folder = Path(name)
        url = options.database or f"sqlite:///{folder / 'ledger.db'}"
        migrate(url)
        with closing(open_ledger(url)) as ledger:
            fill(ledger, load_kb(settings), letter_for(load_rules(settings), "Asha"), options.drafts, screen.tick)
            with console_over(url, folder) as browser:
                took = _visit(browser, ledger, options.requests, screen)
    return figures(took, options)


def figures(took: dict[str, Took], options: argparse.Namespace) -> Figures:
    """Medians and 95th percentiles in milliseconds. `within`: whether wall times keep to BOUNDS."""
    found: dict[str, object] = {"drafts": options.drafts, "requests": options.requests}
    for name, times in took.items():
        for kind, values in (("", times.wall), ("cpu_", times.cpu)):
            p50, p95 = percentiles(values)
            found |= {f"{name}_{kind}p50_ms": p50, f"{name}_{kind}p95_ms": p95}
    found["within"] = all(
        (percentiles(took[name].wall)[1] or 0.0) < bound for name, bound in BOUNDS.items() if name in took
    )
    return found


def _visit(browser: Browser, ledger: SqlLedger, requests: int, screen: Screen) -> dict[str, Took]:
    """A morning in short: the queue, filters, a search, a case, its approval, again and again."""
    csrf = _sign_in(browser, ledger)
    took = {name: Took() for name in ("queue", "sifted", "search", "both", "case", "watch", "approve")}
    drafts = [row.case.case_id for row in ledger.reviews.held(limit=requests + WARM)]
    for number, case_id in enumerate(drafts):
        into = took if number >= WARM else {name: Took() for name in took}
        draft_id, draft, _ = ledger.cases.drafts(case_id)[-1]
        shown = {"csrf": csrf, "draft_id": draft_id, "body_hash": draft.body_hash}
        page = browser.get("/", into["queue"])
        _expect(page.status == 200 and page.body.count('class="mail"') == 25, "the queue did not open")
        page = browser.get(SIFTED, into["sifted"])
        _expect(page.status == 200 and 'class="mail"' in page.body, "the filters left nothing")
        search = f"q={WORDS.replace(' ', '+')}"
        _expect(browser.get(f"/?{search}", into["search"]).status == 200, "the search failed")
        _expect(browser.get(f"{SIFTED}&{search}", into["both"]).status == 200, "the search among the filtered failed")
        page = browser.get(f"/cases/{case_id}", into["case"])
        _expect(page.status == 200 and draft.body_hash in page.body, "a case did not open")
        _expect(browser.post(f"/cases/{case_id}/watch", shown, into["watch"]).status == 200, "a page got no news")
        done = browser.post(f"/cases/{case_id}/approve", shown, into["approve"])
        _expect(done.status == 303, "an approval was refused")
        screen.tick("requests", number + 1, len(drafts))
    return took


def _sign_in(browser: Browser, ledger: SqlLedger) -> str:
    add_user(ledger.users, "bench", REVIEWER, None)
    link = sign_in_link(ledger.users, "bench", "")
    token = {"token": link.partition("token=")[2], "csrf": _csrf(browser.get(link).body)}
    _expect(browser.post("/enter", token).status == 303, "nobody could sign in")
    return _csrf(browser.get("/").body)


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    _expect(found is not None, "a page holds no form")
    return found[1] if found else ""


def _expect(happened: bool, otherwise: str) -> None:
    if not happened:
        raise Permanent(otherwise, part="console")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--drafts", type=int, default=10_000, metavar="N", help="held drafts in the ledger (10000)")
    parser.add_argument("--requests", type=int, default=200, metavar="N", help="of each kind that count (200)")
    parser.add_argument("--database", metavar="URL", help="an empty ledger to fill, instead of a temporary SQLite file")


SUITE = Suite(
    name="console",
    about="The console's pages and approvals over thousands of held drafts.",
    arguments=_arguments,
    measure=measure,
)
