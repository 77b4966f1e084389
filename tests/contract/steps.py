"""Short ways through the ledger to where a test begins."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

from sqlalchemy import text

from tests.builders import a_draft, a_reply, a_thread, a_trace, a_verdict, minutes
from worker.adapters.store.engine import open_engine
from worker.models import Case, Doorbell, Draft, Ring, Send, Status, Step
from worker.ports import Ledger, Outgoing

LEASE = minutes(5)
RUN_OUT = timedelta(seconds=-1)  # a lease that is over as soon as it is given


def claimed(ledger: Ledger, ticket_id: int = 1, lease: timedelta = LEASE, **ring: Any) -> Doorbell:
    doorbell = ledger.doorbells.claim(ledger.doorbells.ring(ring.pop("ring", Ring.WEBHOOK), ticket_id, **ring), lease)
    assert doorbell is not None
    return doorbell


def opened(ledger: Ledger, ticket_id: int = 1, key: str = "ticket", lease: timedelta = LEASE, **ticket: Any) -> Case:
    case = ledger.cases.open(a_thread(ticket_id, **ticket), key, claimed(ledger, ticket_id), lease)
    assert case is not None
    return case


def conclude(
    ledger: Ledger, case: Case, status: Status, outgoing: Sequence[Outgoing] = (), **said: Any
) -> Sequence[str] | None:
    given = {"verdict": a_verdict(), "trace": a_trace(), "thread": a_thread(case.ticket_id)} | said
    return ledger.cases.conclude(case.case_id, case.epoch, status, outgoing=outgoing, **given)


def held(ledger: Ledger, ticket_id: int = 1, key: str = "ticket", draft: Draft | None = None, **ticket: Any) -> Case:
    case = opened(ledger, ticket_id, key, **ticket)
    assert conclude(ledger, case, Status.HELD, draft=draft or a_draft()) == []
    return current(ledger, case)


def approved(ledger: Ledger, ticket_id: int = 1, key: str = "ticket", **ticket: Any) -> tuple[Case, str]:
    """A case whose reply is queued, and the id of that send."""
    case = opened(ledger, ticket_id, key, **ticket)
    sends = conclude(ledger, case, Status.APPROVED, [a_reply()], draft=a_draft(), verdict=a_verdict(Step.SEND))
    assert sends is not None
    return current(ledger, case), sends[0]


def posting(ledger: Ledger, ticket_id: int = 1) -> Send:
    """A reply whose intent is committed."""
    _, send_id = approved(ledger, ticket_id)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    intended = ledger.sends.intend(send_id, send.epoch)
    assert intended is not None
    return intended


def current(ledger: Ledger, case: Case) -> Case:
    found = ledger.cases.get(case.case_id)
    assert found is not None
    return found


def status_of(ledger: Ledger, case: Case) -> Status:
    return current(ledger, case).status


def newest_draft(ledger: Ledger, case: Case) -> str:
    return ledger.cases.drafts(case.case_id)[-1][0]


def send_of(ledger: Ledger, case_id: str, send_id: str) -> Send:
    return next(send for send in ledger.sends.of_case(case_id) if send.send_id == send_id)


def all_at_once(count: int, act: Any) -> list[Any]:
    """What `act(number)` returned in each of `count` threads that began together."""
    barrier = Barrier(count)

    def wait_and_act(number: int) -> Any:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(wait_and_act, range(count)))


def while_none_has_committed(url: str, *acts: Any) -> list[Any]:
    """What each of `acts` returned. All began, on PostgreSQL, before one of them could write its entry in the audit
    log, with which it ends."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    engine = open_engine(url)
    with ThreadPoolExecutor(len(acts)) as threads:
        with engine.connect() as watch, engine.begin() as closed:
            closed.execute(text("LOCK TABLE audit IN SHARE MODE"))
            begun = [threads.submit(act) for act in acts]
            watch = watch.execution_options(isolation_level="AUTOCOMMIT")
            while watch.execute(waiting).scalar() < len(acts) and not any(one.done() for one in begun):
                pass
        done = [one.result() for one in begun]
    engine.dispose()
    return done
