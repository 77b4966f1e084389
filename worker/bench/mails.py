"""Mails for the suite throughput: the sandbox's plain questions, each from a customer of its own and in words of its
own, so that nothing that was kept from one helps with the next. Each is of the costliest kind: the customer is known,
everything is searched, a model is asked, and the reply is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from worker.models import Customer
from worker.sandbox.samples import read_samples

QUESTIONS = (
    "im-withdrawal-when",
    "im-plus-tenures",
    "other-emails-linked-maturity",
    "earlier-ticket-linked-interest",
    "phone-linked-im-fee",
    "alternate-email-nested-tables-bank",
    "outlook-quote-two-questions",
)
_CITIES = (
    "Agra Ajmer Bhopal Cuttack Guntur Hubli Indore Jaipur Kochi Kota Mysuru Nagpur Nashik Patna Pune Raipur".split()
)
_TRADES = "teacher nurse baker farmer driver lawyer tailor dentist student painter".split()


def customers(number: int) -> list[Customer]:
    """Of both products, known by their address."""
    return [
        Customer(
            customer_id=f"PW8{n:06}",
            name=f"Bela {n}",
            email=_address(n),
            segments=("IM", "IM+"),
            since=date(2021, 1, 1),
        )
        for n in range(number)
    ]


def mails(first: int, number: int) -> Iterator[dict[str, Any]]:
    """`number` mails of the customers from `first` on, in the shape of a sample."""
    samples = {sample.key: sample for sample in read_samples()}
    for n in range(first, first + number):
        sample = samples[QUESTIONS[n % len(QUESTIONS)]]
        who = f"<p>I am a {_TRADES[n % len(_TRADES)]} in {_CITIES[n // len(_TRADES) % len(_CITIES)]}.</p>"
        yield {
            "requester": {"name": f"Bela {n}", "email": _address(n)},
            "subject": sample.subject,
            "html": f"{who}{sample.html}",
        }


def _address(n: int) -> str:
    return f"bela{n}@bench.example"
