"""What reviewers approved before, as examples for the trained choice of a template.

A case teaches where a person approved the reply as it was written: its question is one more example of the template
that the reply rests on. What was edited, rejected or sent by itself teaches nothing, and neither does a mail of several
questions, of which nobody knows which one the template answered. Called by whoever builds an index.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from worker.knowledge.choice import Example
from worker.models import Case, Status
from worker.ports.ledger import Cases

NEWEST = 2_000  # cases that are looked at
OF_A_TEMPLATE = 20  # examples at most: one that is asked every day must not drown the others
LONGEST = 300  # characters, as of an example question in a file
DESKHAND = "deskhand"  # who moved a case where no person did


def approved_examples(cases: Cases, newest: int = NEWEST) -> list[Example]:
    """At most OF_A_TEMPLATE for each template, the newest first. Raises what the ledger raises."""
    found: dict[Example, None] = {}
    counts: dict[str, int] = {}
    for example in _examples(cases, newest):
        if example not in found and counts.get(example.template_id, 0) < OF_A_TEMPLATE:
            found[example] = None
            counts[example.template_id] = counts.get(example.template_id, 0) + 1
    return list(found)


def _examples(cases: Cases, newest: int) -> Iterator[Example]:
    approved = (cases.by_status(status, limit=newest) for status in (Status.APPROVED, Status.SENT))
    for case in chain.from_iterable(approved):
        if not _approved_by_a_person(cases, case):
            continue
        written = cases.drafts(case.case_id)
        if not written:
            continue
        _, draft, trace = written[-1]
        if len(written) == 1 and draft.template_id and len(trace.questions) == 1:
            yield Example(text=trace.questions[0][:LONGEST], template_id=draft.template_id)


def _approved_by_a_person(cases: Cases, case: Case) -> bool:
    return any(move["to_status"] is Status.APPROVED and move["by"] != DESKHAND for move in cases.moves(case.case_id))
