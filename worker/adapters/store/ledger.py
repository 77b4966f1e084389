"""The ledger over SQL: its rooms behind one pool. Bootstrap opens it; nobody else names a database."""

from __future__ import annotations

from sqlalchemy import Engine, text

from worker.adapters.store.belonging import Belonging
from worker.adapters.store.cases import SqlCases
from worker.adapters.store.columns import clock
from worker.adapters.store.customers import SqlCustomers
from worker.adapters.store.doorbells import SqlDoorbells
from worker.adapters.store.earning import SqlEarning
from worker.adapters.store.engine import open_engine
from worker.adapters.store.figures import SqlFigures
from worker.adapters.store.incidents import SqlIncidents
from worker.adapters.store.promises import SqlPromises
from worker.adapters.store.reviews import SqlReviews
from worker.adapters.store.room import upsert
from worker.adapters.store.schema import marks
from worker.adapters.store.sends import SqlSends
from worker.adapters.store.users import SqlUsers
from worker.ports import Cases, Customers, Doorbells, Earning, Figures, Incidents, Promises, Reviews, Sends, Users


class SqlLedger(Belonging):
    """`ports.ledger.Ledger`. Thread-safe; one per process."""

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

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.doorbells = SqlDoorbells(engine)
        self.cases = SqlCases(engine)
        self.sends = SqlSends(engine)
        self.customers = SqlCustomers(engine)
        self.reviews = SqlReviews(engine)
        self.users = SqlUsers(engine)
        self.figures = SqlFigures(engine)
        self.promises = SqlPromises(engine)
        self.earning = SqlEarning(engine)
        self.incidents = SqlIncidents(engine)

    def ping(self) -> str:
        """ "SQLite 3.53.4" or "PostgreSQL 15.10"; raises trouble."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))
            name = {"sqlite": "SQLite"}.get(connection.dialect.name, "PostgreSQL")
            version = connection.dialect.server_version_info or ()
            return f"{name} {'.'.join(str(number) for number in version)}"

    def writable(self) -> None:
        """Commits one small row: a full disk or a read-only standby shows nowhere else."""
        with self.writing() as connection:
            row = upsert(connection.dialect.name, marks).values(name="writable", at=clock())
            connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": clock()}))

    def close(self) -> None:
        self._lines.close()
        self._engine.dispose()


def open_ledger(url: str) -> SqlLedger:
    """The ledger at `url` (sqlite:////path or postgresql+psycopg://...), whose tables `migrate(url)` has made.
    Connects when first used. BadConfiguration for any other kind of URL."""
    return SqlLedger(open_engine(url))
