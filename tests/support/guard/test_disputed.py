"""Who writes that something went wrong is not answered with the rule alone; who asks for the rule is."""

from __future__ import annotations

import re

import pytest

from tests.support.guard.test_guards import a_candidate
from worker.support.guard import GUARDS, disputed

WENT_WRONG = (
    "I paid in Rs 5,000 on Tuesday and it still isn't there. How long does a deposit take?",
    "The bank says the money left on 3 May, but your app shows nothing.",
    "You took two fees this month although I withdrew only once.",
    "Why have I been charged Rs 30 when I only made three withdrawals?",
    "My address was never changed even though I confirmed it twice.",
    "I have not received the statement for August. Where do I download it?",
    "I've tried for an hour and there's no such button in my app.",
    "The certificate lists the wrong financial year.",
    "Your colleague promised me a call on Monday. What are your hours?",
    "You write that it takes one day, but it has been five.",
    "My documents were refused again and nobody says why. What do you accept?",
    "I got less than I should have: Rs 210 instead of Rs 240. How is the interest worked out?",
    "Could you see whether my nominee was saved? The page doesn’t show her.",
    "The code never arrives. How do I sign in?",
    "Asked for my money a week ago, nothing has happened yet, is that normal?",
    "the renewal was switched off and yet you renewed it, how do i leave?",
)
ASKS_FOR_THE_RULE = (
    "How long does a deposit take, and what happens if it does not arrive?",
    "I have not invested yet. What is the least that I can begin with?",
    "What would you charge me if I withdrew five times?",
    "Suppose a borrower never pays: who bears the loss?",
    "A friend told me about you. How do I join?",
    "I don't want to renew. How do I switch the renewal off?",
    "Can I change my address without a new document?",
    "Is it still possible to invest today?",
    "I have read your page on fees. Are there others?",
    "When will I get my statement for August?",
    "I am not sure whether I need a nominee. What is one for?",
    "Do you pay interest on Sundays, too?",
    "Please do not call me. How can I reach you in writing?",
    "I like the app but would rather use a computer. Is there a website?",
    "Which documents do you accept, as I don't have a passport?",
    "What is the difference between the two products?",
)


def found(message: str) -> list[str]:
    return [one.words for one in GUARDS["disputed"](a_candidate(message=message))]


@pytest.mark.parametrize("message", WENT_WRONG)
def test_a_lead_looks_at_the_case_of_somebody_for_whom_something_went_wrong(message: str) -> None:
    [words] = found(message)
    assert words in " ".join(message.split())


@pytest.mark.parametrize("message", ASKS_FOR_THE_RULE)
def test_who_asks_for_the_rule_is_told_the_rule(message: str) -> None:
    assert found(message) == []


class Counted:
    """A pattern, and how many characters it was given to search."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.read = 0

    def search(self, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        end = len(text) if end is None else end
        self.read += end - start
        return self._pattern.search(text, start, end)


def test_what_stands_before_each_of_many_ifs_is_not_read_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Counted(disputed._ASKED_WHETHER)
    monkeypatch.setattr(disputed, "_ASKED_WHETHER", asked)
    mail = "Please " + "tell me if " * 1_000 + "my money still isn't there"

    assert [*GUARDS["disputed"](a_candidate("It takes a day.", message=mail))]
    assert 0 < asked.read <= 10 * len(mail)


def test_wide_blanks_do_not_part_an_if_from_what_asks_for_it() -> None:
    mail = "Please tell me" + "\u2003" * 50 + "if my money still isn't there."
    assert [*GUARDS["disputed"](a_candidate("It takes a day.", message=mail))]
