"""The rooms in memory behind one lock. For tests and for trying things out; never in production."""

from __future__ import annotations

from worker.adapters.memory.cases import MemoryCases
from worker.adapters.memory.customers import MemoryCustomers
from worker.adapters.memory.doorbells import MemoryDoorbells
from worker.adapters.memory.earning import MemoryEarning
from worker.adapters.memory.figures import MemoryFigures
from worker.adapters.memory.incidents import MemoryIncidents
from worker.adapters.memory.promises import MemoryPromises
from worker.adapters.memory.reviews import MemoryReviews
from worker.adapters.memory.sends import MemorySends
from worker.adapters.memory.state import State, wall_clock
from worker.adapters.memory.users import MemoryUsers
from worker.ports import Cases, Customers, Doorbells, Earning, Figures, Incidents, Now, Promises, Reviews, Sends, Users


class MemoryLedger:
    """`ports.ledger.Ledger`. `now` stands for the database's clock."""

    doorbells: Doorbells
    cases: Cases
    sends: Sends
    customers: Customers
    reviews: Reviews
    users: Users
    figures: Figures
    promises: Promises
    earning: Earning
    incidents: Incidents

    def __init__(self, now: Now = wall_clock) -> None:
        state = State(now)
        self.doorbells = MemoryDoorbells(state)
        self.cases = MemoryCases(state)
        self.sends = MemorySends(state)
        self.customers = MemoryCustomers()
        self.reviews = MemoryReviews(state)
        self.users = MemoryUsers(state)
        self.figures = MemoryFigures(state)
        self.promises = MemoryPromises(state)
        self.earning = MemoryEarning(state)
        self.incidents = MemoryIncidents(state)

    def ping(self) -> str:
        return "in memory"

    def writable(self) -> None:
        """Always."""

    def close(self) -> None:
        """Nothing to give back."""
