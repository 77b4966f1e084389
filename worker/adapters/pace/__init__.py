"""Keeps every process of an installation within what a vendor's headers allow, and a reserve for people besides.

An adapter asks before a call (`take`) and passes on what the answer told (`tell`). Nothing blocks here: what must wait
is told how long, and waits in the ledger. Knows no vendor; bootstrap chooses between SharedPace and LocalPace.
"""

from worker.adapters.pace.local import LocalPace
from worker.adapters.pace.shared import SharedPace
from worker.adapters.pace.words import Ask, Pace, Pass, Told, in_a_row, one_by_one

__all__ = ["Ask", "LocalPace", "Pace", "Pass", "SharedPace", "Told", "in_a_row", "one_by_one"]
