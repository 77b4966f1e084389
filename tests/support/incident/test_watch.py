"""The look at what customers write about: weeks as usual, then many at once; what is put on, and what lets go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.incident.cases import MONDAY, TOPIC, asks
from worker.adapters.memory import MemoryLedger
from worker.models import Brake, Topic
from worker.support.incident.watch import EVERY, QUIET, REST, Watch

MINUTE = timedelta(minutes=1)


class Town:
    """A ledger whose clock a test turns, and the look at it."""

    def __init__(self, weeks: float = 2) -> None:
        self.now = MONDAY
        self.ledger = MemoryLedger(lambda: self.now)
        self.watch = Watch(self.ledger, UTC)
        self.tickets = 0
        while self.now < MONDAY + timedelta(weeks=weeks):  # one customer every ten hours
            self.write()
            self.now += timedelta(hours=10)

    def write(self, **said: object) -> str:
        self.tickets += 1
        return asks(self.ledger, self.tickets, self.now, **said)  # type: ignore[arg-type]

    def many(self, count: int = 9, **said: object) -> None:
        for _ in range(count):
            self.now += MINUTE
            self.write(**said)

    def look(self, after: timedelta = EVERY) -> int:
        self.now += after
        return self.watch.once(self.now)

    @property
    def brake(self) -> Brake:
        [brake] = self.ledger.incidents.on()
        return brake


def test_many_customers_at_once_put_the_brake_on_once_and_only_for_their_segment() -> None:
    town = Town()
    assert town.look() == 0
    town.many()
    town.many(3, segments=("IM+",))
    assert town.look() == 1
    assert (town.brake.topic, town.brake.surge.customers) == (TOPIC, 9)
    assert town.brake.surge.expected < 1
    first = town.now - timedelta(minutes=town.brake.surge.minutes)
    assert town.brake.since == first
    town.many(3)
    assert town.look() == 0
    assert town.brake.surge.customers == 12


def test_one_customer_who_writes_twenty_times_is_no_incident() -> None:
    town = Town()
    town.many(20, person=7)
    assert town.look() == 0


def test_work_that_was_late_is_no_incident() -> None:
    town = Town()
    for n in range(20):
        town.tickets += 1
        asks(town.ledger, town.tickets, town.now - timedelta(hours=3) - n * timedelta(minutes=40))
    assert town.look() == 0


def test_a_desk_that_is_younger_than_a_week_has_no_usual_and_no_brake() -> None:
    town = Town(weeks=0.5)
    town.many(20)
    assert town.look() == 0
    assert town.ledger.incidents.on() == []


def test_it_lets_go_by_itself_only_after_hours_that_were_usual() -> None:
    town = Town()
    town.many()
    assert town.look() == 1
    town.look(timedelta(hours=1))
    assert town.brake.hot_at == town.now  # they still stand in the longest window
    hot_until = town.now
    town.look(QUIET - MINUTE)
    assert town.brake.hot_at == hot_until
    town.look(2 * MINUTE)
    assert town.ledger.incidents.on() == []
    off = town.ledger.incidents.get(1)
    assert off is not None
    assert off.off_by == "deskhand"


def test_let_go_by_a_lead_it_rests_and_then_comes_on_again() -> None:
    town = Town()
    town.many()
    town.look()
    town.ledger.incidents.let_go(town.brake.brake_id, "maya")
    town.many()
    assert town.look() == 0
    town.now += REST
    town.many()
    assert town.look() == 1


def test_the_hours_of_an_incident_do_not_become_usual_but_those_of_a_false_alarm_do() -> None:
    expected = {}
    for false_alarm in (False, True):
        town = Town()
        town.many(60)
        town.look()
        town.ledger.incidents.let_go(town.brake.brake_id, "maya", false_alarm=false_alarm)
        town.now += timedelta(weeks=1) - timedelta(hours=1)
        town.many(12)
        town.look()
        expected[false_alarm] = town.brake.surge.expected
    assert expected[True] > 5 * expected[False]


def test_a_question_that_no_template_fits_is_a_topic_by_its_words_and_is_not_told_in_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    town = Town()
    unfit = {"template_id": "", "questions": ("Why is the app white after the login?",)}
    town.many(9, **unfit)
    town.many(5, template_id="", questions=("May I pledge units?",))
    assert town.look() == 1
    assert town.brake.topic == Topic(segment="IM", question="Why is the app white after the login?")
    said = capsys.readouterr()
    assert "brake_on" in said.out + said.err
    assert "white" not in said.out + said.err
    town.ledger.incidents.let_go(town.brake.brake_id, "maya")
    town.many(9, template_id="", questions=("The app is white after login, why?",))
    assert town.look() == 0  # the same in other words rests too


def test_of_several_that_look_one_does() -> None:
    town = Town()
    town.many()
    other = Watch(town.ledger, UTC)
    town.now += EVERY
    assert [other.once(town.now), town.watch.once(town.now)] == [1, 0]
    assert isinstance(town.brake.on_at, datetime)
