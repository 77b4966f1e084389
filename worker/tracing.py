"""Traces, where TRACES_URL says so: by OpenTelemetry's own instrumentations, sent to a collector over OTLP.

Off by default, and then nothing of it is imported. What leaves is an allowlist: names, status numbers, times, and the
ids that join with the logs. No address, query, statement or message of an exception leaves, which may hold secrets or
what a customer wrote. Called by each process when it starts, before anything is opened. FastAPI traces by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from worker.errors import BadConfiguration

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

OURS = ("case_id", "doorbell_id", "send_id", "stage")  # bound to the log's lines too
ALLOWED = frozenset(
    """http.request.method http.method http.route http.response.status_code http.status_code server.address server.port
    net.peer.name net.peer.port error.type db.system db.system.name db.operation db.operation.name messaging.destination
    messaging.destination.name messaging.operation celery.action celery.state celery.task_name""".split()
)
MISSING = (
    "TRACES_URL is set, but OpenTelemetry is not installed: pip install 'deskhand[otel]', or leave TRACES_URL empty"
)


def start_tracing(url: str, process: str) -> None:
    """`url`: of the collector, as http://collector:4318; "" does nothing. BadConfiguration without the extra."""
    if not url:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        instruments = _instruments()
    except ImportError:
        raise BadConfiguration(MISSING) from None

    class Cleaning(BatchSpanProcessor):  # type: ignore[misc]
        def on_end(self, span: ReadableSpan) -> None:
            super().on_end(cleaned(span))  # here, since the log's ids belong to the thread that ends the span

    provider = TracerProvider(resource=Resource.create({"service.name": "deskhand", "service.instance.id": process}))
    provider.add_span_processor(Cleaning(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    for instrument in instruments:
        # Their own bounds lag behind our pins; tests/test_tracing.py sees whether each of them still works.
        instrument.instrument(skip_dep_check=True)


def _instruments() -> list[Any]:
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor

    return [CeleryInstrumentor(), RequestsInstrumentor(), SQLAlchemyInstrumentor(), RedisInstrumentor()]


def cleaned(span: ReadableSpan) -> ReadableSpan:
    """The same span with allowed attributes and our ids; without events (exceptions with their messages)."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Status

    bound = structlog.contextvars.get_contextvars()
    kept = {name: value for name, value in (span.attributes or {}).items() if name in ALLOWED}
    kept |= {f"deskhand.{name}": str(bound[name]) for name in OURS if name in bound}
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=kept,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
