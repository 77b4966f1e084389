"""The same sentence in other words: notations, common synonyms, order. What it says must not change.

A correct reply of a model is rarely a copy, so the suite of mutations judges reworded replies too. None of the folds of
worker/support is used here: a notation that the guards cannot read has to show as a false alarm.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SWAPS = (
    (r"\bat most(?= (?:Rs|\d))", ("no more than", "a maximum of")),
    (r"\bat least(?= (?:Rs|\d))", ("no less than", "a minimum of")),
    (r"\bfree of charge\b", ("free",)),
    (r"\bcannot\b", ("can not", "can't")),
    (r"\bdoes not\b", ("doesn't",)),
    (r"\bis not\b", ("isn't",)),
    (r"\bare not\b", ("aren't",)),
    (r"\bdo not\b", ("don't",)),
    (r"\byou can\b", ("you may", "you are able to")),
    (r"\bworking days\b", ("business days",)),
    (r"\bp\.a\.", ("per annum", "per year", "a year")),
    (r"(?<=\d) %", ("%", " per cent", " percent")),
    (r"\b14:00 IST\b", ("2 pm IST",)),
    (r"\b19:00 IST\b", ("7 pm IST",)),
    (r"\b30 April\b", ("April 30", "30th April")),
    (r"\breaches\b", ("arrives in",)),
    (r"\bChoose\b", ("Select",)),
    (r"\bchoose\b", ("pick",)),
    (r"\bin the Peerwell app\b", ("in our app",)),
    (r"\bneeds\b", ("requires",)),
    (r"\bfor example\b", ("for instance",)),
    (r"\bseveral\b", ("multiple",)),
    (r"\bplease\b", ("kindly",)),
    (r"\bbecause\b", ("since", "as")),
    (r"\bregistered e-mail address\b", ("registered email address",)),
    (r"\bonce\b", ("one time",)),
    (r"\bbegin\b", ("start",)),
    (r"\bas soon as\b", ("once",)),
    (r"\bPeerwell checks\b", ("we check",)),
    (r"\bPeerwell pays\b", ("we pay",)),
    (r"\bcredited to\b", ("added to",)),
    (r"\bcosts(?= (?:Rs|\d))", ("is charged at",)),
    (r"\bextra\b", ("additional",)),
    (r"\bpossible\b", ("available",)),
)
_DAYS = re.compile(r"\b(\d{1,2}) ((?:working |business )?(?:hours|days|months|minutes))\b")
_RUPEES = re.compile(r"\bRs (\d[\d,]*)\b")
_LATE = re.compile(r"^(?P<what>[A-Z][^,;:.]{12,}) (?P<within>within \d+ (?:working |business )?(?:days|hours))\.$")
_FIRST = re.compile(r"^(?P<when>(?:In|For|After|At|On|If|When) [^,;:.]{4,60}), (?P<what>[^,;:]{12,})\.$")
_AND = re.compile(r"^(?P<one>[^,;:]{15,}), and (?P<two>(?:you|it|the|this|we|each|there) [^,;:]{12,})\.$")
_ASIDE = re.compile(r", (?:so|since|because|as) [^,;:.]{10,}\.$")


def _rupees(found: re.Match[str], draw: random.Random) -> str:
    value = int(found.group(1).replace(",", ""))
    ways = [f"₹{found.group(1)}", f"INR {value}", f"Rs. {found.group(1)}", f"Rs {value}"]
    if value >= 100_000 and value % 100_000 == 0:
        ways.append(f"Rs {value // 100_000} lakh")
    return draw.choice(ways)


def _small(found: re.Match[str]) -> str:
    number = int(found.group(1))
    return f"{_WORDS[number]} {found.group(2)}" if 1 < number < len(_WORDS) else found.group()


def _reordered(text: str) -> str:
    if found := _LATE.match(text):
        return f"Within{found['within'][6:]}, {found['what'][0].lower()}{found['what'][1:]}."
    if found := _FIRST.match(text):
        return f"{found['what'][0].upper()}{found['what'][1:]} {found['when'][0].lower()}{found['when'][1:]}."
    return text


def _cut(text: str) -> str:
    """One half of a sentence that says two things."""
    if found := _AND.match(text):
        return f"{found['two'][0].upper()}{found['two'][1:]}."
    return _ASIDE.sub(".", text)


def _led_in(text: str, draw: random.Random) -> str:
    lead = draw.choice(("Please note that ", "As for your question, ", "Just so you know, ", "Good to know: "))
    return f"{lead}{text[0].lower() if text[1:2].islower() else text[0]}{text[1:]}"


def reworded(text: str, draw: random.Random) -> str:
    """`text` after a few changes that leave its meaning as it is; list items keep their mark."""
    bare = not re.search(r"\bat most\b|\bat least\b", text)  # "within 7 days at most" has no other order
    ways: list[tuple[float, Callable[[str], str]]] = [
        (0.25 * bare, _reordered),
        (0.25, _cut),
        (0.5, lambda said: _RUPEES.sub(lambda m: _rupees(m, draw), said)),
        (0.3, lambda said: _DAYS.sub(_small, said)),
    ]
    for chance, way in ways:
        if draw.random() < chance:
            text = way(text)
    for pattern, others in _SWAPS:
        if draw.random() < 0.5:
            text = re.sub(pattern, lambda _, others=others: draw.choice(others), text)  # type: ignore[misc]
    plain = text[:1].isupper() and text.endswith(".") and len(text) > 20
    return _led_in(text, draw) if plain and draw.random() < 0.12 else text
