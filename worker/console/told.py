"""What was done with a case and on what, in words: the history on its page, and the lines of the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.console import words
from worker.models import Case, Send, SendKind, Status
from worker.ports import Ledger

Entry = Mapping[str, Any]
_OF_NO_WORDS = frozenset({"approve", "edit", "undo", "mind", "take over", "promise kept"})  # details are ids and logins
_NOTES = {Status.REJECTED: "Private note: rejected", Status.HANDED_OVER: "Private note: handed over"}


def history(ledger: Ledger, case_id: str, *, worked_on: bool) -> list[dict[str, Any]]:
    """Moves, edits and requests for other drafts, oldest first: at, what, by, said. `worked_on`: whether there can be
    any of the latter; the log of a year is not searched for the cases of which there are none."""
    done = ledger.reviews.done_on(case_id) if worked_on else ()
    acts = [{"at": e["at"], "what": words.ACTS[e["action"]], "by": e["user"], "said": _hint(e)} for e in done]
    moves = [
        {"at": m["at"], "what": words.status_words(m["to_status"]), "by": m["by"], "said": " ".join(m["reasons"])}
        for m in ledger.cases.moves(case_id)
    ]
    return sorted([*acts, *moves], key=lambda one: one["at"])


def _hint(entry: Entry) -> str:
    return f"“{entry['detail']}”" if entry["action"] == "redraft" and entry["detail"] else ""


def written(case: Case, send: Send) -> str:
    """What kind of thing was written to the ticket; a note tells how the case ended."""
    if send.kind is SendKind.HANDOVER_NOTE:
        return _NOTES.get(case.status, "Private note")
    return words.SENDS[send.kind]


def audited(ledger: Ledger, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries for the page: `act` in words, `on` and its address ("" for none), and a detail where it is words."""
    found: dict[str, Case | None] = {}
    out = []
    for entry in entries:
        subject, action = entry["subject"], entry["action"]
        if action in words.ON_CASES and subject not in found:
            found[subject] = ledger.cases.get(subject)
        case = found.get(subject) if action in words.ON_CASES else None
        out.append(
            {
                "at": entry["at"],
                "user": entry["user"],
                "act": _act(entry),
                "on": f"ticket {case.ticket_id}" if case else subject,
                "href": f"/cases/{subject}" if case else "",
                "detail": "" if action in _OF_NO_WORDS else entry["detail"],
            }
        )
    return out


def _act(entry: Entry) -> str:
    if entry["action"] == "mind" and not entry["detail"]:
        return "let it go"
    return words.ACTS.get(entry["action"], words.status_words(entry["action"]))
