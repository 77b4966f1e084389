"""The arithmetic of the brake: what is usual at an hour of the week, what is far above it, and how often that errs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.support.incident.cases import FIRST, MONDAY, STREAM, a_brake, a_sighting, usual_of
from worker.models import Draft, Hour, Part, Reader, Sentence, Topic
from worker.support.incident.surges import FLOOR, WINDOWS, Count, counted, far_above, most_likely, usual_again
from worker.support.incident.topics import against, topics
from worker.support.incident.usual import SPREAD, WEEK, Expected, learn

BUSY_MORNING = [(STREAM, day * 24 + 10, 6) for day in range(7)]
AT_TEN = MONDAY + timedelta(weeks=8, hours=10, minutes=59)
AT_NIGHT = MONDAY + timedelta(weeks=8, hours=3, minutes=59)


def test_a_count_is_negative_binomial() -> None:
    from scipy import stats  # half a second of computing in each process that collects the tests

    expected = Expected(mean=2.5, size=3.0)
    draws = stats.nbinom(3.0, 3.0 / 5.5)
    assert [expected.chance(n) for n in (0, 1, 9)] == pytest.approx([1.0, draws.sf(0), draws.sf(8)])


def test_the_usual_follows_the_hour_of_the_week() -> None:
    usual = usual_of(BUSY_MORNING)
    morning, night = (usual.of(STREAM, at, 60).mean for at in (AT_TEN, AT_NIGHT))
    assert 2.5 < morning < 6
    assert night < 0.5


def test_what_was_never_seen_is_not_impossible_only_rare() -> None:
    expected = usual_of(BUSY_MORNING).of(("other", "IM"), AT_TEN, 60)
    assert 0 < expected.mean < 0.1
    assert far_above(("other", "IM"), [Count(60, FLOOR)], usual_of(BUSY_MORNING), AT_TEN) is not None


def test_the_same_count_is_an_incident_at_night_and_none_in_a_busy_hour() -> None:
    usual = usual_of(BUSY_MORNING)
    counts = [Count(60, 12)]
    assert far_above(STREAM, counts, usual, AT_TEN) is None
    found = far_above(STREAM, counts, usual, AT_NIGHT)
    assert found is not None
    assert (found.customers, found.minutes) == (12, 60)
    assert found.chance <= most_likely(12, 60, usual.streams)


def test_fewer_than_the_floor_are_never_an_incident() -> None:
    usual = usual_of(BUSY_MORNING)
    assert far_above(STREAM, [Count(30, FLOOR - 1)], usual, AT_NIGHT) is None
    assert far_above(STREAM, [Count(30, FLOOR)], usual, AT_NIGHT) is not None


def test_the_hours_of_an_incident_say_nothing_of_what_is_usual() -> None:
    seen = [Hour(template_id="redeem", segment="IM", hour=FIRST + h, customers=1) for h in range(0, 4 * WEEK, 6)]
    wave = [Hour(template_id="redeem", segment="IM", hour=FIRST + 30, customers=90)]
    at = MONDAY + timedelta(weeks=4, hours=30, minutes=59)
    calm, marked, unmarked = (
        learn(hours, FIRST, FIRST + 4 * WEEK, UTC, without).of(STREAM, at, 60).mean
        for hours, without in ((seen, None), (seen + wave, {STREAM: {FIRST + 30}}), (seen + wave, None))
    )
    assert marked == pytest.approx(calm, rel=0.2)
    assert calm < unmarked < 3  # cut off, where nobody knew that it was one


def test_days_that_differ_widen_the_usual() -> None:
    draw = np.random.default_rng(5)
    days = draw.gamma(2, 0.5, 8 * 7)
    wild, tame = (
        learn(
            [
                Hour(template_id="redeem", segment="IM", hour=FIRST + h, customers=int(draw.poisson(6 * factor(h))))
                for h in range(8 * WEEK)
            ],
            FIRST, FIRST + 8 * WEEK, UTC,
        )
        for factor in (lambda h: days[h // 24], lambda h: 1.0)
    )  # fmt: skip
    assert tame.spread == SPREAD[0]
    assert 0.25 < wild.spread < 0.8
    assert wild.of(STREAM, AT_TEN, 60).chance(20) > 10 * tame.of(STREAM, AT_TEN, 60).chance(20)


def test_the_sliding_window_crosses_a_level_as_often_as_is_reckoned() -> None:
    """n P(N = n) times per length of the window, for any rate: what the stated false alarms rest on."""
    from scipy import stats

    draw = np.random.default_rng(3)
    lengths, mean, n = 40_000, 3.0, 8
    times = np.sort(draw.random(draw.poisson(lengths * mean)) * lengths)
    within = np.arange(len(times)) - np.searchsorted(times, times - 1.0)  # others in the window, at each arrival
    assert (within == n - 1).sum() / lengths == pytest.approx(n * stats.poisson(mean).pmf(n), rel=0.1)


def test_a_customer_counts_once_however_often_she_writes() -> None:
    now = MONDAY
    often = [a_sighting(n, now - timedelta(minutes=n), person="customer 1") for n in range(20)]
    others = [a_sighting(90, now - timedelta(minutes=45)), a_sighting(91, now + timedelta(minutes=1))]
    assert counted([*often, *others], now) == [Count(30, 1), Count(60, 2), Count(120, 2)]


def test_it_is_usual_again_when_the_longest_window_is_nothing_special() -> None:
    expected = Expected(mean=2.0, size=10.0)
    assert usual_again([Count(30, 9), Count(WINDOWS[-1], 5)], expected)
    assert not usual_again([Count(30, 0), Count(WINDOWS[-1], 9)], expected)


def test_questions_that_nothing_fits_are_put_together_by_their_words() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    unfit = {"template_id": ""}
    app = [a_sighting(n, now, questions=("The app shows a white screen after login?",), **unfit) for n in range(3)]
    other = a_sighting(9, now, questions=("Can I pledge my units to a bank?",), **unfit)
    elsewhere = a_sighting(10, now, questions=app[0].questions, segment="IM+", **unfit)
    fits = a_sighting(11, now)
    on = a_brake(now, Topic(segment="IM", question="white screen in the app after login"))
    found = topics([*app, other, elsewhere, fits], [])
    assert sorted(len(cases) for cases in found.values()) == [1, 1, 1, 3]
    joined = topics([*app, other, elsewhere, fits], [on])
    assert joined[on.topic] == app


def test_a_draft_is_held_by_the_brake_on_any_template_that_it_speaks_from() -> None:
    said = Part(question="When?", sentences=(Sentence(text="Soon.", sources=("redeem", "p1")),))
    draft = Draft(parts=(said,), body_html="", body_text="", body_hash="", template_id="fees")
    on = [a_brake(MONDAY, brake_id=4)]
    [reason] = against(draft, Reader(segments=("IM",), reads=()), on)
    assert "incident 4" in reason
    assert against(draft, Reader(segments=("IM+",), reads=()), on) == []
    assert against(draft.model_copy(update={"parts": ()}), Reader(segments=("IM",), reads=()), on) == []
    unfit = [a_brake(MONDAY, Topic(segment="IM", question="When?"))]
    assert against(draft, Reader(segments=("IM",), reads=()), unfit) == []
    assert against(draft.model_copy(update={"template_id": ""}), Reader(segments=("IM",), reads=()), unfit)
