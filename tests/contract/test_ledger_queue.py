"""The queue: what every ledger promises about the order, the filters and the search of held drafts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_draft, a_finding, a_message, a_reader, a_requester, a_thread, a_trace, an_identity
from tests.contract.steps import LEASE, approved, claimed, conclude, current, held, newest_draft, opened
from worker.models import Case, Ring, Status, Strength
from worker.ports import NONE, Ledger, Sieve


def found(ledger: Ledger, **sieve: str) -> list[int]:
    """Ticket numbers, most urgent first; the count must agree."""
    rows = ledger.reviews.held(sieve=Sieve(**sieve))
    assert ledger.reviews.held_count(Sieve(**sieve)) == len(rows)
    return [row.case.ticket_id for row in rows]


def a_held(ledger: Ledger, ticket_id: int, text: str = "How?", segments: tuple[str, ...] = (), **said: Any) -> Case:
    """`said`: strength, guards, body, template; the rest describes the ticket."""
    strength, guards = said.pop("strength", Strength.UNKNOWN), said.pop("guards", ())
    body, template = said.pop("body", "Like this."), said.pop("template", "redeem")
    case = opened(ledger, ticket_id, **said)
    conclude(
        ledger,
        case,
        Status.HELD,
        thread=a_thread(ticket_id, a_message(text), **said),
        draft=a_draft(body, template_id=template, findings=tuple(map(a_finding, guards))),
        trace=a_trace(identity=an_identity(strength), reader=a_reader("public", *segments)),
    )
    return current(ledger, case)


def test_a_long_wait_comes_before_a_priority_that_is_a_little_higher(ledger: Ledger) -> None:
    for ticket_id, priority in ((1, 1), (2, 2), (3, 3), (4, 4), (5, 9)):
        held(ledger, ticket_id, priority=priority)
    assert found(ledger) == [4, 3, 2, 1, 5]
    assert not any(row.late for row in ledger.reviews.held())


def test_a_priority_that_a_rule_gives_moves_the_draft_forward(ledger: Ledger) -> None:
    from tests.builders import a_verdict

    held(ledger, 1)
    case = opened(ledger, 2)
    conclude(ledger, case, Status.HELD, draft=a_draft(), verdict=a_verdict(priority=4))
    assert found(ledger) == [2, 1]


@pytest.mark.parametrize(
    ("sieve", "tickets"),
    [
        ({"segment": "IM"}, [1, 3]),
        ({"segment": "IM+"}, [2, 3]),
        ({"segment": NONE}, [4]),
        ({"finding": "exact"}, [2]),
        ({"finding": NONE}, [1, 4]),
        ({"template": "fees"}, [3]),
        ({"template": NONE}, [4]),
        ({"strength": "verified"}, [1, 2]),
        ({"strength": "verified", "segment": "IM+"}, [2]),
        ({"segment": "I"}, []),
        ({"finding": "exac_"}, []),
    ],
)
def test_the_queue_can_be_sifted(ledger: Ledger, sieve: dict[str, str], tickets: list[int]) -> None:
    a_held(ledger, 1, segments=("IM",), strength=Strength.VERIFIED)
    a_held(ledger, 2, segments=("IM+",), strength=Strength.VERIFIED, guards=("exact", "cited"))
    a_held(ledger, 3, segments=("IM", "IM+"), guards=("cited",), template="fees")
    a_held(ledger, 4, template="")
    assert found(ledger, **sieve) == tickets


def test_the_filters_know_what_there_is_to_choose_from(ledger: Ledger) -> None:
    a_held(ledger, 1, segments=("IM",), strength=Strength.VERIFIED, guards=("exact", "cited"))
    a_held(ledger, 2, segments=("IM", "IM+"), template="")
    approved(ledger, 3)
    facets = {name: dict(values) for name, values in ledger.reviews.facets().items()}
    assert facets == {
        "strength": {"verified": 1, "unknown": 1},
        "template": {"redeem": 1, NONE: 1},
        "segment": {"IM": 2, "IM+": 1},
        "finding": {"exact": 1, "cited": 1, NONE: 1},
    }


def test_drafts_that_came_to_wait_since_a_moment_are_counted_and_others_that_moved_up_are_not(ledger: Ledger) -> None:
    assert ledger.reviews.newest() == 0.0
    first, again = a_held(ledger, 1), a_held(ledger, 2)
    moment = ledger.reviews.newest()
    assert ledger.reviews.held_count(since=moment) == 0
    ledger.cases.advance(first.case_id, Status.HELD, Status.REJECTED, None)
    assert (ledger.reviews.newest(), ledger.reviews.held_count(since=moment)) == (moment, 0)
    a_held(ledger, 3, segments=("IM",))
    draft_id = ledger.cases.drafts(again.case_id)[-1][0]
    ledger.reviews.edit(again.case_id, draft_id, a_draft("Else."), "maya")
    assert ledger.reviews.held_count(since=moment) == 1
    assert ledger.reviews.held_count(Sieve(segment="IM+"), since=moment) == 0
    assert ledger.reviews.newest() > moment


@pytest.mark.parametrize("mine", ["", "maya"])
@pytest.mark.parametrize("words", ["", "where"])
def test_each_filter_counts_what_all_other_choices_let_through(ledger: Ledger, words: str, mine: str) -> None:
    one = a_held(ledger, 1, "Where?", segments=("IM",), strength=Strength.VERIFIED, guards=("exact",))
    two = a_held(ledger, 2, "Where?", segments=("IM", "IM+"), guards=("exact", "cited"), template="fees")
    three = a_held(ledger, 3, "Where?", segments=("IM+",), guards=("cited",))
    for case in (one, two, three):
        ledger.reviews.mind(case.case_id, "maya", "maya")
    a_held(ledger, 4, "Nobody's, and says something else.", segments=("IM",), guards=("exact",))
    chosen = Sieve(segment="IM", finding="cited", words=words, minder=mine)

    facets = {name: dict(values) for name, values in ledger.reviews.facets(chosen).items()}

    more = {"exact": 1} if not words and not mine else {}
    assert facets == {
        "segment": {"IM": 1, "IM+": 2},
        "finding": {"exact": 2 + len(more), "cited": 1},
        "template": {"fees": 1},
        "strength": {"unknown": 1},
    }
    for name, values in facets.items():
        for value, n in values.items():
            assert ledger.reviews.held_count(chosen.model_copy(update={name: value})) == n


@pytest.mark.parametrize(
    "words",
    [
        "4711",
        "#4711",
        "asha@example.com",
        "ASHA RAO",
        "where is my",
        "MONEY where",
        "straße",
        "two days",
        "100%",
        "a_b",
    ],
)
def test_a_draft_is_found_by_number_requester_message_and_reply(ledger: Ledger, words: str) -> None:
    text = "Where is my money? Straße 5, 100% of it, a_b"
    a_held(ledger, 4711, text, body="It takes two days.")
    a_held(ledger, 12, "Hello", requester=a_requester(6, name="Ravi", email="ravi@example.org"))
    assert found(ledger, words=words) == [4711]


@pytest.mark.parametrize("words", ["100", "#100", "ticket 100", "Ticket #100"])
def test_a_ticket_that_is_searched_for_by_its_number_comes_before_those_in_which_it_stands(
    ledger: Ledger, words: str
) -> None:
    before, own, after = (a_held(ledger, n, "It is about 100 rupees.") for n in (18, 100, 101))
    a_held(ledger, 7, "Hello")
    sieve = Sieve(words=words)
    assert [row.case.ticket_id for row in ledger.reviews.held(sieve=sieve)] == [100, 18, 101]
    places = [ledger.reviews.beside(case.case_id, sieve) for case in (own, before, after)]
    assert [(p.before, p.after, p.number, p.total) for p in places] == [
        ("", before.case_id, 1, 3),
        (own.case_id, after.case_id, 2, 3),
        (before.case_id, "", 3, 3),
    ]


@pytest.mark.parametrize("words", ["nothing like it", "100_", "%", "\\", "where is nobody"])
def test_what_nobody_wrote_finds_nothing(ledger: Ledger, words: str) -> None:
    a_held(ledger, 4711, "Where is my money? 1000 of it")
    assert found(ledger, words=words) == []


def test_the_words_of_an_edit_are_found_and_those_it_replaced_are_not(ledger: Ledger) -> None:
    case = a_held(ledger, 1, body="It takes two days.")
    draft_id = ledger.cases.drafts(case.case_id)[-1][0]
    ledger.reviews.edit(case.case_id, draft_id, a_draft("It takes three days."), "maya")
    assert (found(ledger, words="three days"), found(ledger, words="two days")) == ([1], [])


@pytest.mark.parametrize(
    ("drafted", "by_new", "by_old"), [("It takes three days.", [1], []), (None, [], [1])], ids=["anew", "not at all"]
)
def test_a_redraft_is_found_by_its_words_and_without_a_new_draft_by_those_of_the_last(
    ledger: Ledger, drafted: str | None, by_new: list[int], by_old: list[int]
) -> None:
    case = a_held(ledger, 1, body="It takes two days.")
    bell = claimed(ledger, 1, ring=Ring.REDRAFT, case_id=case.case_id)
    again = ledger.cases.open(a_thread(1), "ticket", bell, LEASE)
    assert again is not None
    conclude(ledger, again, Status.HELD, draft=None if drafted is None else a_draft(drafted))
    assert (found(ledger, words="three days"), found(ledger, words="two days")) == (by_new, by_old)


def test_what_a_lead_works_on_is_hers(ledger: Ledger) -> None:
    edited, asked, kept, _ = (held(ledger, n) for n in (1, 2, 3, 4))
    draft_id = ledger.cases.drafts(edited.case_id)[-1][0]
    ledger.reviews.edit(edited.case_id, draft_id, a_draft("Else."), "maya")
    ledger.reviews.redraft(asked.case_id, "shorter", "maya")
    assert ledger.reviews.mind(kept.case_id, "maya", "maya")
    assert not ledger.reviews.mind("nope", "maya", "maya")
    assert found(ledger, minder="maya") == [1, 2, 3]
    assert ledger.reviews.mind(kept.case_id, "", "maya", was="maya")
    assert found(ledger, minder="maya") == [1, 2]
    assert current(ledger, edited).minder == "maya"


def test_the_neighbours_of_a_case_are_those_of_the_sifted_queue(ledger: Ledger) -> None:
    first, other, second, third = (
        a_held(ledger, n, segments=s) for n, s in ((1, ("IM",)), (2, ("IM+",)), (3, ("IM",)), (4, ("IM",)))
    )
    im = Sieve(segment="IM")
    place = ledger.reviews.beside(second.case_id, im)
    assert (place.before, place.after, place.number, place.total) == (first.case_id, third.case_id, 2, 3)
    # One that the sieve does not let through, or that is held no more, stands where it would stand.
    ledger.cases.advance(other.case_id, Status.HELD, Status.REJECTED, None)
    place = ledger.reviews.beside(other.case_id, im)
    assert (place.before, place.after, place.number, place.total) == (first.case_id, second.case_id, 2, 3)
    assert ledger.reviews.beside(third.case_id).after == ""
    assert ledger.reviews.beside("nope").total == 3


def test_the_cases_of_a_requester_come_newest_first(ledger: Ledger) -> None:
    mine = [held(ledger, n, requester=a_requester(9)) for n in (1, 2, 3)]
    held(ledger, 4, requester=a_requester(8))
    assert [c.case_id for c in ledger.cases.of_requester(9, 2)] == [mine[2].case_id, mine[1].case_id]


def test_every_finding_of_the_newest_draft_is_counted_not_every_kind(ledger: Ledger) -> None:
    findings = (a_finding("exact"), a_finding("exact"), a_finding("answered"))
    case = held(ledger, 1, draft=a_draft(findings=findings))
    held(ledger, 2, draft=a_draft(findings=()))
    counted = {row.case.ticket_id: (row.found, row.findings) for row in ledger.reviews.held()}
    assert counted == {1: (3, ("exact", "answered")), 2: (0, ())}
    ledger.reviews.edit(case.case_id, newest_draft(ledger, case), a_draft("Mine.", findings=findings[:1]), "meera")
    assert {row.case.ticket_id: row.found for row in ledger.reviews.held()} == {1: 1, 2: 0}
