"""Cutting a message into its questions, told in mails as customers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.support.questions import MOST, PARTS, in_context, in_parts, split_questions


@pytest.mark.parametrize(
    ("words", "questions"),
    [
        ("How do I add a nominee?", ["How do I add a nominee?"]),
        (
            "Hi team,\n\nI withdrew Rs. 5,000 from IM on Monday. When will it reach my bank? "
            "Also, what is the fee for a 4th withdrawal?\n\nThanks,\nAsha",
            [
                "I withdrew Rs. 5,000 from IM on Monday. When will it reach my bank?",
                "what is the fee for a 4th withdrawal?",
            ],
        ),
        ("how long does withdrawal take and what is the fee", ["how long does withdrawal take", "what is the fee"]),
        ("Hello, 1) How do I add a nominee? 2) Which documents", ["How do I add a nominee?", "Which documents"]),
        (
            "Dear Sir/Madam,\nI have three questions:\n1. How do I change my phone number?\n2. Can my wife be nominee\n"
            "3. Is there TDS?\nRegards\nRavi",
            ["How do I change my phone number?", "Can my wife be nominee", "Is there TDS?"],
        ),
        (
            "i want to change my phone number and also add my wife as nominee",
            ["i want to change my phone number", "add my wife as nominee"],
        ),
        ("Hi\nHow do I withdraw\nAlso what are the fees", ["How do I withdraw", "what are the fees"]),
        ("Hi Asha, how do I withdraw?", ["how do I withdraw?"]),
        ("Hi How do I withdraw", ["How do I withdraw"]),
        ("kya IM me lock-in hai? paise kab milenge", ["kya IM me lock-in hai?", "paise kab milenge"]),
        (
            "Please tell me the interest rate. I have also invested in IM+.",
            ["Please tell me the interest rate. I have also invested in IM+."],
        ),
        (
            "My name is Asha and I would like to know whether I can withdraw today, and is there a fee for it?",
            ["My name is Asha and I would like to know whether I can withdraw today", "is there a fee for it?"],
        ),
        (
            "Good morning Peerwell team, hope you are well. Could you please send me my certificate for 2025-26? "
            "Thank you in advance. Regards, Meena",
            ["Could you please send me my certificate for 2025-26?"],
        ),
        ("I did not get the OTP. Please help", ["I did not get the OTP."]),
        ("Money not received yet. Very bad service.", ["Money not received yet. Very bad service."]),
        ("Is IM safe or not?", ["Is IM safe or not?"]),
        ("What is the fee? What is the fee", ["What is the fee"]),
        ("Interest is 10.5 % p.a. on IM+. Is that certain?", ["Interest is 10.5 % p.a. on IM+. Is that certain?"]),
        ("When is IM+ paid? Where does it go?", ["When is IM+ paid?", "Where does it go?"]),
        ("When is IM+ paid? Are there fees?", ["When is IM+ paid?", "Are there fees?"]),
        ("Thanks!", ["Thanks!"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_a_mail_is_cut_into_what_it_asks(words, questions):
    assert list(split_questions(words)) == questions


def test_lines_that_a_mail_program_wrapped_are_one_sentence():
    words = (
        "I have been a lender with you for two years and I would like to know when my\n"
        "money from the tenure that ended last week is going to be in my bank\naccount?"
    )

    assert split_questions(words) == (" ".join(words.split()),)


def test_a_question_after_a_thank_you_is_not_lost():
    assert split_questions("How do I add a nominee?\nThanks\nand how do I remove one?") == (
        "How do I add a nominee?",
        "how do I remove one?",
    )


def test_there_are_never_more_than_five_and_the_last_one_holds_the_rest():
    found = split_questions(" ".join(f"What is number {n}?" for n in range(9)))

    assert len(found) == MOST
    assert found[-1] == " ".join(f"What is number {n}?" for n in range(4, 9))


def test_a_long_story_does_not_drown_its_question():
    [question] = split_questions("I went there and it was closed again. " * 40 + "When do you open?")

    assert question.endswith("When do you open?")
    assert len(question) < 320


@given(st.text(st.sampled_from("ab ?.!\n,;1)-HiI also and what please thanks"), max_size=300))
def test_whatever_comes_in_one_to_five_come_out(words):
    found = split_questions(words)

    assert len(found) <= MOST
    assert bool(found) == bool(words.split())
    assert all(question.strip() for question in found)


def test_a_question_that_leans_on_the_one_before_is_searched_for_with_it():
    assert in_context(
        ("When is my IM+ money paid after maturity?", "where does it go?", "And how much is the fee?")
    ) == (
        "When is my IM+ money paid after maturity?",
        "When is my IM+ money paid after maturity? where does it go?",
        "When is my IM+ money paid after maturity? where does it go? And how much is the fee?",
    )


def test_a_question_that_says_what_it_is_about_is_searched_for_alone():
    asked = ("What is the most I can hold in IM?", "Is there a platform fee for IM?")
    assert in_context(asked) == asked


def test_the_abbreviations_that_end_no_sentence_of_a_reply_end_no_question_either():
    assert split_questions("Can Acme Pvt. Ltd. hold an account?") == ("Can Acme Pvt. Ltd. hold an account?",)


def test_a_short_mail_is_read_in_one_part_and_an_empty_one_in_none():
    assert in_parts(" How do I add a nominee?\n") == ("How do I add a nominee?",)
    assert in_parts(" \n") == ()


def test_a_long_mail_is_read_whole_in_parts_that_end_where_a_thought_ends():
    paragraphs = [f"Matter {n}. " + "It is so. " * 60 for n in range(5)]
    parts = in_parts("\n\n".join(paragraphs), room=1_000)

    assert [part.split(".")[0] for part in parts] == [f"Matter {n}" for n in range(5)]
    assert all(len(part) <= 1_000 for part in parts)
    assert " ".join(" ".join(parts).split()) == " ".join(" ".join(paragraphs).split())


def test_words_are_not_cut_in_two_and_a_mail_without_spaces_is_read_too():
    assert set(" ".join(in_parts("nominee " * 500, room=100)).split()) == {"nominee"}
    assert "".join(in_parts("x" * 250, room=100)) == "x" * 100 + "x" * 50, "each part once"


def test_of_a_mail_longer_than_that_the_beginning_and_the_end_are_read():
    parts = in_parts(" ".join(f"word{n:04}" for n in range(2_000)), room=100)

    assert len(parts) == PARTS
    assert parts[0].startswith("word0000")
    assert parts[-1].endswith("word1999")
