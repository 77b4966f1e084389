"""The incident brake over SQL: cases counted by topic, brakes, and holding replies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, Text, cast, func, literal, or_, select, update

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.conditions import HOLDING
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.room import Room, add_holding_reply, note_audit, to_send, upsert
from worker.adapters.store.schema import cases, marks, sends, unanswered
from worker.adapters.store.schema_incidents import brakes, holdings
from worker.models import Brake, Hour, Send, SendKind, Sighting, Status, Surge, Topic
from worker.ports import Outgoing

NO_SEGMENT = "none"  # as the gate has it
SYSTEM = "deskhand"
MARK = "incident look"
wrote_at = func.coalesce(cases.c.asked_at, cases.c.opened_at)
person = func.coalesce("customer " + cases.c.customer_id, literal("requester ") + cast(cases.c.requester_id, Text))
counting = cases.c.status.not_in([Status.OPEN, Status.IGNORED])
_MOMENTS = ("since", "on_at", "hot_at")


class SqlIncidents(Room):
    """`ports.incidents.Incidents`."""

    def claim_look(self, every: timedelta) -> bool:
        now = {"name": MARK, "at": clock()}
        due = marks.c.at <= clock() - every.total_seconds()
        with self.writing() as connection:
            first = (
                upsert(connection.dialect.name, marks)
                .values(now)
                .on_conflict_do_update(index_elements=["name"], set_={"at": clock()}, where=due)
            )
            return connection.execute(first.returning(marks.c.name)).first() is not None

    def oldest(self) -> datetime | None:
        with self.reading() as connection:
            first = connection.execute(select(func.min(cases.c.opened_at))).scalar()
            return None if first is None else moment(first)

    def hours(self, since: datetime, until: datetime) -> Sequence[Hour]:
        hour = cast(func.floor(wrote_at / 3600.0), Integer).label("hour")
        people = func.count(person.distinct()).label("customers")
        these = (*wrote_between(since, until), cases.c.template_id != "")
        query = select(cases.c.template_id, cases.c.segments, hour, people).where(*these)
        found: Counter[tuple[str, str, int]] = Counter()
        with self.reading() as connection:
            for row in connection.execute(query.group_by(cases.c.template_id, cases.c.segments, hour)):
                found[row.template_id, segment_of(row.segments), row.hour] += row.customers
        return [
            Hour(template_id=template_id, segment=segment, hour=hour, customers=n)
            for (template_id, segment, hour), n in found.items()
        ]

    def sightings(
        self, since: datetime, until: datetime | None = None, *, fitting: bool = True, limit: int = 20_000
    ) -> Sequence[Sighting]:
        these = [*wrote_between(since, until), *([] if fitting else [cases.c.template_id == ""])]
        shown = (cases.c.case_id, cases.c.ticket_id, cases.c.template_id, cases.c.segments)
        newest = select(*shown, wrote_at.label("at"), person.label("person")).where(*these)
        newest = newest.order_by(wrote_at.desc(), cases.c.case_id.desc()).limit(limit)
        asked = select(unanswered.c.case_id, unanswered.c.question).join(cases, cases.c.case_id == unanswered.c.case_id)
        asked = asked.where(*these, cases.c.template_id == "").order_by(unanswered.c.case_id, unanswered.c.number)
        with self.reading() as connection:
            questions: dict[str, list[str]] = {}
            for row in connection.execute(asked):
                questions.setdefault(row.case_id, []).append(row.question)
            rows = reversed(connection.execute(newest).all())
            return [_sighting(row, questions.get(row.case_id, ())) for row in rows]

    def put_on(self, brake: Brake) -> Brake | None:
        times = {name: getattr(brake, name).timestamp() for name in _MOMENTS}
        values = {**brake.topic.model_dump(), **times, "surge": brake.surge.model_dump(mode="json")}
        with self.writing() as connection:
            new = upsert(connection.dialect.name, brakes).values(values).on_conflict_do_nothing().returning(*brakes.c)
            row = connection.execute(new).one_or_none()
            return None if row is None else _brake(row)

    def still_hot(self, brake_id: int, at: datetime, surge: Surge | None = None) -> None:
        this = (brakes.c.brake_id == brake_id, brakes.c.off_at.is_(None))
        with self.writing() as connection:
            row = connection.execute(select(brakes).where(*this).with_for_update()).one_or_none()
            if row is None:
                return
            most = row.surge
            if surge is not None and surge.customers > Surge.model_validate(most).customers:
                most = surge.model_dump(mode="json")
            connection.execute(update(brakes).where(*this).values(hot_at=at.timestamp(), surge=most))

    def let_go(self, brake_id: int, user: str, *, false_alarm: bool = False) -> bool:
        this = (brakes.c.brake_id == brake_id, brakes.c.off_at.is_(None))
        with self.writing() as connection:
            said = {"off_at": clock(), "off_by": user or SYSTEM, "false_alarm": false_alarm}
            if connection.execute(update(brakes).where(*this).values(said)).rowcount == 0:
                return False
            if user:
                words = "a false alarm" if false_alarm else "it is over"
                note_audit(connection, user, "let brake go", f"incident {brake_id}", words)
            return True

    def on(self) -> Sequence[Brake]:
        with self.looking() as line:
            return [_brake(row) for row in _ON.all(line, {})]

    def since(self, at: datetime) -> Sequence[Brake]:
        return self._brakes(or_(brakes.c.off_at.is_(None), brakes.c.off_at > at.timestamp()))[::-1]

    def get(self, brake_id: int) -> Brake | None:
        return next(iter(self._brakes(brakes.c.brake_id == brake_id)), None)

    def hold_with(self, brake_id: int, letters: Mapping[str, Outgoing], text: str, user: str) -> Sequence[str]:
        on = select(brakes.c.brake_id).where(brakes.c.brake_id == brake_id, brakes.c.off_at.is_(None))
        held = (cases.c.case_id.in_(letters), cases.c.status == Status.HELD)
        with self.writing() as connection:
            # Two leads who press at once: the second waits here, and then sees what the first one queued.
            if connection.execute(on.with_for_update()).first() is None:
                return []
            have = set(connection.execute(select(sends.c.ticket_id).where(*_leaving_out(brake_id))).scalars())
            mine: Select[Any] = select(cases.c.case_id, cases.c.ticket_id, cases.c.message_key).where(*held)
            rows = connection.execute(mine.order_by(cases.c.case_id.desc())).all()
            queued = []
            for row in (row for row in rows if row.ticket_id not in have):
                have.add(row.ticket_id)
                letter = letters[row.case_id].model_copy(update={"kind": SendKind.HOLDING})
                send_id = add_holding_reply(connection, row, letter)
                if send_id is None:
                    continue
                queued.append(send_id)
                new = upsert(connection.dialect.name, holdings)
                new = new.values(brake_id=brake_id, ticket_id=row.ticket_id, send_id=send_id)
                keys = ["brake_id", "ticket_id"]
                connection.execute(new.on_conflict_do_update(index_elements=keys, set_={"send_id": send_id}))
            if queued:
                connection.execute(update(brakes).where(brakes.c.brake_id == brake_id).values(holding_text=text))
                detail = f"to {len(queued)} {'ticket' if len(queued) == 1 else 'tickets'}"
                note_audit(connection, user, "send holding reply", f"incident {brake_id}", detail)
            return queued

    def left_out(self, brake_id: int) -> Mapping[int, Send]:
        own_last = (sends.c.send_id.in_(_own(brake_id)), sends.c.queued_at, sends.c.send_id)
        query = select(sends).where(*_leaving_out(brake_id)).order_by(*own_last)
        with self.reading() as connection:
            return {row.ticket_id: to_send(row) for row in connection.execute(query)}

    def holding(self, brake_id: int) -> Mapping[int, Send]:
        mine = select(sends).join(holdings, holdings.c.send_id == sends.c.send_id)
        with self.reading() as connection:
            rows = connection.execute(mine.where(holdings.c.brake_id == brake_id)).all()
            return {row.ticket_id: to_send(row) for row in rows}

    def _brakes(self, these: ColumnElement[bool]) -> list[Brake]:
        with self.reading() as connection:
            return [
                _brake(row) for row in connection.execute(select(brakes).where(these).order_by(brakes.c.brake_id)).all()
            ]


_ON = Prepared(select(brakes).where(brakes.c.off_at.is_(None)).order_by(brakes.c.brake_id))  # every draft asks it


def segment_of(segments: Sequence[str]) -> str:
    """As the gate names a person's products."""
    return " & ".join(sorted(segments)) or NO_SEGMENT


