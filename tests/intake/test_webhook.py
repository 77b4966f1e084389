"""The way in: whatever Freshdesk or a stranger sends, it is refused, or kept and answered, and never a crash."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from tests.empty_ledger import empty_ledger
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.errors import Retryable
from worker.intake.encodings import from_xml
from worker.intake.webhook import MAX_BYTES, make_router, ticket_id_in
from worker.models import Ring

HEADERS = {"X-Webhook-Secret": "new"}


class Door:
    """The webhook over a real ledger; `rung` lists what was enqueued."""

    def __init__(self, ledger: SqlLedger) -> None:
        self.ledger = ledger
        self.rung: list[tuple[str, str]] = []
        app = FastAPI()
        app.include_router(
            make_router(ledger.doorbells, ("old", "new"), lambda queue, row: self.rung.append((queue, row)))
        )
        self.client = TestClient(app)

    def post(self, body: object, **kwargs: object) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post("/webhooks/freshdesk", content=raw, **{"headers": HEADERS, **kwargs}).status_code


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    url = empty_ledger(tmp_path / "ledger.db")
    ledger = open_ledger(url)
    yield Door(ledger)
    ledger.close()


def test_a_webhook_is_committed_before_it_is_answered_and_then_enqueued(door: Door) -> None:
    assert door.post({"ticket_id": 7}) == 202
    [(queue, row)] = door.rung
    assert queue == "draft"
    assert list(door.ledger.doorbells.due(10)) == [row]


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"X-Webhook-Secret": "old"}},
        {"headers": {"Authorization": "Basic " + base64.b64encode(b"freshdesk:new").decode()}},
        {"headers": {}, "params": {"token": "new"}},
    ],
)
def test_either_secret_is_taken_from_header_basic_password_or_query(door: Door, how: dict[str, object]) -> None:
    assert door.post({"ticket_id": 7}, **how) == 202


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {}},
        {"headers": {"X-Webhook-Secret": ""}},
        {"headers": {"X-Webhook-Secret": "old,new"}},
        {"headers": {"X-Webhook-Secret": "nöw".encode()}},
        {"headers": {"Authorization": "Basic not-base64!"}},
        {"headers": {"Authorization": "Basic " + base64.b64encode(b"new:x").decode()}},
        {"headers": {}, "params": {"token": "wrong"}},
    ],
)
def test_a_stranger_is_refused_and_leaves_no_trace(door: Door, how: dict[str, object]) -> None:
    assert door.post({"ticket_id": 7}, **how) == 401
    assert not door.rung
    assert not door.ledger.doorbells.due(10)


def test_a_body_over_the_limit_is_refused_with_or_without_a_declared_length(door: Door) -> None:
    large = b" " * (MAX_BYTES + 1)
    assert door.post(large) == 413

    def drip() -> Iterator[bytes]:
        yield from (large[i : i + 65536] for i in range(0, len(large), 65536))

    assert door.client.post("/webhooks/freshdesk", content=drip(), headers=HEADERS).status_code == 413
    assert not door.ledger.doorbells.due(10)


def test_text_that_is_not_json_and_names_no_ticket_is_kept_for_ops(door: Door) -> None:
    raw = b'{"event": {responder_id:{from:1,to:2}}, \xff\xfe \x00'
    assert door.post(raw) == 202
    [(_, _, kept)] = door.ledger.doorbells.unreadable(10)
    assert kept == raw
    assert not door.rung


def test_a_ledger_that_cannot_be_written_makes_freshdesk_send_it_again() -> None:
    class Full:
        def ring(self, ring: Ring, ticket_id: int | None, **_: object) -> str:
            raise Retryable("disk full", part="ledger")

    app = FastAPI()
    app.include_router(make_router(Full(), ("new",), lambda *_: None))  # type: ignore[arg-type]
    assert TestClient(app).post("/webhooks/freshdesk", json={"ticket_id": 7}, headers=HEADERS).status_code == 503


@pytest.mark.parametrize(
    ("payload", "ticket_id"),
    [
        (b'{"freshdesk_webhook":{"ticket_id":11,"ticket_subject":"x"}}', 11),
        (b'{"ticket_id":"6541","event":"created"}', 6541),
        (b'{"ticket":{"id":"12"}}', 12),
        (b'{"id": 5, "nested": {"ticket_id": 9}}', 9),
        (b'{"requester":{"id":77},"freshdesk_webhook":{"ticket_id":48}}', 48),
        (b'{"requester":{"id":77},"ticket":{"id":48}}', 48),
        (b'{"requester":{"id":77}}', None),
        (b'{"ticket_id":"[#123]"}', 123),
        (b'{"ticket_id": 77, "event": {ticket_action:created}}', 77),
        (b"ticket_id=88&event=created", 88),
        (b'{"freshdesk_webhook":{"ticket_url":"https://acme.freshdesk.com/helpdesk/tickets/42"}}', 42),
        (b'{"id": 77, "url": "https://acme.freshdesk.com/a/tickets/4711"}', 4711),
        (b'{"id": 77, "freshdesk_webhook": {"ticket_url": "https://acme.freshdesk.com/helpdesk/tickets/42?x=1"}}', 42),
        (b'{"id": "77", "portal_url": "acme.freshdesk.com/support/tickets/4711"}', 4711),
        (b'{"ticket_id": 48, "url": "https://acme.freshdesk.com/a/tickets/4711"}', 48),
        (b'{"ticket": {"id": 48}, "url": "https://acme.freshdesk.com/a/tickets/4711"}', 48),
        (b'{"id": 77, "url": "https://acme.freshdesk.com/a/contacts/4711"}', 77),
        (b'{"id": 77, "url": "see https://acme.freshdesk.com/a/tickets/4711"}', 77),
        (b'{"id": 77, "subject": "https://acme.freshdesk.com/a/tickets/4711"}', 77),
        (b'{"id": 77, "note": {"url": "https://acme.freshdesk.com/a/tickets/4711"}}', 77),
        (b'{"id": "77", "url": 4711}', 77),
        (b'{"ticket_id":true}', None),
        (b'{"ticket_id":0}', None),
        (b'{"ticket_id":-3}', None),
        (b'{"ticket_id":99999999999999999999}', None),
        (b"[1,2,3]", None),
        (b"null", None),
        (b"", None),
        (b"[" * 100_000, None),
    ],
)
def test_the_ticket_is_found_in_every_shape_that_freshdesk_sends(payload: bytes, ticket_id: int | None) -> None:
    assert ticket_id_in(payload) == ticket_id


HOOK = '<freshdesk_webhook><ticket_id type="integer">11</ticket_id>%s</freshdesk_webhook>'


@pytest.mark.parametrize(
    ("payload", "ticket_id"),
    [
        ('<?xml version="1.0" encoding="UTF-8"?>\n' + HOOK % "", 11),
        (HOOK.replace("ticket_id", "ticket-id") % "<ticket-subject>ticket_id: 9</ticket-subject>", 11),
        (HOOK.replace("11", " [#11] ") % "<note><ticket_id>9</ticket_id></note>", 11),
        ("<hook><subject>ticket_id: 9</subject><ticket><id>12</id></ticket></hook>", 12),
        ("<hook><words>ticket_id=9</words><ticket_id>1<!-- x -->2</ticket_id></hook>", 12),
        ("<hook><requester><id>77</id></requester></hook>", None),
        ("freshdesk_webhook%5Bticket_id%5D=11&freshdesk_webhook%5Bticket_subject%5D=ticket_id:9", 11),
        ("subject=ticket_id:9&freshdesk_webhook[ticket_id]=11", 11),
        ("subject=ticket_id%3A+9&ticket_id=%2311", 11),
        ("ticket%5Bid%5D=12&requester%5Bid%5D=77", 12),
        ("requester%5Bid%5D=77", None),
        ("https://peerwell.example/?page=2&id=5", None),
        ("a=1" + "&ticket_id%5D=1" * 2_000, None),
        ("a[b]=1&a[b][ticket_id]=2", None),
        ("<a>" * 50_000 + "<ticket_id>9</ticket_id>" + "</a>" * 50_000, None),
    ],
)
def test_the_ticket_is_found_in_freshdesks_other_encodings(payload: str, ticket_id: int | None) -> None:
    assert ticket_id_in(payload.encode()) == ticket_id


def test_xml_that_declares_a_document_type_is_not_read() -> None:
    for declared in (
        '[<!ENTITY id "11">]',
        'SYSTEM "file:///etc/hostname"',
        '[<!ENTITY id SYSTEM "file:///etc/hostname">]',
    ):
        said = f"<!DOCTYPE hook {declared}><hook><ticket_id>11</ticket_id></hook>"
        assert from_xml(said.encode()) is None
        assert ticket_id_in(said.replace("11", "&id;").encode()) is None
    assert from_xml(b"<hook><ticket_id>&id;</ticket_id></hook>") is None
    assert from_xml(b"<hook><ticket_id>11</ticket_id></hook>") == {"hook": {"ticket_id": "11"}}


@given(st.sampled_from(["<a>%s", "<hook><ticket_id>%s</ticket_id></hook>", "a=%s", "%s=1&ticket_id=%s"]), st.text())
def test_no_text_in_another_encoding_can_make_the_reader_fail(around: str, text: str) -> None:
    found = ticket_id_in(around.replace("%s", text).encode(errors="replace"))
    assert found is None or found > 0


@given(st.binary(max_size=400))
def test_no_bytes_at_all_can_make_the_reader_fail(raw: bytes) -> None:
    found = ticket_id_in(raw)
    assert found is None or found > 0
