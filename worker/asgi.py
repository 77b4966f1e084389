"""The two web applications, as uvicorn factories: `worker.asgi:webhook` and `worker.asgi:console`.

Neither loads the embedding model. The webhook app also answers /healthz (this process), /readyz (every part, with its
ping and its reason) and /metrics.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from worker import bootstrap, bootstrap_web
from worker.errors import Trouble
from worker.intake.webhook import make_router
from worker.ledger_metrics import LedgerMetrics
from worker.log import start_logging
from worker.queues import make_celery
from worker.settings import load_settings
from worker.trouble_words import safe_reason

Ping = Callable[[], str]
PING_SECONDS = 3.0


def webhook() -> FastAPI:
    """The app that Freshdesk talks to."""
    settings = load_settings()
    start_logging(settings.log_level, settings.log_format, process="webhook")
    bootstrap_web.require_webhook_secret(settings)
    ledger = bootstrap.open_ledger_for(settings)
    enqueue = bootstrap.make_enqueue(make_celery(settings, bootstrap.redis_url(settings)))
    app = FastAPI(title="Deskhand", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(make_router(ledger.doorbells, settings.webhook_secrets, enqueue))
    REGISTRY.register(LedgerMetrics(ledger))
    _add_probes(app, bootstrap_web.pings(settings, ledger))
    return app


def console() -> FastAPI:
    """The support leads' pages."""
    settings = load_settings()
    start_logging(settings.log_level, settings.log_format, process="console")
    return bootstrap_web.make_console_app(settings)


def _add_probes(app: FastAPI, pings: dict[str, Ping]) -> None:
    probes = {name: _Probe(name, ping) for name, ping in pings.items()}

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """503 as soon as the ledger cannot be written: then, and only then, webhooks must be sent again."""
        until = time.monotonic() + PING_SECONDS
        under_way = {name: probe.start() for name, probe in probes.items()}
        parts = {name: _within(until, future) for name, future in under_way.items()}
        ready = bool(parts.get("ledger", {}).get("ok"))
        whole = all(bool(p["ok"]) for p in parts.values())
        status = "ready" if whole else "degraded" if ready else "not ready"
        return JSONResponse({"status": status, "parts": parts}, status_code=200 if ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


class _Probe:
    """One ping at a time, on a thread of its own: a part that hangs must not keep the others from being asked, nor
    gather a new hanging ping with every question."""

    def __init__(self, name: str, ping: Ping) -> None:
        self._ping = ping
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"ping-{name}")
        self._lock = threading.Lock()
        self._last: Future[dict[str, object]] | None = None

    def start(self) -> Future[dict[str, object]]:
        """The ping under way, else a new one."""
        with self._lock:
            if self._last is None or self._last.done():
                self._last = self._pool.submit(_ping, self._ping)
            return self._last


def _within(until: float, future: Future[dict[str, object]]) -> dict[str, object]:
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError:
        return {"ok": False, "reason": f"no answer within {PING_SECONDS:.0f} s"}


def _ping(ping: Ping) -> dict[str, object]:
    started = time.perf_counter()
    try:
        said = ping()
    except Trouble as trouble:
        return {"ok": False, "reason": trouble.reason}
    except Exception as error:
        return {"ok": False, "reason": safe_reason(error)}
    return {"ok": True, "says": said, "ms": round((time.perf_counter() - started) * 1000, 1)}
