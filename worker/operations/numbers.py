"""Numbers as somebody types them after a script's option: one that cannot be meant is a wrong argument, not a job.

Called by scripts/*.py, as argparse's `type`.
"""

from __future__ import annotations

from argparse import ArgumentTypeError

LARGEST = 2**63 - 1  # what a column of the ledger holds
HOUR = 3600.0


def from_one(written: str) -> int:
    """A count, or an id as Freshdesk gives them."""
    if not written.isdecimal() or not 1 <= int(written) <= LARGEST:
        raise ArgumentTypeError(f"{written!r} is no number from 1 on")
    return int(written)


def seconds(written: str) -> float:
    """How long to wait: some time, and not for ever."""
    try:
        number = float(written)
    except ValueError:
        number = 0.0
    if not 0 < number <= HOUR:  # which nan is not either
        raise ArgumentTypeError(f"{written!r} is no number of seconds above 0, up to {HOUR:.0f}")
    return number
