"""How much of a whole reply is in doubt, beside what single sentences are held for."""

from __future__ import annotations

import pytest

from tests.builders import a_source
from tests.support.guard.test_guards import a_candidate
from worker.models import Sentence
from worker.support.guard import judge
from worker.support.guard.candidate import Candidate
from worker.support.guard.doubt import FORMS, FREE, WEIGHTS, doubt, measures
from worker.support.guard.wording import measured, wording

LEAVING = a_source(
    "You may leave IM+ whenever you like. An early exit costs 1 % of the amount sold.\n\n"
    "The money reaches your bank within 7 working days after the sale. The sale happens on the next market day.\n\n"
    "We send you a statement of the sale by email. It lists the amount, the cost and the day.",
    "leaving",
)
RIGHT = (
    "You may leave IM+ whenever you like.",
    "An early exit costs 1 % of what you sell.",
    "The sale happens on the next market day, and the money reaches your bank within 7 working days after it.",
    "We will email you a statement that lists the amount, the cost and the day.",
)
MORE = (
    "Regional managers such as Harriet Vance usually approve larger requests over breakfast before noon arrives.",
    "Customers around Lisbon recently praised our quick couriers, friendly tellers and generous loyalty vouchers.",
)


def a_reply(*said: str) -> Candidate:
    sentences = tuple(Sentence(text=one, sources=("leaving",)) for one in said)
    return a_candidate(*sentences, sources={"leaving": LEAVING}, template_ids=("leaving",))


def held_as_a_whole(reply: Candidate) -> bool:
    return any(f.guard == "supported" and f.sentence is None for f in judge(reply))


def test_a_reworded_reply_is_in_less_doubt_than_one_that_adds_statements() -> None:
    assert doubt(a_reply(*RIGHT)) < 0.5 < doubt(a_reply(*RIGHT[:2], *MORE))


def test_a_reply_that_says_much_more_than_its_sources_is_held_as_a_whole() -> None:
    assert not held_as_a_whole(a_reply(*RIGHT))
    assert held_as_a_whole(a_reply(*RIGHT[:2], *MORE))


@pytest.mark.parametrize("added", MORE)
def test_each_added_statement_raises_the_doubt(added: str) -> None:
    assert doubt(a_reply(*RIGHT, added)) > doubt(a_reply(*RIGHT))


def test_every_measure_has_its_weight_and_only_length_and_style_speak_for_a_reply() -> None:
    record = a_source('{"WiFi": "no", "hours": {"Monday": "9:0-17:0"}}', "leaving")
    of_record = a_candidate(Sentence(text="It has Wi-Fi.", sources=("leaving",)), sources={"leaving": record})
    found = {*measures(a_reply(*RIGHT)), *measures(a_reply(RIGHT[0])), *measures(of_record)}
    assert found == set(WEIGHTS)
    assert all(weight > 0 for name, weight in WEIGHTS.items() if name not in (*FREE, *FORMS))


def test_an_empty_reply_is_measured_as_nothing() -> None:
    assert measures(a_reply()) == {}


def test_new_words_are_counted_where_they_stand_densest() -> None:
    known = wording(("The sale happens on the next market day.",))
    scattered = measured("The happy sale, as told, happens on the very next market day of ours today.", known)
    dense = measured(
        "The sale happens on the next market day; Harriet Vance gladly brings warm bread rolls along.", known
    )
    assert dense.dense > scattered.dense
    assert (dense.run, dense.named) == (8, 2)


def test_an_inflection_or_a_word_of_the_same_root_is_not_new() -> None:
    known = wording(("They announced that withdrawals are quick.",))
    assert measured("The announcement: a withdrawal is quick.", known).run == 0


def test_words_that_the_source_says_apart_do_not_stand_together() -> None:
    known = wording(
        ("The fee is charged monthly.", *["Nothing of note is said here at all."] * 5, "Gold loans last long.")
    )
    assert measured("The fee of gold loans is charged monthly.", known).apart == 2
    assert measured("Gold loans last long.", known).apart == 0


def test_an_amount_in_another_notation_raises_no_doubt() -> None:
    source = a_source("The minimum for IM+ is Rs 10,000. You may add more in steps of Rs 1,000.", "leaving")
    said = ("The minimum for IM+ is {}.", "You may add more in steps of {}.")
    one, other, wrong = (
        a_candidate(
            *(Sentence(text=s.format(a), sources=("leaving",)) for s, a in zip(said, amounts, strict=True)),
            sources={"leaving": source},
            template_ids=("leaving",),
        )
        for amounts in (("Rs 10,000", "Rs 1,000"), ("INR 10000", "₹1000"), ("INR 20000", "INR 1000"))
    )
    assert measures(one)["named"] == measures(other)["named"] == measures(other)["few: counted"] == 0
    assert doubt(wrong) > doubt(other)
