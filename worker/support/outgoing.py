"""What goes to Freshdesk besides the reply's own words: tags, status, and the private notes for colleagues.

Notes are built by code and escaped; they show a lead what to do and where, and never hold more of a customer's record
than the ticket itself already shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from worker.models import Draft, SendKind, Source, TicketChange, Verdict
from worker.ports import Outgoing
from worker.support.bodies import body_hash
from worker.support.desk import Policy


@dataclass(frozen=True)
class Tags:
    """The tags that Deskhand puts on tickets, by name."""

    sent: str = "deskhand-sent"
    held: str = "deskhand-held"
    handed_over: str = "deskhand-handed-over"


def reply_outgoing(draft: Draft, policy: Policy, tags: Tags) -> Outgoing:
    """The public reply: exactly the draft's body; afterwards the ticket's tags and status, in one write."""
    change = TicketChange(
        add_tags=(tags.sent,), remove_tags=(tags.held, tags.handed_over), state=policy.state_after_reply
    )
    return Outgoing(kind=SendKind.REPLY, body_html=draft.body_html, body_hash=draft.body_hash, change=change)


def held_note(case_id: str, draft: Draft, verdict: Verdict, policy: Policy, tags: Tags) -> Outgoing:
    """Tells the team that a draft waits: why it was held, what it rests on, and where to approve it."""
    link = f"{policy.console_link}/cases/{case_id}"
    body = "".join(
        [
            "<p><b>Deskhand has a draft for this ticket.</b> It was not sent.</p>",
            _list("Why a person should look", verdict.reasons),
            _list("Findings", [f.what for f in draft.findings]),
            _list("Sources", [s.title for s in cited(draft)]),
            f"<p>{_link(link, 'Review the draft')} (approve, edit or reject)</p>",
        ]
    )
    return _note(SendKind.HELD_NOTE, body, TicketChange(add_tags=(tags.held,)))


def handover_note(verdict: Verdict, tags: Tags) -> Outgoing:
    """Tells the team that Deskhand leaves this one to them, and why; sets group and priority by rule."""
    body = "<p><b>Deskhand leaves this ticket to you.</b> No reply was sent.</p>" + _list("Why", verdict.reasons)
    if verdict.group:
        body += f"<p>Meant for the group {escape(verdict.group)}.</p>"
    change = TicketChange(
        add_tags=(tags.handed_over,), remove_tags=(tags.held,), group=verdict.group, priority=verdict.priority
    )
    return _note(SendKind.HANDOVER_NOTE, body, change)


def rejected_note(reason: str, user: str, tags: Tags) -> Outgoing:
    """Tells the team that the draft they were told of is off the table, and why: somebody has to answer by hand."""
    body = f"<p><b>The draft was rejected by {escape(user)}:</b> {escape(reason)}</p><p>Please answer by hand.</p>"
    return _note(SendKind.HANDOVER_NOTE, body, TicketChange(remove_tags=(tags.held,)))


def taken_note(user: str, tags: Tags) -> Outgoing:
    """Tells the team that a colleague answers this ticket, so that nobody waits for Deskhand."""
    body = f"<p><b>{escape(user)} answers this ticket.</b> Deskhand sends nothing more here.</p>"
    return _note(SendKind.HANDOVER_NOTE, body, TicketChange(add_tags=(tags.handed_over,), remove_tags=(tags.held,)))


def given_back_note(user: str, tags: Tags) -> Outgoing:
    """Tells the team that Deskhand answers this ticket again, and takes the tag off for which it would leave it alone;
    that of a draft too, which the note on the taking over was to take off, and which may not have been written.
    A note, although only the tag matters: whoever was told that a colleague answers is told that she no longer does."""
    body = f"<p><b>{escape(user)} gave this ticket back.</b> Deskhand may answer the customer's next message.</p>"
    return _note(SendKind.GIVEN_BACK, body, TicketChange(remove_tags=(tags.handed_over, tags.held)))


def promise_note(words: Sequence[str], policy: Policy) -> Outgoing:
    """Tells the team that a ticket was ended on which something promised is still open. Changes nothing on it."""
    link = _link(f"{policy.console_link}/promises", "Mark it as kept")
    body = "".join(
        [
            "<p><b>This ticket was resolved, but not all that we promised on it is marked as kept.</b></p>",
            _list("We promised", words),
            f"<p>{link} if it is done; else please see to it.</p>",
        ]
    )
    return _note(SendKind.REMINDER, body, TicketChange())


def cited(draft: Draft) -> list[Source]:
    """The draft's sources that a sentence of it names, in the order found."""
    named = {source for part in draft.parts for s in part.sentences for source in s.sources}
    return [s for s in draft.sources if s.source_id in named]


def _note(kind: SendKind, body: str, change: TicketChange) -> Outgoing:
    return Outgoing(kind=kind, body_html=body, body_hash=body_hash(body), change=change)


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<p><b>{escape(title)}</b></p><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'
