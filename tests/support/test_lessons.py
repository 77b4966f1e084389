"""What there is to learn from a decision: how much was changed, and which findings were overruled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_draft, a_finding
from worker.models import Draft, Lesson, Treatment, Usage
from worker.support.lessons import COMPARED, LIGHT_UP_TO, compare, lesson, share_changed, treatment

TWENTY = "A withdrawal from IM reaches your bank account within 2 working days if you ask for it before 14:00 IST."
WORDS = st.text(alphabet="ab. \n", max_size=40)


def by_model(text: str, **fields: object) -> Draft:
    return a_draft(text, written_by="openai/gpt-oss-120b", usage=Usage(calls=1), **fields)


def by_lead(text: str, **fields: object) -> Draft:
    return a_draft(text, written_by="maya", **fields)


def learnt(*drafts: Draft, rejected: bool = False) -> Lesson:
    numbered = [(f"f{n}", draft) for n, draft in enumerate(drafts, 1)]
    return lesson(numbered, lambda draft: draft.body_text, rejected=rejected)


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [(change.kind, change.words) for change in compare(before, after)]


def test_a_draft_sent_as_it_was_is_untouched():
    found = learnt(by_model(TWENTY))
    assert (found.treatment, found.share, found.difference) == (Treatment.UNTOUCHED, 0, ())
    assert (found.machine_id, found.round) == ("f1", 1)


def test_a_corrected_figure_is_a_light_touch_and_says_which():
    found = learnt(by_model(TWENTY), by_lead(TWENTY.replace("2 working", "3 working")))
    assert (found.treatment, found.share) == (Treatment.LIGHT, 1 / 20)
    assert [(c.kind, c.words) for c in found.difference if c.kind != "same"] == [("out", "2"), ("in", "3")]
    assert found.machine_id == "f1"


def test_other_words_throughout_are_a_rewrite():
    found = learnt(by_model(TWENTY), by_lead("We are sorry. Please call us."))
    assert (found.treatment, found.share) == (Treatment.REWRITTEN, 1)


def test_line_breaks_alone_are_no_touch():
    assert learnt(by_model(TWENTY), by_lead(TWENTY.replace(" if", "\n\nif"))).treatment is Treatment.UNTOUCHED


@pytest.mark.parametrize(("changed", "expected"), [(15, Treatment.LIGHT), (16, Treatment.REWRITTEN)])
def test_the_bound_between_light_and_rewritten_is_where_it_is_said_to_be(changed: int, expected: Treatment):
    before = [f"w{n}" for n in range(100)]
    after = ["x"] * changed + before[changed:]
    share = share_changed(compare(" ".join(before), " ".join(after)))
    assert (share, treatment(share)) == (changed / 100, expected)
    assert LIGHT_UP_TO == 0.15


def test_a_redraft_that_is_sent_as_it_is_was_left_untouched():
    found = learnt(by_model("The first try."), by_lead("What a lead made of it."), by_model(TWENTY))
    assert (found.treatment, found.machine_id, found.round) == (Treatment.UNTOUCHED, "f3", 2)


def test_an_edit_of_a_redraft_is_held_against_the_redraft():
    found = learnt(by_model("The first try."), by_model(TWENTY), by_lead(TWENTY + " Thanks."))
    assert (found.treatment, found.machine_id, found.round) == (Treatment.LIGHT, "f2", 2)


def test_several_edits_count_together():
    found = learnt(by_model(TWENTY), by_lead(TWENTY.replace("2", "3")), by_lead(TWENTY))
    assert (found.treatment, found.machine_id) == (Treatment.UNTOUCHED, "f1")


def test_a_rejection_keeps_what_had_been_edited_before():
    found = learnt(by_model(TWENTY), by_lead(TWENTY.replace("2", "3")), rejected=True)
    assert found.treatment is Treatment.REJECTED
    assert found.share == 1 / 20


def test_a_reply_to_nothing_written_is_a_rewrite():
    found = learnt(a_draft("", written_by=""), by_lead("All of it is mine."))
    assert (found.treatment, found.share) == (Treatment.REWRITTEN, 1)


def test_findings_that_stand_at_the_end_are_told_from_those_that_were_mended():
    machine = by_model(TWENTY, findings=(a_finding("exact"), a_finding("answered"), a_finding("exact")))
    found = learnt(machine, by_lead(TWENTY + " Call us.", findings=(a_finding("answered"), a_finding("markup"))))
    assert (found.found, found.standing) == (("exact", "answered"), ("answered", "markup"))


def test_the_difference_reads_from_left_to_right():
    assert told("Open the app and choose Redeem.", "Open the new app and choose Withdraw.") == [
        ("same", "Open the"),
        ("in", "new"),
        ("same", "app and choose"),
        ("out", "Redeem."),
        ("in", "Withdraw."),
    ]


@given(WORDS, WORDS)
def test_the_difference_gives_both_texts_back_and_the_share_is_a_share(before: str, after: str):
    difference = compare(before, after)
    old = " ".join(c.words for c in difference if c.kind != "in")
    new = " ".join(c.words for c in difference if c.kind != "out")
    assert (old.split(), new.split()) == (before.split(), after.split())
    assert 0 <= share_changed(difference) <= 1
    assert (share_changed(difference) == 0) == (before.split() == after.split())


def test_a_pasted_book_does_not_hold_a_lead_up():
    book = " ".join(f"w{n % 7}" for n in range(20 * COMPARED))
    difference = compare(f"Dear lady, {TWENTY}", f"Dear lady, {book}")
    assert [c.kind for c in difference] == ["same", "out", "in"]


def test_words_moved_around_one_that_stayed_are_a_whole_rewrite_and_not_more():
    assert share_changed(compare("b a .", "a a b")) == 1
