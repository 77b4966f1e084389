"""Rows that do not read, as a hand or another release may leave them: trouble, never with what is in them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from tests.console.seed import hold
from worker.adapters.store import open_ledger
from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.trouble import judged
from worker.errors import BadConfiguration, Permanent, Retryable

SECRET = "asha@example.com"
READS: dict[str, Callable[[SqlLedger, str], object]] = {
    "case": lambda ledger, case: ledger.cases.get(case),
    "moves": lambda ledger, case: ledger.cases.moves(case),
    "thread": lambda ledger, case: ledger.cases.thread(case),
    "queue": lambda ledger, case: ledger.reviews.held(limit=5),
    "filters": lambda ledger, case: ledger.reviews.facets(),
}


@pytest.fixture
def ledger(sql_url: str) -> Iterator[SqlLedger]:
    with closing(open_ledger(sql_url)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("spoil", "value", "reads"),
    [
        ("UPDATE cases SET reasons = :odd", f'{{"{SECRET}', ("case", "queue")),
        ("UPDATE cases SET segments = :odd", f"[{SECRET}]", ("case", "queue", "filters")),
        ("UPDATE cases SET status = :odd", SECRET, ("case",)),
        ("UPDATE case_moves SET reasons = :odd", f'["{SECRET}', ("moves",)),
        ("UPDATE snapshots SET thread = :odd", f'{{"{SECRET}', ("thread",)),
        ("UPDATE snapshots SET thread = :odd", f'{{"later": "{SECRET}"}}', ("thread",)),
    ],
)
def test_a_row_that_does_not_read_is_trouble_with_the_database_and_what_to_do_and_without_the_row(
    ledger: SqlLedger, spoil: str, value: str, reads: tuple[str, ...]
) -> None:
    case = hold(ledger)
    with ledger.writing() as connection:
        connection.execute(text(spoil), {"odd": value})

    for name in reads:
        with pytest.raises(Permanent) as told:
            READS[name](ledger, case)
        trouble = told.value
        assert trouble.reason.startswith(ledger._called), name
        assert "holds a row that does not read" in trouble.reason
        assert "take back what was written" in trouble.todo
        assert SECRET not in "".join(traceback.format_exception(trouble)) + trouble.advised(), name


@pytest.mark.parametrize("kind", [BadConfiguration, Permanent, Retryable])
def test_what_is_judged_already_keeps_its_kind(kind: type[Exception]) -> None:
    error = kind("as it was said")
    with pytest.raises(kind) as told, judged("the ledger"):
        raise error
    assert told.value is error


def test_what_is_no_trouble_of_a_row_is_not_taken_for_one() -> None:
    """A mistake of ours must be seen as one."""
    with pytest.raises(KeyError), judged("the ledger"):
        raise KeyError("case_id")
