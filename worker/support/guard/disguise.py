"""Texts in disguise, undone: letters of other alphabets, figures for letters, letters set apart, base64, written
backwards and ROT13. What comes out is looked at like any plain text; called by `orders` only.

Not a decoder of all there is: what it does not know stays as it was, and the guards judge the reply in any case.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator

from worker.lookout import has_any

MOST = 20  # pieces of base64 that are decoded in a text
LONG = 15  # letters that are more than one word
_FOREIGN = str.maketrans(  # letters of Russian and Greek, by what they look like
    "абвгеѕіјкмнорстухһԁԛԝАВЕЅІЈКМНОРСТУХαβεικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "abbresijkmhopctyxhdqwABESIJKMHOPCTYXabeikvoptuxwABEZHIKMNOPTYX",
)
_MIXED = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u052f])\w+")
_WHOLLY = re.compile(r"[\u0370-\u052f]")
_FIGURES = str.maketrans("013457@$", "oieastas")
_WITH_FIGURES = re.compile(r"(?<![\w@$])(?=[\w@$]*[A-Za-z])(?=[\w@$]*[013457@$])[A-Za-z013457@$]{2,20}(?![\w@$])")
_APART = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .\-_*])[^\W\d_](?:\1[^\W\d_]){2,})(?![^\W_])")
_SPLIT = re.compile(
    r"(ignore|disregard|forget|override|everything|previous|prior|above|before|instructions?|rules?|system|prompt"
    r"|assistant"
    r"|reveal|print|show|send|reply|answer|approve|customers?|that|this|they|the|your|you|are|and|all|now|say|tell)",
    re.I,
)
_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{20,}={0,2}(?![\w+/])")
# What orders are made of, as it looks in the text before it is turned back: most texts have none of it.
_STEMS = (
    "ignore",
    "disregard",
    "forget",
    "override",
    "instruction",
    "prompt",
    "assistant",
    "previous",
    "reveal",
    "system",
)
_BACKWARDS = tuple(stem[::-1] for stem in _STEMS)
_ROTATED = tuple(codecs.encode(stem, "rot13") for stem in _STEMS)


def undone(plain: str) -> Iterator[str]:
    """What the text would say without its disguises; nothing where it wears none."""
    letters = _MIXED.sub(lambda word: word.group().translate(_FOREIGN), plain) if _WHOLLY.search(plain) else plain
    letters = _WITH_FIGURES.sub(lambda word: word.group().translate(_FIGURES), letters)
    letters = _APART.sub(_closed_up, letters)
    if letters != plain:
        yield letters
    for piece, _ in zip(_BASE64.finditer(plain), range(MOST), strict=False):
        yield from _decoded(piece.group())
    small = plain.lower()
    if has_any(small, _BACKWARDS):
        yield "\n".join(line[::-1] for line in plain.split("\n"))
    if has_any(small, _ROTATED):
        yield codecs.encode(plain, "rot13")


def _closed_up(run: re.Match[str]) -> str:
    """One word; where a whole sentence was spaced alike, cut up again at the words that orders are made of."""
    word = run.group().replace(run.group(1), "")
    return word if len(word) < LONG else re.sub(r"\s{2,}", " ", _SPLIT.sub(r" \1 ", word))


def _decoded(piece: str) -> Iterator[str]:
    """The text in a piece of base64; of a picture, a key or a plain long word comes none."""
    bare = piece.rstrip("=")
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    if " " in text and text.isprintable():
        yield text
