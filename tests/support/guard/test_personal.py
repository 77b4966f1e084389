"""The personal guard: what a record holds, told to somebody who was not verified as its owner."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import a_customer, a_source, an_identity
from tests.support.guard.test_guards import SAID, a_candidate, found_by
from worker.models import Sentence, Strength
from worker.support.guard import judge

RECORD = a_customer("PW100231", name="Meera Nair", since=date(2021, 3, 14), facts={"city": "Kochi"})
FIELDS = ("first_name", "name", "customer_id", "since")


@pytest.mark.parametrize("strength", [Strength.LINKED, Strength.CLAIMED])
@pytest.mark.parametrize("leak", ["Meera", "Meera Nair", "14 March 2021", "march 2021", "2021-03-14", "Kochi"])
def test_no_field_of_a_record_reaches_somebody_who_was_not_verified(strength: Strength, leak: str) -> None:
    reply = a_candidate(
        f"{SAID} {leak}.", identity=an_identity(strength, RECORD), personal_fields=FIELDS, signed="M. Pillai"
    )
    assert leak in {f.words for f in judge(reply) if f.guard == "personal"}
    verified = a_candidate(f"{SAID} {leak}.", identity=an_identity(customer=RECORD), personal_fields=FIELDS)
    assert "personal" not in found_by(verified)


def test_the_name_one_signed_with_and_what_a_source_tells_everybody_leak_nothing() -> None:
    source = a_source("Bank holidays in Kochi delay a withdrawal.", "holidays", segments=("public",))
    who = an_identity(Strength.LINKED, RECORD)
    said = Sentence(text="Meera, bank holidays in Kochi delay a withdrawal.", sources=("holidays",))
    kept: dict[str, Any] = {
        "sources": {"holidays": source},
        "template_ids": (),
        "identity": who,
        "personal_fields": FIELDS,
    }
    assert "personal" not in found_by(a_candidate(said, signed="Meera N", **kept))


def test_only_the_fields_that_the_rules_name_and_further_columns_are_looked_for() -> None:
    who = an_identity(Strength.LINKED, RECORD)
    found = judge(
        a_candidate("Meera Nair of Kochi, with us since March 2021.", identity=who, personal_fields=("since",))
    )
    assert {f.words for f in found if f.guard == "personal"} == {"March 2021", "Kochi"}
