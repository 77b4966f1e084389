"""An article's sections with the labels of who may read each, and its comparison tables cut by product column.

A section says who may read it by a marker in its heading, `## Early exit {segments: IM+}`; without one it is read like
the article (a ### part like its ## section). Called by documents.py; chunk.py makes passages of what is returned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from pydantic import Field

from worker.knowledge.markdown import RawSection, Table, cut
from worker.models import Noun

PUBLIC = "public"
INTRODUCTION = "intro"
Problem = tuple[int, str]


class Section(Noun):
    """One section. `blocks`: its paragraphs and lists; `columns`: of its comparison tables, lines by product."""

    anchor: str  # "early-exit", or "fees--early-exit" for a part
    headings: tuple[str, ...]  # () for the introduction
    segments: tuple[str, ...]
    blocks: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Article(Noun):
    """An article as written; `segments` of a section may be narrower."""

    article_id: str
    title: str
    segments: tuple[str, ...]
    questions: tuple[str, ...]
    updated: date
    sections: tuple[Section, ...]


def read_sections(
    body: str, first_line: int, segments: tuple[str, ...], labels: Sequence[str]
) -> tuple[tuple[Section, ...], list[Problem]]:
    """Sections of an article's body and everything wrong with them, as (line, reason)."""
    raw, problems = cut(body, first_line)
    sections: list[Section] = []
    above: dict[tuple[str, ...], tuple[str, ...]] = {(): segments}
    for one in raw:
        outer = above.get(one.path[:-1], segments)
        mine = _segments(one, outer, labels, problems)
        above[one.path] = mine
        if not one.blocks:
            if one.level:
                problems.append((one.line, f"the heading '{one.heading}' has no text: write some or remove it"))
            continue
        sections.append(_section(one, mine, labels, problems))
    if not sections:
        problems.append((first_line, "the article has no text: write sections under ## headings"))
    problems += _repeated(sections, raw)
    return tuple(sections), sorted(problems)


def slug(text: str) -> str:
    """A heading as part of an id: letters and digits, `+` spelled out so that IM and IM+ stay two."""
    folded = unicodedata.normalize("NFKD", text.replace("+", " plus ")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:80].strip("-") or "section"


def _segments(
    one: RawSection, outer: tuple[str, ...], labels: Sequence[str], problems: list[Problem]
) -> tuple[str, ...]:
    if one.marker is None:
        return outer
    name, _, value = one.marker.partition(":")
    wanted = tuple(label.strip().strip("'\"") for label in value.strip().strip("[]").split(",") if label.strip())
    if name.strip() != "segments" or not wanted:
        problems.append((one.line, "a marker after a heading is written {segments: IM} or {segments: IM, IM+}"))
        return outer
    for label in wanted:
        if label not in labels:
            problems.append((one.line, f"unknown segment '{label}' in the heading: use {' or '.join(labels)}"))
        elif label not in outer and (PUBLIC not in outer or label == PUBLIC):
            problems.append(
                (one.line, f"the heading opens the section to '{label}', which {_carried(outer)} does not: narrow it")
            )
    return wanted


def _carried(segments: tuple[str, ...]) -> str:
    return f"what stands above it, labelled {', '.join(segments)},"


def _section(one: RawSection, segments: tuple[str, ...], labels: Sequence[str], problems: list[Problem]) -> Section:
    blocks: list[str] = []
    columns: dict[str, list[str]] = {}
    products = [label for label in labels if label != PUBLIC]
    for block in one.blocks:
        if isinstance(block, str):
            blocks.append(block)
        elif _whole(block, problems) and any(_folded(cell) in map(_folded, products) for cell in block.header):
            for product, lines in _compared(block, segments, products, problems).items():
                columns.setdefault(product, []).extend(lines)
        else:
            blocks.append(_told(block))
    return Section(
        anchor="--".join(slug(heading) for heading in one.path) or INTRODUCTION,
        headings=one.path,
        segments=segments,
        blocks=tuple(blocks),
        columns={product: tuple(lines) for product, lines in columns.items()},
    )


def _whole(table: Table, problems: list[Problem]) -> bool:
    """Every row has as many cells as the header. Otherwise a cell would be read under another product's name."""
    wrong = [line for line, cells in table.rows if len(cells) != len(table.header)]
    problems += [(line, f"this row does not have {len(table.header)} cells like the table's header") for line in wrong]
    if not table.rows:
        problems.append((table.line, "the table has no rows: write some or remove it"))
    return not wrong


def _compared(
    table: Table, segments: tuple[str, ...], products: Sequence[str], problems: list[Problem]
) -> dict[str, list[str]]:
    """Lines "Minimum amount: Rs 500." by product, one for each row of a comparison table."""
    lines: dict[str, list[str]] = {}
    if table.header[0] in products:
        problems.append((table.line, "the first column of a comparison names the property: leave its header empty"))
    for column, product in enumerate(table.header):
        if column == 0:
            continue
        if product not in products or product in lines:
            names = " or ".join(products)
            problems.append((table.line, f"column '{product}': in a comparison each column is one product, {names}"))
        elif PUBLIC not in segments and product not in segments:
            problems.append(
                (
                    table.line,
                    f"a column for {product} in a text labelled {', '.join(segments)}: the file lies about its segment",
                )
            )
        for line, cells in table.rows:
            if not (cells[0] and cells[column]):
                problems.append((line, "a cell of a comparison is empty: say it, or remove the row"))
        lines.setdefault(product, []).extend(f"{cells[0]}: {_stopped(cells[column])}" for _, cells in table.rows)
    return lines


def _folded(cell: str) -> str:
    """A header that means a product must not pass for another word: its column would be read by everybody."""
    return "".join(cell.split()).casefold()


def _told(table: Table) -> str:
    """A table that compares no products, as lines "UPI: Limit Rs 1,00,000; Time 30 minutes."."""
    told = []
    for _, cells in table.rows:
        rest = "; ".join(
            f"{name} {cell}".strip() for name, cell in zip(table.header[1:], cells[1:], strict=False) if cell
        )
        told.append(_stopped(f"{cells[0]}: {rest}" if rest else cells[0]))
    return "\n".join(told)


def _stopped(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _repeated(sections: Sequence[Section], raw: Sequence[RawSection]) -> list[Problem]:
    """Two sections with one heading would get one id."""
    lines = {one.path: one.line for one in raw}
    seen: set[str] = set()
    problems: list[Problem] = []
    for section in sections:
        if section.anchor in seen:
            problems.append(
                (
                    lines.get(section.headings, 1),
                    f"the heading '{section.headings[-1]}' is not the only one of its name",
                )
            )
        seen.add(section.anchor)
    return problems
