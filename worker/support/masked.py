"""A ticket's thread without the card, account, PAN and Aadhaar numbers and the codes that people write into mails.

Deskhand works on this thread, and this one is what the ledger keeps of it; the original stays at the helpdesk. Called
by threads.read_thread, and by operations/old_tickets.py for what is replayed, so that no stage ever sees the other one.
"""

from __future__ import annotations

from worker.intake.mailtext import LONGEST, seen_and_hidden
from worker.intake.masking import has_numbers, mask, mask_html
from worker.models import Author, Message, Thread, Ticket

LONGEST_HTML = 200_000  # characters; of a longer mail its text is kept, as much of it as anything reads
_CUT_THROUGH = 200  # characters that a number and the words behind it are written over


def masked(thread: Thread, known: Thread | None = None) -> Thread:
    """The same thread where there is nothing to mask, as nearly always. `known`: a masked thread, whose very messages
    are not looked through again."""
    done = {id(m) for m in known.messages} if known is not None else set()
    messages = tuple(m if id(m) in done else _message(m) for m in thread.messages)
    ticket = _ticket(thread.ticket)
    if ticket is thread.ticket and all(a is b for a, b in zip(messages, thread.messages, strict=True)):
        return thread
    return Thread(ticket=ticket, messages=messages, read_at=thread.read_at)


def _ticket(ticket: Ticket) -> Ticket:
    fields = {name: mask(value) if isinstance(value, str) else value for name, value in ticket.custom_fields.items()}
    subject = mask(ticket.subject)
    if subject == ticket.subject and fields == ticket.custom_fields:
        return ticket
    return ticket.model_copy(update={"subject": subject, "custom_fields": fields})


def _message(message: Message) -> Message:
    if message.author is Author.DESKHAND:  # it is told from others by the hash of its body
        return message
    # Beside words in HTML nobody reads the text.
    text = _beginning(message.text, LONGEST if message.html.strip() else LONGEST_HTML)
    html = _html(message.html)
    if html is None:
        visible, _ = seen_and_hidden(message.html)
        html, text = "", _beginning(visible, LONGEST_HTML)
    return (
        message
        if (html, text) == (message.html, message.text)
        else message.model_copy(update={"html": html, "text": text})
    )


def _beginning(text: str, most: int) -> str:
    """At most so many characters of it, masked, and no number of which a part was cut off, or the words behind it."""
    return mask(text) if len(text) <= most else mask(text[:most])[:-_CUT_THROUGH]


def _html(html: str) -> str | None:
    """Its numbers masked between the tags; None where some would stay, in an attribute or in odd markup."""
    if not any(char.isdigit() for char in html):
        return html
    if len(html) > LONGEST_HTML:
        return None
    done = mask_html(html)
    return None if has_numbers(done) or has_numbers(seen_and_hidden(done)[0]) else done
