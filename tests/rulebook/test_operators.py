"""The eight operators and the three joints, and what the trace says about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.rulebook import evaluate
from worker.rulebook.evaluate import Seen, answer_to
from worker.rulebook.fields import ordinary
from worker.rulebook.grammar import Condition

SAID = "words"


def asked(condition, **facts):
    return answer_to(Condition.model_validate(condition), Seen(ordinary(facts)))


@pytest.mark.parametrize(
    ("listed", "written", "hit"),
    [
        ("sue you", "I will SUE   you!", True),
        ("sue you", "We tissue you", False),
        ("sue you", "I could sue. You know that.", False),
        ("sue you", "I could sue\nyou", True),
        ("sue you", "I could sue\n\nyou", False),
        ("don't", "i dont want it", True),
        ("don’t", "I don't want it", True),
        ("e-mail", "my E mail", True),
        ("IM+", "the IM product", True),
        ("नहीं", "पैसा नहीं आया", True),
        ("नह", "पैसा नहीं आया", False),
        ("straße", "STRASSE 5", True),
        ("fraud", "f\u200braud", True),
        ("fraud", "ｆｒａｕｄ", True),
        ("rs 500", "Rs.500", True),
    ],
)
def test_a_listed_word_is_found_as_people_write_it(listed, written, hit):
    assert asked({"field": SAID, "contains_word": [listed]}, words=written).hit is hit


@pytest.mark.parametrize(
    ("condition", "facts", "hit"),
    [
        ({"field": "state", "equals": "closed"}, {"state": "closed"}, True),
        ({"field": "subject", "equals": "Failure Notice"}, {"subject": " failure  notice "}, True),
        ({"field": "subject", "equals": "failure notice"}, {"subject": "a failure notice"}, False),
        ({"field": "replies_on_ticket", "equals": 0}, {}, True),
        ({"field": "channel", "one_of": ["email", "form"]}, {"channel": "form"}, True),
        ({"field": "channel", "one_of": ["email", "form"]}, {"channel": "chat"}, False),
        ({"field": "tags", "one_of": ["vip"]}, {"tags": ("x", "VIP")}, True),
        ({"field": "tags", "one_of": ["vip"]}, {"tags": ()}, False),
        ({"field": "subject", "starts_with": ["Auto:"]}, {"subject": "AUTO: away"}, True),
        ({"field": "subject", "starts_with": ["Auto:"]}, {"subject": "Autopay"}, False),
        ({"field": "subject", "ends_with": ["(away)"]}, {"subject": "Hello (Away)"}, True),
        ({"field": SAID, "matches": [r"\ba.{0,5}b\b"]}, {"words": "see A\n to  B now"}, True),
        ({"field": SAID, "matches": [r"\ba.{0,5}b\b"]}, {"words": "a and then b"}, False),
        ({"field": "replies_on_ticket", "at_least": 3}, {"replies_on_ticket": 3}, True),
        ({"field": "replies_on_ticket", "at_least": 3}, {"replies_on_ticket": 2}, False),
        ({"field": "spam", "is_true": True}, {"spam": True}, True),
        ({"field": "spam", "is_true": True}, {}, False),
    ],
)
def test_each_operator(condition, facts, hit):
    assert asked(condition, **facts).hit is hit
    assert asked({"not": condition}, **facts).hit is not hit


SPAM, MERGED = {"field": "spam", "is_true": True}, {"field": "merged", "is_true": True}


@pytest.mark.parametrize(("spam", "merged"), [(False, False), (False, True), (True, False), (True, True)])
def test_all_any_and_not_join_conditions(spam, merged):
    assert asked({"all": [SPAM, MERGED]}, spam=spam, merged=merged).hit is (spam and merged)
    assert asked({"any": [SPAM, MERGED]}, spam=spam, merged=merged).hit is (spam or merged)
    assert asked({"not": {"any": [SPAM, MERGED]}}, spam=spam, merged=merged).hit is not (spam or merged)


def test_the_trace_names_the_field_the_operator_and_the_listed_word():
    condition = {"field": SAID, "contains_word": ["legal notice", "sue you"]}
    assert asked(condition, words="I'll sue you").why == 'words contains the word "sue you"'
    assert asked(condition, words="hello").why == "words contains the word one of 2 entries: no"
    assert asked({"field": SAID, "matches": ["x", "y"]}, words="y").why == "words matches pattern 2 of 2"


@given(st.text(min_size=5).filter(lambda text: len(text.strip()) > 4))
def test_the_trace_never_repeats_what_was_written(words):
    texts = [
        {"field": SAID, op: entries}
        for op, entries in (("contains_word", ["sue you"]), ("starts_with", ["Auto:"]), ("matches", ["zz.{0,9}q"]))
    ]
    why = asked({"any": [*texts, {"field": SAID, "equals": "none"}]}, words=words).why
    assert why == asked({"any": [*texts, {"field": SAID, "equals": "none"}]}, words="something else").why


def test_a_fact_that_nobody_established_is_not_taken_for_a_miss():
    with pytest.raises(KeyError):
        answer_to(Condition.model_validate(SPAM), Seen({}))


def test_however_many_rules_ask_for_a_text_it_is_looked_through_once(monkeypatch):
    texts = []
    operator = evaluate._OPERATORS["contains_word"]
    watched = operator._replace(fact=lambda text: (texts.append(text), operator.fact(text))[1])
    monkeypatch.setattr(evaluate, "_OPERATORS", {**evaluate._OPERATORS, "contains_word": watched})
    facts = Seen(ordinary({"words": "Where is my court summons?"}))
    listed = [["lawyer"], ["court summons"], ["police"]]
    told = [answer_to(Condition.model_validate({"field": "words", "contains_word": one}), facts).hit for one in listed]
    assert told == [False, True, False]
    assert texts == ["Where is my court summons?"]
