"""The personal guard: what a record holds, told to somebody who was not verified as its owner."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_customer, a_reader, a_requester, a_source, a_ticket, an_identity
from tests.rulebook.rules_files import changed_rules, our_rules
from tests.support.guard.test_guards import SAID, a_candidate, found_by
from worker.intake.mailtext import Words
from worker.models import Identity, Part, Sentence, Strength
from worker.rulebook import Rulebook, load_rulebook
from worker.support.compose import candidate
from worker.support.facts import known_facts
from worker.support.generate import Writing
from worker.support.guard import GUARDS, judge
from worker.support.rejudge import Rejudge
from worker.support.retrieve import Found

RECORD = a_customer("PW100231", name="Meera Nair", since=date(2021, 3, 14), facts={"city": "Kochi"})
CITY = "  columns:\n    city: {verified: never, linked: never, claimed: never, unknown: never}"
FIELDS = ("first_name", "name", "customer_id", "since")


@pytest.mark.parametrize("strength", [Strength.LINKED, Strength.CLAIMED])
@pytest.mark.parametrize("leak", ["Meera", "Meera Nair", "14 March 2021", "march 2021", "2021-03-14", "Kochi"])
def test_no_field_of_a_record_reaches_somebody_who_was_not_verified(strength: Strength, leak: str) -> None:
    reply = a_candidate(f"{SAID} {leak}.", identity=an_identity(strength, RECORD), withheld=FIELDS, signed="M. Pillai")
    assert leak in {f.words for f in judge(reply) if f.guard == "personal"}
    verified = a_candidate(f"{SAID} {leak}.", identity=an_identity(customer=RECORD))
    assert "personal" not in found_by(verified)


def test_the_name_one_signed_with_and_what_a_source_tells_everybody_leak_nothing() -> None:
    source = a_source("Bank holidays in Kochi delay a withdrawal.", "holidays", segments=("public",))
    who = an_identity(Strength.LINKED, RECORD)
    said = Sentence(text="Meera, bank holidays in Kochi delay a withdrawal.", sources=("holidays",))
    kept: dict[str, Any] = {
        "sources": {"holidays": source},
        "template_ids": (),
        "identity": who,
        "withheld": FIELDS,
    }
    assert "personal" not in found_by(a_candidate(said, signed="Meera N", **kept))


def test_only_the_fields_that_the_rules_name_and_further_columns_are_looked_for() -> None:
    who = an_identity(Strength.LINKED, RECORD)
    found = judge(a_candidate("Meera Nair of Kochi, with us since March 2021.", identity=who, withheld=("since",)))
    assert {f.words for f in found if f.guard == "personal"} == {"March 2021", "Kochi"}


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Rulebook:
    return load_rulebook(changed_rules(tmp_path, "guards.yaml", *changes))


def judged(rules: Rulebook, who: Identity, said: str) -> set[str]:
    """The words that the personal guard marks, by the table of these rules."""
    facts = known_facts(who, a_ticket(), rules.guards.disclosure)
    writing = Writing(parts=(Part(question="", sentences=(Sentence(text=said),)),), written_by="")
    reply = candidate(Words(now=""), Found(), writing, facts, who, a_reader(), Rejudge(rules))
    return {f.words for f in judge(reply, {"personal": GUARDS["personal"]})}


def test_what_the_table_withholds_reaches_neither_the_prompt_nor_the_reply(tmp_path: Path) -> None:
    who = an_identity(customer=RECORD)
    facts = known_facts(who, a_ticket(), our_rules().guards.disclosure)
    assert (facts["since"], facts["city"], facts["first_name"]) == ("14 March 2021", "Kochi", "Meera")
    assert judged(our_rules(), who, "With us since March 2021, from Kochi.") == set()

    strict = changed(tmp_path, ("  since: {verified: in_full", "  since: {verified: never"), ("  columns:", CITY))
    told = known_facts(who, a_ticket(), strict.guards.disclosure)
    assert not {"since", "city"} & told.keys()
    assert judged(strict, who, "With us since March 2021, from Kochi.") == {"March 2021", "Kochi"}


def test_of_a_field_only_its_end_may_be_told(tmp_path: Path) -> None:
    who = an_identity(customer=a_customer("PW100231", phone="+91 98765 43210"))
    rules = changed(tmp_path, ("  phone: {verified: never", "  phone: {verified: last_four"))
    assert known_facts(who, a_ticket(), rules.guards.disclosure)["phone"] == "ending 3210"
    assert judged(rules, who, "The code goes to your phone ending 3210.") == set()
    assert judged(rules, who, "The code goes to 98765 43210.") == {"98765 43210"}


def test_a_linked_customer_is_greeted_by_the_name_of_the_record_only_if_the_table_says_so(tmp_path: Path) -> None:
    who, ticket = an_identity(Strength.LINKED, RECORD), a_ticket(requester=a_requester(name="Mina Pillai"))
    assert known_facts(who, ticket, our_rules().guards.disclosure)["first_name"] == "Mina"
    open_to = ("first_name: {verified: in_full, linked: never", "first_name: {verified: in_full, linked: in_full")
    rules = changed(tmp_path, open_to)
    assert known_facts(who, ticket, rules.guards.disclosure)["first_name"] == "Meera"
    assert known_facts(an_identity(Strength.CLAIMED, RECORD), ticket, rules.guards.disclosure)["first_name"] == "Mina"
    assert judged(rules, who, "Dear Meera Nair of Kochi.") == {"Meera Nair", "Kochi"}


def test_an_account_number_of_the_record_is_told_by_its_end_whatever_the_table_says() -> None:
    who = an_identity(customer=a_customer("PW100231", facts={"account_number": "50100123456789"}))
    facts = known_facts(who, a_ticket(), our_rules().guards.disclosure)
    assert facts["account_number"] == "account ending 6789"
    assert judged(our_rules(), who, "It was paid to 50100123456789.") == {"50100123456789"}


@pytest.mark.parametrize(
    "secret", ["4111 1111 1111 1111", "ABCPE1234F", "2341 2341 2346", "account 123456789012", "OTP 482913"]
)
def test_no_reply_holds_a_card_a_pan_an_aadhaar_an_account_or_a_code_in_full(secret: str) -> None:
    number = secret.removeprefix("account ").removeprefix("OTP ")
    for strength in Strength:
        assert number in judged(our_rules(), an_identity(strength), f"We have your {secret}.")
