"""Honest replies in words of their own: how many of them a lead has to look at for nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import a_source
from tests.support.guard.test_guards import a_candidate, found_by
from worker.bootstrap import load_kb, load_rules
from worker.evaluation.right_replies import READERS, Right, reader_of, worded_freely
from worker.models import Sentence
from worker.settings import load_settings
from worker.support.guard import judge
from worker.support.guard.courtesy import courteous

REPLIES = Path(__file__).with_name("honest_replies.yaml")
MOST_HELD = 0.54  # nine in ten were, before manners, synonyms and the customer's own words were understood
SMUGGLED = [
    ("May I share my password with your team?", "Thank you for asking, you may share it with our team."),
    ("Can I use my wife's account?", "Thank you for asking, of course you can use your wife's account."),
    ("Can I use it?", "You asked whether this works, and you can use it."),
    ("Is my money lost?", "We are sorry that your money is lost."),
    ("Did you lose my money?", "Sorry, we did lose your money."),
    ("Was it charged by mistake?", "We apologise, it was charged by mistake."),
    ("Please return it to my bank.", "We are happy to help and return it to your bank."),
]


@cache
def honest() -> tuple[Right, ...]:
    settings = load_settings()
    kb, rulebook = load_kb(settings), load_rules(settings)
    shelves = {name: reader_of(kb, rulebook, name) for name in READERS}
    told: list[dict[str, Any]] = yaml.safe_load(REPLIES.read_text())
    return tuple(worded_freely(shelves[one.get("reader", "IM")], rulebook, **one) for one in told)


def test_few_enough_honest_replies_are_held() -> None:
    held = [right for right in honest() if judge(right.reply)]
    assert len(honest()) > 90
    assert len(held) <= MOST_HELD * len(honest())


@pytest.mark.parametrize(
    "said",
    [
        "Thank you for your question.",
        "We are sorry for the trouble.",
        "We apologise for the inconvenience.",
        "You asked when your withdrawal arrives.",
        "I hope this answers your question.",
        "You are welcome!",
        "Please let us know if you need anything else.",
        "We understand that waiting is not pleasant.",
    ],
)
def test_good_manners_need_no_source(said: str) -> None:
    assert found_by(a_candidate("A withdrawal from IM reaches your bank within 2 working days.", said)) == set()


@pytest.mark.parametrize(
    "said",
    [
        "Thank you for sending us your OTP by e-mail to somewhere.",
        "We are sorry that your withdrawal was rejected.",
        "We hope that it arrives within 5 minutes.",
        "We are glad that your return is guaranteed.",
        "You are welcome to call +91 98765 43210.",
        "Please feel free to pay the clearance fee.",
        "We are happy to help you with your refund of Rs 500.",
        "You asked whether it arrives tomorrow at https://other.example.",
    ],
)
def test_a_statement_behind_good_manners_does(said: str) -> None:
    assert found_by(a_candidate("A withdrawal from IM reaches your bank within 2 working days.", said))


def test_manners_alone_answer_nothing() -> None:
    assert "answered" in found_by(a_candidate("Thank you for your question.", "We hope this helps."))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Each link is valid for 30 minutes.", "Each link is valid for half an hour."),
        ("Re-KYC is due every 24 months.", "Re-KYC is due every two years."),
        ("The maximum in IM is Rs 5,000.", "You can hold not more than Rs 5,000 in IM."),
        ("A sale takes 3 to 10 working days.", "A sale takes between 3 and 10 working days."),
        ("The move takes place at once.", "The move takes place immediately."),
        ("By UPI you can deposit up to Rs 1,00,000 per day.", "By UPI you can deposit up to Rs 1,00,000 in one day."),
        ("Statements are free of charge.", "Statements do not cost anything."),
        ("The return of IM is 9 % p.a. Returns on IM are not guaranteed.", "The return of IM is 9 % a year."),
        ("Working days are Monday to Friday.", "Sundays are not working days."),
        ("Peerwell does not accept cash or cheques.", "No, Peerwell accepts neither cash nor cheques."),
        ("Call 1800 000 0140, Monday to Saturday.", "You can call us at 1800 000 0140 from Monday to Saturday."),
    ],
)
def test_the_same_in_free_words_passes(source: str, said: str) -> None:
    known = {"T": a_source(source, "T")}
    reply = a_candidate(Sentence(text=said, sources=("T",)), sources=known, template_ids=("T",))
    assert found_by(reply) & {"exact", "meaning"} == set()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("The principal is not taxed when it comes back to you.", "The principal is taxed when you get it back."),
        ("Peerwell is not a bank, and returns are not guaranteed.", "Peerwell is a bank."),
        ("You do not need to do anything more.", "You do need to do anything more."),
        ("Each link is valid for 30 minutes.", "Each link is valid for half a day."),
        ("Re-KYC is due every 24 months.", "Re-KYC is due every 24 years."),
        ("The maximum in IM is Rs 5,000.", "You can hold not less than Rs 5,000 in IM."),
        ("Working days are Monday to Friday.", "Sundays are working days."),
        (
            "Who lends more than Rs 1,000 needs a certificate that shows a net worth of at least Rs 5,000.",
            "Who lends more than Rs 1,000 needs a certificate that shows a net worth of Rs 5,000.",
        ),
    ],
)
def test_another_fact_in_free_words_does_not(source: str, said: str) -> None:
    known = {"T": a_source(source, "T")}
    reply = a_candidate(Sentence(text=said, sources=("T",)), sources=known, template_ids=("T",))
    assert found_by(reply) & {"exact", "meaning"}


def test_a_sum_may_stand_in_the_sentence_after_its_percentage() -> None:
    known = {"T": a_source("Early exit costs 1 % of the amount sold.", "T")}

    def exact(result: str) -> bool:
        said = (Sentence(text=text, sources=("T",)) for text in ("Early exit costs 1 % of the amount sold.", result))
        reply = a_candidate(*said, sources=known, template_ids=("T",), message="I sell Rs 80,000. What is the cost?")
        return "exact" in found_by(reply)

    assert not exact("For Rs 80,000, that comes to Rs 800.")
    assert exact("For Rs 80,000, that comes to Rs 900.")
    assert exact("For Rs 800, that comes to Rs 80,000.")


@pytest.mark.parametrize(("asked", "said"), SMUGGLED)
def test_no_statement_comes_in_with_good_manners_and_the_customers_own_words(asked: str, said: str) -> None:
    assert not courteous(said, asked)
