"""Connections for prepared statements alone, without SQLAlchemy's own connection and transaction around them.

SQLAlchemy's pool opens them. SQLite's stay at hand beside it, since to take one out of it and to put it back takes
longer than most statements, and they are few: a thread holds one for as long as a statement takes, and what forty of
them opened once would stay open for good. PostgreSQL's go back each time, because the pool makes sure before it gives
one out that its server is still there. Called by room.py.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Engine, exc

from worker.adapters.store.engine import begin_writing, sync, writing
from worker.adapters.store.prepared import On, told, unconnected
from worker.adapters.store.trouble import PART
from worker.errors import Permanent

MOST = 8  # of SQLite's at a time, for all threads of a process
_PATIENCE = 10.0  # seconds for which whoever finds all of them taken waits, as at the pool
_ATTRIBUTE = "deskhand_lines"
_making = threading.Lock()


class Line:
    """What `Prepared` needs of a connection. `own`: the pool forgets it; one that the pool counts as taken would keep
    the whole ledger alive. `since`: how many times all had been closed when it was opened."""

    __slots__ = ("_own", "_pooled", "connection", "dialect", "info", "since")

    def __init__(self, engine: Engine, *, own: bool, since: int) -> None:
        self.dialect = engine.dialect
        self.since = since
        self._own = own
        try:
            self._pooled = engine.raw_connection()
        except self.dialect.loaded_dbapi.Error as error:
            raise unconnected(error, self.dialect) from error
        if own:
            self._pooled.detach()
        self.connection: Any = self._pooled.dbapi_connection
        self.info = self._pooled.info

    def invalidate(self, exception: BaseException | None = None) -> None:
        """It is closed for good."""
        if self._own:
            with suppress(self.dialect.loaded_dbapi.Error):
                self.connection.close()
        elif self._pooled.is_valid:
            self._pooled.invalidate(exception)

    def end(self) -> None:
        """Closed, or given back to the pool; what was not committed is taken back. By the pool itself it would be said
        in the log, with a traceback, where the connection is lost."""
        if self._own:
            self.invalidate()
            return
        try:
            if self._pooled.is_valid:
                self.dialect.do_rollback(self.connection)
        except self.dialect.loaded_dbapi.Error as error:
            self.invalidate(error)
        finally:
            self._pooled.close()


class Lines:
    """The connections of `engine`. Thread-safe. No thread may take a second one while it holds one: it could wait for
    others that wait as well."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watched = bool(engine.dispatch.before_cursor_execute)  # traces have every statement, and see SQLAlchemy's
        self._keeps = engine.dialect.name == "sqlite"
        self._closed = 0
        self._opened_by = 0  # the process, once one is open
        self._lock = threading.Lock()
        self._open = 0
        self._at_hand: list[Line] = []  # none while anybody waits
        self._waiting: deque[SimpleQueue[Line | None]] = deque()  # for a line, or for leave to open another

    @contextmanager
    def looking(self) -> Iterator[On]:
        """For one statement that reads: SQLite needs no transaction around it."""
        if self._watched:
            with self._engine.connect() as connection:
                yield connection
            return
        with _Lent(self) as line:
            yield line
            if not self._keeps:
                with told(line):
                    line.dialect.do_rollback(line.connection)

    @contextmanager
    def writing(self, *, synced: bool, alone: bool) -> Iterator[On]:
        """A transaction. `alone`: for one statement, which SQLite makes a transaction by itself."""
        if self._watched:
            with writing(self._engine, synced=synced) as connection:
                yield connection
            return
        with _Lent(self) as line:
            with told(line):
                (sync if alone else begin_writing)(line, synced)
            yield line
            with told(line):
                line.dialect.do_commit(line.connection)

    def close(self) -> None:
        """Those at hand are closed, and the others when they are given back."""
        if self._forked():
            return
        with self._lock:
            at_hand, self._at_hand, self._closed = self._at_hand, [], self._closed + 1
        for line in at_hand:
            line.invalidate()
            self._one_less()

    def take(self) -> Line:
        """One that is to be given back, or ended."""
        if not self._keeps:
            return Line(self._engine, own=self._keeps, since=self._closed)
        if self._forked():
            raise Permanent("the ledger was opened before this process was forked off: open it in here", part=PART)
        with self._lock:
            if self._at_hand:
                return self._at_hand.pop()  # the last that was given back: the others' pages are older
            mine: SimpleQueue[Line | None] | None = None
            if self._open < MOST:
                self._open += 1
            else:
                self._waiting.append(mine := SimpleQueue())
        return (None if mine is None else self._awaited(mine)) or self._another()

    def _forked(self) -> bool:
        """SQLite counts a process's locks in its memory, which a child has a copy of: what the child writes then may be
        thrown away with the log when the parent closes the file (sqlite.org/howtocorrupt.html, on fork)."""
        return self._opened_by not in (0, os.getpid())

    def _awaited(self, mine: SimpleQueue[Line | None]) -> Line | None:
        """The line that is given back next, each to whoever has waited longest; None for leave to open another. Raises
        SQLAlchemy's TimeoutError."""
        try:
            return mine.get(timeout=_PATIENCE)
        except BaseException as error:
            with self._lock:
                if still := mine in self._waiting:
                    self._waiting.remove(mine)
            if still and isinstance(error, Empty):
                raise exc.TimeoutError(f"none of {MOST} connections came back in {_PATIENCE:g} s") from None
            if still:
                raise
            came = mine.get()  # in that very moment
            if isinstance(error, Empty):
                return came
            self._one_less() if came is None else self.give_back(came)
            raise

    def _another(self) -> Line:
        self._opened_by = os.getpid()
        try:
            return Line(self._engine, own=self._keeps, since=self._closed)
        except BaseException:
            self._one_less()
            raise

    def give_back(self, line: Line) -> None:
        if not self._keeps:
            line.end()
            return
        with self._lock:
            if line.since == self._closed:
                if self._waiting:
                    self._waiting.popleft().put(line)
                else:
                    self._at_hand.append(line)
                return
        line.invalidate()
        self._one_less()

    def end(self, line: Line) -> None:
        """What an exception broke off may have left something behind."""
        try:
            line.end()
        finally:
            if self._keeps:
                self._one_less()

    def _one_less(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(None)
            else:
                self._open -= 1


class _Lent:
    """A line for as long as a block lasts. A class, as `told` is."""

    __slots__ = ("_line", "_lines")

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def __enter__(self) -> Line:
        self._line = self._lines.take()
        return self._line

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        (self._lines.give_back if kind is None else self._lines.end)(self._line)


def lines_of(engine: Engine) -> Lines:
    """The same for all rooms over one pool. They hang on it: in a list of ours they would keep each other."""
    with _making:
        found: Lines | None = getattr(engine, _ATTRIBUTE, None)
        if found is None:
            found = Lines(engine)
            setattr(engine, _ATTRIBUTE, found)
        return found
