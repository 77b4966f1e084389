"""Every way in which Freshdesk can fail, and which kind of trouble each is: for a read, a reply, and a change."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.adapters.freshdesk_json import (
    CONVERSATIONS,
    KEY,
    PUT,
    REPLY,
    TICKET,
    a_conversation,
    a_desk,
    a_ticket,
    hasty,
)
from tests.scripted_server import (
    CUT,
    DRIP_BODY,
    DRIP_HEAD,
    HANG,
    HASTY,
    Answer,
    ScriptedServer,
    refusing_url,
    scripted_server,
)
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.freshdesk.connection import _TimedReader
from worker.errors import InDoubt, Permanent, Retryable, Trouble
from worker.models import TicketChange
from worker.uptime import uptime

HTML = Answer(body="<html>maintenance</html>", headers={"Content-Type": "text/html"})
Call = Callable[[FreshdeskHelpdesk], object]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        yield scripted


def read(desk: FreshdeskHelpdesk) -> object:
    return desk.thread(42)


def reply(desk: FreshdeskHelpdesk) -> object:
    return desk.reply(42, "<p>Dear Carol</p>", not_after=uptime() + 60)


def change(desk: FreshdeskHelpdesk) -> object:
    return desk.change(42, TicketChange(priority=3))


ROUTE_OF = {read: TICKET, reply: REPLY, change: PUT}


def trouble(server: ScriptedServer, call: Call, answer: Answer) -> Trouble:
    desk = a_desk(server, timeout=answer.patience)
    server.on(ROUTE_OF[call], answer)
    with pytest.raises(Trouble) as caught:
        call(desk)
    assert caught.value.part == "freshdesk"
    return caught.value


UNCERTAIN = {
    "reset": CUT,
    "no answer in time": HANG,
    "half an answer": Answer(body={"id": 900}, fault="half"),
    "500": Answer(500, b""),
    "503 in HTML": Answer(503, "<html>", {"Content-Type": "text/html"}),
    "408": Answer(408, b""),
    "200 in HTML": HTML,
    "200 with no body": Answer(body=b""),
    "200 with a list": Answer(body=[1]),
    "a head that drips": DRIP_HEAD,
    "a body that drips": DRIP_BODY,
}


@pytest.mark.parametrize("answer", UNCERTAIN.values(), ids=UNCERTAIN)
@pytest.mark.parametrize(("call", "kind"), [(read, Retryable), (change, Retryable), (reply, InDoubt)])
def test_an_outcome_that_is_not_known_is_in_doubt_for_a_reply_alone(
    server: ScriptedServer, call: Call, kind: type[Trouble], answer: Answer
) -> None:
    assert type(trouble(server, call, answer)) is kind


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409, 415, 422])
@pytest.mark.parametrize("call", [read, change, reply])
def test_a_refusal_is_permanent_and_happened_for_certain(server: ScriptedServer, call: Call, status: int) -> None:
    refused = trouble(server, call, Answer(status, b""))
    assert isinstance(refused, Permanent)
    assert refused.code == status


@pytest.mark.parametrize(("call", "kind"), [(read, Permanent), (change, Retryable), (reply, InDoubt)])
def test_a_ticket_that_is_of_another_shape_for_good_goes_to_a_person_in_the_end(
    server: ScriptedServer, call: Call, kind: type[Trouble]
) -> None:
    assert type(trouble(server, call, Answer(body={"description": "no id"}))) is kind


@pytest.mark.parametrize("odd", [None, 7, {"body": "no id"}, {"id": 3, "created_at": "yesterday"}])
@pytest.mark.parametrize("others", [1, 12])
def test_one_entry_that_cannot_be_read_is_not_overlooked(server: ScriptedServer, odd: object, others: int) -> None:
    """It may be a colleague's answer, or what the customer wrote last. With twelve others it is on a page apart."""
    rows = [a_conversation(number) for number in range(1, others + 1)]
    server.on(CONVERSATIONS, Answer(body=[*rows, odd]))
    told = trouble(server, read, Answer(body=a_ticket(conversations=[*rows, odd][:10])))
    assert isinstance(told, Permanent)
    assert (told.unread, "1 of the entries cannot be read" in told.reason) == (True, True)


def test_the_look_for_a_reply_in_doubt_overlooks_no_entry_either(server: ScriptedServer) -> None:
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1), None]))
    with pytest.raises(Permanent, match="cannot be read"):
        a_desk(server).find(42, "", since=datetime.now(UTC), public=True)


@pytest.mark.parametrize("call", [read, change, reply])
def test_a_redirect_is_permanent_and_not_followed(server: ScriptedServer, call: Call) -> None:
    with scripted_server() as elsewhere:
        refused = trouble(server, call, Answer(301, b"", {"Location": f"{elsewhere.url}/api/v2/tickets/42"}))
        assert isinstance(refused, Permanent)
        assert elsewhere.requests == []


@pytest.mark.parametrize("call", [read, change, reply])
def test_a_rotated_key_parks_the_work_and_names_the_setting(server: ScriptedServer, call: Call) -> None:
    parked = trouble(server, call, Answer(401, {"code": "invalid_credentials", "message": "..."}))
    assert isinstance(parked, Retryable)
    assert parked.after == 60
    assert "FRESHDESK_API_KEY" in parked.reason


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "17.0", "X-RateLimit-Remaining": "350.0"}, 17.0),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "999999"}, 3600.0),
    ],
)
@pytest.mark.parametrize("call", [read, change, reply])
def test_a_used_up_allowance_is_retryable_after_what_was_asked_for(
    server: ScriptedServer, call: Call, headers: dict[str, str], after: float | None
) -> None:
    limited = trouble(server, call, Answer(429, b"", headers))
    assert isinstance(limited, Retryable)
    assert limited.after == after


