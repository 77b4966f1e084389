"""The addresses that a message says it comes from. Called by gate.py and identify.py.

The standard library's reader gives nothing at all for "Kumar, Ravi <ravi@example.com>", and names like that are common.
"""

from __future__ import annotations

import re

# 254 characters are the longest address that mail takes; without an end, a long line of letters would take minutes.
_ADDRESS = re.compile(r"[^\s<>()\[\]{},;:\"'‹›«»“”]{1,254}@[^\s<>()\[\]{},;:\"'‹›«»“”@]{1,254}")


def senders(written: str) -> tuple[str, ...]:
    """Every address in it, in lower case, in the order of the text; the mailbox is the last one. A name in front of it
    can be anything, another's address too: who trusts a sender has to trust all of them."""
    return tuple(dict.fromkeys(found.strip(".").casefold() for found in _ADDRESS.findall(written)))
