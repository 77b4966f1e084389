"""What happened at the local Freshdesk, in order: customers' messages, replies, notes, changes, webhook attempts.

The witness for tests and fault runs: an entry is written when the thing takes effect, whatever the caller was told.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """Append-only and thread-safe; with `path` also written as JSON lines while things happen."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._changed = threading.Condition()
        self._file = Path(path).open("a", encoding="utf-8") if path else None  # noqa: SIM115 - kept open

    def write(self, kind: str, **facts: Any) -> Entry:
        """Adds {"seq", "at" (ISO, microseconds), "kind", ...facts}. `seq` counts from 1."""
        with self._changed:
            entry = {"seq": len(self._entries) + 1, "at": datetime.now(UTC).isoformat(), "kind": kind, **facts}
            self._entries.append(entry)
            if self._file:
                self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
                self._file.flush()
            self._changed.notify_all()
        return entry

    def read(self, *, kind: str | None = None, ticket_id: int | None = None, after: int = 0) -> list[Entry]:
        """Entries with seq > `after`, oldest first; `kind` may name several, comma-separated."""
        kinds = set(kind.split(",")) if kind else None
        with self._changed:
            found = self._entries[after:]
        return [
            e
            for e in found
            if (kinds is None or e["kind"] in kinds) and (ticket_id is None or e.get("ticket_id") == ticket_id)
        ]

    def wait(self, kind: str, *, count: int = 1, ticket_id: int | None = None, timeout: float = 10) -> list[Entry]:
        """Blocks until at least `count` such entries are there; returns what is there when time is up."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.read(kind=kind, ticket_id=ticket_id)) >= count, timeout)
        return self.read(kind=kind, ticket_id=ticket_id)

    def close(self) -> None:
        with self._changed:
            if self._file:
                self._file.close()
                self._file = None
