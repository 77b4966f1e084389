"""A process dies at every point where it can matter, on both databases: whoever comes after gets to the same end.

The points are read from the source, so that a new one is tested from the day it is written. What counts is the
sandbox's own journal: how often the customer was written to, not what our ledger believes.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.answering import QUESTION
from tests.builders import a_message, a_thread
from tests.crash.lives import DIED, Place, let_time_pass, live_and_die, live_on
from tests.sandbox_server import RunningSandbox
from worker.adapters.store.ledger import open_ledger
from worker.models import Ring, Status
from worker.settings import ROOT

ABSENCE = "<p>This is an automated reply. I am away.</p>"
AGAIN = f"<p>{QUESTION}</p>"


@dataclass(frozen=True)
class Story:
    """What happens, whoever dies meanwhile. `wrong`: faults of the sandbox; `before`: points at which earlier processes
    have died already."""

    replies: int = 0
    notes: int = 0
    ends: tuple[Status, ...] = ()
    wrong: tuple[dict[str, Any], ...] = ()
    place: dict[str, bool] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    left_open: bool = False


SENT, PERSON = (Status.SENT,), (Status.HANDED_OVER,)
MEANWHILE = {"endpoint": "ticket", "moment": "before", "skip": 1, "first": 1}
STORIES = {
    "sent": Story(1, 0, SENT),
    "polled": Story(1, 0, SENT, place={"polled": True}),
    "busy": Story(1, 0, SENT, place={"busy": True}),
    "held": Story(0, 1, (Status.HELD,), place={"review": True}),
    "poisoned": Story(0, 1, PERSON, place={"poisoned": True}),
    "cut": Story(1, 0, SENT, ({"kind": "commit_then_cut", "endpoint": "reply", "first": 1},)),
    "refused": Story(1, 0, SENT, ({"kind": "rate_limit", "endpoint": "reply", "first": 1, "retry_after": 5},)),
    "refused for good": Story(0, 1, PERSON, ({"kind": "missing_field", "endpoint": "reply"},)),
    "always cut": Story(0, 1, PERSON, ({"kind": "cut", "endpoint": "reply"},)),
    "wrote again": Story(
        1, 0, (Status.SUPERSEDED, Status.SENT), ({"kind": "customer_writes", "html": AGAIN, **MEANWHILE},)
    ),
    "absent": Story(
        0, 1, (Status.HANDED_OVER, Status.IGNORED), ({"kind": "auto_reply", "html": ABSENCE, **MEANWHILE},)
    ),
    "just posted": Story(1, 0, SENT, before=("deliver.posted",)),
    "left open": Story(1, 0, SENT, left_open=True),
}
TOLD_IN = {  # which story gets to a point; "sent" where none is named
    "dispatch.rechecked": "left open",
    "draft.parked": "busy",
    "draft.noted": "absent",
    "deliver.settling": "just posted",
    "deliver.in_doubt": "cut",
    "deliver.looked_back": "cut",
    "deliver.found_recorded": "cut",
    "deliver.refused": "refused",
    "deliver.parked": "refused",
    "deliver.dropped": "wrote again",
    "deliver.given_up": "refused for good",
    "deliver.stranded": "always cut",
}
TOLD_IN_WAYS = {"poll": "polled", "rescue": "poisoned"}


def crash_points() -> list[str]:
    """Every name that is given to crash_point anywhere in the source."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "worker").rglob("*.py"))]
    calls = [
        node
        for text in texts
        if "crash_point" in text  # to parse everything takes seconds, in each process that collects the tests
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "crash_point"
    ]
    return [ast.literal_eval(call.args[0]) for call in calls]


POINTS = crash_points()


def story_of(point: str) -> Story:
    return STORIES[TOLD_IN.get(point) or TOLD_IN_WAYS.get(point.partition(".")[0], "sent")]


def begun(story: Story, sandbox: RunningSandbox, url: str) -> Place:
    ticket_id = sandbox.mail("asha@example.com", "Withdrawal", f"<p>{QUESTION}</p>", name="Asha Rao")
    for fault in story.wrong:
        sandbox.goes_wrong(**fault)
    if story.left_open:
        leave_open(url, ticket_id)
    place = Place(url, sandbox.freshdesk_url, ticket_id, **story.place)
    for point in story.before:
        assert live_and_die(place, point) == DIED
        let_time_pass(place, timedelta(minutes=2), leases_only=True)
    return place


def leave_open(url: str, ticket_id: int) -> None:
    ledger = open_ledger(url)
    doorbell = ledger.doorbells.claim(ledger.doorbells.ring(Ring.WEBHOOK, ticket_id), timedelta(seconds=60))
    assert doorbell is not None
    assert ledger.cases.open(a_thread(ticket_id, a_message(QUESTION)), "ticket", doorbell, timedelta(seconds=-1))
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "nothing new")
    ledger.close()


def check(story: Story, place: Place, sandbox: RunningSandbox) -> None:
    assert len(sandbox.replies(place.ticket_id)) == story.replies
    assert len(sandbox.notes(place.ticket_id)) == story.notes, "a note was lost or doubled"
    ledger = open_ledger(place.url)
    ended = sorted(case.status for case in ledger.cases.of_ticket(place.ticket_id))
    ledger.close()
    assert ended == sorted(story.ends)


def test_every_crash_point_has_a_name_of_its_own() -> None:
    assert len(POINTS) > 35
    assert len(set(POINTS)) == len(POINTS)
    assert {*TOLD_IN} <= set(POINTS)
    assert {point.partition(".")[0] for point in POINTS} == {
        "webhook", "poll", "dispatch", "draft", "rescue", "deliver",
    }  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_whoever_comes_after_a_process_that_died_gets_to_the_same_end(
    point: str, sql_url: str, sandbox: RunningSandbox
) -> None:
    story = story_of(point)
    place = begun(story, sandbox, sql_url)

    assert live_and_die(place, point) == DIED, f"{point} was not reached"
    let_time_pass(place, timedelta(minutes=2), leases_only=True)
    live_on(place)

    check(story, place, sandbox)


@pytest.mark.parametrize("name", STORIES)
def test_each_story_has_that_end_where_nobody_dies(name: str, sqlite_url: str, sandbox: RunningSandbox) -> None:
    place = begun(STORIES[name], sandbox, sqlite_url)

    live_on(place)

    check(STORIES[name], place, sandbox)
