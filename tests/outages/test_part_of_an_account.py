"""What docs/freshdesk-setup.md says of the rules' conditions, and of giving Deskhand a part of an account."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.outages.house import QUESTION, House, a_house
from tests.sandbox_server import running_sandbox
from worker.intake.poller import poll
from worker.models import Status
from worker.rulebook import Rulebook, load_rulebook
from worker.sandbox.samples import Requester, Sample, put
from worker.settings import ROOT


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_sandbox() as sandbox, a_house(tmp_path, sandbox) as opened:
        yield opened


def unannounced(house: House, **sample: Any) -> int:
    """A mail for which no rule of Freshdesk rings."""
    who = Requester(email=f"asha{next(house.written)}@example.com", name="Asha Rao")
    given = {"requester": who, "subject": "Withdrawal", "html": QUESTION} | sample
    return put(house.sandbox.state.world, Sample.model_validate(given)).id


def two_minutes_later(house: House, slack: timedelta = timedelta(days=1)) -> None:
    poll(house.desk.helpdesk, house.ledger.doorbells, lambda queue, row: None, datetime.now(UTC), slack=slack)
    house.work()


def with_the_guides_rule(folder: Path) -> Rulebook:
    guide = (ROOT / "docs" / "freshdesk-setup.md").read_text(encoding="utf-8")
    [rule] = re.findall(r"```yaml\n(  - id: .*?)```", guide, re.S)
    rules = shutil.copytree(ROOT / "rules", folder / "rules")
    routing = rules / "routing.yaml"
    routing.write_text(routing.read_text(encoding="utf-8").replace("ignore:\n", f"ignore:\n{rule}\n", 1))
    return load_rulebook(rules)


def test_what_freshdesk_does_not_ring_for_is_read_all_the_same_and_judged_by_the_rules(house: House) -> None:
    question, absent = unannounced(house), unannounced(house, subject="Automatic reply: Withdrawal")
    chat = unannounced(house, source=7)
    two_minutes_later(house)
    assert [house.case(t).status for t in (question, absent, chat)] == [Status.SENT, Status.IGNORED, Status.IGNORED]


def test_with_the_guides_rule_only_tickets_with_the_tag_are_answered(house: House, tmp_path: Path) -> None:
    house.desk = replace(house.desk, rulebook=with_the_guides_rule(tmp_path))
    ours, theirs = unannounced(house, tags=["vip", "for-deskhand"]), unannounced(house, tags=["vip"])
    two_minutes_later(house)
    assert [house.case(ticket).status for ticket in (ours, theirs)] == [Status.SENT, Status.IGNORED]
    assert house.sandbox.notes(theirs) == []


def test_a_tag_that_comes_later_counts_from_the_customers_next_message_on(house: House, tmp_path: Path) -> None:
    house.desk = replace(house.desk, rulebook=with_the_guides_rule(tmp_path))
    ticket = unannounced(house)
    two_minutes_later(house)
    house.sandbox.changed(ticket, tags=["for-deskhand"])
    two_minutes_later(house)
    assert house.case(ticket).status is Status.IGNORED
    house.sandbox.says(ticket, QUESTION)
    two_minutes_later(house)
    assert (house.case(ticket).status, len(house.sandbox.replies(ticket))) == (Status.SENT, 1)


def test_a_webhook_for_a_ticket_that_the_agent_may_not_see_ends_as_handed_over(house: House) -> None:
    house.sandbox.goes_wrong("refuse", "* /api/v2/tickets/**", status=403)
    ticket = house.mail()
    for _ in range(4):
        house.work()
        house.passes(400)
    assert house.case(ticket).status is Status.HANDED_OVER
