"""The suite that swaps indexes under load: a sound index fails no search, one that swaps in steps is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.errors import Retryable
from worker.evaluation import parts
from worker.evaluation.run import main


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "embedder", lambda: HashEmbedder(dim=64))


def run(capsys: pytest.CaptureFixture[str], swaps: int) -> dict[str, float]:
    assert main(["swaps", "--swaps", str(swaps), "--readers", "3", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_milvus_is_swapped_under_load_and_no_search_fails_or_sees_two_indexes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = run(capsys, 6)

    assert (figures["swaps"], figures["failed"], figures["empty"], figures["mixed"]) == (6, 0, 0, 0)
    assert figures["searches"] > 6
    assert figures["editions_seen"] >= 2, "the readers saw indexes change"


class InSteps(MemoryIndex):
    """Every third search fails, and every third brings rows of two editions."""

    asked = 0

    def search(self, kind, vector, text, reads, limit):
        self.asked += 1
        hits = list(super().search(kind, vector, text, reads, limit))
        if self.asked % 3 == 1:
            raise Retryable("gone")
        if self.asked % 3 == 2:
            return hits
        other = hits[0].source.model_copy(update={"version": "another"})
        return [hits[0].model_copy(update={"source": other}), *hits[1:]]


def test_an_index_that_fails_searches_and_mixes_editions_is_noticed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def in_steps(model: str) -> Iterator[MemoryIndex]:
        yield InSteps()

    monkeypatch.setattr(parts, "shelf", in_steps)
    figures = run(capsys, 100)

    assert figures["failed"] > 0
    assert figures["mixed"] > 0
