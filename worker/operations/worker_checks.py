"""Is a worker at work? Asked of all of them at once, over Redis: they listen nowhere else. Called by doctor.py."""

from __future__ import annotations

from collections.abc import Iterator

from worker import bootstrap
from worker.errors import Trouble
from worker.operations.checkup import Said, look, ok, warn
from worker.queues import make_celery
from worker.settings import Settings

SECONDS = 5.0  # all of them are waited for: nobody knows how many there are


def workers(settings: Settings) -> Iterator[Said]:
    """How many answer. One that hangs answers no more than one that is gone."""
    try:
        bootstrap.ping_redis(settings)
    except Trouble:
        yield look("workers", "not asked: Redis, through which they answer, does not", "See redis, above.")
        return
    with make_celery(settings, bootstrap.redis_url(settings)) as app:
        there = len(app.control.ping(timeout=SECONDS))
    if there:
        yield ok("workers", f"{there} {'answers' if there == 1 else 'answer'}")
        return
    todo = (
        "Start one, or restart one that hangs: `docker compose restart worker`; with `make run`, see var/logs."
        " One that has just been started answers within a minute or two."
    )
    yield warn("workers", "none answers: nothing is drafted, and nothing is sent", todo)
