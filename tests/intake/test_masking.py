"""Personal numbers in a mail: masked in any notation, while tickets, orders, amounts, phones and dates stay."""

from __future__ import annotations

import sys
from types import FrameType, SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.intake import checksums, masking
from worker.intake.checksums import is_aadhaar, is_card
from worker.intake.mailtext import read
from worker.intake.masking import has_numbers, mask, mask_html

CARD, AADHAAR, PAN, ACCOUNT = "4111111111111111", "234123412346", "ABCPE1234F", "50100123456789"
ZEROS = "0０٠०০௦"  # of ASCII, fullwidth, Arabic, Devanagari, Bengali and Tamil
UNSEEN = ("", "\u200b", "\u00ad", "\u2060", "\ufeff", "\ufe0f")


def with_check_digit(digits: str, right: object) -> str:
    """`digits` with the last one that makes it right."""
    return next(digits + last for last in "0123456789" if right(digits + last))  # type: ignore[operator]


cards = (
    st.from_regex(r"4\d{14}", fullmatch=True).map(lambda d: ascii_digits(d)).map(lambda d: with_check_digit(d, is_card))
)
aadhaars = (
    st.from_regex(r"[2-8]\d{10}", fullmatch=True)
    .map(lambda d: ascii_digits(d))
    .map(lambda d: with_check_digit(d, is_aadhaar))
)
pans = st.from_regex(r"[A-Z]{3}[PCHFATBLJG][A-Z][0-9]{4}[A-Z]", fullmatch=True)


def ascii_digits(text: str) -> str:
    return "".join(str(int(c)) if c.isdigit() else c for c in text)


@st.composite
def written(draw: st.DrawFn, number: str) -> str:
    """The number in fours, in some script, with what nobody sees between its digits."""
    zero = draw(st.sampled_from(ZEROS))
    between = draw(st.sampled_from(["", " ", "-", ".", " - ", "\n", "\u00a0", "\u2011"]))
    fours = [number[i : i + 4] for i in range(0, len(number), 4)]
    said = between.join(fours)
    return "".join(
        (chr(ord(zero) + int(c)) if c.isdigit() else c) + (draw(st.sampled_from(UNSEEN)) if c.isdigit() else "")
        for c in said
    )


@settings(max_examples=40, deadline=None)
@given(st.data(), cards)
def test_a_card_is_masked_however_it_is_written(data: st.DataObject, card: str) -> None:
    assert mask(f"Hello. {data.draw(written(card))} was charged").startswith(f"Hello. [card ending {card[-4:]}]")


@settings(max_examples=40, deadline=None)
@given(st.data(), aadhaars)
def test_an_aadhaar_number_is_masked_however_it_is_written(data: st.DataObject, number: str) -> None:
    said = mask(f"My Aadhaar: {data.draw(written(number))}")
    assert said.startswith(f"My Aadhaar: [Aadhaar ending {number[-4:]}]")


@settings(max_examples=40, deadline=None)
@given(pans, st.booleans(), st.sampled_from(["", " ", "-", "\u200b"]))
def test_a_pan_is_masked_by_its_form(pan: str, small: bool, between: str) -> None:
    said = between.join([pan[:5], pan[5:9], pan[9]])
    shown = mask(f"PAN {said.lower() if small else said} attached")
    assert shown == f"PAN [PAN ending {pan[-4:]}] attached"


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("0123456789 -.:,/\nabP अOTPcardaccount"), max_size=200))
def test_masking_twice_changes_nothing_more_and_never_fails(text: str) -> None:
    once = mask(text)
    assert mask(once) == once
    assert not has_numbers(once)


@settings(max_examples=40, deadline=None)
@given(cards, st.integers(1, 15), st.sampled_from(["<b></b>", "</span><span>", "<!-- x -->", "&#8203;", "<wbr>"]))
def test_a_card_split_by_markup_is_masked_and_the_markup_stays(card: str, place: int, markup: str) -> None:
    html = mask_html(f"<p>Charged: <span>{card[:place]}{markup}{card[place:]}</span>, why?</p>")
    assert read(html).now == f"Charged: [card ending {card[-4:]}], why?"