def test_a_date_to_retry_after_is_understood(server: ScriptedServer) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    limited = trouble(server, read, Answer(429, b"", {"Retry-After": later}))
    assert isinstance(limited, Retryable)
    assert limited.after is not None
    assert 300 < limited.after <= 600


@pytest.mark.parametrize("call", [read, change, reply])
def test_where_nobody_listens_nothing_left(call: Call) -> None:
    with refusing_url() as url, pytest.raises(Retryable, match="no connection"):
        call(FreshdeskHelpdesk(url, SecretStr(KEY)))


@pytest.mark.parametrize("call", [read, change, reply])
def test_where_the_handshake_fails_nothing_left(server: ScriptedServer, call: Call) -> None:
    with pytest.raises(Retryable, match="no connection"):
        call(FreshdeskHelpdesk(server.url.replace("http://", "https://"), SecretStr(KEY), timeout=HASTY))


def test_where_the_name_is_unknown_nothing_left() -> None:
    with pytest.raises(Retryable, match="no connection"):
        reply(FreshdeskHelpdesk("https://nobody.invalid", SecretStr(KEY)))


@pytest.mark.parametrize("call", [read, change, reply])
def test_where_a_proxy_refuses_nothing_left(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    with pytest.raises(Retryable, match="no connection"):
        call(FreshdeskHelpdesk("https://acme.example.com", SecretStr(KEY)))
    assert [request.method for request in server.requests] == ["CONNECT"]


def test_a_host_that_the_environment_excepts_is_called_without_the_proxy(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "nobody.invalid")
    with pytest.raises(Retryable, match="no connection"):
        read(FreshdeskHelpdesk("https://nobody.invalid", SecretStr(KEY)))
    assert server.requests == []


def test_the_certificates_that_the_environment_names_are_the_ones_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "no-such-bundle.pem"))
    with pytest.raises(Retryable, match=r"no connection \(OSError\)"):
        read(FreshdeskHelpdesk("https://nobody.invalid", SecretStr(KEY)))


def test_a_refusal_names_the_field_but_no_value(server: ScriptedServer) -> None:
    error = {"field": "cf_reason", "message": "It should not be 'carol@example.com'", "code": "missing_field"}
    refused = trouble(server, change, Answer(400, {"description": "Validation failed", "errors": [error]}))
    assert "missing_field cf_reason" in refused.reason
    assert "carol" not in refused.reason


@pytest.mark.parametrize(
    "answer",
    [CUT, HANG, Answer(401, b""), Answer(400, b"{"), HTML],
    ids=["reset", "no answer", "401", "400", "HTML"],
)
@pytest.mark.parametrize("call", [read, reply])
def test_no_trouble_carries_the_key_or_what_a_customer_wrote(
    server: ScriptedServer, call: Call, answer: Answer
) -> None:
    found = trouble(server, call, answer)
    assert (found.__cause__, found.__context__) == (None, None)
    shown = "".join(traceback.TracebackException.from_exception(found, capture_locals=True).format())
    assert KEY not in shown
    assert "Basic " not in shown


def test_an_odd_ticket_is_not_quoted_in_the_trouble(server: ScriptedServer) -> None:
    found = trouble(server, read, Answer(body=a_ticket(created_at="Carol's secret")))
    assert (found.__cause__, found.__context__) == (None, None)
    assert "secret" not in found.reason


def test_the_next_call_works_after_every_fault(server: ScriptedServer) -> None:
    desk = a_desk(server)
    faults = CUT, HANG, Answer(500, b""), HTML
    server.on(TICKET, *faults, Answer(body=a_ticket()))
    for number, fault in enumerate(faults, 1):
        with hasty(desk) if fault is HANG else nullcontext(), pytest.raises(Retryable):
            desk.thread(42)
        assert len(server.seen(TICKET, least=number)) == number
    assert desk.thread(42).ticket.ticket_id == 42


def test_every_call_is_reported_with_its_status(server: ScriptedServer) -> None:
    calls: list[tuple[str, int]] = []
    desk = a_desk(server, on_call=lambda what, status, seconds: calls.append((what, status)))
    server.on(TICKET, Answer(body=a_ticket()))
    server.on(REPLY, Answer(429, b""), CUT)
    desk.thread(42)
    for _ in range(2):
        with pytest.raises(Trouble):
            reply(desk)
    assert calls[0] == ("GET tickets/{}", 200)
    assert calls[-2:] == [("POST tickets/{}/reply", 429), ("POST tickets/{}/reply", 0)]


@pytest.mark.parametrize("listener", ["on_call", "on_spent"])
def test_a_reply_is_out_whatever_becomes_of_counting_it(server: ScriptedServer, listener: str) -> None:
    def broken(*_: object) -> None:
        raise ValueError("Counters can only be incremented by non-negative amounts.")

    desk = a_desk(server, **{listener: broken})
    server.on(REPLY, Answer(201, {"id": 900}, headers={"X-RateLimit-Used-CurrentRequest": "1.0"}))
    with capture_logs() as logs:
        reply(desk)
    assert {said["event"] for said in logs} == {"call_not_counted"}


def test_each_read_waits_no_longer_than_the_whole_answer_may_take() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=0) as raw:
        ours.settimeout(1000)
        reader = _TimedReader(raw, ours, deadline=time.monotonic() + 500)
        theirs.sendall(b"x")
        assert reader.readinto(bytearray(1)) == 1
        left = ours.gettimeout()
    assert left is not None
    assert left <= 500
