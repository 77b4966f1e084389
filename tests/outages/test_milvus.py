"""Milvus gone or frozen: drafts wait without taking a try, and drafting goes on by itself once it is back."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.answering import knowledge
from tests.desk import rules
from tests.milvus import free_port
from tests.outages.house import Clock, House, a_house
from tests.sandbox_server import running_sandbox
from tests.scripted_server import HASTY, PATIENT
from worker.adapters.breaker import FAILURES, Breaker, State
from worker.adapters.memory_index import HashEmbedder
from worker.adapters.milvus import MilvusShelf
from worker.adapters.milvus_server import milvus_lite_command, wait_for_port
from worker.knowledge.documents import read_kb
from worker.knowledge.index import build
from worker.models import Status
from worker.settings import ROOT


@dataclass
class Milvus:
    directory: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = milvus_lite_command(self.directory, self.port)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.process, self.port, 60)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Milvus]:
    """With the whole knowledge base in it."""
    server = Milvus(tmp_path_factory.mktemp("milvus") / "m", free_port())
    server.start()
    with MilvusShelf(f"http://127.0.0.1:{server.port}") as shelf:
        build(read_kb(ROOT / "kb", rules().labels), HashEmbedder(), shelf)
    yield server
    server.kill()


@pytest.fixture
def breaker() -> Breaker:
    return Breaker("milvus", clock=Clock())


@pytest.fixture
def house(tmp_path: Path, milvus: Milvus, breaker: Breaker) -> Iterator[House]:
    _, embedder = knowledge()

    def shelf(timeout: float) -> MilvusShelf:
        return MilvusShelf(f"http://127.0.0.1:{milvus.port}", model=embedder.name, timeout=timeout, breaker=breaker)

    with (
        running_sandbox() as sandbox,
        shelf(PATIENT) as patient,
        shelf(HASTY) as hasty,
        a_house(tmp_path, sandbox, index=patient) as opened,
    ):
        opened.desk = replace(opened.desk, embedder=embedder)
        opened.hasty_ports["index"] = hasty
        yield opened


@pytest.mark.parametrize(("begin", "end"), [(Milvus.kill, Milvus.start), (Milvus.freeze, Milvus.thaw)])
def test_drafts_wait_for_milvus_and_go_on_by_themselves(
    house: House, milvus: Milvus, breaker: Breaker, begin: object, end: object
) -> None:
    assert callable(begin)
    assert callable(end)
    first = house.mail()
    house.work()
    assert house.case(first).status is Status.SENT
    begin(milvus)
    waiting = [house.mail() for _ in range(FAILURES + 3)]
    with house.hasty("index"):
        assert set(house.work()) == {"parked"}
    assert breaker.state is State.OPEN, "three of them did not ask it any more"
    assert max(house.tries()) == 0
    assert all(house.case(ticket).status is Status.OPEN for ticket in waiting)
    end(milvus)
    clock = breaker._clock
    assert isinstance(clock, Clock)
    for _ in range(6):
        clock.now += 61
        house.passes(61)
        house.work()
    assert [house.case(ticket).status for ticket in waiting] == [Status.SENT] * len(waiting)
