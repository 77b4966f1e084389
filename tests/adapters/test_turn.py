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

from worker.adapters.store import turn
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


def drain(said: Connection) -> None:
    """A full pipe would stop who writes into it."""
    with suppress(EOFError):
        while said.recv():
            pass


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
