"""What is written to Freshdesk, and that nothing leaves once it is too late."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.freshdesk_json import GROUPS, NOTE, PUT, REPLY, TICKET, a_desk, a_ticket
from tests.scripted_server import Answer, ScriptedServer, scripted_server
from worker.adapters.freshdesk import connection
from worker.errors import Retryable
from worker.models import TicketChange, TicketState
from worker.uptime import uptime


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        scripted.on(TICKET, Answer(body=a_ticket(tags=["vip", "ai-held"])))
        scripted.on(PUT, Answer(body=a_ticket()))
        scripted.on(GROUPS, Answer(body=[{"id": 11, "name": "Complaints"}]))
        yield scripted


def in_a_minute() -> float:
    return uptime() + 60


def written(server: ScriptedServer, change: TicketChange) -> list[Any]:
    a_desk(server).change(42, change)
    return [request.json for request in server.seen(PUT)]


def test_a_reply_carries_its_body_and_nothing_else(server: ScriptedServer) -> None:
    server.on(REPLY, Answer(201, {"id": 900, "created_at": "2026-03-01T12:00:00Z", "body": "<div>Hi</div>"}))
    posted = a_desk(server).reply(42, "<p>Hi</p>", not_after=in_a_minute())
    assert (posted.remote_id, posted.at.isoformat()) == ("900", "2026-03-01T12:00:00+00:00")
    assert server.seen(REPLY)[0].json == {"body": "<p>Hi</p>"}


def test_a_note_says_that_it_is_private(server: ScriptedServer) -> None:
    server.on(NOTE, Answer(201, {"id": 901}))
    assert a_desk(server).note(42, "<p>Held</p>", not_after=in_a_minute()).remote_id == "901"
    assert server.seen(NOTE)[0].json == {"body": "<p>Held</p>", "private": True}


@pytest.mark.parametrize("paused_in", ["connect", "endheaders"])
def test_a_process_that_was_paused_too_long_sends_nothing(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, paused_in: str
) -> None:
    """Frozen after it connected, or between the head of the request and its body."""
    desk = a_desk(server)
    not_after = uptime() + 0.3
    step = getattr(connection._Connection, paused_in)

    def frozen(self: Any, *args: Any, **kwargs: Any) -> None:
        step(self, *args, **kwargs)
        while uptime() <= not_after:
            time.sleep(0.01)

    monkeypatch.setattr(connection._Connection, paused_in, frozen)
    with pytest.raises(Retryable, match="too late"):
        desk.reply(42, "<p>Hi</p>", not_after=not_after)
    server.stop()
    assert server.seen(REPLY) == []


def test_tags_are_added_to_what_is_there(server: ScriptedServer) -> None:
    change = TicketChange(add_tags=("ai-sent", "vip"), remove_tags=("ai-held",), state=TicketState.PENDING, priority=3)
    assert written(server, change) == [{"tags": ["vip", "ai-sent"], "status": 3, "priority": 3}]


def test_tags_that_were_seen_a_moment_ago_are_not_asked_for_again(server: ScriptedServer) -> None:
    a_desk(server).change(42, TicketChange(add_tags=("ai-sent",), state=TicketState.PENDING), tags=("vip", "new"))
    assert [request.json for request in server.seen(PUT)] == [{"tags": ["vip", "new", "ai-sent"], "status": 3}]
    assert server.seen(TICKET) == []


def test_a_change_without_tags_does_not_read_the_ticket(server: ScriptedServer) -> None:
    assert written(server, TicketChange(state=TicketState.RESOLVED)) == [{"status": 4}]
    assert server.seen(TICKET) == []


def test_a_change_that_is_there_already_writes_nothing(server: ScriptedServer) -> None:
    assert written(server, TicketChange(add_tags=("vip",))) == []


def test_a_status_of_the_account_itself_is_never_written(server: ScriptedServer) -> None:
    assert written(server, TicketChange(state=TicketState.OTHER, priority=2)) == [{"priority": 2}]


def test_a_group_is_found_by_name_and_asked_for_once(server: ScriptedServer) -> None:
    desk = a_desk(server)
    desk.change(42, TicketChange(group="complaints"))
    desk.change(42, TicketChange(group="Complaints"))
    assert [request.json for request in server.seen(PUT)] == [{"group_id": 11}, {"group_id": 11}]
    assert len(server.seen(GROUPS)) == 1


@pytest.mark.parametrize("groups", [Answer(body=[]), Answer(404, b""), Answer(403, {"code": "access_denied"})])
def test_an_unknown_group_does_not_stop_the_rest(server: ScriptedServer, groups: Answer) -> None:
    server.on(GROUPS, groups)
    with capture_logs() as logs:
        assert written(server, TicketChange(group="Fraud", priority=4)) == [{"priority": 4}]
    assert {"event": "group_unknown", "group": "Fraud", "log_level": "warning"} in logs
