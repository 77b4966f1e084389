"""The gate's nights over a ledger: once each, one step at a time, told with numbers; harm does not wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from tests.builders import a_draft, a_reply, a_trace
from tests.contract.steps import conclude, newest_draft, opened
from tests.support.earning.kinds import KIND, START, a_standing, an_outcome
from worker.adapters.memory import MemoryLedger
from worker.adapters.memory.earning import MemoryEarning
from worker.dispatcher import Gatekeeper
from worker.models import Assessed, GateMove, Lesson, Outcome, Rung, Standing, Status, Treatment
from worker.ports import Ledger
from worker.support.earning import night as nights
from worker.support.earning.night import nightly, watch
from worker.support.earning.risk import chance

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_ledger(monkeypatch: pytest.MonkeyPatch, outcomes: list[Outcome], standing: Standing | None = None) -> Ledger:
    ledger = MemoryLedger()
    monkeypatch.setattr(MemoryEarning, "outcomes", lambda _self, limit: outcomes[::-1][:limit])
    if standing is not None:
        move = GateMove(at=START, before=Standing(kind=KIND), after=standing, why="So it is.")
        assert ledger.earning.step(move)
    return ledger


def told(n: int, wrong: int = 0, **fields: Any) -> list[Outcome]:
    return [an_outcome(i, wrong=i < wrong, **fields) for i in range(n)]


def test_a_night_learns_a_model_and_takes_one_step_with_its_numbers_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(monkeypatch, told(300), a_standing())
    with capture_logs() as logs:
        [move] = nightly(ledger, NOW, UTC) or []

    assert move.after.rung is ledger.earning.standing(KIND).rung is Rung.FIVE
    assert ledger.earning.moves(1) == [move]
    model = ledger.earning.model()
    assert model is not None
    assert (model.kind, model.n, model.report["told"], model.report["recent"]) == ("rates", 300, 300, 300)
    [moved] = [entry for entry in logs if entry["event"] == "gate_moved"]
    assert (moved["before"], moved["after"], moved["outcomes"], moved["wrong"]) == ("review", "5 %", 300, 0)
    assert nightly(ledger, NOW, UTC) is None


def test_a_step_is_told_though_the_night_fails_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(monkeypatch, told(300), a_standing())

    def broken(*_: Any) -> None:
        raise ValueError("no model")

    monkeypatch.setattr(nights, "learn", broken)
    with capture_logs() as logs, pytest.raises(ValueError, match="no model"):
        nightly(ledger, NOW, UTC)
    assert ledger.earning.standing(KIND).rung is Rung.FIVE
    assert [entry["event"] for entry in logs] == ["gate_moved"]


def test_a_night_that_fails_half_way_is_made_again_without_a_second_step(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    ledger, outcomes = MemoryLedger(clock), told(300)
    monkeypatch.setattr(MemoryEarning, "outcomes", lambda _self, _limit: outcomes)
    with monkeypatch.context() as broken:
        broken.setattr(nights, "learn", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            nightly(ledger, clock.at, UTC)
    assert ledger.earning.standing(KIND).rung is Rung.REVIEW

    clock.at += timedelta(minutes=31)
    assert nightly(ledger, clock.at, UTC) == []
    assert ledger.earning.model() is not None
    clock.at += timedelta(days=1)
    assert [move.after.rung for move in nightly(ledger, clock.at, UTC) or []] == [Rung.FIVE]


def test_what_is_only_known_from_a_report_is_not_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(monkeypatch, [*told(60), *told(20, wrong=20, alone=True, unasked=True)])
    nightly(ledger, NOW, UTC)
    model = ledger.earning.model()
    assert model is not None
    assert (model.n, model.wrong, model.report["told"]) == (60, 0, 60)


def test_what_would_leave_alone_grows_with_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(monkeypatch, [*told(300), *told(100, wrong=15, risk=0.15)])
    nightly(ledger, NOW, UTC)
    model = ledger.earning.model()
    assert model is not None
    alone = dict(model.report["alone"])
    assert (alone[0.5], alone[1.0], alone[2.0], alone[10.0]) == (0.0, 0.0, 0.75, 1.0)


def test_a_missed_night_is_made_up_for_as_soon_as_somebody_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(monkeypatch, told(60))
    done: list[object] = []
    monkeypatch.setattr(nights, "learn", lambda _ledger, _outcomes, now: done.append(now.date()))
    clock = [NOW]
    keeper = Gatekeeper(ledger, lambda: clock[0], ZoneInfo("Asia/Kolkata"))
    assert keeper.once() == 0
    assert done == []  # nobody has said anything yet
    monkeypatch.setattr(MemoryEarning, "last_heard", lambda _self: START)
    for at in (NOW, NOW + timedelta(hours=8), NOW + timedelta(hours=9), NOW + timedelta(days=3)):
        clock[0] = at
        keeper.once()
    # 02:00 in Kolkata is 20:30 UTC.
    assert done == [NOW.date(), NOW.date(), (NOW + timedelta(days=3)).date()]


def test_with_nothing_to_learn_from_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(monkeypatch, [])
    assert nightly(ledger, NOW, UTC) == []
    assert ledger.earning.model() is None


def test_harm_steps_down_between_nights_as_soon_as_it_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = told(80)
    ledger = a_ledger(monkeypatch, outcomes, a_standing(Rung.ALL))
    heard = [START]
    monkeypatch.setattr(MemoryEarning, "last_heard", lambda _self: heard[0])
    keeper = Gatekeeper(ledger, lambda: NOW, ZoneInfo("UTC"))
    assert keeper.once() == 0

    outcomes += [an_outcome(80 + n, wrong=True) for n in range(6)]
    assert keeper.once() == 0  # nobody has said anything since it last looked
    heard[0] = NOW
    assert keeper.once() == 1
    assert ledger.earning.standing(KIND).rung is Rung.REVIEW


def test_nothing_is_watched_where_nothing_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(monkeypatch, told(80, wrong=40), a_standing())
    assert watch(ledger, NOW) == []


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def reviewed(ledger: Ledger, ticket_id: int, treatment: Treatment) -> None:
    """A draft as the pipeline leaves it for review, with the risk of tonight's model, and a lead's decision."""
    model = ledger.earning.model()
    risk = None if model is None else chance(model, {}, KIND)
    case = opened(ledger, ticket_id)
    trace = a_trace().model_copy(
        update={"assessed": Assessed(kind=KIND, risk=risk, model=model.version if model else 0)}
    )
    conclude(ledger, case, Status.HELD, draft=a_draft(), trace=trace)
    outgoing, lesson = a_reply(), Lesson(treatment=treatment, share=0.0)
    draft_id = newest_draft(ledger, case)
    assert ledger.reviews.approve(case.case_id, draft_id, outgoing.body_hash, outgoing, "meera", lesson=lesson)


def test_from_the_first_review_to_the_first_reply_alone_and_back() -> None:
    clock = Clock()
    ledger = MemoryLedger(clock)
    keeper = Gatekeeper(ledger, clock, ZoneInfo("UTC"))
    tickets = iter(range(1, 1_000))
    rungs = []
    for _ in range(6):
        for _ in range(70):
            clock.at += timedelta(minutes=5)
            reviewed(ledger, next(tickets), Treatment.UNTOUCHED)
        clock.at += timedelta(days=1)
        keeper.once()
        rungs.append(ledger.earning.standing(KIND).rung)
    # The first day has no model, so 70 outcomes count from the second on: 210 are too few, 280 are enough.
    assert rungs == [Rung.SHADOW, Rung.REVIEW, Rung.REVIEW, Rung.REVIEW, Rung.FIVE, Rung.FIVE]

    for _ in range(6):
        clock.at += timedelta(minutes=5)
        reviewed(ledger, next(tickets), Treatment.REWRITTEN)
    assert keeper.once() == 1
    assert ledger.earning.standing(KIND).rung is Rung.REVIEW
    assert [move.after.rung for move in ledger.earning.moves(9)][::-1] == [Rung.REVIEW, Rung.FIVE, Rung.REVIEW]
