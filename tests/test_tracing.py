"""Traces are off unless asked for; with the extra they reach a collector and carry ids and numbers alone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from worker.settings import ROOT
from worker.tracing import MISSING

INSTALLED = importlib.util.find_spec("opentelemetry.instrumentation") is not None
STORY = """
import os, sys
from pathlib import Path
import redis
from celery import Celery
from fastapi import FastAPI
from fastapi.testclient import TestClient
import structlog
from worker.tracing import start_tracing

start_tracing(sys.argv[1], "test")  # before the parts are opened
from opentelemetry import trace
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.migrations import migrate
from worker.intake.webhook import make_router
from worker.errors import Trouble
from pydantic import SecretStr

url = f"sqlite:///{sys.argv[2]}/ledger.db"
migrate(url)
ledger = open_ledger(url)
app = FastAPI()
app.include_router(make_router(ledger.doorbells, ("the-webhook-secret",), lambda *_: None))
structlog.contextvars.bind_contextvars(case_id="c123")
answer = TestClient(app).post("/webhooks/freshdesk?token=the-webhook-secret", json={"ticket_id": 4711})
assert answer.status_code == 202, answer
try:
    FreshdeskHelpdesk("http://127.0.0.1:9", SecretStr("the-api-key")).earlier_tickets(55501, before=1)
except Trouble:
    pass
ledger.customers.by_email("asha@example.com")
try:
    redis.Redis(port=9, password="the-redis-password", socket_connect_timeout=1).get("asha@example.com")
except redis.RedisError:
    pass
Celery("x", broker="memory://", set_as_current=False).send_task("draft", args=["d-of-somebody"])
trace.get_tracer_provider().force_flush()
"""


def story(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", STORY, url, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)


def test_with_the_extra_spans_arrive_without_secrets_and_words_else_the_start_is_refused(tmp_path: Path) -> None:
    came: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(self.path.encode() + b"\n" + _plain(body, self.headers.get("Content-Encoding", "")))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        ran = story(f"http://127.0.0.1:{server.server_port}", tmp_path)
    finally:
        server.shutdown()
        server.server_close()
    if not INSTALLED:
        assert MISSING in ran.stderr
        return
    assert ran.returncode == 0, ran.stderr[-2000:]
    sent = b"".join(came)
    for wanted in (b"/v1/traces", b"POST /webhooks/freshdesk", b"deskhand.case_id", b"c123", b"http.route"):
        assert wanted in sent
    for part in ("requests", "sqlalchemy", "redis", "celery"):
        assert f"opentelemetry.instrumentation.{part}".encode() in sent, part
    for forbidden in (
        b"the-redis-password",
        b"the-webhook-secret",
        b"the-api-key",
        b"token=",
        b"asha@",
        b"55501",
        b"SELECT customers",
        b"d-of-somebody",
    ):
        assert forbidden not in sent


def _plain(body: bytes, how: str) -> bytes:
    import gzip

    return gzip.decompress(body) if how == "gzip" else body


def test_without_an_address_nothing_of_it_is_loaded() -> None:
    code = (
        "import sys; from worker.tracing import start_tracing; start_tracing('', 'worker');"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.sdk')]"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stderr


def test_where_the_extra_is_missing_the_process_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['opentelemetry.instrumentation.celery'] = None;"
        "from worker.tracing import start_tracing; start_tracing('http://127.0.0.1:9', 'worker')"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert MISSING in ran.stderr
