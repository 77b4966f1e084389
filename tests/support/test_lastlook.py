"""The last look before something leaves: what it goes by, and for how long the tags that it saw may be written back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import a_message, a_thread
from tests.desk import Office, an_office
from worker.models import SendState, Thread
from worker.support.deliver import deliver
from worker.support.lastlook import LastLook

SEEN = a_message("When?").at


def seen_at_noon(*tags: str) -> Thread:
    thread = a_thread(1, a_message("When?"))
    return Thread(ticket=thread.ticket.model_copy(update={"tags": tags}), messages=thread.messages, read_at=SEEN)


@pytest.mark.parametrize(("seconds", "tags"), [(0, ("vip",)), (10, ("vip",)), (11, None)])
def test_tags_hold_for_seconds(seconds: int, tags: tuple[str, ...] | None) -> None:
    look = LastLook(thread=seen_at_noon("vip"))
    assert look.tags_at(SEEN + timedelta(seconds=seconds)) == tags


def test_without_a_look_or_its_time_there_are_no_tags() -> None:
    untimed = seen_at_noon("vip").model_copy(update={"read_at": None})
    assert LastLook().tags_at(SEEN) is LastLook(thread=untimed).tags_at(SEEN) is None


def test_a_reply_is_held_against_the_thread_that_it_was_written_for(tmp_path) -> None:
    asked: list[Thread | None] = []
    with an_office(tmp_path) as office:
        case, send_id = office.approved()
        read = office.helpdesk.thread

        def thread(ticket_id: int, *, known: Thread | None = None, first: bool = False) -> Thread:
            asked.append(known)
            return read(ticket_id)

        office.helpdesk.thread = thread  # type: ignore[method-assign]
        assert deliver(send_id, office.desk) == "done"
        assert asked == [office.ledger.cases.thread(case.case_id)]


def test_whoever_finishes_a_send_of_somebody_else_looks_at_the_tags_himself(tmp_path) -> None:
    given: list[object] = []
    with an_office(tmp_path) as office:
        case, send_id = office.approved()
        change = office.helpdesk.change
        office.helpdesk.change = lambda *a, tags=None: (given.append(tags), change(*a))[1]  # type: ignore[method-assign]
        leave_posted(office, send_id)
        assert office.send(case).state is SendState.POSTED
        assert deliver(send_id, office.desk) == "done"
    assert given == [None]


def leave_posted(office: Office, send_id: str) -> None:
    sends = office.ledger.sends
    send = sends.claim(send_id, timedelta(seconds=60))
    assert send is not None
    assert sends.intend(send_id, send.epoch) is not None
    posted = office.helpdesk.reply(send.ticket_id, send.body_html, not_after=0.0)
    assert sends.posted(send_id, send.epoch, posted, ())
    office.lease_runs_out(send_id)
