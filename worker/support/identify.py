"""Who wrote, and how sure that is, by the steps of rules/identity.yaml: the first that finds a customer decides.

Never guesses: where a step fits several customers none is chosen. What a customer wrote (an id, a name) can claim but
not prove. Called by pipeline.draft; `contact` and `earlier` are calls to the helpdesk, made only if needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from worker.intake.senders import senders
from worker.models import Asked, Customer, Identity, Message, Requester, Strength, Thread
from worker.ports import Contact, Directory
from worker.rulebook import ANOTHER_ADDRESS_WROTE, CLAIMS_ANOTHER_ID, Rulebook, Step, Way, same_id

Earlier = Sequence[dict[str, Any]]
Found = dict[str, Customer]  # by customer id, so that two ways to the same customer are one


def identify(
    thread: Thread,
    words: str,
    rulebook: Rulebook,
    directory: Directory,
    *,
    written: Sequence[Message],
    contact: Callable[[], Contact | None],
    earlier: Callable[[], Earlier],
    known_customer: str | None,
) -> Identity:
    """The customer, or none. `existing` is true for whoever has any tie to us: found, an id claimed, or an earlier
    ticket. `words`: what the customer wrote now; `written`: the messages that it stands in; `known_customer`: whom our
    ledger took the requester for before. Trouble of the two calls and of the directory goes through."""
    search = _Search(thread, words, written, rulebook, directory, contact, earlier, known_customer)
    asked: list[Asked] = []
    for step in rulebook.identity.steps:
        found = search.by(step.find)
        asked.append(Asked(rule=step.id, hit=len(found) == 1, why=_why(found)))
        if len(found) > 1:
            return Identity(
                strength=Strength.UNKNOWN,
                found_by=step.id,
                existing=True,
                candidates=len(found),
                asked=(*asked, search.another_address_wrote(None)),
            )
        if found:
            return _identity(step, next(iter(found.values())), search, asked)
    asked.append(search.another_address_wrote(None))
    return Identity(strength=Strength.UNKNOWN, existing=search.has_a_tie(), asked=tuple(asked))


def _identity(step: Step, customer: Customer, search: _Search, asked: list[Asked]) -> Identity:
    another_id = search.claims_another_id(customer)
    another_address = search.another_address_wrote(customer)
    strength = step.strength
    if strength is Strength.VERIFIED and another_address.hit:
        strength = Strength.LINKED
    return Identity(
        strength=strength,
        found_by=step.id,
        customer=customer,
        existing=True,
        candidates=1,
        asked=(*asked, another_id, another_address),
    )


def _why(found: Found) -> str:
    if len(found) > 1:
        return f"fits {len(found)} customers, so none is chosen"
    return "fits one customer" if found else "fits no customer"


def in_copy(who: Identity, written: Sequence[Message], requester: Requester) -> list[str]:
    """Why the reply, which goes to the requester alone, might not reach who wrote. The helpdesk's number of the author
    is enough for that, though not for what may be told: it puts a contact's other addresses under the contact."""
    others = any(asked.rule == ANOTHER_ADDRESS_WROTE and asked.hit for asked in who.asked)
    if not others or all(message.author_id == requester.requester_id for message in written):
        return []
    return ["Somebody else than the requester wrote this, and a reply goes to the requester only."]


