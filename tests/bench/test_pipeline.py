"""The measurement of a ticket's way: what counts as its overhead and its floor, and a whole small run."""

from __future__ import annotations

import gc
import json

import numpy as np
import pytest

from worker.adapters.freshdesk.verdicts import Limits
from worker.bench import pipeline
from worker.bench.noted import Noted, NotedEmbedder, NotedIndex
from worker.bench.pipeline import Ticket, figures
from worker.bench.rig import PLENTY
from worker.bench.run import main
from worker.errors import Permanent
from worker.models import Kind, Status


def ticket(name: str, overhead: float, floor: float, status: Status = Status.SENT, credits: int = 4) -> Ticket:
    calls, stages = {"freshdesk": 9.0, "groq": 8.0}, {"read": 1.0, "retrieve": floor}
    return Ticket(name, status, overhead, floor, calls, stages, deliver=5.0, credits=credits, prompt=1500)


def test_what_the_sandbox_allows_here_is_believed():
    """Otherwise each call would be asked about twice, as if no limit were known, and be measured like that."""
    told = Limits.told_by({"X-RateLimit-Total": str(PLENTY), "X-RateLimit-Remaining": str(PLENTY)})
    assert (told.total, told.remaining) == (PLENTY, PLENTY)


def test_a_tickets_figures_are_the_medians_of_its_runs_and_those_of_all_the_medians_of_tickets():
    runs = [[ticket("a", a, 10.0), ticket("b", 40.0, 20.0)] for a in (20.0, 900.0, 30.0)]
    told = figures(runs)
    assert (told["overhead_p50_ms"], told["floor_p50_ms"], told["overhead_over_floor"]) == (35.0, 15.0, 2.33)
    assert (told["within"], told["tickets"], told["repeats"]) == (True, 2, 3)
    assert not figures([[ticket("a", 26.0, 10.0)]])["within"]


def test_tickets_that_search_nothing_say_nothing_of_the_overhead_but_cost_their_credits():
    quick = ticket("ignored", 1.0, 0.0, Status.HELD, credits=2)
    first = [ticket("a", 20.0, 10.0, credits=9), ticket("b", 20.0, 10.0, credits=8)]
    told = figures([[ticket("a", 20.0, 10.0), ticket("b", 22.0, 10.0, credits=7), quick]], first)
    assert (told["searched"], told["overhead_p50_ms"]) == (2, 21.0)
    assert (told["freshdesk_credits_per_sent"], told["freshdesk_credits_per_held"]) == (5.5, 2.0)
    assert (told["freshdesk_credits_per_sent_at_first"], told["freshdesk_credits_per_held_at_first"]) == (8.5, None)
    with pytest.raises(Permanent, match="no ticket reached the search"):
        figures([[quick]])


def test_the_floor_asks_again_for_what_a_draft_asked_for_and_for_nothing_that_it_did_not():
    asked: list[object] = []

    class Index:
        def begin(self, *what):
            asked.append(what)
            return lambda vectors: asked.append(vectors.shape) or []

        def passages(self, source_ids, reads):
            asked.append("passages")
            return []

    class Embedder:
        name, dim = "none", 2

        def embed(self, texts):
            asked.append(texts)
            return np.zeros((len(texts), 2), dtype=np.float32)

        def tune(self, texts, groups):
            pytest.fail("no ticket tunes anything")

        def tuned(self, texts, layers):
            asked.append((texts, layers))
            return self.embed(texts)

    noted = Noted.__new__(Noted)
    noted._index, noted._embedder = Index(), Embedder()
    noted.forget()
    assert noted.floor() == 0.0
    index, embedder = NotedIndex(noted._index, noted), NotedEmbedder(noted._embedder, noted)
    finish = index.begin(Kind.PASSAGE, ["when"], ["IM"], 60)
    finish(embedder.embed(["When?"]))
    _, later = embedder.embed_ahead(["And how?"], b"layers")
    later()
    index.passages(["x"], ["IM"])
    asked.clear()
    assert noted.floor() > 0
    tuned = [(["And how?"], b"layers"), ["And how?"]]
    assert asked == [(Kind.PASSAGE, ["when"], ["IM"], 60), ["When?"], ["And how?"], (1, 2), *tuned]


def test_a_whole_run_tells_overhead_floor_and_what_freshdesk_counted(tmp_path, furnished, capsys, monkeypatch):
    frozen = []
    draft = pipeline.draft_doorbell
    monkeypatch.setattr(
        pipeline, "draft_doorbell", lambda *what: frozen.append(gc.get_freeze_count() > 100_000) or draft(*what)
    )
    before = gc.get_threshold()
    index = furnished(tmp_path) / "milvus"
    assert main(["pipeline", "--repeats", "1", "--tickets", "1", "--index", str(index), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["tickets"], told["searched"], told["sent"]) == (1, 1, 1)
    assert min(told["overhead_p50_ms"], told["floor_p50_ms"]) > 0  # one try each tells which is more only of the moment
    each, first = told["freshdesk_credits_per_sent"], told["freshdesk_credits_per_sent_at_first"]
    assert 5 <= each < first <= 10  # once an hour, for all tickets: who we are, the agents, the mailboxes
    assert told["prompt_tokens_p50"] > 100
    assert {"read", "retrieve", "generate", "guard"} <= told["stages_p50_ms"].keys()
    assert frozen == [True, True]  # as in a worker, which is not held up to look through its libraries for garbage
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, before)


def test_a_measurement_without_repeats_is_refused(capsys):
    assert main(["pipeline", "--repeats", "0"]) == 2
    assert "one repeat" in capsys.readouterr().err
