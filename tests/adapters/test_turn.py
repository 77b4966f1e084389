"""Whose turn it is to write: nobody is passed over, nobody waits for ever, and a dead writer leaves the place free."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from worker.adapters.store import engine, turn
from worker.adapters.store.room import Room
from worker.adapters.store.turn import Turn, turn_for
from worker.errors import Retryable

FORK = multiprocessing.get_context("spawn")


def write_for_ever(database: str, tell: Connection) -> None:
    """Another process, always at it: as soon as it has written it wants to write again."""
    mine = turn_for(Path(database))
    while True:
        with mine.taken():
            tell.send("written")


def hold(database: str, tell: Connection) -> None:
    with turn_for(Path(database)).taken():
        tell.send("holding")
        threading.Event().wait()


def drain(said: Connection, heard: threading.Semaphore | None = None) -> None:
    """A full pipe would stop who writes into it."""
    with suppress(EOFError):
        while said.recv():
            if heard:
                heard.release()


@pytest.fixture
def elsewhere():
    """Starts `work(database, pipe)` in a process of its own; yields the way to do that."""
    started = []

    def start(work, database: Path):
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=work, args=(str(database), theirs), daemon=True)
        process.start()
        started.append(process)
        assert ours.poll(60)
        return process, ours

    yield start
    for process in started:
        process.kill()
        process.join()


def test_who_has_just_written_does_not_go_first_again(tmp_path: Path, elsewhere):
    database = tmp_path / "ledger.db"
    _, said = elsewhere(write_for_ever, database)
    threading.Thread(target=drain, args=(said,), daemon=True).start()

    mine = Turn(database)
    for _ in range(20):
        with mine.taken():
            pass


def test_threads_of_one_process_write_one_after_the_other(tmp_path: Path):
    mine, inside, most = Turn(tmp_path / "ledger.db"), [], []

    def write() -> None:
        for _ in range(50):
            with mine.taken():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(most) == {1}


def test_threads_in_line_take_the_front_over_from_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mine, asked, lock = Turn(tmp_path / "ledger.db"), [], turn._lock
    monkeypatch.setattr(turn, "_lock", lambda *given: asked.append(given) or lock(*given))

    def write() -> None:
        with mine.taken():
            pass

    with mine.taken():
        threads = [threading.Thread(target=write) for _ in range(turn.IN_A_ROW - 1)]
        for thread in threads:
            thread.start()
        while mine._waiting < len(threads):
            threading.Event().wait(0.001)
    for thread in threads:
        thread.join()

    assert len(asked) == 2, "the turnstile and the front, once for them all"
    with Turn(tmp_path / "ledger.db").taken():
        pass


def test_another_process_has_its_turn_however_many_threads_of_this_one_are_in_line(tmp_path: Path, elsewhere):
    database, over = tmp_path / "ledger.db", threading.Event()
    mine = Turn(database)

    def write() -> None:
        while not over.is_set():
            with mine.taken():
                pass

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        _, said = elsewhere(write_for_ever, database)
        written = threading.Semaphore(0)
        threading.Thread(target=drain, args=(said, written), daemon=True).start()
        assert all(written.acquire(timeout=60) for _ in range(20))
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_who_is_stopped_while_in_line_leaves_nobody_waiting_for_them(tmp_path: Path):
    mine, there = Turn(tmp_path / "ledger.db"), threading.Event()
    line, over = mine._line, threading.Event()

    def write() -> None:
        with mine.taken():
            there.set()
            over.wait(60)

    class Stopped:
        """A line in which a signal comes."""

        release = line.release

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if timeout > 0:
                raise SystemExit
            return line.acquire(blocking)

    writing = threading.Thread(target=write)
    writing.start()
    assert there.wait(60)
    mine._line = Stopped()  # type: ignore[assignment]
    with pytest.raises(SystemExit), mine.taken():
        pass
    mine._line = line
    over.set()
    writing.join()

    with Turn(tmp_path / "ledger.db").taken():  # as another process: the front was not kept
        pass


def test_the_front_that_was_kept_for_one_who_gave_up_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    database = tmp_path / "ledger.db"
    mine = Turn(database)
    with mine.taken():
        mine._waiting += 1  # somebody in line, for whom the front is kept
    mine._waiting -= 1
    line = mine._line

    class Impatient:
        """Whoever waits in it has waited for too long."""

        release = line.release

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            return not blocking and line.acquire(blocking=False)

    monkeypatch.setattr(turn, "SECONDS", 0.2)
    mine._line = Impatient()  # type: ignore[assignment]
    with pytest.raises(Retryable, match="too long"), mine.taken():
        pass

    with Turn(database).taken():
        pass


def test_a_writer_that_is_killed_leaves_the_place_free(tmp_path: Path, elsewhere):
    database = tmp_path / "ledger.db"
    process, _ = elsewhere(hold, database)
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    with Turn(database).taken():
        pass


def test_behind_a_writer_that_stands_still_one_gives_up(tmp_path: Path, elsewhere, monkeypatch: pytest.MonkeyPatch):
    database = tmp_path / "ledger.db"
    elsewhere(hold, database)
    monkeypatch.setattr(turn, "SECONDS", 0.2)

    with pytest.raises(Retryable, match="too long"), Turn(database).taken():
        pass


def test_where_no_file_can_be_made_nobody_is_kept_from_trying(tmp_path: Path):
    with Turn(tmp_path / "gone" / "ledger.db").taken():
        pass


def test_a_reader_has_a_connection_however_many_are_in_line_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "_POOL", {"pool_size": 3, "max_overflow": 0, "pool_timeout": 0.5})
    monkeypatch.setattr(turn, "AT_HAND", 2)
    opened = engine.open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    room, begun, over = Room(opened), threading.Semaphore(0), threading.Event()

    def write(first: bool = False) -> None:
        if not first:
            begun.release()
        with room.writing():
            if first:
                begun.release()
                over.wait(60)

    threads = [threading.Thread(target=write, args=(n == 0,)) for n in range(5)]
    try:
        for thread in threads:
            thread.start()
            assert begun.acquire(timeout=60)
        over.wait(0.1)  # so that those in line are where they would take the last connections
        with room.reading() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    finally:
        over.set()
        for thread in threads:
            thread.join()
        opened.dispose()
