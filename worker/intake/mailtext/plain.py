"""Text as it may be read on: one form of Unicode and of line ends, without what no reader sees."""

from __future__ import annotations

import re
import unicodedata

# Zero-width and bidi controls, soft hyphen, variation selectors, the tag block U+E0000-E007F: invisible to the reader,
# visible to a model.
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """NFC, without control and invisible characters, at most one blank line between paragraphs."""
    text = unicodedata.normalize(
        "NFC", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " "))
    )
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in _INVISIBLE.sub("", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def visible(text: str) -> str:
    """The same without invisible characters: none can turn the words around it, or say what no reader sees."""
    return _INVISIBLE.sub("", text)
