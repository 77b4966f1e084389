"""No personal data unless the customer is verified, and nobody else's data ever.

PASS:
  reply: Your customer id is PW100231.
  source: Your customer id is PW100231.
  found_as: verified
FAIL:
  reply: Your customer id is PW100231.
  source: Your customer id is PW100231.
  found_as: claimed
"""

import re
from collections.abc import Iterator

from worker.models import Customer, Finding, Strength
from worker.support.guard.candidate import Candidate
from worker.support.guard.tokens import tokens

ADVICE = "Take it out. Ask the customer to write from the registered address, if they need it."


def check(reply: Candidate) -> Iterator[Finding]:
    verified = reply.identity.strength is Strength.VERIFIED
    own = reply.identity.customer if verified else None
    for i, sentence in reply.numbered():
        if "customer" in sentence.sources and not verified:
            yield _finding("A sentence rests on a customer record, but nobody was verified.", i, sentence.text)
        for words in _foreign_ids(reply, sentence.text, own.customer_id if own else ""):
            yield _finding(f"“{words}” is a customer id that is not this customer's own.", i, words)
        for words in _contacts(reply, sentence.text, own_values(own)):
            yield _finding(
                "It holds an e-mail address or phone number that is not ours and not the customer's.", i, words
            )
    if not verified and (held := reply.identity.customer):
        yield from _leaks(reply, held)


def own_values(customer: object) -> set[str]:
    values = [
        getattr(customer, "email", ""),
        getattr(customer, "phone", ""),
        *getattr(customer, "alternate_emails", ()),
    ]
    return {(re.sub(r"\D", "", v)[-10:] if "@" not in v else v.lower()) for v in values if v}


def _foreign_ids(reply: Candidate, text: str, own: str) -> list[str]:
    return [found for found in reply.ids_in(text) if found.upper() != own.upper()]


def _contacts(reply: Candidate, text: str, own: set[str]) -> list[str]:
    ours = {c.lower() if "@" in c else re.sub(r"\D", "", c)[-10:] for c in reply.own_contacts}
    return [t.words for t in tokens(text) if t.kind in {"address", "phone"} and t.value not in ours | own]


def _leaks(reply: Candidate, held: Customer) -> Iterator[Finding]:
    """Values of the record of somebody who was only linked or claimed must not stand in the reply. What the cited
    source says to everybody ("bank holidays in Mumbai") and the name that they signed with are not from the record."""
    what = "It holds data from the record of a customer who was not verified."
    names = {held.name, *held.name.split()}  # as written: a customer may be called Will
    values = [
        re.compile(rf"(?<!\w){re.escape(v)}(?!\w)", 0 if v in names else re.I)
        for v in _record(reply, held)
        if len(v) >= 4
    ]
    for i, sentence in reply.numbered():
        open_to_all = f"{reply.support_of(sentence)}\n{reply.signed}"
        for value in values:
            if (match := value.search(sentence.text)) and not value.search(open_to_all):
                yield _finding(what, i, match.group())


def _record(reply: Candidate, held: Customer) -> list[str]:
    """The values of the fields that rules/guards.yaml names, as a reply might write them, and of further columns.
    Addresses and phone numbers are not here: `_contacts` finds all that are not ours, however they are written."""
    since = held.since
    month_first = f"{since:%B} {since.day}, {since.year}" if since else ""
    dates = [f"{since.day} {since:%B %Y}", f"{since:%B %Y}", month_first, since.isoformat()] if since else []
    fields = {
        "customer_id": [held.customer_id],
        "name": [held.name],
        "first_name": held.name.split()[:1],
        "since": dates,
    }
    named = [value for name in reply.personal_fields for value in fields.get(name, [])]
    return list(dict.fromkeys(value for value in (*named, *held.facts.values()) if value))


def _finding(what: str, i: int, words: str) -> Finding:
    return Finding(guard="personal", what=what, todo=ADVICE, sentence=i, words=words)
