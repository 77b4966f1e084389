"""The Markdown of an article cut into sections, as data: headings with their markers, plain blocks, tables.

Knows Markdown and that a heading may end in a marker, `{segments: IM+}`. What a label may be, and whether a section
tells the truth about its segments, is judged in knowledge/articles.py, the only caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKER = re.compile(r"\s*\{([^{}]*)\}\s*$")
_LINK = re.compile(r"\[([^\]]+)\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.S)
_ITALIC = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_CELL = re.compile(r"(?<!\\)\|")
_TEXT = {"paragraph_open", "bullet_list_open", "ordered_list_open"}


@dataclass(frozen=True)
class Table:
    """A table as written: `header` and `rows` of plain cells, `line` of the header in the file (1-based)."""

    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # (line, cells)


@dataclass
class RawSection:
    """What stands under one heading. `marker` is what stood in braces after it, None without braces."""

    line: int
    level: int
    heading: str
    marker: str | None = None
    path: tuple[str, ...] = ()
    blocks: list[str | Table] = field(default_factory=list)


def plain(markdown: str) -> str:
    """The words of inline Markdown: emphasis gone, a link as "text (address)"."""
    text = _LINK.sub(lambda m: m.group(1) if m.group(1) == m.group(2) else f"{m.group(1)} ({m.group(2)})", markdown)
    text = _ITALIC.sub(r"\1", _BOLD.sub(r"\2", text))
    return re.sub(r"\\([\\`*_{}\[\]()#+\-.!|<>])", r"\1", text)


def cut(body: str, first_line: int) -> tuple[list[RawSection], list[tuple[int, str]]]:
    """The sections of `body` in order, the first being the introduction (level 0), and problems as (line, reason).

    `first_line`: the line of the file on which the body begins, 1-based.
    """
    lines = body.split("\n")
    sections = [RawSection(line=first_line, level=0, heading="")]
    problems: list[tuple[int, str]] = []
    for token, inline in _blocks(body):
        start, end = token.map or [0, 0]
        line = first_line + start
        if token.type == "heading_open":
            sections.append(_heading(inline, line, int(token.tag[1]), sections, problems))
        elif token.type == "table_open":
            sections[-1].blocks.append(_table(lines[start:end], line))
        elif token.type in _TEXT:
            problems += _stray_pipes(lines[start:end], line)
            sections[-1].blocks.append(_text(lines[start:end], token.type))
        else:
            what = token.type.removesuffix("_open").replace("_", " ")
            problems.append((line, f"a {what} is not understood here: write paragraphs, lists and tables only"))
    return sections, problems


def _blocks(body: str) -> list[tuple[Token, str]]:
    """Top-level blocks, each with the inline text that follows it (used for headings)."""
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    return [
        (token, tokens[i + 1].content if i + 1 < len(tokens) else "")
        for i, token in enumerate(tokens)
        if token.level == 0 and token.nesting >= 0
    ]


def _heading(text: str, line: int, level: int, before: list[RawSection], problems: list[tuple[int, str]]) -> RawSection:
    if level not in (2, 3):
        problems.append((line, "headings are ## for a section and ### for a part of one"))
    marker = _MARKER.search(text)
    name = plain(_MARKER.sub("", text)).strip()
    parent = next((s for s in reversed(before) if 0 < s.level < level), None)
    if level == 3 and parent is None:
        problems.append((line, "a ### heading needs a ## heading above it"))
    path = (*(parent.path if parent else ()), name)
    return RawSection(line=line, level=level, heading=name, marker=marker.group(1) if marker else None, path=path)


def _text(lines: list[str], kind: str) -> str:
    """A paragraph in one line; a list with one line for each item."""
    if kind == "paragraph_open":
        return plain(" ".join(line.strip() for line in lines if line.strip()))
    items: list[str] = []
    for line in lines:
        if re.match(r"\s*(?:[-*+]|\d{1,3}[.)])\s", line):
            items.append(re.sub(r"^\s*[*+]\s", "- ", line).strip())
        elif line.strip() and items:
            items[-1] += " " + line.strip()
    return "\n".join(plain(item) for item in items)


def _cells(line: str) -> tuple[str, ...]:
    row = line.strip()
    row = row.removeprefix("|")
    row = row[:-1] if row.endswith("|") and not row.endswith("\\|") else row
    return tuple(plain(cell.strip()) for cell in _CELL.split(row))


def _table(lines: list[str], line: int) -> Table:
    rows = tuple((line + i, _cells(text)) for i, text in enumerate(lines) if i >= 2 and text.strip())
    return Table(line=line, header=_cells(lines[0]), rows=rows)


def _stray_pipes(lines: list[str], line: int) -> list[tuple[int, str]]:
    """A table whose second line does not match its header is a mere paragraph to Markdown."""
    for i, text in enumerate(lines):
        if text.lstrip().startswith("|"):
            return [
                (
                    line + i,
                    "this is not a whole table: its second line must be |---|---| with as many cells as the first",
                )
            ]
    return []