def test_a_card_in_the_cells_of_a_table_is_one_number() -> None:
    cells = "".join(f"<td>{CARD[i : i + 4]}</td>" for i in range(0, 16, 4))
    assert "1111</td>" not in mask_html(f"<table><tr>{cells}</tr></table>")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"a/c no. {ACCOUNT}", "a/c no. [account ending 6789]"),
        (
            "Account number:\n1234 5678 9012 3\nIFSC HDFC0001234",
            "Account number:\n[account ending 0123]\nIFSC HDFC0001234",
        ),
        ("123456789012 is my bank account", "[account ending 9012] is my bank account"),
        ("खाता संख्या १२३४५६७८९०१२", "खाता संख्या [account ending 9012]"),
        ("The OTP is 482 913.", "The OTP is [one-time code]."),
        ("482913 is my OTP", "[one-time code] is my OTP"),
        ("One-time password: 4-8-2-9-1-3", "One-time password: [one-time code]"),
        (f"Card {CARD}, CVV 123", "Card [card ending 1111], CVV [security code]"),
        ("please change my pin to 1234", "please change my pin to [PIN]"),
        ("Amex 3782 822463 10005", "Amex [card ending 0005]"),
        (f"card{CARD}", "card[card ending 1111]"),
    ],
)
def test_what_a_word_announces_is_masked(said: str, shown: str) -> None:
    assert mask(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "Ticket 4821, please.",
        f"Order {CARD} has not come",
        f"Order ID: {AADHAAR}",
        f"UTR {AADHAAR} was not credited",
        "Order ABCPE1234F was returned",
        "Rs 1,00,000 on my account",
        "I put 500000000 rupees into my account",
        "Call me at 9876543210 about my account",
        "+91 98765 43210",
        "919876543210",
        "help by e-mail on my account or on 1800 000 0140",
        "OTP sent to 9876543210 at 14:35 on 21-11-2026",
        "I never got the OTP for ticket 123456",
        "No OTP since 2024, it is valid for 10 minutes",
        "PIN code 560001, Bengaluru; PIN 560001",
        "My id is PW100231 and my account is old",
        "In 2025 2026 2027 2028 I had 4.0.2, 4.0.1, 5.0.0, 6.0.0, 6.0.1",
        "4111111111111112",
        "234123412347",
    ],
)
def test_other_numbers_stay_as_they_are(said: str) -> None:
    assert mask(said) == said


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**7), st.sampled_from(["Ticket", "Order", "Rs", "Amount:", "Request", "Since", "Fee of"]))
def test_what_people_count_is_never_masked(number: int, noun: str) -> None:
    said = f"{noun} {number:,}, and {number} again on 21 November 2026."
    assert mask(said) == said


def calls_made_by(text: str) -> int:
    """How often a function of ours is called, or goes on, while `text` is masked."""
    ours, calls = {masking.__file__, checksums.__file__}, 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code.co_filename in ours

    sys.setprofile(count)
    try:
        mask(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("said", ["1 2 ", "4  5 ", "12,345,6789\n"])
def test_a_mail_full_of_digits_costs_a_few_steps_for_each_character(said: str) -> None:
    text = said * (2_000 // len(said))
    assert calls_made_by(text) < 10 * len(text)


def test_no_search_begins_anew_at_each_of_many_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_AFTER_CODE", "_AFTER_ACCOUNT"):
        pattern = getattr(masking, name)
        assert pattern.pattern.startswith(r"\s*")
        monkeypatch.setattr(masking, name, SimpleNamespace(match=pattern.match))
    assert has_numbers("It came: 482913   is my OTP")
    assert not masking._SAID_CODE.match("   is my OTP")
