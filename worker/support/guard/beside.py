"""Threads beside the one that judges, so that a guard that hangs holds up one thread and no customer's reply.

They are kept for the next reply: one that is made for each costs its making and two changes of threads, of which 31
others that want the interpreter make milliseconds. Called by judge().
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue

_Jobs = SimpleQueue[tuple[Callable[[], None], threading.Event]]
_idle: list[_Jobs] = []  # of threads that wait; as many as ever judged at once
os.register_at_fork(after_in_child=_idle.clear)  # the threads stay behind: whatever is asked of them is never done


def in_another_thread(job: Callable[[], None]) -> threading.Event:
    """Does `job`, which raises nothing, in another thread. What it returns is set when it is done."""
    ended = threading.Event()
    try:
        jobs = _idle.pop()
    except IndexError:
        jobs = SimpleQueue()
        threading.Thread(target=_serve, args=(jobs,), name="guards", daemon=True).start()
    jobs.put((job, ended))
    return ended


def _serve(jobs: _Jobs) -> None:
    while True:
        job, ended = jobs.get()
        job()
        del job  # it holds a customer's letter, and the next one may be hours away
        _idle.append(jobs)  # before it is told, or whoever judges next in that thread would have another one made
        ended.set()
