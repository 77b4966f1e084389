"""A source that is a record: what a sentence says of its fields and of its weekdays."""

from __future__ import annotations

import json

import pytest

from tests.builders import a_source
from tests.support.guard.test_guards import a_candidate
from worker.models import Sentence
from worker.support.guard import judge
from worker.support.guard.evidence import source_spans
from worker.support.guard.records import record, told

BRANCH = {
    "name": "Harbour branch",
    "hours": {"Monday": "0:0-0:0", "Tuesday": "9:30-17:0", "Wednesday": "9:30-17:0", "Saturday": "10:0-13:0"},
    "attributes": {
        "WiFi": "no",
        "BranchLockers": True,
        "CashDeposits": None,
        "BranchParking": {"garage": False, "street": True, "lot": False},
    },
    "notes": "Ring the bell. Somebody opens within a minute.",
}
TEXT = json.dumps(BRANCH)


def against(said: str) -> set[str]:
    known = record(TEXT)
    assert known
    found = told(said, known)
    return {*found.against, *found.days}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("It has free Wi-Fi for visitors.", {"WiFi"}),
        ("There is no Wi-Fi.", set()),
        ("Lockers are there, but Wi-Fi is not available.", set()),
        ("You can park in the garage or on the street.", {"garage"}),
        ("It does not offer Wi-Fi or a garage.", set()),
        ("A lot of people come on Tuesday.", set()),
        ("It is open on Tuesday from 9:30 am to 5 pm.", set()),
        ("It is open on Tuesday from 9:30 am to 6 pm.", {"Tuesday"}),
        ("From Monday to Wednesday it is open from 9:30 to 17:00.", {"Monday"}),
        ("It opens at 10:00 and closes at 13:00 on weekends.", {"Sunday"}),
        ("Our colleague called at 11:15.", set()),
    ],
)
def test_a_sentence_is_held_against_the_fields_that_it_speaks_of(said: str, names: set[str]) -> None:
    assert against(said) == names


def test_a_field_without_a_value_is_left_open() -> None:
    known = record(TEXT)
    assert known
    assert told("It takes cash deposits.", known).unknown == ("CashDeposits",)
    assert not against("It takes cash deposits.")


def test_a_lead_reads_which_field_says_otherwise() -> None:
    source = a_source(TEXT, "branch")
    said = Sentence(text="The Harbour branch has free Wi-Fi.", sources=("branch",))
    found = [f for f in judge(a_candidate(said, sources={"branch": source})) if f.guard == "meaning"]
    assert any("“WiFi”" in f.what for f in found)


def test_prose_and_broken_records_are_read_as_prose() -> None:
    assert record("IM has no lock-in.") is None
    assert record('{"WiFi": ') is None
    assert record("[1, 2]") is None


def test_every_field_is_a_span_and_stands_where_its_words_stand() -> None:
    spans = {span.text: span for span in source_spans("branch", "1", "", TEXT, ())}
    assert "hours tuesday: 9:30-17:00" in spans
    bell = spans["notes: Ring the bell."]
    assert TEXT[bell.start : bell.end] == "Ring the bell."


def test_numbers_stay_numbers_also_where_they_are_one_and_nought() -> None:
    known = record(
        '{"minimumOrders": 1, "fee": 0, "share": 1.0, "limit": 5, "open": true, "closed": false, "hours": null}'
    )
    assert known
    assert [value for _, value in known.lines] == ["1", "0", "1.0", "5", "yes", "no", "unknown"]
