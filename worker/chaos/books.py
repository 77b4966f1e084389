"""The ledger of a fault run, read while it runs (is anything still going on?) and at its end. Writes customers only."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress

from sqlalchemy import func, select

from worker.adapters.store.columns import clock
from worker.adapters.store.conditions import LIVE, UNENDED, WAITING
from worker.adapters.store.engine import open_engine
from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.room import to_case, to_send
from worker.adapters.store.schema import cases, doorbells, sends, snapshots
from worker.chaos.judge import Books
from worker.errors import Trouble
from worker.models import Case
from worker.support.lastlook import NOTICES

REFUSALS = 3


class ChaosLedger(SqlLedger):
    """The run's own connection to the ledger."""

    def __init__(self, url: str) -> None:
        super().__init__(open_engine(url))

    def going_on(self) -> dict[str, int]:
        """What has not ended; all 0 when there is nothing left to wait for. {} while the database is away."""
        # A note on a ticket that was deleted meanwhile is refused, and tried again for a day.
        hopeless = sends.c.kind.in_(NOTICES) & (sends.c.tries >= REFUSALS)
        fresh = doorbells.c.received_at > clock() - 3  # the poller rings all the time, and most of it is nothing new
        counts = {
            "doorbells": select(func.count()).select_from(doorbells).where(WAITING, ~fresh),
            "cases": select(func.count()).select_from(cases).where(UNENDED),
            "sends": select(func.count()).select_from(sends).where(LIVE, ~hopeless),
        }
        with suppress(Trouble), self.reading() as connection:
            return {name: int(connection.execute(query).scalar_one()) for name, query in counts.items()}
        return {}

    def ends(self) -> dict[str, int]:
        """Cases by status; {} while the database is away."""
        with suppress(Trouble):
            return {str(status): number for status, number in self.cases.counts().items()}
        return {}

    def books(self) -> Books:
        ended: dict[int, list[str]] = defaultdict(list)
        with self.reading() as connection:
            found: dict[tuple[int, str], Case] = {}
            for row in connection.execute(select(cases)):
                found[row.ticket_id, row.message_key] = to_case(row)
            every = [to_send(row) for row in connection.execute(select(sends))]
            for row in connection.execute(select(doorbells.c.ticket_id, doorbells.c.outcome)):
                ended[row.ticket_id].append(row.outcome)
            threads = select(snapshots.c.case_id, snapshots.c.thread)
            read = {row.case_id: {m["key"] for m in row.thread["messages"]} for row in connection.execute(threads)}
        return Books(found, every, ended, read)
