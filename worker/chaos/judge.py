"""The count: what became of every mail, over the sandbox's own journal first and the ledger second. Starts nothing.

A mail is *sent* if the journal has a public reply to it, *held* if the ledger holds its draft, *handed over* if the
ledger says so and the journal has the private note that tells people, *ignored* if the ledger holds the reason or a
colleague took the ticket out of our hands. Where a customer wrote again before an answer, the later mail's end is the
earlier one's too, if the thread that the later case was concluded with shows the earlier mail. All else is *lost*.
*Duplicated* are replies beyond the first to one mail; *unexpected* are replies that should not have gone out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from worker.chaos.traffic import AUTOMATIC, QUESTION, Mail
from worker.models import Case, Send, SendKind, SendState, Status
from worker.sandbox.nouns import BOT_ID, CLOSED

Entry = dict[str, Any]
LOST, SENT, HELD, HANDED_OVER, IGNORED = "lost", "sent", "held", "handed_over", "ignored"
# Between the last look at the thread and the request's arrival somebody else may write: no client can rule that out.
WINDOW = 1.5  # seconds; longer where the sending process was stopped just then, up to what `not_after` allows


@dataclass(frozen=True)
class Books:
    """What the ledger holds at the end."""

    cases: Mapping[tuple[int, str], Case]
    sends: Sequence[Send]
    doorbell_ends: Mapping[int, Sequence[str]]  # outcomes by ticket
    read: Mapping[str, Collection[str]]  # by case, the keys of the messages in the thread that it was concluded with


@dataclass
class Count:
    """`outcomes` by mail; what is wrong is in words, for a person who has to look."""

    outcomes: dict[tuple[int, str], str] = field(default_factory=dict)
    joined: int = 0  # answered together with a later mail of the same customer
    duplicated: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    overtaken: list[float] = field(default_factory=list)  # seconds by which somebody was faster, within the window

    def figures(self) -> dict[str, int]:
        ends = Counter(self.outcomes.values())
        names = (SENT, HELD, HANDED_OVER, IGNORED, LOST)
        wrong = {"duplicated": len(self.duplicated), "unexpected": len(self.unexpected)}
        return {"messages": len(self.outcomes)} | {name: ends[name] for name in names} | wrong

    @property
    def lost(self) -> list[tuple[int, str]]:
        return [mail for mail, end in self.outcomes.items() if end == LOST]


def at(entry: Entry, name: str = "at") -> float:
    return datetime.fromisoformat(entry[name]).timestamp()


class Judge:
    """`pauses`: when workers stood still; `bound`: the longest that a request may leave after its last look."""

    def __init__(
        self,
        journal: Sequence[Entry],
        books: Books,
        mails: Sequence[Mail],
        pauses: Sequence[tuple[float, float]],
        bound: float,
    ) -> None:
        self._books, self._pauses, self._bound = books, pauses, bound
        self._mails: dict[int, list[Mail]] = defaultdict(list)
        written = {(e["ticket_id"], e["key"]): e for e in journal if e["kind"] == "customer_message"}
        self._written = {key: at(entry) for key, entry in written.items()}
        for mail in sorted(mails, key=lambda m: written[m.ticket_id, m.key]["seq"]):
            self._mails[mail.ticket_id].append(mail)
        self._names = {mail.name.split()[0] for mail in mails}
        self._entries: dict[int, list[Entry]] = defaultdict(list)
        for entry in journal:
            self._entries[entry["ticket_id"]].append(entry)
        self._sends_of: dict[str, list[Send]] = defaultdict(list)
        for send in books.sends:
            self._sends_of[send.case_id].append(send)
        self._answers = self._attributed()

    def count(self) -> Count:
        done = Count()
        for mails in self._mails.values():
            self._count_outcomes(mails, done)
        for (ticket_id, key), replies in self._answers.items():
            done.duplicated += [f"ticket {ticket_id}, {key}: {e['conversation_id']}" for e in replies[1:]]
            for reply in replies:
                self._look_at(reply, ticket_id, key, done)
        return done

    def _attributed(self) -> dict[tuple[int, str], list[Entry]]:
        """Our public replies in the journal by the mail that they answer: as the ledger has it, else the newest mail
        when the request came."""
        keys = {s.remote_id: s.message_key for s in reversed(self._books.sends) if s.kind is SendKind.REPLY}
        answers: dict[tuple[int, str], list[Entry]] = defaultdict(list)
        for ticket_id, entries in self._entries.items():
            for entry in entries:
                if entry["kind"] == "reply" and entry["agent_id"] == BOT_ID and not entry["private"]:
                    key = keys.get(str(entry["conversation_id"])) or self._newest(ticket_id, at(entry, "arrived"))
                    answers[ticket_id, key].append(entry)
        return answers

    def _newest(self, ticket_id: int, moment: float) -> str:
        """The newest question, or the newest mail where there is no question."""
        earlier = [m for m in self._mails[ticket_id] if self._written[m.ticket_id, m.key] < moment]
        asked = [m for m in earlier if m.kind == QUESTION] or earlier
        return asked[-1].key if asked else "ticket"

    # ------------------------------------------------------------ what became of a mail

    def _count_outcomes(self, mails: Sequence[Mail], done: Count) -> None:
        """From the last to the first, since an earlier mail may have been answered together with a later one."""
        later: list[tuple[Mail, str]] = []  # the nearest first
        for mail in reversed(mails):
            end = self._own_end(mail)
            if end in (SENT, HELD, HANDED_OVER):
                later.insert(0, (mail, end))
            elif end == LOST and (shared := next((e for other, e in later if self._saw(other, e, mail)), "")):
                end, done.joined = shared, done.joined + 1
            elif end == LOST and self._out_of_our_hands(mail):
                end = IGNORED
            done.outcomes[mail.ticket_id, mail.key] = end

    def _saw(self, later: Mail, end: str, mail: Mail) -> bool:
        """Whether whoever ended `later` had `mail` before them: without this, a reply to the second of two mails would
        count for the first also where nobody ever read the first. A person who gets the ticket reads all of it."""
        case = self._books.cases.get((later.ticket_id, later.key))
        return end == HANDED_OVER or (case is not None and mail.key in self._books.read.get(case.case_id, ()))

    def _own_end(self, mail: Mail) -> str:
        if self._answers.get((mail.ticket_id, mail.key)):
            return SENT
        case = self._books.cases.get((mail.ticket_id, mail.key))
        if case is None:
            return LOST
        if case.status is Status.HELD:  # the leads have it in their queue, with or without the note on the ticket
            return HELD
        if case.status is Status.HANDED_OVER:
            return HANDED_OVER if self._told(case) else LOST
        if case.status is Status.IGNORED and case.reasons:
            return IGNORED if mail.kind != QUESTION or self._explained(mail) else LOST
        return LOST

    def _told(self, case: Case) -> bool:
        """Whether the journal has the private note that the ledger says it sent."""
        notes = {s.remote_id for s in self._sends_of[case.case_id] if s.kind is not SendKind.REPLY}
        seen = {str(e["conversation_id"]) for e in self._entries[case.ticket_id] if e["kind"] == "note"}
        return bool(notes & seen)

    def _explained(self, mail: Mail) -> bool:
        """A question may be left alone only where a colleague has the ticket, by his own act or because it was handed
        over, or where it was answered already."""
        if self._out_of_our_hands(mail):
            return True
        handed_over = any("handed-over" in str(e.get("changes")) for e in self._entries[mail.ticket_id])
        replies = [e for (ticket, _), answers in self._answers.items() if ticket == mail.ticket_id for e in answers]
        return handed_over or any(at(e) > self._written[mail.ticket_id, mail.key] for e in replies)

    def _out_of_our_hands(self, mail: Mail) -> bool:
        """A colleague answered, noted, closed, took, merged, marked or deleted it: a person has the ticket."""
        people = [e for e in self._entries[mail.ticket_id] if e.get("agent_id") not in (None, BOT_ID)]
        return any(e["kind"] in ("reply", "note", "change") for e in people)

    # ------------------------------------------------------------ replies that should not have gone out

    def _look_at(self, reply: Entry, ticket_id: int, key: str, done: Count) -> None:
        mail = next((m for m in self._mails[ticket_id] if m.key == key), None)
        where = f"ticket {ticket_id}, {key}, conversation {reply['conversation_id']}"
        if mail is None:
            done.unexpected.append(f"{where}: a reply to nobody's mail")
            return
        if mail.kind == AUTOMATIC:
            done.unexpected.append(f"{where}: to an answering machine")
        if strangers := [n for n in self._names if n in reply["text"] and n != mail.name.split()[0]]:
            done.unexpected.append(f"{where}: names {strangers[0]}, the customer is {mail.name}")
        for moment, what in self._in_the_way(reply, mail):
            ahead = at(reply, "arrived") - moment
            if ahead > self._window(moment, at(reply, "arrived")):
                done.unexpected.append(f"{where}: {what} {ahead:.2f} s before the request came")
            else:
                done.overtaken.append(ahead)

    def _in_the_way(self, reply: Entry, mail: Mail) -> list[tuple[float, str]]:
        """What had happened on the ticket when the request for `reply` came: (when, what)."""
        arrived, since = at(reply, "arrived"), self._written[mail.ticket_id, mail.key]
        found: list[tuple[float, str]] = []
        closed: float | None = None
        for entry in self._entries[mail.ticket_id]:
            if at(entry) >= arrived:
                break
            changes = entry.get("changes") or {}
            if entry["kind"] == "customer_message" and at(entry) > since:
                if self._kind(mail.ticket_id, entry["key"]) == QUESTION:
                    found.append((at(entry), "the customer wrote again"))
            elif entry["kind"] == "reply" and entry["agent_id"] != BOT_ID:
                found.append((at(entry), "a colleague answered"))
            elif changes.get("spam") or changes.get("deleted"):
                found.append((at(entry), "it was spam or deleted"))
            elif "status" in changes:
                closed = at(entry) if changes["status"] == CLOSED else None
        return found + ([(closed, "it was closed")] if closed is not None else [])

    def _kind(self, ticket_id: int, key: str) -> str:
        return next((m.kind for m in self._mails[ticket_id] if m.key == key), "")

    def _window(self, begun: float, ended: float) -> float:
        paused = sum(max(0.0, min(ended, end) - max(begun, start)) for start, end in self._pauses)
        return min(WINDOW + paused, max(self._bound, WINDOW))


def stranded(books: Books) -> int:
    return sum(send.state is SendState.STRANDED for send in books.sends)
