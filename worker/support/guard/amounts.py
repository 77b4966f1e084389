"""Amounts of money, percentages and measures, each folded with its currency or unit: £3.95 is no $3.95, and 10 kg no
10 g, but "5.99 euros" is €5.99 and "ten kilograms" is 10000 g.

Not a guard itself: folds.py says in which order they are looked for. Rupees, in which the house counts, have no sign in
the folded value, and whatever the text calls dollars is one currency unless it says of which country.
"""

from __future__ import annotations

import re

from worker.support.guard.numerals import FEW, NUMBER, number

_RATE = (
    r"(?P<rate>\s*(?:p\.\s?a\.?|per\s+annum|annually|yearly|monthly|daily"
    r"|(?:per|a|each|every)\s+(?:calendar\s+|financial\s+)?(?:year|month|day|week))(?!\w))?"
)
_BEFORE = {
    "": r"rs\.?|re\.?(?=\s1\b)|inr|₹|rupees",
    "usd": r"us\s?\$|usd|\$",
    "aud": r"a\$|aud",
    "cad": r"c\$|cad",
    "gbp": "£|gbp",
    "eur": "€|eur",
    "jpy": "¥|jpy",
    "chf": "chf",
    "aed": "aed",
}
_AFTER = {
    "": r"rupees|inr|rs|₹",
    "usd": r"(?:us\s+)?dollars?|usd|\$",
    "aud": r"australian\s+dollars?|aud",
    "cad": r"canadian\s+dollars?|cad",
    "gbp": r"pounds?(?:\s+sterling)?|gbp|£",
    "eur": "euros?|eur|€",
    "jpy": "yen|jpy|¥",
    "chf": r"(?:swiss\s+)?francs?|chf",
    "aed": "dirhams?|aed",
    "cent": "cents?",
    "penny": r"pence|p(?!\.)(?!\s+m\b)",
    "paisa": "paise|paisa",
}
_PART_OF = {"penny": "gbp", "paisa": ""}  # a hundredth of it; cents may be of dollars and of euros
_SCALES = {
    1_000: "k",
    100_000: "lakhs?|lac",
    1_000_000: "million|mn|m",
    10_000_000: "crores?",
    1_000_000_000: "billion|bn|b",
}
_SCALE = "|".join(_SCALES.values())
_LONG_SCALE = "lakhs?|lac|crores?|million|billion|bn"


def _any(forms: dict[str, str]) -> str:
    return "|".join(forms.values())


