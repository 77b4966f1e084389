"""Takes a requester's texts out of the ledger, provably. What decides that nothing is sent twice stays.

In one transaction: the texts of the person's cases go, their customer record goes, and their addresses and telephone
numbers go wherever else they stand. Then the file is written anew, and all is searched. Without `really` the same
transaction is made and rolled back. Called by worker/operations/forgetting.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, delete, select, text, update

from worker.adapters.directory import normal_email
from worker.adapters.store.columns import Json
from worker.adapters.store.engine import open_engine
from worker.adapters.store.leftovers import CERTAIN, NAME, Hit, Needle, in_files, needles_of, redacted, search, tables
from worker.adapters.store.person import Person, Unfinished, find_person, rows_of, unfinished
from worker.adapters.store.promises import promises
from worker.adapters.store.renaming import rename
from worker.adapters.store.room import Room, note_audit
from worker.adapters.store.schema import (
    audit,
    case_moves,
    case_words,
    cases,
    customer_emails,
    customers,
    doorbells,
    drafts,
    lessons,
    sends,
    snapshots,
    unanswered,
    users,
)
from worker.adapters.store.schema_earning import assessments
from worker.adapters.store.schema_incidents import brakes
from worker.adapters.store.trouble import judged, named
from worker.adapters.store.turn import turn_for
from worker.errors import BadConfiguration, Permanent, Trouble

FORGOTTEN = "The texts of this case were deleted at the requester's wish."
INSTEAD = "[deleted]"
# Emptied in the rows of the person's cases. What is deleted with its whole row, and drafts, are further down.
EMPTIED: dict[Table, dict[str, Any]] = {
    cases: {"subject": "", "requester_email": "", "customer_id": None, "reasons": [FORGOTTEN]},
    case_moves: {"reasons": []},
    sends: {"body_html": ""},
    lessons: {"difference": [], "reason": ""},
    assessments: {"harm": ""},
    promises: {"words": ""},
}
DELETED = (snapshots, case_words, unanswered)
# Of a draft and its trace: what the console's numbers and the learning of templates count. All else goes.
DRAFT_KEEPS = ("body_hash", "template_id", "usage", "written_by")
TRACE_KEEPS = ("index_version", "seconds")
IDS_IN_AUDIT = ("approve", "edit", "undo", "mind", "take over")  # whose details are ids or logins, and not words


class StillAtWork(Exception):
    """Something of the person is under way; nothing has been changed."""

    def __init__(self, found: list[Unfinished]) -> None:
        super().__init__(f"{len(found)} things are still under way")
        self.found = found


class _RolledBack(Exception):
    """Ends a transaction that was made only to see what it would do."""


@dataclass
class Forgotten:
    """`changed`: rows by table. `left`: what still says something of the person, `others`: rows of other people that
    hold the same name or the same words. `in_file`: needles found in the bytes of a SQLite ledger, by kind. `ledger`:
    which one that is, without a password."""

    person: Person
    really: bool
    ledger: str = ""
    changed: Counter[str] = field(default_factory=Counter)
    left: list[Hit] = field(default_factory=list)
    others: list[Hit] = field(default_factory=list)
    in_file: dict[str, int] = field(default_factory=dict)
    searched: int = 0  # pieces of text, addresses, names that were looked for
    rewritten: str = ""  # why the file or the tables could not be written anew; "" if they were


class Forgetting(Room):
    """One person at a time; everything may run meanwhile."""

    def __init__(self, url: str) -> None:
        super().__init__(open_engine(url))
        self._tables: list[Table] = []

    def close(self) -> None:
        self._engine.dispose()

    def _described(self, connection: Connection) -> list[Table]:
        """All tables, as the database describes them."""
        self._tables = self._tables or tables(connection)
        return self._tables

    def forget(
        self,
        emails: Collection[str] = (),
        requester_ids: Collection[int] = (),
        customer_ids: Collection[str] = (),
        *,
        by: str,
        really: bool,
        names_too: bool = False,
    ) -> Forgotten:
        """Raises StillAtWork, BadConfiguration for a user of the console, and trouble; nothing is changed then."""
        with self.reading() as connection:
            person = find_person(connection, emails, requester_ids, customer_ids)
            needles = needles_of(person)
            _refuse_users(connection, person)
            kinds = (*CERTAIN, NAME) if names_too else CERTAIN
            certain = [needle for needle in needles if needle.kind in kinds]
            elsewhere = [hit for hit in search(connection, self._described(connection), person, certain) if not hit.own]
        done = Forgotten(person, really, named(self._engine.url), searched=len(needles))
        try:
            with self.writing() as connection:
                self._forget(connection, person, certain, elsewhere, done, by)
                if not really:
                    done.left, done.others = _sorted(
                        search(connection, self._described(connection), person, needles), kinds
                    )
                    raise _RolledBack
        except _RolledBack:
            return done
        done.rewritten = self._write_anew()
        self._prove(done, needles, kinds)
        return done

    def _forget(
        self,
        connection: Connection,
        person: Person,
        certain: list[Needle],
        elsewhere: list[Hit],
        done: Forgotten,
        by: str,
    ) -> None:
        # Locked: a worker that would take one of these cases up now waits, and then finds it ended.
        for ids in _batches(person.case_ids):
            connection.execute(select(cases.c.case_id).where(cases.c.case_id.in_(ids)).with_for_update())
        if found := unfinished(connection, person):
            raise StillAtWork(found)
        done.changed += rename(connection, person.case_ids, by)
        for ids in _batches(person.case_ids):
            _empty(connection, ids, done.changed)
        for tickets in _batches(person.ticket_ids):
            hints = update(doorbells).where(doorbells.c.ticket_id.in_(tickets), doorbells.c.hint != "")
            done.changed["doorbells"] += connection.execute(hints.values(hint="")).rowcount
        _drop_customers(connection, person, done.changed)
        _redact(connection, self._described(connection), elsewhere, certain, done.changed)
        done.changed = Counter({name: rows for name, rows in done.changed.items() if rows})
        if done.changed:
            whom = f"requester {', '.join(map(str, sorted(person.requester_ids))) or 'unknown'}"
            what = ", ".join(f"{table} {rows}" for table, rows in sorted(done.changed.items()))
            note_audit(connection, by, "forget", whom, what)

    def _prove(self, done: Forgotten, needles: list[Needle], kinds: Collection[str]) -> None:
        with self.reading() as connection:
            done.left, done.others = _sorted(
                search(connection, self._described(connection), done.person, needles), kinds
            )
        if self._engine.dialect.name == "sqlite":
            base = Path(str(self._engine.url.database))
            files = [base.with_name(base.name + end) for end in ("", "-wal", "-journal")]
            elsewhere = {kind for hit in (*done.others, *done.left) for kind in hit.kinds}
            done.in_file = in_files(files, [needle for needle in needles if needle.kind not in elsewhere])

    def _write_anew(self) -> str:
        """Deleted rows stay in the file, or in PostgreSQL's pages, until their place is needed."""
        try:
            with judged(self._called):
                if self._engine.dialect.name == "sqlite":
                    self._rewrite_sqlite()
                else:
                    self._vacuum()
        except Trouble as trouble:
            return trouble.reason
        return ""

    def _vacuum(self) -> None:
        """ANALYZE too: what PostgreSQL remembers of a column, to plan by it, are values, addresses among them."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in (*EMPTIED, *DELETED, brakes, drafts, doorbells, customers, customer_emails, audit):
                connection.execute(text(f"VACUUM (ANALYZE) {table.name}"))

    def _rewrite_sqlite(self) -> None:
        with turn_for(Path(str(self._engine.url.database))).taken():
            raw = self._engine.raw_connection()
            try:
                raw.execute("VACUUM")
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.close()
        if busy:
            raise Permanent("somebody is reading in the ledger, so that its log could not be emptied")


def _refuse_users(connection: Connection, person: Person) -> None:
    for row in connection.execute(select(users.c.login)):
        if row.login.casefold() in person.emails:
            raise BadConfiguration(
                "This address is the login of a user of the console: what leads did is kept. See scripts/users.py"
            )


def _batches(ids: list[Any]) -> list[list[Any]]:
    return [ids[start : start + 500] for start in range(0, len(ids), 500)]


def _empty(connection: Connection, case_ids: list[str], changed: Counter[str]) -> None:
    for table, blank in EMPTIED.items():
        mine = table.c.case_id.in_(case_ids)
        for name, value in blank.items():
            column = table.c[name]
            full = column.is_not(None) if value is None else cast(column, Text) != _stored(table, name, value)
            changed[f"{table.name}.{name}"] += connection.execute(
                update(table).where(mine, full).values({name: value})
            ).rowcount
    for table in DELETED:
        changed[table.name] += connection.execute(delete(table).where(table.c.case_id.in_(case_ids))).rowcount
    for row in rows_of(connection, drafts, "case_id", case_ids):
        changed["drafts"] += _empty_draft(connection, row)
    words = (audit.c.subject.in_(case_ids), audit.c.action.not_in(IDS_IN_AUDIT), audit.c.detail != "")
    changed["audit.detail"] += connection.execute(update(audit).where(*words).values(detail="")).rowcount


def _stored(table: Table, name: str, value: Any) -> str:
    return str(Json().process_bind_param(value, None)) if isinstance(table.c[name].type, Json) else str(value)  # type: ignore[arg-type]


def _empty_draft(connection: Connection, row: Any) -> int:
    kept = {name: row.draft[name] for name in DRAFT_KEEPS if name in row.draft}
    draft = {"parts": [], "body_html": "", "body_text": "", "body_hash": row.body_hash} | kept
    trace = {name: row.trace[name] for name in TRACE_KEEPS if name in row.trace}
    if (draft, trace) == (row.draft, row.trace):
        return 0
    mine = update(drafts).where(drafts.c.draft_id == row.draft_id)
    return connection.execute(mine.values(draft=draft, trace=trace)).rowcount


def _drop_customers(connection: Connection, person: Person, changed: Counter[str]) -> None:
    """Their own record, and their addresses among those of other customers."""
    for ids in _batches(sorted(person.customer_ids)):
        for table in (customer_emails, customers):
            changed[table.name] += connection.execute(delete(table).where(table.c.customer_id.in_(ids))).rowcount
    for row in rows_of(connection, customer_emails, "email", person.emails):
        this = (customer_emails.c.email == row.email, customer_emails.c.customer_id == row.customer_id)
        changed["customer_emails of others"] += connection.execute(delete(customer_emails).where(*this)).rowcount
        other = customers.c.customer_id == row.customer_id
        named = connection.execute(select(customers.c.alternate_emails).where(other)).scalar_one()
        rest = [email for email in named if normal_email(email) not in person.emails]
        connection.execute(update(customers).where(other).values(alternate_emails=rest))


def _redact(
    connection: Connection, every: list[Table], hits: list[Hit], certain: list[Needle], changed: Counter[str]
) -> None:
    """In other people's rows. One that is still being worked on keeps its words: what a lead has been shown and what is
    sent must not differ; it is found again, and told, by the proof."""
    described = {table.name: table for table in every}
    at_work = {row.case_id for row in connection.execute(_at_work())}
    for hit in hits:
        table = described[hit.table]
        if hit.case_id in at_work or hit.column in {key.name for key in table.primary_key.columns}:
            continue
        this = [key == value for key, value in zip(table.primary_key.columns, hit.key, strict=True)]
        column = table.c[hit.column]
        said = connection.execute(select(column).where(*this)).scalar()
        if said is None:
            continue
        new: Any = b"" if isinstance(said, bytes | memoryview) else redacted(str(said), certain, INSTEAD)
        if new != said:
            connection.execute(update(table).where(*this).values({column.name: new}))
            changed[f"{table.name}.{column.name} of others"] += 1


def _at_work() -> Any:
    live = select(sends.c.case_id).where(sends.c.state.in_(["queued", "posting", "posted"]))
    return select(cases.c.case_id).where(cases.c.status.in_(["open", "held", "approved"])).union(live)


def _sorted(hits: list[Hit], kinds: Collection[str]) -> tuple[list[Hit], list[Hit]]:
    """What must not be there, and what other people's rows may hold: a namesake, or the same question."""
    left = [hit for hit in hits if hit.own or set(hit.kinds) & set(kinds)]
    return left, [hit for hit in hits if hit not in left]
