"""rules/*.yaml as they are: every example does what its author expects, and questions that we answer get through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.rulebook.rules_files import RULES, changed_rules, our_rules
from worker.models import Strength, Template
from worker.rulebook import PRIORITIES, ask, load_rulebook, passing
from worker.rulebook.fields import FIELDS, PASSING, ordinary
from worker.rulebook.grammar import OPERATORS

ROUTING = our_rules().routing
EXAMPLES = [
    pytest.param(rule, must_hit, facts, id=f"{rule.id}: {which}")
    for rule in (*ROUTING.ignore, *ROUTING.hand_over)
    for which, must_hit, facts in rule.examples.cases()
]


@pytest.mark.parametrize(("rule", "must_hit", "facts"), EXAMPLES)
def test_every_example_of_every_rule_behaves(rule, must_hit, facts):
    asked = ask(rule, facts)
    assert asked.hit == must_hit, asked.why


def test_no_harmless_example_of_one_topic_is_caught_by_another():
    harmless = [(t.id, facts) for t in ROUTING.hand_over for _, hit, facts in t.examples.cases() if not hit]
    caught = [(said, topic.id) for said, facts in harmless for topic in ROUTING.hand_over if ask(topic, facts).hit]
    assert caught == []


def test_no_customer_who_is_handed_over_would_be_ignored_instead():
    urgent = [facts for topic in ROUTING.hand_over for _, hit, facts in topic.examples.cases() if hit]
    assert [rule.id for facts in urgent for rule in ROUTING.ignore if ask(rule, facts).hit] == []


def test_questions_of_templates_that_go_out_alone_are_not_handed_over():
    caught = []
    for path in sorted((RULES.parent / "kb" / "templates").glob("*.md")):
        head = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
        for question in head["questions"] if head["auto_send"] else ():
            facts = ordinary({"words": question})
            caught += [(path.stem, rule.id) for rule in (*ROUTING.ignore, *ROUTING.hand_over) if ask(rule, facts).hit]
    assert caught == []


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("Tumhari company pe case kar dunga, court mein milte hain", "legal-threat"),
        ("I’ll SUE YOU!!", "legal-threat"),
        ("mera account hack ho gya hai please block karo", "hacked-or-fraud"),
        ("I never requested that withdrawal of 25,000", "hacked-or-fraud"),
        ("I am reporting this to the RBI today", "regulator"),
        ("mummy nahi rahi, unke paise ka kya hoga", "bereavement"),
        ("मुझे धोखा दिया आपने", "accusation"),
        ("Kindly call me today", "wants-a-person"),
        ("Tum logo ne mera paisa kha gaye, paisa wapas karo", "missing-money"),
    ],
)
def test_what_worried_people_write_reaches_a_person(words, topic):
    assert topic in [rule.id for rule in ROUTING.hand_over if ask(rule, ordinary({"words": words})).hit]


@pytest.mark.parametrize(
    "words",
    [
        "What is the legal age to open an account?",
        "Is it legal?",
        "How do I complain?",
        "I saw your fraud warning. How do I recognise phishing?",
        "Can I report a suspicious call to you?",
        "Fir se OTP bhejo please",
        "What is the penalty in case of early exit?",
        "My KYC was rejected because my name is spelt differently.",
        "What happens if a borrower dies?",
        "Which number can I call on Saturday?",
    ],
)
def test_ordinary_questions_are_not_handed_over(words):
    assert [rule.id for rule in ROUTING.hand_over if ask(rule, ordinary({"words": words})).hit] == []


def test_there_are_no_more_than_eight_operators_and_the_manual_shows_each():
    manual = (RULES / "README.md").read_text(encoding="utf-8")
    assert len(OPERATORS) <= 8
    assert [name for name in (*OPERATORS, *FIELDS, *PRIORITIES) if not re.search(rf"\b{name}\b", manual)] == []


def test_the_rule_of_the_manual_is_one_that_we_really_have():
    manual = (RULES / "README.md").read_text(encoding="utf-8")
    block = next(part for part in manual.split("```yaml")[1:] if "id:" in part).split("```")[0]
    (rule,) = yaml.safe_load(block)
    ours = next(topic for topic in ROUTING.hand_over if topic.id == rule["id"])
    assert (ours.group, ours.priority, ours.reason) == (rule["group"], rule["priority"], rule["reason"])


def test_the_names_that_others_rely_on():
    rules = our_rules()
    assert rules.segment_names == ("IM", "IM+")
    assert rules.labels == ("public", "IM", "IM+")
    assert [step.strength for step in rules.identity.steps][:2] == [Strength.VERIFIED, Strength.VERIFIED]
    assert rules.guards.sign_off == "Warm regards,\nThe Peerwell support team"
    assert rules.guards.greet("Asha") == "Hi Asha,"
    assert rules.guards.greet() == "Hello,"
    assert rules.guards.tags.handed_over == "deskhand-handed-over"


def test_the_tag_of_a_hand_over_is_the_one_that_the_gate_looks_for():
    facts = ordinary({"tags": (our_rules().guards.tags.handed_over,)})
    assert [rule.id for rule in ROUTING.ignore if ask(rule, facts).hit] == ["handed-over-before"]


def test_the_rules_that_may_hit_no_more_tomorrow_give_reasons_of_their_own():
    """By its reason it is known later which rule a message was set aside for; the manual promises what comes of it."""
    fleeting = [rule for rule in ROUTING.ignore if passing(rule)]
    assert [rule.id for rule in fleeting] == ["person-on-it", "closed", "spam", "deleted"]
    assert not {rule.reason for rule in fleeting} & {rule.reason for rule in ROUTING.ignore if rule not in fleeting}
    manual = (RULES / "README.md").read_text(encoding="utf-8")
    promised = next(part for part in manual.split("\n\n") if part.startswith("What may pass"))
    assert set(re.findall(r"`(\w+)`", promised)) & FIELDS.keys() == PASSING


def test_a_change_of_any_file_is_a_new_version(tmp_path: Path):

    same = load_rulebook(changed_rules(tmp_path / "a", "guards.yaml"))
    other = load_rulebook(changed_rules(tmp_path / "b", "guards.yaml", ("unnamed: Hello,", "unnamed: Good day,")))
    assert same.version == our_rules().version != other.version


@pytest.mark.parametrize(
    ("topic", "auto_send", "alone"), [("fees", True, True), ("fees", False, False), ("complaint", True, False)]
)
def test_the_rules_can_take_the_right_to_go_out_alone_but_not_give_it(topic, auto_send, alone):
    template = Template(
        template_id="a",
        title="A",
        topic=topic,
        segments=("public",),
        questions=("?",),
        needs=(),
        auto_send=auto_send,
        body="b",
        version="1",
    )
    assert our_rules().may_send_unreviewed(template) is alone
