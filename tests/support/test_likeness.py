"""Questions that ask for much the same come together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.support.likeness import grouped, telling


def together(*texts: str) -> list[list[str]]:
    return [[texts[n] for n in group] for group in grouped(texts)]


def test_the_same_wish_in_similar_words_is_one_group_and_the_largest_comes_first():
    gold, pledge, loan, pledging = (
        "Do you lend against gold?",
        "Can I pledge my units for a loan?",
        "Is it possible to pledge units against a home loan?",
        "Please tell me about pledging units for a loan.",
    )
    found = together(gold, pledge, loan, pledging)
    assert [set(group) for group in found] == [{pledge, loan, pledging}, {gold}]
    assert found[0][0] == pledge, "the shortest of the most typical ones stands for the group"


def test_politeness_and_question_words_make_nothing_alike():
    assert len(together("Could you please tell me how to close it?", "Could you please tell me how to open it?")) == 2


def test_texts_without_a_telling_word_stay_with_their_exact_likes():
    assert together("Can I?", "can  I?", "Why not?") == [["Can I?", "can  I?"], ["Why not?"]]


def test_endings_do_not_keep_words_apart():
    assert telling("pledges pledged pledging pledge") == telling("pledge")
    assert telling("fees") == telling("fee")


def test_other_scripts_are_read_too():
    assert len(together("मेरा पैसा कब आएगा", "मेरा पैसा कब आएगा ?", "Gold loan")) == 2


@given(st.lists(st.text(alphabet="abc XY?", max_size=12), max_size=12))
def test_every_text_is_in_exactly_one_group(texts: list[str]):
    found = grouped(texts)
    assert sorted(n for group in found for n in group) == list(range(len(texts)))
    assert sorted(map(len, found), reverse=True) == list(map(len, found))
