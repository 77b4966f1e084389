"""The measurement of the console: what it fills a ledger with, what it asks for, and what it says of it."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from tests.console.seed import LETTER, a_ledger
from worker.bench.console import figures
from worker.bench.crowd import fill
from worker.bench.run import main
from worker.bench.took import Took, percentiles
from worker.errors import BadConfiguration
from worker.knowledge.documents import read_kb
from worker.models import Status, Strength
from worker.settings import ROOT

LABELS = ("public", "IM", "IM+")


def filled(folder: Path, wanted: int):
    ledger = a_ledger(folder)
    fill(ledger, read_kb(ROOT / "kb", LABELS), LETTER, wanted, lambda *_: None)
    return ledger


def test_a_crowd_of_drafts_is_as_large_as_wanted_and_each_is_whole(tmp_path: Path):
    ledger = filled(tmp_path, 130)
    rows = ledger.reviews.held(limit=500)
    assert ledger.reviews.held_count() == len(rows) == 130
    assert len({row.case.ticket_id for row in rows}) == len({row.case.requester_email for row in rows}) == 130
    assert len({row.template_id for row in rows}) > 40
    assert {row.case.strength for row in rows} == set(Strength)
    assert len({row.age_seconds // 50 for row in rows}) > 2  # not all came at once
    for row in rows:
        [(_, draft, trace)] = ledger.cases.drafts(row.case.case_id)
        thread = ledger.cases.thread(row.case.case_id)
        assert (row.case.status, draft.template_id) == (Status.HELD, row.template_id)
        assert len(trace.prompt) > 1000
        assert thread.messages[-1].text
    with pytest.raises(BadConfiguration, match="holds drafts already"):
        fill(ledger, read_kb(ROOT / "kb", LABELS), LETTER, 3, lambda *_: None)
    ledger.close()


def test_the_console_is_measured_over_http_and_the_last_line_is_json(capsys):
    assert main(["console", "--drafts", "60", "--requests", "3", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["drafts"], told["requests"], err) == (60, 3, "")
    for name in ("queue", "sifted", "search", "both", "case", "watch", "approve"):
        assert 0 < told[f"{name}_p50_ms"] <= told[f"{name}_p95_ms"]
        assert 0 < told[f"{name}_cpu_p50_ms"] <= told[f"{name}_cpu_p95_ms"]


def test_a_measurement_that_cannot_be_made_is_refused(capsys):
    assert main(["console", "--drafts", "10", "--requests", "5"]) == 2
    assert "ten drafts more than requests" in capsys.readouterr().err


def test_a_twentieth_of_the_answers_may_be_slow_and_no_more():
    options = Namespace(drafts=10_000, requests=20)

    def within(*slow: float) -> object:
        quick = {name: Took(wall=[20.0] * 20) for name in ("queue", "case")}
        return figures(quick | {"approve": Took(wall=[20.0] * (41 - len(slow)) + list(slow))}, options)["within"]

    assert within(5000.0, 5000.0)
    assert not within(5000.0, 5000.0, 5000.0)


def test_percentiles_of_nothing_are_nothing():
    assert percentiles([1.0]) == (None, None)
    assert percentiles([float(n) for n in range(1, 102)]) == (51.0, 96.0)
