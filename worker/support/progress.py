"""What is known so far about one message, filled in stage by stage: it becomes the trace, whatever the end is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from worker import metrics
from worker.models import Asked, Assessed, Draft, Identity, Reader, Trace
from worker.support.earning.admission import Admission
from worker.support.generate import Writing
from worker.support.retrieve import Found


@dataclass
class Progress:
    """A field is None or empty until its stage has been reached; a message that ends early leaves the rest so."""

    asked: list[Asked] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    identity: Identity | None = None
    reader: Reader | None = None
    words: str = ""
    questions: tuple[str, ...] = ()
    found: Found | None = None
    writing: Writing | None = None
    draft: Draft | None = None
    index_version: str = ""
    admission: Admission = field(default_factory=Admission)
    assessed: Assessed | None = None  # as the admission has it, once it is decided

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        structlog.contextvars.bind_contextvars(stage=name)
        started = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - started
            self.seconds[name] = round(took, 4)
            metrics.STAGE_SECONDS.labels(name).observe(took)

    def trace(self) -> Trace:
        found, writing = self.found, self.writing
        return Trace(
            asked=tuple(self.asked),
            identity=self.identity,
            reader=self.reader,
            query=self.words,
            questions=self.questions,
            templates=found.templates if found else (),
            passages=found.passages if found else (),
            gaps=found.gaps if found else (),
            index_version=self.index_version,
            prompt=writing.prompt if writing else "",
            answer=writing.answer if writing else "",
            seconds=self.seconds,
            assessed=self.assessed,
        )
