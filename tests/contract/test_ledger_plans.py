"""What concerns one case is found through an index, on both databases, however long the audit log has become."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from worker.adapters.store.engine import open_engine
from worker.adapters.store.promises import promises
from worker.adapters.store.schema import audit

ROWS = 5_000


def plan_of(engine: Any, statement: Any) -> str:
    told = statement.compile(engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {told}"))


@pytest.mark.parametrize(
    "statement",
    [
        select(audit).where(audit.c.subject == "c00042", audit.c.action.in_(["edit"])).order_by(audit.c.entry_id),
        update(audit).where(audit.c.subject.in_(["c00042", "c00043"]), audit.c.detail != "").values(detail=""),
    ],
    ids=["the page of a case", "forgetting"],
)
def test_what_leads_did_with_a_case_is_found_without_reading_what_they_did_with_others(sql_url, statement) -> None:
    engine = open_engine(sql_url)
    row = {"at": 1.0, "login": "maya", "action": "edit", "detail": "d"}
    with engine.begin() as connection:
        connection.execute(insert(audit), [{"subject": f"c{n:05}", **row} for n in range(ROWS)])
        if engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE audit"))
    assert "ix_audit_subject_entry_id" in plan_of(engine, statement)
    engine.dispose()


def test_the_index_over_promises_serves_whoever_forgets_a_case(sql_url) -> None:
    engine = open_engine(sql_url)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))  # a table of no rows is read as it is
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        told = (
            delete(promises).where(promises.c.case_id == "c1").compile(engine, compile_kwargs={"literal_binds": True})
        )
        plan = connection.exec_driver_sql(f"{explain} {told}").all()
    assert "ix_promises_case_id" in str(plan)
    engine.dispose()
