"""What a support lead reads after a slip in rules/*.yaml: where, what, and what would have been right."""

from __future__ import annotations

import pytest

from tests.rulebook.rules_files import changed_rules, complaints_about
from worker.errors import BadConfiguration
from worker.rulebook.load import load_rulebook

MERGED = "when: {field: merged, is_true: true}"
# (what the slip is, before, after, what the lead must read)
ROUTING_SLIPS = [
    (
        "misspelt field",
        "group: Escalations",
        "gruop: Escalations",
        '"distress", gruop: there is no such field. Did you mean "group"?',
    ),
    ("missing field", "group: Escalations", "about: none", '"distress", group: this is missing.'),
    (
        "misspelt priority",
        "priority: high",
        "priority: hihg",
        "'hihg' is not possible here. Did you mean \"high\"? Allowed: low, medium",
    ),
    (
        "misspelt operator",
        "contains_word: [unsubscribe]",
        "contains_wrod: [unsubscribe]",
        'Did you mean "contains_word"?',
    ),
    ("misspelt fact", "{field: merged, ", "{field: mergd, ", 'there is no fact "mergd". Did you mean "merged"?'),
    (
        "misspelt choice",
        "equals: closed",
        "equals: closd",
        'there is no state "closd". Did you mean "closed"? Allowed: open',
    ),
    ("id used twice", "id: colleague", "id: spam", '"spam", id: this id is taken by rules/routing.yaml, line 30'),
    ("id of our own", "id: colleague", "id: claims-another-id", "this id is taken by Deskhand's own rules"),
    ("odd id", "id: colleague", "id: Our Colleague", '"Our Colleague" is no id'),
    ("empty list", "contains_word: [unsubscribe]", "contains_word: []", "contains_word: the list is empty"),
    (
        "empty entry",
        "contains_word: [unsubscribe]",
        "contains_word: [unsubscribe, '']",
        "one entry of the list is empty",
    ),
    ("entry twice", "contains_word: [unsubscribe]", "contains_word: [stop, Stop]", "listed more than once: stop"),
    ("no word", "contains_word: [unsubscribe]", "contains_word: ['?!']", '"?!" has no letters or digits'),
    ("yes or no", "contains_word: [unsubscribe]", "contains_word: [no]", "this must be a text; put it in quotes."),
    ("text for number", "at_least: 3", "at_least: three", "this must be a whole number"),
    ("two operators", "at_least: 5", "at_least: 5, equals: 5", "this one has equals and at_least"),
    ("no operator", MERGED, "when: {field: merged}", "this one has none of them"),
    ("no field", MERGED, "when: {is_true: true}", "a condition starts with exactly one of all, any, not, field"),
    ("operator beside any", MERGED, "when: {not: {field: merged, is_true: true}, is_true: true}", "there is no field"),
    (
        "wrong kind",
        MERGED,
        "when: {field: subject, is_true: true}",
        '"subject" is a text, which "is_true" cannot be asked of',
    ),
    ("is_true false", MERGED, "when: {field: merged, is_true: false}", 'put the condition under "not"'),
    ("empty all", MERGED, "when: {all: []}", "when > all: the list is empty"),
    ("no condition", MERGED, "when: merged", "this must have fields of its own"),
    ("slow pattern", "matches: ['^(?:no|", "matches: ['^(a+)+(?:no|", "have no upper end: write how many at most"),
    ("broken pattern", "matches: ['^(?:no|", "matches: ['^((?:no|", "it is no regular expression"),
    ("no sentence", "reason: The ticket is closed.", "reason: The ticket is closed", "end it with a full stop"),
    ("no hits", "hits: [{merged: true}]", "hits: []", '"merged", examples > hits: the list is empty'),
    ("no examples", "examples:", "about:", "examples: this is missing."),
    ("example of nothing", "hits: [{merged: true}]", "hits: [{mergd: true}]", 'there is no fact "mergd"'),
    (
        "example of a wrong kind",
        "hits: [{merged: true}]",
        "hits: [{merged: 'yes'}]",
        "'yes' is not. Text goes in quotes",
    ),
    (
        "hit that misses",
        "hits: [{merged: true}]",
        "hits: [{merged: false}]",
        '"merged", examples: example 1 of hits is not hit (merged is false)',
    ),
    (
        "miss that hits",
        "misses: [{state: resolved}",
        "misses: [{state: closed}",
        'example 1 of misses is hit (state is "closed")',
    ),
    (
        "key twice",
        "reason: The ticket is closed.",
        "reason: One.\n    reason: Two.",
        '"reason" is already given in line 66; keep one',
    ),
    ("broken YAML", "hits: [{merged: true}]", "hits: [{merged: true]", "this is not YAML"),
    ("odd section", "unreviewed:", "unreviwed:", 'unreviwed: there is no such field. Did you mean "unreviewed"?'),
]


@pytest.mark.parametrize(("before", "after", "told"), [pytest.param(*s[1:], id=s[0]) for s in ROUTING_SLIPS])
def test_a_slip_in_the_routing_rules_is_named(tmp_path, before, after, told):
    said = complaints_about(changed_rules(tmp_path, "routing.yaml", (before, after)))
    assert told in said
    assert said.startswith("rules/routing.yaml, line ")


