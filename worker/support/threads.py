"""A ticket's thread as it must be judged: which reply of ours answers which message, and what is still unanswered.

A reply may cross with a customer's next message. By time alone it would stand behind that message and make it look
answered; the ledger knows better. Called by everything that reads a thread before it decides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from worker.models import Author, Case, Message, Send, SendKind, SendState, Status, Thread, Trace, place
from worker.ports import Helpdesk, Ledger
from worker.support.bodies import body_hash
from worker.support.masked import masked
from worker.support.tagging import coming_off

_JUDGED = (Status.HELD, Status.APPROVED, Status.SENT, Status.HANDED_OVER)
# A dropped one may show late too: it was not there when somebody looked, and the customer had written since.
_IN_DOUBT = (SendState.POSTING, SendState.STRANDED, SendState.DROPPED)


def read_thread(
    ticket_id: int, helpdesk: Helpdesk, ledger: Ledger, known: Thread | None = None, leaving: Send | None = None
) -> Thread:
    """The thread, each reply of ours right behind the message that it answers, and holding replies, which answer none,
    as if they were notes; without the numbers that nobody should keep (masked.py), and without tags of ours that are
    on their way off (tagging.py). Raises what the two raise.

    `known`: the thread as it was read before, for whoever only wants to know whether it still is as it was. Whoever
    was rung must not name it: that somebody rang says more than a ticket's time. `leaving`: a reply that is about to
    be sent, and that may be there already where the ledger is older than it: one that was put back from a backup."""
    first = known is None and not ledger.cases.of_ticket(ticket_id)
    # Asked before the ticket is read: of a tag that came off in between, the ticket read earlier would still tell.
    untrue = frozenset() if first or known is not None else coming_off(ledger.sends.of_ticket(ticket_id))
    thread = _untagged(helpdesk.thread(ticket_id, known=known, first=first), untrue)
    if not any(_ours(m) or _unsigned(m) for m in thread.messages):
        return masked(thread, known)
    sends = ledger.sends.replies_of(ticket_id)
    # Before anything is masked: a reply is known by the hash of its body, numbers and all.
    thread = masked(signed(thread, [*sends, leaving] if leaving else sends), known)
    thread = answering_nothing(thread, [send for send in sends if send.kind is SendKind.HOLDING])
    return beside_what_they_answer(thread, [send for send in sends if send.kind is SendKind.REPLY])


def _untagged(thread: Thread, untrue: frozenset[str]) -> Thread:
    if untrue.isdisjoint(thread.ticket.tags):
        return thread
    tags = tuple(tag for tag in thread.ticket.tags if tag not in untrue)
    return thread.model_copy(update={"ticket": thread.ticket.model_copy(update={"tags": tags})})


def signed(thread: Thread, replies: Sequence[Send]) -> Thread:
    """Freshdesk may leave out who wrote an entry: one that is, or says the same as, a reply that we sent is ours."""
    theirs = {m.key for m in thread.messages if _unsigned(m) and _sent(m, replies)}
    if not theirs:
        return thread
    ours = {"author": Author.DESKHAND}
    return thread.saying(m.model_copy(update=ours) if m.key in theirs else m for m in thread.messages)


def answering_nothing(thread: Thread, holdings: Sequence[Send]) -> Thread:
    """Holding replies are set to private: what asks whether a message was answered looks at public ones only."""
    theirs = {m.key for m in thread.messages if _ours(m) and _answered(m, holdings)}
    if not theirs:
        return thread
    marked = {"public": False, "holding": True}
    said = (m.model_copy(update=marked) if m.key in theirs else m for m in thread.messages)
    return thread.saying(said)


def beside_what_they_answer(thread: Thread, replies: Sequence[Send]) -> Thread:
    """Replies that the ledger does not know stay where they are: they answer everything before them."""
    keys = {m.key for m in thread.messages}
    answers = {m.key: asked for m in thread.messages if _ours(m) and (asked := _answered(m, replies)) in keys}
    ordered: list[Message] = []
    for message in thread.messages:
        if message.key not in answers:
            ordered.append(message)
            ordered += [m for m in thread.messages if answers.get(m.key) == message.key]
    return thread.saying(ordered)


def waiting(thread: Thread) -> list[Message]:
    """What the customer wrote since anybody last answered, newest first. Where nothing waits, the newest message of
    the customer, answered as it is, or the first entry of a ticket on which no customer wrote: so the reason to ignore
    it is kept too."""
    pending: list[Message] = []
    for message in thread.messages:
        if message.public and message.author in (Author.PERSON, Author.DESKHAND):
            pending = []
        elif _theirs(message):
            pending.insert(0, message)
    return pending or [thread.newest_from_customer or thread.messages[0]]


def unanswered(thread: Thread, message: Message, but: Collection[str] = ()) -> list[Message]:
    """What the customer wrote since anybody last answered publicly, up to `message`: two mails in a row are one. The
    message itself where nothing of that waits. `but`: keys of messages to leave out."""
    pending: list[Message] = []
    for m in thread.messages:
        if m.public and m.author in (Author.PERSON, Author.DESKHAND):
            pending = []
        elif _theirs(m) and m.key not in but:
            pending.append(m)
        if m.key == message.key:
            break
    return pending or [message]


def wrote_after(thread: Thread, message_key: str, but: Collection[str] = (), read: Thread | None = None) -> bool:
    """Whether the customer wrote anything after that message, other than the messages `but`. Where `read` is given,
    the thread as it was when the message was answered, also whether anything of theirs has shown up since: by its
    time or number it may stand before the message."""
    # A thread without messages is that of a ticket which nobody could read.
    seen = read if read is not None and read.messages else thread
    keys = {m.key for m in seen.messages}
    new = [*thread.after(message_key), *(m for m in thread.messages if m.key not in keys)]
    return any(_theirs(m) and m.key not in but for m in new)


def covered(case: Case, cases: Sequence[Case]) -> bool:
    """Whether a newer message of the ticket has a case, of `cases`, that answers this one too, or has."""
    here = place(case.message_key) or 0
    newer = [c for c in cases if (place(c.message_key) or 0) > here]
    return any(c.status not in (Status.IGNORED, Status.SUPERSEDED) for c in newer)


def latecomers(thread: Thread, ledger: Ledger) -> list[Message]:
    """What the customer wrote and nobody will ever answer: it has no case, and showed up only after a newer message of
    theirs was judged, so that the newer one's reply makes it look answered. Where a person has the newer one, or has
    written since, a person sees it anyhow."""
    cases = ledger.cases.of_ticket(thread.ticket.ticket_id)
    known = {c.message_key for c in cases if c.status is not Status.OPEN}
    judged = [c for c in cases if c.status in _JUDGED]
    order = {m.key: i for i, m in enumerate(thread.messages)}
    unread: list[Message] = []
    for message in thread.messages:
        if message.public and message.author is Author.PERSON:
            unread = []
        elif _theirs(message) and message.key not in known:
            unread.append(message)
    return [m for m in unread if (c := _next(judged, m, order)) is not None and not _read(c, m, ledger)]


def _next(judged: Sequence[Case], message: Message, order: dict[str, int]) -> Case | None:
    newer = [c for c in judged if order.get(c.message_key, -1) > order[message.key]]
    return min(newer, key=lambda c: order[c.message_key], default=None)


def _read(case: Case, message: Message, ledger: Ledger) -> bool:
    """Whether whoever judged the case saw the message, or a person does."""
    read = ledger.cases.thread(case.case_id)
    return case.status is Status.HANDED_OVER or read is None or any(m.key == message.key for m in read.messages)


def set_aside(ticket_id: int, ledger: Ledger) -> frozenset[str]:
    """The ticket's messages that need no answer for what they say: automatic ones, and thanks. One that was left alone
    because of its ticket (a colleague had it, it was closed) may well be a question."""
    ignored = [c for c in ledger.cases.of_ticket(ticket_id) if c.status is Status.IGNORED]
    return frozenset(c.message_key for c in ignored if _says_nothing(ledger.cases.trace(c.case_id)))


def _says_nothing(trace: Trace | None) -> bool:
    return trace is not None and any(asked.hit and asked.of_words for asked in trace.asked)


def _theirs(message: Message) -> bool:
    return message.public and message.author is Author.CUSTOMER


def _ours(message: Message) -> bool:
    return message.author is Author.DESKHAND and message.public


def _unsigned(message: Message) -> bool:
    return message.author is Author.SYSTEM and message.public and message.author_id is None


def _sent(message: Message, replies: Sequence[Send]) -> bool:
    said = body_hash(message.html or message.text)
    return any(s.body_hash == said or (s.remote_id and message.key == f"c{s.remote_id}") for s in replies)


def _answered(message: Message, replies: Sequence[Send]) -> str:
    """The key of the message that this reply answers; "" if the ledger does not know."""
    for send in replies:
        if send.remote_id and message.key == f"c{send.remote_id}":
            return send.message_key
    said = body_hash(message.html or message.text)
    return next((s.message_key for s in replies if s.state in _IN_DOUBT and s.body_hash == said), "")
