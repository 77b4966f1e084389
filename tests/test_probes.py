"""Parts are asked side by side; one that hangs holds up nobody but itself."""

from __future__ import annotations

import threading

from worker.errors import Retryable
from worker.probes import FRESH, Look, Probe, ask_all


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_a_part_that_hangs_is_told_and_the_others_answer():
    release = threading.Event()
    clock = Clock()
    hangs, well = lambda: Look(str(release.wait(240))), lambda: Look("here")
    probes = {"dead": Probe("dead", hangs, clock=clock), "well": Probe("well", well, clock=clock)}
    probes["dead"].start()
    probes["well"].start().result(240)  # while the other one hangs

    answers = ask_all(probes, seconds=0.2)

    assert (answers["dead"].look.ok, answers["dead"].ms) == (False, None)
    assert "no answer" in answers["dead"].look.says
    assert (answers["well"].look.says, answers["well"].look.ok) == ("here", True)
    assert answers["well"].ms is not None
    release.set()


def test_hanging_questions_do_not_gather():
    asked: list[int] = []
    release = threading.Event()

    def hang() -> Look:
        asked.append(1)
        release.wait(240)
        return Look("back")

    probes = {"dead": Probe("dead", hang)}
    for _ in range(5):
        ask_all(probes, seconds=0.02)
    assert asked == [1]
    release.set()
    assert ask_all(probes, seconds=240)["dead"].look.says == "back"


def test_an_answer_is_good_for_a_moment_and_then_asked_for_anew():
    clock, asked = Clock(), []
    probes = {"groq": Probe("groq", lambda: Look(str(asked.append(1) or len(asked))), clock=clock)}

    assert [ask_all(probes, 240)["groq"].look.says for _ in range(3)] == ["1", "1", "1"]
    clock.time += FRESH
    assert ask_all(probes, 240)["groq"].look.says == "2"


def test_who_wants_to_know_now_asks_once_each_time():
    asked: list[int] = []
    probes = {"groq": Probe("groq", lambda: Look(str(asked.append(1) or len(asked))), fresh=0.0)}
    assert [ask_all(probes, 240)["groq"].look.says for _ in range(3)] == ["1", "2", "3"]


def test_trouble_is_told_by_its_reason_and_anything_else_without_its_words():
    def refused() -> Look:
        raise Retryable("Freshdesk answered 503", part="freshdesk")

    def broken() -> Look:
        raise ValueError("key gsk_secret")

    answers = ask_all({"freshdesk": Probe("freshdesk", refused), "groq": Probe("groq", broken)}, 240)
    assert answers["freshdesk"].look == Look("Freshdesk answered 503", ok=False)
    assert not answers["groq"].look.ok
    assert "gsk_secret" not in answers["groq"].look.says