AMOUNT = re.compile(
    rf"(?:(?<![^\W\d_])({_any(_BEFORE)})\s*({NUMBER})\s*({_SCALE})?(?!\w)"
    rf"|\b({NUMBER}|{FEW})[\s-]*({_LONG_SCALE})?[\s-]*({_any(_AFTER)})(?![\w$£€])){_RATE}",
    re.I,
)
PERCENT = re.compile(rf"({NUMBER}|\b{FEW}|\b(?:an?|one)\shundred)\s*(?:%|per\s?cent\b|percent\b){_RATE}", re.I)
# unit: (how many of it one is, how it is written). Small letters count where a capital is something else, as in 5G.
_UNITS: dict[str, list[tuple[float, str]]] = {
    "g": [(0.001, "mg|milligram(?:me)?s?"), (1, "(?-i:g)|gms?|gram(?:me)?s?"), (1000, "kgs?|kilo(?:gram(?:me)?)?s?")],
    "m": [
        (0.001, "mm|millimet(?:re|er)s?"),
        (0.01, "cms?|centimet(?:re|er)s?"),
        (1, "(?-i:m)|met(?:re|er)s?"),
        (1000, "kms?|kilomet(?:re|er)s?"),
    ],
    "l": [(0.001, "ml|millilit(?:re|er)s?"), (1, "(?-i:l)|lit(?:re|er)s?")],
    "w": [(1, "(?-i:W)|watts?"), (1000, "kw|kilowatts?")],
    "kwh": [(1, r"kwh|kilowatt[\s-]hours?")],
    "v": [(1, "(?-i:V)|volts?")],
    "tonne": [(1, "tonnes?")],
    "ton": [(1, "tons?")],
    "ounce": [(1, "oz|ounces?")],
    "lb": [(1, "lbs?")],
    "inch": [(1, "inch(?:es)?")],
    "foot": [(1, "ft|foot|feet")],
    "yard": [(1, "yds?|yards?")],
    "mile": [(1, "miles?")],
    "gallon": [(1, "gallons?")],
    "kb": [(1, "kb|kilobytes?")],
    "mb": [(1, "mb|megabytes?")],
    "gb": [(1, "gb|gigabytes?")],
    "tb": [(1, "tb|terabytes?")],
    "mbps": [(1, "mbps|mbit/s")],
    "mph": [(1, r"mph|miles\s+(?:per|an)\s+hour")],
    "km/h": [(1, r"km/h|kmh|kph|(?:kms?|kilomet(?:re|er)s?)\s+(?:per|an)\s+hour")],
    "°c": [(1, r"°\s?c|degrees?\s+celsius")],
    "°f": [(1, r"°\s?f|degrees?\s+fahrenheit")],
}
_FORMS = [(unit, size, re.compile(forms, re.I)) for unit, sizes in _UNITS.items() for size, forms in sizes]
_UNIT = "|".join(pattern.pattern for _, _, pattern in reversed(_FORMS))  # "km/h" before "km"
MEASURE = re.compile(rf"\b({NUMBER}|{FEW})(?:(?:\s*[-–]\s*|\s+to\s+)({NUMBER}|{FEW}))?[\s-]*({_UNIT})(?![\w/²³])", re.I)
# Of these a match has one: of an amount or percentage anywhere in the text, of a measure as a word.
MONEY = frozenset(
    "rs re inr ₹ rupees $ usd aud cad £ gbp € eur ¥ jpy chf aed dollar pound yen franc dirham cent pence p paise"
    " paisa".split()
)
MEASURES = frozenset(
    "mg milligram milligrams milligramme milligrammes g gm gms gram grams gramme grammes kg kgs kilo kilos kilogram"
    " kilograms kilogramme kilogrammes mm millimetre millimetres millimeter millimeters cm cms centimetre centimetres"
    " centimeter centimeters m metre metres meter meters km kms kilometre kilometres kilometer kilometers ml"
    " millilitre millilitres milliliter milliliters l litre litres liter liters w watt watts kw kilowatt kilowatts kwh"
    " v volt volts tonne tonnes ton tons oz ounce ounces lb lbs inch inches ft foot feet yd yds yard yards mile miles"
    " gallon gallons kb kilobyte kilobytes mb megabyte megabytes gb gigabyte gigabytes tb terabyte terabytes mbps mbit"
    " mph kmh kph c celsius f fahrenheit".split()
)


def amount(m: re.Match[str]) -> list[tuple[str, str]]:
    sign, count, scale = m.group(1, 2, 3) if m.group(1) else m.group(6, 4, 5)
    currency = _written(sign, _BEFORE if m.group(1) else _AFTER)
    value = float(number(count)) * next((n for n, forms in _SCALES.items() if _is(scale or "", forms)), 1)
    if currency in _PART_OF:
        currency, value = _PART_OF[currency], value / 100
    told = f"{value:.2f}" if round(value, 2) == round(value, 6) else f"{value:.6f}"
    return [("amount", f"{told} {currency}".strip() + _rate(m))]


def percent(m: re.Match[str]) -> list[tuple[str, str]]:
    return [("percent", f"{number(m.group(1).split()[-1] if 'hundred' in m.group(1) else m.group(1))}{_rate(m)}")]


def measure(m: re.Match[str]) -> list[tuple[str, str]]:
    """One, or both ends of "5 to 10 kg"."""
    unit, size = next((unit, size) for unit, size, pattern in _FORMS if pattern.fullmatch(m.group(3)))
    return [("measure", f"{float(number(count)) * size:.10g} {unit}") for count in m.group(1, 2) if count]


def _written(sign: str, forms: dict[str, str]) -> str:
    return next((name for name, form in forms.items() if _is(sign, re.sub(r"\(\?[=!].*?\)", "", form))), "")


def _is(text: str, form: str) -> bool:
    return re.fullmatch(form, text, re.I) is not None


def _rate(m: re.Match[str]) -> str:
    """ "/year" for "p.a.", "per annum", "a year"; "" for none."""
    words = (m["rate"] or "").casefold()
    periods = {
        "year": ("year", "p.", "annum", "annually"),
        "month": ("month",),
        "week": ("week",),
        "day": ("day", "daily"),
    }
    return next((f"/{period}" for period, forms in periods.items() if any(form in words for form in forms)), "")
