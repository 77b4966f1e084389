"""A worker's Celery tasks: what one message of the queue brings about."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.answering import an_answering_office
from worker import bootstrap, tasks
from worker.errors import Retryable
from worker.models import Ring, SendState, Status
from worker.ports import Index
from worker.queues import DRAFT
from worker.settings import Settings
from worker.tasks import Shop, get_ready, make_app

NOWHERE = "redis://127.0.0.1:1/0"
EIGHT_THREADS = """
import ctypes, sys, threading
from worker.tasks import share_heaps
share_heaps()
ready = threading.Barrier(9, timeout=60)
def work():
    held = [bytes(50_000 + number) for number in range(20)]
    bytes(8_000_000)
    held.append(bytes(2_000_000))
    ready.wait()
    ready.wait()
    del held
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
ready.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
told = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, told)
libc.fclose(told)
ready.wait()
"""


def test_a_reply_leaves_with_the_message_that_brought_its_ticket_and_needs_no_queue_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_answering_office(tmp_path) as office:
        monkeypatch.setattr(bootstrap, "make_desk", lambda _: office.desk)
        settings = Settings(redis_url=NOWHERE)
        worker = make_app(settings, Shop(settings))

        worker.tasks[DRAFT](office.ledger.doorbells.ring(Ring.WEBHOOK, 1))

        (case,) = office.ledger.cases.of_ticket(1)
        assert case.status is Status.SENT
        assert office.send(case).state is SendState.DONE
        assert office.ledger.sends.due(10) == office.ledger.doorbells.due(10) == []


class ComingIndex:
    """Milvus does not answer, then has no index, then has one; `asked`: what is asked of that."""

    def __init__(self, index: Index) -> None:
        self._index, self._news = index, iter(["away", "", ""])
        self.asked: list[str] = []

    def version(self) -> str:
        if (news := next(self._news, None)) == "away":
            raise Retryable("asking for the live index: gone", part="milvus")
        return self._index.version() if news is None else news

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self._index, name)


@pytest.fixture
def at_short_notice(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tasks, "NO_INDEX", 0.0)
    monkeypatch.setattr(tasks, "TROUBLED", 0.0)
    usual = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)


@pytest.mark.usefixtures("at_short_notice")
def test_the_first_question_to_an_index_is_asked_before_a_ticket_has_to_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_answering_office(tmp_path) as office:
        coming = ComingIndex(office.desk.index)
        monkeypatch.setattr(bootstrap, "make_desk", lambda _: replace(office.desk, index=coming))
        get_ready(Shop(Settings(redis_url=NOWHERE)), Event())
        assert {"begin", "head"} <= set(coming.asked)


@pytest.mark.usefixtures("at_short_notice")
def test_what_a_worker_has_in_memory_when_it_is_ready_is_never_looked_through_for_garbage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_answering_office(tmp_path) as office:
        monkeypatch.setattr(bootstrap, "make_desk", lambda _: office.desk)
        often = gc.get_threshold()[0]
        get_ready(Shop(Settings(redis_url=NOWHERE)), Event())
        assert len(gc.get_objects()) < 10_000 < gc.get_freeze_count()
        assert gc.get_threshold()[0] > often, "what is young is looked through once for several tickets"


@pytest.mark.usefixtures("at_short_notice")
def test_a_worker_that_is_to_end_waits_for_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with an_answering_office(tmp_path) as office:
        coming, ends = ComingIndex(office.desk.index), Event()
        monkeypatch.setattr(bootstrap, "make_desk", lambda _: replace(office.desk, index=coming))
        monkeypatch.setattr(coming, "version", lambda: ends.set() or "")
        get_ready(Shop(Settings(redis_url=NOWHERE)), ends)
        assert coming.asked == []


def test_a_workers_threads_share_two_heaps_and_large_pieces_are_given_back(tmp_path: Path) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", EIGHT_THREADS, str(told)], check=True, timeout=120)
    assert told.read_text().count("<heap nr") == 2
    large = re.findall(r'<total type="mmap" count="(\d+)"', told.read_text())[-1]
    assert int(large) >= 8, "or the next piece of that size would come from a heap, and stay there"
