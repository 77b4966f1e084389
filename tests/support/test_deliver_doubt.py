"""Doubt, and what ends it: nothing is sent on a guess, and nothing is tried for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.desk import TAGS, Office, an_office
from worker.adapters.store.schema import sends
from worker.errors import InDoubt, Permanent, Retryable
from worker.models import Ring, SendKind, SendState, Status
from worker.ports import MAY_BE_THERE, Outgoing
from worker.support.attempts import NOTE_PAUSES
from worker.support.deliver import deliver
from worker.support.desk import Policy
from worker.support.outgoing import handover_note, promise_note
from worker.support.verdict import left_to_a_person

CUT = InDoubt("the connection was reset after the request was sent", part="freshdesk")
DOWN = Retryable("503", part="freshdesk", after=0.0)
LOCKED = Retryable("database is locked", part="ledger", after=0.0)
NOTES = [None, promise_note(["We will call you."], Policy())]  # of a hand-over, and of a promise


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(tmp_path) as open_office:
        yield open_office


def raises_once(part: Any, method: str, error: BaseException, times: int = 1) -> None:
    """The next `times` calls fail; after that it works again."""
    works, left = getattr(part, method), [times]

    def call(*given: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return works(*given, **named)

    setattr(part, method, call)


def a_note(office: Office, words: Outgoing | None = None) -> str:
    """A note that is queued on the ticket of a case; its id."""
    case, _ = office.approved()
    words = words or handover_note(left_to_a_person("So.", office.desk.rulebook), TAGS)
    note = office.ledger.sends.add_note(case.case_id, words)
    assert note is not None
    return note


def died_after_intent(office: Office, send_id: str) -> None:
    """A process that was killed between its intent and whatever came of it."""
    send = office.ledger.sends.claim(send_id, timedelta(seconds=60))
    assert send is not None
    assert office.ledger.sends.intend(send_id, send.epoch) is not None
    with office.ledger.writing() as connection:
        connection.execute(update(sends).where(sends.c.send_id == send_id).values(lease_until=1.0))


def test_nobody_looks_for_a_dead_workers_attempt_before_it_has_settled(tmp_path: Path) -> None:
    with an_office(tmp_path, settle=timedelta(minutes=5)) as office:
        case, send_id = office.approved()
        died_after_intent(office, send_id)
        office.helpdesk.find = lambda *_, **__: pytest.fail("looked too early")  # type: ignore[method-assign]

        assert deliver(send_id, office.desk) == "settling"

        assert office.send(case).state is SendState.POSTING
        assert not office.ledger.sends.due(10)
        assert not office.helpdesk.posted


def test_a_clock_of_ours_that_is_wrong_does_not_shorten_the_settle_time(tmp_path: Path) -> None:
    with an_office(tmp_path, settle=timedelta(minutes=5)) as office:
        _, send_id = office.approved()
        died_after_intent(office, send_id)
        ahead = office.desk.now() + timedelta(days=1)
        assert deliver(send_id, replace(office.desk, now=lambda: ahead)) == "settling"


def test_a_look_that_fails_leaves_the_send_in_doubt(office: Office) -> None:
    note = a_note(office)
    office.helpdesk.cut.append(CUT)
    assert deliver(note, office.desk) == "in doubt"
    raises_once(office.helpdesk, "find", DOWN)

    assert deliver(note, office.desk) == "parked"
    assert deliver(note, office.desk) == "done"

    assert [kind for kind, _ in office.helpdesk.posted] == ["note"], "it was there already"


@pytest.mark.parametrize("trouble", [LOCKED, RuntimeError("a bug"), MemoryError()])
def test_a_reply_that_could_not_be_recorded_is_found_and_not_sent_again(office: Office, trouble: BaseException) -> None:
    case, send_id = office.approved()
    raises_once(office.ledger.sends, "posted", trouble)

    assert deliver(send_id, office.desk) == "parked"
    assert office.send(case).state is SendState.POSTING
    office.make_due(send_id)
    assert deliver(send_id, office.desk) == "done"

    assert len(office.helpdesk.posted) == 1
    assert office.status(case) is Status.SENT


def test_a_note_whose_requests_are_lost_one_after_the_other_is_tried_until_it_is_there(office: Office) -> None:
    """It is all that tells a person of the message; a second one, if it comes to that, harms nobody."""
    note = a_note(office)
    office.helpdesk.fails += [CUT] * 6
    told, apart = [], timedelta(0)
    for _ in range(7):
        told.append(deliver(note, office.desk))
        apart += office.parked_for(note)
        office.make_due(note)

    assert told == ["in doubt"] * 6 + ["done"]
    assert apart > timedelta(minutes=5), "and not all at once"


def test_a_note_outlives_more_of_its_deliverers_than_a_reply(office: Office) -> None:
    """A worker in a crash loop: what it worked on is innocent, and a person is to hear of it."""
    note = a_note(office)
    for _ in range(6):
        office.ledger.sends.claim(note, timedelta(seconds=-1))

    assert deliver(note, office.desk) == "done"


@pytest.mark.parametrize("words", NOTES)
def test_a_note_in_doubt_for_a_day_is_let_go(office: Office, words: Outgoing | None) -> None:
    note = a_note(office, words)
    office.helpdesk.fails += [CUT] * 100
    told = []
    while not told or told[-1] == "in doubt":
        told.append(deliver(note, office.desk))
        office.make_due(note)

    assert (told[-1], len(told)) == ("stranded", len(NOTE_PAUSES) + 2)


def test_a_note_that_could_not_be_recorded_is_not_doubled(office: Office) -> None:
    note = a_note(office)
    raises_once(office.ledger.sends, "posted", LOCKED)

    assert [deliver(note, office.desk), deliver(note, office.desk)] == ["parked", "done"]

    assert len(office.helpdesk.posted) == 1


def test_a_note_in_doubt_is_not_taken_for_another_one_that_says_the_same(office: Office) -> None:
    first = a_note(office)
    assert deliver(first, office.desk) == "done"
    office.helpdesk.thread_now = office.helpdesk.thread_now.model_copy(
        update={"messages": tuple(m.model_copy(update={"key": "c50"}) for m in office.helpdesk.thread_now.messages)}
    )
    second = second_note(office)
    office.helpdesk.fails.append(CUT)

    assert [deliver(second, office.desk), deliver(second, office.desk)] == ["in doubt", "done"]

    assert [kind for kind, _ in office.helpdesk.posted] == ["note", "note"]


def second_note(office: Office) -> str:
    doorbell = office.ledger.doorbells.claim(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), timedelta(seconds=60))
    assert doorbell is not None
    case = office.ledger.cases.open(office.helpdesk.thread_now, "c50", doorbell, timedelta(seconds=60))
    assert case is not None
    note = office.ledger.sends.add_note(
        case.case_id, handover_note(left_to_a_person("So.", office.desk.rulebook), TAGS)
    )
    assert note is not None
    return note


def test_refusals_for_certain_do_not_use_up_the_rounds(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails += [DOWN, DOWN, DOWN, CUT]

    assert [deliver(send_id, office.desk) for _ in range(5)] == ["parked", "parked", "parked", "in doubt", "done"]

    assert office.send(case).rounds == 2


def test_whoever_gets_a_reply_that_was_stopped_after_an_attempt_in_doubt_is_told_that_it_may_be_there(
    office: Office,
) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails += [CUT, DOWN]
    assert [(deliver(send_id, office.desk), office.make_due(send_id))[0] for _ in range(2)] == ["in doubt", "parked"]
    office.ledger.earning.stop("Odd replies.", "meera")

    assert deliver(send_id, office.desk) == "dropped"

    assert office.status(case) is Status.HELD
    assert office.send(case).remark.endswith(MAY_BE_THERE)


def test_whoever_gets_a_reply_that_is_refused_after_an_attempt_in_doubt_is_told_that_it_may_be_there(
    office: Office,
) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails += [CUT, *[Permanent("422", part="freshdesk", code=422) for _ in range(3)]]
    while deliver(send_id, office.desk) != "dropped":
        office.make_due(send_id)

    _, note = office.ledger.sends.of_case(case.case_id)
    assert MAY_BE_THERE.strip() in note.body_html


def test_a_ticket_that_may_not_be_read_any_more_goes_to_a_person(office: Office) -> None:
    """It may lie in the trash; or the bot agent has lost a right, and a customer waits."""
    case, send_id = office.approved()
    raises_once(office.helpdesk, "thread", Permanent("refused", part="freshdesk", code=403), times=3)

    for _ in range(3):
        deliver(send_id, office.desk)
        office.make_due(send_id)

    assert office.status(case) is Status.HANDED_OVER
    [note] = office.ledger.sends.due(10)
    assert deliver(note, office.desk) == "done"


@pytest.mark.parametrize(
    ("in_doubt", "told", "state"), [(False, "dropped", SendState.DROPPED), (True, "stranded", SendState.STRANDED)]
)
def test_a_ticket_on_which_an_entry_cannot_be_read_goes_to_a_person_at_once(
    office: Office, in_doubt: bool, told: str, state: SendState
) -> None:
    case, send_id = office.approved()
    if in_doubt:
        died_after_intent(office, send_id)
    unread = Permanent("1 of the entries cannot be read", part="freshdesk", unread=True)
    raises_once(office.helpdesk, "find" if in_doubt else "thread", unread)

    assert deliver(send_id, office.desk) == told

    assert office.send(case).state is state
    assert office.status(case) is Status.HANDED_OVER
    assert not office.helpdesk.posted


def test_a_note_in_doubt_on_a_ticket_with_an_odd_entry_is_not_let_go(office: Office) -> None:
    note = a_note(office)
    died_after_intent(office, note)
    unread = Permanent("1 of the entries cannot be read", part="freshdesk", unread=True)
    raises_once(office.helpdesk, "find", unread)

    assert deliver(note, office.desk) == "parked"


@pytest.mark.parametrize("code", [404, 410])
def test_a_ticket_that_is_gone_supersedes_its_reply(office: Office, code: int) -> None:
    case, send_id = office.approved()
    raises_once(office.helpdesk, "thread", Permanent("refused", part="freshdesk", code=code), times=3)

    results = []
    for _ in range(3):
        results.append(deliver(send_id, office.desk))
        office.make_due(send_id)

    assert results == ["parked", "parked", "dropped"]
    assert office.status(case) is Status.SUPERSEDED
    assert not office.ledger.sends.due(10), "no note for a ticket that is gone"


@pytest.mark.parametrize("code", [404, 405, 410])
def test_a_reply_that_is_refused_on_a_ticket_that_is_there_goes_to_a_person(office: Office, code: int) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails += [Permanent("refused", part="freshdesk", code=code)] * 3
    for _ in range(3):
        deliver(send_id, office.desk)
        office.make_due(send_id)

    assert office.status(case) is Status.HANDED_OVER
    [note] = office.ledger.sends.due(10)
    assert deliver(note, office.desk) == "done"


def test_a_ticket_that_is_missing_for_a_moment_still_gets_its_reply(office: Office) -> None:
    case, send_id = office.approved()
    raises_once(office.helpdesk, "thread", Permanent("refused", part="freshdesk", code=404))

    deliver(send_id, office.desk)
    office.make_due(send_id)

    assert deliver(send_id, office.desk) == "done"
    assert office.status(case) is Status.SENT


def test_a_reply_that_is_given_up_leaves_a_note_on_the_ticket(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.fails += [Permanent("400 invalid_field", part="freshdesk", code=400)] * 3
    for _ in range(3):
        deliver(send_id, office.desk)
        office.make_due(send_id)

    [note] = office.ledger.sends.due(10)
    assert deliver(note, office.desk) == "done"
    assert "could not be sent" in office.helpdesk.posted[0][1]
    assert office.status(case) is Status.HANDED_OVER


def refused(office: Office, note: str, times: int, code: int = 403) -> tuple[list[str], timedelta]:
    """Freshdesk refuses it that often: what came of each attempt, and how long they were apart altogether."""
    outcomes, apart = [], timedelta(0)
    office.helpdesk.fails += [Permanent("refused", part="freshdesk", code=code)] * times
    for _ in range(times):
        outcomes.append(deliver(note, office.desk))
        apart += office.parked_for(note)
        office.make_due(note)
    return outcomes, apart


@pytest.mark.parametrize("words", NOTES)
def test_a_note_that_is_refused_for_hours_still_reaches_the_ticket(office: Office, words: Outgoing | None) -> None:
    note = a_note(office, words)

    outcomes, apart = refused(office, note, 12)

    assert set(outcomes) == {"parked"}
    assert apart > timedelta(hours=6)
    assert deliver(note, office.desk) == "done"
    assert [kind for kind, _ in office.helpdesk.posted] == ["note"]


def test_a_note_that_fails_in_between_for_another_reason_is_not_let_go(office: Office) -> None:
    note = a_note(office)
    refused(office, note, 2)
    raises_once(office.helpdesk, "note", RuntimeError("a bug"))

    assert deliver(note, office.desk) == "parked"


def test_a_note_for_a_ticket_that_is_gone_is_let_go_after_a_day(office: Office) -> None:
    note = a_note(office)

    outcomes, apart = refused(office, note, len(NOTE_PAUSES) + 1, code=404)

    assert outcomes == ["parked"] * len(NOTE_PAUSES) + ["dropped"]
    assert timedelta(days=1) <= apart < timedelta(days=2)
    assert max(NOTE_PAUSES) <= 3600
    assert note not in office.ledger.sends.due(10)


def test_a_ticket_that_always_raises_ends_with_a_person(office: Office) -> None:
    case, send_id = office.approved()
    raises_once(office.helpdesk, "thread", RecursionError(), times=99)

    results = []
    for _ in range(3):
        results.append(deliver(send_id, office.desk))
        office.make_due(send_id)

    assert results == ["parked", "parked", "dropped"]
    assert office.status(case) is Status.HANDED_OVER
    assert not office.helpdesk.posted


@pytest.mark.parametrize(
    ("state", "ends", "status"),
    [
        (SendState.QUEUED, SendState.DROPPED, Status.HANDED_OVER),
        (SendState.POSTING, SendState.STRANDED, Status.HANDED_OVER),
        (SendState.POSTED, SendState.DONE, Status.SENT),
    ],
)
def test_a_send_that_kills_whoever_touches_it_comes_to_an_end(
    office: Office, state: SendState, ends: SendState, status: Status
) -> None:
    case, send_id = office.approved()
    if state is SendState.POSTED:
        raises_once(office.helpdesk, "change", DOWN)
        deliver(send_id, office.desk)
        office.make_due(send_id)
    if state is SendState.POSTING:
        died_after_intent(office, send_id)
    for _ in range(5):
        assert office.ledger.sends.claim(send_id, timedelta(seconds=-1)) is not None

    deliver(send_id, office.desk)

    assert office.send(case).state is ends
    assert office.status(case) is status
    kinds = [send.kind for send in office.ledger.sends.of_case(case.case_id)]
    assert kinds == [SendKind.REPLY] + [SendKind.HANDOVER_NOTE] * (status is Status.HANDED_OVER)
