"""The measurement of the guards: what it judges, and what it says of it."""

from __future__ import annotations

import json
import random

import pytest

from worker.bench.guards import SENTENCES, long_replies
from worker.bench.run import main
from worker.bootstrap import load_kb, load_rules
from worker.settings import load_settings


def test_replies_have_ten_sentences_that_cite_what_the_reader_may_be_told() -> None:
    settings = load_settings()
    made = list(long_replies(load_kb(settings), load_rules(settings), 40, random.Random(1)))
    assert len(made) == 40
    for reply in made:
        assert len(list(reply.numbered())) == SENTENCES
        cited = {i for _, sentence in reply.numbered() for i in sentence.sources}
        assert cited <= {*reply.sources, "customer"}
        assert {s for i in cited & {*reply.sources} for s in reply.sources[i].segments} & {*reply.reader.reads}


def test_the_suite_says_how_long_they_take(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guards", "--replies", "5", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["replies"], figures["sentences"]) == (5, SENTENCES)
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]


def test_too_few_replies_to_tell_anything_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guards", "--replies", "1", "--json"]) == 2
    assert "two replies" in capsys.readouterr().err
