"""Numbers as they are written, in digits and in words: "1,00,000", ".5", "22", "twenty-two", "a dozen".

Not a guard itself: amounts.py, clock.py and folds.py put units and signs beside them.
"""

from __future__ import annotations

import re

from worker.lookout import small_letters

NUMBER = r"\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+"
SMALL = (
    {
        word: str(i)
        for i, word in enumerate(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
            " seventeen eighteen nineteen".split()
        )
    }
    | {word: f"{i}0" for i, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
    | {"dozen": "12", "hundred": "100", "thousand": "1000", "million": "1000000"}
)
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
ONES = "|".join(list(SMALL)[1:10])
COUNT = rf"(?:{NUMBER}|(?:{TENS})[\s-](?:{ONES})\b|{'|'.join(SMALL)})"
# In words to ninety-nine: of "two hundred and five" the last word alone is another number.
FEW = (
    r"(?<!\bhundred\s)(?<!\bthousand\s)(?<!\bpoint\s)(?<!\band\s)"
    rf"(?:(?:{TENS})[\s-](?:{ONES})|{'|'.join(list(SMALL)[1:-4])})\b"
)


def number(text: str) -> str:
    small = small_letters(text)
    first, _, second = re.sub(r"[\s-]+", " ", small).partition(" ")
    if second in SMALL and first in SMALL:
        return str(int(SMALL[first]) + int(SMALL[second]))
    plain = SMALL.get(small, text.replace(",", ""))
    plain = f"0{plain}" if plain.startswith(".") else plain  # ".5 %" is half a percent, and no five
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def several(words: str) -> frozenset[str]:
    """Each word and its plural."""
    return frozenset(form for word in words.split() for form in (word, f"{word}s"))
