"""The two web applications, as uvicorn factories: `worker.asgi:webhook` and `worker.asgi:console`.

Neither loads the embedding model. The webhook app also answers /healthz (this process), /readyz (every part, with its
ping and its reason) and /metrics.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from worker import bootstrap, bootstrap_web
from worker.intake.webhook import make_router
from worker.ledger_metrics import LedgerMetrics
from worker.log import start_logging
from worker.outside_metrics import OutsideMetrics
from worker.probes import Answer, Look, Probe, ask_all
from worker.queues import make_celery
from worker.settings import load_settings, odd_names
from worker.tracing import start_tracing

Ping = Callable[[], str]
PING_SECONDS = 3.0


def webhook() -> FastAPI:
    """The app that Freshdesk talks to."""
    settings = load_settings()
    start_logging(settings.log_level, settings.log_format, process="webhook", odd=odd_names())
    start_tracing(settings.traces_url, "webhook")
    bootstrap_web.require_webhook_secret(settings)
    ledger = bootstrap.open_ledger_for(settings)
    enqueue = bootstrap.make_enqueue(make_celery(settings, bootstrap.redis_url(settings)))
    app = FastAPI(title="Deskhand", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(make_router(ledger.doorbells, settings.webhook_secrets, enqueue))
    REGISTRY.register(LedgerMetrics(ledger, shadow=settings.delivery_mode == "shadow"))
    REGISTRY.register(OutsideMetrics(bootstrap_web.outside(settings)))
    _add_probes(app, bootstrap_web.pings(settings, ledger))
    return app


def console() -> FastAPI:
    """The support leads' pages."""
    settings = load_settings()
    start_logging(settings.log_level, settings.log_format, process="console", odd=odd_names())
    start_tracing(settings.traces_url, "console")
    return bootstrap_web.make_console_app(settings)


def _add_probes(app: FastAPI, pings: dict[str, Ping]) -> None:
    probes = {name: _probe(name, ping) for name, ping in pings.items()}

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """503 as soon as the ledger cannot be written: then, and only then, webhooks must be sent again."""
        parts = {name: _told(answer) for name, answer in ask_all(probes, PING_SECONDS).items()}
        ready = bool(parts.get("ledger", {}).get("ok"))
        whole = all(bool(p["ok"]) for p in parts.values())
        status = "ready" if whole else "degraded" if ready else "not ready"
        return JSONResponse({"status": status, "parts": parts}, status_code=200 if ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _probe(name: str, ping: Ping) -> Probe:
    """Asked anew each time: who asks /readyz wants to know now."""
    return Probe(name, lambda: Look(ping()), fresh=0.0)


def _told(answer: Answer) -> dict[str, object]:
    if not answer.look.ok:
        return {"ok": False, "reason": answer.look.says}
    return {"ok": True, "says": answer.look.says, "ms": answer.ms}
