"""One hard token of a sentence changed so that the sentence is wrong, for each kind of token.

Every change is found with patterns of its own, not with those of the guards, so that what the guards cannot read
counts as missed. Half of the new values are taken from the sources that the reply rests on: a wrong value that stands
there for something else is the kind that a mere look-up lets through.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBER = r"\d(?:[\d,]*\d)?(?:\.\d+)?"
_UNITS = r"(?:working |business |calendar )?(?:minutes?|hours?|days?|weeks?|months?|years?)"
_SPELLED = "two three four five six seven eight nine ten".split()
_MONTHS = "January February March April June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_OTHER_UNIT = {
    "working days": "days",
    "business days": "days",
    "working hours": "hours",
    "minutes": "hours",
    "hours": "days",
    "days": "weeks",
    "months": "years",
    "years": "months",
    "month": "year",
    "year": "month",
    "day": "week",
}
_OPPOSITE = (
    ("at most", "at least"),
    ("no more than", "no less than"),
    ("up to", "at least"),
    ("up to", ""),
    ("at least", "at most"),
    ("at least", ""),
    ("more than", "less than"),
    ("less than", "more than"),
    ("above", "below"),
    ("below", "above"),
    ("within", "after"),
    ("a maximum of", "a minimum of"),
    ("a minimum of", "a maximum of"),
)
_RATES = (("p.a.", "per month"), ("per year", "per month"), ("per annum", "per day"), ("per day", "per month"))
_PATTERNS = {
    "amount": re.compile(rf"(?:(?:Rs\.?|₹|INR) ?)(?P<value>{_NUMBER})"),
    "percentage": re.compile(rf"(?P<value>{_NUMBER}) ?(?:%|per ?cent)"),
    "duration": re.compile(rf"\b(?P<value>\d+|{'|'.join(_SPELLED)}) {_UNITS}\b"),
    "time": re.compile(r"\b(?P<value>\d{1,2}:\d\d)\b|\b(?P<hour>\d{1,2}) [ap]m\b"),
    "date": re.compile(r"\b(?P<value>\d{1,2}(?=(?:st|nd|rd|th)\b| (?:January|March|April)\b))"),
    "number": re.compile(r"(?<![\w.,:%#/₹+-])(?P<value>\d+(?:\.\d+)?)(?= [a-z])"),
    "e-mail": re.compile(r"\b(?P<value>[\w.]+)@[\w.]+\w"),
    "phone": re.compile(r"\b(?P<value>1800(?: \d+)+)"),
    "link": re.compile(r"https://(?P<value>[\w./-]+\w)"),
    "customer id": re.compile(r"\b(?P<value>PW\d{6})\b"),
}
_NEGATE = re.compile(r"\b(?:is|are|can|may|must|will|does|do)\b(?! not\b|['’]t| no\b)")
_DENIED = re.compile(r"\b(?:not|never) |(?<=\w)n't\b|\bno (?=[a-z])|\bwithout (?=[a-z])", re.I)
_ANY_TIME = re.compile(r"\bat any time\b|\bwhenever you (?:like|want)\b")
_ONE_ONLY = re.compile(r"\bonly\b|\bis one\b")  # "there is only one account per PAN" changes nothing
_PAIRED = (
    re.compile(r"(?<![\w+])IM\+?(?![\w+])"),
    re.compile(rf"(?:Rs\.? ?|₹|INR ?){_NUMBER}"),
    re.compile(rf"\b\d+ {_UNITS}\b"),
    re.compile(r"\b(?:UPI|IMPS|NEFT|RTGS|net banking)\b"),
    re.compile(r"\b(?:lenders?|borrowers?|Peerwell|your bank|IM balance|provision fund|interest|principal)\b"),
)
_LISTED = re.compile(r"\s*(?:,|and|or|, and|, or|to)\s*$")  # "UPI and NEFT" says the same as "NEFT and UPI"
_BOTH = re.compile(
    r"\b(?:needs?|requires?|must|upload|enter|complete)\b[^.;:]*?\b(?:PAN|Aadhaar|IFSC|KYC|certificate|number|name|amount|date|figure"
    r"|links?)\b(?: \([^)]*\))?,? (?P<by>and)(?= (?:an? |the |your |KYC|IFSC|PAN))"
)
_TERMS = re.compile(r"\b(?:UPI|IMPS|NEFT|RTGS|PAN|KYC|TDS|NRI|PDF|OTP|IST|ITR|Aadhaar|Profile|Documents|Mumbai)\b")


@dataclass(frozen=True)
class Change:
    """`text`: the sentence after the change."""

    kind: str
    text: str


def changes(text: str, sources: str, draw: random.Random) -> list[Change]:
    """At most one change of each kind that this sentence allows. `sources`: all that the reply rests on."""
    made = [*_values(text, sources, draw), *_words(text, sources, draw)]
    by_kind: dict[str, list[Change]] = {}
    for change in made:
        if change.text != text and change.text not in sources:
            by_kind.setdefault(change.kind, []).append(change)
    return [draw.choice(of_kind) for of_kind in by_kind.values()]


def _values(text: str, sources: str, draw: random.Random) -> Iterator[Change]:
    for kind, pattern in _PATTERNS.items():
        for found in pattern.finditer(text):
            where = "hour" if kind == "time" and found["value"] is None else "value"
            start, end = found.span(where)
            new = str(int(found["hour"]) % 12 + 1) if where == "hour" else _other(kind, found[where], sources, draw)
            yield Change(kind, text[:start] + new + text[end:])
    for found in re.finditer(rf"(?<=\d )({_UNITS})\b", text):
        if other := _OTHER_UNIT.get(found.group()):
            yield Change("unit", text[: found.start()] + other + text[found.end() :])
    for old, new in _RATES:
        if old in text:
            yield Change("rate", text.replace(old, new, 1))
    for names, kind in ((_DAYS, "weekday"), (_MONTHS, "month")):
        for found in re.finditer(rf"\b(?:{'|'.join(names)})\b", text):
            other = draw.choice([n for n in names if n != found.group()])
            yield Change(kind, text[: found.start()] + other + text[found.end() :])


def _other(kind: str, value: str, sources: str, draw: random.Random) -> str:
    """Another value of the kind: one that stands in the sources, or one near by."""
    if value in _SPELLED:
        return draw.choice([w for w in _SPELLED if w != value])
    if kind in ("e-mail", "link", "customer id", "phone"):
        return _other_address(kind, value, draw)
    found = {f["value"] for f in _PATTERNS[kind].finditer(sources) if f["value"]}
    plainly = value.replace(",", "")
    theirs = {v for v in found if v.replace(",", "") != plainly and (v not in _SPELLED or kind != "duration")}
    if theirs and draw.random() < 0.5:
        return draw.choice(sorted(theirs))
    if ":" in value:
        hour, minute = value.split(":")
        return f"{(int(hour) + draw.randint(1, 5)) % 24}:{minute}"
    plain = float(value.replace(",", ""))
    near = draw.choice([plain + 1, plain + 2, plain * 2, plain * 10])
    return str(int(near)) if near == int(near) else f"{near:.2f}"


def _other_address(kind: str, value: str, draw: random.Random) -> str:
    if kind == "e-mail":
        return draw.choice([o for o in ("service", "grievance", "help") if o != value])
    if kind == "link":
        return draw.choice([f"{value}/refund", f"{value}.pay.example", value.replace("help.", "pay.", 1) + "/x"])
    at = draw.choice([i for i, letter in enumerate(value) if letter.isdigit() and i > 3])
    return value[:at] + str((int(value[at]) + draw.randint(1, 9)) % 10) + value[at + 1 :]


def _words(text: str, sources: str, draw: random.Random) -> Iterator[Change]:
    for found in re.finditer(r"(?<![\w+])IM(\+?)(?![\w+])", text):
        yield Change("product", text[: found.start()] + ("IM" if found[1] else "IM+") + text[found.end() :])
    for old, new in _OPPOSITE:
        for found in re.finditer(rf"\b{old}\b(?= (?:Rs|₹|INR|\d|{'|'.join(_SPELLED)}))", text, re.I):
            yield Change("bound", _joined(text[: found.start()], new, text[found.end() :]))
    for found in _NEGATE.finditer(text):
        yield Change("negation", f"{text[: found.end()]} not{text[found.end() :]}")
    for found in _DENIED.finditer(text):
        yield Change("denial dropped", text[: found.start()] + text[found.end() :])
    yield from _absolutes(text)
    yield from _swapped(text)
    for found in _BOTH.finditer(text):
        yield Change("or for and", f"{text[: found.start('by')]}or{text[found.end('by') :]}")
    for found in _TERMS.finditer(text):
        others = sorted(set(_TERMS.findall(sources)) - set(_TERMS.findall(text)))
        if others and found.group().isupper():
            other = draw.choice([o for o in others if o.isupper()] or ["SEBI"])
            yield Change("term", text[: found.start()] + other + text[found.end() :])


def _swapped(text: str) -> Iterator[Change]:
    """The two products, or the two values of a kind, that a sentence names, each in the place of the other."""
    for pattern in _PAIRED:
        found = list(pattern.finditer(text))
        if (
            len(found) == 2
            and found[0].group().rstrip("s") != found[1].group().rstrip("s")
            and not _LISTED.match(text[found[0].end() : found[1].start()])
        ):
            one, two = found
            between = text[one.end() : two.start()]
            yield Change("swapped", f"{text[: one.start()]}{two.group()}{between}{one.group()}{text[two.end() :]}")


def _joined(before: str, new: str, after: str) -> str:
    return f"{before}{new}{after}" if new else f"{before}{after.lstrip()}"


def _absolutes(text: str) -> Iterator[Change]:
    turns: Sequence[tuple[str, str]] = (
        ("always", "never"),
        ("never", "always"),
        ("only ", ""),
        ("free", "not free"),
        ("can ", "can always "),
        ("is ", "is only "),
    )
    for old, new in turns:
        said_already = (old == "free" and "free of" in text) or ("always" in new and _ANY_TIME.search(text))
        said_already = said_already or (new.endswith("only ") and bool(_ONE_ONLY.search(text)))
        if re.search(rf"\b{old}", text) and not said_already:
            yield Change("always, never, only, free", re.sub(rf"\b{old}", new, text, count=1))
