"""A draft as the customer would see it, with every sentence marked out, so that pointing at it can show its sources.

Only marks are added: the words, links and lists are those of the stored body, after the allowlist that everything
outgoing passes. Called by case.py and for the preview of an edit.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag
from markupsafe import Markup

from worker.models import Draft, Finding
from worker.support.render import clean_html
from worker.support.sentences import ITEM

_BLOCKS = ["p", "li", "pre", "blockquote"]


class _Made(PreformattedString):
    """Markup of ours. As tags of its own, each piece would be looked for among all the others."""

    PREFIX = SUFFIX = ""


@dataclass(frozen=True)
class _Said:
    """A sentence at `start` to `end` of a block's text. `marks`: the words in it that findings are about."""

    start: int
    end: int
    number: int
    found: bool
    marks: tuple[tuple[int, int], ...]


def letter_html(draft: Draft, link_hosts: Sequence[str], ids: str = "") -> Markup:
    """Sentences as `<span class="said" data-s="1">`, in the order and with the numbers of view.answers. `ids` comes
    before the ids of what they rest on, where a page shows two letters."""
    soup = BeautifulSoup(clean_html(draft.body_html, link_hosts), "html.parser")
    blocks = [_Block(tag) for tag in soup.find_all(_BLOCKS) if not tag.find(_BLOCKS)]
    findings: dict[int, list[Finding]] = {}
    for finding in draft.findings:
        findings.setdefault(-1 if finding.sentence is None else finding.sentence, []).append(finding)
    at = 0
    for number, text in enumerate((s.text for part in draft.parts for s in part.sentences), 1):
        pattern, about = _spelled(text), findings.get(number - 1, [])
        here = next((i for i in range(at, len(blocks)) if blocks[i].place(pattern, number, about)), None)
        at = at if here is None else here
    for block in blocks:
        block.write(ids)
    return Markup(str(soup))  # noqa: S704 - cleaned above; what is added are our own marks


def _spelled(text: str) -> re.Pattern[str]:
    """A sentence wherever white space falls in it; a list item without the mark that became a <li>."""
    words = ITEM.sub("", text).split()
    return re.compile(r"\s+".join(map(re.escape, words)) if words else r"(?!)")


class _Block:
    """A paragraph or list item: its text nodes, and what is to be marked in them."""

    def __init__(self, tag: Tag) -> None:
        self._nodes = [node for node in tag.descendants if type(node) is NavigableString]
        self._text = "".join(self._nodes)
        self._end = 0
        self._said: list[_Said] = []

    def place(self, pattern: re.Pattern[str], number: int, findings: Sequence[Finding]) -> bool:
        """Whether the sentence stands here, behind those that were placed already."""
        match = pattern.search(self._text, self._end)
        if match is None:
            return False
        starts = {words: self._text.find(words, *match.span()) for words in {f.words for f in findings if f.words}}
        spans = [(start, start + len(words)) for words, start in starts.items() if start >= 0]
        marks = tuple(sorted(span for span in spans if span != match.span()))
        self._said.append(_Said(*match.span(), number, bool(findings), marks))
        self._end = match.end()
        return True

    def write(self, ids: str) -> None:
        """Text nodes cut where something begins or ends; a sentence with a link in it becomes several pieces."""
        edges = sorted({e for said in self._said for span in ((said.start, said.end), *said.marks) for e in span})
        starts = [said.start for said in self._said]
        begun: set[int] = set()
        start = 0
        for node in self._nodes:
            end = start + len(node)
            cuts = [start, *edges[bisect_right(edges, start) : bisect_left(edges, end)], end]
            pieces = [self._piece(a, b, bisect_right(starts, a) - 1, begun, ids) for a, b in pairwise(cuts)]
            node.replace_with(_Made("".join(pieces)))
            start = end

    def _piece(self, start: int, end: int, place: int, begun: set[int], ids: str) -> str:
        """`place`: which sentence begins last before it, -1 for none."""
        out = html.escape(self._text[start:end], quote=False)
        if place < 0 or end > self._said[place].end:
            return out
        said = self._said[place]
        if any(a <= start and end <= b for a, b in said.marks):
            out = f"<mark>{out}</mark>"
        about = f'class="{"said found" if said.found else "said"}" data-s="{said.number}"'
        if said.number not in begun:  # of several pieces, one is walked to
            about += f' tabindex="{0 if said.number == 1 else -1}" aria-describedby="{ids}rests-{said.number}"'
            begun.add(said.number)
        return f"<span {about}>{out}</span>"