def _leaving_out(brake_id: int) -> list[Any]:
    """Holding replies of this incident, and those to a message that this incident would send one to."""
    waits = select(cases.c.case_id).where(cases.c.status == Status.HELD, cases.c.case_id == sends.c.case_id)
    return [HOLDING, or_(sends.c.send_id.in_(_own(brake_id)), waits.exists())]


def _own(brake_id: int) -> Select[Any]:
    return select(holdings.c.send_id).where(holdings.c.brake_id == brake_id)


def wrote_between(since: datetime, until: datetime | None) -> list[ColumnElement[bool]]:
    """A case is opened after its customer wrote, so that the index over openings serves."""
    these = [counting, cases.c.opened_at >= since.timestamp(), wrote_at >= since.timestamp()]
    return these if until is None else [*these, wrote_at < until.timestamp()]


def _sighting(row: Row[Any], questions: Sequence[str]) -> Sighting:
    return Sighting(
        case_id=row.case_id,
        ticket_id=row.ticket_id,
        template_id=row.template_id,
        segment=segment_of(row.segments),
        person=row.person,
        at=moment(row.at),
        questions=tuple(questions),
    )


def _brake(row: Row[Any]) -> Brake:
    times = {name: moment(getattr(row, name)) for name in _MOMENTS}
    return Brake(
        brake_id=row.brake_id,
        topic=Topic(template_id=row.template_id, segment=row.segment, question=row.question),
        surge=Surge.model_validate(row.surge),
        **times,
        off_at=None if row.off_at is None else moment(row.off_at),
        off_by=row.off_by,
        false_alarm=row.false_alarm,
        holding_text=row.holding_text,
    )
