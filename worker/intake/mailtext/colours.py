"""Whether writing has the colour of what it stands on, so that nobody can read it. Called by html only.

Colours are compared, not their names: #fff, white and rgb(255, 255, 255) are one. Style sheets are not read, only what
an element and those around it say themselves; where nothing names a background, it is white.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from bs4.element import Tag

_COLOUR = re.compile(r"(?:^|;)\s*(background(?:-color)?|color)\s*:\s*([^;]+)", re.I)
_HEX = re.compile(r"#([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b", re.I)
_NUMBER = r"(\d{1,3}(?:\.\d{1,9})?|\.\d{1,9})"
_RGB = re.compile(rf"rgba?\(\s*{_NUMBER}(%?)[\s,]+{_NUMBER}%?[\s,]+{_NUMBER}%?(?:[\s,/]+{_NUMBER}(%?))?\s*\)", re.I)
_NAMED = {
    "white": (255, 255, 255), "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245), "black": (0, 0, 0), "silver": (192, 192, 192), "lightgrey": (211, 211, 211),
    "lightgray": (211, 211, 211), "gray": (128, 128, 128), "grey": (128, 128, 128), "red": (255, 0, 0),
    "maroon": (128, 0, 0), "yellow": (255, 255, 0), "lime": (0, 255, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "navy": (0, 0, 128), "teal": (0, 128, 128), "purple": (128, 0, 128), "orange": (255, 165, 0),
}  # fmt: skip
_NAME = re.compile(rf"(?<![\w-])(?:{'|'.join(_NAMED)}|transparent)(?![\w-])", re.I)
_WHITE = _NAMED["white"]
_SAME = 12  # of 255: nobody tells colours apart that differ by less in red, green and blue
_STYLE = 2_000  # characters of a style that are read
_AROUND = 20  # elements: the mail with ten thousand nested ones must not be walked through for each of them

_Colour = tuple[int, int, int]


def hides(tag: Tag) -> bool:
    """Whether an element gives its writing the colour of its background, or none."""
    own = _said(tag).get("color")
    if own is None:
        return False
    colour = _colour(own)
    if own == "transparent" or _covers(own) == 0:
        return True
    if colour is None:
        return own == _said(tag).get("background")
    under = _background(tag)
    return under is not None and max(abs(one - other) for one, other in zip(colour, under, strict=True)) < _SAME


def _background(tag: Tag) -> _Colour | None:
    """What an element stands on; None where it is said in a way that is not known here, as a picture."""
    for around in (tag, *islice(tag.parents, _AROUND)):
        said = _said(around).get("background")
        if said in {None, "transparent", "none", "inherit"} or not (covers := _covers(str(said))):
            continue
        return _colour(str(said)) if covers == 1 else None
    return _WHITE


def _said(tag: Tag) -> dict[str, str]:
    """The colours of writing and background that an element names itself."""
    said = {"color": tag.get("color"), "background": tag.get("bgcolor")}
    named = {name: str(value).strip().lower() for name, value in said.items() if value}
    return named | _styled(str(tag.get("style", ""))[:_STYLE])


@lru_cache(maxsize=64)  # or each of thousands of elements would read what those around it say once more
def _styled(style: str) -> dict[str, str]:
    return {
        name.lower().removesuffix("-color"): value.lower().replace("!important", "").strip()
        for name, value in _COLOUR.findall(style)
    }


def _covers(value: str) -> float:
    """How much of what is behind it a colour covers: 0 lets all of it through, as browsers write "no background"."""
    if found := _HEX.search(value):
        digits = found.group(1)
        last = {8: digits[6:], 4: digits[3:] * 2}.get(len(digits), "ff")
        return int(last, 16) / 255
    if (found := _RGB.search(value)) and found.group(5):
        return min(1.0, float(found.group(5)) / (100 if found.group(6) else 1))
    return 1.0


def _colour(value: str) -> _Colour | None:
    """Red, green and blue from 0 to 255 of the first colour named; None where there is none to be seen."""
    if found := _HEX.search(value):
        digits = found.group(1)
        pairs = [digits[i : i + 2] for i in (0, 2, 4)] if len(digits) > 4 else [digit * 2 for digit in digits[:3]]
        return (int(pairs[0], 16), int(pairs[1], 16), int(pairs[2], 16))
    if found := _RGB.search(value):
        scale = 2.55 if found.group(2) else 1.0
        red, green, blue = (min(255, round(float(found.group(i)) * scale)) for i in (1, 3, 4))
        return (red, green, blue)
    name = _NAME.search(value)
    return _NAMED.get(name.group().lower()) if name else None
