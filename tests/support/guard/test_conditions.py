"""A reply that leaves out under what condition its source says something says more than its source."""

from __future__ import annotations

import gc

import pytest

from tests.builders import a_source
from tests.support.guard.test_guards import a_candidate
from tests.support.guard.test_manuals import as_written
from worker.models import Part, Sentence
from worker.support.guard import GUARDS
from worker.support.guard.evidence import Span

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
        (
            "After six months of membership you can pause your plan for eight weeks.",
            "You can pause your plan for eight weeks.",
            "After six months of membership",
        ),
        (
            "If you are a premium member you can bring a guest on Sundays.",
            "You can bring a guest on Sundays.",
            "If you are a premium member",
        ),
        (
            "Once your payment was made we send the parcel on the same day.",
            "We send the parcel on the same day.",
            "Once your payment was made",
        ),
        (
            "A joint holder can be added to a plan, "
            "provided that the joint holder of the plan has uploaded a signed declaration.",
            "A joint holder can be added to a plan.",
            "provided that the joint holder of the plan has uploaded a signed declaration",
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


@pytest.mark.parametrize(
    ("title", "source"),
    [
        ("Close your account in the app", "{}"),
        ("Help", "Can I close my account in the app? {}"),
        ("Help", "{} You cannot close your account in the app on a holiday."),
    ],
)
def test_a_title_a_question_and_a_denial_say_nothing_without_the_condition(title: str, source: str) -> None:
    text = source.format("If your balance is zero, you can close your account in the app.")
    told = Part(question=HOW, sentences=(Sentence(text="You can close your account in the app.", sources=("T1",)),))
    reply = a_candidate(parts=(told,), sources={"T1": a_source(text, title=title)}, message=HOW)
    assert [finding.guard for finding in GUARDS["conditions"](reply)] == ["conditions"]


def test_a_figure_of_the_reply_is_not_the_customers_own() -> None:
    source = "You can withdraw up to Rs 50,000 a day if your balance is above Rs 1,00,000."
    told = "You can withdraw up to Rs 50,000 a day."
    assert left_out(source, told, asked="What can I take from my balance?") == ["if your balance is above Rs 1,00,000"]
    assert left_out(source, told, asked="My balance is Rs 2,00,000. What can I take?") == []


def test_a_customer_who_says_that_it_is_not_so_does_not_meet_the_condition() -> None:
    source = "If your balance is zero, you can close your account in the app."
    told = "You can close your account in the app."
    assert left_out(source, told, asked="My balance is zero. How do I close my account?") == []
    assert left_out(source, told, asked="My balance is not zero. How do I close my account?") != []


def test_of_a_customers_mail_and_record_nothing_is_kept() -> None:
    source = a_source("Dear Customer4711, you can close your account if your balance is zero.", source_id="T1")
    told = Part(question=HOW, sentences=(Sentence(text="You can close your account.", sources=("T1",)),))
    reply = a_candidate(parts=(told,), sources={"T1": source}, filled=frozenset({"T1"}), message="I am Customer4711.")
    assert [finding.guard for finding in GUARDS["conditions"](reply)] == ["conditions"]
    del reply
    gc.collect()
    assert [one.text for one in gc.get_objects() if isinstance(one, Span) and "Customer4711" in one.text] == []


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
        ("For security reasons, the number is changed by phone.", "The number is changed by phone."),
        ("Click the link in the e-mail for details.", "Click the link in the e-mail."),
        ("You can withdraw at any time. Please note that interest is paid monthly.", "You can withdraw at any time."),
        ("You can track it in the app. However, we are happy to look it up too.", "You can track it in the app."),
        ("You can download the invoice. The app requires iOS 15.", "You can download the invoice."),
        ("After you log in, tap Password under Settings.", "Tap Password under Settings."),
        ("On the home screen, tap Withdraw and enter the amount.", "Tap Withdraw and enter the amount."),
        ("You can reach us by phone from 9 to 18.", "You will reach us by phone from 9 to 18."),
        ("It may take up to 5 days.", "It takes up to 5 days."),
        ("You can pay by card or with PayPal, whichever you prefer.", "You can pay by card or with PayPal."),
        ("You get a link by e-mail once it has left our warehouse.", "You get a link by e-mail."),
    ],
)
def test_what_restricts_nothing_may_be_left_out(source: str, reply: str) -> None:
    assert left_out(source, reply) == []
