"""Old messages through the pipeline that answers customers, with nothing behind it that could write.

The desk has a helpdesk that only reads, and a ledger that knows customers and nothing of what was answered since: a
message is judged as if it had just come in, with DELIVERY_MODE=auto and an open gate, so that what would have left
without a person shows. Called by scripts/replay.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from worker import bootstrap
from worker.adapters.directory import LedgerDirectory
from worker.adapters.store.ledger import SqlLedger
from worker.errors import Retryable, Trouble
from worker.models import Draft, ReplyKind, Standing, Step, Trace, Verdict
from worker.operations.old_tickets import Asked
from worker.ports import Helpdesk, Ledger
from worker.ports.world import Contact
from worker.settings import Settings
from worker.support.desk import Desk
from worker.support.letters import letter_for
from worker.support.likeness import likeness, telling
from worker.support.pipeline import draft
from worker.support.progress import Progress
from worker.trouble_words import safe_reason

TRIES = 4
LONGEST_PAUSE = 60.0  # seconds between two of them, whatever the other side asks for


@dataclass(frozen=True)
class Replayed:
    """What the pipeline made of one message. `meaning`, `words`: how like the colleague's reply the draft is, by the
    embedding model and by telling words, 0 to 1; None where there is nothing to compare. `failed`: why there is none
    of all this, "" if there is."""

    asked: Asked
    verdict: Verdict | None
    draft: Draft | None
    trace: Trace
    ours: str = ""
    meaning: float | None = None
    words: float | None = None
    failed: str = ""

    @property
    def would(self) -> str:
        """send, hold, hand_over, ignore, or failed."""
        return self.verdict.step.value if self.verdict else "failed"


class Reading:
    """`Helpdesk`, as far as drafting reads of it. It has no method that writes; without an account it knows nobody."""

    def __init__(self, helpdesk: Helpdesk | None) -> None:
        self._helpdesk = helpdesk

    def contact(self, contact_id: int) -> Contact | None:
        return self._helpdesk.contact(contact_id) if self._helpdesk else None

    def earlier_tickets(
        self, requester_id: int, *, before: int, opened: datetime | None = None
    ) -> Sequence[dict[str, Any]]:
        return self._helpdesk.earlier_tickets(requester_id, before=before, opened=opened) if self._helpdesk else ()


class Untouched:
    """`Ledger`, as far as drafting reads of it: nothing was answered yet, and nobody has taken a ticket over."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger
        self.cases = self.reviews = self.incidents = self.earning = self

    def on(self) -> tuple[()]:
        """Incidents: what happens now says nothing of an old message."""
        return ()

    def model(self) -> None:
        """The gate: it is open here, and keeps nothing."""

    def stopped(self) -> None:
        """Whoever stopped automatic sending did not stop it then."""

    def standing(self, kind: ReplyKind) -> Standing:
        return Standing(kind=kind)

    def replies_on_ticket(self, ticket_id: int) -> int:
        return 0

    def replies_to_requester(self, requester_id: int, within: timedelta) -> int:
        return 0

    def taken_by(self, ticket_id: int) -> str:
        return ""

    def customer_of_requester(self, requester_id: int) -> str | None:
        return self._ledger.cases.customer_of_requester(requester_id) if requester_id else None


@contextmanager
def replay_desk(settings: Settings, ledger: SqlLedger, *, ask_freshdesk: bool) -> Iterator[Desk]:
    """Loads the embedding model. Without a running Milvus the embedded index is opened in here."""
    rulebook = bootstrap.load_rules(settings)
    embedder = bootstrap.make_embedder(settings)
    pace = bootstrap.make_pace(settings)
    helpdesk = bootstrap.make_helpdesk(settings, pace) if ask_freshdesk else None
    with ExitStack() as open_parts:
        yield Desk(
            helpdesk=cast(Helpdesk, Reading(helpdesk)),
            ledger=cast(Ledger, Untouched(ledger)),
            directory=LedgerDirectory(ledger.customers),
            index=open_parts.enter_context(bootstrap.open_shelf(settings)),
            embedder=embedder,
            writer=bootstrap.make_writer(settings, pace),
            rulebook=rulebook,
            policy=replace(bootstrap.make_policy(settings), delivery="auto", gate_open=True),
            now=bootstrap.utc_now,
        )


def replay(asked: Asked, desk: Desk, sleep: Callable[[float], None] = time.sleep) -> Replayed:
    """One message. Trouble ends in `failed`, after some tries where it may pass."""
    for tried in range(1, TRIES + 1):
        progress = Progress()
        try:
            verdict = draft(asked.thread, asked.message, progress, desk, may_wait=tried < TRIES)
        except Retryable as trouble:
            if tried == TRIES:
                return Replayed(asked, None, None, progress.trace(), failed=trouble.reason)
            sleep(min(LONGEST_PAUSE, trouble.after if trouble.after is not None else 2.0 * tried))
        except Trouble as trouble:
            return Replayed(asked, None, None, progress.trace(), failed=trouble.reason)
        except Exception as error:
            return Replayed(asked, None, None, progress.trace(), failed=safe_reason(error))
        else:
            break
    return _compared(Replayed(asked, verdict, progress.draft, progress.trace()), desk)


def replay_all(every: Sequence[Asked], desk: Desk, at_once: int, tick: Callable[[], object]) -> list[Replayed]:
    """In the order given; `tick` after each."""

    def one(asked: Asked) -> Replayed:
        done = replay(asked, desk)
        tick()
        return done

    with ThreadPoolExecutor(at_once, thread_name_prefix="replay") as threads:
        return list(threads.map(one, every))


def _compared(done: Replayed, desk: Desk) -> Replayed:
    """Our draft without greeting and sign-off, beside what the colleague wrote."""
    if done.draft is None or done.verdict is None or done.verdict.step not in (Step.SEND, Step.HOLD):
        return done
    ours = " ".join(sentence.text for part in done.draft.parts for sentence in part.sentences)
    theirs = _without_letter(done.asked, desk)
    if not (ours and theirs):
        return replace(done, ours=ours)
    one, other = desk.embedder.embed([ours, theirs])
    return replace(
        done,
        ours=ours,
        meaning=round(max(0.0, float(one @ other)), 3),
        words=round(likeness(telling(ours), telling(theirs)), 3),
    )


def _without_letter(asked: Asked, desk: Desk) -> str:
    """What the colleague wrote, less a greeting and a sign-off that are the house's own."""
    letter = letter_for(desk.rulebook, "")
    ends = {line.strip().casefold() for line in letter.sign_off.splitlines() if line.strip()}
    lines = [line for line in asked.theirs.splitlines() if line.strip().casefold() not in ends]
    return "\n".join(lines).strip()
