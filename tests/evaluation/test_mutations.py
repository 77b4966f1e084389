"""The suite that changes one hard token in correct replies: what it builds, what it changes, what it counts."""

from __future__ import annotations

import json
import random

import pytest

from worker.bootstrap import load_kb, load_rules
from worker.evaluation.changes import changes
from worker.evaluation.mutations import possible
from worker.evaluation.rewording import reworded
from worker.evaluation.right_replies import READERS, right_replies
from worker.evaluation.run import main
from worker.settings import load_settings
from worker.support.guard import judge

SOURCES = (
    "Early exit costs 1 % of the amount sold, up to Rs 500. It takes 3 working days. IM+ is not free before 14:00."
)


def kinds_in(text: str) -> set[str]:
    return {change.kind for change in changes(text, SOURCES, random.Random(1))}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Early exit costs 2 % of it.", {"percentage"}),
        ("You wait 5 working days.", {"duration", "unit"}),
        ("You pay up to Rs 700.", {"amount", "bound"}),
        ("Leaving IM+ is not free.", {"product", "denial dropped", "always, never, only, free"}),
        ("Write to support@peerwell.example.", {"e-mail"}),
        ("IM is free, and IM+ costs Rs 10.", {"swapped"}),
        ("Late borrowers pay more, and lenders wait.", {"swapped"}),
        ("KYC needs your PAN and a selfie.", {"or for and"}),
    ],
)
def test_every_kind_of_token_that_a_sentence_holds_can_be_changed(text: str, kinds: set[str]) -> None:
    assert kinds <= kinds_in(text)


def test_what_says_the_same_is_no_change() -> None:
    assert "swapped" not in kinds_in("You pay by UPI or NEFT.")
    assert "always, never, only, free" not in kinds_in("You can add to it whenever you like.")
    assert "or for and" not in kinds_in("You get interest and a statement.")


def test_a_change_changes_the_sentence_and_never_into_one_that_stands_in_a_source() -> None:
    for seed in range(50):
        for change in changes("It takes 5 working days.", SOURCES, random.Random(seed)):
            assert change.text != "It takes 5 working days."
            assert change.text not in SOURCES


def test_rewording_keeps_every_amount() -> None:
    said = "Up to Rs 2,00,000 per day can be withdrawn from IM without an extra check."
    for seed in range(30):
        told = reworded(said, random.Random(seed))
        assert any(way in told for way in ("2,00,000", "200000", "2 lakh"))
        assert "per day" in told


def test_replies_are_built_for_every_template_and_every_reader_and_pass() -> None:
    settings = load_settings()
    kb = load_kb(settings)
    rights = list(right_replies(kb, load_rules(settings), 1, random.Random(1)))
    assert {right.template_id for right in rights} == {template.template_id for template in kb.templates}
    assert {right.reader for right in rights} == set(READERS)
    some = random.Random(2).sample(rights, 12)
    assert [judge(right.reply) for right in some] == [()] * len(some)
    assert all(possible(right.reply, random.Random(1)) for right in some)


def test_the_suite_counts_what_is_caught_and_what_is_a_false_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mutations", "--each", "1", "--replies", "25", "--quiet"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["replies"] == 25
    assert 20 <= figures["n"] <= 25
    assert figures["caught"] >= 0.9
    assert figures["false_alarms"] <= 0.1
    assert sum(kind["n"] for kind in figures["by_kind"].values()) == figures["n"]
