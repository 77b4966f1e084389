"""Many webhooks at the same moment share commits, and each is told the truth about its own row."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from worker.adapters.store.together import Together, Values
from worker.errors import Permanent, Retryable, Trouble


class Disk:
    """The first commit waits until `company` others have come; a row named "bad" cannot be stored."""

    def __init__(self, company: int = 0, breaks: BaseException | None = None) -> None:
        self.commits: list[list[Any]] = []
        self._company, self._breaks = company, breaks
        self.together = Together(self._store)

    def _store(self, rows: Sequence[Values]) -> None:
        first = not self.commits
        self.commits.append([row["name"] for row in rows])
        while first and len(self.together._waiting) < self._company:
            threading.Event().wait(0.001)
        if self._breaks is not None and not first:
            raise self._breaks
        if any(row["name"] == "bad" for row in rows):
            raise Permanent("a number does not fit its column", part="ledger")

    def commit(self, name: str) -> str:
        try:
            self.together.commit({"name": name})
        except Trouble as trouble:
            return type(trouble).__name__
        return "committed"


def at_once(disk: Disk, names: Sequence[str]) -> list[str]:
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(disk.commit, names))


def test_whoever_comes_during_a_commit_shares_the_next_one():
    disk = Disk(company=19)
    assert at_once(disk, [f"webhook {n}" for n in range(20)]) == ["committed"] * 20
    assert [len(rows) for rows in disk.commits] == [1, 19]
    assert len({name for rows in disk.commits for name in rows}) == 20


def test_one_webhook_alone_waits_for_nobody():
    disk = Disk()
    assert [disk.commit("a"), disk.commit("b")] == ["committed", "committed"]
    assert disk.commits == [["a"], ["b"]]


def test_a_row_that_cannot_be_stored_takes_nobody_with_it():
    disk = Disk(company=3)
    told = dict(zip("pqr", at_once(disk, ["p", "q", "r", "bad"])[:3], strict=True))
    assert told == {"p": "committed", "q": "committed", "r": "committed"}
    assert disk.commit("bad") == "Permanent"


def test_nobody_is_told_of_a_row_in_a_commit_that_was_broken_off():
    """An error that is no trouble of ours goes to whoever committed; the others must not take it for a success."""
    disk = Disk(company=3, breaks=MemoryError())
    told: list[str] = []

    def one(name: str) -> None:
        try:
            told.append(disk.commit(name))
        except MemoryError:
            told.append("broken off")

    threads = [threading.Thread(target=one, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["Retryable", "Retryable", "broken off", "committed"]


def test_a_database_that_is_away_is_told_to_all():
    disk = Disk(company=2, breaks=Retryable("the database does not answer", part="ledger"))
    assert sorted(at_once(disk, "abc")) == ["Retryable", "Retryable", "committed"]
    assert len(disk.commits) == 2
