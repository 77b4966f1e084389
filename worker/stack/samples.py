"""The sandbox's sample tickets, seen from outside: loads them, and reads the sandbox's own journal of what happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.sandbox.nouns import BOT_ID
from worker.stack.sandbox_at import SandboxAt

Entry = dict[str, Any]
_ENTRIES = "customer_message,reply"


@dataclass(frozen=True)
class Sample:
    """A sample ticket and the newest message on it that its customer wrote ("" if none did)."""

    ticket_id: int
    name: str
    message_key: str


class Sandbox(SandboxAt):
    """The sandbox that a stack runs."""

    def load_samples(self, stagger: float = 0.0) -> int:
        """Rings for every sample ticket, `stagger` seconds between two; how many there are. Returns before the last one
        is there if there are seconds between them: `all_there` tells."""
        return int(self.ask("POST", "/samples", {"stagger": stagger})["total"])

    def all_there(self) -> bool:
        """Whether every sample ticket was rung for."""
        now: dict[str, int] = self.ask("GET", "/samples")
        return now["loaded"] == now["total"]

    def samples(self) -> list[Sample]:
        newest = {e["ticket_id"]: e["key"] for e in self.journal() if e["kind"] == "customer_message"}
        rows: list[dict[str, Any]] = self.ask("GET", "/tickets")
        return [Sample(row["id"], row["sample"], newest.get(row["id"], "")) for row in rows if row["sample"]]

    def journal(self) -> list[Entry]:
        """Customers' messages and public replies, in the order in which they took effect."""
        rows: list[Entry] = self.ask("GET", "/journal", kind=_ENTRIES)
        return rows


def extra_replies(journal: Iterable[Entry]) -> int:
    """How many public replies of ours went out beyond the first one to each customer message."""
    since_message: dict[int, int] = {}
    extra = 0
    for entry in journal:
        ticket = entry["ticket_id"]
        if entry["kind"] == "customer_message":
            since_message[ticket] = 0
        elif entry["agent_id"] == BOT_ID and not entry["private"]:
            since_message[ticket] = since_message.get(ticket, 0) + 1
            extra += since_message[ticket] > 1
    return extra


def answered_tickets(journal: Iterable[Entry]) -> dict[int, datetime]:
    """Tickets on which a public reply of ours follows the customer's newest message, and since when it does."""
    answered: dict[int, datetime] = {}
    for entry in journal:
        if entry["kind"] == "customer_message":
            answered.pop(entry["ticket_id"], None)
        elif entry["agent_id"] == BOT_ID and not entry["private"]:
            answered.setdefault(entry["ticket_id"], datetime.fromisoformat(entry["at"]))
    return answered
