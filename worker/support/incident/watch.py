"""The dispatcher's look at what customers write about: puts brakes on, and lets them go once it is usual again.

One process looks in each half minute. What is usual is learned from the ledger once an hour. A desk whose ledger is
younger than a week has no usual yet, and no brake. Called by the dispatcher only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

import structlog

from worker import metrics
from worker.models import Brake, Surge, Topic
from worker.ports import Ledger
from worker.support.incident import LEAST
from worker.support.incident.surges import FLOOR, WINDOWS, Count, counted, far_above, surge, usual_again
from worker.support.incident.topics import alike, of_topic, topics
from worker.support.incident.usual import Expected, Stream, Usual, learn

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=30)
WEEKS = timedelta(weeks=8)
RELEARN = timedelta(hours=1)
QUIET = timedelta(hours=3)  # usual for so long, and the brake goes off by itself
REST = timedelta(hours=12)  # after a lead has let it go
FEW_CASES = 5_000  # without a template, that the usual of such a question is reckoned from


class Watch:
    """`once` is called again and again, in one thread."""

    def __init__(self, ledger: Ledger, zone: tzinfo) -> None:
        self._ledger = ledger
        self._zone = zone
        self._usual: Usual | None = None
        self._learned: datetime | None = None

    def once(self, now: datetime) -> int:
        """How many brakes were put on. Raises what the ledger raises."""
        book = self._ledger.incidents
        if not book.claim_look(EVERY):
            return 0
        on = book.on()
        usual = self._what_is_usual(now)
        if usual is None:
            return 0
        seen = book.sightings(now - timedelta(minutes=WINDOWS[-1]), now)
        resting = {one.topic for one in book.since(now - REST) if one.off_at is not None and one.off_by != "deskhand"}
        known = {brake.topic: brake for brake in on}
        new = 0
        for topic, cases in topics(seen, on).items():
            counts = counted(cases, now)
            found = self._far_above(topic, counts, usual, now)
            if topic in known:
                self._go_on(known[topic], counts, found, usual, now)
            elif found is not None and not any(_same(topic, one) for one in resting):
                new += self._put_on(topic, found, now)
        return new

    def _what_is_usual(self, now: datetime) -> Usual | None:
        if self._learned is None or now - self._learned >= RELEARN:
            self._usual = learned(self._ledger, now, self._zone)
            self._learned = now
        return self._usual

    def _far_above(self, topic: Topic, counts: Sequence[Count], usual: Usual, now: datetime) -> Surge | None:
        if topic.template_id:
            return far_above((topic.template_id, topic.segment), counts, usual, now)
        many = [count for count in counts if count.customers >= FLOOR]
        return surge(many, self._of_question(topic, usual, now), usual.streams) if many else None

    def _of_question(self, topic: Topic, usual: Usual, now: datetime) -> Mapping[int, Expected]:
        until = now - timedelta(minutes=WINDOWS[-1])
        past = self._ledger.incidents.sightings(now - WEEKS, until, fitting=False, limit=FEW_CASES)
        customers = len({(one.person, one.at.date()) for one in of_topic(past, topic)})
        return {minutes: usual.of_few(customers, now, minutes) for minutes in WINDOWS}

    def _put_on(self, topic: Topic, found: Surge, now: datetime) -> int:
        since = now - timedelta(minutes=found.minutes)
        brake = self._ledger.incidents.put_on(Brake(topic=topic, since=since, surge=found, on_at=now, hot_at=now))
        if brake is None:
            return 0
        metrics.BRAKED.inc()
        log.warning("brake_on", brake_id=brake.brake_id, **_told(topic), **found.model_dump())
        return 1

    def _go_on(self, brake: Brake, counts: Sequence[Count], found: Surge | None, usual: Usual, now: datetime) -> None:
        longest = WINDOWS[-1]
        topic = brake.topic
        expected = (
            usual.of((topic.template_id, topic.segment), now, longest)
            if topic.template_id
            else self._of_question(topic, usual, now)[longest]
        )
        if found is not None or not usual_again(counts, expected):
            self._ledger.incidents.still_hot(brake.brake_id, now, found)
        elif now - brake.hot_at >= QUIET and self._ledger.incidents.let_go(brake.brake_id, ""):
            log.info("brake_off", brake_id=brake.brake_id, **_told(topic))


def learned(ledger: Ledger, now: datetime, zone: tzinfo) -> Usual | None:
    """Of the last WEEKS up to the present hour; None where there is less than LEAST to learn from."""
    book = ledger.incidents
    oldest = book.oldest()
    if oldest is None or now - oldest < LEAST:
        return None
    first = int(max(oldest, now - WEEKS).timestamp() // 3600) + 1
    last = int(now.timestamp() // 3600)
    seen = book.hours(max(oldest, now - WEEKS), now)
    return learn(seen, first, last, zone, _incidents(book.since(now - WEEKS), now))


def _incidents(brakes: Sequence[Brake], now: datetime) -> Mapping[Stream, set[int]]:
    """The hours that say nothing of what is usual, by stream."""
    hours: dict[Stream, set[int]] = {}
    for brake in (one for one in brakes if not one.false_alarm):
        begin, end = (int(at.timestamp() // 3600) for at in (brake.since, brake.off_at or now))
        hours.setdefault((brake.topic.template_id, brake.topic.segment), set()).update(range(begin, end + 1))
    return hours


def _same(topic: Topic, other: Topic) -> bool:
    """Whether what a lead has let go is this topic: of questions, the most typical one may be another by now."""
    if topic.template_id or other.template_id:
        return topic == other
    return topic.segment == other.segment and alike([topic.question], other.question)


def _told(topic: Topic) -> dict[str, str]:
    """For the log, which holds nothing that a customer wrote."""
    return {"template": topic.template_id or "none fits", "segment": topic.segment}
