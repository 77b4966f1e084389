"""What a sentence promises, and by when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.rulebook.rules_files import our_rules
from worker.support.duedates import due, working_days_after
from worker.support.keeping import promised
from worker.support.promises import promises

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("We will refund the fee within 5 working days.", "payment"),
        ("We'll refund you in full.", "payment"),
        ("We’re going to credit the amount today.", "payment"),
        ("You will receive the refund by Friday.", "payment"),
        ("You'll be refunded.", "payment"),
        ("Your money will reach you by Monday.", "payment"),
        ("Someone will call you by Friday.", "call"),
        ("One of our managers will personally phone you.", "call"),
        ("You can expect a call from us tomorrow.", "call"),
        ("You will hear from us soon.", "answer"),
        ("Peerwell will reply within 24 hours.", "answer"),
        ("Once we have the date, we will trace the payment.", "check"),
        ("Let me check this for you.", "check"),
        ("We will not only look into it but call you.", "check"),
        ("We will not fail to forward it.", "escalation"),
        ("Our finance team shall expedite the withdrawal.", "action"),
        ("Your name will be corrected by tomorrow.", "action"),
        ("As a one-time exception, no fee is taken.", "exception"),
        ("We can make an exception for you.", "exception"),
        ("I promise that nothing is lost.", "guarantee"),
        ("Rest assured.", "guarantee"),
        ("Consider it done.", "guarantee"),
        ("We aim to pay you back within 5 days.", "payment"),
        ("Returns are guaranteed.", "guarantee"),
    ],
)
def test_an_act_to_come_an_exception_and_a_guarantee_are_promises(sentence: str, act: str) -> None:
    assert act in {one.act for one in promises(sentence, "Peerwell")}
    assert not any(one.claimed for one in promises(sentence, "Peerwell"))


@pytest.mark.parametrize(
    "sentence",
    [
        "I have escalated your complaint.",
        "We've refunded Rs 500.",
        "We refunded the fee yesterday.",
        "I confirm that your refund has been processed.",
        "Your complaint has already been forwarded.",
        "Your withdrawal is being processed.",
        "I am escalating this to our finance team.",
    ],
)
def test_an_act_that_is_said_to_be_done_is_a_claim(sentence: str) -> None:
    assert any(one.claimed for one in promises(sentence, "Peerwell"))


@pytest.mark.parametrize(
    "sentence",
    [
        "We cannot refund the fee.",
        "We will not call you.",
        "We won't charge you.",
        "We'll never ask you for an OTP.",
        "Nobody at Peerwell will call you.",
        "You will not receive a refund.",
        "The money will not be returned.",
        "I have not escalated it.",
        "We can't promise a date.",
        "We do not guarantee returns.",
        "None of these returns is guaranteed.",
        "We cannot make an exception.",
        "We may refund the fee.",
        "Will you refund me?",
        "You will need your PAN.",
        "We will be happy to help.",
        "Call us, and we will explain the steps.",
        "Your bank returns the money within 5 working days.",
        "Once your KYC has been approved, you can make a deposit.",
        "Interest that has been credited can be withdrawn.",
        "A withdrawal from IM reaches your bank within 2 working days.",
    ],
)
def test_denials_wishes_questions_and_facts_promise_nothing(sentence: str) -> None:
    assert promises(sentence, "Peerwell") == ()


def test_what_depends_on_something_else_is_promised_on_condition() -> None:
    [promise] = promises("If the error is confirmed, we will correct it within 5 working days.")
    assert promise.conditional
    [promise] = promises("We will correct it within 5 working days.")
    assert not promise.conditional


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("within 5 working days", date(2026, 11, 30)),
        ("in two to three business days", date(2026, 11, 26)),
        ("within 3 days", date(2026, 11, 23)),
        ("within 24 hours", date(2026, 11, 21)),
        ("within 4 working hours", FRIDAY),
        ("in two weeks", date(2026, 12, 4)),
        ("within a month", date(2026, 12, 20)),
        ("by Friday", date(2026, 11, 27)),
        ("on Monday", date(2026, 11, 23)),
        ("by 27 November", date(2026, 11, 27)),
        ("by November 27th, 2026", date(2026, 11, 27)),
        ("by 3 January", date(2027, 1, 3)),
        ("by 27.11.2026", date(2026, 11, 27)),
        ("by 2026-11-27", date(2026, 11, 27)),
        ("tomorrow", date(2026, 11, 21)),
        ("by the end of the day", FRIDAY),
        ("next week", date(2026, 11, 27)),
        ("by the end of the month", date(2026, 11, 30)),
        ("by 31 February", None),
        ("soon", None),
        ("within f\u0131ve days", None),
        ("by 5 \u017fep", None),
        ("by fr\u0131day", None),  # a dotless i: no day that we know, and no reason to fail
    ],
)
def test_the_day_by_which_it_is_due(said: str, day: date | None) -> None:
    assert due(f"We will refund it {said}.", FRIDAY, holidays=[date(2026, 11, 25)])[0] == day


def test_working_days_from_a_weekend_begin_on_the_next_working_day() -> None:
    assert working_days_after(date(2026, 11, 21), 1) == date(2026, 11, 24)
    assert working_days_after(date(2026, 11, 21), 0) == date(2026, 11, 23)


def test_a_reply_that_goes_out_is_read_for_what_it_promises() -> None:
    body = (
        "<p>Hi Asha,</p><p>I have escalated it. Rest assured, we will refund Rs 10 within 5 working days. We cannot "
        "waive the fee.</p><ul><li>A colleague will call you by Friday.</li></ul><p>If it fails, we will pay within 2 "
        "days.</p><p>Warm regards</p>"
    )
    late = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # in India it is Friday already
    made = promised(body, late, our_rules().guards, ZoneInfo("Asia/Kolkata"))
    assert [(one.act, one.due, one.period) for one in made] == [
        ("payment", date(2026, 11, 27), "5 working days"),
        ("call", date(2026, 11, 27), "Friday"),
        ("payment", None, "2 days"),
    ]
    assert made[0].words == "Rest assured, we will refund Rs 10 within 5 working days."
