"""A text cut into sentences, as the guards and the template fall-back need it. List items are sentences."""

from __future__ import annotations

import re

_ABBREVIATIONS = re.compile(
    r"(?:\b(?:rs|no|nos|e\.g|i\.e|etc|mr|mrs|ms|dr|approx|p\.a|a\.m|p\.m|vs|st|inc|ltd|pvt)|\b[A-Z])\.$", re.I
)
_LONGEST_ABBREVIATION = 12  # characters that tell, the stop and what comes before included
_END = re.compile(r"(?<=[.!?।])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9\u0900-\u097f])")
ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


def abbreviated(text: str) -> bool:
    """Whether the full stop at the end of `text` belongs to an abbreviation or an initial and ends no sentence."""
    return bool(_ABBREVIATIONS.search(text[-_LONGEST_ABBREVIATION:]))


def paragraphs(text: str) -> list[str]:
    """Blocks between blank lines; a list item is a block of its own."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        prose: list[str] = []
        for line in block.split("\n"):
            if ITEM.match(line):
                out += [" ".join(prose)] if prose else []
                out.append(line.strip())
                prose = []
            elif line.strip():
                prose.append(line.strip())
        out += [" ".join(prose)] if prose else []
    return out


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order; a list item keeps its mark."""
    out: list[str] = []
    for block in paragraphs(text):
        out += [block] if ITEM.match(block) else _split(block)
    return [s for s in out if s]


def _split(block: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for gap in _END.finditer(block):
        if abbreviated(block[start : gap.start()]):
            continue
        pieces.append(block[start : gap.start()].strip() + block[gap.start() : gap.end()].rstrip())
        start = gap.end()
    return [*pieces, block[start:].strip()]
