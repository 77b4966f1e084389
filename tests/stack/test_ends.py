"""The end of the stack that other files have worked with: what dies comes back, and after Ctrl-C nothing stays."""

from __future__ import annotations

import json
import os
import signal

import pytest
import requests
from sqlalchemy import select

from tests.office import OF_AN_EARLIER_RUN, Office
from tests.stack.running import Running, alive, wait_until
from worker.adapters.store.schema import doorbells

pytestmark = pytest.mark.stack


def test_a_stack_begins_anew_where_one_ran_before(office: Office):
    office.samples_are_there()
    with office.ledger.reading() as connection:
        tickets = set(connection.execute(select(doorbells.c.ticket_id)).scalars())
    assert tickets
    assert OF_AN_EARLIER_RUN not in tickets


def test_a_killed_worker_comes_back_and_ctrl_c_leaves_no_process_behind(office: Office):
    stack = office.stack
    ready = stack.address("WEBHOOK_PORT") + "/readyz"
    wait_until(lambda: requests.get(ready, timeout=30).json()["status"] == "ready", "every part answers")
    assert requests.get(office.link, timeout=30).status_code == 200
    where = json.loads((stack.data_dir / "stack.json").read_text())
    assert where.keys() >= {"redis_url", "milvus_uri", "database_url", "freshdesk_url", "freshdesk_api_key"}
    assert (stack.data_dir / "stack.json").stat().st_mode & 0o077 == 0  # tools find the sandbox's keys there
    assert where["database_url"] == f"sqlite:///{stack.data_dir / 'sandbox' / 'deskhand.db'}"

    before = stack.processes()["worker"]["pid"]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: is_running_anew(stack, before), "the worker runs again")

    pids = stack.pids()
    assert stack.interrupt() == 0
    assert [pid for pid in pids if alive(pid)] == []


def is_running_anew(stack: Running, before: int) -> bool:
    worker = stack.processes()["worker"]
    return worker["statename"] == "RUNNING" and worker["pid"] not in (0, before)
