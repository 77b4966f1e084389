"""Which open drafts rest on words that have changed since: marked in the ledger whenever another index went live.

A page of the console asks the index itself (fresh.py); the marks are for lists, which cannot ask for each of a thousand
drafts. Called by scripts/index_kb.py after a swap or a rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from worker.models import Source
from worker.ports import Ledger
from worker.support.outgoing import cited

Versions = Callable[[Sequence[str]], Mapping[str, str]]  # as the live index gives them, by source id


def mark_stale(ledger: Ledger, versions: Versions) -> list[int]:
    """Marks the held cases whose newest draft cites a source that is gone or says something else, and unmarks all
    others; the tickets of those marked. Raises what ledger and index raise."""
    stale: dict[str, list[str]] = {}
    tickets: list[int] = []
    for ticket_id, draft_id, sources in _stale(ledger, versions):
        stale[draft_id] = [source.source_id for source in sources]
        tickets.append(ticket_id)
    ledger.reviews.mark_stale(stale)
    return tickets


def _stale(ledger: Ledger, versions: Versions) -> Iterator[tuple[int, str, list[Source]]]:
    """(ticket, draft, the sources that it cites in old words)."""
    for case_id, ticket_id in ledger.reviews.held_tickets().items():
        drafts = ledger.cases.drafts(case_id)
        draft_id, named = (drafts[-1][0], cited(drafts[-1][1])) if drafts else ("", [])
        now = versions([source.source_id for source in named]) if named else {}
        changed = [source for source in named if now.get(source.source_id, "") != source.version]
        if changed:
            yield ticket_id, draft_id, changed
