"""The pages on the service: each part, how it is, and what to do."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.builders import a_draft, a_reply, a_verdict
from tests.console.seed import LOOKS, Lead, a_console, a_full_trace, hold, words_of
from tests.contract.steps import conclude, opened
from worker.adapters.store.ledger import SqlLedger
from worker.console import parts
from worker.errors import Permanent, Retryable
from worker.models import Ring, Status, Step
from worker.probes import Look


@pytest.mark.parametrize("part", [part.name for part in parts.PARTS])
def test_every_part_has_a_page_that_says_what_to_do(ledger: SqlLedger, part: str):
    viewer = Lead(a_console(ledger, looks=LOOKS), ledger, role="viewer")
    answer = viewer.get(f"/service/{part}")
    assert answer.status_code == 200
    shown = words_of(answer.text)
    assert next(p for p in parts.PARTS if p.name == part).down.split(".")[0] in shown
    assert "It says" in shown


def test_the_overview_shows_all_parts_at_a_glance(ledger: SqlLedger):
    ledger.doorbells.note_sweep()
    shown = words_of(Lead(a_console(ledger, looks=LOOKS), ledger).get("/service").text)
    assert "all parts are well" in shown
    assert "SQLite" in shown
    assert "agent 501, Deskhand" in shown
    assert "running" in shown
    assert "none in doubt" in shown


def test_a_part_that_is_down_is_named_and_the_rest_stands(ledger: SqlLedger):
    def away() -> Look:
        raise Retryable("Freshdesk does not answer", part="freshdesk")

    def refused() -> Look:
        raise Permanent("the key was refused", part="groq")

    ledger.doorbells.note_sweep()
    lead = Lead(a_console(ledger, looks=LOOKS | {"freshdesk": away, "groq": refused}), ledger)
    shown = words_of(lead.get("/service").text)
    assert "2 of 7 parts want a look" in shown
    assert "Freshdesk does not answer" in shown
    assert "the key was refused" in shown
    assert "milvus_lite-3.2.2" in shown


def test_a_part_that_hangs_does_not_keep_the_page(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch):
    release = threading.Event()
    monkeypatch.setattr(parts, "ask_all", lambda probes: ask_all(probes, 0.5))
    lead = Lead(a_console(ledger, looks=LOOKS | {"milvus": lambda: Look(str(release.wait(60)))}), ledger)
    shown = words_of(lead.get("/service").text)
    release.set()
    assert "Milvus look here no answer within" in shown
    assert "agent 501" in shown


def test_the_queue_page_tells_hints_from_work(ledger: SqlLedger):
    ledger.doorbells.ring(Ring.WEBHOOK, 1)
    shown = words_of(Lead(a_console(ledger, looks=LOOKS), ledger).get("/service/queue").text)
    assert "Hints waiting in the queue “draft” 7" in shown
    assert "In the ledger to be drafted 1" in shown
    assert "Of them due to be drafted, and not begun 1" in shown
    assert "In the ledger to be sent 0" in shown


def test_the_index_in_use_is_named_with_its_age(ledger: SqlLedger):
    shown = words_of(Lead(a_console(ledger, looks=LOOKS), ledger).get("/service/milvus").text)
    assert "Index in use deskhand_20260302_1" in shown
    assert "Built 3 days ago" in shown


def test_the_oldest_open_case_is_named(ledger: SqlLedger):
    opened(ledger, 42)
    shown = words_of(Lead(a_console(ledger, looks=LOOKS), ledger).get("/service/ledger").text)
    assert "It is about ticket 42" in shown
    assert "Being drafted 1" in shown


def test_a_dispatcher_that_was_never_heard_of_or_is_silent_wants_a_look(ledger: SqlLedger, monkeypatch):
    lead = Lead(a_console(ledger), ledger)
    assert "never heard of: is it running?" in words_of(lead.get("/service/dispatcher").text)

    ledger.doorbells.note_sweep()
    monkeypatch.setattr(parts, "SILENT", timedelta(seconds=-1))
    lead = Lead(a_console(ledger), ledger, login="tom")
    assert "is it running?" in words_of(lead.get("/service/dispatcher").text)


def test_work_that_nobody_takes_up_points_to_the_workers(ledger: SqlLedger, monkeypatch):
    ledger.doorbells.note_sweep()
    ledger.doorbells.ring(Ring.WEBHOOK, 1)
    monkeypatch.setattr(parts, "LATE", -1.0)
    shown = words_of(Lead(a_console(ledger), ledger).get("/service/dispatcher").text)
    assert "are there workers?" in shown


def test_sends_in_doubt_are_listed_with_their_tickets(ledger: SqlLedger):
    case = opened(ledger, 42)
    [send_id] = conclude(
        ledger, case, Status.APPROVED, [a_reply()], draft=a_draft(), verdict=a_verdict(Step.SEND), trace=a_full_trace()
    ) or ["none"]
    send = ledger.sends.claim(send_id, timedelta(minutes=1))
    assert send is not None
    ledger.sends.intend(send_id, send.epoch)
    ledger.sends.strand(send_id, send.epoch, "still in doubt after 3 attempts: please look")
    page = Lead(a_console(ledger, looks=LOOKS), ledger).get("/service/sends")
    shown = words_of(page.text)
    assert "1 in doubt" in shown
    assert "still in doubt after 3 attempts: please look" in shown
    assert f'href="/cases/{case.case_id}"' in page.text


def test_a_console_that_stands_alone_says_so(ledger: SqlLedger):
    hold(ledger)
    lead = Lead(a_console(ledger), ledger)
    shown = words_of(lead.get("/service").text)
    assert shown.count("not set up in this process") == 4
    assert lead.get("/service/elsewhere").status_code == 404


ask_all = parts.ask_all
