"""Two reindexes at once would sweep away each other's unfinished indexes: whoever writes holds a lock until it ends.

On one host a file in DATA_DIR is locked; where several share a PostgreSQL ledger, one of its advisory locks as well.
The operating system and the database give both back when their holder dies, however it dies: nothing has to be cleared
away. What is locked is the writing of an index, not the searching in it. Called by bootstrap_index.py.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from worker.errors import Retryable

if TYPE_CHECKING:
    from sqlalchemy import Connection

FILE = "index.lock"  # in DATA_DIR
PATIENCE = 1800.0  # seconds that somebody waits who may
_EVERY = 0.5  # seconds between two tries
_INDEX = 0x696E6478  # PostgreSQL's advisory locks: the first of two numbers
_LOST_AFTER = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
log = structlog.get_logger(__name__)


@contextmanager
def on_this_host(data_dir: Path, *, wait: bool = False) -> Iterator[None]:
    """The only writer of this DATA_DIR until the block ends. Retryable while another one is at work, who is named;
    `wait`: only after PATIENCE. A folder that takes no file locks nobody out."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # the ledger will lie there too
        lock = os.open(data_dir / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.warning("index.unlocked", where=str(data_dir / FILE), why=error.strerror)
        yield
        return
    try:
        _until(lambda: _locked(lock), lambda: os.pread(lock, 200, 0).decode(errors="replace"), wait)
        _sign(lock, f"{_myself()}, since {datetime.now(UTC):%H:%M} UTC")
        yield
        _sign(lock, "")
    finally:
        os.close(lock)


@contextmanager
def on_all_hosts(ledger_url: str, *, wait: bool = False) -> Iterator[None]:
    """The same among all that share this ledger, if it is on PostgreSQL. One that cannot be asked locks nobody out:
    going back to a good index must not need it."""
    if not ledger_url.startswith("postgresql"):
        yield
        return
    # Here: the ledger's libraries take longer to import than it takes to see that nothing has changed.
    from sqlalchemy.exc import SQLAlchemyError

    from worker.adapters.store.engine import open_engine

    engine = open_engine(ledger_url).execution_options(isolation_level="AUTOCOMMIT")
    with ExitStack() as held:
        held.callback(engine.dispose)
        try:
            connection = held.enter_context(engine.connect())
            connection.exec_driver_sql(_LOST_AFTER)  # a host that vanished is given up after a minute, not two hours
            connection.exec_driver_sql("SELECT set_config('application_name', %s, false)", (f"index_kb, {_myself()}",))
            _until(lambda: _granted(connection), lambda: _holder(connection), wait)
        except SQLAlchemyError as error:
            log.warning("index.unlocked", where="ledger", why=type(error).__name__)
        yield


def _until(taken: Callable[[], bool], holder: Callable[[], str], wait: bool) -> None:
    until, told = time.monotonic() + PATIENCE, False
    while not taken():
        who = holder() or "unknown"
        if not wait or time.monotonic() > until:
            raise Retryable(
                f"another reindex is at work on it ({who}): let it finish, or end it, and run this again", part="milvus"
            )
        if not told:
            told = True
            log.warning("index.waiting", what="another reindex is at work", who=who)
        time.sleep(_EVERY)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(lock: int, who: str) -> None:
    """For those who come meanwhile; a full disk that does not take it is no reason to let two in, or none."""
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, who.encode(), 0)
    except OSError as error:
        log.debug("index.unsigned", why=error.strerror)


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()[:30]}"


def _granted(connection: Connection) -> bool:
    return bool(connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s, 0)", (_INDEX,)).scalar())


def _holder(connection: Connection) -> str:
    """As it named itself, "" if it has gone meanwhile."""
    row = connection.exec_driver_sql(
        "SELECT application_name, to_char(backend_start AT TIME ZONE 'UTC', 'HH24:MI') FROM pg_locks "
        "JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND classid = %s AND granted",
        (_INDEX,),
    ).first()
    return f"{str(row[0]).removeprefix('index_kb, ')}, since {row[1]} UTC" if row else ""
