"""Reads the blocks that a prompt's user message holds: questions, templates, passages, the customer, the message.

Text inside blocks is XML-escaped by whoever wrote the prompt, so a stranger's mail cannot open a block of its own. Also
cuts texts into sentences.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

_BLOCK = re.compile(r"<(question|template|passage|customer|message)((?:\s+\w+=\"[^\"]*\")*)\s*>(.*?)</\1>", re.S)
_ATTRIBUTE = re.compile(r"(\w+)=\"([^\"]*)\"")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_SHORT = re.compile(
    r"(?:\b(?:rs|no|nos|art|sec|e\.g|i\.e|etc|mr|mrs|ms|dr|approx|vs|inc|ltd|pvt|st|p\.a|a\.m|p\.m)|(?-i:(?:^|\s)[A-Z]))\.$",
    re.I,
)
_END = re.compile(r"(?<=[.!?।])[\"')\]]?\s+(?=[\"'(\[]?[A-Z0-9\u0900-\u097f])")


@dataclass(frozen=True)
class Block:
    id: str
    title: str
    text: str
    found: tuple[str, ...] = ()  # of a question: the sources that were found for it, best first


@dataclass
class Prompt:
    questions: list[Block] = field(default_factory=list)
    templates: list[Block] = field(default_factory=list)
    passages: list[Block] = field(default_factory=list)
    customer: Block | None = None
    message: str = ""


def read_prompt(text: str) -> Prompt:
    prompt = Prompt()
    for kind, attributes, inner in _BLOCK.findall(text):
        named = {k: html.unescape(v) for k, v in _ATTRIBUTE.findall(attributes)}
        block = Block(
            named.get("id", ""),
            named.get("title", ""),
            html.unescape(inner).strip(),
            tuple(named.get("found", "").split()),
        )
        if kind == "message":
            prompt.message = block.text
        elif kind == "customer":
            prompt.customer = block
        else:
            getattr(prompt, kind + "s").append(block)
    return prompt


def sentences(text: str) -> list[str]:
    """In order. A list item is one sentence with its mark; lines of a wrapped paragraph belong together."""
    found: list[str] = []
    for paragraph in _paragraphs(text):
        found += [paragraph] if _ITEM.match(paragraph) else _split(paragraph)
    return found


def _paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    wrapped = False
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if line and wrapped and not _ITEM.match(line) and not line.startswith(("|", "#")):
            lines[-1] += " " + line
        elif line:
            lines.append(line)
        wrapped = bool(line) and len(line) > 60 and line[-1] not in ".!?:|"
    return lines


def _split(paragraph: str) -> list[str]:
    parts: list[str] = []
    begin = 0
    for end in _END.finditer(paragraph):
        if _SHORT.search(paragraph[begin : end.start()]) and not paragraph[begin : end.start()].endswith(("?", "!")):
            continue
        parts.append(paragraph[begin : end.start()] + end.group().rstrip())
        begin = end.end()
    return [p for p in (*parts, paragraph[begin:]) if p.strip()]
