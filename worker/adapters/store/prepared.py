"""Statements that a ticket makes again and again: SQLAlchemy puts each together once, the driver carries it out.

A look at one row by its key takes 4 us so and 14 through SQLAlchemy; a ticket's statements, each right after a model
has had the processor's caches, took 11.4 ms of processor time, and 6.0 so. What is rare goes through SQLAlchemy itself.
Values are bound and read as the columns' types have it; what the driver raises is raised as SQLAlchemy's. Called by the
rooms.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, exc
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault

Values = Mapping[str, Any]
_Step = Callable[[Any], Any] | None
# A value: the name by which it is given, and what is made of it on its way in; or what stands in the statement.
_Slot = tuple[str | None, _Step, Any]


class Wire(Protocol):
    """A connection of the driver's, which raises what the driver raises."""

    @property
    def dialect(self) -> Dialect: ...
    @property
    def connection(self) -> Any: ...
    def invalidate(self, exception: BaseException | None = None) -> None: ...


On = Connection | Wire  # SQLAlchemy's own connections too, for whoever is in the middle of something on one of them


class _Carried:
    """What SQLAlchemy has carried out, as the driver's cursors show it."""

    def __init__(self, result: CursorResult[Any]) -> None:
        self.rowcount = result.rowcount
        self.description = result.cursor.description if result.cursor is not None else None
        self.fetchall, self.close = result.fetchall, result.close


class _Ready:
    """A statement as one driver takes it."""

    def __init__(self, statement: Any, dialect: Dialect, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        assert isinstance(compiled, SQLCompiler)
        defaults = [(one.key, one.default) for one in compiled.insert_prefetch]
        defaults += [(one.key, one.onupdate) for one in compiled.update_prefetch]
        if compiled.post_compile_params or compiled.literal_execute_params or compiled.escaped_bind_names:
            raise TypeError(f"its text depends on its values: {compiled}")
        if not all(isinstance(default, ScalarElementColumnDefault) for _, default in defaults):
            raise TypeError(f"a column's default has to be worked out: {compiled}")
        fixed = {name: default.arg for name, default in defaults if isinstance(default, ScalarElementColumnDefault)}
        self.sql = str(compiled)
        order = compiled.positiontup
        self._names = list(compiled.binds) if order is None else None
        self._slots = [_slot(compiled, name, names, fixed, dialect) for name in self._names or order or ()]
        columns = statement.exported_columns
        row: Any = namedtuple("Row", [one.key for one in columns], rename=True)  # type: ignore[misc]
        self._row = row._make
        self._dialect, self._types = dialect, [one.type for one in columns]
        self._read: Sequence[_Step] | None = None

    def given(self, values: Values) -> Any:
        bound = [
            fixed if left_open is None else values[left_open] if step is None else step(values[left_open])
            for left_open, step, fixed in self._slots
        ]
        return bound if self._names is None else dict(zip(self._names, bound, strict=True))

    def rows(self, cursor: Any) -> list[Any]:
        read = self._reading(cursor) if self._read is None else self._read
        if not read:
            return [self._row(row) for row in cursor.fetchall()]
        return [
            self._row(value if step is None else step(value) for value, step in zip(row, read, strict=True))
            for row in cursor.fetchall()
        ]

    def _reading(self, cursor: Any) -> Sequence[_Step]:
        """What is made of each column; empty where that is nothing at all. It takes the driver's own type of a column,
        which the first answer tells."""
        steps: list[_Step] = [
            type_.dialect_impl(self._dialect).result_processor(self._dialect, column[1])
            for type_, column in zip(self._types, cursor.description, strict=True)
        ]
        self._read = steps if any(steps) else ()
        return self._read


class Prepared:
    """`statement`: of SQLAlchemy's, or what gives it for the name of a database. Thread-safe."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._made: dict[tuple[str, ...], _Ready] = {}

    def all(self, on: On, values: Values) -> list[Any]:
        """The rows, with the columns' names as attributes."""
        ready = self._ready(on, values)
        with told(on):
            cursor = _carried_out(on, ready.sql, _bound(ready, values))
            try:
                return ready.rows(cursor)
            finally:
                cursor.close()

    def one(self, on: On, values: Values) -> Any:
        """The row; None where there is none."""
        rows = self.all(on, values)
        return rows[0] if rows else None

    def scalar(self, on: On, values: Values) -> Any:
        """The first column of the first row; None where there is none."""
        rows = self.all(on, values)
        return rows[0][0] if rows else None

    def run(self, on: On, values: Values) -> int:
        """How many rows it wrote."""
        ready = self._ready(on, values)
        with told(on):
            cursor = _carried_out(on, ready.sql, _bound(ready, values))
            written = int(cursor.rowcount)  # now: psycopg has forgotten it once the cursor is closed
            cursor.close()
            return written

    def many(self, on: On, rows: Sequence[Values]) -> None:
        """Once for each of the `rows`, which leave the same open."""
        if isinstance(on, Connection) or len(rows) < 2:
            for values in rows:
                self.run(on, values)
            return
        if any(values.keys() != rows[0].keys() for values in rows):
            raise TypeError("these rows do not leave the same open")
        ready = self._ready(on, rows[0])
        given = [_bound(ready, values) for values in rows]
        with told(on):
            cursor = on.connection.cursor()
            cursor.executemany(ready.sql, given)
            cursor.close()

    def _ready(self, on: On, values: Values) -> _Ready:
        key = (on.dialect.name, *values)
        return self._made.get(key) or self._make(on.dialect, key)

    def _make(self, dialect: Dialect, key: tuple[str, ...]) -> _Ready:
        statement = self._statement(dialect.name) if callable(self._statement) else self._statement
        ready = self._made[key] = _Ready(statement, dialect, key[1:])
        return ready


def _slot(compiled: SQLCompiler, name: str, names: Sequence[str], fixed: Values, dialect: Dialect) -> _Slot:
    bind = compiled.binds[name]
    step: _Step = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if name in names:
        return name, step, None
    if name not in fixed and bind.required:
        raise TypeError(f"{name} is not given: {compiled}")
    value = fixed.get(name, bind.effective_value)
    return None, step, value if step is None else step(value)


def _bound(ready: _Ready, values: Values) -> Any:
    try:
        return ready.given(values)
    except (KeyError, TypeError, ValueError) as error:
        raise _unfit(error) from None


def _carried_out(on: On, sql: str, given: Any) -> Any:
    if isinstance(on, Connection):
        return _Carried(on.exec_driver_sql(sql, given if isinstance(given, dict) else tuple(given)))
    try:
        return on.connection.execute(sql, given)
    except TypeError as error:
        raise _unfit(error) from None


def _unfit(error: Exception) -> exc.StatementError:
    """A value that cannot be bound, which the error's own words may quote."""
    return exc.StatementError(f"a value does not fit ({type(error).__name__})", None, None, None)


class told:
    """Around what the driver does: its errors are raised as SQLAlchemy's, and a connection that is lost is not used
    again. A class, since it stands around every statement: a generator takes twice as long."""

    __slots__ = ("_on",)

    def __init__(self, on: On) -> None:
        self._on = on

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        dialect = self._on.dialect
        if isinstance(error, dialect.loaded_dbapi.Error):
            lost = dialect.is_disconnect(error, self._on.connection, None)
            if lost:
                self._on.invalidate(error)
            raise unconnected(error, dialect, lost=lost) from error


def unconnected(error: Any, dialect: Dialect, *, lost: bool = False) -> BaseException:
    """The same for one that no connection is to blame for, such as the want of one."""
    raised: BaseException = exc.DBAPIError.instance(
        None, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )
    return raised
