"""The account's own mailboxes, and from which of them a ticket is answered: the one that the customer wrote to.

Without a word about it Freshdesk sends every reply from the account's global address, and what the customer writes next
arrives there. Asked once an hour for all tickets; what cannot be learned is left to Freshdesk. Called by desk.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy

import structlog

from worker.adapters.freshdesk.shapes import MailboxShape
from worker.adapters.freshdesk.wire import Wire
from worker.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 3600.0
_AGAIN_SECONDS = 300.0  # after the list could not be read
_PATIENT_SECONDS = 300.0  # for which tickets wait for a first list; then they are answered without one
_MOST_PAGES = 10  # of thirty


class Mailboxes:
    """Thread-safe; threads that ask at once ask Freshdesk once, also where that fails."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: dict[int, str] | None = None  # before the first list
        self._until = 0.0
        self._missing_since: float | None = None
        self._trouble: Retryable | None = None  # with the latest try for a first list
        self._refused: dict[str, int] = {}  # by address, the ticket from which it was refused, until it is taken again
        self._here = threading.local()  # `delivering`: whether this thread is

    def answers_from(self, mailbox_id: int | None, *, reading: bool = True) -> str:
        """The address for `from_email`; "" where Freshdesk needs none, since it is the global one, or where nothing is
        known of such a mailbox, or it is switched off. Retryable as long as a first list could be had any minute, but
        not where nobody replies by it: without `reading`, and not `delivering`, the list is only looked at."""
        if mailbox_id is None:
            return ""
        delivering = getattr(self._here, "delivering", False)
        if reading and not delivering:
            self._renew()
        if delivering and self._answers is None and self._trouble is not None:
            raise copy(self._trouble)
        return (self._answers or {}).get(mailbox_id, "")

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """Around a last look and its reply: this thread reads the list before them and not in between, where the
        customer may write. That it could not be had is told to whoever asks for a mailbox: not every ticket has one."""
        with suppress(Retryable):
            self._renew()
        self._here.delivering = True
        try:
            yield
        finally:
            self._here.delivering = False

    def refused(self, address: str, ticket_id: int) -> None:
        """Freshdesk does not send this ticket's reply from there. That may be the ticket's fault: only once another
        ticket's is refused too, and none was taken in between, nothing more is tried from it until the next list."""
        log.warning("mailbox_refused", mailbox=address)
        if self._refused.setdefault(address, ticket_id) != ticket_id:
            # Without the lock: the reply waits, and who reads a list meanwhile only costs the next one such a refusal.
            self._answers = {known: there for known, there in (self._answers or {}).items() if there != address}

    def taken(self, address: str) -> None:
        """Freshdesk has sent a reply from there."""
        self._refused.pop(address, None)

    def _renew(self) -> None:
        before = self._trouble
        # Where there is a list to go by, one thread reads the next one, and the others do not wait for it.
        if self._stale() and self._lock.acquire(blocking=self._answers is None):
            try:
                if self._stale():
                    # Those who waited for a try that failed would otherwise wait for each other's, one after the other.
                    if self._trouble is not None and self._trouble is not before:
                        raise copy(self._trouble)
                    self._answers = self._read(self._answers)
            finally:
                self._lock.release()

    def _stale(self) -> bool:
        return self._answers is None or self._clock() >= self._until

    def _read(self, known: dict[int, str] | None) -> dict[int, str]:
        """The mailboxes as of now, or those that are `known` where they cannot be read."""
        try:
            answers, keep = _addresses(list(self._rows())), _FRESH_SECONDS
        except Permanent as trouble:
            log.warning("mailboxes_unreadable", reason=trouble.reason)
            answers, keep = known or {}, _FRESH_SECONDS
        except Retryable as trouble:
            if known is None and self._may_come():
                self._trouble = copy(trouble)  # the one that is raised holds on to what its callers had in hand
                raise
            log.warning("mailboxes_unreadable", reason=trouble.reason)
            answers, keep = known or {}, _AGAIN_SECONDS
        self._until = self._clock() + keep
        return answers

    def _may_come(self) -> bool:
        now = self._clock()
        if self._missing_since is None:
            self._missing_since = now
        return now < self._missing_since + _PATIENT_SECONDS

    def _rows(self) -> Iterator[MailboxShape]:
        # That this list takes `per_page` is nowhere said, and what it does not know it refuses.
        rows, more = self._wire.page(MailboxShape, "email_configs")
        yield from rows
        for number in range(2, _MOST_PAGES + 1):
            if not more:
                return
            rows, more = self._wire.page(MailboxShape, "email_configs", page=number)
            yield from rows


def _addresses(rows: list[MailboxShape]) -> dict[int, str]:
    """The addresses to name. The global one is none of them: a reply that names nothing leaves from it anyhow, and so
    nothing can be refused at an account that has no other."""
    return {row.id: row.reply_email for row in rows if row.active and not (row.primary_role and row.product_id is None)}
