"""What ops see: /readyz names every part that does not answer, however long it hangs; each process's metrics."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.milvus import free_port
from tests.outages.web import NOBODY, Web, a_web
from tests.redis_server import running_redis
from tests.scripted_server import HANG, Answer, ScriptedServer, scripted_server
from worker import metrics
from worker.adapters.breaker import FAILURES, State
from worker.bootstrap import make_breaker
from worker.settings import ROOT


def test_parts_that_hang_are_named_and_keep_no_webhook_out(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis, scripted_server() as vendor:
        vendor.on("GET /api/v2/agents/me", HANG)
        vendor.on("GET /openai/v1/models", HANG)
        redis.freeze()
        vendors = {"FRESHDESK_URL": vendor.url, "GROQ_BASE_URL": vendor.url, "GROQ_API_KEY": "gsk"}
        with a_web(tmp_path, REDIS_URL=redis.url, **vendors) as web:
            # More often than there are threads to ask with: what hangs must not pile up in front of the ledger.
            for _ in range(4):
                ready = web.settled("ledger", "redis")
                assert ready.status_code == 200
                parts = ready.json()["parts"]
                assert parts["ledger"]["ok"] is True
                for name in ("freshdesk", "groq"):
                    assert "no answer" in parts[name]["reason"]
                assert "Redis does not answer" in parts["redis"]["reason"]
                assert parts["milvus"]["ok"] is False
                assert web.ring(1).status_code == 202


@pytest.fixture(scope="module")
def vendor() -> Iterator[ScriptedServer]:
    """Freshdesk and Groq in one."""
    with scripted_server() as server:
        yield server


@pytest.fixture(scope="module")
def web(vendor: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    vendors = {"FRESHDESK_URL": vendor.url, "GROQ_BASE_URL": vendor.url, "GROQ_API_KEY": "gsk"}
    with a_web(tmp_path_factory.mktemp("web"), **vendors) as running:
        yield running


ME, MODELS = ("freshdesk", "GET /api/v2/agents/me"), ("groq", "GET /openai/v1/models")


@pytest.mark.parametrize(
    ("asked", "answer", "reason"),
    [
        (ME, Answer(403, {"code": "access_denied"}), "403"),
        (ME, Answer(503, b""), "503"),
        (ME, Answer(body="<html>maintenance</html>"), "not the JSON"),
        (ME, Answer(429, b"", {"Retry-After": "0"}), "429"),
        (ME, Answer(401, {"code": "invalid_credentials"}), "FRESHDESK_API_KEY"),
        (MODELS, Answer(503, b""), "503"),
        (MODELS, Answer(429, b""), "429"),
        (MODELS, Answer(401, {"error": {"code": "invalid_api_key"}}), "401"),
        (MODELS, Answer(body={"data": [{"id": "another-model"}]}), "llama-3.3-70b-versatile"),
    ],
)
def test_the_reason_that_a_vendor_gives_shows(
    web: Web, vendor: ScriptedServer, asked: tuple[str, str], answer: Answer, reason: str
) -> None:
    part, request = asked
    vendor.on(request, answer)
    assert reason in str(web.part(part)["reason"])


def test_a_breaker_that_opens_shows_in_the_metric() -> None:
    breaker = make_breaker("milvus")
    gauge = metrics.BREAKER.labels("milvus")._value
    assert gauge.get() == State.CLOSED
    for _ in range(FAILURES):
        breaker.failed("no answer")
    assert gauge.get() == State.OPEN


@contextmanager
def a_dispatcher(folder: Path, port: int) -> Iterator[None]:
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "FRESHDESK_URL": f"http://{NOBODY}",
        "FRESHDESK_API_KEY": "key",
        "REDIS_URL": f"redis://{NOBODY}/0",
        "DISPATCHER_METRICS_PORT": str(port),
        "POLL_SECONDS": "0.2",
    }
    command = [sys.executable, "-m", "worker.dispatcher"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(240)


def served(first: int, processes: int) -> list[str]:
    """The metrics of so many processes with an open breaker. Each takes the first free port from `first` on, and on a
    busy machine the next one may be anybody's."""
    until, shown = time.monotonic() + 240, dict[int, str]()
    while time.monotonic() < until and len(shown) < processes:
        for port in set(range(first, first + metrics.TRIED)) - set(shown):
            with suppress(requests.RequestException):
                text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
                if 'deskhand_breaker_state{part="freshdesk"} 2.0' in text:
                    shown[port] = text
        time.sleep(0.1)
    return list(shown.values())


def test_each_process_on_a_host_shows_its_own_metrics(tmp_path: Path) -> None:
    port = free_port()
    with a_dispatcher(tmp_path, port), a_dispatcher(tmp_path, port):
        shown = served(port, processes=2)
    assert len(shown) == 2
    for text in shown:
        assert "deskhand_pace_shared 0.0" in text
        assert 'deskhand_calls_total{outcome="no answer",part="freshdesk"}' in text


def test_a_port_of_nought_shows_nothing_and_one_that_cannot_be_had_stops_nobody() -> None:
    assert metrics.serve("127.0.0.1", 0) == 0
    assert metrics.serve("192.0.2.1", 8010) == 0
