"""Numbers and words in forms that a careless check does not read: other scripts, words, invisible characters, ranges.

Every value is another one than that which it stands for, so that none of them is right by chance.
"""

from __future__ import annotations

import random

OPPOSITES = {"before": "after", "above": "below", "after": "before", "more than": "less than"}
_UNITS = ("working days", "days", "hours", "weeks", "months", "minutes")
_FORMS = {
    "wide": "０１２３４５６７８９",
    "devanagari": "०१२३४५६७८९",
    "bold": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "superscript": "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "circled": "⓪①②③④⑤⑥⑦⑧⑨",
    "arabic": "٠١٢٣٤٥٦٧٨٩",
}
_UNSEEN = ("\u200b", "\u2060", "\u00ad", "\ufe0f", "\u034f")
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ONES = "one two three four five six seven eight nine".split()
_TEENS = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_SAID = (
    "This takes a fortnight.",
    "It takes a couple of weeks.",
    "You have to wait for half a year.",
    "This takes a month and a half.",
    "Half of the amount is kept as a fee.",
    "A quarter of the amount is deducted.",
    "The charge is a tenth of what you withdraw.",
    "Your balance is doubled after a year.",
    "This costs a few hundred rupees.",
    "There is a fee of several thousand rupees.",
    "The fee is {words} per cent.",
    "The fee is {words} rupees.",
    "It takes {words} working days.",
    "The limit is {words} thousand rupees a day.",
    "The limit is {words} lakh rupees.",
    "It takes XVII working days.",
    "The fee is 9.",
    "It takes {number} d.",
    "It takes {number}working days.",
    "The fee is Rs{number},450.",
    "The fee is {number} 450 rupees.",
    "The fee is {number}/-.",
    "The fee is {number}k.",
    "The fee is {number} p.c. of the amount.",
    "The fee is {number} basis points.",
    "It takes from {number} through 97 hours.",
    "It takes {number}~97 hours.",
    "It is done by {number}.11.",
    "It is done on {number}/11/2026.",
    "It is done at {number} o'clock.",
    "The fee is $ {number}.",
    "The fee is {number} €.",
    "The fee is Rѕ {number},450.",
    "The fee is ₨ {number},450.",
    "Withdrawals are always frее.",
    "Withdrawals from IМ+ are paid at once.",
    "It takes tеn days.",
    "It is nоt possible at all.",
    "It will n0t be charged.",
    "It takes ⅔ of a year.",
    "The fee is ½ % of the amount.",
    "The fee is {number}‰.",
    "The fee is {number}％.",
    "The fee is ５０ rupees.",
    "It takes 5 - 97 days.",
    "It takes 5–97 days.",
    "It takes 1e3 hours.",
    "It takes 0x1F days.",
    "It takes {number}+ days.",
    "The first hundred withdrawals are free.",
    "It takes {words} days and {words} hours.",
)


def other_number(number: str, draw: random.Random) -> str:
    """Another number of as many digits."""
    at = draw.choice([i for i, char in enumerate(number) if char.isdigit()])
    digit = str((int(number[at]) + draw.randint(1, 8)) % 10 or 9)
    changed = number[:at] + digit + number[at + 1 :]
    return changed if changed != number else f"9{number}"


def other_unit(unit: str, draw: random.Random) -> str:
    return draw.choice([one for one in _UNITS if one != unit and one not in unit])


def hidden_number(number: str, draw: random.Random) -> str:
    """Another number, in a form that is read only by whoever folds it."""
    other = other_number(number, draw)
    way = draw.choice([*_FORMS, "unseen", "words"])
    if way == "words":
        return in_words(draw)
    if way == "unseen":
        return other[0] + draw.choice(_UNSEEN) + other[1:] + draw.choice("0123456789")
    return "".join(_FORMS[way][int(char)] if char.isdigit() else char for char in other)


def in_words(draw: random.Random) -> str:
    return draw.choice([*_TEENS[4:], f"{draw.choice(_TENS[1:])}-{draw.choice(_ONES)}", "a dozen", "half a dozen"])


def trick(draw: random.Random) -> str:
    """A sentence with a number that no source has, in a form of chance."""
    return draw.choice(_SAID).format(words=in_words(draw), number=draw.randint(21, 29))
