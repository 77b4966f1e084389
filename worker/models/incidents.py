"""An incident: many customers, one topic, far above that segment's usual; and what the ledger keeps of it."""

from __future__ import annotations

from datetime import datetime

from worker.models.base import Noun


class Topic(Noun):
    """What the cases of an incident have in common. `template_id` "": no template fits them, and `question` is the
    most typical of what they ask; it is a customer's words, so never in a log line or an address."""

    template_id: str = ""
    segment: str
    question: str = ""


class Surge(Noun):
    """How many different customers wrote within the last `minutes`, against `expected` at that time of the week.

    `chance`: of at least so many, were it a usual hour.
    """

    customers: int
    minutes: int
    expected: float
    chance: float


class Brake(Noun):
    """Automatic sending for one topic is paused, from `on_at` to `off_at`. `since`: its tickets count from then on."""

    brake_id: int = 0
    topic: Topic
    since: datetime
    surge: Surge
    on_at: datetime
    hot_at: datetime  # when it was last far above usual
    off_at: datetime | None = None
    off_by: str = ""
    false_alarm: bool = False  # a lead said so: what it counted is usual
    holding_text: str = ""  # what was last sent to its tickets

    @property
    def nameless(self) -> bool:
        return self.topic.question == without_question(self.brake_id)


def without_question(brake_id: int) -> str:
    """What stands for a question that was deleted at its customer's wish, where no other ticket's took its place."""
    return f"[deleted] {brake_id}"


class Hour(Noun):
    """Different customers who wrote about one template in one hour."""

    template_id: str
    segment: str
    hour: int  # since 1970, UTC
    customers: int


class Sighting(Noun):
    """One case as the brake counts it. `at`: when the customer wrote."""

    case_id: str
    ticket_id: int
    template_id: str
    segment: str
    person: str
    at: datetime
    questions: tuple[str, ...] = ()  # that nothing answers; only where no template fits
