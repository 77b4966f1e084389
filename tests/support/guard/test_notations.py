"""How amounts, measures, durations, times of day and denials are written: the same in another way, and what is not."""

from __future__ import annotations

import pytest

from tests.builders import a_source
from tests.support.guard.test_guards import SOURCE, a_candidate, found_by
from tests.written_ways import ways_to_write
from worker.support.guard import clock, folds
from worker.support.guard.tokens import tokens


def values(text: str) -> set[tuple[str, str]]:
    return {(t.kind, t.value) for t in tokens(text)}


def found_against(stands: str, said: str) -> set[str]:
    sources = {SOURCE.source_id: a_source(stands, SOURCE.source_id)}
    return found_by(a_candidate(said, sources=sources)) & {"exact", "meaning"}


@pytest.mark.parametrize(
    "ways",
    [
        ("£4.20", "4.20 pounds", "GBP 4.2"),
        ("€15", "15 euros", "fifteen euros", "a 15-euro one", "EUR 15.00"),
        ("$2.5 million", "$2,500,000", "2.5 million dollars", "US$2.5m"),
        ("Rs 750", "750 rupees", "750 rs", "₹750"),
        ("$3.50 a day", "3.5 dollars per day"),
        ("70 pence", "£0.70", "70p"),
        ("2 kg", "two kilograms", "2000 g", "2kg"),
        ("1.5 km", "1500 metres"),
        ("8 GB", "eight gigabytes", "8GB"),
        ("from 4 to 9 litres", "from 4 l to 9 l"),
        ("6 %", "six percent", "6 per cent"),
        ("100 %", "a hundred per cent"),
    ],
)
def test_an_amount_a_measure_and_a_percentage_may_be_written_in_many_ways(ways: tuple[str, ...]) -> None:
    assert values(ways[0])
    assert [values(way) for way in ways] == [values(ways[0])] * len(ways)


@pytest.mark.parametrize(
    "ways",
    [
        ("three weeks", "21 days"),
        ("two weeks", "a fortnight", "14 days", "one fortnight"),
        ("72 hours", "3 days", "three days"),
        ("half a minute", "30 seconds", "30 secs"),
        ("a quarter of an hour", "15 minutes"),
        ("an hour and a half", "one and a half hours", "90 minutes"),
        ("a year and a half", "18 months"),
        ("within a week", "within seven days"),
        ("every 3 months", "quarterly", "every quarter", "once a quarter", "every three months"),
        ("every twelve months", "yearly", "each year"),
        ("4 p.m.", "4 pm", "16:00", "four o'clock in the afternoon", "4 PM", "16:00 hrs"),
        ("7.30 a.m.", "7:30 am", "07:30"),
        ("9 in the evening", "9 pm", "21:00"),
        ("noon", "12:00", "12 pm", "midday", "12 noon"),
        ("midnight", "12 am", "0:00", "24:00"),
        ("from 8.00 to 17.30", "from 8:00 to 5.30 pm"),
        ("until 19.15", "until 7:15 pm"),
        ("2.50", "2.5"),
    ],
)
def test_a_time_and_a_duration_may_be_written_in_many_ways(ways: tuple[str, ...]) -> None:
    assert values(ways[0])
    assert [values(way) for way in ways] == [values(ways[0])] * len(ways)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("30 days", "a month"),
        ("30 days", "1 month"),
        ("7 working days", "a week"),
        ("14 days", "14 working days"),
        ("every 3 months", "every 3 weeks"),
        ("£6.10", "$6.10"),
        ("20 cents", "20 dollars"),
        ("5 kg", "5 g"),
        ("40 km", "40 miles"),
        ("230 V", "230 W"),
        ("noon", "midnight"),
    ],
)
def test_what_is_another_currency_unit_or_time_is_not_the_same(one: str, other: str) -> None:
    assert values(one) != values(other)


def test_a_word_that_ends_like_a_sign_of_rupees_is_none() -> None:
    for text in ("It covers 7 of them.", "Orders 7 and up.", "The layers 7 deep.", "In hours 7 of them."):
        assert values(text) == {("number", "7")}


def test_a_number_with_a_point_is_no_time_of_day() -> None:
    assert values("It costs £3.95.") == {("amount", "3.95 gbp")}
    assert values("The index is at 1.50.") == {("number", "1.5")}


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ("The parcel costs £7.25 to send.", "The parcel costs $7.25 to send."),
        ("A dog may weigh up to 8 kg in the cabin.", "A dog may weigh up to 8 g in the cabin."),
        ("The hose is 6 metres long.", "The hose is 6 feet long."),
        ("The film plan includes 40 GB of data.", "The film plan includes 40 MB of data."),
        ("A delay of longer than three hours is refunded.", "A delay of less than three hours is refunded."),
        ("The desk is open until noon.", "The desk is open until midnight."),
        ("The fee is due every 3 months.", "The fee is due every 4 months."),
        ("2 % of £100 is £2.", "2 % of £100 is $2."),
    ],
)
def test_another_currency_unit_or_side_is_found(stands: str, said: str) -> None:
    assert "exact" in found_against(stands, said)
    assert found_against(stands, stands) == set()


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ("A delay of longer than three hours is refunded.", "A delay of more than 3 hours is refunded."),
        ("The deposit is at least €90.", "The deposit is never less than 90 euros."),
        ("Send it back within 20 days.", "You have 20 days to send it back."),
        ("The film plan includes 40 GB of data.", "The film plan covers 40 gigabytes of data."),
        ("The desk is open until 6 pm.", "The desk is open until 18.00."),
        ("Check-in is from 3 pm at the reception.", "Your room is ready from 15:00 that day."),
        ("Leave the room until 10 am.", "Leave the room by 10 in the morning."),
        ("A repair takes 14 days.", "A repair takes two weeks."),
    ],
)
def test_the_same_in_another_notation_passes(stands: str, said: str) -> None:
    assert found_against(stands, said) == set()


def test_letters_of_other_alphabets_make_no_notation_that_cannot_be_read() -> None:
    odd = str.maketrans({"i": "\u0131", "s": "\u017f", "k": "\u212a"})
    for fold in (*folds.ANYWHERE, *folds.FOLDS):
        for way in ways_to_write(fold.pattern):
            for text in (way, f"5 {way}", f"within {way}"):
                assert tokens(text.translate(odd)) is not None


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ("The archive is encrypted on our servers.", "The archive is unencrypted on our servers."),
        ("The voucher stays valid after a refund.", "The voucher stays invalid after a refund."),
        ("Unopened boxes can be sent back to us.", "Boxes can be sent back to us."),
        ("You must report the loss to the police.", "You may report the loss to the police."),
        ("You can report the loss in the app.", "You must report the loss in the app."),
        ("You should charge the battery before winter.", "You must charge the battery before winter."),
    ],
)
def test_a_denial_within_a_word_and_a_duty_are_part_of_what_is_said(stands: str, said: str) -> None:
    assert "meaning" in found_against(stands, said)
    assert found_against(stands, stands) == set()


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ("The voucher is not valid on Sundays.", "The voucher is invalid on Sundays."),
        ("Boxes that were not opened can be sent back.", "Unopened boxes can be sent back."),
        ("You must report the loss to the police.", "Please report the loss to the police."),
    ],
)
def test_a_denial_within_a_word_says_the_same_as_one_before_it(stands: str, said: str) -> None:
    assert found_against(stands, said) == set()


def test_of_an_endless_list_of_counts_the_last_ones_are_read() -> None:
    said = "1, " * 40 + "2 or 3 days"
    found = clock.RANGE.search(said)
    assert found is not None
    assert found.group(1).count("1,") == clock.MOST
