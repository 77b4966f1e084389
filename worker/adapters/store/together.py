"""One commit for all who wait for one: a commit costs a write to the disk, whether it holds one row or fifty.

Two hundred webhooks a second that each wait for a commit of their own wait for one another. Here whoever comes while a
commit is under way joins the next one, and nobody waits for company. Called by doorbells.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.errors import Permanent, Retryable, Trouble

Values = Mapping[str, Any]


def _not_committed() -> Trouble:
    return Retryable("the commit that this row had joined was broken off", part="ledger")


@dataclass
class _Waiting:
    """`trouble` stands until the row is known to be committed: whatever ends a batch, nobody is told of a row that is
    not there."""

    values: Values
    done: bool = False
    trouble: Trouble | None = field(default_factory=_not_committed)


class Together:
    """`store` writes rows in one transaction of its own and has committed them when it returns; raises Trouble for all
    of them. Thread-safe."""

    def __init__(self, store: Callable[[Sequence[Values]], None]) -> None:
        self._store = store
        self._joining = threading.Lock()
        self._committing = threading.Lock()
        self._waiting: list[_Waiting] = []

    def commit(self, values: Values) -> None:
        """Returns once the row is committed. Raises Trouble where it is not known to be."""
        mine = _Waiting(values)
        with self._joining:
            self._waiting.append(mine)
        # Whoever gets here first commits for all who wait; the others find theirs done when they get here.
        with self._committing:
            if not mine.done:
                with self._joining:
                    batch, self._waiting = self._waiting, []
                self._commit_all(batch)
        if mine.trouble is not None:
            raise mine.trouble

    def _commit_all(self, batch: Sequence[_Waiting]) -> None:
        try:
            trouble = self._tried([one.values for one in batch])
            # A row that cannot be stored must not take those with it that came at the same moment.
            alone = isinstance(trouble, Permanent) and len(batch) > 1
            for one in batch:
                one.trouble = self._tried([one.values]) if alone else trouble
        finally:
            for one in batch:
                one.done = True

    def _tried(self, rows: Sequence[Values]) -> Trouble | None:
        try:
            self._store(rows)
        except Trouble as trouble:
            return trouble
        return None
