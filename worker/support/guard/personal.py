"""Of a customer's record only what the table in rules/guards.yaml lets this person be told; nobody else's data, no
account, card, PAN or Aadhaar number in full, and no one-time code, ever.

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

from worker.intake.folding import fold
from worker.intake.masking import found
from worker.lookout import small_letters
from worker.models import Customer, Finding, Strength
from worker.support.facts import masked_value
from worker.support.guard.candidate import Candidate
from worker.support.guard.tokens import contacts

ADVICE = "Take it out. Ask the customer to write from the registered address, if they need it."
ADVICE_NEVER = "Take it out. At most its last four characters may stand in a mail."


def check(reply: Candidate) -> Iterator[Finding]:
    verified = reply.identity.strength is Strength.VERIFIED
    held = reply.identity.customer
    own = held if verified else None
    theirs = own_values(own, reply.withheld)
    for i, sentence in reply.numbered():
        if "customer" in sentence.sources and not verified:
            yield _finding("A sentence rests on a customer record, but nobody was verified.", i, sentence.text)
        for words in _foreign_ids(reply, sentence.text, own.customer_id if own else ""):
            yield _finding(f"“{words}” is a customer id that is not this customer's own.", i, words)
        for words in _contacts(reply, sentence.text, theirs):
            what = "It holds an e-mail address or phone number that is not ours and not one that they may be told."
            yield _finding(what, i, words)
        yield from _secrets(sentence.text, i)
    if held:
        yield from _leaks(reply, held)


def own_values(customer: Customer | None, withheld: tuple[str, ...] = ()) -> set[str]:
    """The addresses and numbers of this customer that may stand in the reply, folded."""
    if customer is None:
        return set()
    fields = {"email": (customer.email,), "phone": (customer.phone,), "alternate_emails": customer.alternate_emails}
    values = [value for name, values in fields.items() if name not in withheld for value in values]
    return {(re.sub(r"\D", "", v)[-10:] if "@" not in v else v.lower()) for v in values if v}


def _secrets(text: str, i: int) -> Iterator[Finding]:
    folded = fold(text)
    for hit in found(folded.text):
        words = text[folded.starts[hit.start] : folded.ends[hit.end - 1]]
        what = f"It holds a number that no mail may hold in full ({hit.shown.strip('[]')})."
        yield Finding(guard="personal", what=what, todo=ADVICE_NEVER, sentence=i, words=words)


def _foreign_ids(reply: Candidate, text: str, own: str) -> list[str]:
    return [found for found in reply.ids_in(text) if found.upper() != own.upper()]


def _contacts(reply: Candidate, text: str, own: set[str]) -> list[str]:
    found = contacts(text)
    if not found:
        return []
    ours = {c.lower() if "@" in c else re.sub(r"\D", "", c)[-10:] for c in reply.own_contacts}
    return [t.words for t in found if t.value not in ours | own]


def _leaks(reply: Candidate, held: Customer) -> Iterator[Finding]:
    """Values of the record that this person may not be told must not stand in the reply. What the cited source says
    to everybody ("bank holidays in Mumbai") and the name that they signed with are not from the record."""
    verified = reply.identity.strength is Strength.VERIFIED
    what = (
        "It holds what rules/guards.yaml lets nobody be told."
        if verified
        else "It holds data from the record of a customer who was not verified."
    )
    names = {held.name, *held.name.split()}  # as written: a customer may be called Will
    values = [(v, small_letters(v)) for v in _record(reply, held) if len(v) >= 4]
    for i, sentence in reply.numbered():
        said = small_letters(sentence.text)
        for value in (v for v, small in values if small in said):  # hardly any: a pattern of each would take longer
            pattern = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)", 0 if value in names else re.I)
            match = pattern.search(sentence.text)
            if match and not pattern.search(f"{reply.support_of(sentence)}\n{reply.signed}"):
                yield _finding(what, i, match.group())


def _record(reply: Candidate, held: Customer) -> list[str]:
    """The withheld values of the record, as a reply might write them. Of further columns, all unless the customer is
    verified. Addresses and phone numbers are not here: `_contacts` finds them however they are written."""
    since = held.since
    month_first = f"{since:%B} {since.day}, {since.year}" if since else ""
    dates = [f"{since.day} {since:%B %Y}", f"{since:%B %Y}", month_first, since.isoformat()] if since else []
    fields = {
        "customer_id": [held.customer_id],
        "name": [held.name],
        "first_name": held.name.split()[:1],
        "since": dates,
    }
    named = [value for name in reply.withheld for value in fields.get(name, [])]
    verified = reply.identity.strength is Strength.VERIFIED
    columns = [
        value
        for name, value in held.facts.items()
        if not verified or name in reply.withheld or masked_value(name, value) != value
    ]
    return list(dict.fromkeys(value for value in (*named, *columns) if value))


def _finding(what: str, i: int, words: str) -> Finding:
    return Finding(guard="personal", what=what, todo=ADVICE, sentence=i, words=words)
