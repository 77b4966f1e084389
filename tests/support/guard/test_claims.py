"""The claim ledger: which span a sentence rests on, and for what its numbers stand there."""

from __future__ import annotations

import pytest

from tests.builders import a_source
from tests.support.guard.test_guards import SAID, SOURCE, a_candidate, found_by
from worker.models import Claim, Part, Sentence
from worker.support.guard import judge, ledger_of
from worker.support.guard.evidence import source_products, source_spans

FEES = a_source(
    "The first 3 withdrawals from IM in a calendar month are free. Each further withdrawal costs Rs 10.\n\n"
    "- IM: the minimum is Rs 500.\n- IM+: the minimum is Rs 10,000.\n\n"
    "The platform fee of IM+ is 0.5 % p.a., and its return is up to 12 %.\n"
    "In high demand IM takes at most 7 working days.\n"
    "Support is open Monday to Saturday from 9:00 to 19:00 IST. By UPI you can deposit up to Rs 1,00,000 per day.",
    "fees",
)


def found_in_fees(text: str) -> set[str]:
    reply = a_candidate(Sentence(text=text, sources=("fees",)), sources={"fees": FEES}, template_ids=("fees",))
    return {f.guard for f in judge(reply)} & {"exact", "meaning", "supported"}


@pytest.mark.parametrize(
    "said",
    [
        "Each further withdrawal costs ₹10.",
        "After that, each further withdrawal is Rs 10.00.",
        "IM starts at Rs 500, and IM+ starts at Rs 10000.",
        "The return of IM+ is no more than 12 per cent.",
        "In high demand, IM takes up to seven business days.",
        "You can deposit up to Rs 1 lakh a day by UPI.",
        "The platform fee of IM+ is 0.5% per annum.",
    ],
)
def test_the_same_in_other_words_passes(said: str) -> None:
    assert found_in_fees(said) == set()


@pytest.mark.parametrize(
    "said",
    [
        "IM+: the minimum is Rs 500.",
        "IM: the minimum is Rs 10,000.",
        "The return of IM+ is 12 %.",
        "The return of IM+ is at least 12 %.",
        "In high demand IM takes at least 7 working days.",
        "The platform fee of IM+ is 0.5 % per month.",
        "The platform fee of IM is 0.5 % p.a.",
        "By UPI you can deposit up to Rs 1,00,000 per month.",
        "By NEFT you can deposit up to Rs 1,00,000 per day.",
        "Support is open Tuesday to Saturday from 9:00 to 19:00 IST.",
        "Support is open Monday to Saturday from 19:00 to 19:00 IST.",
        "The first 10 withdrawals from IM in a calendar month are free.",
        "The first three withdrawals from IM in a calendar year are free for each fourth customer.",
    ],
)
def test_a_value_that_stands_there_for_something_else_is_found(said: str) -> None:
    assert "exact" in found_in_fees(said)


@pytest.mark.parametrize(
    ("asked", "said", "right"),
    [
        ("I sell Rs 80,000.", "Early exit costs 1 % of the amount sold, so for Rs 80,000 you pay Rs 800.", True),
        ("I sell Rs 80,000.", "Early exit costs 1 % of the amount sold, so for Rs 80,000 you pay Rs 900.", False),
        ("I sell Rs 80,000.", "1 % of Rs 80,000 is Rs 800.", True),
        ("I sell some.", "Early exit costs 1 % of the amount sold, so for Rs 80,000 you pay Rs 800.", False),
    ],
)
def test_what_a_reply_works_out_is_worked_out_again(asked: str, said: str, right: bool) -> None:
    source = a_source("Early exit costs 1 % of the amount sold.", "exit")
    reply = a_candidate(
        Sentence(text=said, sources=("exit",)), sources={"exit": source}, template_ids=("exit",), message=asked
    )
    assert (not [f for f in judge(reply) if f.guard == "exact"]) == right


def test_a_stated_sum_that_does_not_come_out_is_found_though_each_number_stands_in_the_source() -> None:
    source = a_source("You sell Rs 50,000. The fee is Rs 500. You receive Rs 49,500 of Rs 50,500.", "sum")
    kept = {"sources": {"sum": source}, "template_ids": ("sum",)}
    right = a_candidate(Sentence(text="Rs 50,000 less Rs 500 is Rs 49,500.", sources=("sum",)), **kept)
    wrong = a_candidate(Sentence(text="Rs 50,000 less Rs 500 is Rs 50,500.", sources=("sum",)), **kept)
    assert not [f for f in judge(right) if "come out" in f.what]
    assert [f.words for f in judge(wrong) if "come out" in f.what] == ["Rs 50,500"]


def test_the_ledger_names_the_exact_span_the_version_and_the_place_of_each_token() -> None:
    (claim,) = ledger_of(a_candidate("Requests made before 14:00 are processed on the same working day."))
    basis = claim.bases[0]
    assert (basis.source_id, basis.version) == (SOURCE.source_id, SOURCE.version)
    assert SOURCE.text[basis.start : basis.end] == basis.words
    assert basis.words.startswith("Requests before 14:00")
    held = {token.words: token for token in claim.tokens}
    assert SOURCE.text[held["14:00"].start :].startswith("14:00")
    assert claim.support > 0.8
    assert Claim.model_validate_json(claim.model_dump_json()) == claim


def test_what_rests_on_nothing_is_told_as_such() -> None:
    (claim,) = ledger_of(a_candidate(Sentence(text="Our branch will call you for 5 % more.")))
    assert [token.fault for token in claim.tokens] == ["absent"]
    assert claim.support < 0.5


def test_a_denial_in_one_half_of_a_sentence_is_not_hidden_by_one_in_another_source() -> None:
    other = a_source("IM+ has no provision fund, and returns are not guaranteed.", "other")
    said = Sentence(text="A withdrawal from IM does not reach your bank within 2 working days.", sources=("other", "T"))
    reply = a_candidate(said, sources={"T": a_source(SAID, "T"), "other": other}, template_ids=("T",))
    assert "meaning" in found_by(reply)


def test_a_source_is_read_once_but_one_that_was_filled_in_for_a_customer_is_not_kept() -> None:
    kept, filled = a_source("A kept sentence.", "kept"), a_source("Your number is 4711.", "filled")
    source_spans.cache_clear()
    source_products.cache_clear()
    for _ in range(2):
        said = (
            Sentence(text="A kept sentence.", sources=("kept",)),
            Sentence(text="Your number.", sources=("filled",)),
        )
        parts = (Part(question="What about IM?", sentences=said),)
        sources = {"kept": kept, "filled": filled}
        judge(a_candidate(parts=parts, sources=sources, template_ids=(), filled=frozenset({"filled"})))
    assert source_spans.cache_info().misses == source_spans.cache_info().currsize == 1
    assert source_products.cache_info().misses == source_products.cache_info().currsize == 1
