"""The suite that counts rows shown to the wrong reader: a sound index has none, a leaking one is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.evaluation import parts
from worker.evaluation.run import main


class Leaking(MemoryIndex):
    def search(self, kind, vector, text, reads, limit):
        return super().search(kind, vector, text, ("public", "IM", "IM+") if " or " in text else reads, limit)

    def unheld(self):
        return self


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "embedder", lambda: HashEmbedder(dim=64))


def run(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    assert main(["isolation", "--searches", "400", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_milvus_shows_no_reader_what_is_not_for_him_whatever_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    figures = run(capsys)
    assert (figures["searches"], figures["hostile"], figures["leaked"]) == (400, 200, 0)


def test_an_index_that_lets_a_question_widen_the_filter_is_noticed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def leaking(model: str) -> Iterator[MemoryIndex]:
        yield Leaking()

    monkeypatch.setattr(parts, "shelf", leaking)
    assert run(capsys)["leaked"] > 0
