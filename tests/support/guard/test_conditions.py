"""A reply that leaves out under what condition its source says something says more than its source."""

from __future__ import annotations

import pytest

from tests.support.guard.test_manuals import as_written
from worker.support.guard import GUARDS

HOW = "How is that, please?"


def left_out(source: str, *reply: str, asked: str = HOW) -> list[str]:
    written = as_written({"reply": list(reply), "source": source, "asked": asked})
    return [finding.what.partition("“")[2].partition("”")[0] for finding in GUARDS["conditions"](written)]


@pytest.mark.parametrize(
    ("source", "reply", "restriction"),
    [
        (
            "If your balance is zero, you can close your account in the app.",
            "You can close your account in the app.",
            "If your balance is zero",
        ),
        (
            "The money is returned within 5 days unless the bank rejects the transfer.",
            "The money is returned within 5 days.",
            "unless the bank rejects the transfer",
        ),
        (
            "Interest is paid monthly, except in the month of joining.",
            "Interest is paid monthly.",
            "except in the month of joining",
        ),
        (
            "You can sell at any time after the lock-in has ended.",
            "You can sell at any time.",
            "after the lock-in has ended",
        ),
        (
            "The rate is 9 % a year for balances above Rs 1,00,000.",
            "The rate is 9 % a year.",
            "for balances above Rs 1,00,000",
        ),
        (
            "Premium members can bring a guest on Sundays.",
            "You can bring a guest on Sundays.",
            "Premium",
        ),
        (
            "With a term of 24 months, the installation of your line is free.",
            "The installation of your line is free.",
            "With a term of 24 months",
        ),
        (
            "The versions of a document can be restored (Pro plan or higher).",
            "The versions of a document can be restored.",
            "Pro plan or higher",
        ),
        (
            "A claim can be filed online within 180 days of the accident.",
            "A claim can be filed online.",
            "within 180 days of the accident",
        ),
        ("Withdrawals normally arrive on the same day.", "Withdrawals arrive on the same day.", "normally"),
        ("We may waive the fee for a late payment.", "We waive the fee for a late payment.", "We may"),
        ("The fee can be refunded to your account.", "The fee will be refunded to your account.", "can"),
        ("Most of our branches open on Saturdays.", "Our branches open on Saturdays.", "Most of our branches"),
    ],
)
def test_a_restriction_of_the_source_is_not_left_out(source: str, reply: str, restriction: str) -> None:
    assert left_out(source, reply) == [restriction]
    assert left_out(source, source) == []


@pytest.mark.parametrize(
    ("source", "reply"),
    [
        ("A screen is repaired for Rs 900. This does not apply to water damage.", "A screen is repaired for Rs 900."),
        ("Your device must be insured. In that case we repair its screen.", "We repair its screen in that case."),
    ],
)
def test_the_sentence_beside_it_may_be_the_one_that_restricts_it(source: str, reply: str) -> None:
    assert left_out(source, reply)
    assert left_out(source, *(f"{part}." for part in source.rstrip(".").split(". "))) == []


def test_a_condition_may_be_told_in_other_words_elsewhere_in_the_reply() -> None:
    source = "You can change your bank account in the app once your KYC is complete."
    changed = "You can change your bank account in the app."
    assert left_out(source, changed) == ["once your KYC is complete"]
    assert left_out(source, changed, "Your KYC has to be completed before.") == []


def test_a_condition_that_the_customer_meets_need_not_be_told() -> None:
    source = "If you have moved to another city, send us your new address."
    told = "Send us your new address."
    assert left_out(source, told, asked="What do you need from me?") == ["If you have moved to another city"]
    assert left_out(source, told, asked="I have moved to a city in the south.") == []


def test_a_figure_is_told_by_that_figure_or_by_the_customers_own() -> None:
    source = "If a parcel is more than 5 days late, we refund the delivery charge."
    told = "We refund the delivery charge."
    assert left_out(source, told, asked="My parcel is late. What do I get?")
    assert left_out(source, told, asked="My parcel is 7 days late. What do I get?") == []


def test_what_another_source_says_without_a_condition_needs_none() -> None:
    source = "You can withdraw on working days if you ask before 14:00. You can withdraw on working days."
    assert left_out(source, "You can withdraw on working days.") == []


@pytest.mark.parametrize(
    ("source", "reply"),
    [
        (
            "A withdrawal takes 2 working days, so please be patient if it is not there yet.",
            "A withdrawal takes 2 working days.",
        ),
        (
            "You find statements under Profile. If you have any questions, write to us.",
            "You find statements under Profile.",
        ),
        ("You can withdraw at any time, even if the market is closed.", "You can withdraw at any time."),
        (
            "You can save for anything you like, for example for the time after school.",
            "You can save for anything you like.",
        ),
        ("Interest is credited on the 1st, when the books are closed.", "Interest is credited on the 1st."),
        ("Members may cancel in the app.", "Members cancel in the app."),
        ("Interest is paid once a month.", "Interest is paid."),
    ],
)
def test_what_restricts_nothing_may_be_left_out(source: str, reply: str) -> None:
    assert left_out(source, reply) == []
