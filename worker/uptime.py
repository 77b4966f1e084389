"""Seconds since this machine started, the time that it slept included. For moments past which nothing may be sent."""

from __future__ import annotations

import time

# Linux stops the monotonic clock while a machine sleeps (clock_gettime(2)), and a laptop or a resumed virtual machine
# would send what another machine has long looked for. Elsewhere the monotonic clock counts on, or there is no better.
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    return time.clock_gettime(_CLOCK)
