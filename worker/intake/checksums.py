"""The check digits of payment cards (Luhn) and of Aadhaar numbers (Verhoeff), over strings of ASCII digits.

Not a search: masking.py finds numbers and asks here which of them are what they look like.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate, chain, cycle

# Verhoeff's tables: the multiplication of the dihedral group D5, and the permutation that each place is put through.
_TIMES = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
# (first number of the range, last one, lengths) by the leading digits that the card networks publish.
_NETWORKS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14, 16)),
    ("36", "36", (14, 16)),
    ("38", "39", (14, 16)),
    ("3528", "3589", (16, 17, 18, 19)),
    ("50", "50", (16, 17, 18, 19)),
    ("56", "69", (16, 17, 18, 19)),
    ("81", "82", (16,)),
)


# What each digit counts for Luhn's sum where it stands, and where it is doubled.
_ONCE = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_TURNS = tuple(accumulate(range(7), lambda turns, _: tuple(_TURN[t] for t in turns), initial=tuple(range(10))))


def luhn(digits: str) -> bool:
    read = digits.encode()
    return (sum(read[-1::-2].translate(_ONCE)) + sum(read[-2::-2].translate(_DOUBLED))) % 10 == 0


def verhoeff(digits: str) -> bool:
    check = 0
    for turns, digit in zip(cycle(_TURNS), reversed(digits), strict=False):
        check = _TIMES[check][turns[int(digit)]]
    return check == 0


def is_card(digits: str) -> bool:
    """A length and beginning that a card network uses, and the right check digit."""
    return len(digits) in card_lengths(digits[:4]) and luhn(digits)


@cache
def card_lengths(beginning: str) -> frozenset[int]:
    """The lengths of the cards that begin with these four digits."""
    known = (lengths for first, last, lengths in _NETWORKS if first <= beginning[: len(first)] <= last)
    return frozenset(chain.from_iterable(known))


def is_aadhaar(digits: str) -> bool:
    return len(digits) == 12 and digits[0] not in "01" and verhoeff(digits)
