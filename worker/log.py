"""Logs that join: one JSON object a line, with `case_id` and `stage` bound by whoever works on a case.

Never pass customer text, addresses, bodies or secrets to a logger. Exceptions are logged by type, part and reason only:
a traceback's locals and messages of foreign libraries could carry a customer's words.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from worker.trouble_words import safe_reason

Event = MutableMapping[str, Any]


def _strip_exceptions(_logger: Any, _name: str, event: Event) -> Event:
    """`exc_info` becomes a reason without foreign words: messages of libraries may quote what a customer wrote."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = safe_reason(error)
    return event


def start_logging(level: str = "info", fmt: str = "json", *, process: str = "", odd: Iterable[str] = ()) -> None:
    """Once per process. Foreign libraries are heard from WARNING on, through the same pipe. `odd`: sentences on what
    was read before there was a log, to be its first lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _strip_exceptions,
    ]
    last = structlog.processors.JSONRenderer() if fmt == "json" else structlog.dev.ConsoleRenderer(colors=False)
    foreign: list[Any] = [*shared, structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared[1:4], processors=foreign))
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(logging.WARNING)
    logging.getLogger("worker").setLevel(level.upper())
    structlog.configure(
        processors=[*shared[:1], *shared[1:], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if process:
        structlog.contextvars.bind_contextvars(process=process)
    for sentence in odd:
        structlog.get_logger(__name__).warning("odd_name", says=sentence)
