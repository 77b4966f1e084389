"""The settings of rules/guards.yaml: what every reply looks like and what it may contain.

Values only; the guards themselves are in support/guard/, greeting and sign-off are put on by the code that makes the
body, tags by what writes to a ticket.
"""

from __future__ import annotations

import re
from datetime import date

from pydantic import field_validator, model_validator

from worker.rulebook.disclosure import Disclosure
from worker.rulebook.written import Entries, Name, Written, wrong

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
_EMAIL = re.compile(r"[^@\s]+@(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)


def _is_day(said: object) -> bool:
    try:
        return isinstance(said, date) or bool(date.fromisoformat(str(said)))
    except ValueError:
        return False


class Greeting(Written):
    """`named` has the place {first_name}; `unnamed` is for people whose name is not known or not proven."""

    named: Name
    unnamed: Name

    @model_validator(mode="after")
    def _places(self) -> Greeting:
        if re.findall(r"{[^{}]*}|[{}]", self.named) != ["{first_name}"]:
            raise wrong('"named" must have the place {first_name} exactly once, and no other')
        if re.search(r"[{}]", self.unnamed):
            raise wrong('"unnamed" is for people without a name: no braces')
        return self


class Tags(Written):
    """The tags that Deskhand puts on a ticket."""

    held: Name
    sent: Name
    handed_over: Name


class GuardSettings(Written):
    """Hosts and addresses are in small letters; `phones` as a customer reads them."""

    company: Name
    greeting: Greeting
    sign_off: Name
    link_hosts: Entries
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    product_names: Entries
    disclosure: Disclosure
    never_ask_for: Entries
    holidays: tuple[date, ...] = ()
    tags: Tags

    @field_validator("link_hosts")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if odd := [host for host in hosts if not _HOST.fullmatch(host)]:
            raise wrong(f'"{odd[0]}" is no host: write only the name, in small letters, such as help.peerwell.example')
        return hosts

    @field_validator("emails")
    @classmethod
    def _emails(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        if odd := [email for email in emails if not _EMAIL.fullmatch(email) or email != email.lower()]:
            raise wrong(f'"{odd[0]}" is no e-mail address in small letters')
        return emails

    @field_validator("phones")
    @classmethod
    def _phones(cls, phones: tuple[str, ...]) -> tuple[str, ...]:
        if odd := [phone for phone in phones if not re.fullmatch(r"\+?[\d ()-]{3,20}", phone)]:
            raise wrong(f'"{odd[0]}" is no phone number')
        return phones

    @field_validator("holidays", mode="before")
    @classmethod
    def _days(cls, days: object) -> object:
        odd = [day for day in days if not _is_day(day)] if isinstance(days, list | tuple) else []
        if odd:
            raise wrong(f'"{odd[0]}" is no day: write year, month and day, such as 2026-12-25')
        return days

    def greet(self, first_name: str = "") -> str:
        """The greeting's line, as plain text."""
        return self.greeting.named.replace("{first_name}", first_name) if first_name else self.greeting.unnamed
