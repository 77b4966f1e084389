"""What the guards are given of the rules and of who wrote."""

from __future__ import annotations

from tests.builders import a_reader, a_source
from worker.intake.mailtext import Words
from worker.models import Identity, Strength
from worker.rulebook import load_rulebook
from worker.settings import ROOT
from worker.support.compose import candidate
from worker.support.generate import Writing
from worker.support.rejudge import Rejudge
from worker.support.retrieve import Found


def test_the_guards_know_which_fields_are_withheld_and_who_signed():
    rules = Rejudge(load_rulebook(ROOT / "rules"))
    writing, facts, who = Writing(parts=(), written_by=""), {"name": "Asha Rao"}, Identity(strength=Strength.LINKED)
    reply = candidate(Words(now=""), Found(), writing, facts, who, a_reader(), rules)
    assert {"name", "first_name", "since"} <= set(reply.withheld)
    assert reply.signed == "Asha Rao"


def test_the_guards_know_which_templates_hold_something_of_the_customer():
    rules = Rejudge(load_rulebook(ROOT / "rules"))
    filled, plain = a_source("Your number is {{ ticket_id }}.", "filled"), a_source("Nothing of yours.", "plain")
    found, writing = Found(templates=(filled, plain)), Writing(parts=(), written_by="")
    who = Identity(strength=Strength.LINKED)
    reply = candidate(Words(now=""), found, writing, {"ticket_id": "4711"}, who, a_reader(), rules)
    assert reply.sources["filled"].text == "Your number is 4711."
    assert reply.filled == {"filled"}
