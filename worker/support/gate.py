"""The first stage: whether a message needs an answer of ours at all, before anything is paid for.

Turns a thread into the facts that rules/routing.yaml asks about, and the rules that hit into a verdict. No rule of its
own: what is ignored and what goes to a person is decided in the file. Called by pipeline.draft.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from worker.intake.senders import mailbox
from worker.models import Asked, Author, Message, Step, Thread, Ticket, Verdict
from worker.rulebook import Fact, Rule, Rulebook, Seen, Topic, ask

Trail = tuple[Asked, ...]
SomeRule = TypeVar("SomeRule", bound=Rule)


_THANKS = frozenset("thanks thank thankyou thx thanx dhanyavaad dhanyawad shukriya".split())
_BESIDE_THANKS = frozenset(
    """
    you u so very much many a lot again all team everyone sir madam hi hello dear ok okay great perfect super wonderful
    noted got received found it that this works worked helped helps is was clear solved resolved now good fine bahut ji
    regards best kind warm
    """.split()
)
# Set phrases beside thanks; their words alone ("I have a problem") would be a message.
_POLITE = re.compile(
    r"\bhave a (?:nice|good|great|lovely) (?:day|evening|week|weekend|one)\b"
    r"|\b(?:i|we) (?:really |very much )?appreciate (?:it|this)\b"
    r"|\bfor (?:your|the|all the|all your) (?:very )?(?:quick |kind |prompt |fast |great )?"
    r"(?:help|support|reply|answer|response|assistance|information|explanation)\b"
)


def gate(
    thread: Thread,
    message: Message | None,
    words: str,
    rulebook: Rulebook,
    *,
    forwarded: str = "",
    replies_on_ticket: int,
    replies_to_requester_today: int,
) -> tuple[Verdict | None, Trail]:
    """None: go on. Else ignore or hand over with all reasons. Ignoring wins, and then no topic is asked.

    `message`: what a case would answer, None if no customer wrote; `words`: what the customer wrote in it, without
    quoted mail; `forwarded`: what was passed on below. The trail holds every rule asked.
    """
    facts = gate_facts(
        thread,
        message,
        words,
        forwarded=forwarded,
        replies_on_ticket=replies_on_ticket,
        replies_to_requester_today=replies_to_requester_today,
    )
    ignoring = rulebook.routing.ignore
    seen = Seen(facts)
    asked = tuple(ask(rule, seen) for rule in ignoring)
    if reasons := tuple(rule.reason for rule in _hit(ignoring, asked)):
        return Verdict(step=Step.IGNORE, reasons=reasons), asked
    topics = rulebook.routing.hand_over
    asked_topics = tuple(ask(topic, seen) for topic in topics)
    if forwarded:
        below = Seen(facts | {"words": forwarded, "subject_and_words": forwarded})
        asked_topics = tuple(_of_either(topic, one, below) for topic, one in zip(topics, asked_topics, strict=True))
    return _handed_over(_hit(topics, asked_topics)), asked + asked_topics


def _of_either(topic: Topic, own: Asked, below: Seen) -> Asked:
    """Apart, since a phrase that begins in the one and ends in the other was written by nobody."""
    asked = own if own.hit else ask(topic, below)
    return (
        asked if own.hit or not asked.hit else asked.model_copy(update={"why": f"{asked.why}, in what was forwarded"})
    )


def gate_facts(
    thread: Thread,
    message: Message | None,
    words: str,
    *,
    forwarded: str = "",
    replies_on_ticket: int,
    replies_to_requester_today: int,
) -> dict[str, Fact]:
    """Everything in the catalogue worker/rulebook/fields.py, for this message."""
    ticket = thread.ticket
    return _of_ticket(ticket) | {
        "words": words,
        "subject_and_words": f"{ticket.subject}\n\n{words}",
        "from_email": _address(message, ticket),
        "customer_wrote": message is not None,
        "own_message": message is not None and message.author is Author.DESKHAND,
        "answered_by": _answered_by(thread, message),
        "requester_is_agent": _agent_is_requester(thread),
        "person_wrote": any(entry.author is Author.PERSON for entry in thread.messages),
        "after_our_reply": message is not None and _after_our_reply(thread, message),
        "only_thanks": not forwarded and only_thanks(words, ticket.requester.name),
        "replies_on_ticket": replies_on_ticket,
        "replies_to_requester_today": replies_to_requester_today,
    }


def _of_ticket(ticket: Ticket) -> dict[str, Fact]:
    return {
        "subject": ticket.subject,
        "requester_email": ticket.requester.email,
        "channel": ticket.channel.value,
        "state": ticket.state.value,
        "tags": ticket.tags,
        "spam": ticket.spam,
        "deleted": ticket.deleted,
        "merged": ticket.merged,
        "assigned_to_person": ticket.assigned_to_person,
    }


def only_thanks(words: str, name: str) -> bool:
    """Whether the words are thanks, what usually stands beside thanks, and the writer's name, without a question."""
    said = re.findall(r"[^\W\d_]+", _POLITE.sub(" ", words.casefold().replace("'", "")))
    beside = _THANKS | _BESIDE_THANKS | set(name.casefold().split())
    return bool(said) and "?" not in words and len(said) <= 25 and bool(_THANKS & set(said)) and set(said) <= beside


def _address(message: Message | None, ticket: Ticket) -> str:
    return mailbox(message.from_email if message else "") or ticket.requester.email


def _answered_by(thread: Thread, message: Message | None) -> str:
    """A person counts more than we do: with both, the ticket is the person's."""
    later = {entry.author for entry in (thread.after(message.key) if message else ()) if entry.public}
    if Author.PERSON in later:
        return "person"
    return "deskhand" if Author.DESKHAND in later else "nobody"


def _after_our_reply(thread: Thread, message: Message) -> bool:
    """What others wrote in between does not count: a mail server, or two, warn of a delay before one gives up."""
    customer, ours = mailbox(thread.ticket.requester.email), False
    for entry in thread.messages:
        if entry.key == message.key:
            break
        other = entry.author is Author.CUSTOMER and mailbox(entry.from_email) not in ("", customer)
        if entry.public and not other:
            ours = entry.author is Author.DESKHAND
    return ours


def _agent_is_requester(thread: Thread) -> bool:
    agents = {entry.author_id for entry in thread.messages if entry.author in (Author.PERSON, Author.DESKHAND)}
    return thread.ticket.requester.requester_id in agents


def _handed_over(topics: Sequence[Topic]) -> Verdict | None:
    """All reasons; the most urgent topic decides group and priority, the first in the file among equals."""
    if not topics:
        return None
    first = max(topics, key=lambda topic: topic.urgency)
    return Verdict(
        step=Step.HAND_OVER,
        reasons=tuple(topic.reason for topic in topics),
        group=first.group,
        priority=first.urgency,
    )


def _hit(rules: Sequence[SomeRule], asked: Sequence[Asked]) -> list[SomeRule]:
    return [rule for rule, answer in zip(rules, asked, strict=True) if answer.hit]
