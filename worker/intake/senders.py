"""The addresses that a message says it comes from. Called by gate.py and identify.py.

The standard library's reader gives nothing at all for "Kumar, Ravi <ravi@example.com>", and names like that are common.
What a sender writes about himself may be a trap: whatever is not read to the last @ counts as not read.
"""

from __future__ import annotations

import re

# 254 characters are the longest address that mail takes; without an end, a long line of letters would take minutes.
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,254}@[^\s<>()\[\]{},;:\"'@]{1,254}")
_ANGLE = re.compile(r"<([^<>]*)>")
_COMMENT = re.compile(r"\([^()]*\)")


def senders(written: str) -> tuple[str, ...]:
    """Every address in it, in lower case, in the order of the text; none where one of them cannot be read whole. A name
    in front of the mailbox can be anything, another's address too: who trusts a sender has to trust all of them."""
    found = [_bare(one.group(), written[one.end() : one.end() + 1]) for one in _ADDRESS.finditer(written)]
    return tuple(dict.fromkeys(found)) if written.count("@") == len(found) else ()


def mailbox(written: str) -> str:
    """The one that the message came from, in lower case: between the last angle brackets, or else the first outside of
    round ones; "" if that is no address."""
    angles = _ANGLE.findall(written)
    where = angles[-1] if angles else _COMMENT.sub(" ", written)
    found = _ADDRESS.search(where)
    return _bare(found.group(), where[found.end() : found.end() + 1]) if found else ""


def _bare(address: str, after: str) -> str:
    """Without a full stop behind it, and without single quotes around it; one in front alone belongs to it."""
    quoted = address.startswith("'") and after == "'"
    return address[1 if quoted else 0 :].strip(".").casefold()
