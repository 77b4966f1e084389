"""How models and help centres speak: "No." in front, values in pairs, steps in one sentence. And the same ways with
something wrong in them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.support.guard.test_manuals import as_written
from worker.settings import ROOT
from worker.support.guard import judge

FIGURES = (
    "IM+ has four tenures, each with its own indicative return. The present figures are 10 % p.a. for 3 months,"
    " 10.75 % p.a. for 6 months, 11.5 % p.a. for 12 months and 12 % p.a. for 24 months."
)
DEPOSITS = (
    "Fixed deposits pay 7.1 % for 6 months and 7.5 % for 12 months."
    " Recurring deposits pay 6.2 % for 18 months and 6.6 % for 24 months."
)
CHOICE = "No. The choice is made at the start, and it cannot be changed later."
RENEWAL = (
    "You can change auto-renewal as often as you like until 3 days before maturity. After that it cannot be changed."
)
REFUND = "The deposit is refunded in full within 5 days."
FINGER = "You can sign in with your fingerprint instead of your PIN. Enter your PIN once to set it up in the app."
STEPS = "Open Profile and choose Close account. Confirm with the OTP in the app."
FLIGHTS = (
    "Economy Light tickets cannot be changed. Economy Flex tickets can be changed free of charge."
    " Refunds of Economy Light tickets are not possible. Taxes are always refunded. A missed flight is never refunded."
    " Meals are only served on flights of more than 3 hours. Drinks are free on every flight."
    " Seats can only be chosen with Economy Flex."
)


def held_for(reply: str, source: str, asked: str = "How is that?") -> set[str]:
    return {finding.guard for finding in judge(as_written({"reply": reply, "source": source, "asked": asked}))}


@pytest.mark.parametrize(
    ("reply", "source"),
    [
        (
            "Each tenure of IM+ has its own indicative return, and the present figure for 6 months is 10.75 % p.a.",
            FIGURES,
        ),
        ("No, the choice is made at the start, and it cannot be changed later.", CHOICE),
        ("You can change it until 3 days before maturity, and after that it cannot be changed.", RENEWAL),
        ("Open Profile, choose Close account and confirm with the OTP in the app.", STEPS),
    ],
)
def test_what_is_right_passes(reply: str, source: str) -> None:
    assert held_for(reply, source) == set()


@pytest.mark.parametrize(
    ("reply", "source", "asked"),
    [
        (
            "Each tenure has its own return, and the present figure for 6 months is 12 % p.a.",
            FIGURES,
            "How much is it?",
        ),
        ("Recurring deposits pay 7.5 % for 12 months.", DEPOSITS, "How much is it?"),
        ("Yes, the choice is made when you start, and it can be changed later.", CHOICE, "Can I change it?"),
        ("You can change it until maturity, and after that it cannot be changed.", RENEWAL, "Until when?"),
        ("No. The deposit is refunded in full within 5 days.", REFUND, "Deposit refunded?"),
        ("No, the deposit is refunded in full within 5 days.", REFUND, "Is the deposit not refunded?"),
        ("Open Profile, choose Close account and send the OTP to us.", STEPS, "How do I close it?"),
        ("Enter your PIN instead of your fingerprint to sign in once.", FINGER, "How do I sign in?"),
    ],
)
def test_what_is_wrong_is_found(reply: str, source: str, asked: str) -> None:
    assert held_for(reply, source, asked)


@pytest.mark.parametrize("asked", ["Any difference in tenure?", "the tenure less for monthly?"])
def test_a_no_is_right_where_what_might_differ_is_the_same(asked: str) -> None:
    source = "Both ways of payout use the same tenures of IM+."
    assert "meaning" not in held_for("No, both ways use the same tenures of IM+.", source, asked)


def test_a_no_is_not_right_for_naming_the_same_where_nothing_is_compared() -> None:
    source = "The deposit is refunded to the same account."
    assert "meaning" in held_for("No, the deposit is refunded to the same account.", source, "Deposit refunded?")


def test_a_no_is_measured_by_what_a_source_tells_and_not_by_its_title() -> None:
    asked = "Is there any lock-in period in IM, even a few days after adding money?"
    for answer, right in (("No, IM has no lock-in.", True), ("Yes, IM has no lock-in.", False)):
        reply = as_written({"reply": answer, "source": "Time your money is tied: IM has no lock-in.", "asked": asked})
        titled = reply.sources["T"].model_copy(update={"title": "Adding money to IM: the days after adding it"})
        found = {finding.guard for finding in judge(replace(reply, sources={"T": titled}))}
        assert ("meaning" in found) is not right


def test_a_verb_behind_a_day_is_no_month() -> None:
    source = "A change of the bank account is done within 3 working days. Until then a payout may go to the old one."
    modal, dated = (
        [finding.what for finding in judge(as_written({"reply": reply, "source": source}))]
        for reply in ("A change made on the 2nd may not be done yet.", "A change is done by 2nd may.")
    )
    assert not any("2nd may" in what for what in modal)
    assert any("2nd may" in what for what in dated)


def test_every_process_judges_a_reply_alike() -> None:
    """A set has another order in each; near its bound a sum in that order went either way."""
    told = {
        "reply": "If you have an Economy Light ticket, it can be changed free of charge,"
        " and taxes are always refunded.",
        "source": FLIGHTS,
    }
    program = (
        "from tests.support.guard.test_manuals import as_written; from worker.support.guard import judge;"
        f"print([finding.what for finding in judge(as_written({told!r}))])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "6")
    }
    assert len(said) == 1
    assert said != {"[]\n"}
