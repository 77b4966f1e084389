"""What a person may read. Each product opens its own texts, and only to those who are known to hold it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_customer, an_identity
from tests.rulebook.rules_files import changed_rules, our_rules
from worker.models import Strength
from worker.rulebook import load_rulebook
from worker.support.segment import segment

RULES = our_rules()
PRODUCTS = RULES.segment_names


def read_by(strength, *held):
    return segment(an_identity(strength, a_customer(segments=held)), RULES).reads


@pytest.mark.parametrize("strength", [Strength.VERIFIED, Strength.LINKED])
def test_each_product_opens_its_own_texts(strength):
    assert read_by(strength, "IM") == ("public", "IM")
    assert read_by(strength, "IM+") == ("public", "IM+")
    assert read_by(strength, "IM+", "IM") == ("public", "IM", "IM+")
    assert read_by(strength) == ("public",)


@given(
    strength=st.sampled_from([Strength.CLAIMED, Strength.UNKNOWN]),
    held=st.lists(st.sampled_from([*PRODUCTS, "im", "public", "Gold"]), unique=True),
    known=st.booleans(),
)
def test_no_claim_and_no_stranger_ever_reads_about_a_product(strength, held, known):
    customer = a_customer(segments=tuple(held)) if known else None
    reader = segment(an_identity(strength, customer), RULES)
    assert reader.segments == ()
    assert not set(reader.reads) & set(PRODUCTS)


@given(
    strength=st.sampled_from(list(Strength)),
    held=st.lists(st.sampled_from([*PRODUCTS, "Gold"]), unique=True),
)
def test_nobody_reads_about_a_product_that_they_do_not_hold(strength, held):
    reader = segment(an_identity(strength, a_customer(segments=tuple(held))), RULES)
    assert set(reader.reads) & set(PRODUCTS) <= set(held)
    assert set(reader.segments) <= set(held)


def test_a_product_that_the_rules_do_not_know_opens_nothing_and_is_remarked():
    reader = segment(an_identity(Strength.VERIFIED, a_customer(segments=("Gold",))), RULES)
    assert (reader.segments, reader.reads) == ((), ("public",))
    assert "not in rules/segments.yaml: Gold" in reader.asked[0].why


def test_leads_may_ask_for_more_certainty(tmp_path):
    changes = (
        ("[verified, linked]", "[verified]"),
        ("found: linked, reads: [public, IM, IM+]", "found: linked, reads: [public]"),
    )
    rules = load_rulebook(changed_rules(tmp_path, "segments.yaml", *changes))
    reader = segment(an_identity(Strength.LINKED, a_customer(segments=("IM",))), rules)
    assert reader.reads == ("public",)
