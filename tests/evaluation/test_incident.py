"""The suite that plays the incident brake on made-up desks: few false alarms, and an outage seen within minutes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from worker.evaluation.incident import START, alarm, learnt, made_up, minutes_to_brake
from worker.evaluation.run import main
from worker.support.incident.usual import WEEK


def test_quiet_weeks_are_quiet_and_an_outage_of_ten_times_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incident", "--desks", "1", "--weeks", "1", "--seed", "2", "--quiet"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (figures["n"], figures["alarms"], figures["stated_alarms_per_month"]) == (1, 0, 1.0)
    assert figures["x10_seen"] > 0.8
    assert figures["x10_minutes_p50"] < 45
    assert figures["x5_outages"] == 12


def test_the_suite_looks_with_what_the_desk_learnt_from_its_own_weeks() -> None:
    desk = made_up(np.random.default_rng(4), 9)
    usual = learnt(desk, 8)
    stream = max(desk.rates, key=lambda one: float(desk.rates[one].sum()))
    assert usual.rate[stream].mean() == pytest.approx(desk.rates[stream].mean(), rel=0.15)
    quiet = desk.at[stream][:20]
    assert not alarm(stream, quiet, usual)
    assert alarm(stream, np.sort(np.concatenate([quiet, quiet[-1] + np.arange(40) / 4])), usual)
    assert (START, len(usual.shape)) == (480_000, WEEK)
    assert minutes_to_brake(desk, 50.0, np.random.default_rng(1)) is not None
