"""Customers and colleagues during a fault run: who writes what and when, from a seed, at a steady rate.

Questions of the sandbox's samples under names of their own, customers who write again, answering machines, thanks;
meanwhile colleagues answer, close, take over, note, mark, delete and merge. Each act is remembered for the count.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import requests

from worker.models import Customer
from worker.sandbox.nouns import BOT_ID
from worker.sandbox.samples import read_samples

QUESTION, AUTOMATIC, THANKS = "question", "automatic", "thanks"
_MORE = (
    "<p>One more thing: how do I change my bank account?</p>",
    "<p>And how do I add a nominee?</p>",
    "<p>Also, which documents do you need for the KYC?</p>",
    "<p>I forgot to ask: when is the interest credited?</p>",
)
_AWAY = "<p>I am out of the office until Monday, with no access to my email. In urgent cases please contact Ravi.</p>"
_THANKS = "<p>Thank you so much, that helped!</p>"
_SYLLABLES = "ba be bi bo da de di do ka ke ki ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se so ta te to"
# Keys of the sandbox's samples: questions that a template answers, and those that a person must see.
_PLAIN = [
    "im-withdrawal-when", "im-plus-tenures", "other-emails-linked-maturity", "earlier-ticket-linked-interest",
    "new-person-signup", "new-person-form", "no-product-kyc", "two-questions-im", "alternate-email-nested-tables-bank",
]  # fmt: skip
_HARD = [
    "nothing-covers-it", "stranger-claims-id", "injection-visible", "injection-hidden", "legal-threat",
    "account-hacked", "wants-a-person", "empty-body", "close-account",
]  # fmt: skip
# What colleagues do to a ticket that has just come in, and how often.
_COLLEAGUES = (
    ("answers", 0.06), ("closes", 0.03), ("notes", 0.02), ("assigns", 0.02), ("spams", 0.01), ("deletes", 0.01),
    ("merges", 0.01),
)  # fmt: skip


@dataclass(frozen=True)
class Mail:
    """One message of a customer as it was written: what it is, and by whom."""

    ticket_id: int
    key: str
    kind: str
    name: str


@dataclass
class Traffic:
    """`run` writes `messages` mails at `rate` a second. `mails` and `touched` are what happened, for the judge."""

    url: str
    messages: int
    rate: float
    seed: int
    mails: list[Mail] = field(default_factory=list)
    touched: dict[int, list[str]] = field(default_factory=dict)  # by ticket: what colleagues did

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._session = requests.Session()
        self._session.trust_env = False
        self._names = names(self._random)
        samples = {sample.key: sample for sample in read_samples()}
        self._texts = [samples[key] for key in 3 * _PLAIN + _HARD]
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._heard = 0
        self._answered: list[int] = []
        self._owner: dict[int, str] = {}
        self.customers = [_customer(n, next(self._names)) for n in range(max(40, self.messages // 5))]

    @property
    def seconds(self) -> float:
        return self.messages / self.rate

    def run(self, stop: threading.Event) -> None:
        """Returns when all is written, or soon after `stop`."""
        begun = time.monotonic()
        while (len(self.mails) < self.messages or self._later) and not stop.is_set():
            self._do_what_is_due()
            if len(self.mails) < self.messages and len(self.mails) <= (time.monotonic() - begun) * self.rate:
                self._one_more()
            stop.wait(0.02)

    def _one_more(self) -> None:
        """The next mail: mostly a new ticket, else something on one that is there."""
        self._listen()
        chance = self._random.random()
        if chance < 0.10 and self._owner:
            self._writes_again(self._random.choice(list(self._owner)[-4:]))
        elif chance < 0.18 and self._answered:
            self._writes_again(self._random.choice(self._answered))
        elif chance < 0.25 and self._answered:
            self._says(self._random.choice(self._answered[-5:]), _AWAY, AUTOMATIC)
        elif chance < 0.29 and self._answered:
            self._says(self._random.choice(self._answered), _THANKS, THANKS)
        elif chance < 0.33:
            self._opens("Automatic reply: your statement", _AWAY, AUTOMATIC)
        else:
            sample = self._random.choice(self._texts)
            self._opens(sample.subject, sample.html, QUESTION)

    def _opens(self, subject: str, html: str, kind: str) -> None:
        known = self._random.random() < 0.5
        customer = self._random.choice(self.customers) if known else None
        name = customer.name if customer else f"{next(self._names)} Chaos"
        email = customer.email if customer else f"{name.split()[0].lower()}@mail.example"
        body = {"requester": {"name": name, "email": email}, "subject": subject, "html": html}
        ticket_id = int(self._post("/tickets", body)["id"])
        self.mails.append(Mail(ticket_id, "ticket", kind, name))
        if kind != QUESTION:
            return
        self._owner[ticket_id] = name
        if self._random.random() < 0.04:  # the answering machine answers Freshdesk's own "we have received your mail"
            self._after(self._random.uniform(0.0, 3.0), lambda: self._says(ticket_id, _AWAY, AUTOMATIC))
        for act, share in _COLLEAGUES:
            if self._random.random() < share:
                self._after(self._random.uniform(0.0, 4.0), partial(self._colleague, act, ticket_id))
                break

    def _writes_again(self, ticket_id: int) -> None:
        self._says(ticket_id, self._random.choice(_MORE), QUESTION)

    def _says(self, ticket_id: int, html: str, kind: str) -> None:
        if ticket_id not in self._owner:  # deleted, closed or merged meanwhile
            return
        said = self._post(f"/tickets/{ticket_id}/messages", {"by": "customer", "html": html})
        self.mails.append(Mail(ticket_id, f"c{said['id']}", kind, self._owner[ticket_id]))

    def _colleague(self, act: str, ticket_id: int) -> None:
        self.touched.setdefault(ticket_id, []).append(act)
        if act in ("answers", "notes"):
            said = {"by": "agent", "html": "<p>I have looked into this for you.</p>", "private": act == "notes"}
            self._post(f"/tickets/{ticket_id}/messages", said)
        elif act == "merges":
            into = next(other for other in self._owner if other != ticket_id)
            self._post(f"/tickets/{ticket_id}/merge", {"into": into})
        else:
            changes: dict[str, dict[str, Any]] = {
                "closes": {"status": 5},
                "assigns": {"responder_id": 12},
                "spams": {"spam": True},
                "deletes": {"deleted": True},
            }
            self._post(f"/tickets/{ticket_id}/changes", changes[act])
        if act in ("spams", "deletes", "merges", "closes"):
            self._owner.pop(ticket_id, None)  # nobody writes there any more
            self._answered = [other for other in self._answered if other != ticket_id]

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, act))

    def _do_what_is_due(self) -> None:
        due = [one for one in self._later if one[0] <= time.monotonic()]
        self._later = [one for one in self._later if one not in due]
        for _, act in due:
            act()

    def _listen(self) -> None:
        """Which tickets have been answered since the last look."""
        answer = self._session.get(f"{self.url}/sandbox/journal?kind=reply&after={self._heard}", timeout=30)
        for entry in answer.json():
            self._heard = max(self._heard, entry["seq"])
            ticket = entry["ticket_id"]
            if entry["agent_id"] == BOT_ID and ticket in self._owner and ticket not in self._answered:
                self._answered.append(ticket)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._session.post(f"{self.url}/sandbox{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()


def names(chance: random.Random) -> Iterator[str]:
    """First names that no two people share and that occur in no reply by chance: three syllables, forty thousand."""
    parts = _SYLLABLES.split()
    every = ["".join(three).capitalize() for three in itertools.product(parts, repeat=3)]
    chance.shuffle(every)
    return iter(every)


def _customer(number: int, name: str) -> Customer:
    return Customer(
        customer_id=f"PW9{number:05}",
        name=f"{name} Known",
        email=f"{name.lower()}@known.example",
        segments=("IM", "IM+") if number % 4 else ("IM",),
        since=date(2020, 1, 1),
    )
