"""The commitments guard: a promise passes only if the chosen template makes it to this customer."""

from __future__ import annotations

import pytest

from tests.builders import a_reader, a_source
from tests.support.guard.test_guards import a_candidate
from worker.models import Kind, Sentence
from worker.support.guard import GUARDS

TEMPLATE = (
    "A complaint is acknowledged within 24 hours. If a figure is wrong, we will correct it within 5 working days."
)


def found(*said: str, source: str = TEMPLATE, reads: tuple[str, ...] = ("public", "IM"), **fields: object) -> list[str]:
    given = {"kind": Kind.TEMPLATE, "segments": ("IM",)} | fields
    sentences = [Sentence(text=text, sources=("T",)) for text in said]
    reply = a_candidate(
        *sentences,
        sources={"T": a_source(source, "T", **given)},
        template_ids=("T",) if given["kind"] is Kind.TEMPLATE else (),
        reader=a_reader(*reads),
    )
    return [finding.words for finding in GUARDS["commitments"](reply)]


@pytest.mark.parametrize(
    "said",
    [
        "If a figure is wrong, we will correct it within 5 working days.",
        "A wrong figure will be corrected within 5 working days.",
        "We will acknowledge your complaint within 24 hours.",
        "We cannot refund the fee.",
    ],
)
def test_what_the_template_promises_may_be_promised_in_other_words(said: str) -> None:
    assert found(said) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("We will refund the fee within 5 working days.", "We will refund"),
        ("Someone will call you within 24 hours about your complaint.", "Someone will call"),
        ("I have escalated your complaint.", "I have escalated"),
        ("As an exception, a wrong figure is corrected within 5 working days.", "As an exception"),
        ("We guarantee that a figure is corrected within 5 working days.", "We guarantee"),
        ("Your wrong figure has been corrected.", "has been corrected"),
        ("The money will reach you by Friday.", "money will reach"),
    ],
)
def test_what_the_template_does_not_promise_is_found(said: str, words: str) -> None:
    assert found(said) == [words]


def test_a_denial_in_the_template_promises_nothing() -> None:
    assert found("We will refund the fee.", source="The fee is not refunded.") == ["We will refund"]
    assert found("We will refund the fee.", source="The fee is refunded.") == []


def test_a_template_for_another_product_promises_nothing_to_this_customer() -> None:
    said = "If a figure is wrong, we will correct it within 5 working days."
    assert found(said, segments=("IM+",)) == ["we will correct"]
    assert found(said, segments=("IM+",), reads=("public", "IM", "IM+")) == []


def test_a_passage_is_no_template() -> None:
    said = "If a figure is wrong, we will correct it within 5 working days."
    assert found(said, kind=Kind.PASSAGE) == ["we will correct"]


def test_the_same_act_about_something_else_is_another_promise() -> None:
    reward = "The reward of the referral programme is paid within 7 working days."
    assert found("We will pay the reward of the referral programme within 7 working days.", source=reward) == []
    assert found("We will pay back your stolen deposit and the damage.", source=reward) == ["We will pay"]


STATES = (
    "Returns on IM are not guaranteed. Withdrawals are paused for 48 hours after a change of the bank account. Your "
    "data stay safe, because they are not stored on the phone. A withdrawal in the queue is paid within 7 working days."
)


@pytest.mark.parametrize(
    "said",
    [
        "The return on IM is assured.",
        "You can rest easy that your money is safe.",
        "You will certainly get the return on IM.",
        "There is no risk with IM.",
        "You cannot lose money with IM.",
        "Your withdrawal failed.",
        "Your account is blocked.",
        "Your bank account has been rejected.",
        "Your withdrawal from IM is still on hold.",
    ],
)
def test_assurances_and_words_on_this_customers_affairs_need_a_source(said: str) -> None:
    assert found(said, source=STATES)


@pytest.mark.parametrize(
    "said",
    [
        "Returns on IM are not guaranteed.",
        "Your data stay safe, because they are not stored on the phone.",
        "If your account is blocked, withdrawals are paused.",
        "After a change of the bank account your withdrawals are paused for 48 hours.",
        "There is no guarantee that you get the return on IM.",
    ],
)
def test_what_a_source_assures_and_what_holds_on_a_condition_passes(said: str) -> None:
    assert found(said, source=STATES) == []


@pytest.mark.parametrize(
    ("message", "right"),
    [
        ("My withdrawal is queued. Why?", True),
        ("Why is my withdrawal queued?", True),
        ("Is my withdrawal queued?", False),
        ("When does it arrive?", False),
    ],
)
def test_what_the_customer_says_of_their_own_affairs_may_be_said_again(message: str, right: bool) -> None:
    said = Sentence(text="Your withdrawal is queued.", sources=("T",))
    reply = a_candidate(said, sources={"T": a_source(STATES, "T")}, template_ids=("T",), message=message)
    assert (not list(GUARDS["commitments"](reply))) == right