@dataclass
class _Search:
    """One message's look-ups. The helpdesk is asked at most once for each of contact and earlier tickets."""

    thread: Thread
    words: str
    written: Sequence[Message]
    rulebook: Rulebook
    directory: Directory
    ask_contact: Callable[[], Contact | None]
    ask_earlier: Callable[[], Earlier]
    known_customer: str | None

    def by(self, way: Way) -> Found:
        return self._ways[way]()

    @property
    def _ways(self) -> Mapping[Way, Callable[[], Found]]:
        return {
            Way.REGISTERED_EMAIL: lambda: self._by_email(registered=True),
            Way.ALTERNATE_EMAIL: lambda: self._by_email(registered=False),
            Way.PHONE: self._by_phone,
            Way.CONTACT_EMAILS: self._by_contact_emails,
            Way.EARLIER_TICKET: self._by_earlier_ticket,
            Way.CUSTOM_FIELD: lambda: self._by_ids([self._custom_field(self.thread.ticket.custom_fields)]),
            Way.TEXT: lambda: self._by_ids(self._ids_in_text),
        }

    def claims_another_id(self, customer: Customer) -> Asked:
        """A verified address with somebody else's id in the text is a mistake, or worse: a person should look."""
        others = self._claimed - {same_id(customer.customer_id)}
        why = "an id is named that is not this customer's" if others else "no other id is named"
        return Asked(rule=CLAIMS_ANOTHER_ID, hit=bool(others), why=why)

    def another_address_wrote(self, customer: Customer | None) -> Asked:
        """The ticket is the requester's, but anybody in copy can write in it: their words are not the customer's, and
        the reply goes to the requester. `customer`: None for somebody whom we do not know."""
        others = [message for message in self.written if not self._own(message, customer)]
        why = "somebody wrote who is not known to be the requester" if others else "an address of the requester's wrote"
        return Asked(rule=ANOTHER_ADDRESS_WROTE, hit=bool(others), why=why)

    def _own(self, message: Message, customer: Customer | None) -> bool:
        """Whether the requester, or another address of the same customer, is all that the message says it is from."""
        requester = self.thread.ticket.requester
        if not message.from_email.strip():  # as written in the portal: by the author's number alone
            return message.author_id in (None, requester.requester_id)
        named = senders(message.from_email)
        return bool(named) and all(one == requester.email.casefold() or self._is(one, customer) for one in named)

    def _is(self, address: str, customer: Customer | None) -> bool:
        return customer is not None and customer.customer_id in {
            known.customer_id for known, _ in self.directory.by_email(address)
        }

    def has_a_tie(self) -> bool:
        """For people whom no step found. Asks for earlier tickets last, since that costs a call."""
        return bool(self._claimed) or self.known_customer is not None or bool(self._earlier)

    def _by_email(self, *, registered: bool) -> Found:
        address = self.thread.ticket.requester.email
        matches = self.directory.by_email(address) if address else ()
        return _found(customer for customer, is_registered in matches if is_registered == registered)

    def _by_phone(self) -> Found:
        own = self._by_phones(self.thread.ticket.requester.phones)
        return own or self._by_phones(self._contact.phones if self._contact else ())

    def _by_phones(self, phones: Iterable[str]) -> Found:
        return _found(customer for phone in phones for customer in self.directory.by_phone(phone))

    def _by_contact_emails(self) -> Found:
        emails = self._contact.other_emails if self._contact else ()
        return _found(customer for email in emails for customer, _ in self.directory.by_email(email))

    def _by_earlier_ticket(self) -> Found:
        own = self._by_ids([self.known_customer or ""])
        return own or self._by_ids(self._custom_field(fields) for fields in self._earlier)

    def _by_ids(self, ids: Iterable[str]) -> Found:
        customers = (
            self.directory.by_id(written) or self.directory.by_id(same_id(written)) for written in ids if written
        )
        return _found(customer for customer in customers if customer is not None)

    def _custom_field(self, fields: Mapping[str, Any]) -> str:
        value = fields.get(self.rulebook.identity.customer_id.field)
        return str(value).strip() if isinstance(value, str | int) else ""

    @cached_property
    def _ids_in_text(self) -> tuple[str, ...]:
        return self.rulebook.identity.customer_id.seen_in(f"{self.thread.ticket.subject}\n{self.words}")

    @cached_property
    def _claimed(self) -> frozenset[str]:
        in_field = self.rulebook.identity.customer_id.seen_in(self._custom_field(self.thread.ticket.custom_fields))
        return frozenset({*self._ids_in_text, *in_field})

    @cached_property
    def _contact(self) -> Contact | None:
        return self.ask_contact()

    @cached_property
    def _earlier(self) -> Earlier:
        return self.ask_earlier()


def _found(customers: Iterable[Customer]) -> Found:
    return {customer.customer_id: customer for customer in customers}
