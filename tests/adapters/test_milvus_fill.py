import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from worker.adapters import milvus_fill
from worker.adapters.milvus_fill import BATCH, Filling
from worker.adapters.milvus_head import ROOM, TOGETHER
from worker.errors import Retryable
from worker.knowledge.index import Row, row_of
from worker.models import Kind, Source


class Slow:
    """A link whose first insert takes until `freed`, at most ten seconds."""

    def __init__(self, trouble: Retryable | None = None) -> None:
        self.freed, self.calls, self._trouble = threading.Event(), 0, trouble

    def call(self, what: str, ask: Callable[[Any], None], *, again: bool = True) -> None:
        assert self.freed.wait(10), "somebody waits for the insert who should not"
        self.calls += 1
        if self._trouble:
            raise self._trouble

    def heard(self, told: list[int]) -> Callable[[str, int, int], None]:
        """Keeps what is told of the progress; the first word of it frees the insert."""

        def tick(stage: str, done: int, total: int) -> None:
            told.append(done)
            self.freed.set()

        return tick


def passages(count: int) -> list[Row]:
    return [
        row_of(
            Source(
                source_id=f"a#{n}",
                kind=Kind.PASSAGE,
                title="A",
                text="b",
                segments=("IM",),
                version="1",
                article_id="a",
            )
        )
        for n in range(count)
    ]


def points(count: int) -> np.ndarray:
    return np.ones((count, 4), dtype=np.float32)


def test_many_kept_rows_are_taken_at_once_so_that_the_others_can_be_embedded_meanwhile():
    link, rows = Slow(), passages(10 * BATCH)
    with Filling(link, "new", rows, 5.0) as filling:  # type: ignore[arg-type]
        filling.put(range(len(rows)), points(len(rows)))
        told: list[int] = []
        filling.end(link.heard(told))
    assert link.calls == 10
    assert told[-1] == len(rows)


def test_where_all_is_written_before_the_end_that_is_said_too():
    link, rows = Slow(), passages(BATCH)
    link.freed.set()
    with Filling(link, "new", rows, 5.0) as filling:  # type: ignore[arg-type]
        filling.put(range(len(rows)), points(len(rows)))
        while filling._under_way:
            filling._wait()
        told: list[int] = []
        filling.end(link.heard(told))
    assert told == [len(rows)]


def test_the_template_choice_is_written_by_the_same_thread_and_waited_for():
    link, rows = Slow(), passages(1)
    with Filling(link, "new", rows, 5.0) as filling:  # type: ignore[arg-type]
        filling.put_head(b"h" * (TOGETHER * ROOM + 1), 4)
        filling.put([0], points(1))
        told: list[int] = []
        filling.end(link.heard(told))
    assert link.calls == 3
    assert told == [0, 0, 0, 1]


def test_an_insert_that_failed_is_told_by_the_next_batch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(milvus_fill, "BATCH", 1)
    link, rows = Slow(Retryable("the disk is full", part="milvus")), passages(3)
    with Filling(link, "new", rows, 5.0) as filling:  # type: ignore[arg-type]
        filling.put([0], points(1))
        link.freed.set()
        filling._under_way[0].exception(10)
        with pytest.raises(Retryable, match="disk is full"):
            filling.put([1], points(1))
