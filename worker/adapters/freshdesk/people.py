"""Who is who at the account: ourselves, the other agents, the groups. Asked once, remembered for a while.

Called by desk.py. Listings that this key may not read are no trouble: what they would have told stays unknown. One that
could not be read just now is trouble, unless an earlier one is there to go by.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from worker.adapters.freshdesk.shapes import AgentShape, GroupShape
from worker.adapters.freshdesk.wire import Wire
from worker.errors import Permanent, Retryable

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 3600.0
_AGAIN_SECONDS = 300.0  # after a listing failed, or lacked the group that was asked for


class People:
    """Thread-safe; two threads that ask at once ask Freshdesk once."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._me: AgentShape | None = None
        self._agents: dict[int, AgentShape] | None = None  # before the first answer
        self._agents_until = 0.0
        self._groups: dict[str, int] = {}
        self._groups_read_at: float | None = None

    def me(self) -> AgentShape:
        """The agent that the key belongs to: how our own replies are told from everybody else's."""
        if self._me is None:
            with self._lock:
                if self._me is None:
                    self._me = self.look_up_me()
        return self._me

    def look_up_me(self) -> AgentShape:
        return self._wire.get(AgentShape, "agents/me")

    def is_agent(self, user_id: int) -> bool:
        """True if the account lists `user_id` as an agent; False also where this key may not read the list."""
        return self.agent(user_id) is not None

    def renew(self) -> None:
        """Before a last look, so that none of this is read between it and the reply, where the customer may write. What
        could not be had is asked for again by whoever needs it."""
        with suppress(Retryable):
            self.me()
            self.agent(0)

    def agent(self, user_id: int) -> AgentShape | None:
        """Retryable where no list was ever read: a colleague's mail would be taken for a customer's."""
        # Where there is a list to go by, one thread reads the next one, and the others do not wait for its pages.
        if self._agents_are_stale() and self._lock.acquire(blocking=self._agents_are_stale(_FRESH_SECONDS)):
            try:
                if self._agents_are_stale():
                    self._agents = self._read_agents(self._agents)
            finally:
                self._lock.release()
        return (self._agents or {}).get(user_id)

    def group_id(self, name: str) -> int | None:
        """None, with a warning in the log, where no group has that name or the groups cannot be read."""
        if self._groups_are_stale(name.casefold()):
            with self._lock:
                if self._groups_are_stale(name.casefold()):
                    self._read_groups()
        found = self._groups.get(name.casefold())
        if found is None:
            log.warning("group_unknown", group=name)
        return found

    def _agents_are_stale(self, more: float = 0.0) -> bool:
        """`more`: by so many seconds. A list of this morning would take a new colleague for a customer."""
        return self._agents is None or self._clock() >= self._agents_until + more

    def _groups_are_stale(self, wanted: str) -> bool:
        if self._groups_read_at is None:
            return True
        age = self._clock() - self._groups_read_at
        return age > _FRESH_SECONDS or (wanted not in self._groups and age > _AGAIN_SECONDS)

    def _read_groups(self) -> None:
        try:
            self._groups = {g.name.casefold(): g.id for g in self._wire.pages(GroupShape, "groups")}
        except Permanent as trouble:
            log.warning("groups_unreadable", reason=trouble.reason)
        self._groups_read_at = self._clock()

    def _read_agents(self, known: dict[int, AgentShape] | None) -> dict[int, AgentShape]:
        """The agents as of now, or those that are `known` where they cannot be read."""
        keep, agents = _FRESH_SECONDS, known or {}
        try:
            agents = {a.id: a for a in self._wire.pages(AgentShape, "agents")}
        except Permanent as trouble:
            log.info("agents_unreadable", reason=trouble.reason)
        except Retryable:
            if known is None:
                raise
            keep = _AGAIN_SECONDS
        self._agents_until = self._clock() + keep
        return agents
