"""The measurement of the webhook's answer: requests leave on time, and every accepted one is there afterwards."""

from __future__ import annotations

import json
from argparse import Namespace

from worker.bench.ack import figures, tail
from worker.bench.load import Answers
from worker.bench.run import main


def test_webhooks_are_measured_over_http_and_each_is_committed(capsys):
    assert main(["ack", "--requests", "100", "--rate", "400", "--repeats", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["requests"], told["rate"], told["committed"], err) == (100, 400.0, 100, "")
    assert 0 < told["p50_ms"] <= told["p99_ms"]
    assert 0 < told["floor_p50_ms"] <= told["floor_p99_ms"]


def test_a_measurement_that_says_nothing_is_refused(capsys):
    assert main(["ack", "--requests", "10"]) == 2
    assert "at least 100 requests" in capsys.readouterr().err


def test_the_median_of_the_repeats_counts_and_not_the_best_of_them():
    runs = [(Answers([ms] * 100), Answers([1.0] * 100)) for ms in (2.0, 9.0, 4.0)]
    assert figures(runs, Namespace(requests=100, rate=200.0, repeats=3))["p50_ms"] == 4.0


def test_one_answer_in_a_hundred_may_be_slow():
    assert tail([*[5.0] * 99, 900.0]) == (5.0, 900.0)
    assert tail([*[5.0] * 199, 900.0]) == (5.0, 5.0)
