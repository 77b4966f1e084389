"""Scraps of a source stand in it word for word, and are no answer."""

from __future__ import annotations

import pytest

from tests.builders import a_source
from tests.support.guard.test_guards import SAID, a_candidate, found_by
from worker.models import Part, Sentence
from worker.support.guard import GUARDS, judge
from worker.support.guard.candidate import Candidate


def found(guard: str, reply: Candidate) -> list[str]:
    return [finding.what for finding in GUARDS[guard](reply)]


@pytest.mark.parametrize(
    "scrap", ["ok", "Bank", "Yes.", "T1", "...", "-", "A withdrawal", "Requests before", "Free each."]
)
def test_a_scrap_is_no_answer(scrap: str) -> None:
    assert "answered" in found_by(a_candidate(scrap))


@pytest.mark.parametrize("nothing", ["...", "-", "14:00", "2 3 10 1", "!?", "\U0001f44d \U0001f44d"])
def test_a_text_without_a_word_is_no_sentence(nothing: str) -> None:
    assert "There is no word in it." in found("shape", a_candidate(nothing, SAID))


@pytest.mark.parametrize(
    "cut",
    ["A withdrawal from IM reaches.", "A withdrawal from IM reaches your", "Requests before 14:00", "The first 3"],
)
def test_a_sentence_that_breaks_off_where_its_source_goes_on_is_held(cut: str) -> None:
    assert found("shape", a_candidate(SAID, cut)) == ["The sentence breaks off where its source goes on."]


def test_a_sentence_may_break_off_behind_a_letter_of_another_alphabet() -> None:
    [source] = [a_source("İade süresi on dört gün sürer ve", source_id="T1")]
    told = Part(question="Ne kadar?", sentences=(Sentence(text="İade", sources=("T1",)),))
    reply = a_candidate(parts=(told,), sources={"T1": source})
    assert "The sentence breaks off where its source goes on." in found("shape", reply)


@pytest.mark.parametrize(
    "whole",
    [
        SAID,
        "The first 3 are free.",
        "- Requests before 14:00",
        "A withdrawal reaches your bank within 2 working days.",
        "Requests before 14:00 are processed at once.",
    ],
)
def test_a_sentence_that_says_less_than_its_source_but_ends_is_left_alone(whole: str) -> None:
    assert found("shape", a_candidate(whole)) == []


def test_a_sentence_may_end_before_what_it_can_do_without() -> None:
    source = a_source("Interest on IM accrues daily on the balance that stands in the account at midnight.", "T")
    reply = a_candidate(Sentence(text="Interest on IM accrues daily.", sources=("T",)), sources={"T": source})
    assert found("shape", reply) == []
    reply = a_candidate(Sentence(text="Interest on IM accrues.", sources=("T",)), sources={"T": source})
    assert found("shape", reply) != []


def test_the_customers_own_words_are_no_answer_to_them() -> None:
    question = "When does my withdrawal from IM reach my bank?"
    source = a_source(f"Customers ask: {question} {SAID}")
    said = Part(question=question, sentences=(Sentence(text=question, sources=(source.source_id,)),))
    reply = a_candidate(parts=(said,), sources={source.source_id: source}, template_ids=(source.source_id,))
    assert found("answered", reply) == ["The answer to question 1 only repeats the customer's words."]


def test_a_short_answer_that_says_something_is_one() -> None:
    assert judge(a_candidate(SAID, "The first 3 are free, then Rs 10 each.")) == ()
    assert (
        found("answered", a_candidate("IM has no lock-in.", sources={"T": a_source("IM has no lock-in.", "T")})) == []
    )
