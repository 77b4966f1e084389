"""What reviewing needs in one bundle, and what a decision comes to. Filled by the console's assembly.

Apart from review.py, so that the look at what happened since (fresh.py) can be asked from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from worker.models import Case, Draft, Identity, Thread, Trace
from worker.ports import Enqueue, Helpdesk, Ledger
from worker.support.compose import Judged
from worker.support.desk import Policy
from worker.support.outgoing import Tags
from worker.support.render import Letter

LetterFor = Callable[[Thread, Identity | None], Letter]
Judge = Callable[[Draft, Trace, Thread], Judged]
Versions = Callable[[Sequence[str]], Mapping[str, str]]  # of sources by id, as the live index has them


@dataclass(frozen=True)
class ReviewDesk:
    """What a decision needs. `helpdesk` None: the ticket is not looked at before an approval (deliver always looks).
    `judge` None: an edit keeps the findings and marks them as overruled. `versions` None: articles never change.
    `looks`: when the ticket was read (seconds of the monotonic clock), what it said, and since when the case had stood
    as it did, by case."""

    ledger: Ledger
    policy: Policy
    tags: Tags
    letter_for: LetterFor
    enqueue: Enqueue
    helpdesk: Helpdesk | None = None
    judge: Judge | None = None
    versions: Versions | None = None
    looks: dict[str, tuple[float, str, datetime]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """`words`: why it was not done, or what came of it besides; finished sentences for the lead. `made`: id of the
    send, draft or doorbell."""

    done: bool
    words: str = ""
    made: str = ""


@dataclass(frozen=True)
class Current:
    """The newest draft of a case, with what it was made from."""

    case: Case
    draft_id: str
    draft: Draft
    trace: Trace
    thread: Thread
    letter: Letter
