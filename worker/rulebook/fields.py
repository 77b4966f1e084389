"""The facts that a rule of routing.yaml may ask about: their names, kinds, and what holds where nothing is said.

The catalogue only; support/gate.py fills it from a thread. An example in a rules file starts from these defaults, an
ordinary open e-mail, and changes what it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from worker.models import Channel, TicketState

Fact = str | int | bool | tuple[str, ...]
Facts = Mapping[str, Fact]


class Kind(StrEnum):
    TEXT = "text"
    CHOICE = "one of a few words"
    NUMBER = "a number"
    FLAG = "true or false"
    LIST = "a list of words"


@dataclass(frozen=True)
class Field:
    kind: Kind
    default: Fact
    meaning: str
    choices: tuple[str, ...] = ()


FIELDS: Mapping[str, Field] = {
    "subject": Field(Kind.TEXT, "", "the ticket's subject"),
    "words": Field(Kind.TEXT, "", "what the customer wrote now, without quoted mail and signature"),
    "subject_and_words": Field(Kind.TEXT, "", "both, one after the other"),
    "from_email": Field(Kind.TEXT, "", "the address that this message came from"),
    "requester_email": Field(Kind.TEXT, "", "the address that the ticket belongs to"),
    "channel": Field(Kind.CHOICE, Channel.EMAIL.value, "how the ticket came in", tuple(Channel)),
    "state": Field(Kind.CHOICE, TicketState.OPEN.value, "the ticket's status", tuple(TicketState)),
    "tags": Field(Kind.LIST, (), "the ticket's tags"),
    "spam": Field(Kind.FLAG, False, "the ticket is marked as spam"),
    "deleted": Field(Kind.FLAG, False, "the ticket is in the trash"),
    "merged": Field(Kind.FLAG, False, "the ticket was merged into another"),
    "customer_wrote": Field(Kind.FLAG, True, "there is a message that a customer wrote"),
    "own_message": Field(Kind.FLAG, False, "the message is one of Deskhand's own"),
    "answered_by": Field(
        Kind.CHOICE, "nobody", "who replied publicly after the message", ("nobody", "deskhand", "person")
    ),
    "after_our_reply": Field(
        Kind.FLAG,
        False,
        "the last public entry before the message that the requester or an agent wrote is a reply of Deskhand's",
    ),
    "requester_is_agent": Field(Kind.FLAG, False, "the requester is one of the agents who write on the ticket"),
    "assigned_to_person": Field(Kind.FLAG, False, "the ticket is assigned, and not to Deskhand"),
    "person_wrote": Field(Kind.FLAG, False, "a human agent wrote a reply or a note on the ticket"),
    "only_thanks": Field(Kind.FLAG, False, "the words are thanks and nothing else"),
    "replies_on_ticket": Field(Kind.NUMBER, 0, "replies that Deskhand has sent on the ticket"),
    "replies_to_requester_today": Field(Kind.NUMBER, 0, "replies that Deskhand has sent this person in 24 hours"),
}

# What a message itself says, and behind what it stands. The other facts are of its ticket, and may be others by the
# time a reply leaves.
WRITTEN = frozenset({"subject", "words", "subject_and_words", "from_email", "only_thanks", "after_our_reply"})
# Where a ticket stands for now: it is reopened, restored, let go. Tags are not among them: ours says that a person has
# been called, and merging cannot be undone.
PASSING = frozenset({"state", "spam", "deleted", "assigned_to_person", "person_wrote"})


def ordinary(said: Mapping[str, Fact]) -> dict[str, Fact]:
    """All facts of an ordinary open e-mail, with `said` in their place; subject and words are put together."""
    facts: dict[str, Fact] = {name: field.default for name, field in FIELDS.items()} | dict(said)
    if "subject_and_words" not in said:
        facts["subject_and_words"] = f"{facts['subject']}\n\n{facts['words']}"
    return facts
