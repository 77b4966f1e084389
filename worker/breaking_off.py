"""A script that is broken off ends with one line and the code of its signal, and its `finally`s have run.

For what people start by hand and may stop with Ctrl-C; not for what serves until it is told to end. Called by scripts/.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType, TracebackType

_words = ""


class BrokenOff(KeyboardInterrupt):
    """SIGINT or SIGTERM came. `number`: which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def end_quietly(words: str) -> None:
    """From now on SIGINT and SIGTERM end this process with `words` on standard error and 130 or 143, in place of a
    traceback; whoever sends a second one need not wait until all is put away."""
    say_instead(words)
    ours, before = os.getpid(), sys.excepthook
    times = 0

    def heard(number: int, _: FrameType | None) -> None:
        nonlocal times
        times += 1
        if os.getpid() != ours:  # a fork of ours, which has to end as any other process does
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif times == 1:
            raise BrokenOff(number)
        else:
            _leave(number)

    def ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, BrokenOff):
            before(kind, error, trace)
            return
        print(_words, file=sys.stderr, flush=True)
        _leave(error.number)

    sys.excepthook = ended
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and a shell's & want it
            signal.signal(number, heard)


def say_instead(words: str) -> None:
    """Once the words that `end_quietly` was given are not true any more."""
    global _words
    _words = words


def _leave(number: int) -> None:
    """At once: threads that still wait for an answer would be waited for in their turn."""
    os._exit(128 + number)
