"""The incident brake in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from worker.adapters.memory.state import CaseRow, State, cleaned
from worker.adapters.store.columns import clean
from worker.adapters.store.incidents import SYSTEM, segment_of
from worker.models import Brake, Hour, Send, SendKind, SendState, Sighting, Status, Surge
from worker.ports import Outgoing


class MemoryIncidents:
    """`ports.incidents.Incidents`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._brakes: dict[int, Brake] = {}
        self._sent: dict[tuple[int, int], str] = {}  # (brake, ticket): the newest send
        self._looked: datetime | None = None

    def claim_look(self, every: timedelta) -> bool:
        with self._state.lock:
            now = self._state.now()
            if self._looked is not None and self._looked > now - every:
                return False
            self._looked = now
            return True

    def oldest(self) -> datetime | None:
        with self._state.lock:
            return min((row.case.opened_at for row in self._state.cases.values()), default=None)

    def hours(self, since: datetime, until: datetime) -> Sequence[Hour]:
        people: dict[tuple[str, str, int], set[str]] = {}
        for one in self.sightings(since, until):
            if one.template_id:
                place = (one.template_id, one.segment, int(one.at.timestamp() // 3600))
                people.setdefault(place, set()).add(one.person)
        return [Hour(template_id=t, segment=s, hour=h, customers=len(who)) for (t, s, h), who in people.items()]

    def sightings(
        self, since: datetime, until: datetime | None = None, *, fitting: bool = True, limit: int = 20_000
    ) -> Sequence[Sighting]:
        with self._state.lock:
            rows = [r for r in self._state.cases.values() if r.case.status not in (Status.OPEN, Status.IGNORED)]
            found = [_sighting(row) for row in rows if row.case.opened_at >= since]
            found = [one for one in found if one.at >= since and (until is None or one.at < until)]
            found = [one for one in found if fitting or not one.template_id]
            return sorted(found, key=lambda one: (one.at, one.case_id))[-limit:]

    def put_on(self, brake: Brake) -> Brake | None:
        with self._state.lock:
            if any(one.topic == brake.topic for one in self.on()):
                return None
            stored = cleaned(brake).model_copy(update={"brake_id": len(self._brakes) + 1})
            self._brakes[stored.brake_id] = stored
            return stored

    def still_hot(self, brake_id: int, at: datetime, surge: Surge | None = None) -> None:
        with self._state.lock:
            brake = self._brakes[brake_id]
            if brake.off_at is None:
                most = surge if surge is not None and surge.customers > brake.surge.customers else brake.surge
                self._brakes[brake_id] = brake.model_copy(update={"hot_at": at, "surge": most})

    def let_go(self, brake_id: int, user: str, *, false_alarm: bool = False) -> bool:
        with self._state.lock:
            brake = self._brakes.get(brake_id)
            if brake is None or brake.off_at is not None:
                return False
            said = {"off_at": self._state.now(), "off_by": user or SYSTEM, "false_alarm": false_alarm}
            self._brakes[brake_id] = brake.model_copy(update=said)
            if user:
                words = "a false alarm" if false_alarm else "it is over"
                self._state.note_audit(user, "let brake go", f"incident {brake_id}", words)
            return True

    def on(self) -> Sequence[Brake]:
        with self._state.lock:
            return [one for one in self._brakes.values() if one.off_at is None]

    def since(self, at: datetime) -> Sequence[Brake]:
        with self._state.lock:
            return [one for one in self._brakes.values() if one.off_at is None or one.off_at > at][::-1]

    def get(self, brake_id: int) -> Brake | None:
        return self._brakes.get(brake_id)

    def hold_with(self, brake_id: int, letters: Mapping[str, Outgoing], text: str, user: str) -> Sequence[str]:
        with self._state.lock:
            brake = self._brakes.get(brake_id)
            if brake is None or brake.off_at is not None:
                return []
            have, queued = set(self.left_out(brake_id)), []
            for case_id in sorted(letters, reverse=True):
                row = self._state.cases.get(case_id)
                if row is None or row.case.status is not Status.HELD or row.case.ticket_id in have:
                    continue
                have.add(row.case.ticket_id)
                letter = letters[case_id].model_copy(update={"kind": SendKind.HOLDING})
                queued.append(self._state.add_send(row.case, letter))
                self._sent[brake_id, row.case.ticket_id] = queued[-1]
                self._state.held_by[queued[-1]] = clean(user)
            if queued:
                self._brakes[brake_id] = brake.model_copy(update={"holding_text": clean(text)})
                detail = f"to {len(queued)} {'ticket' if len(queued) == 1 else 'tickets'}"
                self._state.note_audit(user, "send holding reply", f"incident {brake_id}", detail)
            return queued

    def left_out(self, brake_id: int) -> Mapping[int, Send]:
        with self._state.lock:
            own = {send_id for (brake, _), send_id in self._sent.items() if brake == brake_id}
            found = [
                row
                for row in self._state.sends.values()
                if row.send.kind is SendKind.HOLDING
                and (row.send.state is not SendState.DROPPED or row.send.rounds > 0)
                and (row.send.send_id in own or self._state.cases[row.send.case_id].case.status is Status.HELD)
            ]
            own_last = sorted(found, key=lambda row: (row.send.send_id in own, row.queued_at, row.send.send_id))
            return {row.send.ticket_id: row.send for row in own_last}

    def holding(self, brake_id: int) -> Mapping[int, Send]:
        with self._state.lock:
            return {
                ticket_id: self._state.sends[send_id].send
                for (brake, ticket_id), send_id in self._sent.items()
                if brake == brake_id
            }


def _sighting(row: CaseRow) -> Sighting:
    case = row.case
    return Sighting(
        case_id=case.case_id,
        ticket_id=case.ticket_id,
        template_id=case.template_id,
        segment=segment_of(case.segments),
        person=f"customer {case.customer_id}" if case.customer_id else f"requester {case.requester_id}",
        at=row.asked_at or case.opened_at,
        questions=tuple(one.question for one in row.unanswered) if not case.template_id else (),
    )
