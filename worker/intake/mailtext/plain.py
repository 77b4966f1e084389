"""Text as it may be read on: one form of Unicode and of line ends, without what no reader sees."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby, islice

# Zero-width and bidi controls, soft hyphen, variation selectors, the tag block U+E0000-E007F: invisible to the reader,
# visible to a model.
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_FOREIGN = re.compile(r"[^\x00-\x7f]{31,}")
_MOST_MARKS = 30  # on one letter: no language has more, and Python puts them in order by comparing each with each


def few_marks(text: str) -> str:
    """The text with at most so many accents on a letter: what may be normalised, however long it is."""
    return text if text.isascii() else _FOREIGN.sub(_with_few_marks, text)


def _with_few_marks(run: re.Match[str]) -> str:
    parts = groupby(run.group(), lambda char: unicodedata.combining(unicodedata.normalize("NFD", char)[0]) > 0)
    return "".join(char for marks, chars in parts for char in islice(chars, _MOST_MARKS if marks else None))


def clean(text: str) -> str:
    """NFC, without control and invisible characters, at most one blank line between paragraphs."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " "))
    text = unicodedata.normalize("NFC", few_marks(text))
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in _INVISIBLE.sub("", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def visible(text: str) -> str:
    """The same without invisible characters: none can turn the words around it, or say what no reader sees."""
    return _INVISIBLE.sub("", text)