OTHER_SLIPS = [
    (
        "identity.yaml",
        "strength: claimed",
        "strength: verified",
        'step "id-in-custom-field": "custom_field" cannot make anybody "verified". Allowed: claimed.',
    ),
    (
        "identity.yaml",
        "find: text",
        "find: texts",
        'step "id-in-text", find: \'texts\' is not possible here. Did you mean "text"?',
    ),
    ("identity.yaml", r"'PW\d{6}'", r"'PX\d{6}'", "example 1 of hits is not hit by the pattern"),
    ("identity.yaml", r"'PW\d{6}'", r"'\w{10}'", "example 1 of misses is hit by the pattern"),
    ("identity.yaml", r"'PW\d{6}'", r"'PW\d+'", "have no upper end"),
    (
        "identity.yaml",
        "find: alternate_email\n    strength: verified",
        "find: alternate_email\n    strength: claimed",
        "the surest come first",
    ),
    ("identity.yaml", "find: alternate_email", "find: registered_email", "used twice: registered_email"),
    (
        "segments.yaml",
        "without_products: [public]",
        "without_products: [public, IM]",
        '"IM" is only for those who hold it',
    ),
    (
        "segments.yaml",
        "[verified, linked]",
        "[verified, claimed]",
        '"claimed" is no proof that somebody holds a product',
    ),
    ("segments.yaml", "reads: [public, IM]", "reads: [public, im]", 'there is no label "im". Did you mean "IM"?'),
    (
        "segments.yaml",
        "found: verified, reads: [public, IM]",
        "found: verified, reads: [public]",
        "let this person read public, IM.",
    ),
    ("segments.yaml", "- name: IM+", "- name: IM", "listed twice: IM"),
    ("guards.yaml", "link_hosts:", "link_hosts:\n  - https://peerwell.example/", "write only the name"),
    ("guards.yaml", "named: Hi {first_name},", "named: Hi {name},", '"named" must have the place {first_name}'),
    ("guards.yaml", "unnamed: Hello,", "unnamed: 'Hello {first_name},'", "no braces"),
    ("guards.yaml", "- support@peerwell.example", "- Support at Peerwell", "is no e-mail address"),
    ("guards.yaml", "- 1800 000 0140", "- 1800-HELP", "is no phone number"),
    (
        "guards.yaml",
        "product_names: [IM, IM+]",
        "product_names: [IM]",
        "product_names: the product 'IM+' of rules/segments.yaml is missing",
    ),
    (
        "guards.yaml",
        "since: {verified: in_full, linked: never",
        "since: {verified: in_full, linked: in_full",
        'disclosure > since: a customer who is only "linked" is not proven to be this one: write "linked: never".',
    ),
    (
        "guards.yaml",
        "first_name: {verified: in_full, linked: never, claimed: never",
        "first_name: {verified: in_full, linked: in_full, claimed: in_full",
        'disclosure > first_name: "claimed" is no proof of anything: write "claimed: never".',
    ),
    (
        "guards.yaml",
        "email: {verified: in_full",
        "email: {verified: last_four",
        "disclosure > email: four characters of this say nothing: write in_full or never.",
    ),
    (
        "guards.yaml",
        "phone: {verified: never",
        "phone: {verified: nevr",
        "'nevr' is not possible here. Did you mean \"never\"? Allowed: in_full, last_four, never.",
    ),
    ("guards.yaml", "  customer_id: {", "  customerid: {", 'Did you mean "customer_id"?'),
    ("guards.yaml", "  other_columns: {", "  # other_columns: {", "disclosure > other_columns: this is missing."),
    ("guards.yaml", "relationship_manager: {", "firstname: {", "too much like a field of every customer"),
    (
        "guards.yaml",
        "verified: in_full, linked: never, claimed: never, unknown: never}",
        "verified: in_full}",
        "linked",
    ),
]


@pytest.mark.parametrize(("name", "before", "after", "told"), OTHER_SLIPS)
def test_a_slip_in_another_file_is_named(tmp_path, name, before, after, told):
    said = complaints_about(changed_rules(tmp_path, name, (before, after)))
    assert told in said
    assert said.startswith(f"rules/{name}, ")


def test_all_slips_of_all_files_are_named_at_once(tmp_path):
    folder = changed_rules(
        tmp_path, "routing.yaml", ("group: Escalations", "gruop: x"), ("hits: [{spam: true}]", "hits: 3")
    )
    (folder / "identity.yaml").unlink()
    (folder / "guards.yaml").rename(folder / "guard.yaml")
    (folder / "segments.yaml").write_bytes(b"labels: [caf\xe9]")
    said = complaints_about(folder)
    assert "there is no such field" in said
    assert "this must be a list" in said
    assert "rules/identity.yaml: there is no such file." in said
    assert 'rules/guard.yaml: this file is not read. Did you mean "guards.yaml"?' in said
    assert "rules/segments.yaml: save it as UTF-8" in said


def test_files_are_named_by_the_path_that_was_given(tmp_path):
    """Else those of RULES_DIR=/etc/x/rules would be looked for in the project's own folder."""
    folder = changed_rules(tmp_path, "guards.yaml")
    (folder / "identity.yaml").unlink()
    (folder / "guards.yaml").unlink()
    (folder / "guards.yaml").symlink_to("/nowhere/guards.yaml")
    (folder / "more.yaml").touch()
    with pytest.raises(BadConfiguration) as refused:
        load_rulebook(folder)
    assert f"{folder}/identity.yaml: there is no such file." in refused.value.problems
    dangling = f"{folder}/guards.yaml: there is no such file. It is a link to /nowhere/guards.yaml, where nothing is."
    assert dangling in refused.value.problems
    assert refused.value.problems[0].startswith(f"{folder}/more.yaml: this file is not read.")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_a_file_without_fields_is_named(tmp_path, text):
    folder = changed_rules(tmp_path, "guards.yaml")
    (folder / "guards.yaml").write_text(text, encoding="utf-8")
    assert "rules/guards.yaml: it is empty, or not made of lines" in complaints_about(folder)
