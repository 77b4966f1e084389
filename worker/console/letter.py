"""A draft as the customer would see it, with every sentence marked out, so that pointing at it can show its sources.

Only marks are added: the words, links and lists are those of the stored body, after the allowlist that everything
outgoing passes. Called by case.py and for the preview of an edit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from markupsafe import Markup

from worker.models import Draft
from worker.support.render import clean_html
from worker.support.sentences import ITEM

_BLOCKS = ["p", "li", "pre", "blockquote"]


@dataclass(frozen=True)
class _Span:
    """Characters `start` to `end` of a block's text. `sentence` 0: only words that a finding is about."""

    start: int
    end: int
    sentence: int
    found: bool


def letter_html(draft: Draft, link_hosts: Sequence[str], ids: str = "") -> Markup:
    """Sentences as `<span class="said" data-s="1">`, in the order and with the numbers of view.answers. `ids` comes
    before the ids of what they rest on, where a page shows two letters."""
    soup = BeautifulSoup(clean_html(draft.body_html, link_hosts), "html.parser")
    blocks = [_Block(tag) for tag in soup.find_all(_BLOCKS) if not tag.find(_BLOCKS)]
    at = 0
    for number, text in enumerate((s.text for part in draft.parts for s in part.sentences), 1):
        pattern = _spelled(text)
        here = next((i for i in range(at, len(blocks)) if blocks[i].place(pattern, number, draft)), None)
        at = at if here is None else here
    for block in blocks:
        block.write(soup, ids)
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
        self._said: list[_Span] = []
        self._marks: list[tuple[int, int]] = []

    def place(self, pattern: re.Pattern[str], number: int, draft: Draft) -> bool:
        """Whether the sentence stands here, behind those that were placed already."""
        match = pattern.search(self._text, self._end)
        if match is None:
            return False
        findings = [f for f in draft.findings if f.sentence == number - 1]
        self._said.append(_Span(match.start(), match.end(), number, bool(findings)))
        self._end = match.end()
        for words in {f.words for f in findings if f.words}:
            start = self._text.find(words, match.start(), match.end())
            if start >= 0 and (start, start + len(words)) != match.span():
                self._marks.append((start, start + len(words)))
        return True

    def write(self, soup: BeautifulSoup, ids: str) -> None:
        """Text nodes cut where something begins or ends; a sentence with a link in it becomes several pieces."""
        edges = sorted({e for s in self._said for e in (s.start, s.end)} | {e for mark in self._marks for e in mark})
        begun: set[int] = set()
        start = 0
        for node in self._nodes:
            end = start + len(node)
            cuts = [start, *(e for e in edges if start < e < end), end]
            pieces = [self._piece(soup, a, b, begun, ids) for a, b in pairwise(cuts)]
            node.replace_with(*pieces)
            start = end

    def _piece(self, soup: BeautifulSoup, start: int, end: int, begun: set[int], ids: str) -> NavigableString | Tag:
        out: NavigableString | Tag = NavigableString(self._text[start:end])
        if any(a <= start and end <= b for a, b in self._marks):
            out = _around(soup.new_tag("mark"), out)
        said = next((s for s in self._said if s.start <= start and end <= s.end), None)
        if said is None:
            return out
        about = {"class": "said found" if said.found else "said", "data-s": str(said.sentence)}
        if said.sentence not in begun:  # of several pieces, one is walked to
            first = said.sentence == 1
            about |= {"tabindex": "0" if first else "-1", "aria-describedby": f"{ids}rests-{said.sentence}"}
            begun.add(said.sentence)
        return _around(soup.new_tag("span", attrs=about), out)


def _around(tag: Tag, inner: NavigableString | Tag) -> Tag:
    tag.append(inner)
    return tag
