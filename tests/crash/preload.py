"""Imported by the server from which the dying processes are forked: what all of them need is made ready once."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.answering import an_answering_office
from tests.crash import lives
from worker.models import Ring
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell

__all__ = ["lives"]


def rehearse() -> None:
    """One whole reply: rules, knowledge base, templates and patterns are read and compiled as it goes along."""
    with TemporaryDirectory() as folder, an_answering_office(Path(folder)) as office:
        draft_doorbell(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), office.desk, lambda *_: None)
        for send in office.ledger.sends.due(1):
            deliver(send, office.desk)


structlog.configure(logger_factory=structlog.PrintLoggerFactory(open(os.devnull, "w")))  # noqa: SIM115
rehearse()
