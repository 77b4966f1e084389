"""A ticket's thread as it must be judged: which reply of ours answers which message, and what is still unanswered.

A reply may cross with a customer's next message. By time alone it would stand behind that message and make it look
answered; the ledger knows better. Called by everything that reads a thread before it decides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from worker.models import Author, Message, Send, SendState, Status, Thread, Trace
from worker.ports import Helpdesk, Ledger
from worker.support.bodies import body_hash

# A dropped one may show late too: it was not there when somebody looked, and the customer had written since.
_IN_DOUBT = (SendState.POSTING, SendState.STRANDED, SendState.DROPPED)


def read_thread(ticket_id: int, helpdesk: Helpdesk, ledger: Ledger) -> Thread:
    """The thread, each reply of ours right behind the message that it answers. Raises what the two raise."""
    thread = helpdesk.thread(ticket_id)
    if not any(_ours(m) for m in thread.messages):
        return thread
    return beside_what_they_answer(thread, ledger.sends.replies_of(ticket_id))


def beside_what_they_answer(thread: Thread, replies: Sequence[Send]) -> Thread:
    """Replies that the ledger does not know stay where they are: they answer everything before them."""
    keys = {m.key for m in thread.messages}
    answers = {m.key: asked for m in thread.messages if _ours(m) and (asked := _answered(m, replies)) in keys}
    ordered: list[Message] = []
    for message in thread.messages:
        if message.key not in answers:
            ordered.append(message)
            ordered += [m for m in thread.messages if answers.get(m.key) == message.key]
    return Thread(ticket=thread.ticket, messages=tuple(ordered))


def waiting(thread: Thread) -> list[Message]:
    """What the customer wrote since anybody last answered, newest first. Where nothing waits, the newest message of
    the customer, answered as it is, or the first entry of a ticket on which no customer wrote: so the reason to ignore
    it is kept too."""
    pending: list[Message] = []
    for message in thread.messages:
        if message.public and message.author in (Author.PERSON, Author.DESKHAND):
            pending = []
        elif message.public and message.author is Author.CUSTOMER:
            pending.insert(0, message)
    return pending or [thread.newest_from_customer or thread.messages[0]]


def wrote_after(thread: Thread, message_key: str, but: Collection[str] = ()) -> bool:
    """Whether the customer wrote anything after that message, other than the messages `but`."""
    later = thread.after(message_key)
    return any(m.author is Author.CUSTOMER and m.public and m.key not in but for m in later)


def set_aside(ticket_id: int, ledger: Ledger) -> frozenset[str]:
    """The ticket's messages that need no answer for what they say: automatic ones, and thanks. One that was left alone
    because of its ticket (a colleague had it, it was closed) may well be a question."""
    ignored = [c for c in ledger.cases.of_ticket(ticket_id) if c.status is Status.IGNORED]
    return frozenset(c.message_key for c in ignored if _says_nothing(ledger.cases.trace(c.case_id)))


def _says_nothing(trace: Trace | None) -> bool:
    return trace is not None and any(asked.hit and asked.of_words for asked in trace.asked)


def _ours(message: Message) -> bool:
    return message.author is Author.DESKHAND and message.public


def _answered(message: Message, replies: Sequence[Send]) -> str:
    """The key of the message that this reply answers; "" if the ledger does not know."""
    for send in replies:
        if send.remote_id and message.key == f"c{send.remote_id}":
            return send.message_key
    said = body_hash(message.html or message.text)
    return next((s.message_key for s in replies if s.state in _IN_DOUBT and s.body_hash == said), "")
