"""Who does what: exchanged words, values of another product, "or" for "and", and the yes or no at the beginning."""

from __future__ import annotations

import pytest

from tests.builders import a_source
from tests.support.guard.test_guards import a_candidate
from worker.models import Part, Sentence
from worker.support.guard import GUARDS


def meant(said: str, source: str, asked: str = "What is it like?") -> bool:
    """Whether `meaning` has nothing against it."""
    sentences = tuple(Sentence(text=text, sources=("T",)) for text in said.split(" | "))
    reply = a_candidate(sources={"T": a_source(source, "T")}, template_ids=("T",), message=asked)
    part = Part(question=asked, sentences=sentences)
    return not list(GUARDS["meaning"](type(reply)(**{**vars(reply), "parts": (part,)})))


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        (
            "The borrower pays the lender each month.",
            "Each month the borrower pays the lender.",
            "The lender pays the borrower each month.",
        ),
        (
            "IM has no platform fee, and IM+ has one.",
            "IM has no platform fee, but IM+ has one.",
            "IM+ has no platform fee, and IM has one.",
        ),
        (
            "IM is flexible and starts at Rs 500. IM+ has a fixed tenure and starts at Rs 10,000.",
            "You can start with Rs 500 in IM, or with Rs 10,000 in IM+.",
            "You can start with Rs 500 in IM+, or with Rs 10,000 in IM.",
        ),
        (
            "If losses are larger than the provision fund covers, lenders bear the rest.",
            "Lenders bear the rest if losses are larger than the provision fund covers.",
            "If losses are larger than lenders cover, the provision fund bears the rest.",
        ),
        (
            "Money goes from your bank to the escrow account.",
            "From your bank, money goes to the escrow account.",
            "Money goes from the escrow account to your bank.",
        ),
    ],
)
def test_what_changed_places_is_found(source: str, right: str, wrong: str) -> None:
    assert meant(right, source)
    assert not meant(wrong, source)


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        (
            "Please upload your PAN and a bank statement.",
            "Please upload a bank statement and your PAN.",
            "Please upload your PAN or a bank statement.",
        ),
        (
            "KYC needs your PAN, your Aadhaar (or passport) and a selfie.",
            "KYC needs your PAN, your Aadhaar (or passport) and also a selfie.",
            "KYC needs your PAN, your Aadhaar (or passport) or a selfie.",
        ),
        (
            "The proof must show your name, the account number and the IFSC.",
            "Your name, the account number and the IFSC must be on the proof.",
            "The proof must show your name, the account number or the IFSC.",
        ),
    ],
)
def test_or_where_both_are_needed_is_found(source: str, right: str, wrong: str) -> None:
    assert meant(right, source)
    assert not meant(wrong, source)


def test_one_of_two_stays_one_of_two_and_a_list_of_what_is_not_taken_may_have_either() -> None:
    cheque = "Upload a cancelled cheque, or a bank statement."
    assert meant("Please upload a cancelled cheque or a bank statement.", cheque)
    assert meant("Peerwell does not take cash or cheques.", "Peerwell takes neither cash and cheques nor cards.")


FEE = "From the fourth withdrawal in a month, each withdrawal from IM costs Rs 10. IM has no lock-in."


@pytest.mark.parametrize(
    ("asked", "said", "right"),
    [
        ("Is there a fee for a withdrawal from IM?", "Yes, each withdrawal costs Rs 10 from the fourth on.", True),
        ("Is there a fee for a withdrawal from IM?", "No, each withdrawal costs Rs 10 from the fourth on.", False),
        ("Is there a fee for a withdrawal from IM?", "No. | Each withdrawal costs Rs 10 from the fourth on.", False),
        ("Is there a lock-in on IM?", "No, IM has no lock-in.", True),
        ("Is there a lock-in on IM?", "Yes, IM has no lock-in.", False),
        ("Is there a fee for a withdrawal from IM?", "Yes, there is.", True),
        ("Is there a lock-in on IM?", "Yes, there is.", False),
        ("Is a withdrawal from IM free of cost?", "Yes, it is.", False),
        ("What does a withdrawal cost?", "No problem: each withdrawal costs Rs 10 from the fourth on.", True),
    ],
)
def test_a_yes_or_no_at_the_beginning_fits_what_follows_and_its_source(asked: str, said: str, right: bool) -> None:
    assert meant(said, FEE, asked) == right


def test_what_holds_above_an_amount_is_not_said_of_what_is_below_it() -> None:
    source = "The minimum for IM is Rs 500. Above that you can put in any multiple of Rs 100."
    assert meant("The minimum for IM is Rs 500, and above that you can put in any multiple of Rs 100.", source)
    assert not meant("The minimum amount for IM is Rs 500, and below that you can add any multiple of Rs 100.", source)
